"""The data of the story's figures, handed to ``jaxnet.figures``, which draws them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import jax
import numpy as np

from jaxnet import figures
from jaxnet.reference.operations import ACTIVATIONS
from jaxnet.stairs.example import initial_weights
from jaxnet.stairs.hand_set_networks import HAND_SET, LIGHT_IMAGES, LIGHT_STAIRS
from jaxnet.stairs.images import case_images, chosen, load
from jaxnet.stairs.sections.eight_steps import run_and_its_double
from jaxnet.stairs.sections.interaction import CORNERS, corner_images
from jaxnet.stairs.sections.valleys import step_losses
from jaxnet.stairs.surface import surface
from jaxnet.stairs.trained_networks import BEST, trained_network
from jaxnet.stairs.verdicts import PIXELS, Verdict, verdicts_on, yes_or_no
from jaxnet.stairs.writing import coefficient, decimal

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
        total = lambda each: "" if HAND_SET[name].output == "identity" else f"z = {decimal(each.weighted_sum, 2)}\n"
        captions = [
            f"image {id}\n{list(each.x)}\n{total(each)}{decimal(each.answer, 2)} → {yes_or_no(each.yes)} "
            f"(stairs: {yes_or_no(y)})"
            for id, y, each in zip(shown.ids, shown.y, verdicts, strict=True)
        ]
        wrong = [verdict.yes != bool(y) for verdict, y in zip(verdicts, shown.y, strict=True)]
        figure = _from_the_lowest_answer(verdicts, shown.x, captions, wrong)
        return figures.headline(
            figure, f"{name}: {sum(wrong)} of {len(wrong)} wrong (framed), from the lowest answer to the highest"
        )

    return draw


def _light_stairs(image: int | None) -> "Figure":
    """The article's six images for the network that finds light stairs."""
    verdicts = verdicts_on("light_stairs", LIGHT_IMAGES)
    captions = [f"{list(each.x)}\n{decimal(each.answer, 2)} → {yes_or_no(each.yes)}" for each in verdicts]
    wrong = [verdict.yes != light for verdict, light in zip(verdicts, LIGHT_STAIRS.tolist(), strict=True)]
    figure = _from_the_lowest_answer(verdicts, LIGHT_IMAGES, captions, wrong)
    return figures.headline(
        figure, "light_stairs says yes to stairs that are light, and no to the dark stairs on the left"
    )


def _images(image: int | None) -> "Figure":
    """The chosen images and what they show."""
    shown = chosen(image)
    captions = [f"image {id}\nstairs: {yes_or_no(y)}" for id, y in zip(shown.ids, shown.y, strict=True)]
    words = "Stairs have three dark pixels and one light one above: intensities from 0, white, to 255, black"
    return figures.headline(figures.gallery(shown.x, captions), words)


def _from_the_lowest_answer(
    verdicts: list[Verdict], images: np.ndarray, captions: list[str], wrong: list[bool]
) -> "Figure":
    order = np.argsort([each.answer for each in verdicts], kind="stable")
    return figures.gallery(images[order], [captions[row] for row in order], wrong=[wrong[row] for row in order])


def _corners(image: int | None) -> "Figure":
    """The four images of the interaction."""
    lower = (255, 255) if image is None else tuple(chosen(image).x[0, 2:].tolist())
    shown = corner_images(lower)
    captions = [
        f"{name}\n{decimal(v.answer, 2)}" for name, v in zip(CORNERS, verdicts_on("interaction", shown), strict=True)
    ]
    return figures.headline(
        figures.gallery(shown, captions), "Low, high, high, low: over one lower row, x2 helps or hurts by x1"
    )


def _diagram(name: str) -> Drawing:
    """A hand-set network as nodes and arrows."""

    def draw(image: int | None) -> "Figure":
        network = HAND_SET[name]
        layers = [units for units in (network.hidden, (network.out,)) if units]
        names = [list(PIXELS), *([unit.name for unit in units] for units in layers)]
        functions = [*["sigmoid"] * len(network.hidden[:1]), network.output]
        captions = [
            [f"{function}, bias {coefficient(unit.bias)}" for unit in units]
            for function, units in zip(functions, layers, strict=True)
        ]
        weights = [np.array([unit.weights for unit in units]).T for units in layers]
        return figures.headline(
            figures.network_diagram(names, weights, captions), f"{name} looks for {network.looks_for}"
        )

    return draw


def _worked_diagram(image: int | None) -> "Figure":
    """The worked example as nodes and arrows, with its first weights."""
    weights = initial_weights()
    names = [list(PIXELS), ["h1", "h2"], ["stairs", "something else"]]
    captions = [
        [f"{function}, bias {decimal(bias)}" for bias in W[0]]
        for function, W in zip(("sigmoid", "softmax"), weights, strict=True)
    ]
    words = "The worked example before its first step: all weights are small, so both answers are about a half"
    return figures.headline(figures.network_diagram(names, [W[1:].round(4) for W in weights], captions), words)


def _hidden_weights(name: str) -> Drawing:
    """The weights of a hand-set network's hidden units."""

    def draw(image: int | None) -> "Figure":
        units = HAND_SET[name].hidden
        captions = [f"{unit.name}\nbias {coefficient(unit.bias)}" for unit in units]
        words = f"{name}: what each hidden unit looks for; the bias says how much of it is enough"
        return figures.headline(figures.weight_tiles([unit.weights for unit in units], captions), words)

    return draw


def _cases(image: int | None) -> "Figure":
    """Cases A and B on the sigmoid."""
    verdicts = {case: verdicts_on("logistic_figure", x) for case, x in case_images().items()}
    sums = {case: [each.weighted_sum for each in both] for case, both in verdicts.items()}
    words = "The same 60 steps of x3 lift the answer much in case A, where the sigmoid is steep, and little in B"
    return figures.headline(figures.sigmoid_cases(sums), words)


def _activations(image: int | None) -> "Figure":
    """The sigmoid, the tanh and the relu with their slopes."""
    z = np.linspace(-6, 6, 241)
    values = {name: ACTIVATIONS[name].forward(z) for name in ("sigmoid", "tanh", "relu")}
    slopes = {name: ACTIVATIONS[name].derivative(z, value) for name, value in values.items()}
    words = "Far from 0 the slopes of sigmoid and tanh vanish; the relu's is 1 wherever z is positive"
    return figures.headline(figures.activation_panels(z, values, slopes), words)


def _own_run(image: int | None) -> "Figure":
    """The article's own run beside one whose weights were changed by a rounding error."""
    same, changed = run_and_its_double()
    lines = {"the article's run": same, "W1 changed by 1e-15 of itself": changed}
    options: dict[str, Any] = {"x_label": "step", "y_label": "loss before it", "log_x": True}
    words = "The article's own run: after some 40 steps a change of 1e-15 decides where it goes"
    return figures.headline(figures.intervals(np.arange(1, len(same) + 1), lines, **options), words)


def _trained_weights(image: int | None) -> "Figure":
    """The weights that the best network found for its hidden units, with what each counts for stairs."""
    first, second = (
        {leaf: np.asarray(value) for leaf, value in layer.items()} for layer in trained_network(BEST).params
    )
    # only the difference of the two outputs' weights matters to the softmax
    counts = second["w"][:, 0] - second["w"][:, 1]
    captions = [
        f"h{unit + 1}, bias {decimal(bias, 1)}\ncounts {decimal(count, 1)} for stairs"
        for unit, (bias, count) in enumerate(zip(first["b"], counts, strict=True))
    ]
    words = "What 8 hidden units found by themselves: weights of pixels / 255, and what each unit counts for stairs"
    return figures.headline(figures.weight_tiles(first["w"].T.round(1), captions), words)


def _slices(image: int | None) -> "Figure":
    """What each hidden unit of the best network and its output answer over x1 and x2, with x3 = x4 = _LOWER_ROW."""
    best = trained_network(BEST)
    edge = np.linspace(0, 255, _SLICE_GRID)
    x1, x2 = np.meshgrid(edge, edge)
    x = np.stack([x1, x2, *[np.full_like(x1, _LOWER_ROW)] * 2], axis=-1).reshape(-1, 4)
    hidden = np.asarray(jax.vmap(lambda each: best.net.layers(best.params, each)[0].a)(x / best.scale))
    maps = {_undecided(f"h{unit + 1}", each): each.reshape(x1.shape) for unit, each in enumerate(hidden.T)}
    maps["stairs"] = best.answers(x).reshape(x1.shape)
    figure = figures.boundary_slices(maps, (0, 255, 0, 255), labels=("x1", "x2"))
    words = f"The best network where x3 = x4 = {_LOWER_ROW}: what each hidden unit answers, and what it makes of them"
    return figures.headline(figure, words)


def _undecided(name: str, answers: np.ndarray) -> str:
    # one colour all over looks like a fault, if nobody says that it is none
    return f"{name} (does not decide here)" if answers.max() < 0.5 or answers.min() > 0.5 else name


def _curves(image: int | None) -> "Figure":
    """Loss and accuracy of the best network on training and test images."""
    history = trained_network(BEST).history
    curves = {name.replace("validation_", "test_"): values for name, values in history.items()}
    lowest = int(np.argmin(history["validation_loss"])) + 1
    words = f"8 hidden units learn the stairs; the test loss is lowest at epoch {lowest:,} and rises again"
    return figures.headline(figures.learning_curves(curves, log_x=True), words)


def _confusion(image: int | None) -> "Figure":
    """How often the best network takes each kind of the test images for which."""
    test = load()[1]
    found = trained_network(BEST).answers(test.x) > 0.5
    counts = np.zeros((2, 2), int)
    np.add.at(counts, (test.y.astype(int), found.astype(int)), 1)
    wrong = int(counts[0, 1] + counts[1, 0])
    words = f"The best network errs on {wrong} of {len(test.y)} test images: where (orange)"
    return figures.headline(figures.confusion_matrix(counts, ["no stairs", "stairs"]), words)


def _two_weights(image: int | None) -> "Figure":
    """The loss over two weights and the paths of plain descent, momentum and too big a step."""
    figure = figures.loss_surface(*surface(), labels=("weight of the upper row", "weight of the lower row"))
    return figures.headline(
        figure, "Momentum goes further in the same 60 steps; too big a step jumps across the valley"
    )


def _steps(image: int | None) -> "Figure":
    """The loss of five step sizes, step by step."""
    losses = step_losses()
    lines = {f"step {step:g}": loss for step, loss in losses.items()}
    count = len(next(iter(lines.values())))
    options: dict[str, Any] = {"x_label": "step", "y_label": "loss before it", "log_x": True, "log_y": True}
    words = "Too small a step is slow, too big a one jumps: 8 hidden units on the stairs, one start, five step sizes"
    return figures.headline(figures.intervals(np.arange(1, count + 1), lines, **options), words)


DRAWINGS: Mapping[str, Mapping[str, Drawing]] = {
    "images": {"images": _images},
    "perceptron": {"perceptron": _judged("perceptron"), "perceptron_network": _diagram("perceptron")},
    "logistic": {"logistic": _judged("logistic_figure"), "logistic_network": _diagram("logistic_figure")},
    "cases": {"cases": _cases},
    "interaction": {"interaction": _corners, "interaction_network": _diagram("interaction")},
    "layers": {
        "left_right_network": _diagram("left_right"),
        "left_right": _judged("left_right"),
        "left_right_weights": _hidden_weights("left_right"),
        "bottom_and_top_network": _diagram("bottom_and_top"),
        "bottom_and_top": _judged("bottom_and_top"),
        "bottom_and_top_weights": _hidden_weights("bottom_and_top"),
    },
    "light-stairs": {
        "light_stairs_network": _diagram("light_stairs"),
        "light_stairs": _light_stairs,
        "light_stairs_weights": _hidden_weights("light_stairs"),
    },
    "activations": {"activations": _activations},
    "forward": {"worked_network": _worked_diagram},
    "descent": {"article_run": _own_run},
    "training": {
        "learning_curves": _curves,
        "confusion": _confusion,
        "hidden_units": _trained_weights,
        "boundary_slices": _slices,
    },
    "batches": {"loss_surface": _two_weights},
    "minima": {"step_sizes": _steps},
}
