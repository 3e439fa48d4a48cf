"""Pieces of HTML, in which no text can become markup."""

from jaxnet.html_blocks import html_table, html_text


def test_a_table_has_a_header_and_its_cells_escaped():
    table = html_table([("<b>", 1)], ("name", "n"))
    assert table.startswith("<table><tr><th style='text-align:left'>name</th><th style='text-align:right'>n</th></tr>")
    assert "&lt;b&gt;</td><td style='text-align:right'>1</td>" in table


def test_a_text_stays_as_it_is_printed():
    assert html_text("a < b\nc") == "<pre>a &lt; b\nc</pre>"
