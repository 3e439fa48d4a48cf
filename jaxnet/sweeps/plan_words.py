"""The words of a plan: what it calls its groups, and how it writes large counts."""

import math
from collections.abc import Sequence

from jaxnet.network.padded_mlp import PaddedMLP
from jaxnet.sweeps.configuration import TrainingSpec
from jaxnet.sweeps.groups import Group
from jaxnet.sweeps.parameters import Configuration


def group_name(group: Group, spec: TrainingSpec, configurations: Sequence[Configuration]) -> str:
    """Name what the members of a group have in common."""
    network = group.networks[0]
    sizes = getattr(network, "sizes", None)
    words = str(network)
    # a network of one's own is shown as it prints itself, unless that is an address in memory
    own = type(network).__name__ if " object at 0x" in words else words[:60]
    hidden = str(getattr(network, "activation", "")) if sizes and len(sizes) > 2 else ""
    named = configurations[group.configurations[0]].get("optimizer", "sgd")
    kind = named if spec.optimizer is None else "an optimizer of one's own"
    batches = f"batches of {group.training.batch_size}" if group.training.batch_size else "full batches"
    shape = "-".join(map(str, sizes)) if sizes else own
    shape += " of padded networks" if isinstance(network, PaddedMLP) else ""
    return ", ".join(part for part in (shape, hidden, kind, batches) if part)


def with_prefix(count: float) -> str:
    """Write a count with three digits and the prefix of a power of 1000."""
    thousands = min(int(math.log10(count) // 3), 5) if count >= 1 else 0
    return f"{count / 1000**thousands:.3g} {('', 'k', 'M', 'G', 'T', 'P')[thousands]}"
