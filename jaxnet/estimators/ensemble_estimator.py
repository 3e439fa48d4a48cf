"""What an estimator of several networks, or of calibrated answers, adds to one of a single network."""

from abc import abstractmethod
from typing import Any, Self

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils.validation import check_is_fitted

from jaxnet import checks
from jaxnet.estimators import ensemble
from jaxnet.estimators.calibration import best_temperature
from jaxnet.estimators.network_estimator import MatrixLike, NetworkEstimator
from jaxnet.estimators.plain_arrays import in_numpy_arrays
from jaxnet.types import ArrayLike

_FITTED = ("members_", "oof_prediction_", "temperature_", "conformal_scores_")


class EnsembleEstimator(NetworkEstimator):
    """An estimator that may have several members, and may be calibrated on rows that it was not trained on."""

    n_members: int
    bootstrap: bool
    folds: int | None
    calibration: str | None

    members_: list[Any]  # fitted estimators of one network each
    oof_prediction_: np.ndarray  # of members that left a row out: predict_proba [N, K], or predict [N] or [N, K]
    temperature_: float
    conformal_scores_: np.ndarray  # [n, K], how far held-out targets are from their predictions

    @abstractmethod
    def _answers(self, outputs: np.ndarray) -> np.ndarray:
        """Return outputs [N, K] in the form in which users see them."""

    @abstractmethod
    def _logits(self, outputs: np.ndarray) -> np.ndarray:
        """Return the logits whose predictions the outputs [N, K] are, up to a constant a row."""

    def _forget(self) -> bool:
        """Forget what an earlier fit had beyond one network; return whether this one is to have more."""
        for name in _FITTED:
            self.__dict__.pop(name, None)
        return ensemble.check_ensemble(self) or self.calibration is not None

    def _fit_more(self, data: tuple[Any, Any, Any], validation: tuple[Any, Any]) -> Self:
        """Fit the members, or one network, to (X, y, sample_weight), and calibrate them."""
        several, leaves_out = ensemble.check_ensemble(self), self.bootstrap or self.folds is not None
        held = None
        if self.calibration is not None and is_classifier(self):
            self._check_probabilities()
        if self.calibration is not None and not leaves_out:
            data, held = (data, validation) if validation[0] is not None else ensemble.hold_out_rows(self, data)
        if not several:
            self._fit(*data, validation=validation)
        else:
            for name in ("coefs_", "intercepts_"):  # those of an earlier fit of one network
                self.__dict__.pop(name, None)
            trained = ensemble.train_members(self, data, validation)
            self.__dict__.update(trained.learned)
            self.members_ = trained.members
            self.n_iter_ = max(member.n_iter_ for member in trained.members)
            self.loss_ = float(np.mean([member.loss_ for member in trained.members]))
            if trained.left_out is not None and trained.targets is not None:
                self.oof_prediction_ = self._answers(trained.left_out)
                known = np.isfinite(trained.left_out).all(axis=1)
                self._calibrate(trained.left_out[known], trained.targets[known])
        if held is not None:
            self.calibrate(*held)
        return self

    @in_numpy_arrays
    def calibrate(self, X: MatrixLike, y: ArrayLike) -> Self:
        """Calibrate on rows X [n, D], y [n] that the estimator was not trained on, in place of earlier ones.

        A classifier gets the temperature by which its logits are divided, so that its probabilities fit these rows; a
        regressor how far its predictions are off, for ``predict_interval``. Returns the estimator. Raises
        NotFittedError before ``fit`` and ValueError for rows that do not fit.
        """
        check_is_fitted(self)
        self.__dict__.pop("temperature_", None)  # which would be one of calibrated logits
        _, outputs = self._last_layer(X)
        self._calibrate(outputs, self._held_targets(y, len(outputs)), always=True)
        return self

    def _calibrate(self, outputs: np.ndarray, targets: np.ndarray, *, always: bool = False) -> None:
        """Learn from outputs and targets [n, K] of rows that were held out."""
        if not is_classifier(self):
            self.conformal_scores_ = np.abs(targets - outputs)
        elif always or self.calibration is not None:
            self._check_probabilities()
            self.temperature_ = best_temperature(self._logits(outputs), targets.astype(float))

    def _check_probabilities(self) -> None:
        expected = "loss='log_loss', whose outputs are probabilities"
        checks.require(self.loss == "log_loss", "calibration", expected, self.loss)

    def _averaged(self, X: Any) -> np.ndarray:
        """Return the members' mean output for checked X, [N, K]."""
        return ensemble.mean_outputs(self.members_, X)
