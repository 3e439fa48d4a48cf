"""scikit-learn's MLPClassifier and MLPRegressor, and more than they can; needs the extra ``sklearn``.

Read settings, labels, drawing, rules, losses (what scikit-learn does, exactly); problem, descent,
quasi_newton (the solvers); judging, recording, stochastic (what an estimator makes of them); prediction, base,
classifier, regressor; population and search.
"""

try:
    from sklearn.utils.validation import validate_data  # noqa: F401  # there from 1.6 on
except ImportError as missing:
    raise ImportError("jaxnet.estimators needs scikit-learn 1.6 or later: pip install 'jaxnet[sklearn]'") from missing

from jaxnet.estimators.classifier import MLPClassifier
from jaxnet.estimators.regressor import MLPRegressor
from jaxnet.estimators.search import PopulationSearchCV

__all__ = ["MLPClassifier", "MLPRegressor", "PopulationSearchCV"]
