"""How many threads train a population."""

import pytest

from jaxnet.estimators.population import threads_of


@pytest.mark.parametrize(("jobs", "threads"), [(None, 4), (-1, 4), (-2, 3), (-9, 1), (1, 1), (7, 7)])
def test_threads_are_counted_as_joblib_counts_jobs_but_are_all_cores_by_default(jobs, threads, monkeypatch):
    monkeypatch.setattr("jaxnet.estimators.population.cores", lambda: 4)
    assert threads_of(jobs) == threads


def test_no_threads_are_refused():
    with pytest.raises(ValueError, match="n_jobs: expected a number of threads, -1 for all cores, or None, got 0"):
        threads_of(0)
