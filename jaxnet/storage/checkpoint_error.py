"""The one kind of error for whatever is wrong with a file of a run, a sweep or a model."""


class CheckpointError(ValueError):
    """A file that cannot be trusted, or that belongs to something else; the words name file and fault."""
