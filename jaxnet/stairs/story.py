"""The story, section by section in order; each is computed as data by its own module in ``sections``."""

import importlib
from collections.abc import Iterable, Iterator

from jaxnet import checks
from jaxnet.stairs.blocks import Section
from jaxnet.stairs.contents import CONTENTS


def tell(names: Iterable[str] = (), image: int | None = None) -> Iterator[tuple[str, Section]]:
    """Compute sections of the story one after another, in the order of the contents.

    Args:
        names: sections in ``CONTENTS``; none means all, or, with an image, all that show an image's numbers.
        image: the id of an image from 1 to 500, shown instead of the article's own.

    Returns an iterator of (name, section), each computed when it is asked for. Raises ValueError or TypeError at once
    for an unknown section, with the nearest known one, and for an id out of range.
    """
    names = [checks.choice("names", name, CONTENTS) for name in names]
    if image is not None:
        checks.integer("image", image, minimum=1, maximum=500, note="the images of the article")
    return ((name, compute(name, image)) for name in selected(names, image))


def compute(name: str, image: int | None) -> Section:
    """Compute one section."""
    return importlib.import_module(f"jaxnet.stairs.sections.{CONTENTS[name].module}").section(image)


def selected(names: Iterable[str], image: int | None) -> list[str]:
    """List the sections that are told, in the order of the contents."""
    chosen = set(names)
    if chosen:
        return [name for name in CONTENTS if name in chosen]
    return [name for name, entry in CONTENTS.items() if image is None or entry.per_image]
