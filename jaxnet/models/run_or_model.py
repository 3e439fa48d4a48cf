"""``save``: a run or a model is written to a folder, from which ``load_run`` and ``load`` read it back."""

import os

from jaxnet import checks
from jaxnet.guidance import guided
from jaxnet.models.model import Model
from jaxnet.training.run import Run
from jaxnet.training.saved_run import save_whole_run
from jaxnet.user_paths import file_path


@guided(positional="the path comes first, save('runs/a', run)")
def save(path: str | os.PathLike[str], what: Run | Model) -> None:
    """Write a run, of any objective, or a model to a folder, in one atomic step; what was there is kept beside it.

    ``jn.load_run(path)`` reads a run back without its data and functions, with parameters, optimizer state, history
    and outcome; ``jn.load(path)`` a model. Raises TypeError for anything else, ValueError for what does not fit into
    one file, and OSError, with the path, from the disk.
    """
    file_path("path", path, "the path of a folder, as in save(path, run)")
    checks.require(isinstance(what, Run | Model), "what", "a run of jn.fit or a jn.Model", what, TypeError)
    if isinstance(what, Model):
        what.save(path)
    else:
        save_whole_run(path, what)
