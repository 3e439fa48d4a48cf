"""``scripts/get_data``: what it can be asked for, and that it is what the catalogue's errors name."""

import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "get_data"


@pytest.mark.parametrize("arguments", [[], ["iris"]], ids=str)
def test_anything_else_is_a_usage_error_before_anything_is_fetched_or_installed(arguments, tmp_path):
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "JAXNET_VENV": str(tmp_path / "venv")}
    done = subprocess.run([SCRIPT, *arguments], capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "usage: scripts/get_data mnist|fashion_mnist|tables" in done.stderr
    assert list(tmp_path.iterdir()) == []


def fake(folder: Path, name: str, body: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


@pytest.fixture
def machine(tmp_path):
    """A machine whose package clients and curl fail, and whose Python says that everything is the published file."""
    commands = tmp_path / "commands"
    commands.mkdir()
    for name in ("npm", "apt-get", "curl"):
        fake(commands, name, f"echo {name} was asked >&2; exit 1")
    python = tmp_path / "venv" / "bin"
    python.mkdir(parents=True)
    fake(python, "python", 'case "$*" in *data_folder*) echo "$JAXNET_DATA";; *pip*) ;; *) echo "checked";; esac')
    environment = {
        "PATH": f"{commands}:/usr/bin:/bin",
        "HOME": str(tmp_path),
        "JAXNET_VENV": str(tmp_path / "venv"),
        "JAXNET_DATA": str(tmp_path / "data"),
    }
    return commands, environment


def get(environment, name):
    return subprocess.run([SCRIPT, name], capture_output=True, text=True, env=environment, check=False)


def test_where_no_source_is_reached_it_says_what_to_put_where_and_leaves_nothing(machine, tmp_path):
    done = get(machine[1], "mnist")
    assert done.returncode == 1
    assert "npm was asked" in done.stderr
    assert "curl was asked" in done.stderr
    assert "none of the sources could be reached; put the four files train-images-idx3-ubyte" in done.stderr
    assert list((tmp_path / "data").iterdir()) == []


MIRROR = 'while [ "$1" != --output ]; do shift; done; echo some bytes | gzip > "$2"'


def test_what_a_mirror_gives_is_unpacked_and_put_in_place_when_it_is_the_published(machine, tmp_path):
    fake(machine[0], "curl", MIRROR)
    done = get(machine[1], "mnist")
    assert (done.returncode, done.stdout) == (0, "checked\n")
    files = sorted(path.name for path in (tmp_path / "data" / "mnist").iterdir())
    assert files == [
        "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte", "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
    ]  # fmt: skip
    assert (tmp_path / "data" / "mnist" / files[0]).read_text() == "some bytes\n"


def test_what_is_not_the_published_file_is_not_put_in_place(machine, tmp_path):
    fake(machine[0], "curl", MIRROR)
    python = tmp_path / "venv" / "bin"
    fake(python, "python", 'case "$*" in *data_folder*) echo "$JAXNET_DATA";; *pip*) ;; *) exit 1;; esac')
    assert get(machine[1], "mnist").returncode == 1
    assert list((tmp_path / "data").iterdir()) == []


def test_tables_are_those_of_debians_packages_or_none(machine, tmp_path):
    done = get(machine[1], "tables")
    assert done.returncode == 1
    assert "no tables: Debian's packages r-cran-mlbench r-cran-kernlab" in done.stderr
    assert list((tmp_path / "data").iterdir()) == []
    fake(machine[0], "apt-get", 'for name in r-cran-mlbench r-cran-kernlab; do echo "$*" > "${name}_1.deb"; done')
    fake(machine[0], "dpkg-deb", 'mkdir -p "$3"; cp "$2" "$3"')
    fake(tmp_path / "venv" / "bin", "python", UNPACKED)
    assert get(machine[1], "tables").returncode == 0
    assert [path.name for path in (tmp_path / "data" / "tables").iterdir()] == ["r-cran-kernlab_1.deb"]


# writes what it finds unpacked where the script would write tables
UNPACKED = """case "$*" in
*data_folder*) echo "$JAXNET_DATA" ;;
*debian_tables.py*) cp "$2"/r-cran-kernlab_1.deb "$3" ;;
esac"""
