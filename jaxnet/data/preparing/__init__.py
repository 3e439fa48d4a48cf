"""From a raw table to numbers and back: what each column is, how it is coded, and what the target is.

Read cell_reading, column_kinds, then column_codes and date_codes, column_fitting, target_codes, prepared_column,
records, table_preparation, feature_taming and tamed_numbers, and prepare, which fits it all on the training rows.
"""

from jaxnet.data.preparing.prepare import prepare
from jaxnet.data.preparing.prepared_column import PreparedColumn
from jaxnet.data.preparing.table_preparation import BadRow, Preparation
from jaxnet.data.preparing.tamed_numbers import piecewise_linear, quantile_edges, smooth_clip

__all__ = ["BadRow", "Preparation", "PreparedColumn", "piecewise_linear", "prepare", "quantile_edges", "smooth_clip"]
