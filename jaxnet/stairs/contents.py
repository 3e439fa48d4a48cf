"""The table of contents of the story. It imports nothing, so that the command line answers at once."""

from typing import NamedTuple


class Entry(NamedTuple):
    """A section: the module in ``sections`` that computes it, its title, and what it does with chosen images.

    ``per_image`` says that the section shows the numbers of the images it is given, ``trains`` that it trains
    networks, which takes seconds, ``draws`` that it has figures.
    """

    module: str
    title: str
    per_image: bool = False
    trains: bool = False
    draws: bool = False


CONTENTS = {
    "images": Entry("images", "The problem: which images show stairs?", per_image=True),
    "perceptron": Entry("perceptron", "One perceptron: a straight line", per_image=True, draws=True),
    "logistic": Entry("logistic", "The sigmoid: a line becomes a probability", per_image=True, draws=True),
    "cases": Entry("cases", "Cases A and B: why the line is not enough", draws=True),
    "layers": Entry("layers", "Perceptrons that feed a perceptron", per_image=True, draws=True),
    "light-stairs": Entry("light_stairs", "Six hidden units find light stairs", per_image=True, draws=True),
    "forward": Entry("forward", "The worked example: forward", per_image=True),
    "backward": Entry("backward", "The worked example: backward", per_image=True),
    "descent": Entry("descent", "Gradient descent in eight steps"),
    "training": Entry("training", "Trained networks beside the hand-set ones", per_image=True, trains=True, draws=True),
    "batches": Entry("batches", "Mini-batches and momentum", trains=True, draws=True),
    "reference": Entry("reference", "Is it right? JAX held against plain NumPy", trains=True),
    "challenge": Entry("challenge", "The closing challenges"),
}
