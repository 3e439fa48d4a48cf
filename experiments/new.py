"""Begin an experiment of your own: python experiments/new.py NAME writes experiments/NAME.py, which runs at once.

The file trains a small population on the stairs and judges one claim. Change its question, space and claim, then
scripts/reproduce NAME keeps what it found.
"""

import argparse
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
TEMPLATE = '''"""Question: {question}?

Method: The article's images, intensities / 255. A network 4-H-2 is trained for 200 steps with momentum .9 from several
starts, H = 2 and 16; the same starts for both.

Published: nothing yet: write here who found what, and where.

Measured: not yet: write here what came out, with its interval.

Command: python experiments/{name}.py
"""

from reporting import ENOUGH, Claim, Findings, estimate, main

import jaxnet as jn

WIDTHS = (2, 16)


def losses(width: int, starts: int) -> list[float]:
    """Train one width from all starts; return the last losses."""
    train, _ = jn.stairs.load()
    space = jn.Space(hidden=(width,), seed=jn.Seeds(starts))
    options = {{"learning_rate": 0.5, "momentum": 0.9, "output": "softmax", "method": "grid", "epochs": 200}}
    result = jn.sweep(jn.plan(space, (train.x / 255, train.y), **options))
    return [float(loss) for loss in result.values()[0]]


def experiment(quick: bool) -> Findings:
    """Compare the widths start by start."""
    starts = 3 if quick else 20
    found = {{width: losses(width, starts) for width in WIDTHS}}
    gain = estimate(few - many for few, many in zip(*found.values(), strict=True))
    holds = gain.mean > gain.half if gain.runs >= ENOUGH else None
    claims = [Claim(f"{{width}} units: loss", "", str(estimate(each))) for width, each in found.items()]
    claims.append(Claim("16 units instead of 2: loss lower by", "> 0", str(gain), holds))
    return Findings(claims, configurations=len(WIDTHS), runs=starts * len(WIDTHS), results={{"losses": found}})


if __name__ == "__main__":
    main(__doc__, experiment)
'''


def main() -> int:
    """Write the file; a name that is taken or is none is a usage error."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", metavar="NAME", help="of the file, such as wider_is_faster")
    parser.add_argument("--folder", type=Path, default=FOLDER, help=argparse.SUPPRESS)  # where tests write
    options = parser.parse_args()
    path = options.folder / f"{options.name}.py"
    if not (options.name.isidentifier() and options.name.islower()):
        parser.error(f"expected a name of small letters, digits and _, got {options.name!r}")
    if path.exists():
        parser.error(f"{path} is there already")
    question = options.name.replace("_", " ").capitalize()
    path.write_text(TEMPLATE.format(name=options.name, question=question), encoding="utf-8")
    print(f"wrote {path}; try it: python {path} --quick")
    return 0


if __name__ == "__main__":
    sys.exit(main())
