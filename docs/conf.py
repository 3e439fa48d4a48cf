"""How the site is built: scripts/docs. Nothing on it is loaded from anywhere else."""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import jaxnet

project, author, release = "jaxnet", "the authors of jaxnet", jaxnet.__version__
copyright = "the authors of jaxnet, MIT licence"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["site"]
html_theme, html_title = "furo", "jaxnet"
# no address of a source viewer, and no font or script from elsewhere: the site is read offline
html_theme_options = {"navigation_with_keys": True}
html_static_path: list[str] = []
myst_heading_anchors = 3
myst_enable_extensions = ["attrs_inline"]  # a picture for light screens and one for dark
autodoc_typehints = "none"  # the signatures say them
autodoc_member_order = "bysource"
suppress_warnings = ["myst.xref_missing"]  # README and CONTRIBUTING lead to files that are not part of the site

_LITERAL = re.compile("(``.*?``)")


def plain(app, what, name, obj, options, lines):
    """Docstrings are plain text: *data, validation_ and **options mean themselves."""
    for place, line in enumerate(lines):
        parts = _LITERAL.split(line)
        parts[::2] = [re.sub(r"(\w)_(?=\W|$)", r"\1\\_", part.replace("*", r"\*")) for part in parts[::2]]
        lines[place] = "".join(parts)


def setup(app):
    """Read docstrings as plain text before napoleon looks at them."""
    app.connect("autodoc-process-docstring", plain, priority=400)
