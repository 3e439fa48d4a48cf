"""What descent meets on its way down: local minima, steps too small and too big, data learnt by heart."""

import dataclasses

import numpy as np

from jaxnet.stairs.blocks import Block, Paragraph, Section, TextTable
from jaxnet.stairs.small_runs import XOR_STARTS, Ending, overfitted, xor_endings
from jaxnet.stairs.trained_networks import RunSettings, trained_network
from jaxnet.stairs.writing import decimal

_XOR_UNITS = (2, 4)
_STEPS = (0.01, 0.1, 1.0, 10.0, 100.0)
_RUN = RunSettings(hidden=8, step=1.0, epochs=300)
_WIDTHS = (2, 32)


def minima_section(image: int | None) -> Section:
    """Show a local minimum, five step sizes and two widths on wrong labels; the chosen image plays no part."""
    endings = {hidden: xor_endings(hidden) for hidden in _XOR_UNITS}
    steps = step_losses()
    learnt = {hidden: overfitted(hidden) for hidden in _WIDTHS}
    blocks = (
        Paragraph(
            "Gradient descent only ever goes downhill, so it may stick in a local minimum, a hollow above the deepest "
            "one. (That is a trait of the method, not of networks.) On XOR, where x1 and x2 are 0 or 1 and the answer "
            f"is yes for one of the two, from {XOR_STARTS} random starts:"
        ),
        _xor_table(endings),
        _stuck(max(endings[2], key=lambda ending: ending.loss)),
        *_steps(steps),
        *_by_heart(learnt),
    )
    numbers = {
        "xor": {str(h): [ending._asdict() for ending in each] for h, each in endings.items()},
        "steps": {f"{step:g}": {"last_loss": float(loss[-1]), "rose": _rises(loss)} for step, loss in steps.items()},
        "overfitting": {
            str(h): dict(zip(("training", "test", "lowest_test"), losses, strict=True)) for h, losses in learnt.items()
        },
    }
    return Section(blocks, numbers)


def _stuck(worst: Ending) -> Paragraph:
    return Paragraph(
        f"The worst run of two units stays at a loss of {decimal(worst.loss)} with the answers "
        f"{', '.join(decimal(answer, 2) for answer in worst.answers)} for (0,0), (0,1), (1,0), (1,1): it takes two "
        "of the four for the same and says a half. Another start, or more units, mends it."
    )


def _steps(steps: dict[float, np.ndarray]) -> list[Block]:
    return [
        Paragraph(
            "Too small a step is slow, too big a step jumps over the valley: try some. The stairs with 8 hidden units "
            f"from one start, the loss before the first step and after {_RUN.epochs}, and how often it rose:"
        ),
        TextTable(
            ("step", "first loss", "last loss", "rose"),
            tuple(
                (f"{step:g}", decimal(loss[0]), decimal(loss[-1]), f"{_rises(loss):.0%}")
                for step, loss in steps.items()
            ),
        ),
    ]


def _by_heart(learnt: dict[int, tuple[float, float, float]]) -> list[Block]:
    return [
        Paragraph(
            "More hidden units fit more; they also learn by heart what is wrong (overfitting). 100 images, of which 20 "
            "have the wrong label, and 100 test images, all labelled rightly:"
        ),
        TextTable(
            ("hidden units", "training loss", "test loss", "its lowest on the way"),
            tuple((str(hidden), *(decimal(loss, 3) for loss in losses)) for hidden, losses in learnt.items()),
        ),
        Paragraph(
            "The wider network has the lower training loss and the higher test loss: watch images that it was not "
            "trained on, and stop where their loss is lowest (stop=jn.Stop(...) in jn.fit). experiments/step_sizes.py "
            "finds the same over ten starts, and that without wrong labels more units do no harm here."
        ),
    ]


def step_losses() -> dict[float, np.ndarray]:
    """Return the loss before each of 300 steps, for five step sizes from one start."""
    return {step: trained_network(dataclasses.replace(_RUN, step=step)).history["loss"] for step in _STEPS}


def _rises(losses: np.ndarray) -> float:
    return float((losses[1:] > losses[:-1]).mean())


def _xor_table(endings: dict[int, tuple[Ending, ...]]) -> TextTable:
    rows = []
    for hidden, found in endings.items():
        losses = sorted(ending.loss for ending in found)
        solved = sum(ending.solved for ending in found)
        rows.append((str(hidden), f"{solved} of {len(found)}", decimal(losses[0]), decimal(losses[-1])))
    return TextTable(("hidden units", "starts that solve it", "lowest loss", "highest loss"), tuple(rows))
