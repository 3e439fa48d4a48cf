"""The picture of a network before the program is compiled: by the NumPy reference, which needs no compiling."""

from typing import Any

import numpy as np

from jaxnet.network import MLP
from jaxnet.playground.masked_network import DEPTH, MOST_OUTPUTS, WIDTH
from jaxnet.playground.masked_training import COLOURED, Picture, Shown
from jaxnet.reference import OUTPUTS
from jaxnet.reference.network import forward
from jaxnet.training.batches import Examples


def picture_in_numpy(net: MLP, params: Any, seen: tuple[Examples, Shown], output_range: tuple[float, float]) -> Picture:
    """Draw what the compiled program draws for the same network, but for the losses, which are NaN."""
    examples, shown = seen
    D, K = net.sizes[0], net.sizes[-1]
    grid, rows = np.asarray(shown.grid)[:, :D], np.asarray(examples.x)[: int(examples.rows), :D]
    names: Any = net.activations
    hidden, Z = forward(params, names, grid.astype(np.float64))
    P = OUTPUTS[net.output].forward(Z)
    units, chosen, scales = (
        np.full((DEPTH, len(grid) - 1, WIDTH), 128, np.uint8),
        np.zeros((DEPTH, WIDTH)),
        np.ones(DEPTH),
    )
    for depth, (values, name) in enumerate(zip(hidden, names, strict=True)):
        count = values.A.shape[1]
        centre, scale = COLOURED.get(name, (0.0, 0.0))
        scales[depth] = scale or max(np.abs(values.A).max(), 1e-9)
        units[depth, :, :count] = _coloured((values.A[:-1] - centre) / scales[depth])
        chosen[depth, :count] = values.A[-1]
    outputs, answer = np.full((len(grid) - 1, MOST_OUTPUTS), 128, np.uint8), np.zeros(MOST_OUTPUTS)
    centre, spread = output_range
    outputs[:, :K], answer[:K] = _coloured((P[:-1] - centre) / spread), P[-1]
    _, logits = forward(params, names, rows.astype(np.float64))
    answers = np.zeros(len(examples.x), np.int32)
    answers[: len(rows)] = logits.argmax(axis=1) if K > 1 else 0
    nothing = np.full(2, np.nan, np.float32)
    return Picture(units, outputs, chosen, answer, nothing, np.zeros(2, np.int32), answers, scales)


def _coloured(values: np.ndarray) -> np.ndarray:
    return np.round(128 + 127 * np.clip(values, -1, 1)).astype(np.uint8)
