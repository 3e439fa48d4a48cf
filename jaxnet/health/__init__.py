"""Why does my network not learn? What is sick, the evidence, an experiment that proves it, and what to change.

Read yardsticks, subject, layer_looks, row_looks; trials, experiment_rows, lane_gains, recipe_variations,
sound_training; chart, attribution, rate_questions, capacity, target_columns, fit_and_data, first_nan, then examination.
"""

from jaxnet.health.diagnosis_report import Diagnosis, Finding
from jaxnet.health.examination import diagnose
from jaxnet.health.sicknesses import SICKNESSES

__all__ = ["SICKNESSES", "Diagnosis", "Finding", "diagnose"]
