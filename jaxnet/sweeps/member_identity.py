"""What the members of a sweep are members of: digests that stand in each record, of all that a member's bits follow.

``program``: what its group computes, traced with the numbers left open. ``numbers``: those of its configuration,
as the functions of one's own made them. ``start``: its first parameters, where a network of one's own draws them.
``rows``: what its configuration makes of the training rows.
"""

import functools
import json
from typing import Any, cast

import jax
import numpy as np

from jaxnet.identity import KeptPrograms, defined_at, different, digest_arrays, odd_programs
from jaxnet.storage import digest
from jaxnet.sweeps.groups import Group, first_lanes, shapes_of_params
from jaxnet.sweeps.planning import Plan
from jaxnet.sweeps.prepared_groups import task_examples
from jaxnet.training.loop import Program, Updated, assemble, program_key
from jaxnet.training.metric_values import names_argument
from jaxnet.training.optimizer_state import LOOKED_AT
from jaxnet.training.preparation import draws
from jaxnet.training.traced_training import TracedWith, traced_training
from jaxnet.types import Batch

_DIGITS = 32
_AT_A_TIME = 1024  # members whose first states are held
_PARTS = ("objective", "optimizer", "stop")  # of a training, as their numbers stand in a group
_traced: KeptPrograms[dict[str, Any]] = KeptPrograms(64)


class MemberIdentity:
    """The digests of the members of a plan; ``programs`` is what they stand for, digest -> name -> traced program."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        traced = [group_programs(plan, group) for group in plan.groups]
        self._program = [_digest(each) for each in traced]
        self.programs = dict(zip(self._program, traced, strict=True))
        own = plan.spec.network is not None
        self._starts = [_starts(plan, group) for group in plan.groups] if own else None

    def of(self, member: int) -> dict[str, Any]:
        """Return what a member's record has to say, as JSON values."""
        place, slot = self._plan.place_of(member)
        group = self._plan.groups[place]
        at = int(np.searchsorted(group.configurations, self._plan.members.configuration[member]))
        of_each = ([float(column[at]).hex() for column in columns] for columns in group.numbers)
        numbers = {part: digest(json.dumps(each))[:_DIGITS] for part, each in zip(_PARTS, of_each, strict=True)}
        said = {"program": self._program[place], "numbers": numbers}
        if self._starts is not None:
            said["start"] = self._starts[place][slot]
        if group.varied is not None:
            said["rows"] = group.varied[at].digest
        return said

    def changes(self, said: dict[str, Any], member: int, programs: dict[str, Any]) -> list[str]:
        """Say how a record's member is another than the plan's; ``programs`` are those that its folder knows."""
        mine = self.of(member)
        found = []
        if said.get("program") != mine["program"]:
            before, now = programs.get(str(said.get("program")), {}), self.programs[mine["program"]]
            odd = odd_programs(before, now) or ["program"]
            found += [f"the {name} differs{different(before.get(name, {}), now.get(name, {}))}" for name in odd]
        # of one program with other numbers in it: those that a function of the user's makes of a configuration
        numbers = said.get("numbers", {})
        for part, value in mine["numbers"].items():
            if numbers.get(part) != value:
                found.append(f"the {part} differs{self._defined_at(member, part)}")
        if said.get("start") != mine.get("start"):
            found.append("the first parameters that network= draws differ")
        if said.get("rows") != mine.get("rows"):
            found.append("the weights or targets of the training rows differ, which weight= or targets= gives")
        return list(dict.fromkeys(found))

    def _defined_at(self, member: int, part: str) -> str:
        place, _ = self._plan.place_of(member)
        return defined_at(getattr(self._plan.groups[place].training, part, None))


def _starts(plan: Plan, group: Group) -> list[str]:
    """Return digests of the first states of the members of a group, some of which are held at a time."""
    found = []
    for start in range(0, len(group.members), _AT_A_TIME):
        slots = np.arange(len(group.members))[start : start + _AT_A_TIME]
        lanes = first_lanes(group, plan.members, plan.task, slots)
        found += [digest_arrays(jax.tree.map(lambda leaf, i=i: leaf[i], lanes))[:_DIGITS] for i in range(len(slots))]
    return found


def group_programs(plan: Plan, group: Group) -> dict[str, Any]:
    """Return the programs of a group, traced with its numbers left open; what was traced before is kept."""
    task, f = plan.task, group.training.objective
    params = shapes_of_params(group.networks[0], task.dtype)
    batch, held_out, metrics = task_examples(f, params, task)
    size = group.training.batch_size or plan.spec.rows
    a, b, c = group.skeletons
    program = Program(a, b, c, metrics, size, 0, False, draws(f))
    shapes = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), (batch, held_out))
    key = (program_key(program), str(shapes), str(task.dtype), tuple(map(len, group.numbers)))
    return _traced.get(key, lambda: _trace(program, group, params, shapes))


def _trace(program: Program, group: Group, params: Any, shapes: tuple[Batch, Batch | None]) -> dict[str, Any]:
    batch, held_out = cast(Any, shapes)  # shapes stand for arrays where only they are looked at
    dtype = jax.tree.leaves(params)[0].dtype
    if batch.weight is None and names_argument(group.training.objective, "weight"):  # with which padding is weighed
        batch = batch._replace(weight=jax.ShapeDtypeStruct(batch.x.shape[:1], dtype))
    with jax.numpy_dtype_promotion("standard"):
        state = jax.eval_shape(group.training.optimizer.init, params)
    open_numbers = [[jax.ShapeDtypeStruct((), dtype) for _ in columns] for columns in group.numbers]
    given = TracedWith(open_numbers, Updated(params, state), batch, held_out, [program.batch_size], jax.random.key(0))
    build = functools.partial(assemble, program)
    # a member's bits do not depend on whether x64 is on, so what is written down of its program must not, either
    with jax.enable_x64(True):
        try:
            return traced_training(build, given, program.metrics)
        except LOOKED_AT:  # what decides by its numbers is compiled with them
            first = [[float(column[0]) for column in columns] for columns in group.numbers]
            return traced_training(lambda _: build(first), given._replace(numbers=()), program.metrics)


def _digest(programs: dict[str, Any]) -> str:
    return digest(json.dumps({name: each["digest"] for name, each in programs.items()}))[:_DIGITS]
