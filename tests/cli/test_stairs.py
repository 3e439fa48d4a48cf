import json
import re
import sys

import pytest

from jaxnet import compilation_cache, figures
from jaxnet.cli import main
from jaxnet.cli import stairs as command
from jaxnet.stairs import story

CHEAP = ["--section", "cases"]


@pytest.fixture(autouse=True)
def cached(monkeypatch):
    """Leave JAX's settings alone; record that the cache was asked for."""
    calls = []
    monkeypatch.setattr(compilation_cache, "enable", lambda: calls.append("enabled"))
    return calls


@pytest.fixture
def untrained(monkeypatch):
    """Fail if anything is computed."""
    monkeypatch.setattr(story, "compute", lambda name, image: pytest.fail(f"{name} was computed"))


def test_a_section_is_told_on_standard_output(capsys):
    assert main(["stairs", *CHEAP]) == 0
    out, err = capsys.readouterr()
    assert "Cases A and B" in out
    assert "A: perceptron        .0978   .2178  .1200" in out
    assert err == ""


def test_compiled_programs_are_kept_for_the_next_time(cached):
    main(["stairs", *CHEAP])
    assert cached == ["enabled"]


def test_several_sections_are_told_in_the_order_of_the_story(capsys):
    assert main(["stairs", "--section", "cases", "--section", "images"]) == 0
    out = capsys.readouterr().out
    assert 0 < out.index("The problem") < out.index("Cases A and B")


def test_an_image_is_filled_in(capsys):
    assert main(["stairs", "--section", "perceptron", "--image", "1"]) == 0
    assert "-.0019·252 - .0016·4 + .002·155 + .0023·175 + .0003" in capsys.readouterr().out


def test_json_holds_the_numbers_and_nothing_else(capsys):
    assert main(["stairs", *CHEAP, "--json"]) == 0
    sections = json.loads(capsys.readouterr().out)["sections"]
    assert list(sections) == ["cases"]
    assert sections["cases"]["A"]["perceptron"]["rise"] == pytest.approx(0.12)


def test_talk_about_training_goes_to_standard_error(capsys, monkeypatch):
    cheap = story.compute("cases", None)
    monkeypatch.setattr(story, "compute", lambda name, image: cheap)
    assert main(["stairs", "--section", "training"]) == 0
    out, err = capsys.readouterr()
    assert "training ..." not in out
    assert err == "Trained networks beside the hand-set ones: training ...\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--section", "imags"], "did you mean 'images'?"),
        (["--image", "501"], "expected a whole number from 1 to 500, got '501'"),
        (["--image", "x"], "expected a whole number from 1 to 500, got 'x'"),
        (["--sectoin", "images"], "no option --sectoin (did you mean '--section'?)"),
        (["images"], "nothing stands for the word 'images'"),
    ],
)
@pytest.mark.usefixtures("untrained")
def test_a_usage_error_is_said_before_anything_is_computed(arguments, words, capsys):
    assert main(["stairs", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err


def test_figures_are_written_to_the_folder(tmp_path, capsys):
    folder = tmp_path / "new" / "folder"
    assert main(["stairs", *CHEAP, "--figures", str(folder)]) == 0
    assert [path.name for path in folder.iterdir()] == ["cases.png"]
    assert (folder / "cases.png").read_bytes().startswith(b"\x89PNG")
    assert capsys.readouterr().err == f"drew {folder / 'cases.png'}\n"


@pytest.mark.usefixtures("untrained")
def test_without_matplotlib_the_install_command_is_said_before_anything_is_computed(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert main(["stairs", "--figures", str(tmp_path)]) == 2
    assert "--figures needs matplotlib: pip install 'jaxnet[plots]'" in capsys.readouterr().err


@pytest.mark.usefixtures("untrained")
def test_a_file_in_the_place_of_the_folder_is_refused_before_anything_is_computed(tmp_path, capsys):
    file = tmp_path / "file"
    file.touch()
    assert main(["stairs", "--figures", str(file)]) == 3
    assert "expected a folder, got a file" in capsys.readouterr().err
    assert main(["stairs", "--figures", str(file / "below")]) == 3
    assert "Not a directory" in capsys.readouterr().err


@pytest.mark.usefixtures("untrained")
def test_a_folder_that_cannot_be_written_is_refused_before_anything_is_computed(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(command.os, "access", lambda path, mode: False)
    assert main(["stairs", "--figures", str(tmp_path)]) == 3
    assert "the folder cannot be written" in capsys.readouterr().err


def test_a_figure_that_cannot_be_saved_is_said_without_a_traceback(tmp_path, capsys, monkeypatch):
    def full(figure, path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(figures, "save", full)
    assert main(["stairs", *CHEAP, "--figures", str(tmp_path)]) == 3
    assert "cases.png: No space left on device" in capsys.readouterr().err


def test_the_lesson_is_written_as_one_page_that_loads_nothing(tmp_path, capsys):
    page = tmp_path / "lesson.html"
    assert main(["stairs", *CHEAP, "--section", "forward", "--html", str(page)]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"wrote {page}\n"
    text = page.read_text()
    assert "<h2>Cases A and B: why the line is not enough</h2>" in text
    assert "A: perceptron" in text
    assert "<details><summary>the hidden layer in numbers</summary>" in text
    assert text.count('<source media="(prefers-color-scheme: dark)"') == 2
    assert 'alt="The same 60 steps of x3 lift' in text
    assert 'name="viewport"' in text
    assert not re.search(r'(?:src|href|srcset)="(?!data:|#)', text)


@pytest.mark.usefixtures("untrained")
@pytest.mark.parametrize("below", [".", "missing/lesson.html"])
def test_a_page_that_could_not_be_written_is_refused_before_anything_is_computed(below, tmp_path, capsys):
    assert main(["stairs", "--html", str(tmp_path / below)]) == 3
    assert "expected a file in a folder that is there" in capsys.readouterr().err


@pytest.mark.usefixtures("untrained")
def test_a_page_and_numbers_at_once_are_a_usage_error(tmp_path, capsys):
    assert main(["stairs", "--html", str(tmp_path / "a.html"), "--json"]) == 2
    assert "give one of them" in capsys.readouterr().err
