"""A table of one's own becomes a model that predicts: rows held out, a small population, the best of it, its worth.

Read holding_out, table_scores, small_population, column_importance, table_training, table_report, row_predictions.
"""

from jaxnet.tabular.row_predictions import RowPredictions, predict_rows
from jaxnet.tabular.table_report import TableReport, read_report
from jaxnet.tabular.table_training import train_table

__all__ = ["RowPredictions", "TableReport", "predict_rows", "read_report", "train_table"]
