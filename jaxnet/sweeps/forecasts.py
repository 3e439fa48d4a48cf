"""What a plan will cost, as numbers, and the few lines in which they are printed."""

from typing import NamedTuple

from jaxnet.sweeps.plan_words import with_prefix

_KEPT = {"all": "the states of all members", "best": "the states of the best configuration", "scores": "scores alone"}


class Cost(NamedTuple):
    """What one group costs."""

    name: str
    members: int
    tiles: int  # before anything is pruned
    lanes: int  # of a tile
    operations: float  # in floating point, where pruning takes from every group alike
    memory: int  # bytes on each device: examples, and as many tiles as stay on it at a time


class Forecast(NamedTuple):
    """What a plan will cost; printed in a few lines."""

    configurations: int
    seeds: int
    folds: int
    method: str
    members: int
    groups: tuple[Cost, ...]
    devices: str
    work: int  # model-epochs, where pruning takes from every group alike and nothing is audited
    most: int  # model-epochs, where nothing is pruned
    operations: float  # in floating point, of this work
    trials: int  # of Optuna, of which the configurations are the first; 0 with another method
    ranked: str
    memory: int  # bytes in each process: the curves of all members, and the states of those that it holds
    disk: int  # bytes of a folder
    notes: tuple[str, ...]
    keep: str = "all"
    compiling: str = ""  # how, where that is not for speed

    def __str__(self) -> str:
        axes = [f"{self.configurations} configurations ({self.method})", f"{self.seeds} seed(s)"]
        axes += [f"{self.folds} folds"] if self.folds > 1 else []
        on_device, on_host = max(group.memory for group in self.groups), self.memory
        lines = [
            f"{' x '.join(axes)} = {self.members} members in {len(self.groups)} group(s)",
            *(f"  {each.name}: {each.members} members in {each.tiles} tile(s) of {each.lanes}" for each in self.groups),
            f"compiles: {len(self.groups)}, one a group{self.compiling}",
            f"devices:  {self.devices}, which train tiles of members of one seed and fold",
            f"memory:   about {with_prefix(on_device)}B on each device, {with_prefix(on_host)}B in each process",
            f"kept:     {_KEPT[self.keep]}, about {with_prefix(self.disk)}B in a folder",
            f"work:     {self.work} model-epochs of at most {self.most}, about {with_prefix(self.operations)}FLOP",
            f"ranked:   {self.ranked}",
        ]
        if self.trials:
            lines.append(f"trials:   {self.trials}; the above are the first of them")
        return "\n".join(lines + [f"note:     {note}" for note in self.notes])
