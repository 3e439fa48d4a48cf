"""The story's contents, and how it is told: each section is computed as data, in order, when it is asked for.

Neither NumPy nor JAX is imported here, so that the command line knows the contents at once.
"""

import importlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from jaxnet.stairs.blocks import Section


class Chapter(NamedTuple):
    """What the contents say of a section: the module in ``sections`` that tells it, its title, what computes it.

    ``computed_by`` is a function of the package by its dotted name; ``per_image`` says that the section shows the
    numbers of the images it is given, ``trains`` that it trains networks, which takes seconds, ``draws`` that it has
    figures.
    """

    module: str
    title: str
    computed_by: str
    per_image: bool = False
    trains: bool = False
    draws: bool = False

    def source(self, name: str) -> str:
        """Say which functions of which files compute and tell the section ``name``."""
        module, _, function = self.computed_by.rpartition(".")
        telling = f"{name.replace('-', '_')}_section in jaxnet/stairs/sections/{self.module}.py"
        if telling.startswith(f"{function} "):
            return f"Told by {telling}"
        return f"Computed by {function} in jaxnet/{module.replace('.', '/')}.py, told by {telling}"


CONTENTS = {
    "images": Chapter(
        "the_problem", "The problem: which images show stairs?", "stairs.images.load", per_image=True, draws=True
    ),
    "perceptron": Chapter(
        "one_unit", "One perceptron: a straight line", "stairs.verdicts.verdicts_on", per_image=True, draws=True
    ),
    "logistic": Chapter(
        "one_unit", "The sigmoid: a line becomes a probability", "reference.operations.sigmoid", per_image=True,
        draws=True,
    ),
    "cases": Chapter(
        "one_unit", "Cases A and B: why the line is not enough", "stairs.verdicts.verdicts_on", draws=True
    ),
    "interaction": Chapter(
        "interaction", "Interaction: why one unit is not enough", "stairs.verdicts.verdicts_on", per_image=True,
        draws=True,
    ),
    "layers": Chapter(
        "hidden_layers", "Perceptrons that feed a perceptron", "reference.network.forward", per_image=True, draws=True
    ),
    "light-stairs": Chapter(
        "hidden_layers", "Six hidden units find light stairs", "reference.network.forward", per_image=True, draws=True
    ),
    "activations": Chapter(
        "beyond_two_layers", "Other activations: tanh and relu", "reference.operations.relu", draws=True
    ),
    "classes": Chapter(
        "beyond_two_layers", "More than two answers: the softmax", "reference.losses.softmax", per_image=True,
        trains=True,
    ),
    "deep": Chapter("beyond_two_layers", "More layers: deep or wide?", "stairs.small_runs.depth_losses", trains=True),
    "forward": Chapter(
        "worked_passes", "The worked example: forward", "stairs.example.one_step", per_image=True, draws=True
    ),
    "backward": Chapter("worked_passes", "The worked example: backward", "stairs.example.one_step", per_image=True),
    "descent": Chapter(
        "eight_steps", "Gradient descent in eight steps", "stairs.example.steps", per_image=True, draws=True
    ),
    "training": Chapter(
        "learned_weights", "Trained networks beside the hand-set ones", "stairs.trained_networks.trained_network",
        per_image=True, trains=True, draws=True,
    ),
    "batches": Chapter("learned_weights", "Mini-batches and momentum", "training.loop.update", trains=True, draws=True),
    "minima": Chapter(
        "valleys", "Local minima, step sizes, overfitting", "stairs.small_runs.xor_endings", trains=True, draws=True
    ),
    "reference": Chapter(
        "closing", "Is it right? JAX held against plain NumPy", "reference_agreement.agreement", trains=True
    ),
    "challenge": Chapter("closing", "The closing challenges", "network.mlp.MLP"),
    "glossary": Chapter("glossary", "The words", "stairs.sections.glossary.glossary_section"),
}  # fmt: skip


def tell(names: Iterable[str] = (), image: int | None = None) -> Iterator[tuple[str, "Section"]]:
    """Compute sections of the story one after another, in the order of the contents.

    Args:
        names: sections in ``CONTENTS``; none means all, or, with an image, all that show an image's numbers.
        image: the id of an image from 1 to 500, shown instead of the article's own.

    Returns an iterator of (name, section), each computed when it is asked for. Raises ValueError or TypeError at once
    for an unknown section, with the nearest known one, and for an id out of range.
    """
    from jaxnet import checks  # here, for it imports NumPy

    names = [checks.choice("names", name, CONTENTS) for name in names]
    if image is not None:
        checks.integer("image", image, minimum=1, maximum=500, note="the images of the article")
    # a generator inside, so that what is wrong is said by this call and not by the first ``next``
    return ((name, compute(name, image)) for name in selected(names, image))


def compute(name: str, image: int | None) -> "Section":
    """Compute one section, by the function that is called as the section is: ``perceptron_section(image)``."""
    module = importlib.import_module(f"jaxnet.stairs.sections.{CONTENTS[name].module}")
    return getattr(module, f"{name.replace('-', '_')}_section")(image)


def selected(names: Iterable[str], image: int | None) -> list[str]:
    """List the sections that are told, in the order of the contents, whatever the order of ``names``."""
    chosen = set(names)
    if chosen:
        return [name for name in CONTENTS if name in chosen]
    return [name for name, chapter in CONTENTS.items() if image is None or chapter.per_image]
