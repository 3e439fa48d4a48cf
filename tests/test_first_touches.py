"""What people type first, and get wrong: every answer names the way on."""

import jax
import numpy as np
import optax
import pytest

import jaxnet as jn

NET = jn.MLP((4, 8, 2), output="softmax")
PARAMS = NET.init(jax.random.key(0))
F = jn.objective(NET)
X = np.linspace(-1, 1, 160).reshape(40, 4)
Y = np.arange(40) % 2
SGD = {"optimizer": optax.sgd(0.1), "epochs": 1}


def fit(data=(X, Y), **options):
    return jn.fit(F, PARAMS, data, **{**SGD, **options})


TOUCHES = {
    "sizes one by one": (lambda: jn.MLP(4, 8, 2), r"sizes are one tuple, MLP\(\(4, 8, 2\)\)"),
    "hidden units by name": (lambda: jn.MLP(hidden=(8,)), "hidden units stand between inputs and outputs"),
    "X and y apart": (lambda: jn.fit(F, PARAMS, X, Y, **SGD), r"one pair, fit\(f, params, \(X, y\), "),
    "X and y by name": (lambda: jn.fit(F, PARAMS, X=X, y=Y, **SGD), r"one pair, fit\(f, params, \(X, y\), "),
    "a seed": (lambda: fit(seed=0), r"give key=jax.random.key\(0\)"),
    "no optimizer": (lambda: jn.fit(F, PARAMS, (X, Y), epochs=1), r"such as optimizer=optax.sgd\(0.1\)"),
    "an optimizer's name": (lambda: fit(optimizer="adam"), r"such as optax.adam\(0.1\), got 'adam'"),
    "a rate": (lambda: fit(learning_rate=0.1), r"it is the optimizer's, optimizer=optax.sgd\(0.1\)"),
    "no parameters": (lambda: F(X, Y), r"parameters come first, f\(params, X, y\)"),
    "no parameters to predict with": (lambda: NET.predict(X), r"parameters come first, predict\(params, X\)"),
    "mse": (lambda: jn.objective(NET, loss="mse"), "did you mean 'mean_squared_error'"),
    "mae": (lambda: jn.objective(NET, loss="mae"), "nearest is 'huber'"),
    "bce": (lambda: jn.objective(NET, loss="bce"), "did you mean 'binary_cross_entropy'"),
    "crossentropy": (lambda: jn.objective(NET, loss="crossentropy"), "did you mean 'cross_entropy'"),
    "xavier": (lambda: jn.MLP((4, 2), weights="xavier"), "did you mean 'glorot_uniform'"),
    "he": (lambda: jn.MLP((4, 2), weights="he"), "did you mean 'he_uniform'"),
    "kaiming": (lambda: jn.MLP((4, 2), weights="kaiming"), "did you mean 'he_uniform'"),
    "linear": (lambda: jn.MLP((4, 2), output="linear"), "did you mean 'identity'"),
    "softmax inside": (lambda: jn.MLP((4, 8, 2), activation="softmax"), "give output='softmax'"),
    "relu outside": (lambda: jn.MLP((4, 8, 2), output="relu"), "give activation='relu'"),
    "softmax of one": (lambda: jn.MLP((4, 1), output="softmax"), "expected 'sigmoid' for one output, or two"),
    "letters swapped": (lambda: jn.MPL, r"has no attribute 'MPL' \(did you mean 'MLP'\?\)"),
    "another library's name": (lambda: jn.train, "did you mean 'fit'"),
    "a name from inside": (lambda: jn.read_csv, "it is jaxnet.data.read_csv"),
    "a name of optax's": (lambda: jn.adam, "optimizers are optax's: optax.adam"),
    "val_loss": (lambda: fit(validation=(X, Y), stop=jn.Stop("val_loss")), "did you mean 'validation_loss'"),
    "val_loss of nothing": (lambda: fit(stop=jn.Stop("val_loss")), r"give validation=\(X, y\)"),
    "validation_loss of nothing": (lambda: fit(stop=jn.Stop("validation_loss")), r"give validation=\(X, y\)"),
    "lengths": (lambda: fit((X, Y[:10])), "X has 40 examples, y has 10"),
    "text labels": (lambda: fit((X, np.array(["no", "yes"] * 20))), r"y = np.unique\(y, return_inverse=True\)"),
    "text as objects": (lambda: fit((X, np.array(["no", "yes"] * 20, object))), r"np.unique\(y, return_inverse"),
    "text inputs": (lambda: fit((X.astype(str), Y)), r"jn.data.prepare\(table"),
    "a column of labels": (lambda: fit((X, Y[:, None])), r"needs y.ravel\(\)"),
    "labels from 1": (lambda: fit((X, Y + 1)), "y - 1 are labels from 0 to 1"),
    "an address": (lambda: jn.data.read_csv("https://example.org/a.csv"), "download https://example.org/a.csv first"),
}


@pytest.mark.parametrize("name", TOUCHES)
def test_a_wrong_first_call_is_answered_with_the_right_one(name):
    call, words = TOUCHES[name]
    with pytest.raises((TypeError, ValueError, AttributeError, OSError), match=words):
        call()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            b"PK\x03\x04\x14\0\x06\0[Content_Types].xml",
            "got an Excel workbook or another archive: save its sheet as CSV",
        ),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "got an Excel workbook"),
        (b"\n<!DOCTYPE html>\n<html>", "got an HTML page: download the file itself"),
        (b"PAR1\x15\x04", "got a Parquet file"),
    ],
)
def test_a_file_that_is_no_table_of_text_is_called_by_its_name(content, words, tmp_path):
    (tmp_path / "table.csv").write_bytes(content)
    with pytest.raises(jn.data.DataError, match=words):
        jn.data.read_csv(tmp_path / "table.csv")


def test_a_file_for_a_folder(tmp_path):
    (tmp_path / "runs").write_text("")
    with pytest.raises(OSError, match="out: expected a folder, got the file"):
        fit(out=tmp_path / "runs")


def test_shares_that_sum_to_one_leave_no_rest():
    data = jn.data.Dataset(X, Y)
    for shares in ((0.8, 0.2), (0.8,), (32, 8)):
        assert [part.x.tolist() for part in data.split(*shares)] == [part.x.tolist() for part in data.split(0.8)]
    assert list(map(len, data.split(0.5, 0.25, 0.25))) == [20, 10, 10]
    # (0.1 + 0.2 + 0.7 is not 1 in floating point)
    assert list(map(len, data.split(0.1, 0.2, 0.7))) == [4, 8, 28]


def test_the_front_door_lists_the_public_names_only():
    assert dir(jn) == jn.__all__
