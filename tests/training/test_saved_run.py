"""A run is read back from its folder without its data and functions, and goes on from there to the same bits."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxnet as jn
from jaxnet.storage import CheckpointError

X = np.random.default_rng(0).normal(size=(12, 3))
PARAMS = {"layers": [{"w": jnp.ones((3, 2)), "it's": jnp.zeros(2)}, {"w": jnp.ones((2, 1))}], "scale": jnp.ones(())}


def loss(params, x, y):
    first, last = params["layers"]
    return (
        jnp.mean((params["scale"] * (jnp.tanh(x @ first["w"]) @ last["w"])[:, 0] - y) ** 2) + first["it's"].sum() ** 2
    )


def fit(epochs, params=PARAMS, **options):
    return jn.fit(loss, params, (X, X[:, 0]), optimizer=optax.adam(0.01), epochs=epochs, **options)


@pytest.fixture(scope="module")
def run():
    return fit(3)


def same(a, b):
    return jax.tree.all(jax.tree.map(lambda x, y: np.array_equal(x, y), a, b))


def test_a_saved_run_comes_back_whole_and_goes_on_to_the_same_bits(run, tmp_path):
    jn.save(tmp_path / "a", run)
    back = jn.load_run(tmp_path / "a")
    assert same(back.params, run.params)
    assert same(dict(back.history), dict(run.history))
    assert (back.outcome, back.epoch, back.best_epoch, str(back)) == (run.outcome, run.epoch, run.best_epoch, str(run))
    on = fit(2, back.params, optimizer_state=back.optimizer_state)
    assert same(on.params, fit(2, run.params, optimizer_state=run.optimizer_state).params)
    with pytest.raises(ValueError, match="optimizer_state: expected run"):
        jn.fit(loss, PARAMS, (X, X[:, 0]), optimizer=optax.sgd(0.1), epochs=1, optimizer_state=back.optimizer_state)


def test_an_optimizer_that_draws_goes_on_with_its_key(tmp_path):
    noisy = {"optimizer": optax.chain(optax.add_noise(0.1, 0.5, 0), optax.sgd(0.01))}
    train = lambda epochs, params=PARAMS, **options: jn.fit(
        loss, params, (X, X[:, 0]), epochs=epochs, **noisy, **options
    )
    whole = train(4)
    train(2, out=tmp_path)
    half = jn.load_run(tmp_path)
    on = train(2, half.params, optimizer_state=half.optimizer_state)  # the key is among the state that is read
    assert same(on.params, whole.params)
    assert same(train(4, out=tmp_path).params, whole.params)


def test_the_folder_of_fit_is_read_without_its_data(run, tmp_path):
    fit(3, out=tmp_path)
    back = jn.load_run(tmp_path)
    assert same(back.params, run.params)
    assert same(dict(back.history), dict(run.history))
    with pytest.raises(CheckpointError, match=r"objective or network of one's own, .*: jn.load_run reads"):
        jn.load(tmp_path)


def test_a_run_of_a_described_network_is_a_model_too_with_its_best_parameters(tmp_path):
    net = jn.MLP((3, 1))
    params, stop = net.init(jax.random.key(0), jnp.float64), jn.Stop("validation_loss", 50)
    run = jn.fit(
        jn.objective(net), params, (X, X[:, 0]), optimizer=optax.sgd(5.0), epochs=3, validation=(X, X[:, 0]), stop=stop
    )
    jn.save(tmp_path, run)
    assert same(jn.load(tmp_path).params[0], run.params)
    back = jn.load_run(tmp_path)
    assert (back.params_epoch, back.best_epoch) == (run.params_epoch, run.best_epoch)
    with pytest.raises(ValueError, match=r"got a run that jn.save wrote: jn.load_run reads it"):
        jn.fit(jn.objective(net), params, (X, X[:, 0]), optimizer=optax.sgd(5.0), epochs=3, out=tmp_path)


def test_the_older_generation_is_read_where_the_newest_is_damaged(run, tmp_path):
    jn.save(tmp_path, run)
    jn.save(tmp_path, run)
    file = tmp_path / "run.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.warns(RuntimeWarning, match="what was saved before it is taken instead"):
        assert same(jn.load_run(tmp_path).params, run.params)
    (tmp_path / "run.previous.safetensors").unlink()
    with pytest.raises(CheckpointError, match=f"{file}: its checksum does not match"):
        jn.load_run(tmp_path)


def test_what_is_no_run_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match=r"run.safetensors: cannot be read \(No such file"):
        jn.load_run(tmp_path)
    with pytest.raises(TypeError, match="what: expected a run of jn"):
        jn.save(tmp_path, 3)
    with pytest.raises(TypeError, match=r"path: expected the path of a folder, as in save\(path, run\)"):
        jn.save(3, tmp_path)
