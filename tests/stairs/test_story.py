import importlib
import itertools
import json
import re

import numpy as np
import optax
import pytest

import jaxnet as jn
from jaxnet import stairs
from jaxnet.stairs.blocks import Paragraph, TextTable, Tiles, Verbatim
from jaxnet.stairs.example import initial_weights
from jaxnet.stairs.sections.glossary import GLOSSARY
from jaxnet.stairs.sections.worked_passes import chain_rule_products
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
        "interaction",
        "layers",
        "light-stairs",
        "classes",
        "forward",
        "backward",
        "descent",
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
        ("light-stairs", "[250, 0, 250, 250] 1.00 1.00 .00 1.00 1.00 .00 .12 no no"),
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
        # the article's arguments, each with its number
        ("images", "0 for black"),
        ("perceptron", "w1 x1 + w2 x2 + w3 x3 + w4 x4 > threshold"),
        ("perceptron", "from -.892 to 1.097"),
        ("perceptron", "hence the positive weights of x3 and x4"),
        ("perceptron", "x1 ── -.0019 ──┐"),
        ("logistic", "This is logistic regression"),
        ("logistic", "leaves out the bias b, a slip"),
        ("logistic", "exactly where z is above 0"),
        ("cases", "problem 2 is gone"),
        ("interaction", "monotonic in each input"),
        ("interaction", "a slip for x2"),
        ("interaction", "perceptron 1.097 .689 .612 .204"),
        ("interaction", "interaction .051 .953 .953 .051"),
        ("layers", "a slip for either"),
        ("layers", "z = 2 and an answer of .88"),
        ("layers", "dark bottom is .97 where x3 + x4 is 20 of 510"),
        ("layers", "cannot both be large"),
        ("layers", "two-layer perceptrons, and as networks three layers"),
        ("activations", "tanh'(z) .001 .071 .420 1.000 .420 .071 .001"),
        ("activations", "relu(z) 0 0 0 0 1.000 2.000 4.000"),
        ("classes", "sum to 1"),
        ("deep", "universal approximation"),
        ("deep", "Telgarsky 2015"),
        ("forward", "what a GPU is for"),
        ("backward", "share their later part"),
        ("backward", "4-2-2 66 24"),
        ("descent", "1.5 - .001·2.2 = 1.4978"),
        ("descent", "maximum likelihood"),
        ("descent", "10^-120.5 before the first step"),
        ("descent", "until it converges"),
        ("batches", "Adam"),
        ("minima", "local minimum"),
        ("minima", "overfitting"),
        ("challenge", "automatic differentiation applies the chain rule"),
        ("challenge", "TensorFlow"),
        ("challenge", "jaxnet stairs --exercises"),
    ],
)
def test_a_section_says_the_published_number(story, name, words):
    assert words in text(story[name])


def test_descent_goes_through_eight_steps(story):
    steps = next(block for block in story["descent"].blocks if isinstance(block, Verbatim)).lines
    assert [line[0] for line in steps] == list("12345678")


@pytest.mark.parametrize("name", CONTENTS)
def test_a_section_names_functions_that_are_there_in_files_that_are_there(name):
    words = CONTENTS[name].source(name)
    named = re.findall(r"(\w+) in (jaxnet/[\w/]+\.py)", words)
    assert named
    for function, file in named:
        module = importlib.import_module(file.removesuffix(".py").replace("/", "."))
        assert callable(getattr(module, function))


def test_no_section_prints_a_lone_point_or_a_negative_zero(story):
    for name, section in story.items():
        words = [word.strip("(),") for word in text(section).split()]
        assert not [word for word in words if re.fullmatch(r"-?\.|-0+|-0?\.0+", word)], name


def test_the_three_hidden_units_that_know_the_interaction_answer_low_high_high_low(story):
    answers = {name: list(each.values()) for name, each in story["interaction"].numbers["answers"].items()}
    shows = {name: [a > 0.5 for a in each] == [False, True, True, False] for name, each in answers.items()}
    assert [name for name, yes in shows.items() if yes] == ["interaction"]


def test_the_interaction_is_asked_over_the_chosen_image_s_lower_row():
    ((_, section),) = stairs.tell(["interaction"], 1)
    assert section.numbers["lower_row"] == [155, 175]
    assert "the lower row of image 1, 155 and 175" in text(section)


def test_a_staircase_of_steep_sigmoids_comes_four_times_closer_with_four_times_the_units(story):
    errors = list(story["deep"].numbers["staircase_errors"].values())
    ratios = [big / small for big, small in itertools.pairwise(errors)]
    assert all(3.5 < ratio < 4.5 for ratio in ratios)


def test_a_softmax_of_three_sums_to_one_and_names_every_kind(story):
    shown = story["classes"].numbers["shown"]
    assert {row["kind"] for row in shown} == set(story["classes"].numbers["kinds"])
    for row in shown:
        assert sum(row["probabilities"].values()) == pytest.approx(1, abs=1e-6)
        assert max(row["probabilities"], key=row["probabilities"].get) == row["kind"]


def test_some_starts_of_xor_stick_and_more_units_help(story):
    found = {int(h): [ending["loss"] for ending in each] for h, each in story["minima"].numbers["xor"].items()}
    stuck = {h: sum(loss > 0.2 for loss in losses) for h, losses in found.items()}
    assert 0 < stuck[2] < len(found[2])
    assert stuck[4] == 0
    # the local minimum: two of four answers are a half, so the loss is half of log 2
    assert max(found[2]) == pytest.approx(np.log(2) / 2, abs=0.01)


def test_the_wider_network_learns_wrong_labels_by_heart(story):
    few, many = story["minima"].numbers["overfitting"].values()
    assert many["training"] < few["training"]
    assert many["test"] > few["test"]


def test_a_chosen_image_has_gradients_of_its_own():
    ((_, section),) = stairs.tell(["backward"], 240)
    image = stairs.images.every().only([240])
    alone = stairs.one_step(initial_weights(), image.x, image.targets, 0.1)
    np.testing.assert_array_equal(section.numbers["gradient_W1"], alone.gradient_W1)
    assert "image 240 alone" in text(section)
    assert "means over" not in text(section)


def test_paths_and_shared_products_are_counted_as_by_hand():
    # 1-1-1: W1's two weights each along d w s x (3), W2's two along d x (1); shared 4 for the weights, 1 to pass d
    # back, 2 for the slope
    assert chain_rule_products((1, 1, 1)) == (2 * 3 + 2, 4 + 3)


def test_every_word_of_the_glossary_names_a_section_that_says_it(story):
    says = lambda word, section: re.search(word.replace(" ", "[- ]"), text(story[section]), re.IGNORECASE)
    assert [word for word, (_, section) in GLOSSARY.items() if not says(word, section)] == []


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
