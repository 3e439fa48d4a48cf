"""Why a gradient is wrong: the cheapest evidence first, and never a guess.

    exchanges        leaves in each other's place
    passes           what the true backward pass is, read from the oracle
    search           the fewest wrong lines that replay to the gradient, from the output down
      algebra, penalty     how the parts of a leaf become the leaf
      output_mistakes, layer_mistakes     the wrong lines that are known
    backward         the delta that a gradient function used, where no known line fits
    experiments      other batches, where several explanations fit
    causes, sentences    what is said

A cause is reported only if replaying it gives the gradient to within rounding; otherwise its kind is "unknown" and
its sentence names the first wrong stage.
"""

import dataclasses
import functools

import numpy as np

from jaxnet.gradients.diagnosis.backward import MOST_EXAMPLES, Reader
from jaxnet.gradients.diagnosis.causes import as_ties, causes_of, clipped_by_norm, named, wrong_leaves
from jaxnet.gradients.diagnosis.exchanges import exchanged
from jaxnet.gradients.diagnosis.experiments import Replay, counted_examples, settle, with_constants
from jaxnet.gradients.diagnosis.layer_leaves import Case
from jaxnet.gradients.diagnosis.leafwise import diagnose_leafwise
from jaxnet.gradients.diagnosis.output_mistakes import weighted_examples
from jaxnet.gradients.diagnosis.passes import Model, Pass, model_of
from jaxnet.gradients.diagnosis.penalty import Tolerance, fits
from jaxnet.gradients.diagnosis.replay import Hypothesis, replay
from jaxnet.gradients.diagnosis.search import Solution, search
from jaxnet.gradients.problem import Cause, Problem

FEWER_EXAMPLES = 32  # of a large batch are looked at one by one when the whole batch stays unexplained


def diagnose(problem: Problem) -> tuple[Cause, ...]:
    """Say why a gradient is wrong: its causes, root (nearest the output) first; empty when nothing is wrong.

    Explanations that fit equally, and that no experiment on the function tells apart, are all listed, and their
    sentences say so. Leaves of another shape than their parameter are left to the checks of structure.
    """
    paths = [path for path, leaf in problem.yours.items() if leaf.shape == problem.true[path].shape]
    if len(paths) < len(problem.true) or not all(np.isfinite(problem.yours[path]).all() for path in paths):
        return ()
    if not wrong_leaves(problem, set(paths)):
        return ()
    with np.errstate(all="ignore"):  # a formula that overflows does not fit, and is no news
        return _diagnose(problem)


def _diagnose(problem: Problem) -> tuple[Cause, ...]:
    found = exchanged(problem)
    if found and (found[0].kind != "wrong_leaf" or problem.network is None):
        return found
    model = model_of(problem) if problem.network is not None else None
    case = _case(problem, model) if model is not None else None
    if model is None or case is None:
        return diagnose_leafwise(problem)
    explained = _diagnose_network(problem, model, case)
    settled = len(explained) == 1 and explained[0].kind != "unknown"
    return explained if settled or not found else found


def _diagnose_network(problem: Problem, model: Model, case: Case) -> tuple[Cause, ...]:
    solutions = search(case)
    if _unexplained(solutions) and problem.gradient is not None and len(case.run.y) > MOST_EXAMPLES:
        part = _part(problem)
        smaller = part and _case(part, model)
        if part and smaller and wrong_leaves(part, set(part.yours)):
            problem, case = part, smaller
            solutions = search(case)
    groups = [_explained(problem, model, case, each) for each in _settled(problem, model, solutions)]
    return as_ties([clipped_by_norm(problem, causes) for causes in groups])


def _settled(problem: Problem, model: Model, solutions: list[Solution]) -> list[Solution]:
    """Keep what other batches agree with."""
    candidates = [
        *solutions,
        *(each._replace(recipe=recipe) for each in solutions if (recipe := with_constants(problem, each.recipe))),
    ]
    kept = settle(problem, [_replay(model, each) for each in candidates])
    return [candidates[i] for i in kept if i < len(solutions)] or [candidates[i] for i in kept]


def _explained(problem: Problem, model: Model, case: Case, solution: Solution) -> list[Cause]:
    """Describe a solution; leaves that nothing explains may be in each other's place."""
    recipe = {slot: each for slot, each in solution.recipe.items() if (slot[0][:5], each.kind) != ("whole", "unknown")}
    replayed = replay(case.run, recipe) if len(recipe) < len(solution.recipe) else None
    if replayed is not None:
        truth = named(model, replayed)
        noise = {path: leaf + 64 * problem.eps * np.abs(truth[path]).max() for path, leaf in problem.noise.items()}
        found = exchanged(dataclasses.replace(problem, true=truth, noise=noise))
        if found:
            others = causes_of(problem, model, case, solution._replace(recipe=recipe))
            return [*(dataclasses.replace(cause, residual=found[0].residual) for cause in others), *found]
    return causes_of(problem, model, case, solution)


def _unexplained(solutions: list[Solution]) -> bool:
    return any(s.stopped is not None or any(h.kind == "unknown" for h in s.recipe.values()) for s in solutions)


def _case(problem: Problem, model: Model) -> Case | None:
    """Pose the search; None where the model does not reproduce the true gradient, so that it may judge nothing."""
    run = model.forward(problem.params, *problem.data)
    roundings = problem.eps * (16 + 2 * np.sqrt(len(run.y) + max(w.shape[0] for w in run.w)))
    keys = {(layer, key): pair["wb".index(key)] for layer, pair in enumerate(model.leaves) for key in "wb"}
    tolerances = {key: Tolerance(problem.noise[path], float(roundings)) for key, path in keys.items()}
    right = replay(run, {})
    exact = right is not None and all(
        fits(problem.true[path], right[key], 1e-9 * np.abs(problem.true[path]).max() + problem.noise[path])
        for key, path in keys.items()
    )
    if not exact:
        return None
    targets = {key: problem.yours[path] for key, path in keys.items()}
    return Case(
        run, targets, tolerances, functools.cache(lambda: _counted(run, targets, tolerances)), Reader(problem, model)
    )


def _part(problem: Problem) -> Problem | None:
    """The same problem for a few examples."""
    data = tuple(part[:FEWER_EXAMPLES] for part in problem.data)
    try:
        yours = problem.gradient(problem.params, *data) if problem.gradient else problem.yours
    except Exception:  # the user's own code may refuse other batches, by any error
        return None
    true = problem.oracle(problem.params, *data)
    ratio = max(1.0, len(problem.data[0]) / FEWER_EXAMPLES)
    noise = {path: ratio * leaf for path, leaf in problem.noise.items()}
    return dataclasses.replace(problem, data=data, yours=yours, true=true, noise=noise)


def _counted(run: Pass, targets: dict, tolerances: dict) -> tuple[Hypothesis, ...]:
    """How the examples count, if nothing else is wrong: solved for with a few entries of every leaf."""
    random = np.random.default_rng(0)
    rows, goals, allowed = [], [], []
    deltas = _true_deltas(run)
    for layer in range(run.last + 1):
        inputs, outputs = run.w[layer].shape
        chosen = random.permutation(inputs * outputs)[: len(run.y) + 16]
        d, h = chosen // outputs, chosen % outputs
        rows += [run.scale * (run.a[layer][:, d] * deltas[layer][:, h]).T, run.scale * deltas[layer].T]
        decay_w, decay_b = run.decay[layer]
        goals += [(targets[layer, "w"] - decay_w * run.w[layer])[d, h], targets[layer, "b"] - decay_b * run.b[layer]]
        tolerance = tolerances[layer, "w"], tolerances[layer, "b"]
        allowed += [tolerance[0].noise[d, h] + _slack(rows[-2]), tolerance[1].noise + _slack(rows[-1])]
    weights = counted_examples(np.concatenate(goals), np.concatenate(rows), np.concatenate(allowed))
    return () if weights is None else weighted_examples(weights)


def _slack(contributions: np.ndarray) -> np.ndarray:
    return 1e-12 * np.abs(contributions).sum(axis=1) + 1e-300


def _true_deltas(run: Pass) -> list[np.ndarray]:
    deltas = [run.delta]
    for layer in reversed(range(run.last)):
        slope = run.activations[layer].slope(run.z[layer])
        deltas.insert(0, (deltas[0] @ run.w[layer + 1].T) * slope)
    return deltas


def _replay(model: Model, solution: Solution) -> Replay:
    """What a solution predicts for other parameters and data."""

    def predict(params: object, *data: object) -> dict | None:
        gradient = replay(model.forward(params, *data), solution.recipe)
        return None if gradient is None else named(model, gradient)

    return predict
