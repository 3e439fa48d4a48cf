"""The name that somebody meant: known names nearest to what was typed, and what other libraries call the same thing.

Needs nothing but the standard library, for the command line answers before JAX is imported.
"""

import difflib
from collections.abc import Iterable, Mapping
from types import MappingProxyType

_NEAR = 0.5  # how alike a known name must be to be suggested: half of its letters, for names are short

# What Keras, PyTorch, scikit-learn and textbooks call what stands here under another name; the first that is known in
# the place where it was typed counts, for a word may mean several things.
_SYNONYMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        # losses
        "mse": ("mean_squared_error", "root_mean_squared_error"), "l2": ("squared_error",), "sse": ("squared_error",),
        "quadratic": ("squared_error",), "least_squares": ("squared_error",),
        "bce": ("binary_cross_entropy",), "binary_crossentropy": ("binary_cross_entropy",),
        "bce_with_logits": ("binary_cross_entropy",), "crossentropy": ("cross_entropy",), "ce": ("cross_entropy",),
        "categorical_crossentropy": ("cross_entropy",), "sparse_categorical_crossentropy": ("cross_entropy",),
        "nll": ("cross_entropy",), "log_loss": ("cross_entropy",), "logloss": ("cross_entropy",),
        "softmax_cross_entropy": ("cross_entropy",), "smooth_l1": ("huber",), "svm": ("hinge",),
        **dict.fromkeys(("mae", "l1", "absolute_error", "mean_absolute_error"), ("mean_absolute_error", "huber")),
        # initialisers
        "xavier": ("glorot_uniform",), "xavier_uniform": ("glorot_uniform",), "xavier_normal": ("glorot_normal",),
        "glorot": ("glorot_uniform",), "he": ("he_uniform",), "kaiming": ("he_uniform",),
        "kaiming_uniform": ("he_uniform",), "kaiming_normal": ("he_normal",), "lecun": ("lecun_uniform",),
        "random": ("normal",), "gaussian": ("normal",), "zero": ("zeros",), "one": ("ones",),
        # activations and outputs
        "linear": ("identity",), "none": ("identity",), "regression": ("identity",), "logits": ("identity",),
        "logistic": ("sigmoid",), "binary": ("sigmoid",), "multiclass": ("softmax",), "swish": ("silu",),
        "rectifier": ("relu",), "leakyrelu": ("leaky_relu",), "lrelu": ("leaky_relu",), "log": ("exp",),
        # metrics and goals
        "acc": ("accuracy",), "r2_score": ("r2",), "r_squared": ("r2",), "minimize": ("min",), "minimise": ("min",),
        "f1_score": ("f1",), "f1_macro": ("f1",), "f_score": ("f1",), "roc_auc": ("auc",), "roc_auc_score": ("auc",),
        "auroc": ("auc",), "balanced_acc": ("balanced_accuracy",), "balanced_accuracy_score": ("balanced_accuracy",),
        "rmse": ("root_mean_squared_error",), "cross_entropy": ("log_loss",), "neg_log_loss": ("log_loss",),
        "top_k_accuracy": ("top_5_accuracy",), "top_k_categorical_accuracy": ("top_5_accuracy",),
        "maximize": ("max",), "maximise": ("max",),
        # the front door
        "train": ("fit", "training"), "network": ("MLP",), "dense": ("MLP",), "sequential": ("MLP",),
        "neuralnetwork": ("MLP",), "earlystopping": ("Stop",), "early_stopping": ("Stop",), "search": ("sweep",),
        "gradient_check": ("check_gradient",), "grad_check": ("check_gradient",), "gradcheck": ("check_gradient",),
        # arguments
        "lr": ("learning_rate",), "batch": ("batch_size",), "n_epochs": ("epochs",), "iterations": ("epochs",),
        "max_iter": ("epochs",), "seed": ("seed", "key"), "random_state": ("seed", "key"), "rng": ("key",),
        "validation_data": ("validation",), "val": ("validation",), "early_stop": ("stop",), "callbacks": ("stop",),
        "optim": ("optimizer",), "optimiser": ("optimizer",), "verbose": ("progress",), "alpha": ("l2",),
        "weight_decay": ("l2",), "layers": ("sizes", "hidden"), "hidden_layer_sizes": ("hidden", "sizes"),
        "initializer": ("weights",), "act": ("activation",), "out_dir": ("out",), "output": ("output", "out"),
    }
)  # fmt: skip
# words for losses that are not here under any name, and what to do then
_ALMOST: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(
        ("mae", "l1", "absolute_error", "mean_absolute_error"),
        "for the absolute error itself give a callable, lambda logits, target: abs(logits - target).sum()",
    )
)


def nearest_name(text: str, names: Iterable[str]) -> str | None:
    """Return the known name that ``text`` most likely means: another spelling, another library's word for it, or
    the most alike; None where none is near."""
    known = {_spelled(name): name for name in names}
    plain = _spelled(text)
    meant = [plain, *map(_spelled, _SYNONYMS.get(plain, ())), plain.replace("val_", "validation_", 1)]
    if plain.startswith("val_"):  # Keras's val_acc
        meant += [f"validation_{_spelled(name)}" for name in _SYNONYMS.get(plain.removeprefix("val_"), ())]
    exact = [known[word] for word in meant if word in known]
    if exact:
        return exact[0]
    near = difflib.get_close_matches(plain, list(known), n=1, cutoff=_NEAR)
    return known[near[0]] if near else None


def nearest(text: str, names: Iterable[str]) -> str:
    """Return `` (did you mean 'stairs'?)`` for the known name nearest to ``text``, or nothing if none is near."""
    near = nearest_name(text, names)
    if near == "huber" and _spelled(text) in _ALMOST:
        return f" (nearest is {near!r}; {_ALMOST[_spelled(text)]})"
    return f" (did you mean {near!r}?)" if near else ""


def _spelled(name: str) -> str:
    """Write a name as Python would: small letters, and one sign between words."""
    return name.strip().lower().replace("-", "_").replace(" ", "_")
