"""What a padded member has trained, as its own network has it."""

from typing import Any

from jaxnet.network.padded_mlp import PaddedMLP, counted_state
from jaxnet.sweeps.planning import Plan


def unpadded(plan: Plan, member: int, state: Any) -> Any:
    """Return a state of a member (its parameters, its optimizer's state) with all that is shaped like its parameters
    cut to its own network; as it is where nothing was padded."""
    configuration = plan.configurations[int(plan.members.configuration[member])]
    network = plan.spec.training(configuration, padding=True).network
    return counted_state(network, state) if isinstance(network, PaddedMLP) else state
