"""Several networks as one estimator: other starts, bags or folds, trained as one population on shared orders.

The first member is the network that the estimator would be alone, up to the rounding of float32. The others start from
weights of their own and look at the same batches, so a batch is gathered once and all members learn in one program. A
member's bag or fold is a weight of each row; what it leaves out can decide when it stops, and says what it is worth.
"""

import warnings
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split
from sklearn.utils import _safe_indexing, check_random_state

from jaxnet import checks, prediction
from jaxnet.estimators.population import LaneWeights, Member, casting, train_population
from jaxnet.sweeps.devices import cores

_ONE_NETWORK = {"n_members": 1, "bootstrap": False, "folds": None, "calibration": None}  # the parameters of one network
_DTYPE = "float32"  # of members: as good, and half the time


class TrainedMembers(NamedTuple):
    """An ensemble: its fitted members, what the checks have taught each, and what they say of rows that they left out.

    Attributes:
        members: fitted estimators of one network each.
        learned: attributes that all of them have in common (classes_, n_features_in_, ...).
        targets: [N, K], of the rows trained on, as a network learns them; None where no member leaves rows out.
        left_out: [N, K], the mean output of those members that were not trained on a row; NaN where all were.
    """

    members: list[Any]
    learned: dict[str, Any]
    targets: np.ndarray | None
    left_out: np.ndarray | None


def check_ensemble(mlp: Any, *, incremental: bool = False) -> bool:
    """Return whether an estimator has several members or leaves rows out. Raises ValueError for what cannot be."""
    folds = 0 if mlp.folds is None else mlp.folds
    expected = f"at least folds={folds}, so that each fold is left out by a member"
    checks.require(mlp.n_members >= folds, "n_members", expected, mlp.n_members)
    several = mlp.n_members > 1 or mlp.bootstrap or folds > 0
    if several:
        one = "1, without bootstrap and folds, "
        wrong = [name for name in ("warm_start",) if getattr(mlp, name)] + ["partial_fit"] * incremental
        checks.require(not wrong, "n_members", f"{one}for {' and '.join(wrong)}", mlp.n_members)
        alone = mlp._decides_between_epochs()
        words = "where lbfgs, an adaptive rate, a scorer or callbacks decide between epochs"
        checks.require(not alone, "n_members", one + words, mlp.n_members)
    return bool(several)


def train_members(mlp: Any, data: tuple[Any, Any, Any], validation: tuple[Any, Any]) -> TrainedMembers:
    """Train the members on ``data`` (X, y, sample_weight); ``validation`` (X_val, y_val) or Nones. Raises ValueError
    for bad input, as ``fit`` of one network does."""
    X, y, sample_weight = data
    leaves_out = mlp.bootstrap or mlp.folds is not None
    if leaves_out and mlp.early_stopping and validation[0] is None:
        validation = X, y  # of which each member looks at what it leaves out
        own_stop = True
    else:
        own_stop = False
    first, random = _single(mlp), check_random_state(mlp.random_state)
    checked = first._validate_input(X, y, first=True, incremental=False)
    examples, _ = first._fit_data(checked, sample_weight, random, first=True, incremental=False, validation=validation)
    learned = {key: value for key, value in vars(first).items() if key not in first.get_params(deep=False)}
    learned = {key: value for key, value in learned.items() if key not in ("coefs_", "intercepts_")}
    examples, rows = casting(_DTYPE)(examples), len(examples.train.x)
    first._begin_record(first=True, validated=examples.validation is not None)
    descent = first._descent(first._params(_DTYPE), rows, random)
    # after the first member's own numbers, which stay those of a network alone
    seeds = [mlp.random_state, *map(int, random.randint(2**31 - 1, size=mlp.n_members - 1))]
    shares = _shares(mlp, first._labels(checked[2]), random) if leaves_out else None
    members, lanes = [], []
    for number, seed in enumerate(seeds):
        member = first if not number else _started(mlp, learned, seed, examples)
        started = descent if not number else descent._replace(params=member._params(_DTYPE))
        started = started._replace(best=member._first_best(started.stop, started.params))
        weights = None
        if shares is not None:
            held = (shares[number] == 0).astype(_DTYPE) * examples.train.weight if own_stop else None
            weights = LaneWeights(shares[number].astype(_DTYPE) * examples.train.weight, held)
        members.append(member)
        lanes.append(Member(started, examples, mlp.max_iter, weights))
    _train(members, lanes, rows)
    if shares is None:
        return TrainedMembers(members, learned, None, None)
    targets, inputs = np.asarray(examples.train.y), np.asarray(examples.train.x)
    return TrainedMembers(members, learned, targets, mean_outputs(members, inputs, shares == 0))


def _single(mlp: Any) -> Any:
    """Return an estimator of one network with the parameters of ``mlp``, whose class may have fewer of its own."""
    single = clone(mlp)
    single.__dict__.update(_ONE_NETWORK)
    return single


def _started(mlp: Any, learned: dict[str, Any], seed: int, examples: Any) -> Any:
    """Return a further member at its start, which knows what the first one has learned from the checks."""
    member = _single(mlp)
    member.__dict__.update(learned, random_state=seed)
    member._draw_weights(examples.train.x.shape[1], np.random.RandomState(seed), examples.train.x.dtype)
    member._begin_record(first=True, validated=examples.validation is not None)
    return member


def _shares(mlp: Any, labels: np.ndarray, random: np.random.RandomState) -> np.ndarray:
    """Return how often each member trains on each row, [members, N]: 0 where it leaves the row out."""
    rows, members = len(labels), mlp.n_members
    shares = np.ones((members, rows), int)
    if mlp.folds is not None:
        strata = is_classifier(mlp) and labels.ndim == 1
        splitter = (StratifiedKFold if strata else KFold)(mlp.folds, shuffle=True, random_state=random)
        for fold, (_, held) in enumerate(splitter.split(np.empty(rows), labels if strata else None)):
            shares[fold :: mlp.folds, held] = 0
    if mlp.bootstrap:
        for share in shares:  # as many rows as it has, with replacement
            own = np.flatnonzero(share)
            share[:] = np.bincount(random.choice(own, len(own)), minlength=rows)
    return shares


def _train(members: list[Any], lanes: list[Member], rows: int) -> None:
    """Train the members as one population and conclude each; what they warn of is said once for all."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", ConvergenceWarning)
        for number, chunk in train_population([lanes], cores()):
            members[number]._record(chunk, rows)
            members[number]._conclude(chunk, chunk.state.best, np.random.RandomState(0), rows=rows)
    for words, category in {str(each.message): each.category for each in said}.items():
        warnings.warn(words, category, stacklevel=4)


def mean_outputs(members: list[Any], X: Any, of: np.ndarray | None = None) -> np.ndarray:
    """Return the mean over members of their outputs for X [N, D], [N, K]; over those of ``of`` [members, N] only,
    NaN where there is none."""
    each = np.stack([prediction.last_layer(member._network(), member._params(), X)[1] for member in members])
    if of is None:
        mean: np.ndarray = each.mean(axis=0)
        return mean
    count = of.sum(axis=0)[:, None]
    total = np.where(of[:, :, None], each, 0).sum(axis=0)
    return np.where(count, total / np.maximum(count, 1), np.nan)


def hold_out_rows(mlp: Any, data: tuple[Any, Any, Any]) -> tuple[tuple[Any, Any, Any], tuple[Any, Any]]:
    """Split ``validation_fraction`` of the rows of (X, y, sample_weight) off for calibration, each class evenly.

    Returns what is left and (X, y) of the others. The lot is drawn from an integer ``random_state`` alone, so that the
    stream of the training stays what it is. Raises ValueError for too few rows.
    """
    X, y, weight = data
    rows = np.arange(len(y) if hasattr(y, "__len__") else np.asarray(y).shape[0])
    labels = np.asarray(y)
    strata = labels if is_classifier(mlp) and labels.ndim == 1 else None
    seed = mlp.random_state if not isinstance(mlp.random_state, np.random.RandomState) else None
    kept, held = train_test_split(rows, test_size=mlp.validation_fraction, random_state=seed, stratify=strata)
    part = lambda of: (_safe_indexing(X, of), _safe_indexing(y, of))
    return (*part(kept), None if weight is None else _safe_indexing(weight, kept)), part(held)
