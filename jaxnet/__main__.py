"""``python -m jaxnet`` is the command ``jaxnet``."""

from jaxnet.cli import main

raise SystemExit(main())
