"""JAX's random numbers in NumPy are JAX's, to the bit; where they would not be, JAX draws them."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxnet.network import MLP, initializer
from jaxnet.network.threefry import fold_in, split, typed_key, unit_interval, words_of_seed, words_or_key

SEEDS = [0, 1, 12345, 2**31, 2**32 - 1]
NAMED = ["glorot_uniform", "he_uniform", "lecun_uniform", "zeros", "ones", "uniform(-0.5, 0.5)", "uniform(1, 3)"]
LEFT_TO_JAX = ["uniform", "uniform(-0.3, 0.8)", "normal", "normal(0.5)", "glorot_normal", "he_normal", "lecun_normal"]


def words(key):
    return np.asarray(jax.random.key_data(key))


def test_published_values_of_the_hash():
    """Random123's known answers for threefry2x32 with 20 rounds, count and key all zeros; the hash of a key (0, 0)."""
    high, low = split(np.zeros(2, np.uint32), 1)[0]
    assert (hex(high), hex(low)) == ("0x6b200159", "0x99ba4efe")


@pytest.mark.parametrize("seed", SEEDS)
def test_keys_are_made_split_and_folded_in_as_jax_does(seed):
    key = jax.random.key(seed)
    assert words(key).tolist() == words_of_seed(seed).tolist() == words_or_key(key).tolist()
    for count in (1, 2, 3, 17):
        np.testing.assert_array_equal(split(words_or_key(key), count), words(jax.random.split(key, count)))
    for data in SEEDS:
        np.testing.assert_array_equal(fold_in(words_or_key(key), data), words(jax.random.fold_in(key, data)))
    np.testing.assert_array_equal(words(typed_key(words_or_key(key))), words(key))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (1,), (2,), (3, 5), (257, 33)])
def test_uniform_numbers_are_jax_s(key, shape, dtype):
    np.testing.assert_array_equal(unit_interval(words_or_key(key), shape, dtype), jax.random.uniform(key, shape, dtype))


def drawn_by_jax(net, key, dtype=jnp.float32):
    """What JAX's own initialisers draw from JAX's own keys."""
    layers = []
    for each, shape in zip(jax.random.split(key, len(net.sizes) - 1), itertools.pairwise(net.sizes), strict=True):
        key_w, key_b = jax.random.split(each)
        w, b = initializer("weights", net.weights), initializer("biases", net.biases)
        layers.append({"w": w(key_w, shape, dtype), "b": b(key_b, shape[1:], dtype)})
    return layers


def assert_same(drawn, expected):
    for leaf, other in zip(jax.tree.leaves(drawn), jax.tree.leaves(expected), strict=True):
        assert isinstance(leaf, jax.Array)
        assert leaf.dtype == other.dtype
        assert not leaf.weak_type
        np.testing.assert_array_equal(leaf, other)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
@pytest.mark.parametrize("name", NAMED)
def test_every_initialiser_draws_what_jax_draws(key, name, dtype):
    net = MLP((7, 33, 5), weights=name, biases=name if "form(" in name else "ones")
    assert_same(net.init(key, dtype), drawn_by_jax(net, key, dtype))


@pytest.mark.parametrize("name", LEFT_TO_JAX)
def test_what_numpy_cannot_draw_to_the_bit_is_left_to_jax(key, name):
    net = MLP((3, 2), weights=name)
    assert_same(net.init(key), drawn_by_jax(net, key))


def test_inside_a_transformation_jax_draws_the_same(key):
    net = MLP((3, 2), weights="he_uniform")
    assert_same(jax.jit(net.init)(key), net.init(key))


@pytest.mark.parametrize("name", NAMED)
def test_what_is_drawn_in_numpy_compiles_nothing(name, caplog):
    net = MLP((11, 13, 3), weights=name)
    key = jax.random.key(3)
    with jax.log_compiles():
        net.init(key)
    assert "Compiling" not in caplog.text


def test_an_old_key_draws_what_a_typed_one_draws():
    net = MLP((3, 2))
    old, typed = net.init(jax.random.PRNGKey(4)), net.init(jax.random.key(4))
    np.testing.assert_array_equal(old[0]["w"], typed[0]["w"])


@pytest.mark.parametrize("implementation", ["rbg", "unsafe_rbg"])
def test_keys_of_another_kind_are_left_to_jax(implementation):
    net, key = MLP((3, 2)), jax.random.key(0, impl=implementation)
    assert words_or_key(key) is key
    np.testing.assert_array_equal(net.init(key)[0]["w"], drawn_by_jax(net, key)[0]["w"])


def test_another_way_to_count_is_left_to_jax(key):
    net, usual = MLP((3, 2)), MLP((3, 2)).init(key)[0]["w"]
    with jax.threefry_partitionable(False):
        assert words_or_key(key) is key
        other = net.init(key)[0]["w"]
        np.testing.assert_array_equal(other, drawn_by_jax(net, key)[0]["w"])
    assert not np.array_equal(other, usual)


def test_seeds_beyond_32_bits_and_other_defaults_are_left_to_jax():
    np.testing.assert_array_equal(words(words_of_seed(2**40 + 1)), words(jax.random.key(2**40 + 1)))
    with jax.default_prng_impl("rbg"):
        assert words(words_of_seed(1)).shape == (4,)


def test_many_keys_under_vmap_draw_what_each_draws_alone():
    net = MLP((3, 2), weights="he_uniform")
    keys = jax.random.split(jax.random.key(0), 3)
    together = jax.vmap(net.init)(keys)[0]["w"]
    np.testing.assert_array_equal(together, jnp.stack([net.init(key)[0]["w"] for key in keys]))


@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float16])
def test_short_floats_are_left_to_jax(key, dtype):
    net = MLP((3, 2), weights="he_uniform")
    assert_same(net.init(key, dtype), drawn_by_jax(net, key, dtype))


def test_without_x64_float64_becomes_float32_as_everywhere_in_jax(key):
    with jax.enable_x64(False), pytest.warns(UserWarning, match="float64"):
        drawn = MLP((3, 2), weights="he_normal").init(key, np.float64)
    assert drawn[0]["w"].dtype == np.float32
