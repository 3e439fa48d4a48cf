"""One file a section of the story, in the order of ``jaxnet.stairs.contents``; each has ``section(shown)``."""
