"""A network as JSON values and back: names are looked up in closed tables, nothing is ever imported or called."""

from typing import Any

from jaxnet import checks
from jaxnet.network.initializers import Normal, Uniform
from jaxnet.network.mlp import MLP

_FIELDS = ("sizes", "activation", "output", "dropout", "weights", "biases")


def describe_network(net: MLP) -> dict[str, Any]:
    """Return all that a network is, as JSON values; ``described_network`` makes an equal one of them.

    Raises ValueError, naming the argument, for what has no name: a callable activation or initialiser.
    """
    activation = list(net.activation) if isinstance(net.activation, tuple) else net.activation
    for each in activation if isinstance(activation, list) else [activation]:
        expected = "an activation by its name, for a function of one's own cannot be written down"
        checks.require(isinstance(each, str), "activation", expected, each)
    # named where it is not the standard one only, so that descriptions stay what they were
    scaled = {} if net.parametrization == "standard" else {"parametrization": net.parametrization}
    return {
        "sizes": list(net.sizes),
        "activation": activation,
        "output": net.output,
        "dropout": net.dropout,
        "weights": _initializer("weights", net.weights),
        "biases": _initializer("biases", net.biases),
        **scaled,
    }


def described_network(description: Any) -> MLP:
    """Build the network that ``describe_network`` described; raises ValueError or TypeError for anything else."""
    expected = f"an object with {', '.join(_FIELDS)}"
    whole = isinstance(description, dict) and {*description} - {"parametrization"} == {*_FIELDS}
    checks.require(whole, "network", expected, description)
    # an initialiser's numbers travel as a list, everything else as MLP takes it
    built = {name: _built(description[name]) for name in ("weights", "biases")}
    return MLP(**{**description, **built})


def _initializer(argument: str, value: Any) -> Any:
    if isinstance(value, Uniform):
        return ["uniform", value.low, value.high]
    if isinstance(value, Normal):
        return ["normal", value.stddev]
    expected = "an initialiser by its name, for a function of one's own cannot be written down"
    checks.require(isinstance(value, str), argument, expected, value)
    return value


def _built(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    kind = {("uniform", 3): Uniform, ("normal", 2): Normal}.get((str(value[0]) if value else "", len(value)))
    if kind is None:
        checks.refuse("initializer", "a name, or uniform or normal with its numbers", value)
    return kind(*value[1:])
