"""The kinds of mistake that a diagnosis can name, in the order of the backward pass: name -> what happened."""

from collections.abc import Mapping
from types import MappingProxyType

KINDS: Mapping[str, str] = MappingProxyType(
    {
        # how the examples of a batch are combined
        "sign": "the gradient points uphill where it should point downhill",
        "summed_over_batch": "summed over the examples where the loss averages",
        "averaged_twice": "divided by the number of examples twice",
        "factor": "a constant factor; the sentence says which familiar numbers it equals",
        "examples_dropped": "some examples do not count, or count more than once",
        "one_example": "only one example counts",
        "labels_shifted": "inputs are paired with the targets of other examples",
        # the output stage
        "output_derivative_missing": "the derivative of the output function is left out",
        "output_derivative_extra": "the derivative of the output function is applied where the loss has cancelled it",
        "output_derivative_twice": "the derivative of the output function is applied twice",
        "output_derivative_at_activation": "the derivative of the output function is taken at the output, not its sum",
        "softmax_jacobian_missing": "the loss's derivative at the probabilities is not passed through the softmax",
        "softmax_jacobian_diagonal": "only the diagonal of the softmax Jacobian is used",
        "softmax_axis": "the softmax normalises over the wrong axis",
        "softmax_unnormalised": "the exponentials are not divided by their sum",
        "output_function_missing": "the logits stand where the predictions should",
        "another_output_function": "the predictions come from another output function",
        "hard_predictions": "predictions are rounded to the decided class",
        "target_missing": "the target does not enter",
        "prediction_missing": "the prediction does not enter",
        "loss_term_missing": "one of the two terms of the binary cross-entropy is left out",
        "classes_shifted": "the columns of the targets are off by one",
        "another_loss": "the derivative of another loss",
        # down through a hidden layer
        "weights_not_transposed": "delta goes down through W, not its transpose",
        "weights_reshaped": "the transpose of W was made by a reshape",
        "weights_missing": "delta goes down without passing the weights",
        "weights_of_another_layer": "delta goes down through the weights of another layer",
        "weights_updated": "delta goes down through weights that the step has already changed",
        "slope_missing": "the derivative of the activation is left out",
        "slope_twice": "the derivative of the activation is applied twice",
        "slope_at_activation": "the derivative is evaluated at the activation a where its formula wants z",
        "slope_formula_at_z": "a formula meant for the activation a is given the weighted sum z",
        "slope_of_another_function": "the derivative of another activation function",
        "slope_of_another_layer": "the derivative at another layer's values",
        "slope_incomplete": "only a part of the derivative's formula is there",
        "slope_mask": "the units are masked by the wrong quantity",
        # the gradients of one layer
        "wrong_input": "another array stands for the layer's inputs in the outer product",
        "wrong_delta": "another array stands for the layer's delta",
        "bias_one_example": "the bias gradient takes one example instead of the sum",
        "bias_wrong_axis": "the bias gradient is summed over the wrong axis, or over everything",
        "bias_times_parameter": "the bias gradient is multiplied by the bias",
        "bias_from_weights": "the bias gradient is summed from the weight gradient",
        # the penalty
        "penalty_missing": "the penalty's gradient is left out",
        "penalty_factor": "the penalty's gradient has the wrong factor",
        "penalty_extra": "a penalty is there that the loss does not have",
        "penalty_on_biases": "biases are penalised",
        "penalty_norm": "the gradient of another norm of the weights, such as sign(W)",
        "data_factor": "a constant factor on the data term alone; the penalty is right",
        # where the numbers are put
        "transposed": "the leaf is transposed",
        "transposed_by_reshape": "a transpose was forced into shape by a reshape",
        "fortran_order": "the entries are laid out column by column",
        "rows_permuted": "the rows stand in another order",
        "columns_permuted": "the columns stand in another order",
        "leaves_swapped": "two leaves are exchanged",
        "layers_reversed": "the layers are listed from the output to the input",
        "wrong_leaf": "the leaf holds the gradient of another leaf",
        "unfilled": "a part of the leaf was never written: it is zero",
        "entries": "a few single entries are wrong",
        "clipped_by_value": "entries are cut off at a value",
        "clipped_by_norm": "the gradient is scaled to a norm",
        # what fits nothing
        "unknown": "no known mistake reproduces the gradient; the sentence names the first wrong stage",
    }
)
