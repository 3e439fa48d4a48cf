"""The one kind of error for whatever is wrong with a file of a run, a sweep or a model."""

from jaxnet import checks


class CheckpointError(ValueError):
    """A file that cannot be trusted, or that belongs to something else; the words name file and fault."""

    def __init__(self, words: str) -> None:
        super().__init__(checks.printable(words))  # a name out of a file could command the terminal
