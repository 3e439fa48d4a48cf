"""Leaves in each other's place: two exchanged, the list of layers reversed, one holding another one's gradient."""

import numpy as np

from jaxnet.gradients.diagnosis.experiments import refuted
from jaxnet.gradients.evidence import Cause, Evidence, residual, within


def exchanged(evidence: Evidence) -> tuple[Cause, ...]:
    """Explain every wrong leaf as the true gradient of another leaf of its shape; else nothing."""
    wrong = [path for path in evidence.yours if not _equal(evidence, path, path)]
    source = {path: other for path in wrong if (other := _source(evidence, path)) is not None}
    if not wrong or len(source) < len(wrong):
        return ()
    exchange = lambda gradient: {path: gradient[source.get(path, path)] for path in evidence.yours}
    if refuted(evidence, lambda params, *data: exchange(evidence.oracle(params, *data))) & set(wrong):
        return ()
    replayed = exchange(evidence.true)
    error = residual(evidence.yours, replayed)
    if set(source.values()) != set(wrong):
        return tuple(
            _cause("wrong_leaf", (path,), f"{path} holds the gradient of {source[path]}", error) for path in wrong
        )
    pairs = {tuple(sorted((path, other))) for path, other in source.items()}
    if len(pairs) > 1 and _reversed(evidence, source):
        return (_cause("layers_reversed", tuple(wrong), "The layers are listed from the output to the input", error),)
    listed = " and ".join(f"{a} with {b}" for a, b in sorted(pairs))
    return (_cause("leaves_exchanged", tuple(wrong), f"Leaves are exchanged: {listed}", error),)


def _equal(evidence: Evidence, path: str, other: str) -> bool:
    mine, theirs = evidence.yours[path], evidence.true[other]
    return mine.shape == theirs.shape and bool(
        within(mine, theirs, np.maximum(evidence.noise[path], evidence.noise[other])).all()
    )


def _source(evidence: Evidence, path: str) -> str | None:
    """The leaf whose true gradient stands at ``path``, if there is just one; zeros are nobody's."""
    if not evidence.yours[path].any():
        return None
    sources = [other for other in evidence.true if other != path and _equal(evidence, path, other)]
    return sources[0] if len(sources) == 1 else None


def _reversed(evidence: Evidence, source: dict[str, str]) -> bool:
    """Whether each leaf stands as far from the end as its gradient does from the start, counted by shape."""
    paths = list(evidence.true)
    return all(
        [p for p in paths if evidence.true[p].shape == evidence.true[path].shape][::-1].index(path)
        == [p for p in paths if evidence.true[p].shape == evidence.true[path].shape].index(other)
        for path, other in source.items()
    )


def _cause(kind: str, leaves: tuple[str, ...], text: str, error: float) -> Cause:
    remedy = (
        "return the gradients in the order of the parameters"
        if len(leaves) > 1
        else f"store it under its own leaf, not {leaves[0]}"
    )
    return Cause(kind, (), leaves, None, f"{text}.", remedy, error)
