"""A figure on disk is whole or not there."""

import pytest

from jaxnet import figures

FIRST_BYTES = {"png": b"\x89PNG\r\n\x1a\n", "pdf": b"%PDF-", "svg": b"<?xml"}


@pytest.fixture
def figure():
    return figures.gallery([[0, 85, 170, 255]], ["tile"])


@pytest.mark.parametrize("ending", FIRST_BYTES)
def test_the_ending_says_the_format_and_missing_folders_are_made(figure, tmp_path, ending):
    path = figures.save(figure, tmp_path / "new" / "folder" / f"tile.{ending}")
    assert path.read_bytes().startswith(FIRST_BYTES[ending])
    assert list(path.parent.iterdir()) == [path]


def test_an_interrupted_save_leaves_the_old_file_and_nothing_else(figure, tmp_path, monkeypatch):
    path = figures.save(figure, tmp_path / "tile.png")
    old = path.read_bytes()

    def interrupted(file, **options):
        file.write(b"half a pict")
        raise KeyboardInterrupt("in the middle")

    monkeypatch.setattr(figure, "savefig", interrupted)
    with pytest.raises(KeyboardInterrupt, match="in the middle"):
        figures.save(figure, path)
    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]


def test_another_ending_is_refused_with_the_known_ones(figure, tmp_path):
    with pytest.raises(ValueError, match=r"path's ending: expected one of .pdf, .png, .svg, got '.pgn' \(did you mean"):
        figures.save(figure, tmp_path / "tile.pgn")


def test_what_is_no_figure_is_refused(tmp_path):
    with pytest.raises(TypeError, match="figure: expected a matplotlib figure, got 'tile'"):
        figures.save("tile", tmp_path / "tile.png")
