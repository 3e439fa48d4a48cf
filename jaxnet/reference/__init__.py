"""Backpropagation by hand, in NumPy alone: every derivative beside the formula it belongs to.

Read in this order, in one sitting:

    operations     affine maps and activations, each forward beside its backward
    losses         outputs and losses: where the backward pass begins
    network        the two passes, as recursions over the layers
    optimizers     what to do with a gradient
    training       the mini-batch loop
    refusals       of bad input
    balls          numbers that carry a bound on their rounding error through all of the above

It shares no line with the rest of jaxnet, which is held against it: a mistake would have to be made twice.
"""

from jaxnet.reference.losses import LOSSES, OUTPUTS
from jaxnet.reference.network import loss_and_gradient, predict
from jaxnet.reference.operations import ACTIVATIONS
from jaxnet.reference.optimizers import Optimizer, adagrad, adam, adamw, rmsprop, sgd
from jaxnet.reference.training import Trained, train

__all__ = [
    "ACTIVATIONS",
    "LOSSES",
    "OUTPUTS",
    "Optimizer",
    "Trained",
    "adagrad",
    "adam",
    "adamw",
    "loss_and_gradient",
    "predict",
    "rmsprop",
    "sgd",
    "train",
]
