"""The article, told in order: its images, its networks set by hand, its worked example, and what training adds.

"Introduction To Neural Networks" and "Neural Networks - A Worked Example" by Ben Gorman (GormAnalysis, 2017): is a
2 x 2 image a picture of stairs? Read images, models, cases, example, trace, then contents and the sections it lists.

Every name is imported when it is first used, so the command line knows the contents without waiting for JAX.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jaxnet.stairs.cases import case_images
    from jaxnet.stairs.contents import CONTENTS
    from jaxnet.stairs.example import worked_example
    from jaxnet.stairs.images import Images, load
    from jaxnet.stairs.models import hand_set
    from jaxnet.stairs.story import tell
    from jaxnet.stairs.trace import one_step

_HOMES = {
    "CONTENTS": "contents",
    "Images": "images",
    "case_images": "cases",
    "hand_set": "models",
    "load": "images",
    "one_step": "trace",
    "tell": "story",
    "worked_example": "example",
}

__all__ = ["CONTENTS", "Images", "case_images", "hand_set", "load", "one_step", "tell", "worked_example"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'jaxnet.stairs' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"jaxnet.stairs.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
