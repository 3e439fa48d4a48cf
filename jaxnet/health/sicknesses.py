"""The kinds of sickness, each with its definition and, where there is one, its source: root causes before what follows
from them, which is the order in which a diagnosis names them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Sickness(NamedTuple):
    """What a kind of finding means, and who described it."""

    definition: str
    source: str = ""


SICKNESSES: Mapping[str, Sickness] = MappingProxyType(
    {
        "wrong_loss_for_output": Sickness(
            "The loss does not teach what the output says: targets lie where the output cannot reach, or the loss takes"
            " probabilities for logits.",
            "Golik, Doetsch and Ney 2013",
        ),
        "label_noise": Sickness(
            "There is nothing to learn: on rows that were held out nothing is better than a constant, and the training"
            " rows are learnt no better than with their targets shuffled.",
            "Zhang et al. 2017, arXiv:1611.03530",
        ),
        "unscaled_inputs": Sickness(
            "Columns of X are far from 0 ± 1, for which initialisers and rates are made, and with standardised columns"
            " the same recipe learns more.",
            "LeCun, Bottou, Orr and Müller 1998, section 4.3",
        ),
        "unscaled_targets": Sickness(
            "Real targets are far from 0 ± 1, and with standardised targets the same recipe explains more of them.",
            "Bishop 1995, section 8.2",
        ),
        "identical_units": Sickness(
            "Units of a layer began with the same weights and have the same weights still: they get the same gradient,"
            " so the symmetry is never broken.",
            "Rumelhart, Hinton and Williams 1986",
        ),
        "exploding_gradients": Sickness(
            "The start stretches the gradient more than EXPLODING times on its way back through the hidden layers, and"
            " from a usual start the same recipe learns more.",
            "Pascanu, Mikolov and Bengio 2013, arXiv:1211.5063",
        ),
        "vanishing_gradients": Sickness(
            "The start shrinks the gradient to less than a VANISHING part on its way back through the hidden layers,"
            " and the network has hardly learnt.",
            "Hochreiter 1991; Glorot and Bengio 2010",
        ),
        "saturated_units": Sickness(
            "Most activations of a sigmoid or tanh layer are at their bounds, where the slope is nearly 0.",
            "LeCun, Bottou, Orr and Müller 1998, section 4.4",
        ),
        "dead_units": Sickness(
            "Most relus of a layer are 0 for every row, so that nothing reaches their weights any more.",
            "Maas, Hannun and Ng 2013",
        ),
        "noisy_batches": Sickness(
            "Single batches say too little: with larger batches at the same rate the loss becomes as low as with a"
            " lower rate.",
            "Bottou, Curtis and Nocedal 2018, arXiv:1606.04838",
        ),
        "rate_too_high": Sickness(
            "With a tenth or a hundredth of the rate the same recipe learns more.",
            "LeCun, Bottou, Orr and Müller 1998, section 4.7",
        ),
        "diverged": Sickness("The loss or a parameter became infinite or NaN."),
        "local_minimum": Sickness(
            "The run has come to rest, and the same recipe learns more from most other starts.",
            "Rumelhart, Hinton and Williams 1986 (of XOR)",
        ),
        "rate_too_low": Sickness(
            "In as many epochs the same recipe learns more with a rate ten times as high or higher, and going on would"
            " not make up for it.",
        ),
        "still_improving": Sickness("Trained on in the same way, it still gains."),
        "imbalanced_classes": Sickness(
            "A rare class is hardly ever recognised, and is with the classes weighted alike.",
            "Japkowicz and Stephen 2002; King and Zeng 2001",
        ),
        "underfitting": Sickness(
            "The network cannot express what is there to be learnt: with more units it explains much more, also of rows"
            " that were held out; or a penalty or dropout keeps it from learning.",
        ),
        "overfitting": Sickness(
            "Rows that were held out are answered worse than they were, or might be, while the training rows are"
            " learnt by heart.",
            "Prechelt 1998",
        ),
        "leak": Sickness(
            "Rows of the validation set stand among the training rows.", "Kaufman, Rosset and Perlich 2012"
        ),
        "constant_column": Sickness("A column of X has the same value in every row; it says nothing."),
        "no_better_than_constant": Sickness(
            "The loss is no lower than that of the best constant answer: the shares of the classes, or the mean."
        ),
    }
)
