"""The data of the story's figures, handed to ``jaxnet.figures``, which draws them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

import jax
import numpy as np

from jaxnet import figures
from jaxnet.stairs.cases import case_images
from jaxnet.stairs.images import chosen
from jaxnet.stairs.models import LIGHT_IMAGES, MODELS
from jaxnet.stairs.surface import surface
from jaxnet.stairs.trained import BEST, Trained, trained
from jaxnet.stairs.verdicts import judge, word
from jaxnet.stairs.writing import decimal

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Drawing: TypeAlias = Callable[[int | None], "Figure"]
GRID = 61
LOWER_ROW = 200  # the intensity of x3 and x4 in the slices: dark, so that the upper row decides


def drawings(sections: Iterable[str], image: int | None = None) -> Iterator[tuple[str, "Figure"]]:
    """Draw the figures of the given sections: (name, figure) one after another, each drawn when it is asked for."""
    return ((name, draw(image)) for section in sections for name, draw in DRAWINGS.get(section, {}).items())


def gallery(model: str) -> Drawing:
    """Return the drawing of the chosen images as a hand-set network judges them, from the lowest answer up."""

    def draw(image: int | None) -> "Figure":
        shown = chosen(image)
        captions = [
            f"image {id}\n{list(each.x)}\n{_sum(model, each.weighted_sum)}{decimal(each.answer, 2)} → {word(each.yes)} "
            f"(stairs: {word(y)})"
            for id, y, each in zip(shown.ids, shown.y, judge(model, shown.x), strict=True)
        ]
        return _sorted_gallery(model, shown.x, captions)

    return draw


def _sum(model: str, weighted_sum: float) -> str:
    return "" if MODELS[model].output == "identity" else f"z = {decimal(weighted_sum, 1)}\n"


def light_stairs(image: int | None) -> "Figure":
    """Draw the article's six images for the network that finds light stairs."""
    verdicts = judge("light_stairs", LIGHT_IMAGES)
    captions = [f"{list(each.x)}\n{decimal(each.answer, 2)} → {word(each.yes)}" for each in verdicts]
    return _sorted_gallery("light_stairs", LIGHT_IMAGES, captions)


def _sorted_gallery(model: str, images: np.ndarray, captions: list[str]) -> "Figure":
    order = np.argsort([each.answer for each in judge(model, images)], kind="stable")
    return figures.gallery(images[order], [captions[row] for row in order])


def hidden_units(model: str) -> Drawing:
    """Return the drawing of the weights of a hand-set network's hidden units."""

    def draw(image: int | None) -> "Figure":
        units = MODELS[model].hidden
        return figures.weight_tiles([unit.weights for unit in units], [unit.name for unit in units])

    return draw


def cases(image: int | None) -> "Figure":
    """Draw cases A and B on the sigmoid."""
    sums = {case: [each.weighted_sum for each in judge("logistic_figure", x)] for case, x in case_images().items()}
    return figures.sigmoid_cases(sums)


def trained_units(image: int | None) -> "Figure":
    """Draw the weights that the best network found for its hidden units, with what each counts for stairs."""
    first, second = (np.asarray(layer["w"]) for layer in trained(BEST).params)
    counts = second[:, 0] - second[:, 1]
    captions = [f"h{unit + 1}, for stairs {decimal(count, 1)}" for unit, count in enumerate(counts)]
    return figures.weight_tiles(first.T, captions)


def slices(image: int | None) -> "Figure":
    """Draw what each hidden unit of the best network and its output answer over x1 and x2, with x3 = x4 = LOWER_ROW."""
    best = trained(BEST)
    edge = np.linspace(0, 255, GRID)
    x1, x2 = np.meshgrid(edge, edge)
    x = np.stack([x1, x2, *[np.full_like(x1, LOWER_ROW)] * 2], axis=-1).reshape(-1, 4)
    hidden = _hidden(best, x)
    maps = {f"h{unit + 1}": hidden[:, unit].reshape(GRID, GRID) for unit in range(hidden.shape[1])}
    maps["stairs"] = best.answers(x).reshape(GRID, GRID)
    return figures.boundary_slices(maps, (0, 255, 0, 255), labels=("x1", "x2"))


def _hidden(best: Trained, x: np.ndarray) -> np.ndarray:
    return np.asarray(jax.vmap(lambda each: best.net.layers(best.params, each)[0].a)(x / best.scale))


def curves(image: int | None) -> "Figure":
    """Draw loss and accuracy of the best network on training and test images."""
    named = {name.replace("validation_", "test_"): values for name, values in trained(BEST).history.items()}
    return figures.learning_curves(named)


def loss_surface(image: int | None) -> "Figure":
    """Draw the loss over two weights and the paths of plain descent, momentum and too big a step."""
    return figures.loss_surface(*surface(), labels=("weight of the upper row", "weight of the lower row"))


DRAWINGS: Mapping[str, Mapping[str, Drawing]] = {
    "perceptron": {"perceptron": gallery("perceptron")},
    "logistic": {"logistic": gallery("logistic_figure")},
    "cases": {"cases": cases},
    "layers": {
        "left_right": gallery("left_right"),
        "left_right_weights": hidden_units("left_right"),
        "bottom_and_top": gallery("bottom_and_top"),
        "bottom_and_top_weights": hidden_units("bottom_and_top"),
    },
    "light-stairs": {"light_stairs": light_stairs, "light_stairs_weights": hidden_units("light_stairs")},
    "training": {"learning_curves": curves, "hidden_units": trained_units, "boundary_slices": slices},
    "batches": {"loss_surface": loss_surface},
}
