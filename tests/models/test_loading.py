"""``jn.load`` says what it looked for where there is no model."""

import numpy as np
import pytest

import jaxnet as jn
from jaxnet.storage import CheckpointError


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no such file or folder, expected what Model.save, fit"),
        ((), r"no model here, expected a model\.safetensors that Model\.save wrote or the run\.safetensors of fit"),
        (("members.sqlite",), r"a sweep that has not come to its end.*result\.model\(member\)"),
    ],
)
def test_what_is_no_model_is_refused_by_name(content, words, tmp_path):
    place = tmp_path / "place"
    for name in content or ():
        place.mkdir(exist_ok=True)
        (place / name).write_text("")
    if content == ():
        place.mkdir()
    with pytest.raises(CheckpointError, match=f"place: {words}"):
        jn.load(place)


def test_a_sweep_s_folder_has_its_best_member(tmp_path):
    random = np.random.default_rng(0)
    X = random.normal(size=(40, 2))
    y = (X[:, 0] > 0).astype(int)
    space = jn.Space(learning_rate=jn.Choice(1e-6, 0.5), hidden=3, seed=jn.Seeds(2))
    plan = jn.plan(
        space, (X, y), method="grid", epochs=5, output="softmax", activation="tanh", metric="loss", goal="min"
    )
    result = jn.sweep(plan, out=tmp_path)
    best = result.best_model()
    losses = result.curves("loss")[:, -1]
    assert best.scores["loss"] == pytest.approx(losses.min())
    assert best.predict(X).tolist() == result.model(int(losses.argmin())).predict(X).tolist()
    assert jn.load(tmp_path).outputs(X).tolist() == best.outputs(X).tolist()
    both = result.best_model(ensemble=True)
    assert len(both.members) == 2
    assert both.scores["loss"] == pytest.approx(losses[result.columns()["learning_rate"] == 0.5].mean())
    with pytest.raises(ValueError, match="member: expected an integer from 0 to 3"):
        result.model(4)
