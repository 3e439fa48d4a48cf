"""scikit-learn's MLPClassifier and MLPRegressor, and more than they can; needs the extra ``sklearn``.

Read settings, labels, drawing, rules, losses (what scikit-learn does, exactly); padding, problem, descent,
quasi_newton (the solvers); judging, recording, stochastic (what an estimator makes of them); prediction, base,
classifier, regressor; population and search.
"""

try:
    import sklearn  # noqa: F401
except ImportError as missing:
    raise ImportError("jaxnet.estimators needs scikit-learn: pip install 'jaxnet[sklearn]'") from missing

from jaxnet.estimators.classifier import MLPClassifier
from jaxnet.estimators.regressor import MLPRegressor
from jaxnet.estimators.search import PopulationSearchCV

__all__ = ["MLPClassifier", "MLPRegressor", "PopulationSearchCV"]
