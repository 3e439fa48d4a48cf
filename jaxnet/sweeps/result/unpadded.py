"""What a padded member has trained, as its own network has it."""

from typing import Any

import jax

from jaxnet.network.padded_mlp import PaddedMLP, counted_params
from jaxnet.sweeps.planning import Plan


def unpadded(plan: Plan, member: int, state: Any) -> Any:
    """Return a state of a member (its parameters, its optimizer's state) with all that is shaped like its parameters
    cut to its own network; as it is where nothing was padded."""
    configuration = plan.configurations[int(plan.members.configuration[member])]
    network = plan.spec.training(configuration, padding=True).network
    if not isinstance(network, PaddedMLP):
        return state
    shapes = [{"w": pair, "b": pair[1:]} for pair in zip(network.sizes, network.sizes[1:], strict=False)]

    def is_params(part: Any) -> bool:
        layers = isinstance(part, list) and len(part) == len(shapes)
        dicts = layers and all(isinstance(layer, dict) and layer.keys() == {"w", "b"} for layer in part)
        return dicts and [{name: leaf.shape for name, leaf in layer.items()} for layer in part] == shapes

    return jax.tree.map(
        lambda part: counted_params(network, part) if is_params(part) else part, state, is_leaf=is_params
    )
