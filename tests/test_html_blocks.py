"""Pieces of HTML, in which no text can become markup."""

import re

from jaxnet.figures import learning_curves
from jaxnet.html_blocks import html_page, html_picture, html_table, html_text


def test_a_table_has_a_header_and_its_cells_escaped():
    table = html_table([("<b>", 1)], ("name", "n"))
    assert table.startswith("<table><tr><th style='text-align:left'>name</th><th style='text-align:right'>n</th></tr>")
    assert "&lt;b&gt;</td><td style='text-align:right'>1</td>" in table


def test_a_text_stays_as_it_is_printed():
    assert html_text("a < b\nc") == "<pre>a &lt; b\nc</pre>"


def test_a_page_holds_its_pictures_and_forbids_to_load_anything():
    page = html_page("a < b", html_picture(learning_curves({"loss": [2.0, 1.0]}), 'the "loss"'))
    assert page.startswith("<!doctype html>")
    assert "<title>a &lt; b</title>" in page
    assert "default-src 'none'" in page
    (image,) = re.findall(r"<img [^>]*>", page)
    assert image.startswith('<img alt="the &quot;loss&quot;" ')
    assert 'src="data:image/png;base64,iVBORw0KGgo' in image  # as every PNG begins


def test_a_picture_stays_legible_on_a_phone_and_moves_sideways_by_itself():
    figure = learning_curves({"loss": [2.0, 1.0]})
    (least,) = re.findall(r'<div class="wide"><img [^>]*min-width: (\d+)px', html_picture(figure, "loss"))
    assert int(least) == round(0.65 * 110 * figure.get_size_inches()[0])
