"""What is handed to the figures; how they look is tested with the figures."""

import numpy as np
import pytest

from jaxnet import figures
from jaxnet.stairs.drawings import DRAWINGS, drawings
from jaxnet.stairs.story import CONTENTS
from jaxnet.stairs.trained_networks import BEST, trained_network


@pytest.fixture
def handed(monkeypatch):
    """Put recorders in the place of the drawing functions."""
    calls = {}
    for name in figures.__all__:
        monkeypatch.setattr(figures, name, lambda *args, name=name, **options: calls.setdefault(name, []).append(args))
    return calls


def test_the_contents_say_which_sections_draw():
    assert set(DRAWINGS) == {name for name, chapter in CONTENTS.items() if chapter.draws}


def test_file_names_are_unique():
    names = [name for section in DRAWINGS.values() for name in section]
    assert len(set(names)) == len(names)


def test_only_the_figures_of_the_chosen_sections_are_drawn(handed):
    assert [name for name, _ in drawings(["deep", "cases"])] == ["cases"]
    assert list(handed) == ["sigmoid_cases", "headline"]


def test_the_gallery_goes_from_the_lowest_answer_to_the_highest(handed):
    list(drawings(["logistic"]))
    ((images, captions),) = handed["gallery"]
    assert images.shape == (6, 4)
    assert captions[0] == "image 257\n[47, 250, 8, 88]\nz = -45.79\n.00 → no (stairs: no)"
    assert captions[-1] == "image 495\n[12, 61, 158, 248]\nz = 34.63\n1.00 → yes (stairs: no)"


def test_the_gallery_shows_the_chosen_image(handed):
    list(drawings(["perceptron"], 1))
    ((images, captions),) = handed["gallery"]
    assert images.tolist() == [[252, 4, 155, 175]]
    assert captions == ["image 1\n[252, 4, 155, 175]\n.23 → yes (stairs: yes)"]


def test_cases_are_the_weighted_sums_before_and_after(handed):
    list(drawings(["cases"]))
    ((sums,),) = handed["sigmoid_cases"]
    np.testing.assert_allclose(sums["A"], [-5.981, 2.179], atol=1e-9)
    np.testing.assert_allclose(sums["B"], [2.179, 10.339], atol=1e-9)


def test_slices_show_every_hidden_unit_and_the_output_of_the_best_network(handed):
    list(drawings(["training"]))
    ((maps, extent),) = handed["boundary_slices"]
    assert [name.split()[0] for name in maps] == ["h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "stairs"]
    for name, answers in maps.items():
        assert ("does not decide here" in name) == (answers.max() < 0.5 or answers.min() > 0.5)
    assert extent == (0, 255, 0, 255)
    # rows are x2 from 0 to 255, columns x1; the middle of 61 is 127.5
    for row, column, pixels in [(0, -1, (255, 0)), (30, 0, (0, 127.5)), (-1, 30, (127.5, 255))]:
        x = np.array([[*pixels, 200, 200]])
        assert maps["stairs"][row, column] == pytest.approx(trained_network(BEST).answers(x)[0], rel=1e-9)
    assert maps["stairs"][0, -1] > 0.5 > maps["stairs"][-1, -1]


def test_curves_are_those_of_training_and_test_images(handed):
    list(drawings(["training"]))
    ((history,),) = handed["learning_curves"]
    assert set(history) == {"loss", "accuracy", "test_loss", "test_accuracy"}


def test_the_confusion_matrix_counts_every_test_image_and_its_diagonal_is_the_accuracy(handed):
    list(drawings(["training"]))
    ((counts, classes),) = handed["confusion_matrix"]
    assert (counts.sum(), classes) == (100, ["no stairs", "stairs"])
    assert np.trace(counts) / 100 == pytest.approx(trained_network(BEST).accuracy[1])


def test_every_figure_says_above_it_what_there_is_to_see():
    for name, figure in drawings(["images", "perceptron", "cases", "layers", "interaction", "forward"]):
        assert len(figure.get_suptitle().split()) >= 5, name


def test_wrong_answers_are_counted_and_framed():
    figure = dict(drawings(["perceptron"]))["perceptron"]
    assert "2 of 6 wrong" in figure.get_suptitle()
    framed = [axes.get_title().split("\n")[0] for axes in figure.axes if axes.spines["left"].get_linewidth() > 2]
    assert framed == ["image 367", "image 495"]


def test_a_network_is_drawn_with_every_weight_that_is_not_zero(handed):
    list(drawings(["light-stairs"]))
    ((names, weights, captions),) = handed["network_diagram"]
    assert names[0] == ("x1", "x2", "x3", "x4") or names[0] == ["x1", "x2", "x3", "x4"]
    assert [w.shape for w in weights] == [(4, 6), (6, 1)]
    assert captions[1] == ["sigmoid, bias -2"]
