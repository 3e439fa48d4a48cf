"""Each planted mistake is flagged with exactly its leaves and named with its cause."""


def test_exactly_the_wrong_leaves_are_flagged(mistake, report_of):
    report = report_of(mistake)
    assert not report.ok
    assert {path for path, leaf in report.leaves.items() if not leaf.ok} == mistake.wrong_leaves()


def test_the_cause_is_named_and_nothing_else_is(mistake, report_of):
    named = {cause.kind for cause in report_of(mistake).causes}
    assert named
    assert named <= mistake.mistakes[0].causes


def test_the_layer_is_named(mistake, report_of):
    layer = mistake.mistakes[0].layer
    named = {layer for cause in report_of(mistake).causes for layer in cause.layers}
    assert layer is None or named <= {layer + 1}  # what concerns one leaf alone is in no layer


def test_a_named_cause_reproduces_the_gradient(mistake, report_of):
    for cause in report_of(mistake).causes:
        assert cause.kind == "unknown" or cause.residual < 1e-12
