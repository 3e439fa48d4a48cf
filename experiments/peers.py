"""The same training in jaxnet, PyTorch and scikit-learn, and its times: one network, its examples, batches and epochs.

jaxnet trains once untimed, to compile; PyTorch and scikit-learn do a tenth of the work with all threads and with one,
and keep what was faster. Then all take turns and the best counts. A library that is not installed, or that cannot do
the work, has no time.
"""

import contextlib
import importlib.util
import itertools
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor
from threadpoolctl import threadpool_limits

import jaxnet as jn

TURNS = 3
OPTIMIZERS = {"sgd": optax.sgd, "adam": optax.adam, "adamw": optax.adamw, "lbfgs": lambda _: optax.lbfgs()}
LOSSES = {"softmax": "cross_entropy", "sigmoid": "binary_cross_entropy", "identity": "mean_squared_error"}


class Work(NamedTuple):
    """Training that any library can be asked for.

    x: [N, D], in the dtype in which all compute; y: labels [N] where the output is "softmax", else targets [N, K].
    output: "softmax" with cross-entropy, "sigmoid" with its sum over outputs, "identity" with mean squared error.
    activation: "relu", "sigmoid" or "square". optimizer: "sgd", "adam", "adamw" or "lbfgs" (line searches of its own).
    batch_size: None for full batches.
    """

    sizes: tuple[int, ...]
    x: np.ndarray
    y: np.ndarray
    output: str = "softmax"
    activation: str = "relu"
    optimizer: str = "sgd"
    rate: float = 0.01
    batch_size: int | None = None
    epochs: int = 1


Trained = Callable[[np.ndarray], np.ndarray]  # x [N, D] -> outputs [N, K], the largest of which is the label's


def seconds(work: Work, ours: Callable[[], Any] | None = None, *, models: int = 1) -> dict[str, float]:
    """Time an epoch of one network in every library that can do the work.

    ``ours`` stands for jaxnet's own training; it may train several ``models`` for ``work.epochs`` each.
    """
    ours = ours or (lambda: with_jaxnet(work))
    ours()
    runs = {"jaxnet": ours} | {name: faster(train, work) for name, train in peers(work).items()}
    turns = [{name: timed(run) for name, run in runs.items()} for _ in range(TURNS)]
    best = {name: min(turn[name] for turn in turns) / work.epochs for name in runs}
    return best | {"jaxnet": best["jaxnet"] / models}


def timed(run: Callable[[], Any]) -> float:
    """Run; return the seconds that took."""
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def faster(train: Callable[..., Trained], work: Work) -> Callable[[], Trained]:
    """Choose between one thread and all by a tenth of the work."""
    if work.batch_size:
        rows = slice(max(len(work.x) // 10, 10 * work.batch_size))
        trial = work._replace(x=work.x[rows], y=work.y[rows], epochs=1)
    else:
        trial = work._replace(epochs=-(-work.epochs // 10))
    settings = (lambda w: train(w), lambda w: alone(train, w))
    best = min(settings, key=lambda setting: timed(lambda: setting(trial)))
    return lambda: best(work)


def peers(work: Work) -> dict[str, Callable[..., Trained]]:
    """Return the other libraries that are installed and can do the work."""
    found: dict[str, Callable[..., Trained]] = {}
    if importlib.util.find_spec("torch"):
        found["PyTorch"] = with_pytorch
    if len(work.sizes) > 2 and work.activation != "square" and work.optimizer != "adamw":
        found["scikit-learn"] = with_scikit_learn
    return found


def alone(train: Callable[..., Trained], work: Work) -> Trained:
    """Train in one thread."""
    with one_thread():
        return train(work)


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Let PyTorch and scikit-learn run in one thread."""
    if not importlib.util.find_spec("torch"):
        with threadpool_limits(1):
            yield
        return
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(before)


def with_jaxnet(work: Work, seed: int = 0) -> Trained:
    """Train with jaxnet."""
    activation = jnp.square if work.activation == "square" else work.activation
    net = jn.MLP(work.sizes, activation=activation, output=work.output)
    start, order = jax.random.split(jax.random.key(seed))
    run = jn.fit(
        jn.objective(net, loss=LOSSES[work.output]), net.init(start, work.x.dtype), (work.x, work.y),
        optimizer=OPTIMIZERS[work.optimizer](work.rate), epochs=work.epochs, batch_size=work.batch_size, key=order,
    )  # fmt: skip
    jax.block_until_ready(run.params)
    return lambda x: np.asarray(net.predict(run.params, x))


def with_pytorch(work: Work, seed: int = 0) -> Trained:
    """Train with PyTorch, batch by batch."""
    import torch

    torch.manual_seed(seed)
    x = torch.tensor(work.x)
    y = torch.tensor(work.y, dtype=torch.int64 if work.output == "softmax" else x.dtype)
    model = _torch_network(work, x.dtype)
    loss = {
        "softmax": torch.nn.functional.cross_entropy,
        "sigmoid": lambda z, t: torch.nn.functional.binary_cross_entropy_with_logits(z, t, reduction="sum") / len(z),
        "identity": torch.nn.functional.mse_loss,
    }[work.output]
    optimizer = _torch_optimizer(work, model)

    def closure(rows: Any = slice(None)) -> Any:
        optimizer.zero_grad()
        value = loss(model(x[rows]), y[rows])
        value.backward()
        return value

    if work.optimizer == "lbfgs":
        optimizer.step(closure)
    for _ in range(work.epochs if work.optimizer != "lbfgs" else 0):
        for rows in torch.randperm(len(x)).split(work.batch_size) if work.batch_size else [slice(None)]:
            closure(rows)
            optimizer.step()
    return lambda x: model(torch.tensor(x)).detach().numpy()


def _torch_network(work: Work, dtype: Any) -> Any:
    import torch

    class Square(torch.nn.Module):
        def forward(self, z: Any) -> Any:
            return torch.square(z)

    unit = {"relu": torch.nn.ReLU, "sigmoid": torch.nn.Sigmoid, "square": Square}[work.activation]
    pairs = itertools.pairwise(work.sizes)
    layers = [layer for d, h in pairs for layer in (torch.nn.Linear(d, h, dtype=dtype), unit())]
    return torch.nn.Sequential(*layers[:-1])


def _torch_optimizer(work: Work, model: Any) -> Any:
    from torch import optim

    if work.optimizer == "lbfgs":
        options = {"max_iter": work.epochs, "max_eval": 10 * work.epochs, "tolerance_grad": 0, "tolerance_change": 0}
        return optim.LBFGS(model.parameters(), line_search_fn="strong_wolfe", **options)
    kinds = {"sgd": optim.SGD, "adam": optim.Adam, "adamw": optim.AdamW}
    return kinds[work.optimizer](model.parameters(), lr=work.rate)


def with_scikit_learn(work: Work, seed: int = 0) -> Trained:
    """Train with scikit-learn, whose networks have one output for two classes."""
    kind = MLPRegressor if work.output == "identity" else MLPClassifier
    model = kind(
        hidden_layer_sizes=work.sizes[1:-1], alpha=0.0, solver=work.optimizer,
        activation={"sigmoid": "logistic"}.get(work.activation, work.activation),
        learning_rate_init=work.rate, batch_size=work.batch_size or len(work.x),
        max_iter=work.epochs, tol=0.0, n_iter_no_change=work.epochs, momentum=0.0, random_state=seed,
    )  # fmt: skip
    y = work.y[:, 0] if work.y.ndim == 2 and work.y.shape[1] == 1 else work.y
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # all its epochs is what it is asked for
        model.fit(work.x, y)
    return model.predict if work.output == "identity" else model.predict_proba
