"""The models that are fitted to the tables, each with the preparation that its users give it."""

import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from jaxnet.estimators import TabularClassifier, TabularRegressor

OURS, PLAIN, LINEAR, BOOSTED, THEIRS = (
    "jaxnet Tabular",
    "scikit-learn MLP",
    "linear",
    "LightGBM",
    "pytabkit RealMLP-TD-S",
)
ONE, BAGS = "jaxnet Tabular, one network", "jaxnet Tabular, 8 bags"
Model = Callable[[bool, int], Any]  # (classes, seed) -> an estimator that takes a frame


def standardised(model: Any, classes: bool) -> Any:
    """Return a pipeline that standardises numbers, the target's too, and gives each category a column."""
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    texts = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    kinds = [("numbers", numbers, make_column_selector(dtype_include="number"))]
    kinds.append(("texts", texts, make_column_selector(dtype_exclude="number")))
    model = model if classes else TransformedTargetRegressor(model, transformer=StandardScaler())
    return make_pipeline(ColumnTransformer(kinds), model)


def plain(classes: bool, seed: int) -> Any:
    """scikit-learn's MLP with its defaults: 100 hidden units, 200 epochs at most."""
    return standardised((MLPClassifier if classes else MLPRegressor)(random_state=seed), classes)


def linear(classes: bool, seed: int) -> Any:
    """Logistic regression; or least squares with a penalty that keeps a category of one row from exploding."""
    return standardised(LogisticRegression(max_iter=1000) if classes else Ridge(1.0), classes)


class Boosted:
    """LightGBM with its defaults; texts are categories to it."""

    def __init__(self, classes: bool, seed: int) -> None:
        import lightgbm

        kind = lightgbm.LGBMClassifier if classes else lightgbm.LGBMRegressor
        self.model = kind(random_state=seed, n_jobs=1, verbose=-1)

    def fit(self, x: pd.DataFrame, y: np.ndarray) -> "Boosted":
        """Fit; names that LightGBM refuses are replaced by numbers."""
        self.levels = {name: x[name].dropna().unique() for name in x.columns if x[name].dtype.kind not in "iufb"}
        self.model.fit(self._categories(x), y)
        return self

    def predict(self, x: pd.DataFrame) -> np.ndarray:
        """Predict."""
        return self.model.predict(self._categories(x))

    def _categories(self, x: pd.DataFrame) -> pd.DataFrame:
        frame = x.assign(**{name: pd.Categorical(x[name], levels) for name, levels in self.levels.items()})
        return frame.set_axis([f"x{at}" for at in range(frame.shape[1])], axis=1)


class RealMLP:
    """RealMLP-TD-S by its authors, on the CPU; gaps are filled, for it takes none among numbers."""

    def __init__(self, classes: bool, seed: int) -> None:
        from pytabkit import RealMLP_TD_S_Classifier, RealMLP_TD_S_Regressor

        kind = RealMLP_TD_S_Classifier if classes else RealMLP_TD_S_Regressor
        self.model = kind(device="cpu", random_state=seed, n_threads=1, verbosity=0)

    def fit(self, x: pd.DataFrame, y: np.ndarray) -> "RealMLP":
        """Fit to numbers with their mean in the gaps, and to texts as categories."""
        self.means = x.mean(numeric_only=True)
        self.model.fit(self._filled(x), y)
        return self

    def predict(self, x: pd.DataFrame) -> np.ndarray:
        """Predict."""
        return np.asarray(self.model.predict(self._filled(x))).reshape(-1)

    def _filled(self, x: pd.DataFrame) -> pd.DataFrame:
        numbers = x.assign(**{name: x[name].fillna(mean).astype(float) for name, mean in self.means.items()})
        texts = {name: x[name].fillna("NA").astype("category") for name in x.columns if name not in self.means}
        return numbers.assign(**texts)


def ours(**options: Any) -> Model:
    """jaxnet's preset, with its defaults but for ``options``."""

    def model(classes: bool, seed: int) -> Any:
        chosen = {name: value for name, value in options.items() if classes or name != "label_smoothing"}
        return (TabularClassifier if classes else TabularRegressor)(random_state=seed, **chosen)

    return model


RIVALS: dict[str, Model] = {OURS: ours(), PLAIN: plain, LINEAR: linear, BOOSTED: Boosted, THEIRS: RealMLP}
BAGGED: dict[str, Model] = {ONE: ours(folds=None), BAGS: ours(folds=8)}
# what is left out of the recipe of one network, one by one
LEFT_OUT: dict[str, Model] = {
    "Adam's beta2 of .95, for .999": ours(folds=None, beta_2=0.999),
    "the schedule, for a constant rate": ours(folds=None, schedule="constant"),
    "NTK, for standard layers": ours(folds=None, parametrization="standard"),
    "smooth clipping": ours(folds=None, clip=None),
    "the scaling layer": ours(folds=None, front_scale=False),
    "slow biases": ours(folds=None, bias_rate=1.0),
    "label smoothing": ours(folds=None, label_smoothing=0.0),
    "plain inputs, for piecewise-linear ones": ours(folds=None, embedding="piecewise_linear"),
}
NEEDS = {BOOSTED: "lightgbm", THEIRS: "pytabkit"}


def installed(models: dict[str, Model]) -> dict[str, Model]:
    """Return the models whose package is there."""
    there = lambda name: name not in NEEDS or importlib.util.find_spec(NEEDS[name]) is not None
    return {name: model for name, model in models.items() if there(name)}
