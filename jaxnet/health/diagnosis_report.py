"""What a diagnosis says: findings, the root cause first, in words for a beginner and numbers for an expert."""

import dataclasses
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jaxnet import checks
from jaxnet.figures import sickness_panels
from jaxnet.html_blocks import html_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WIDTH = 100  # of a printed line


@dataclasses.dataclass(frozen=True)
class Finding:
    """One sickness.

    Attributes:
        kind: its name in ``SICKNESSES``, which holds its definition.
        sentence: what is wrong, in words.
        evidence: the numbers it was seen in, by name.
        remedy: what to change; only what was seen to help, or what no experiment is needed for; "" for nothing.
        tried: what was tried and what it did, a sentence each.
        pictures: what ``figure`` draws: the arguments of ``jaxnet.figures.sickness_panels``.
    """

    kind: str
    sentence: str
    evidence: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    remedy: str = ""
    tried: tuple[str, ...] = ()
    pictures: Mapping[str, Any] = dataclasses.field(default_factory=dict, repr=False, compare=False)

    def figure(self) -> "Figure":
        """Draw what shows it: rates tried, activations or gradients by layer, curves with their turning point, answers
        beside the base rate, ... Raises ImportError where matplotlib is missing, ValueError where there is nothing to
        see."""
        return sickness_panels(title=f"{self.kind}: {self.sentence}", **self.pictures)

    def __str__(self) -> str:
        lines = [f"{self.kind}: {self.sentence}"]
        lines += [f"  tried: {words}" for words in self.tried]
        shown = ", ".join(f"{name} {_number(value)}" for name, value in self.evidence.items())
        lines += [f"  evidence: {shown}"] if shown else []
        lines += [f"  what to do: {self.remedy}"] if self.remedy else []
        return "\n".join(textwrap.fill(line, _WIDTH, subsequent_indent="    ") for line in lines)


@dataclasses.dataclass(frozen=True)
class Diagnosis:
    """What ``jn.diagnose`` found.

    Attributes:
        findings: the root cause first; empty where nothing is wrong.
        summary: how good the run is, in a sentence.
        pictures: what there is to see of any run, for ``figure("overview")``.
    """

    findings: tuple[Finding, ...]
    summary: str
    pictures: Mapping[str, Any] = dataclasses.field(default_factory=dict, repr=False)

    def figure(self, kind: str | None = None) -> "Figure":
        """Draw what shows the first finding, or that of a kind; where nothing was found, or of "overview", what there
        is to see of any run. Raises ImportError where matplotlib is missing, ValueError for a kind that was not found
        and where there is nothing to see."""
        kinds = {finding.kind: finding for finding in reversed(self.findings)}
        if kind is None:
            kind = next((finding.kind for finding in self.findings if finding.pictures), "overview")
        checks.choice("kind", kind, [*reversed(kinds), "overview"])
        return sickness_panels(**self.pictures) if kind == "overview" else kinds[kind].figure()

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

    def __str__(self) -> str:
        if self.ok:
            return f"nothing sick was found: {self.summary}"
        return "\n".join([self.summary, *map(str, self.findings)])

    def _repr_html_(self) -> str:
        return html_text(self)


def _number(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
