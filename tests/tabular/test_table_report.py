"""A folder without a report has none; a damaged one is refused in words."""

import pytest

from jaxnet.storage import CheckpointError
from jaxnet.tabular import read_report
from jaxnet.tabular.table_report import aligned


def test_a_folder_without_a_report_has_none(tmp_path):
    assert read_report(tmp_path) is None


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b'{"rows": 1'])
def test_a_damaged_report_is_refused(content, tmp_path):
    (tmp_path / "report.json").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"report.json: no report of a training"):
        read_report(tmp_path)


def test_text_is_laid_out_in_columns():
    assert aligned([("", "a"), ("long", "1")]) == "      a\nlong  1"
