"""What a process pays before its first result: imports, and one small training from nothing."""

import os
import subprocess
import sys
import tempfile

from timing import Case

FIRST_RESULT = """
import numpy as np
X = np.random.default_rng(0).random((400, 4)); y = (X.sum(1) > 2).astype(int)
"""
JAXNET = (
    FIRST_RESULT
    + """
import jax, optax, jaxnet as jn
net = jn.MLP((4, 2, 2), activation="sigmoid", output="softmax")
jn.fit(jn.objective(net), net.init(jax.random.key(0)), (X, y), optimizer=optax.sgd(.1), epochs=1500)
"""
)
SCIKIT_LEARN = (
    FIRST_RESULT
    + """
from sklearn.neural_network import MLPClassifier
MLPClassifier((2,), activation="logistic", solver="sgd", batch_size=400, max_iter=1500, tol=0, n_iter_no_change=1500,
              learning_rate_init=.1, momentum=0).fit(X, y)
"""
)
PYTORCH = (
    FIRST_RESULT
    + """
import torch
model = torch.nn.Sequential(torch.nn.Linear(4, 2), torch.nn.Sigmoid(), torch.nn.Linear(2, 2))
optimizer, loss = torch.optim.SGD(model.parameters(), .1), torch.nn.CrossEntropyLoss()
inputs, labels = torch.tensor(X, dtype=torch.float32), torch.tensor(y)
for _ in range(1500):
    optimizer.zero_grad(); loss(model(inputs), labels).backward(); optimizer.step()
"""
)


def cases(quick: bool) -> list[Case]:
    """List the cases; they are the same when ``quick``."""
    kept = os.path.join(tempfile.gettempdir(), f"jaxnet-bench-{os.getuid()}")  # warmed by the untimed first turn
    training = {"jaxnet": JAXNET, "scikit-learn": SCIKIT_LEARN, "PyTorch": PYTORCH}
    imports = {"jaxnet": "import jax, optax, jaxnet; jaxnet.fit", "jax and optax alone": "import jax, optax"}
    return [
        Case(
            "a process trains 4-2-2 for 1,500 steps and ends, for the first time",
            {n: process(code, {"JAXNET_COMPILATION_CACHE": "off"}) for n, code in training.items()},
            {"scikit-learn": 1.15},
        ),
        Case(
            "the same, its program compiled by an earlier process",
            {n: process(code, {"XDG_CACHE_HOME": kept}) for n, code in training.items()},
            {"scikit-learn": 1.6},
        ),
        Case("import jaxnet and its fit", {n: process(code) for n, code in imports.items()}, {}),
        Case(
            "jaxnet --help",
            {"jaxnet": process("import jaxnet.cli as c; c.main(['--help'])"), "python": process("")},
            {},
        ),
    ]


def process(code: str, variables: dict[str, str] | None = None):
    """Return the work of running ``code`` in a fresh interpreter, with some environment variables set."""
    environment = os.environ | (variables or {})
    quiet = "import warnings; warnings.simplefilter('ignore')\n"
    return lambda: subprocess.run(
        [sys.executable, "-c", quiet + code], env=environment, capture_output=True, check=False
    )
