"""Real tables, the models that are fitted to them, and how their errors are compared: what ``tables.py`` is made of."""
