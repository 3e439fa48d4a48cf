"""A model predicts what its network's formula says, in labels or values, and refuses what it cannot use."""

import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier

import jaxnet as jn

# one hidden unit, max(x, 0), and two outputs whose logits are ±2 of it: by hand, z = (2a, -2a)
STEP = [
    {"w": np.array([[1.0]]), "b": np.array([0.0])},
    {"w": np.array([[2.0, -2.0]]), "b": np.array([0.0, 0.5])},
]
X = np.array([[-1.0], [0.0], [3.0]])
EPS = np.finfo(np.float64).eps


def logistic(w=1.0, b=0.0, dtype=np.float64):
    return [{"w": np.array([[w]], dtype), "b": np.array([b], dtype)}]


def sigmoid(z):
    return 1 / (1 + np.exp(-np.asarray(z)))


@pytest.fixture
def classifier():
    return jn.Model(jn.MLP((1, 1, 2), output="softmax"), STEP, classes=["no", "yes"])


def test_softmax_gives_probabilities_and_the_label_of_the_largest(classifier):
    # of two outputs the softmax is the sigmoid of their difference: 4a - .5
    second = sigmoid([0.5, 0.5, -11.5])
    np.testing.assert_allclose(classifier.predict_proba(X), np.stack([1 - second, second], 1), rtol=0, atol=4 * EPS)
    assert classifier.predict(X).tolist() == ["yes", "yes", "no"]
    assert classifier.task == "classification"


def test_one_sigmoid_output_is_two_classes():
    model = jn.Model(jn.MLP((1, 1), output="sigmoid"), logistic(), classes=["cold", "warm"])
    p = sigmoid(X[:, 0])
    np.testing.assert_allclose(model.predict_proba(X), np.stack([1 - p, p], 1), rtol=0, atol=4 * EPS)
    assert model.predict(X).tolist() == ["cold", "cold", "warm"]


def test_several_sigmoid_outputs_are_a_yes_or_no_each():
    params = [{"w": np.array([[1.0, -1.0]]), "b": np.zeros(2)}]
    model = jn.Model(jn.MLP((1, 2), output="sigmoid"), params)
    assert model.task == "labels"
    assert model.predict(X).tolist() == [[0, 1], [0, 0], [1, 0]]
    np.testing.assert_allclose(model.predict_proba(X), sigmoid(X * [1, -1]), rtol=0, atol=4 * EPS)


def test_identity_and_exp_outputs_are_values():
    line = jn.Model(jn.MLP((1, 1)), logistic(2.0, 1.0))
    assert line.predict(X).tolist() == [-1, 1, 7]
    counts = jn.Model(jn.MLP((1, 1), output="exp"), logistic())
    np.testing.assert_allclose(counts.predict(X), np.exp([-1, 0, 3]), rtol=4 * EPS)
    pair = jn.Model(jn.MLP((1, 2)), [{"w": np.array([[1.0, 2.0]]), "b": np.zeros(2)}])
    assert pair.predict(X).tolist() == [[-1, -2], [0, 0], [3, 6]]


def test_without_labels_classes_are_numbers():
    model = jn.Model(jn.MLP((1, 1, 2), output="softmax"), STEP)
    assert model.predict(X).tolist() == [1, 1, 0]
    assert jn.Model(jn.MLP((1, 1), output="sigmoid"), logistic()).classes.tolist() == [0, 1]


def test_several_networks_are_averaged():
    net = jn.MLP((1, 1), output="sigmoid")
    model = jn.Model(net, [logistic(), logistic(-1.0, 2.0)])
    expected = (sigmoid(X) + sigmoid(2 - X)) / 2
    np.testing.assert_allclose(model.outputs(X), expected, rtol=0, atol=4 * EPS)
    assert len(model.members) == 2
    assert "the mean of 2 networks" in str(model)


@pytest.mark.parametrize(
    ("output", "activation"),
    [("softmax", "relu"), ("sigmoid", "gelu"), ("identity", ("tanh", "softplus")), ("exp", jax.nn.relu6)],
)
def test_a_model_agrees_with_its_network(output, activation, key):
    net = jn.MLP((3, 5, 4, 2), activation=activation, output=output)
    params = net.init(key, jnp.float64)
    X = np.random.default_rng(0).normal(size=(20, 3))
    # two layers of at most 5 products each, and a function whose value is of the size of 1
    expected = np.asarray(net.predict(params, X))
    np.testing.assert_allclose(jn.Model(net, params).outputs(X), expected, rtol=50 * EPS, atol=50 * EPS)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_model_computes_in_the_dtype_of_its_parameters(dtype):
    net = jn.MLP((1, 1), output="sigmoid")
    assert jn.Model(net, logistic(dtype=dtype)).predict_proba(X).dtype == dtype
    assert jn.Model(net, [logistic(dtype=dtype)] * 3).predict_proba(X).dtype == dtype


def test_accuracy_is_the_share_of_labels_met(classifier):
    assert classifier.score(X, ["yes", "no", "no"]) == pytest.approx(2 / 3)
    assert classifier.score(X, np.array([["yes"], ["yes"], ["no"]])) == 1
    both = jn.Model(jn.MLP((1, 2), output="sigmoid"), [{"w": np.array([[1.0, -1.0]]), "b": np.zeros(2)}])
    assert both.score(X, [[0, 1], [0, 1], [1, 0]]) == pytest.approx(2 / 3)  # all of a row's labels


def test_r2_is_the_share_of_variance_explained():
    line = jn.Model(jn.MLP((1, 1)), logistic())
    # predictions -1, 0, 3; residuals 1, 0, 1 of targets 0, 0, 2, whose squared deviations sum to 8/3
    assert line.score(X, [0, 0, 2]) == pytest.approx(1 - 2 / (8 / 3))
    assert line.score(X, X[:, 0]) == 1
    still = jn.Model(jn.MLP((1, 1)), logistic(0.0, 5.0))
    assert still.score(X, [5, 5, 5]) == 1
    assert still.score(X, [4, 4, 4]) == 0


def test_a_model_does_not_change_with_the_arrays_it_was_made_of():
    params = logistic()
    model = jn.Model(jn.MLP((1, 1)), params)
    params[0]["w"][0, 0] = 100
    assert model.predict(X).tolist() == [-1, 0, 3]
    with pytest.raises(ValueError, match="read-only"):
        model.params[0]["w"][0, 0] = 1
    with pytest.raises(AttributeError, match="cannot assign"):
        model.net = None


def compilations(records):
    return [record.getMessage() for record in records if record.getMessage().startswith("Compiling")]


def test_few_rows_compile_nothing(caplog):
    net = jn.MLP((7, 33, 5), activation="tanh", output="softmax")
    model = jn.Model(net, net.init(jax.random.key(0)))
    with jax.log_compiles():
        caplog.clear()
        for rows in (1, 2, 17, 999):
            assert model.predict(np.zeros((rows, 7))).shape == (rows,)
        assert not compilations(caplog.records)
        net.predict(model.params, np.zeros((17, 7)))
        assert compilations(caplog.records)  # the network itself does: the log is listened to


def shortest(function, repeats=200):
    """The time of the fastest call: what else the machine does only ever adds to it."""
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        function()
        times.append(time.perf_counter() - started)
    return min(times)


def test_one_row_takes_no_longer_than_in_scikit_learn():
    random = np.random.default_rng(0)
    rows = random.normal(size=(30, 20))
    theirs = MLPClassifier((32, 32)).partial_fit(rows, np.arange(30) % 3, classes=[0, 1, 2])
    weights = zip(theirs.coefs_, theirs.intercepts_, strict=True)
    ours = jn.Model(jn.MLP((20, 32, 32, 3), output="softmax"), [{"w": w, "b": b} for w, b in weights])
    np.testing.assert_allclose(ours.predict_proba(rows), theirs.predict_proba(rows), rtol=0, atol=1000 * EPS)
    one = rows[:1]
    # measured: a fifth of its time
    assert shortest(lambda: ours.predict_proba(one)) <= 1.2 * shortest(lambda: theirs.predict_proba(one))


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"net": "MLP"}, TypeError, r"net: expected a jn.MLP"),
        ({"params": STEP}, ValueError, "params: expected a list of 1 layers"),
        ({"params": []}, ValueError, "params: expected at least one network's"),
        ({"params": None}, TypeError, "params: expected a list"),
        ({"params": logistic(np.nan)}, ValueError, r"params\[0\]\['w'\]: expected finite numbers"),
        (
            {"params": [logistic(), logistic(dtype=np.float32)]},
            ValueError,
            "members of one dtype, got float32, float64",
        ),
        ({"classes": ["a"]}, ValueError, "classes: expected 2 different labels"),
        ({"classes": ["a", "a"]}, ValueError, "classes: expected 2 different labels"),
        ({"classes": ["a", 1]}, TypeError, "classes: expected 2 different labels, all text"),
        ({"classes": "ab"}, TypeError, "classes: expected 2 different labels"),
        ({"classes": [0.0, np.inf]}, ValueError, "classes: expected finite numbers"),
        ({"classes": ["a", "b" * 6_000_000]}, ValueError, "classes: expected shorter names, got 6000000 letters"),
        ({"scores": {"r2": np.nan}}, ValueError, r"scores\['r2'\]: expected a finite number"),
        ({"scores": 0.9}, TypeError, "scores: expected a mapping"),
    ],
)
def test_what_makes_no_model_is_refused(change, error, words):
    arguments = {"net": jn.MLP((1, 1), output="sigmoid"), "params": logistic(), **change}
    with pytest.raises(error, match=words):
        jn.Model(**arguments)


def test_values_have_no_classes_and_no_probabilities():
    with pytest.raises(ValueError, match="classes: expected none for regression"):
        jn.Model(jn.MLP((1, 1)), logistic(), classes=["a", "b"])
    with pytest.raises(ValueError, match="predict_proba: expected a model whose output is softmax or sigmoid"):
        jn.Model(jn.MLP((1, 1)), logistic()).predict_proba(X)


@pytest.mark.parametrize("rows", [np.zeros((2, 3)), np.zeros(2), [["a"]], np.array([[np.nan]]), np.zeros((0, 1))])
def test_rows_that_do_not_fit_are_refused(rows, classifier):
    with pytest.raises((ValueError, TypeError), match="X: expected"):
        classifier.predict(rows)


def test_targets_of_another_shape_are_refused(classifier):
    with pytest.raises(ValueError, match=r"y: expected an array of shape \(3,\), as predict returns"):
        classifier.score(X, ["yes"])


def test_a_model_says_what_it_is(classifier):
    assert str(classifier) == (
        "model     classification of 1 inputs as no, yes\nnetwork   MLP 1-1-2 (relu, softmax), 6 parameters in float64"
    )
    scored = jn.Model(jn.MLP((3, 1)), [{"w": np.ones((3, 1)), "b": np.ones(1)}], scores={"r2": 0.91234})
    assert str(scored).endswith("scores    r2 0.9123")
    assert repr(scored) == "<Model 1 value from 3 inputs, MLP 3-1 (identity), 4 parameters in float64>"
    many = jn.Model(jn.MLP((1, 30), output="softmax"), [{"w": np.ones((1, 30)), "b": np.ones(30)}])
    assert "7, ... (30)" in str(many)


def test_in_a_notebook_it_is_a_table_without_markup_of_its_labels():
    model = jn.Model(jn.MLP((1, 1), output="sigmoid"), logistic(), classes=["<b>", "&"])
    assert "as &lt;b&gt;, &amp;" in model._repr_html_()
    assert model._repr_html_().startswith("<table>")


def test_a_model_of_a_table_takes_its_rows_and_answers_in_its_words(make_prepared):
    model, table = make_prepared("species")
    X, y = model.preparation(table)
    np.testing.assert_array_equal(model.predict_proba(table), model.predict_proba(X))
    assert model.predict(table).tolist() == model.classes[model.outputs(X).argmax(axis=1)].tolist()
    assert sorted(model.classes) == ["Adelie", "Chinstrap", "Gentoo"]
    assert model.score(table) == model.score(X, model.classes[y]) == np.mean(model.outputs(X).argmax(axis=1) == y)


def test_rows_may_be_dictionaries_a_frame_or_one_row(make_prepared):
    pandas = pytest.importorskip("pandas")
    model, table = make_prepared("species")
    expected = model.predict(table).tolist()
    rows = [dict(zip(table, cells, strict=True)) for cells in zip(*table.values(), strict=True)]
    assert model.predict(rows).tolist() == expected
    assert model.predict(pandas.DataFrame(table)).tolist() == expected
    assert model.predict(rows[5]).tolist() == expected[5:6]


def test_values_are_in_the_units_of_the_table(make_prepared):
    model, table = make_prepared("grams")
    X, y = model.preparation(table)
    grams = np.array(table["grams"], float)
    # the preparation's own scale, by hand
    slope, centre = np.polyfit(y.astype(float), grams, 1)
    np.testing.assert_allclose(model.predict(table), model.outputs(X)[:, 0] * slope + centre, rtol=1e-6)
    residual = np.sum((model.predict(table) - grams) ** 2)
    assert model.score(table) == pytest.approx(1 - residual / np.sum((grams - grams.mean()) ** 2), rel=1e-6)
    assert model.score(table, grams) == pytest.approx(model.score(table), rel=1e-6)


def test_a_table_without_its_target_is_scored_only_with_y(make_prepared):
    model, table = make_prepared("species")
    known = {name: cells for name, cells in table.items() if name != "species"}
    assert model.score(known, table["species"]) == model.score(table)
    with pytest.raises(ValueError, match="y: expected what is right, or a table with the column 'species'"):
        model.score(known)
    with pytest.raises(ValueError, match="y: expected what is right, got None"):
        jn.Model(jn.MLP((1, 1)), logistic()).score(X)


def test_labels_of_another_kind_are_refused_for_none_could_be_right(make_prepared):
    model, table = make_prepared("species")
    with pytest.raises(ValueError, match="y: expected labels as predict returns them, such as '"):
        model.score(table, np.zeros(len(table["species"]), int))


@pytest.mark.parametrize(
    ("net", "words"),
    [
        (lambda prep: jn.MLP((3, 3), output="softmax"), "net: expected a network of the preparation's .* features"),
        (lambda prep: jn.MLP((prep.inputs, 3)), "net: expected a network for classification with 3 outputs"),
        (lambda prep: jn.MLP((prep.inputs, 4), output="softmax"), "for classification with 3 outputs"),
        (lambda prep: jn.MLP((prep.inputs, 1), output="sigmoid"), "for classification with 3 outputs"),
    ],
)
def test_a_preparation_of_something_else_is_refused(net, words, make_prepared):
    prep = make_prepared("species")[0].preparation
    network = net(prep)
    params = [{"w": np.zeros(network.sizes), "b": np.zeros(network.sizes[1])}]
    with pytest.raises(ValueError, match=words):
        jn.Model(network, params, prep)


def test_classes_are_named_once(make_prepared):
    model, _ = make_prepared("species")
    with pytest.raises(ValueError, match="classes: expected none beside the preparation's"):
        jn.Model(model.net, model.params, model.preparation, classes=["a", "b", "c"])
    with pytest.raises(TypeError, match=r"preparation: expected what jn\.data\.prepare returns"):
        jn.Model(jn.MLP((1, 1)), logistic(), "prep")


def test_a_model_of_a_table_says_what_is_done_to_each_column(make_prepared):
    model, _ = make_prepared("species")
    assert str(model.preparation) in str(model)
    assert model.preparation._repr_html_() in model._repr_html_()


def test_an_input_too_large_for_the_sums_is_refused_and_makes_no_nan():
    net = jn.MLP((1, 2, 1), activation="identity")
    layers = [{"w": np.full((1, 2), [[3e38, 3e38]], np.float32), "b": np.zeros(2, np.float32)}]
    layers.append({"w": np.array([[1.0], [-1.0]], np.float32), "b": np.zeros(1, np.float32)})
    model = jn.Model(net, layers)
    assert model.predict([[1.0]]).tolist() == [0.0]
    with pytest.raises(jn.data.DataError, match="row 1: inputs too large for the network"):
        model.predict([[1.0], [10.0]])
