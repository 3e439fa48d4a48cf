"""``load``: whatever folder or file a model was left in, a ``Model`` comes back."""

import os
from pathlib import Path

from jaxnet.models.model import Model
from jaxnet.models.model_file import MODEL_FILE, decode_parts
from jaxnet.models.run_folder import run_parts
from jaxnet.storage import CheckpointError, read_bytes
from jaxnet.training.checkpoint import RUN_FILE
from jaxnet.user_paths import file_path


def load(path: str | os.PathLike) -> Model:
    """Load the model that ``Model.save`` wrote, or that ``jn.fit(out=path)`` or ``jn.sweep(out=path)`` left there: the
    parameters of the run, or the best member of the sweep.

    Nothing in a file is executed, and every byte is vouched for. Raises ``CheckpointError``, a ValueError whose words
    name the file and the fault, for what is missing, damaged, hostile or of a newer format.
    """
    place = file_path("path", path, "the path of a folder, or of a model's file")
    file = place / MODEL_FILE if place.is_dir() else place
    if file.is_file():
        parts = decode_parts(read_bytes(file), str(file))
    elif (file := place / RUN_FILE).is_file():
        parts = run_parts(place)
    else:  # a pipe or a device would be read for ever
        raise CheckpointError(f"{place}: {_missing(place)}")
    try:
        prepared = parts.preparation is not None and parts.preparation.classes
        classes = None if prepared else parts.classes
        return Model(parts.net, list(parts.members), parts.preparation, classes=classes, scores=parts.scores)
    except (ValueError, TypeError) as error:
        raise CheckpointError(f"{file}: {error}") from error


def _missing(place: Path) -> str:
    if not place.exists():
        return "no such file or folder, expected what Model.save, fit(out=) or sweep(out=) wrote"
    if (place / "members.sqlite").exists():
        return "a sweep that has not come to its end, or of networks of one's own: result.model(member) has any member"
    return f"no model here, expected a {MODEL_FILE} that Model.save wrote or the {RUN_FILE} of fit(out=)"
