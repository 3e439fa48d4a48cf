"""The fewest wrong lines win; mistakes that cost the same are ties; what nothing explains stops the search."""

import jax
import pytest

from jaxnet.gradients.diagnosis.delta_reading import read_backward_pass
from jaxnet.gradients.diagnosis.layer_leaves import Case
from jaxnet.gradients.diagnosis.mistake_search import cheapest_explanations
from jaxnet.gradients.diagnosis.passes import model_of
from jaxnet.gradients.diagnosis.penalty import Tolerance
from jaxnet.gradients.diagnosis.replay import replay


@pytest.fixture
def solve(pose, example, derive):
    """Search for the wrong lines of a gradient given as arrays."""

    def solved(n=7, **wrong):
        f, params, data = example(n=n)
        model = model_of(pose(f, params, data, jax.grad(f)))
        evidence = pose(f, params, data, derive(**wrong), function=False)
        keys = {(l, k): f"[{l}]['{k}']" for l in range(3) for k in "wb"}
        targets = {key: evidence.yours[path] for key, path in keys.items()}
        tolerances = {key: Tolerance(evidence.noise[path], 1e-14) for key, path in keys.items()}
        run = model.forward(params, *data)
        return (
            run,
            targets,
            cheapest_explanations(
                Case(run, targets, tolerances, lambda: (), lambda: read_backward_pass(evidence, model))
            ),
        )

    return solved


def test_a_right_gradient_needs_no_wrong_line(solve):
    _, _, (solution,) = solve()
    assert (solution.cost, solution.mistakes, solution.stopped) == (0, {}, None)


def test_the_recipe_of_a_solution_replays_to_the_gradient(solve):
    run, targets, (solution, *_) = solve(slope=lambda s, l: (1 - s["a"][l + 1] ** 2) ** 2)
    assert set(solution.mistakes) == {("slope", 0), ("slope", 1)}
    assert solution.cost == 1  # the same mistake in two layers
    for key, leaf in replay(run, solution.mistakes).items():
        assert leaf == pytest.approx(targets[key], rel=1e-12)


def test_explanations_of_one_cost_are_all_returned(solve):
    _, _, solutions = solve(n=4, finish=lambda g, s: [{k: 4 * v for k, v in layer.items()} for layer in g])
    names = {next(iter(solution.mistakes.values())).text for solution in solutions}
    assert names == {"n", "4 or units of layer 1"}


def test_what_nothing_explains_stops_at_its_layer(solve):
    _, _, (solution,) = solve(slope=lambda s, l: 1 - s["a"][l + 1] ** 2 if l else abs(s["z"][l]) ** 0.3)
    assert solution.stopped == 0
    assert solution.mistakes == {}
