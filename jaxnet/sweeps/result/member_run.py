"""A member of a sweep as a ``Run``: what ``jn.fit`` would have returned for it, with the recipe to try it again."""

import jax
import jax.numpy as jnp
import numpy as np

from jaxnet.sweeps.groups import initial_params, keys_of
from jaxnet.sweeps.history import SweepHistory, state_of
from jaxnet.sweeps.planning import Plan
from jaxnet.sweeps.prepared_groups import drawing_seeds
from jaxnet.sweeps.result.unpadded import unpadded
from jaxnet.training import OptimizerState, Outcome, Run, stopping
from jaxnet.training.batches import on_device
from jaxnet.training.optimizer_state import first_state
from jaxnet.training.training_recipe import TrainingRecipe


def member_run(plan: Plan, history: SweepHistory, member: int) -> Run:
    """Return a member's run, its state and curves as the sweep has them: after divergence the last finite state."""
    lane = unpadded(plan, member, jax.tree.map(jnp.asarray, state_of(plan, history, member)))
    training = plan.spec.training(plan.configurations[int(plan.members.configuration[member])])
    seed, drawing = (int(seeds[member]) for seeds in (plan.members.seed, drawing_seeds(plan.task, plan.members.seed)))
    init_key, run_key = keys_of(plan.task.root, seed)[0], keys_of(plan.task.root, drawing)[1]
    start = initial_params(training.network, init_key, plan.task.dtype)
    begun = first_state(training.optimizer, start, None, None)
    epochs = int(history.epochs[member])
    outcomes = {stopping.CONVERGED: Outcome.CONVERGED, stopping.DIVERGED: Outcome.DIVERGED}
    return Run(
        params=lane.params,
        optimizer_state=OptimizerState(lane.optimizer, on_device(epochs, np.int32)),
        history={name: curve[member, :epochs] for name, curve in history.curves.items()},
        outcome=outcomes.get(int(lane.status), Outcome.COMPLETED),
        epoch=epochs,
        params_epoch=epochs,
        recipe=TrainingRecipe(
            optimizer=training.optimizer,
            stop=None,
            batch_size=training.batch_size,
            shuffle=training.batch_size is not None,
            key=run_key,
            params=start,
            optimizer_state=OptimizerState(begun.optimizer, begun.epoch),
            epochs=plan.epochs,
            continued=False,
        ),
    )
