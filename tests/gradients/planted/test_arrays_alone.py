"""Given arrays instead of a function, the verdict is the same and the cause is still found."""


def test_exactly_the_wrong_leaves_are_flagged(each_mistake_once, report_of):
    report = report_of(each_mistake_once, arrays=True)
    assert {path for path, leaf in report.leaves.items() if not leaf.ok} == each_mistake_once.wrong_leaves()


def test_the_cause_is_among_those_named(each_mistake_once, report_of):
    named = {cause.kind for cause in report_of(each_mistake_once, arrays=True).causes}
    assert named & each_mistake_once.mistakes[0].causes
