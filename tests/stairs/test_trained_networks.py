import dataclasses

import numpy as np
import pytest

from jaxnet.stairs import load, worked_example
from jaxnet.stairs.trained_networks import ARTICLE, BEST, LADDER, RunSettings, trained_network, untrained

SHORT = RunSettings(hidden=2, step=0.5, epochs=3)


def test_the_ladder_climbs_from_the_article_s_run_to_the_best():
    settings = list(LADDER.values())
    assert settings[0] == ARTICLE == RunSettings(2, 0.1, 1500, scaled=False, published=True)
    assert settings[-1] == BEST == RunSettings(8, 1.0, 10_000, momentum=0.9)


def test_a_recipe_starts_from_the_published_weights_or_from_u_minus_one_to_one():
    np.testing.assert_array_equal(untrained(ARTICLE)[1][0]["w"], worked_example()[1][0]["w"])
    net, params = untrained(BEST)
    assert net.sizes == (4, 8, 2)
    weights = np.concatenate([np.ravel(layer[leaf]) for layer in params for leaf in layer])
    assert 0.5 < np.abs(weights).max() < 1


def test_a_trained_network_keeps_train_and_test_curves_and_its_accuracy():
    result = trained_network(SHORT)
    assert {name: len(values) for name, values in result.history.items()} == dict.fromkeys(
        ("loss", "accuracy", "validation_loss", "validation_accuracy"), 3
    )
    train, test = load()
    said = [np.mean((result.answers(part.x) > 0.5) == part.y) for part in (train, test)]
    assert result.accuracy == pytest.approx(tuple(said))


def test_a_recipe_is_trained_once():
    assert trained_network(SHORT) is trained_network(dataclasses.replace(SHORT))
