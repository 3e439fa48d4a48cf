"""Plain networks on MNIST, where it was fetched."""

import pytest

import jaxnet as jn


@pytest.fixture(scope="module")
def found(run_experiment):
    try:
        jn.data.catalogue("mnist")
    except FileNotFoundError:
        pytest.skip("scripts/get_data mnist was not run")
    return run_experiment("mnist")[0]


def test_no_claim_fails(found):
    assert [each["what"] for each in found["claims"] if not each["holds"]] == []


def test_a_hidden_layer_is_better_than_none_already_after_two_epochs(found):
    errors = found["results"]["error"]
    assert max(errors["300"]) < min(errors["linear"]) - 2


def test_every_configuration_is_counted(found):
    assert (found["configurations"], found["runs"]) == (2, 3)
    assert set(found["results"]["seconds"]) == {"linear", "300"}
