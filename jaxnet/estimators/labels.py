"""Labels and their one-hot targets: scikit-learn's binarizer, without its second look at labels already checked."""

from typing import Any

import numpy as np
from sklearn.preprocessing import LabelBinarizer


def targets_of(labels: LabelBinarizer, y: Any) -> np.ndarray | None:
    """Return the one-hot targets of labels [N] as booleans [N, K], or [N, 1] for two classes.

    None where there is a label that ``labels`` has not met, or where a row has several: then the binarizer has to
    look for itself.
    """
    if y.ndim != 1 or labels.y_type_.startswith("multilabel") or y.dtype.kind != labels.classes_.dtype.kind:
        return None
    classes = labels.classes_
    index = np.minimum(np.searchsorted(classes, y), len(classes) - 1)
    if not np.array_equal(classes[index], y):
        return None
    if len(classes) <= 2:
        return np.expand_dims(index == 1, 1)
    return np.expand_dims(index, 1) == np.arange(len(classes))


def labels_of(labels: LabelBinarizer, outputs: np.ndarray) -> np.ndarray:
    """Return the most likely class of each row of outputs [N, K], or what the binarizer makes of [N] or labels."""
    if labels.y_type_ == "multiclass":
        return labels.classes_[outputs.argmax(axis=1)]
    return labels.inverse_transform(outputs)
