"""What is said of a mutation: the user's own line, what comes back instead, and which familiar number a factor is."""

from typing import NamedTuple

from jaxnet.gradients.diagnosis.factors import factor_sentence
from jaxnet.gradients.diagnosis.kinds import KINDS
from jaxnet.gradients.diagnosis.mutation import Mutation
from jaxnet.gradients.diagnosis.penalty import round_number
from jaxnet.gradients.diagnosis.tolerances import PLAIN_NUMBER
from jaxnet.gradients.evidence import Cause
from jaxnet.gradients.verdict import leaf_name


class Said(NamedTuple):
    """A mutation with its factor, the familiar numbers that the factor is, and whether other parameters are spared."""

    mutation: Mutation
    factor: float
    names: list[str]
    alone: bool = False


def cause_of_mutation(said: Said, leaves: tuple[str, ...], error: float) -> Cause:
    """Say a mutation as a cause of the leaves that it makes wrong."""
    mutation = said.mutation
    place = mutation.place
    where = str(place[-1]) if place else None
    line = (
        f"line {place[-1].line}"
        if place and place[-1].line == place[-1].end_line
        else f"lines {place[-1].line} to {place[-1].end_line}"
        if place
        else ""
    )
    quoted = f"`{place[-1].expression}`, {line}" if place else "An operation of f"
    kind, words, fix, factor = _words(said, quoted)
    words += f"; so it is for {', '.join(map(leaf_name, leaves))} alone" if said.alone else ""
    return Cause(kind, (), leaves, factor, f"{quoted}: {words}.", fix, error, where)


def _words(said: Said, quoted: str) -> tuple[str, str, str, float | None]:
    mutation, factor = said.mutation, said.factor
    if mutation.kind == "weight_already_updated":
        return (
            mutation.kind,
            mutation.said.replace("{number}", f"a step of {1 - factor:.6g}"),
            "use the weights of the forward pass",
            None,
        )
    if mutation.kind == "local_derivative_missing" and not mutation.said:
        return mutation.kind, KINDS[mutation.kind], f"multiply by the derivative of {quoted}", None
    if not mutation.free:
        return mutation.kind, mutation.said, "", None
    if not factor:
        if mutation.penalty:
            return "penalty_missing", f"{KINDS['penalty_missing']}: {_nothing(mutation.said)}", "", factor
        return "path_not_followed", f"{mutation.said} is not followed", "", factor
    name = said.names[0] if said.names else ""
    number = factor_sentence(name, factor) if name else f"{round_number(factor, PLAIN_NUMBER):.6g} times"
    kind = (
        "penalty_factor"
        if mutation.penalty
        else {-1.0: "sign"}.get(factor, {"n": "batch_sum", "1/n": "batch_mean_twice"}.get(name, "factor"))
    )
    return kind, f"{mutation.said} is {number} what it should be", "", factor


def _nothing(said: str) -> str:
    return said.replace("what comes back", "nothing comes back", 1)
