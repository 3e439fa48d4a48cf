"""What "try this" sets, for each kind of sickness that a control of the page can mend."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from jaxnet.playground.masked_network import DEPTH, WIDTH
from jaxnet.playground.play_settings import PlaySettings

_MOST_RATE = 1e6


def _relu_start(settings: PlaySettings) -> dict[str, Any]:
    return {"activations": ["relu"] * len(settings.hidden), "weights": "he_uniform"}


def _more_units(settings: PlaySettings) -> dict[str, Any]:
    hidden = [min(WIDTH, 2 * units) for units in settings.hidden] or [8]
    full = hidden == list(settings.hidden) and len(hidden) < DEPTH
    return {"hidden": [*hidden, WIDTH] if full else hidden, "l2": 0.0, "dropout": 0.0}


_REMEDIES: Mapping[str, Callable[[PlaySettings], dict[str, Any]]] = MappingProxyType(
    {
        "identical_units": lambda settings: {"weights": "glorot_uniform"},
        "exploding_gradients": lambda settings: {"weights": "glorot_uniform"},
        "vanishing_gradients": _relu_start,
        "saturated_units": lambda settings: {"weights": "glorot_uniform", "rate": settings.rate / 10},
        "dead_units": lambda settings: {
            "activations": ["leaky_relu"] * len(settings.hidden),
            "seed": settings.seed + 1,
        },
        "noisy_batches": lambda settings: {"batch": 4 * settings.batch},
        "rate_too_high": lambda settings: {"rate": settings.rate / 10},
        "diverged": lambda settings: {"rate": settings.rate / 10, "seed": settings.seed + 1},
        "local_minimum": lambda settings: {"seed": settings.seed + 1},
        "rate_too_low": lambda settings: {"rate": min(10 * settings.rate, _MOST_RATE)},
        "underfitting": _more_units,
        "overfitting": lambda settings: {"l2": max(10 * settings.l2, 1e-3)},
        "label_noise": lambda settings: {"data": {"noise": 0.0}},
    }
)


def remedy_for(kind: str, settings: PlaySettings) -> dict[str, Any] | None:
    """Return the settings to try against a kind of sickness; None where no control of the page mends it."""
    return _REMEDIES[kind](settings) if kind in _REMEDIES else None
