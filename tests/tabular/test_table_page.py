"""The page of a model loads nothing, and a table's texts stay texts."""

from jaxnet.tabular.table_page import write_table_page


def test_the_page_is_self_contained(classified, tmp_path):
    text = write_table_page(classified[0], tmp_path / "page.html").read_text()
    for words in (
        "<h1>kind: accuracy",
        "identifier",
        "scores on the 16 test rows",
        "importance",
        "data:image/png;base64,",
    ):
        assert words in text
    assert "http://" not in text
    assert "https://" not in text
    assert "<script" not in text
