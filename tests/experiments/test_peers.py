"""The same training in every library: that it is the same, who can do it, and what is timed."""

import importlib
import importlib.util

import numpy as np
import pytest

LABELS = np.arange(60) % 3
X = np.eye(3)[LABELS] + 0.1 * np.random.default_rng(0).normal(size=(60, 3))


@pytest.fixture(scope="module")
def peers(experiment):
    return experiment


WORKS = {
    "softmax": {"sizes": (3, 8, 3), "y": LABELS, "optimizer": "adam", "rate": 0.05, "batch_size": 10, "epochs": 20},
    "sigmoid": {
        "sizes": (3, 8, 3),
        "y": np.eye(3)[LABELS],
        "output": "sigmoid",
        "activation": "sigmoid",
        "rate": 2.0,
        "batch_size": 10,
        "epochs": 20,
    },
    "identity": {"sizes": (3, 8, 3), "y": np.eye(3)[LABELS], "output": "identity", "optimizer": "lbfgs", "epochs": 40},
    "square": {
        "sizes": (3, 8, 3),
        "y": np.eye(3)[LABELS],
        "output": "identity",
        "activation": "square",
        "optimizer": "adamw",
        "rate": 0.05,
        "epochs": 200,
    },
}


@pytest.mark.parametrize("options", WORKS.values(), ids=WORKS)
def test_every_library_that_says_it_can_learns_what_is_easy(peers, options):
    work = peers.Work(x=X, **options)
    for train in (peers.with_jaxnet, *peers.peers(work).values()):
        np.testing.assert_array_equal(np.argmax(train(work)(X), axis=1), LABELS, err_msg=train.__name__)


CANNOT = {
    "no hidden layer": {"sizes": (3, 3)},
    "an activation of one's own": {"activation": "square"},
    "decoupled decay": {"optimizer": "adamw"},
}


@pytest.mark.parametrize("changes", CANNOT.values(), ids=CANNOT)
def test_scikit_learn_is_not_asked_for_what_it_cannot_do(peers, changes):
    work = peers.Work((3, 8, 3), X, LABELS)
    assert "scikit-learn" in peers.peers(work)
    assert "scikit-learn" not in peers.peers(work._replace(**changes))


def test_a_library_that_is_not_installed_is_left_out(peers, monkeypatch):
    monkeypatch.setattr(peers.importlib.util, "find_spec", lambda name: None)
    assert list(peers.peers(peers.Work((3, 8, 3), X, LABELS))) == ["scikit-learn"]


def test_seconds_are_those_of_an_epoch_of_one_network(peers, monkeypatch):
    clock = iter(range(1000))
    monkeypatch.setattr(peers.time, "perf_counter", lambda: 12 * next(clock))  # every run takes 12 s
    monkeypatch.setattr(peers, "peers", lambda work: {"other": lambda work: None})
    runs = []
    work = peers.Work((3, 8, 3), X, LABELS, epochs=3)
    assert peers.seconds(work, lambda: runs.append(1), models=2) == {"jaxnet": 2, "other": 4}
    assert len(runs) == 1 + peers.TURNS  # once to compile


def test_the_faster_setting_of_threads_is_kept(peers, monkeypatch):
    alone, works = [], []
    monkeypatch.setattr(peers, "alone", lambda train, work: alone.append(work.epochs))
    slow_then_fast = iter([0, 5, 5, 6])  # all threads take 5 s, one takes 1 s
    monkeypatch.setattr(peers.time, "perf_counter", lambda: next(slow_then_fast))
    run = peers.faster(lambda work: works.append(work.epochs), peers.Work((3, 8, 3), X, LABELS, epochs=50))
    run()
    assert (works, alone) == ([5], [5, 50])  # a tenth to try, then the whole


def test_a_trial_of_batches_takes_a_tenth_of_the_examples_but_ten_batches(peers):
    tried = []
    work = peers.Work((3, 8, 3), X, LABELS, batch_size=4, epochs=9)
    peers.faster(lambda work: tried.append((len(work.x), len(work.y), work.epochs)), work)
    assert tried == [(40, 40, 1)] * 2


@pytest.mark.skipif(not importlib.util.find_spec("torch"), reason="PyTorch is in the extra bench")
def test_threads_are_as_they_were_after_one_thread(peers):
    import torch

    before = torch.get_num_threads()
    with peers.one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before
