"""The data of the story's figures, handed to ``jaxnet.figures``, which draws them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

import jax
import numpy as np

from jaxnet import figures
from jaxnet.stairs.hand_set_networks import HAND_SET, LIGHT_IMAGES
from jaxnet.stairs.images import case_images, chosen
from jaxnet.stairs.surface import surface
from jaxnet.stairs.trained_networks import BEST, trained_network
from jaxnet.stairs.verdicts import Verdict, verdicts_on, yes_or_no
from jaxnet.stairs.writing import decimal

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Drawing: TypeAlias = Callable[[int | None], "Figure"]  # of the chosen image, if any
_SLICE_GRID = 61  # odd, so that the middle of the pixels' range is a row and a column
_LOWER_ROW = 200  # the intensity of x3 and x4 in the slices: dark, so that the upper row decides


def drawings(sections: Iterable[str], image: int | None = None) -> Iterator[tuple[str, "Figure"]]:
    """Draw the figures of the given sections: (name, figure) one after another, each drawn when it is asked for."""
    return ((name, draw(image)) for section in sections for name, draw in DRAWINGS.get(section, {}).items())


def _judged(name: str) -> Drawing:
    """The chosen images as a hand-set network judges them."""

    def draw(image: int | None) -> "Figure":
        shown = chosen(image)
        verdicts = verdicts_on(name, shown.x)
        # the perceptron's answer is its weighted sum
        total = lambda each: "" if HAND_SET[name].output == "identity" else f"z = {decimal(each.weighted_sum, 1)}\n"
        captions = [
            f"image {id}\n{list(each.x)}\n{total(each)}{decimal(each.answer, 2)} → {yes_or_no(each.yes)} "
            f"(stairs: {yes_or_no(y)})"
            for id, y, each in zip(shown.ids, shown.y, verdicts, strict=True)
        ]
        return _from_the_lowest_answer(verdicts, shown.x, captions)

    return draw


def _light_stairs(image: int | None) -> "Figure":
    """The article's six images for the network that finds light stairs."""
    verdicts = verdicts_on("light_stairs", LIGHT_IMAGES)
    captions = [f"{list(each.x)}\n{decimal(each.answer, 2)} → {yes_or_no(each.yes)}" for each in verdicts]
    return _from_the_lowest_answer(verdicts, LIGHT_IMAGES, captions)


def _from_the_lowest_answer(verdicts: list[Verdict], images: np.ndarray, captions: list[str]) -> "Figure":
    order = np.argsort([each.answer for each in verdicts], kind="stable")
    return figures.gallery(images[order], [captions[row] for row in order])


def _hidden_weights(name: str) -> Drawing:
    """The weights of a hand-set network's hidden units."""

    def draw(image: int | None) -> "Figure":
        units = HAND_SET[name].hidden
        return figures.weight_tiles([unit.weights for unit in units], [unit.name for unit in units])

    return draw


def _cases(image: int | None) -> "Figure":
    """Cases A and B on the sigmoid."""
    verdicts = {case: verdicts_on("logistic_figure", x) for case, x in case_images().items()}
    return figures.sigmoid_cases({case: [each.weighted_sum for each in both] for case, both in verdicts.items()})


def _trained_weights(image: int | None) -> "Figure":
    """The weights that the best network found for its hidden units, with what each counts for stairs."""
    first, second = (np.asarray(layer["w"]) for layer in trained_network(BEST).params)
    # only the difference of the two outputs' weights matters to the softmax
    counts = second[:, 0] - second[:, 1]
    captions = [f"h{unit + 1}, for stairs {decimal(count, 1)}" for unit, count in enumerate(counts)]
    return figures.weight_tiles(first.T, captions)


def _slices(image: int | None) -> "Figure":
    """What each hidden unit of the best network and its output answer over x1 and x2, with x3 = x4 = _LOWER_ROW."""
    best = trained_network(BEST)
    edge = np.linspace(0, 255, _SLICE_GRID)
    x1, x2 = np.meshgrid(edge, edge)
    x = np.stack([x1, x2, *[np.full_like(x1, _LOWER_ROW)] * 2], axis=-1).reshape(-1, 4)
    hidden = np.asarray(jax.vmap(lambda each: best.net.layers(best.params, each)[0].a)(x / best.scale))
    maps = {f"h{unit + 1}": each.reshape(x1.shape) for unit, each in enumerate(hidden.T)}
    maps["stairs"] = best.answers(x).reshape(x1.shape)
    return figures.boundary_slices(maps, (0, 255, 0, 255), labels=("x1", "x2"))


def _curves(image: int | None) -> "Figure":
    """Loss and accuracy of the best network on training and test images."""
    history = trained_network(BEST).history
    return figures.learning_curves({name.replace("validation_", "test_"): values for name, values in history.items()})


def _two_weights(image: int | None) -> "Figure":
    """The loss over two weights and the paths of plain descent, momentum and too big a step."""
    return figures.loss_surface(*surface(), labels=("weight of the upper row", "weight of the lower row"))


DRAWINGS: Mapping[str, Mapping[str, Drawing]] = {
    "perceptron": {"perceptron": _judged("perceptron")},
    "logistic": {"logistic": _judged("logistic_figure")},
    "cases": {"cases": _cases},
    "layers": {
        "left_right": _judged("left_right"),
        "left_right_weights": _hidden_weights("left_right"),
        "bottom_and_top": _judged("bottom_and_top"),
        "bottom_and_top_weights": _hidden_weights("bottom_and_top"),
    },
    "light-stairs": {"light_stairs": _light_stairs, "light_stairs_weights": _hidden_weights("light_stairs")},
    "training": {"learning_curves": _curves, "hidden_units": _trained_weights, "boundary_slices": _slices},
    "batches": {"loss_surface": _two_weights},
}
