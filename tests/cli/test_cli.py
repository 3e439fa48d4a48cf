"""The command ``jaxnet`` as a whole; each command has a file of its own."""

import io
import os
import subprocess
import sys

import pytest

import jaxnet
from jaxnet import cli
from jaxnet.cli import main
from jaxnet.cli.exits import DATA, Refusal


@pytest.mark.parametrize(
    ("arguments", "status"), [(["--help"], 0), (["--version"], 0), ([], 2), (["stairs", "--help"], 0)]
)
def test_help_and_version_are_fine_and_nothing_at_all_is_a_usage_error(arguments, status, capsys):
    assert main(arguments) == status
    out, err = capsys.readouterr()
    assert bool(out) == (status == 0)
    assert bool(err) == (status == 2)


def test_the_version_is_the_package_s(capsys):
    main(["--version"])
    assert capsys.readouterr().out == f"jaxnet {jaxnet.__version__}\n"


def test_an_unknown_command_gets_the_nearest_known_one(capsys):
    assert main(["stair"]) == 2
    assert "no command 'stair' (did you mean 'stairs'?)" in capsys.readouterr().err


def test_without_arguments_those_of_the_program_are_taken(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["jaxnet", "--version"])
    assert main() == 0
    assert capsys.readouterr().out.startswith("jaxnet ")


class Failing:
    """A command that ends as it is told to."""

    def __init__(self, error):
        self.error = error

    def add_parser(self, commands):
        commands.add_parser("fail")

    def run(self, arguments):
        raise self.error


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (Refusal("table.csv: no such file", DATA), 3, "jaxnet: table.csv: no such file\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_an_expected_error_is_one_sentence_without_a_traceback(error, status, words, monkeypatch, capsys):
    monkeypatch.setattr(cli, "COMMANDS", {"fail": Failing(error)})
    assert main(["fail"]) == status
    assert capsys.readouterr() == ("", words)


def test_a_mistake_of_the_program_s_is_not_hidden(monkeypatch):
    monkeypatch.setattr(cli, "COMMANDS", {"fail": Failing(ZeroDivisionError("a bug"))})
    with pytest.raises(ZeroDivisionError, match="a bug"):
        main(["fail"])


def run(*arguments, **environment):
    command = [sys.executable, "-m", "jaxnet", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment}, check=False)


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["stairs", "--help"], ["stairs", "--section", "imags"], ["stair"]]
)
def test_help_and_usage_errors_do_not_wait_for_jax_or_numpy(arguments):
    """Importing them is what takes long; time itself is not tested."""
    script = (
        "import sys; from jaxnet.cli import main; main(sys.argv[1:]);"
        "print({name for name in ('jax', 'numpy', 'rich', 'optax') if name in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"


def test_the_package_runs_as_a_program():
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"jaxnet {jaxnet.__version__}\n")


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_reader_that_stops_early_is_no_error(form):
    """The sections are told until they are more than a pipe holds."""
    arguments = ["stairs", "--section", "layers", *form]
    script = f"import sys; from jaxnet.cli import main; sys.exit(max(main({arguments}) for _ in range(30)))"
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as reading:
        reading.stdout.readline()
        reading.stdout.close()
        assert reading.stderr.read() == ""
    assert reading.returncode == 0


def test_a_file_gets_every_letter_as_utf_8_whatever_the_locale(monkeypatch):
    for variable, expected in ((None, "─".encode()), ("ascii:replace", b"?")):
        raw = io.BytesIO()
        with monkeypatch.context() as patched:
            patched.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
            patched.delenv("PYTHONIOENCODING", raising=False)
            if variable:  # somebody's own choice
                patched.setenv("PYTHONIOENCODING", variable)
            assert main(["stairs", "--section", "perceptron"]) == 0
            sys.stdout.flush()
            assert expected * 5 in raw.getvalue()
