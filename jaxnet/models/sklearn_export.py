"""A model as scikit-learn's own estimator with the weights set, so that whatever takes one takes it.

scikit-learn's networks know four activations, want their classes sorted, and have one logistic output for two classes;
a model of another form is brought into this one where that is exact, and refused in words where it is not.
"""

from importlib.util import find_spec
from typing import Any

import numpy as np

from jaxnet import checks
from jaxnet.models.model_file import ModelParts
from jaxnet.types import Params

_SKLEARN_ACTIVATIONS = {"relu": "relu", "tanh": "tanh", "sigmoid": "logistic", "identity": "identity"}


def as_sklearn(parts: ModelParts) -> Any:
    """Return an ``MLPClassifier`` or ``MLPRegressor`` of scikit-learn that predicts what the model does; of a model
    that averages several networks, a soft ``VotingClassifier`` or a ``VotingRegressor`` of them.

    Raises ValueError, naming what, for an activation that scikit-learn has not or several in one network, and
    ImportError without scikit-learn.
    """
    if find_spec("sklearn") is None:
        raise ImportError("scikit-learn's estimators need scikit-learn: pip install 'jaxnet[skops]' has it, and skops")
    activation = _activation(parts)
    integral = all(not isinstance(label, float) or label.is_integer() for label in parts.classes or ())
    expected = "text or whole numbers, which scikit-learn takes for classes"
    checks.require(integral, "classes", expected, parts.classes)
    if len(parts.members) == 1:
        return _network(parts, parts.members[0], activation)
    single = parts.classes is not None or (parts.net.sizes[-1] == 1 and parts.net.output != "sigmoid")
    expected = "one network, or several with one label or one value a row, which is what scikit-learn averages"
    checks.require(single, "to_sklearn", expected, checks.Words(f"{len(parts.members)} networks of several outputs"))
    return _voting(parts, activation)


def _voting(parts: ModelParts, activation: str) -> Any:
    from sklearn.ensemble import VotingClassifier, VotingRegressor
    from sklearn.preprocessing import LabelEncoder
    from sklearn.utils import Bunch

    order = None if parts.classes is None else np.argsort(np.array(parts.classes))
    # scikit-learn's members vote by the number of a class in sorted order, and the ensemble knows its name
    numbered = parts if order is None else parts._replace(classes=np.argsort(order).tolist())
    fitted = [_network(numbered, member, activation) for member in parts.members]
    pairs = [(f"network_{i}", each) for i, each in enumerate(fitted)]
    voting = VotingRegressor(pairs) if order is None else VotingClassifier(pairs, voting="soft")
    if order is not None:
        voting.le_ = LabelEncoder().fit(parts.classes)
        voting.classes_ = voting.le_.classes_
    voting.estimators_, voting.named_estimators_ = fitted, Bunch(**dict(pairs))
    return voting


def _activation(parts: ModelParts) -> str:
    names = set(parts.net.activations) or {"identity"}
    expected = f"one activation for all hidden layers, of {', '.join(_SKLEARN_ACTIVATIONS)}, which scikit-learn has"
    known = len(names) == 1 and names <= _SKLEARN_ACTIVATIONS.keys()
    checks.require(known, "activation", expected, parts.net.activation)
    return _SKLEARN_ACTIVATIONS[str(names.pop())]


def _network(parts: ModelParts, params: Params, activation: str) -> Any:
    """Let scikit-learn set up an estimator, by one look at rows of zeros, and put the weights in."""
    from sklearn.neural_network import MLPClassifier, MLPRegressor  # late, because it is an extra

    net, dtype = parts.net, _solid(np.asarray(params[0]["w"]).dtype)
    options = {"hidden_layer_sizes": net.sizes[1:-1], "activation": activation, "solver": "adam"}
    outputs = net.sizes[-1]
    last: Any = params[-1]
    if parts.classes is not None:
        estimator = MLPClassifier(**options)
        last, targets = _sorted_outputs(last, parts.classes)
        known = {"classes": targets}
    elif net.output == "sigmoid":
        estimator, targets = MLPClassifier(**options), np.vstack([np.zeros(outputs, int), np.ones(outputs, int)])
        known = {"classes": np.arange(outputs)}
    else:
        # the loss decides what the outputs are
        loss = {"loss": "poisson"} if net.output == "exp" else {}
        known_loss = not loss or "loss" in MLPRegressor().get_params()
        checks.require(known_loss, "output", "a scikit-learn from 1.7 on for exp outputs", net.output)
        estimator = MLPRegressor(**options, **loss)
        targets, known = np.ones((2, outputs) if outputs > 1 else 2), {}
        last = _in_units(parts, last)
    estimator.partial_fit(np.zeros((len(targets), net.sizes[0]), dtype), targets, **known)
    layers = [*params[:-1], last]
    estimator.coefs_ = [np.array(layer["w"]).astype(_solid(layer["w"].dtype)) for layer in layers]
    estimator.intercepts_ = [np.array(layer["b"]).astype(_solid(layer["b"].dtype)) for layer in layers]
    _forget(estimator)
    return estimator


def _sorted_outputs(last: Any, classes: list) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return the last layer for classes in sorted order, and these: of two classes, the one output that says how much
    rather the second is the answer than the first."""
    w, b = np.asarray(last["w"]), np.asarray(last["b"])
    if w.shape[1] == 1:  # the logit of the second class; that of the first is its negative
        w, b = np.hstack([np.zeros_like(w), w]), np.concatenate([np.zeros_like(b), b])
    order = np.argsort(np.array(classes))
    w, b = w[:, order], b[order]
    if len(order) == 2:
        w, b = w[:, 1:] - w[:, :1], b[1:] - b[:1]
    return {"w": w, "b": b}, np.array(classes)[order]


def _in_units(parts: ModelParts, last: Any) -> dict[str, np.ndarray]:
    """Return the last layer of a regression in the units of the table, as float64 where it is scaled."""
    if parts.target_scale is None:
        return last
    linear = parts.net.output == "identity"
    checks.require(linear, "output", "identity, for scikit-learn has no scale behind it", parts.net.output)
    spread, centre = parts.target_scale
    return {"w": np.asarray(last["w"], float) * spread, "b": np.asarray(last["b"], float) * spread + centre}


def _solid(dtype: np.dtype) -> np.dtype:
    """Return the dtype that scikit-learn computes in: it has float32 and float64."""
    return np.dtype(np.float64 if dtype == np.float64 else np.float32)


def _forget(estimator: Any) -> None:
    """Take out what the look at zeros left behind, so that ``partial_fit`` begins here with an optimizer of its own."""
    del estimator._optimizer
    estimator.t_ = estimator.n_iter_ = 0
    estimator.loss_curve_, estimator.loss_, estimator.best_loss_ = [], np.inf, np.inf
    estimator._no_improvement_count = 0
