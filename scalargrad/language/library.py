"""The functions that programs call: rows of the table, and others written in program text.

What a loss means is said in the language itself: `bce(p, y)` is expanded to the nodes that its
definition would make if it had been typed. A name that `nn.losses` has too means the same there:
that of one example is a sum over its outputs, and `mse`, `mae`, `bce` are means, as on a board.
"""

from __future__ import annotations

from functools import cache, lru_cache

from scalargrad.engine.ops import OPERATIONS, Operation
from scalargrad.language.answers import key
from scalargrad.language.vectors import FUNCTIONS, Function
from scalargrad.notation.names import NotAName, canonical

# Each with its other spellings. `mean_of` and `sum_of` leave one number as it is.
DEFINITIONS = {
    "squared_error(p, y) = sum_of((p − y)²)": "squared_loss se sse",
    "half_squared_error(p, y) = sum_of((p − y)²)/2": "",
    "mse(p, y) = mean_of((p − y)²)": "mse_loss mean_squared_error",
    "absolute_error(p, y) = sum_of(|p − y|)": "",
    "mae(p, y) = mean_of(|p − y|)": "l1_loss mean_absolute_error",
    "bce(p, y) = mean_of(-y*ln(p) − (1 − y)*ln(1 − p))": "bce_loss binary_cross_entropy log_loss",
    "bce_with_logits(z, y) = mean_of(y*softplus(-z) + (1 − y)*softplus(z))":
        "bce_with_logits_loss binary_cross_entropy_with_logits",
    "cross_entropy(p, y) = -sum_of(pairwise(y, ln(p)))": "ce categorical_cross_entropy",
    "softmax_cross_entropy(z, y) = logsumexp(z) − sum_of(pairwise(y, z))":
        "cross_entropy_with_logits",
    "hinge(s, y) = mean_of(relu(1 − y*s))": "hinge_loss",
    "huber(p, y, d) = sum_of(where(|p − y| <= d, (p − y)²/2, d*(|p − y| − d/2)))": "huber_loss",
    "kl(p, q) = sum_of(p*ln(p/q))": "",
    "entropy(p) = -sum_of(p*ln(p))": "",
    "erfc(x) = 1 − erf(x)": "",
    "l1norm(v) = sum_of(|v|)": "",
}  # fmt: skip
_ALSO = {"arctg": "atan", "tg": "tan", "sh": "sinh", "ch": "cosh", "th": "tanh", "expit": "sigmoid",
         "sig": "sigmoid", "sigm": "sigmoid", "logisticsigmoid": "sigmoid", "ramp": "relu",
         "lrelu": "leaky_relu", "lse": "logsumexp", "sq": "square", "power": "pow",
         "absolute": "abs", "amax": "maximum", "amin": "minimum",
         "fmax": "maximum", "fmin": "minimum", "rectifier": "relu",
         "mult": "mul", "times": "mul", "divide": "div", "subtract": "sub", "negative": "neg",
         "plus": "add", "minus": "sub", "unitstep": "step"}  # fmt: skip
INVERSES = {"sin": "asin", "cos": "acos", "tan": "atan", "sinh": "asinh", "cosh": "acosh",
            "tanh": "atanh"}  # fmt: skip

Called = Operation | Function | str  # text is that of a definition


@lru_cache(maxsize=4096)
def function(name: str) -> Called | None:
    """What programs call by a name, in any usual spelling and case; None for nothing.

    >>> function("ReLU"), function("ln") is function("log"), function("softmax").name
    (<operation relu>, True, 'softmax')
    """
    if name in OPERATIONS and name not in FUNCTIONS:
        return OPERATIONS[name]
    known = _known()
    is_indexed = "_" in name and min(map(len, name.split("_"))) < 2  # p_i is not pi, c_h not cosh
    return known.get(name) or (None if is_indexed else known.get(key(name)))


@cache
def _known() -> dict[str, Called]:
    """Everything by all of its names; those that are exact come before those in small letters."""
    exact: dict[str, Called] = dict(FUNCTIONS)
    for name, row in OPERATIONS.items():
        exact.setdefault(name, row)
        for spelling in getattr(row, "spellings", ()):
            exact.setdefault(_spelled(spelling), row)
    for text, spellings in DEFINITIONS.items():
        for name in (text.partition("(")[0], *spellings.split()):
            exact.setdefault(name, text)
    for name, row_name in _ALSO.items():
        if row_name in OPERATIONS:
            exact.setdefault(name, OPERATIONS[row_name])
    small = {key(name): called for name, called in exact.items() if name != "Sigma"}
    return small | exact


def _spelled(spelling: str) -> str:
    try:
        return canonical(spelling)
    except NotAName:
        return spelling


def names() -> list[str]:
    """All names of functions, for messages."""
    return [*OPERATIONS, *_known()]
