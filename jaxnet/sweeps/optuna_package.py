"""Optuna itself, which is an extra: imported late, and kept quiet."""

import importlib
import logging
from collections.abc import Callable
from typing import Any

_INSTALL = "method='optuna' needs Optuna, which is not installed: pip install 'jaxnet[optuna]'"


def import_optuna() -> Any:
    """Return the package; raises ImportError, saying what to install."""
    try:
        return importlib.import_module("optuna")
    except ImportError as error:
        raise ImportError(_INSTALL) from error


def quietly(act: Callable[[], Any]) -> Any:
    """Do something without Optuna's messages on standard error."""
    logger = logging.getLogger("optuna")  # by its level, for Optuna installs a handler of its own
    before, logger.level = logger.level, logging.WARNING
    try:
        return act()
    finally:
        logger.level = before
