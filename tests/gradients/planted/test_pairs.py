"""Two mistakes at once come apart."""


def test_exactly_the_wrong_leaves_are_flagged(pair, report_of):
    report = report_of(pair)
    assert {path for path, leaf in report.leaves.items() if not leaf.ok} == pair.wrong_leaves()


def test_both_causes_are_named_and_nothing_else_is(pair, report_of):
    named = {cause.kind for cause in report_of(pair).causes}
    first, second = (mistake.causes for mistake in pair.mistakes)
    assert named & first
    assert named & second
    assert named <= first | second
