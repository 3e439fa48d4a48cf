"""The checksums and the table are those of the article's own train.csv and test.csv; the cases' numbers are the
article's figures, by hand."""

import hashlib

import numpy as np
import pytest

from jaxnet import stairs
from jaxnet.stairs.images import FIGURE_IDS, TABLE_IDS, chosen, every


def sha256(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def test_all_images_and_labels_are_the_article_s():
    images = every()
    table = np.column_stack([images.x, images.y]).astype(np.uint8)
    assert table.shape == (500, 5)
    assert sha256(table) == "ee13c1d5acf04a0a3699de56858736c9c4ddd89d946b8eedebe2bc8929ccef73"


def test_the_test_ids_are_the_article_s():
    _, test = stairs.load()
    assert sha256(test.ids.astype(np.int32)) == "f735e87cf7592c466cfb116c77595aa996c1cd1745071f70ed41c2bcc8fd7a62"


@pytest.mark.parametrize(
    ("id", "x", "y"),
    [
        (1, [252, 4, 155, 175], 1),
        (2, [175, 10, 186, 200], 1),
        (3, [82, 131, 230, 100], 0),
        (498, [36, 187, 43, 249], 0),
        (499, [1, 160, 169, 242], 1),
        (500, [198, 134, 22, 188], 0),
    ],
)
def test_a_row_of_the_article_s_table_is_there(id, x, y):
    row = every().only([id])
    assert row.x.tolist() == [x]
    assert row.y.tolist() == [y]


def test_load_gives_400_images_for_training_and_100_for_testing_without_overlap():
    train, test = stairs.load()
    assert train.x.shape == (400, 4)
    assert test.x.shape == (100, 4)
    assert train.x.dtype == test.x.dtype == np.uint8
    assert set(train.y.tolist()) == set(test.y.tolist()) == {0, 1}
    assert sorted([*train.ids.tolist(), *test.ids.tolist()]) == list(range(1, 501))
    assert all(np.all(np.diff(part.ids) > 0) for part in (train, test))


def test_half_of_all_images_are_stairs():
    assert every().y.sum() == 250


def test_changing_what_load_returned_changes_nothing_for_the_next():
    stairs.load()[0].x[:] = 0
    every().x[:] = 0
    assert stairs.load()[0].x.max() > 0
    assert every().x.max() > 0


def test_targets_are_stairs_and_something_else():
    assert every().only([1, 3]).targets.tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_without_an_image_the_article_s_six_are_chosen():
    assert tuple(chosen(None).ids) == FIGURE_IDS
    assert tuple(chosen(None, TABLE_IDS).ids) == TABLE_IDS
    assert tuple(chosen(17).ids) == (17,)


def answers(model):
    net, params = stairs.hand_set(model)
    return {case: np.asarray(net.predict(params, images))[:, 0] for case, images in stairs.case_images().items()}


def test_only_the_lower_left_pixel_changes():
    assert stairs.case_images()["A"].tolist() == [[100, 0, 0, 125], [100, 0, 60, 125]]
    assert stairs.case_images()["B"].tolist() == [[100, 0, 60, 125], [100, 0, 120, 125]]


def test_the_line_rises_alike_in_both_cases():
    found = answers("perceptron")
    np.testing.assert_allclose(found["A"], [0.0978, 0.2178], rtol=1e-12)
    np.testing.assert_allclose(found["B"], [0.2178, 0.3378], rtol=1e-12)


@pytest.mark.parametrize("model", ["logistic", "logistic_figure"])
def test_the_sigmoid_rises_more_in_a_than_in_b(model):
    found = answers(model)
    assert np.diff(found["A"]) > np.diff(found["B"]) > 0


def test_the_figure_s_sigmoid_goes_through_the_article_s_points():
    found = answers("logistic_figure")
    z = np.array([-5.981, 2.179, 10.339])  # .136 * 60 = 8.16 apart
    np.testing.assert_allclose([*found["A"], found["B"][1]], 1 / (1 + np.exp(-z)), rtol=1e-10)
    np.testing.assert_allclose([*found["A"], found["B"][1]], [0.003, 0.898, 1.000], atol=5e-4)
