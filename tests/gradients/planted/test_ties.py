"""Causes that explain a gradient equally are all mentioned."""


def test_every_cause_of_a_tie_is_mentioned(tie, report_of):
    text = str(report_of(tie.planted, arrays=tie.arrays))
    assert [words for words in tie.words if words not in text] == []
