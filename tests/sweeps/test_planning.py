"""A plan says where each member stands, and becomes the plan of further configurations."""

from typing import Any

import jaxnet as jn

SPACE = jn.Space(learning_rate=jn.Float(1e-2, 1, log=True), hidden=jn.Choice((5,), (5, 5)), seed=jn.Seeds(3))


def test_every_member_has_its_place(problem: Any) -> None:
    plan = jn.plan(SPACE, problem.train, n=6, epochs=2)
    for member in range(len(plan.members.ids)):
        group, slot = plan.place_of(member)
        assert plan.groups[group].members[slot] == member
