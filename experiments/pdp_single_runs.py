"""Question: are the single runs that made back-propagation famous, XOR with one hidden unit and parity, ordinary ones?

Conclusion: XOR's 558 sweeps lie between what momentum 0 and momentum .9 need; parity's 2,825 was a lucky run, as quick
as 1 start in 25 with momentum .9, where three in four are not done within 6,000.

Method: XOR: two inputs, one hidden unit, one output that sees the inputs, too. Parity: 4-4-1. All units are sigmoids
with biases; weights change after each pattern, in a new order every sweep, with eta .5, from 200 starts, at most 6,000
sweeps. Done: half the squared error, before each change, averages under .01 over the patterns of a sweep. Neither the
range of the start, nor the momentum, nor this criterion is published with the runs, so two ranges, U(-r, r) with r = .3
and 1, and momenta 0 and .9 are shown. A percentile counts starts that are never done as slower than the published run.

Published: Rumelhart and McClelland (eds.), "Parallel Distributed Processing" vol. 1, ch. 8 (1986): XOR with one hidden
unit after 558 sweeps of the four patterns, parity of four with four hidden units after 2,825 of the sixteen, both at
eta .5, one run each.

Measured: XOR from ±.3 needs 2,313 sweeps without momentum and 200 with .9 (medians), from ±1 1,536 and 170; all 200
starts get there, and 558 is slower than 98 to 100 % of those with momentum, quicker than all without. Parity without
momentum is done for 0 and 3 of 200 starts within 6,000 sweeps; with momentum for 42 (±.3) and 55 (±1), half of them by
4,930 and 4,018, and 3 and 4 % of all starts are as quick as the published run.

Command: python experiments/pdp_single_runs.py
"""

import dataclasses
import functools
import itertools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from reporting import Claim, Findings, main

import jaxnet as jn

ETA, SWEEPS, DONE = 0.5, 6000, 0.01
SETTINGS = tuple(itertools.product((0.3, 1.0), (0.0, 0.9)))  # range of the start, momentum
Found = dict[str, dict[tuple[float, float], np.ndarray]]  # task -> setting -> sweeps needed [starts]
PUBLISHED = {"XOR, one hidden unit": 558, "parity of four": 2825}


@dataclasses.dataclass(frozen=True)
class Direct:
    """Sigmoids that see the inputs beside the hidden units before them, as a network of one's own.

    Parameters are a layer of the hidden units and one of the output, whose last D rows are of the inputs.
    """

    inputs: int
    hidden: int
    reach: float

    @property
    def sizes(self) -> tuple[int, int, int]:
        """(D, H, 1)."""
        return self.inputs, self.hidden, 1

    @property
    def output(self) -> str:
        """What a prediction does to the logit."""
        return "sigmoid"

    def init(self, key: Any, dtype: Any = jnp.float32) -> list[dict[str, Any]]:
        """Draw all weights and biases from U(-reach, reach)."""
        shapes = (self.inputs, self.hidden), (self.hidden + self.inputs, 1)
        draw = functools.partial(jax.random.uniform, dtype=dtype, minval=-self.reach, maxval=self.reach)
        keys = jax.random.split(key, 4)
        return [
            {"w": draw(keys[2 * at], shape), "b": draw(keys[2 * at + 1], shape[1:])} for at, shape in enumerate(shapes)
        ]

    def apply(self, params: Any, x: Any) -> Any:
        """Compute the logit [1] of one example ``x`` [D]."""
        hidden, output = params
        units = jax.nn.sigmoid(x @ hidden["w"] + hidden["b"])
        return jnp.concatenate([units, x]) @ output["w"] + output["b"]


def patterns(bits: int) -> tuple[np.ndarray, np.ndarray]:
    """All vectors of so many bits, and whether an odd number of them is 1: [2^bits, bits], [2^bits, 1]."""
    x = np.array(list(itertools.product((0.0, 1.0), repeat=bits)))
    return x, x.sum(axis=1, keepdims=True) % 2


def sweeps_needed(task: str, reach: float, momentum: float, starts: int) -> np.ndarray:
    """Train from all starts as one population; return the sweeps until done [starts], infinite where never."""
    start = f"uniform(-{reach}, {reach})"
    plain = {"hidden": (4,), "activation": "sigmoid", "output": "sigmoid", "weights": start, "biases": start}
    direct = {"network": lambda configuration: Direct(2, 1, reach)}
    bits, options = (2, direct) if task.startswith("XOR") else (4, plain)
    result = jn.sweep(
        jn.plan(
            jn.Space(seed=jn.Seeds(starts)), patterns(bits), method="grid", epochs=SWEEPS, batch_size=1,
            loss="squared_error", learning_rate=ETA, momentum=momentum, **options,
        )
    )  # fmt: skip
    low = np.asarray(result.curves("loss")) < DONE
    return np.where(low.any(axis=1), low.argmax(axis=1) + 1.0, np.inf)


def experiment(quick: bool) -> Findings:
    """Train both from all settings, and set the published runs among them."""
    starts, settings = (20, SETTINGS[3:]) if quick else (200, SETTINGS)
    return judged(
        {task: {setting: sweeps_needed(task, *setting, starts) for setting in settings} for task in PUBLISHED}
    )


def judged(found: Found) -> Findings:
    """Set the published runs among those that were trained."""
    claims, numbers = [], {}
    for task, table in found.items():
        published = PUBLISHED[task]
        for setting, needed in table.items():
            name = f"{task}, {setting_words(setting)}"
            claims.append(Claim(f"{name}: sweeps", f"{published:,}", words(needed, published)))
            numbers[name] = [float(value) if np.isfinite(value) else None for value in needed]
        done = [needed[np.isfinite(needed)] for needed in table.values()]
        ends = [np.quantile(each, q) for each in done for q in (0.05, 0.95) if len(each)]
        between = f"{min(ends):.0f} to {max(ends):.0f}"
        holds = bool(min(ends) <= published <= max(ends)) if len(table) > 1 else None
        what = f"{task}: 5 % of the quickest to 95 % of the slowest setting"
        claims.append(Claim(what, f"{published:,}", between, holds))
    count = sum(map(len, found.values()))
    runs = sum(len(needed) for table in found.values() for needed in table.values())
    draw = functools.partial(draw_distributions, found)
    return Findings(claims, count, runs, {"sweeps": numbers}, {"pdp_single_runs.png": draw})


def setting_words(setting: tuple[float, float]) -> str:
    """Name a setting."""
    return f"start ±{setting[0]:g}, momentum {setting[1]:g}"


def words(needed: np.ndarray, published: float) -> str:
    """Say how many are done, when, and which share of all starts is at least as quick as the published run."""
    done = needed[np.isfinite(needed)]
    if not len(done):
        return f"0 of {len(needed)} done within {SWEEPS:,}"
    low, middle, high = (f"{np.quantile(done, q):.0f}" for q in (0.05, 0.5, 0.95))
    share = float(np.mean(needed <= published))
    return f"{middle} ({low} to {high}), {len(done)} of {len(needed)} done; published at {share:.0%}"


def draw_distributions(found: Found) -> Any:
    """Draw the share that is done by each sweep, a panel a task."""
    from jaxnet.figures import theme

    figure, panels = theme.grid_of_panels(len(found), columns=len(found), width=4.6, height=3.4)
    for axes, (task, table) in zip(panels, found.items(), strict=True):
        for turn, (setting, needed) in enumerate(table.items()):
            share = np.arange(1, len(needed) + 1) / len(needed)
            axes.step(np.sort(needed), share, color=theme.colour(turn), label=setting_words(setting))
        axes.axvline(PUBLISHED[task], color="0.5", linestyle="--", label="published")
        axes.set(xscale="log", ylim=(0, 1.02), xlim=(50, SWEEPS))
        theme.label(
            axes, title=f"{task}, published: {PUBLISHED[task]:,}", x="sweeps", y="share of starts that are done"
        )
    theme.legend(panels[-1], loc="upper left")  # few are done there, so it hides nothing
    return theme.headline(figure, TITLE)


TITLE = "Start and momentum, which were not published with the runs, move the sweeps needed by more than chance does"

if __name__ == "__main__":
    main(__doc__, experiment)
