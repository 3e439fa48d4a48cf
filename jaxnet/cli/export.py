"""``jaxnet export``: a trained model for others to use, as ONNX, as a Python file, or for scikit-learn."""

import argparse
import json

from jaxnet.cli.arguments import any_path
from jaxnet.cli.exits import OK
from jaxnet.cli.expected import refusing


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the command to argparse."""
    parser = commands.add_parser(
        "export", help="hand a trained model to ONNX, NumPy or scikit-learn",
        description="Write a model that jaxnet train made in another form, run it again, and compare.",
        epilog="exit status: 0 fine, 2 usage or a package that is missing, 3 bad data or file",
    )  # fmt: skip
    parser.add_argument("model", metavar="DIR", type=any_path, help="the folder of a model")
    kinds = parser.add_mutually_exclusive_group(required=True)
    kinds.add_argument("--onnx", metavar="FILE", type=any_path, help="one input a column, scale and one-hot included")
    kinds.add_argument("--numpy", metavar="FILE", type=any_path, help="a Python file whose predict takes a row, a dict")
    kinds.add_argument("--sklearn", metavar="FILE", type=any_path, help="an MLPClassifier or MLPRegressor, by skops")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Export, and print how far the copy is from the model."""
    kind, path = next((k, getattr(arguments, k)) for k in ("onnx", "numpy", "sklearn") if getattr(arguments, k))
    with refusing():
        from jaxnet.models import load

        model = load(arguments.model)
        write = {"onnx": model.to_onnx, "numpy": model.to_numpy, "sklearn": model.to_skops}[kind]
        exported = write(path)
    if arguments.json:
        found = {"file": str(exported.path), "kind": kind, "rows": exported.rows, "by": exported.by}
        print(json.dumps({**found, "largest_difference": exported.difference}))
    else:
        print(exported)
    return OK
