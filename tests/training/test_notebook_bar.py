"""The bar of a notebook; in a real kernel it is drawn in tests/test_notebook.py."""

from jaxnet.training.notebook_bar import in_notebook


def test_outside_a_kernel_there_is_no_notebook():
    assert not in_notebook()
