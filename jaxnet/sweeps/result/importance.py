"""Which parameters the score depends on: functional ANOVA (Hutter et al. 2014) of a forest, by Optuna."""

import importlib
from typing import Any

import numpy as np

from jaxnet.sweeps.optuna_package import import_optuna, quietly

_FEWEST = 8  # finished configurations, below which a forest fits nothing but them
_SEED = 0  # of the forest


def importances_of(study: Any) -> dict[str, float]:
    """Return the share of the variance of the (first) score that each parameter explains, the largest first.

    Of parameters that all finished trials of a study of Optuna's have. Nothing where fewer than 8 are finished, or none
    varies, or all scores are alike. Raises ImportError without Optuna or scikit-learn.
    """
    optuna = import_optuna()
    try:
        importlib.import_module("sklearn")
    except ImportError as error:
        raise ImportError("importances need scikit-learn, which the extra 'sklearn' installs") from error
    trials = study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))
    scores = [trial.values[0] for trial in trials]
    shared = set.intersection(*(set(trial.params) for trial in trials)) if trials else set()
    varied = [name for name in shared if len({str(trial.params[name]) for trial in trials}) > 1]
    if len(trials) < _FEWEST or not varied or np.ptp(scores) == 0:
        return {}
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=_SEED)
    options = {"evaluator": evaluator, "params": sorted(varied), "target": lambda trial: trial.values[0]}
    found: dict[str, float] = quietly(lambda: optuna.importance.get_param_importances(study, **options))
    return {name: float(share) for name, share in found.items()}
