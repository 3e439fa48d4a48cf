"""``jaxnet doctor``: what is here, whether it works, and what to do where it does not."""

import json
from importlib.metadata import version

import jax
import pytest

from jaxnet import environment
from jaxnet.cli import main


def test_it_prints_a_line_for_each_thing_and_ends_well(capsys):
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line[:2] for line in lines] == ["ok"] * 7
    assert f"jax {version('jax')}" in lines[0]
    assert f"{len(jax.local_devices())} x {jax.local_devices()[0].device_kind}" in lines[1]


def test_as_json_every_examination_says_whether_it_is_as_it_should_be(capsys):
    assert main(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {each["what"] for each in found} >= {"devices", "accelerator", "precision", "a small training"}
    assert all(each["ok"] is True for each in found)


@pytest.mark.parametrize(("precision", "said"), [(None, "highest"), ("default", "default")])
def test_it_says_how_exactly_products_are_computed(precision, said):
    with jax.default_matmul_precision(precision):
        assert f"products of matrices: {said};" in environment._precision().found


def test_an_accelerator_that_is_not_used_is_a_no_with_what_to_do(monkeypatch, capsys):
    monkeypatch.setattr(environment.os.path, "exists", lambda path: path == "/dev/nvidiactl")
    found = environment._accelerator()
    assert not found.ok
    assert "jaxnet[cuda12]" in found.advice
    monkeypatch.setattr(environment, "examine_environment", lambda: [found])
    assert main(["doctor"]) == 1
    assert capsys.readouterr().out.startswith("NO  accelerator")


def test_a_training_that_ends_elsewhere_than_on_the_cpu_is_a_no(monkeypatch):
    runs = iter([0.01, 0.5])  # as if the device computed something else
    real = environment.fit
    monkeypatch.setattr(
        environment, "fit", lambda *a, **k: real(*a, **{**k, "optimizer": environment.optax.sgd(next(runs))})
    )
    found = environment._training()
    assert not found.ok
    assert "report this" in found.advice
