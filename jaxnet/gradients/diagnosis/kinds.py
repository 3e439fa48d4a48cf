"""The kinds of mistake that a diagnosis can name, in the order of the backward pass: name -> what happened."""

from collections.abc import Mapping
from types import MappingProxyType

KINDS: Mapping[str, str] = MappingProxyType(
    {
        # how the examples of a batch are combined
        "sign": "the gradient points uphill where it should point downhill, from one stage on or in one leaf",
        "batch_sum": "summed over the examples where the loss averages",
        "batch_mean_twice": "divided by the number of examples twice",
        "batch_mean": "averaged over the examples where the loss sums",
        "factor": "a constant factor; the sentence says which familiar numbers it equals",
        "examples_dropped": "some examples do not count",
        "examples_reweighted": "some examples count more than others",
        "targets_shifted": "inputs are paired with the targets of other examples",
        # the output stage
        "output_derivative_missing": "the derivative of the output function is left out",
        "output_derivative_extra": "the derivative of the output function is applied where the loss has cancelled it",
        "output_derivative_twice": "the derivative of the output function is applied twice",
        "output_derivative_at_a": "the derivative of the output function is taken at the output, not at its logit",
        "output_derivative_at_z": "a formula meant for the output p is given the logit z",
        "softmax_jacobian_missing": "the loss's derivative at the probabilities is not passed through the softmax",
        "softmax_diagonal": "only the diagonal of the softmax Jacobian is used",
        "softmax_axis": "the softmax normalises over the wrong axis",
        "softmax_unnormalised": "the exponentials are not divided by their sum",
        "softmax_twice": "the softmax is applied to probabilities",
        "output_activation_missing": "the logits stand where the predictions should",
        "output_activation_other": "the predictions come from another output function",
        "target_missing": "the target does not enter",
        "prediction_missing": "the prediction does not enter",
        "loss_term_missing": "one of the two terms of the binary cross-entropy is left out",
        "labels_shifted": "the columns of the targets are off by one",
        "other_loss": "the derivative of another loss",
        # down through a hidden layer
        "weight_not_transposed": "delta goes down through W, not its transpose",
        "weight_reshaped": "the transpose of W was made by a reshape",
        "weight_missing": "delta goes down without passing the weights",
        "weight_of_another_layer": "delta goes down through the weights of another layer",
        "weight_already_updated": "delta goes down through weights that the step has already changed",
        "activation_derivative_missing": "the derivative of the activation is left out",
        "activation_derivative_twice": "the derivative of the activation is applied twice",
        "activation_derivative_at_a": "the derivative is evaluated at the activation a where its formula wants z",
        "activation_derivative_at_z": "a formula meant for the activation a is given the weighted sum z",
        "activation_derivative_other": "the derivative of another activation function",
        "activation_derivative_other_layer": "the derivative at another layer's values",
        "activation_derivative_part": "only a part of the derivative's formula is there",
        "relu_mask": "the units are masked by the wrong quantity",
        # the gradients of one layer
        "input_pre_activation": "weighted sums z stand for the layer's inputs a in the outer product",
        "input_of_another_layer": "another layer's activations stand for the layer's inputs in the outer product",
        "input_missing": "ones stand for the layer's inputs in the outer product",
        "input_shifted": "the inputs of other examples stand in the outer product",
        "input_reshaped": "the transpose of the inputs was made by a reshape",
        "delta_of_another_layer": "another layer's delta stands for the layer's own",
        "delta_before_derivative": "the delta was taken before its multiplication by the activation's derivative",
        "bias_not_summed": "the bias gradient takes one example instead of the sum",
        "bias_wrong_axis": "the bias gradient is summed over the units instead of the examples",
        "bias_summed_over_everything": "the bias gradient is summed over examples and units",
        "times_parameter": "the leaf's gradient is multiplied by the parameter",
        "bias_from_weights": "the bias gradient is summed from the weight gradient",
        # the penalty
        "penalty_missing": "the penalty's gradient is left out",
        "penalty_factor": "the penalty's gradient has the wrong factor",
        "penalty_extra": "a penalty is there that the loss does not have",
        "penalty_on_biases": "biases are penalised",
        "penalty_norm": "the gradient of another norm of the weights, such as sign(W)",
        # where the numbers are put
        "transposed": "the leaf is transposed",
        "transposed_and_reshaped": "a transpose was forced into shape by a reshape",
        "fortran_order": "the entries are laid out column by column",
        "permuted_rows": "the rows stand in another order",
        "permuted_columns": "the columns stand in another order",
        "permuted_entries": "the entries stand in another order",
        "leaves_exchanged": "two leaves are exchanged",
        "layers_reversed": "the layers are listed from the output to the input",
        "wrong_leaf": "the leaf holds the gradient of another leaf",
        "zero": "the whole leaf was never written: it is zero",
        "unfilled": "a part of the leaf was never written: it is zero",
        "entries": "a few single entries are wrong",
        "clipped_by_value": "entries are cut off at a value",
        "clipped_by_norm": "the gradient is scaled to a norm",
        # in the backward pass of a function of one's own
        "path_not_followed": "what comes back through one operand is not followed",
        "local_derivative_missing": "the local derivative is left out: what comes back passes it unchanged",
        "accumulation_overwritten": "what comes back several times is overwritten where it should be added up",
        "counted_once": "one entry counts where all are summed",
        "hinge_count": "terms count another number of times than there are of them",
        "reduction_axis": "what comes back through a sum or a mean is taken over another axis",
        "average_pooling": "what comes back to a maximum is shared by all entries",
        "other_branch": "what comes back goes to another entry, or to another branch, than the one that was chosen",
        "shifted": "what comes back is put at another place than it was taken from",
        "parts_exchanged": "what comes back to two parts of one array is exchanged",
        "order_reversed": "the turns of a loop, or the entries of an axis, are taken in the reverse order",
        "value_of_another": "another value of the forward pass stands for the one that the backward pass needs",
        "data_ignored": "an array of the data, such as weights, a mask or targets, does not count",
        "upstream_missing": "what comes back from above is left out",
        # what fits nothing
        "unknown": "no known mistake reproduces the gradient; the sentence names the first wrong stage",
    }
)

# kinds that are a constant factor, and what is added to a sentence that says so
FACTORS: Mapping[str, str] = MappingProxyType(
    {
        "factor": "",
        "sign": ": its sign is flipped",
        "batch_sum": ": it is summed over the examples where the loss averages",
        "batch_mean_twice": ": it is divided by the number of examples twice",
    }
)

# what a leaf shows by itself, whatever function it is the gradient of
PLAIN_LEAVES = frozenset(
    {
        "sign", "batch_sum", "batch_mean_twice", "factor", "examples_dropped", "examples_reweighted", "targets_shifted",
        "transposed", "transposed_and_reshaped", "fortran_order", "permuted_rows", "permuted_columns",
        "permuted_entries", "zero", "clipped_by_value", "clipped_by_norm", "unfilled",
    }
)  # fmt: skip
