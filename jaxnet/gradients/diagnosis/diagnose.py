"""Why a gradient is wrong: the cheapest evidence first, and never a guess.

    swapped_leaves   leaves in each other's place
    passes           what the true backward pass is, read from the oracle
    mistake_search   the fewest wrong lines that replay to the gradient, from the output down
      algebra, penalty     how the parts of a leaf become the leaf
      output_mistakes, layer_mistakes     the wrong lines that are known
    backward_search      of any function: the wrong lines of its own backward pass (backward_mutations), replayed
    delta_reading    the delta that a gradient function used, where no known line fits
    experiments      other batches, where several explanations fit
    causes, sentences    what is said

A cause is reported only if replaying it gives the gradient to within rounding; otherwise its kind is "unknown" and
its sentence names the first wrong stage.
"""

import dataclasses
import functools
from typing import Any

import numpy as np

from jaxnet.gradients.diagnosis.backward_search import mutated_backward_pass
from jaxnet.gradients.diagnosis.batch_words import in_the_words_of_the_batch
from jaxnet.gradients.diagnosis.causes import as_ties, causes_of, clipped_by_norm, named, wrong_leaves
from jaxnet.gradients.diagnosis.delta_reading import read_backward_pass
from jaxnet.gradients.diagnosis.experiments import Replay, counted_examples, settled
from jaxnet.gradients.diagnosis.factors import named_factors
from jaxnet.gradients.diagnosis.kinds import PLAIN_LEAVES
from jaxnet.gradients.diagnosis.layer_leaves import Case
from jaxnet.gradients.diagnosis.leafwise import counts, diagnose_leafwise
from jaxnet.gradients.diagnosis.mistake_search import Solution, cheapest_explanations
from jaxnet.gradients.diagnosis.output_mistakes import weighted_examples
from jaxnet.gradients.diagnosis.passes import NetworkModel, Pass, model_of
from jaxnet.gradients.diagnosis.penalty import Tolerance, fits
from jaxnet.gradients.diagnosis.replay import Hypothesis, replay, step_down
from jaxnet.gradients.diagnosis.swapped_leaves import exchanged
from jaxnet.gradients.diagnosis.tolerances import (
    EXAMPLE_SLACK,
    FEWER_EXAMPLES,
    MORE_EQUATIONS,
    MOST_READ,
    NOTHING,
    OTHER_LEAF_ROUNDINGS,
    PLAIN_NUMBER,
    SAME_GRADIENT,
    SUM_ROUNDINGS,
    TERM_ROUNDINGS,
)
from jaxnet.gradients.evidence import Cause, Evidence
from jaxnet.gradients.example_axis import examples_at


def diagnose(evidence: Evidence) -> tuple[Cause, ...]:
    """Say why a gradient is wrong: its causes, root (nearest the output) first; empty when nothing is wrong.

    Explanations that fit equally, and that no experiment on the function tells apart, are all listed, and their
    sentences say so. Leaves of another shape than their parameter are left to the checks of structure.
    """
    usable = lambda path, leaf: leaf.shape == evidence.true[path].shape and np.isfinite(leaf).all()
    if evidence.yours.keys() != evidence.true.keys() or not all(usable(*each) for each in evidence.yours.items()):
        return ()
    leaves = wrong_leaves(evidence)
    try:
        with np.errstate(all="ignore"):  # a formula that overflows does not fit, and is no news
            return in_the_words_of_the_batch(evidence, _diagnose(evidence)) if leaves else ()
    except Exception as error:  # the verdict stands, whatever happens to the search for its cause
        reason = f"{type(error).__name__}: {error}".strip().splitlines()[0]
        sentence = f"The search for a cause failed ({reason}), a fault of jaxnet; the verdict and the table stand."
        return (Cause("unknown", (), leaves, None, sentence, "", 1.0),)


def _diagnose(evidence: Evidence) -> tuple[Cause, ...]:
    found = exchanged(evidence)
    if found and (found[0].kind != "wrong_leaf" or evidence.network is None):
        return found
    model = model_of(evidence) if evidence.network is not None else None
    case = _case(evidence, model) if model is not None else None
    if model is None or case is None:
        return _of_any_function(evidence)
    explained = _diagnose_network(evidence, model, case)
    settled = len(explained) == 1 and explained[0].kind != "unknown"
    return explained if settled or not found else found


def _of_any_function(evidence: Evidence) -> tuple[Cause, ...]:
    """Leaf by leaf where that is plain; where it is not, by mutations of the backward pass of f itself."""
    found = diagnose_leafwise(evidence)
    everywhere = found and set(found[0].leaves) == set(wrong_leaves(evidence))
    plain = len(found) == 1 and everywhere and found[0].kind in PLAIN_LEAVES
    numbers = counts(evidence, evidence.data)
    # weights for the examples fit much: a line of f says more
    named_number = bool(plain) and found[0].kind != "examples_reweighted"
    familiar = lambda factor: any(
        abs(factor - f.value) <= PLAIN_NUMBER * abs(f.value) for f in named_factors(numbers).values()
    )
    named_number = named_number and (found[0].kind != "factor" or familiar(found[0].factor))
    if named_number and (len(evidence.yours) == 1 or len(found[0].leaves) == len(evidence.yours)):
        return found
    mutated = mutated_backward_pass(evidence, numbers, alone=named_number)
    if named_number or (plain and not mutated):
        return (dataclasses.replace(found[0], where=mutated[0].where if mutated else None),)
    return mutated or found


def _diagnose_network(evidence: Evidence, model: NetworkModel, case: Case) -> tuple[Cause, ...]:
    solutions = cheapest_explanations(case)
    if _unexplained(solutions) and evidence.gradient is not None and len(case.run.y) > MOST_READ:
        part = _part(evidence)
        smaller = part and _case(part, model)
        if part and smaller and wrong_leaves(part):
            evidence, case = part, smaller
            solutions = cheapest_explanations(case)
    kept = settled(evidence, solutions, functools.partial(_replay, model))
    groups = [_explained(evidence, model, case, each) for each in kept]
    return as_ties([clipped_by_norm(evidence, causes) for causes in groups])


def _explained(evidence: Evidence, model: NetworkModel, case: Case, solution: Solution) -> list[Cause]:
    """Describe a solution; leaves that nothing explains may be in each other's place."""
    mistakes = {
        slot: each for slot, each in solution.mistakes.items() if (slot[0][:5], each.kind) != ("whole", "unknown")
    }
    replayed = replay(case.run, mistakes) if len(mistakes) < len(solution.mistakes) else None
    if replayed is not None:
        truth = named(model, replayed)
        noise = {
            path: leaf + OTHER_LEAF_ROUNDINGS * evidence.eps * np.abs(truth[path]).max()
            for path, leaf in evidence.noise.items()
        }
        found = exchanged(dataclasses.replace(evidence, true=truth, noise=noise))
        if found:
            others = causes_of(evidence, model, case, solution._replace(mistakes=mistakes))
            return [*(dataclasses.replace(cause, residual=found[0].residual) for cause in others), *found]
    return causes_of(evidence, model, case, solution)


def _unexplained(solutions: list[Solution]) -> bool:
    return any(s.stopped is not None or any(h.kind == "unknown" for h in s.mistakes.values()) for s in solutions)


def _case(evidence: Evidence, model: NetworkModel) -> Case | None:
    """Pose the search; None where the model does not reproduce the true gradient, so that it may judge nothing."""
    run = model.forward(evidence.params, *evidence.data)
    roundings = evidence.eps * (SUM_ROUNDINGS + TERM_ROUNDINGS * np.sqrt(len(run.y) + max(w.shape[0] for w in run.w)))
    keys = {(layer, key): pair["wb".index(key)] for layer, pair in enumerate(model.leaves) for key in "wb"}
    tolerances = {key: Tolerance(evidence.noise[path], float(roundings)) for key, path in keys.items()}
    right = replay(run, {})
    exact = right is not None and all(
        fits(evidence.true[path], right[key], SAME_GRADIENT * np.abs(evidence.true[path]).max() + evidence.noise[path])
        for key, path in keys.items()
    )
    if not exact:
        return None
    targets = {key: evidence.yours[path] for key, path in keys.items()}
    return Case(
        run,
        targets,
        tolerances,
        functools.cache(lambda: _counted(run, targets, tolerances)),
        functools.cache(lambda: read_backward_pass(evidence, model)),
    )


def _part(evidence: Evidence) -> Evidence | None:
    """The same for a few examples."""
    data = examples_at(evidence.data, 0, np.arange(FEWER_EXAMPLES))
    try:
        yours = evidence.gradient(evidence.params, *data) if evidence.gradient else evidence.yours
    except Exception:  # the user's own code may refuse other batches, by any error
        return None
    true = evidence.oracle(evidence.params, *data)
    ratio = max(1.0, len(evidence.data[0]) / FEWER_EXAMPLES)
    noise = {path: ratio * leaf for path, leaf in evidence.noise.items()}
    return dataclasses.replace(evidence, data=data, yours=yours, true=true, noise=noise)


def _counted(run: Pass, targets: dict[Any, Any], tolerances: dict[Any, Any]) -> tuple[Hypothesis, ...]:
    """How the examples count, if nothing else is wrong: solved for with a few entries of every leaf."""
    random = np.random.default_rng(0)
    rows, goals, allowed = [], [], []
    slack = lambda contributions: EXAMPLE_SLACK * np.abs(contributions).sum(axis=1) + NOTHING
    step = None
    for layer in reversed(range(run.last + 1)):
        if (step := step_down(run, step, {})) is None:
            return ()
        inputs, outputs = run.w[layer].shape
        chosen = random.permutation(inputs * outputs)[: len(run.y) + MORE_EQUATIONS]
        d, h = chosen // outputs, chosen % outputs
        rows += [run.scale * (run.a[layer][:, d] * step.delta[:, h]).T, run.scale * step.delta.T]
        decay_w, decay_b = run.decay[layer]
        goals += [(targets[layer, "w"] - decay_w * run.w[layer])[d, h], targets[layer, "b"] - decay_b * run.b[layer]]
        tolerance = tolerances[layer, "w"], tolerances[layer, "b"]
        allowed += [tolerance[0].noise[d, h] + slack(rows[-2]), tolerance[1].noise + slack(rows[-1])]
    weights = counted_examples(np.concatenate(goals), np.concatenate(rows), np.concatenate(allowed))
    return () if weights is None else weighted_examples(weights)


def _replay(model: NetworkModel, solution: Solution) -> Replay:
    """What a solution predicts for other parameters and data."""

    def predict(params: object, *data: object) -> dict[Any, Any] | None:
        gradient = replay(model.forward(params, *data), solution.mistakes)
        return None if gradient is None else named(model, gradient)

    return predict
