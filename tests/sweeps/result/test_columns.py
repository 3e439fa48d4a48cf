"""Tables print what they have to say."""

import numpy as np

from jaxnet.sweeps.result.columns import Columns


def test_what_one_seed_cannot_say_is_not_printed() -> None:
    table = Columns({"rate": np.array([0.1, 0.2]), "mean": np.array([1.0, np.nan]), "low": np.full(2, np.nan)})
    assert str(table).splitlines() == ["rate  mean", " 0.1     1", " 0.2   nan"]
    assert list(table) == ["rate", "mean", "low"]
