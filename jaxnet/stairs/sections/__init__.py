"""The sections of the story, in the order of ``jaxnet.stairs.story``; each is a function ``<name>_section(image)``."""
