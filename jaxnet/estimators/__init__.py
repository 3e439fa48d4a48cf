"""scikit-learn's MLPClassifier and MLPRegressor, and more than they can; needs the extra ``sklearn``.

Read drawing, rules, example_losses (what scikit-learn does, exactly); network_estimator (parameters and weights);
descent_plan, plain_arrays, early_stopping, stochastic, quasi_newton (the solvers); base, classifier, regressor;
population, candidates, search_ensemble, search_course and population_search; calibration, ensemble and
ensemble_estimator; table_transformer, tabular_network and tabular_estimators; sick_training.
"""

try:
    from sklearn.utils.validation import validate_data  # noqa: F401  # there from 1.6 on
except ImportError as missing:
    raise ImportError("jaxnet.estimators needs scikit-learn 1.6 or later: pip install 'jaxnet[sklearn]'") from missing

from jaxnet.estimators.classifier import MLPClassifier
from jaxnet.estimators.population_search import (
    PopulationGridSearchCV,
    PopulationHalvingGridSearchCV,
    PopulationHalvingRandomSearchCV,
    PopulationSearchCV,
)
from jaxnet.estimators.regressor import MLPRegressor
from jaxnet.estimators.sick_training import SickTrainingWarning
from jaxnet.estimators.table_transformer import TableTransformer
from jaxnet.estimators.tabular_estimators import TabularClassifier, TabularRegressor

__all__ = [
    "MLPClassifier",
    "MLPRegressor",
    "PopulationGridSearchCV",
    "PopulationHalvingGridSearchCV",
    "PopulationHalvingRandomSearchCV",
    "PopulationSearchCV",
    "SickTrainingWarning",
    "TableTransformer",
    "TabularClassifier",
    "TabularRegressor",
]
