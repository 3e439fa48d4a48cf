"""Every number by which the diagnosis decides, with its reason: what is near enough, and how far it looks.

None of them judges whether a gradient is right: that is measured (``truth.rounding_noise``). They say when a fitted
number is taken for a plain one, when an experiment speaks for an explanation, and when a search stops.
"""

# --- rounding of a replay, in units of the unit roundoff of the precision that the gradient was computed in

SUM_ROUNDINGS, TERM_ROUNDINGS = 16, 2  # a layer's handful of operations, and sqrt(terms) for its sums (Higham and Mary)
OTHER_LEAF_ROUNDINGS = 64  # of a leaf's largest entry, when what is compared is another leaf's replay
NORM_ROUNDINGS = 1e3  # of the norm of a whole gradient, whose entries went through every layer
PROJECTED_ROUNDINGS = 100  # of a factor that is projected on a whole gradient, whose roundings average out
PROBE_ROUNDINGS = 1e4  # relative error of a replay on another batch that is still rounding: sums may cancel there
NOISE_ELSEWHERE = 16  # times the noise at the point itself: at parameters nearby, and on half of the batch
NOTHING = 1e-300  # is added where a tolerance of exactly 0 would be divided by

# --- fits in float64, relative: far above its rounding of 1e-16, far below any difference that a mistake makes

SAME_GRADIENT = 1e-9  # a model reproduces the true gradient, or it may judge nothing; conditioning costs some digits
SAME_PAIR = 1e-15  # of the square of an error, two changes add up to it: a difference of larger squares
SAME_MATRIX = 1e-8  # a matrix that was solved for explains what came down; it is solved from quotients
SAME_FORMULA = 1e-12  # two formulas give the same numbers, and are one explanation
PLAIN_NUMBER = 1e-11  # a fitted number is 2 or 0.1 but for the last digits that the fit adds
NO_PENALTY = 1e-12  # of the largest entry: a fitted penalty this small is none
EXAMPLE_SLACK = 1e-12  # of the absolute sum over the examples, which is not summed in the order in which it was
WHOLE_WEIGHT, WEIGHT_DIGITS = 1e-6, 6  # an example counts 0, 1 or 2 times: as sharply as weights can be solved for
SAME_NORM = 1e-6  # of a factor read off two norms: entries in another order are compared one by one afterwards
SEEN_MATRIX = 1e-6  # of the largest weight: a matrix that differs by less is the right one, solved for

# --- what is too badly conditioned to be solved for: the least ratio of singular values

SHARES_CONDITION = 1e-9  # of a data term and a parameter: below it one is a multiple of the other
MATRIX_CONDITION = 1e-10  # of the deltas of a layer: below it some direction was never seen
WEIGHTS_CONDITION = 1e-12  # of what the examples contribute: below it two examples look alike
LIGHTEST = 1e-9  # of the heaviest entry's allowance: however exact an entry is, it does not outweigh all others

# --- what counts as evidence

ABOVE_NOISE = 100  # times the noise, squared and summed: a term must stand out or any factor would fit
PROBE_SPREAD = 100  # times the best explanation's error on another batch: what is worse is dropped
PROBE_SPEAKS = 1e-2  # an experiment that no explanation comes nearer to than this speaks for none of them
SUM_DOUBLES = 0.5  # of the gradient: listing examples twice changes a mean by 0 and a sum by 1
LARGEST_SHARE = 0.2  # of a leaf that single wrong entries may make up; beyond it they are no exception
FEWEST_ENTRIES = 3  # of a leaf that is taken to be proportional by an unfamiliar factor: one or two always are, nearly
LOST_DIGITS, MOST_LOST = 1e-30, 1e12  # p - y loses digits where the two are close: the least gap, and the most it costs

# --- how far is looked: each a matter of seconds, and of what a reader can use

MOST_MUTATIONS = 4_000  # of a backward pass: each is one more of them
MOST_COMPARED = 4_000  # entries of a gradient, some of every leaf: whatever fits them is held against all
MOST_PAIRED = 600  # mutations that are tried two by two
MOST_TRIED = 16  # explanations that are replayed elsewhere, the plainest first
LONGEST_STRETCH = 18  # operations between an array and what is made of it: a softmax has 6, a gelu 9, a batch norm 13
MOST_NAMED = 16  # variables that are tried in the place of a saved one, the nearest first
MOST_NEIGHBOURS = 8  # nameless values that are tried there
MOST_TURNS = 6  # of a loop that are also changed one by one
MOST_OPERATIONS = 20_000  # of a forward pass that is written down: some microseconds each, in every backward pass
MOST_AT_ONCE = 3_000_000  # entries of the largest value, over all backward passes of one sweep: some 24 MB
MOST_STATES = 40  # explored before the search gives up on finding more ties
MOST_TIES = 12  # explanations of one layer or leaf that are followed: ties multiply from layer to layer
MOST_KNOWN = 4  # wrong lines of other leaves that are tried beside new ones
WINDOW = 24  # rows and columns of a large weight matrix that are compared first: 576 entries refute nearly everything
MOST_READ = 64  # examples that are read one by one; of a larger batch a part is taken
MOST_WEIGHED = 400  # examples whose weights are solved for, by least squares
MOST_ONE_BY_ONE = 256  # examples a loss without a name is read from, one call of the oracle each
FEWER_EXAMPLES = 32  # of a large batch are looked at one by one when the whole batch stays unexplained
EQUATIONS = (4, 256)  # a network-less fit of N weights uses 4 N + 256 entries: far more equations than unknowns
MORE_EQUATIONS = 16  # than examples, from each leaf of a network
