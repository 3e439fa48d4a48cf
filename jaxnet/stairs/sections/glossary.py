"""The words of the story, each in a sentence, with the section in which it is at work."""

from jaxnet.stairs.blocks import Paragraph, Section, TextTable

# word: meaning, section
GLOSSARY = {
    "activation": ("the function through which a unit passes its weighted sum; it must bend", "activations"),
    "automatic differentiation": ("the chain rule, applied to any program step by step", "challenge"),
    "backward pass": ("from the loss to its slope in every weight, last layer first", "backward"),
    "bias": ("the number that a unit adds to its weighted sum: the threshold's negative", "perceptron"),
    "cross-entropy": ("minus the log of the probability given to the right answer", "forward"),
    "epoch": ("one pass over all training images", "batches"),
    "forward pass": ("from the pixels to the answer, first layer first", "forward"),
    "gradient": ("the slopes of the loss in all weights", "backward"),
    "gradient descent": ("step after step against the gradient", "descent"),
    "hidden layer": ("units between the input and the output", "layers"),
    "interaction": ("what one pixel means depends on another", "interaction"),
    "likelihood": ("the probability of all the right answers together", "descent"),
    "local minimum": ("a hollow above the deepest one", "minima"),
    "logistic regression": ("one unit with the sigmoid and the cross-entropy", "logistic"),
    "loss": ("a number for how wrong the answers are: what training lowers", "forward"),
    "mini-batch": ("the images that one step looks at", "batches"),
    "momentum": ("to each step is added a part of the one before", "batches"),
    "monotonic": ("can only rise, or only fall", "interaction"),
    "overfitting": ("learning the training images by heart, mistakes included", "minima"),
    "perceptron": ("a weighted sum held against a threshold", "perceptron"),
    "relu": ("max(0, z)", "activations"),
    "score": ("the weighted sum of a unit, before any activation", "perceptron"),
    "sigmoid": ("1 / (1 + exp(-z)), an S between 0 and 1", "logistic"),
    "softmax": ("exp of each sum over the sum of all: probabilities of several kinds", "classes"),
    "step size": ("by how much of the gradient a weight is changed; also learning rate", "descent"),
    "tanh": ("the sigmoid stretched to (-1, 1)", "activations"),
    "threshold": ("what the weighted sum is held against", "perceptron"),
    "universal approximation": ("one hidden layer, wide enough, comes close to any continuous function", "deep"),
    "weight": ("what an input is multiplied by", "perceptron"),
}


def glossary_section(image: int | None) -> Section:
    """List the words; the chosen image plays no part."""
    # the meaning last, where a narrow page may break it
    rows = tuple((word, section, meaning) for word, (meaning, section) in GLOSSARY.items())
    blocks = (
        Paragraph("Each word with the section (jaxnet stairs --section NAME) in which it is at work:"),
        TextTable(("word", "section", "meaning"), rows, words=True),
    )
    return Section(
        blocks, {word: {"meaning": meaning, "section": section} for word, (meaning, section) in GLOSSARY.items()}
    )
