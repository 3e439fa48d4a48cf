"""The error with a margin, which output is right, and where the data is looked for."""

from types import SimpleNamespace

import jax.numpy as jnp
import numpy as np
import pytest

SAYS = SimpleNamespace(predict=lambda params, x: params)  # a network that answers with its parameters
Y = jnp.array([[1.0, 0.0], [0.0, 1.0]])


def test_errors_below_the_margin_count_as_none_and_others_in_full(experiment):
    outputs = jnp.array([[0.85, 0.1], [0.5, 0.7]])
    # by hand: .15, .1 count as none; .5 and .3 in full: (.25 + .09) / 2 of one example, averaged over two
    assert float(experiment.error_with_margin(SAYS, outputs, None, Y)) == pytest.approx(0.085)


def test_the_larger_output_decides(experiment):
    assert float(experiment.share_right(SAYS, jnp.array([[0.4, 0.3], [0.9, 0.8]]), None, Y)) == 0.5


def test_returns_are_read_with_mines_first_and_a_missing_table_says_what_fetches_it(experiment, tmp_path, monkeypatch):
    monkeypatch.setattr(experiment, "data_folder", lambda: tmp_path)
    with pytest.raises(FileNotFoundError, match="no such file; fetch it by: scripts/get_data tables"):
        experiment.returns()
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "sonar.csv").write_text("V1,V2,Class\n0.5,0.25,M\n1,0,R\n")
    x, y = experiment.returns()
    np.testing.assert_array_equal(x, [[0.5, 0.25], [1, 0]])
    np.testing.assert_array_equal(y, [[1, 0], [0, 1]])


def test_the_published_mean_is_judged_by_three_points_and_placed_among_the_starts(experiment):
    test = np.full((4, 13), 77.0)
    test[0] = 79.0
    claim = experiment.test_claim(0, test, judged=True)
    assert claim.holds
    assert claim.measured.endswith("published above 75% of starts")
    assert not experiment.test_claim(24, test, judged=True).holds
