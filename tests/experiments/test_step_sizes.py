"""Steps too small, right and too big; momentum; overfitting: what is measured, and how it is judged."""

import numpy as np
import pytest

import jaxnet as jn


@pytest.fixture(scope="module")
def linear(experiment):
    return experiment.bowl(*experiment.problems(quick=True)["linear regression"])


def test_the_bowl_of_linear_regression_has_the_curvatures_of_its_inputs(linear):
    # half the mean squared error of [x, 1] w has the Hessian [x, 1]' [x, 1] / N
    train, _ = jn.stairs.load()
    x = np.column_stack([train.x / 255, np.ones(len(train.x))])
    np.testing.assert_allclose(linear.curvatures, np.linalg.eigvalsh(x.T @ x / len(x)), rtol=1e-10)


@pytest.mark.parametrize(("factor", "nearer"), [(0.99, True), (1.01, False)])
def test_a_step_just_under_two_over_the_largest_curvature_is_stable(experiment, linear, factor, nearer):
    start = linear.minimum + experiment.BESIDE * linear.steepest
    run = linear.run(start, factor * 2 / linear.curvatures[-1], 0.0, 2000)
    assert (experiment.distance(linear, run) < experiment.BESIDE) is nearer


@pytest.mark.parametrize(("off", "holds"), [(5e-4, True), (2e-3, False)])
def test_a_critical_step_is_judged_to_one_in_a_thousand(experiment, linear, off, holds):
    step = 2 * 1.9 / linear.curvatures[-1] * (1 + off)
    [claim] = experiment.critical_steps({"linear": linear}, {("linear", 0.9): step})
    assert claim.holds == holds


def test_small_steps_must_fall_steadily_and_big_ones_must_not(experiment):
    falling, jumping = [np.linspace(1, 0, 101)] * 2, [np.tile([0.0, 1.0], 50)] * 2
    verdicts = lambda runs: [claim.holds for claim in experiment.step_sizes(runs)]
    assert verdicts({1.0: falling, 10: jumping, 100.0: jumping}) == [True, None, True]
    assert verdicts({1.0: jumping, 100.0: falling}) == [False, False]


def test_more_nodes_overfit_when_the_training_loss_falls_and_the_test_loss_rises(experiment):
    few = [(0.5, 0.5), (0.5, 0.6), (0.6, 0.5)]
    worse, better = ([(0.1, test) for test in each] for each in ((1.5, 1.6, 1.4), (0.2, 0.3, 0.1)))
    assert [experiment.more_nodes(20, {2: few, 32: many})[-1].holds for many in (worse, better)] == [True, False]
