"""The article, told in order: its images, its networks set by hand, its worked example, and what training adds.

"Introduction To Neural Networks" and "Neural Networks - A Worked Example" by Ben Gorman (GormAnalysis, 2017): is a
2 x 2 image a picture of stairs? Read images, hand_set_networks, verdicts, example, trained_networks, then story and
the sections it lists.

Every name is imported when it is first used, so the command line knows the contents without waiting for JAX.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jaxnet.stairs.example import one_step, worked_example
    from jaxnet.stairs.hand_set_networks import hand_set
    from jaxnet.stairs.images import Images, case_images, load
    from jaxnet.stairs.story import CONTENTS, tell

_HOMES = {
    "CONTENTS": "story",
    "Images": "images",
    "case_images": "images",
    "hand_set": "hand_set_networks",
    "load": "images",
    "one_step": "example",
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
