import json

import optax
import pytest

import jaxnet as jn
from jaxnet import stairs
from jaxnet.stairs.blocks import Paragraph, TextTable, Tiles, Verbatim
from jaxnet.stairs.story import CONTENTS, selected


@pytest.fixture(scope="module")
def story():
    return dict(stairs.tell())


def text(section):
    """All words of a section, as one string."""
    parts = []
    for block in section.blocks:
        parts += [block.text] if isinstance(block, Paragraph) else []
        parts += block.lines if isinstance(block, Verbatim) else []
        parts += block.captions if isinstance(block, Tiles) else []
        parts += [" ".join(row) for row in (block.columns, *block.rows)] if isinstance(block, TextTable) else []
    return "\n".join(parts)


def test_without_a_choice_every_section_is_told_in_order():
    assert selected([], None) == list(CONTENTS)


def test_chosen_sections_are_told_in_the_order_of_the_contents():
    assert selected(["descent", "images"], None) == ["images", "descent"]


def test_an_image_alone_chooses_the_sections_that_show_its_numbers():
    assert selected([], 17) == [
        "images",
        "perceptron",
        "logistic",
        "layers",
        "light-stairs",
        "forward",
        "backward",
        "training",
    ]


def test_sections_are_computed_when_they_are_asked_for():
    told = stairs.tell(["images", "training"])
    assert next(told)[0] == "images"


def test_every_section_is_told(story):
    assert list(story) == list(CONTENTS)


@pytest.mark.parametrize("name", CONTENTS)
def test_a_section_has_blocks_to_read_and_numbers_that_json_can_write(story, name):
    assert story[name].blocks
    assert json.loads(json.dumps(story[name].numbers, allow_nan=False))


@pytest.mark.parametrize("name", CONTENTS)
def test_a_table_s_rows_have_a_cell_a_column(story, name):
    for block in story[name].blocks:
        if isinstance(block, TextTable):
            assert {len(row) for row in block.rows} == {len(block.columns)}
        if isinstance(block, Tiles):
            assert len(block.images) == len(block.captions)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("images", "400 images are for training, 203 of them stairs; 100 are kept for testing, 47 of them stairs."),
        ("perceptron", "It is right on 69.25% of the training images and 68% of the test images."),
        ("logistic", "logistic_figure 86.75% 82.00%"),
        ("cases", "A: perceptron .0978 .2178 .1200"),
        ("cases", "B: logistic_figure .8983 1.0000 .1016"),
        ("layers", "stairs = -.144 x1 - .144 x2 + .072 x3 + .072 x4 - 1.3"),
        ("light-stairs", "[250, 0, 250, 250] 1.00 1.00 0.00 1.00 1.00 0.00 0.12 yes"),
        ("forward", "(-.0047·1) + (-.0026·252) + (.0015·4) + (.0082·155) + (-.0060·175)"),
        ("forward", "= -.4220"),
        ("forward", "0.693498469938662"),
        ("backward", "d1[1,1] = .4986 - 1 = -.5014"),
        ("backward", "((252·.0014) + (175·.0015) + (82·-.0010) + ...) / 400 = -.0072"),
        ("backward", "the W2 that was already updated"),
        ("descent", "25 0.651936660"),
        ("descent", "between .83 and .90"),
        ("training", "even in float64, only its first 25 epochs"),
        ("batches", "{1}, {2}, {3}"),
        ("reference", "Every entry is within its bound."),
        ("challenge", "sigmoid'(0.7) 0.221712873 0.221712873"),
    ],
)
def test_a_section_says_the_published_number(story, name, words):
    assert words in text(story[name])


def test_descent_goes_through_eight_steps(story):
    steps = next(block for block in story["descent"].blocks if isinstance(block, Verbatim)).lines
    assert [line[0] for line in steps] == list("12345678")


def test_two_runs_that_differ_by_rounding_part_after_the_reproducible_epochs(story):
    differences = {row["epoch"]: abs(row["loss"] - row["changed"]) for row in story["descent"].numbers["chaos"]}
    assert max(differences[epoch] for epoch in (1, 10, 25)) < 1e-9
    assert max(differences[epoch] for epoch in (100, 1000, 1500)) > 1e-6


def test_the_best_trained_network_beats_every_hand_set_one(story):
    numbers = story["training"].numbers
    best = max(scores["test"] for scores in numbers["trained"].values())
    assert best > max(scores["test"] for scores in numbers["by_hand"].values())
    assert best >= 0.98


def test_momentum_and_smaller_batches_both_lower_the_loss(story):
    loss = {(run["batch_size"], run["momentum"]): run["loss"] for run in story["batches"].numbers["runs"]}
    assert loss[400, 0.9] < loss[400, 0.0]
    assert loss[20, 0.0] < loss[400, 0.0]


def test_a_run_of_100_epochs_updates_once_a_batch(story):
    updates = {run["batch_size"]: run["updates"] for run in story["batches"].numbers["runs"]}
    assert updates == {400: 100, 100: 400, 20: 2000}


def test_three_mini_batches_update_three_times_as_fit_does(story):
    images, (net, params) = stairs.load()[0].only([1, 2, 3]), stairs.worked_example()
    for count, weight in enumerate(story["batches"].numbers["three_updates"], start=1):
        data = images.x[:count] / 255, images.targets[:count]
        run = jn.fit(
            jn.objective(net), params, data, optimizer=optax.sgd(0.5), epochs=1, batch_size=1, shuffle=False
        )  # fmt: skip
        assert weight == pytest.approx(float(run.params[0]["w"][0, 0]), abs=1e-14)


@pytest.mark.parametrize("image", [1, 9, 500])
def test_any_image_of_the_500_is_shown_through_the_models(image):
    names = ["images", "perceptron", "logistic", "layers", "light-stairs", "forward", "backward"]
    for name, section in stairs.tell(names, image):
        assert str(image) in text(section), name


def test_a_chosen_image_is_traced_forward():
    ((_, section),) = stairs.tell(["forward"], 3)
    assert section.numbers["ids"] == [3]
    assert section.numbers["Z1"] == [pytest.approx([1.2575888767, 0.8760225934], abs=1e-10)]
    assert "X1  1 x 5" in text(section)


def test_a_chosen_image_is_filled_into_light_stairs():
    ((_, section),) = stairs.tell(["light-stairs"], 1)
    # .06 · 155 + .06 · 175 - 3
    assert "shaded bottom = sigmoid(.06·155 + .06·175 - 3) = sigmoid(16.80) = 1.0000" in text(section)
    assert [shown["id"] for shown in section.numbers["shown"]] == [1]


def test_the_best_network_is_asked_about_the_chosen_image():
    ((_, section),) = stairs.tell(["training"], 9)
    assert [answer["id"] for answer in section.numbers["answers"]] == [9]


def test_an_unknown_section_gets_the_nearest_known_name_before_anything_is_computed():
    with pytest.raises(ValueError, match=r"names: expected one of images.*did you mean 'descent'"):
        stairs.tell(["decent"])


@pytest.mark.parametrize("image", [0, 501])
def test_an_image_out_of_range_is_refused_at_once(image):
    with pytest.raises(ValueError, match="image: expected an integer from 1 to 500"):
        stairs.tell([], image)


def test_stairs_has_no_other_names():
    with pytest.raises(AttributeError, match=r"module 'jaxnet.stairs' has no attribute 'lode'"):
        _ = stairs.lode
    assert set(stairs.__all__) <= set(dir(stairs))
