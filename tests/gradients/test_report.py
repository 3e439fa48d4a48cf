"""The report as data, text, JSON, HTML, in a terminal, and as a figure."""

import io
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from rich.console import Console

import jaxnet as jn
from jaxnet.gradients import Cause, Report
from jaxnet.gradients.verdict import judge_leaf, unreadable

RANDOM = np.random.default_rng(0)
NET = jn.MLP((3, 4, 2), activation="tanh", output="identity")
F = jn.objective(NET)
PARAMS = [{"w": RANDOM.normal(size=s), "b": RANDOM.normal(size=s[1])} for s in ((3, 4), (4, 2))]
X, Y = RANDOM.normal(size=(5, 3)), RANDOM.normal(size=(5, 2))


def backpropagation(params, X, Y, slope=lambda a: 1 - a**2):
    a = np.tanh(X @ params[0]["w"] + params[0]["b"])
    delta2 = (a @ params[1]["w"] + params[1]["b"] - Y) / len(X)
    delta1 = delta2 @ params[1]["w"].T * slope(a)
    return [{"w": X.T @ delta1, "b": delta1.sum(0)}, {"w": a.T @ delta2, "b": delta2.sum(0)}]


@pytest.fixture(scope="module")
def right():
    return jn.check_gradient(F, PARAMS, X, Y, gradient=backpropagation)


@pytest.fixture(scope="module")
def wrong():
    return jn.check_gradient(F, PARAMS, X, Y, gradient=lambda *a: backpropagation(*a, slope=np.ones_like))


def test_the_verdict_comes_first(right, wrong):
    assert str(right).startswith("The gradient is right: all 4 leaves agree to rounding.")
    assert str(wrong).startswith("The gradient is wrong in 2 of 4 leaves: [0]['b'], [0]['w'].")


def test_exactly_the_wrong_leaves_are_marked(right, wrong):
    assert right.ok
    assert right.wrong == ()
    assert not wrong.ok
    assert wrong.wrong == ("[0]['b']", "[0]['w']")
    assert wrong.leaves["[1]['w']"].ok


def test_the_cause_comes_before_the_table_with_its_formula_and_the_proof(wrong):
    assert [cause.kind for cause in wrong.causes] == ["activation_derivative_missing"]
    cause, instead, replay, table = (
        str(wrong).index(words) for words in ("Cause: Layer 1", "Instead: delta1 = ", "Replaying this", "leaf  ")
    )
    assert cause < instead < replay < table


def test_the_worst_entry_is_shown_with_its_index_and_both_values(wrong):
    worst = wrong.leaves["[0]['w']"].worst[0]
    line = next(line for line in str(wrong).splitlines() if line.startswith("[0]['w']"))
    assert str(list(worst.index)) in line
    assert f"{worst.yours:.10g}" in line
    assert f"{worst.true:.10g}" in line


def test_how_it_was_judged_is_said(right, wrong):
    assert "Judged by: jax.grad of f in float64, confirmed by differences of f" in str(right)
    assert "The Taylor remainder of your gradient shrinks as h^2.00" in str(right)
    assert "The Taylor remainder of your gradient shrinks as h^1.0" in str(wrong)


def test_no_slope_is_told_where_it_means_nothing():
    line = jn.check_gradient(lambda w: jnp.sum(3 * w), np.ones(2), gradient=np.full(2, 3.0))
    corner = jn.check_gradient(lambda w: jnp.sum(jax.nn.relu(w) * jnp.exp(w)), np.zeros(2), gradient=np.ones(2))
    assert line.ok
    assert corner.ok
    assert corner.corner
    for report in (line, corner):
        assert "shrinks as" not in str(report)
    assert [axes.get_title() for axes in line.figure().axes][2] == "all rounding: no verdict from the slope"
    assert [axes.get_title() for axes in corner.figure().axes][2] == "at a corner: no verdict from the slope"


def test_json_holds_everything_and_no_nan(wrong):
    content = json.loads(wrong.to_json(), parse_constant=lambda name: pytest.fail(name))
    assert content["schema_version"] == 1
    assert content["ok"] is False
    assert content["headline"] == wrong.headline
    assert content["n_wrong"] == 2
    assert "where" in content["causes"][0]
    assert content["wrong"] == ["[0]['b']", "[0]['w']"]
    assert content["leaves"]["[0]['w']"]["worst"][0]["yours"] == wrong.leaves["[0]['w']"].worst[0].yours
    assert content["causes"][0]["kind"] == "activation_derivative_missing"
    missing = Report({"w": unreadable("w", (2,), "missing")})
    assert json.loads(missing.to_json())["leaves"]["w"]["error"] is None


def test_html_shows_the_same_and_escapes_what_was_handed_in():
    cause = Cause("shape", (), ("['<w>']",), None, "has shape <4>", "", 1.0)
    page = Report({"['<w>']": unreadable("['<w>']", (2,), "has shape <4>")}, (cause,))._repr_html_()
    assert "wrong in 1 of 1 leaf" in page
    assert "[&#x27;&lt;w&gt;&#x27;]" in page
    assert "<w>" not in page


def test_a_terminal_gets_colour_and_markup_in_paths_does_no_harm(wrong):
    out = io.StringIO()
    Console(file=out, width=200, force_terminal=True).print(wrong)
    assert "[0]['w']" in out.getvalue()
    assert "\x1b[" in out.getvalue()
    assert "Layer 1" in out.getvalue()


def test_many_wrong_leaves_are_counted_not_listed():
    leaves = {str(i): unreadable(str(i), (), "missing") for i in range(9)}
    assert "wrong in 9 of 9 leaves: 0, 1, 2, 3 and 5 more." in str(Report(leaves))


def test_right_values_with_something_else_wrong_are_not_ok():
    ones = np.ones(1)
    cause = Cause("changes_arguments", (), (), None, "gradient changes its arguments in place.", "", 1.0)
    report = Report({"": judge_leaf("", ones, ones, ones)}, (cause,))
    assert not report.ok
    assert str(report).startswith("The gradient's values are right, but something else is wrong.")
    assert "params  right" in str(report)


def test_a_figure_has_errors_pairs_remainders_and_implied_derivatives(right, wrong):
    titles = [axes.get_title() for axes in wrong.figure().axes]
    assert titles == [
        "beyond the line: not rounding",
        "on the line: right",
        f"shrinks as h^{wrong.taylor.slope:.2f}: as h, wrong",
        "derivative of the activation, layer 1",
    ]
    assert [axes.get_title() for axes in right.figure().axes][2] == "shrinks as h^2.00: as h², right"


def test_the_figure_draws_the_derivative_that_the_gradient_implies_over_the_true_one(wrong):
    true, implied = wrong.figure().axes[3].lines
    np.testing.assert_allclose(true.get_ydata(), 1 - np.tanh(true.get_xdata()) ** 2, atol=1e-12)
    np.testing.assert_allclose(implied.get_ydata(), 1, atol=1e-8)
    z = X @ PARAMS[0]["w"] + PARAMS[0]["b"]
    np.testing.assert_allclose(np.sort(implied.get_xdata()), np.sort(z.ravel()), rtol=1e-12)


def test_the_figure_draws_yours_against_true(wrong):
    drawn = next(line for line in wrong.figure().axes[1].lines if line.get_label() == "[0]['w']")
    true, yours = (
        g[0]["w"].ravel() for g in (backpropagation(PARAMS, X, Y), backpropagation(PARAMS, X, Y, np.ones_like))
    )
    np.testing.assert_allclose(drawn.get_xdata(), true, rtol=1e-9)
    np.testing.assert_allclose(drawn.get_ydata(), yours, rtol=1e-9)


def test_a_figure_of_what_could_not_be_compared_is_refused():
    with pytest.raises(ValueError, match="figure: expected a gradient with a leaf that could be compared"):
        Report({"w": unreadable("w", (2,), "missing")}).figure()


def test_a_leaf_of_another_shape_is_named_in_the_figure_of_the_others():
    report = jn.check_gradient(
        lambda p: jnp.sum(p["w"] ** 2) + jnp.sum(p["b"]), {"w": np.ones(3), "b": np.ones(2)},
        gradient={"w": 2 * np.ones(3), "b": np.ones((4, 2))},
    )  # fmt: skip
    errors, pairs, remainders = report.figure().axes
    assert [text.get_text() for text in errors.texts] == ["not compared: the parameter has shape (2,)"]
    assert [line.get_label() for line in pairs.lines][:1] == ["['w']"]
    assert not remainders.axison
