"""What programs do not read, and what to write instead: tables kept by hand.

Each line was wanted by somebody. What is not found here is looked for among the names that are
like it, and nowhere else.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from scalargrad.notation.names import refusal


def _by_name(names_of: Mapping[str, str]) -> dict[str, str]:
    """Each name, or sign, with its answer; they stand behind it."""
    return {name: answer for answer, names in names_of.items() for name in names.split()}


# Functions that are not read, in small letters without _, and the reason or the spelling that is.
_FLAT = "it has no derivative worth the name: it is flat, and jumps"
_CHOICE = "it gives a place, which has no derivative; max(v) gives the value"
_CHANCE = "it is left to chance, and a program is not; write the numbers"
_DERIVATIVE = "derivatives are derived, not typed: ask for them with derive or backward"
_LG = "it has two readings: write log10(x) or log2(x)"
_LD = "write log2(x)"
FUNCTIONS = _by_name({
    _FLAT:
        "floor ceil ceiling round trunc int frac rint mod rem remainder fmod gcd lcm "
        "factorial fact accuracy precision recall f1",
    _CHOICE: "argmax argmin argsort topk sort",
    _CHANCE: "random rand randn normal uniform bernoulli",
    _DERIVATIVE: "grad diff d derivative nabla backward partial",
    "it has two readings: write kl(p, q) for Σ p ln(p/q), so kl(y, p) of targets y":
        "kldivergence kldiv kldivloss",
    "write softmax_cross_entropy(z, y) of logits, or cross_entropy(p, y) of probabilities":
        "crossentropyloss nllloss softmaxloss",
    "it is left to chance; multiply by a mask of 0 and 1, divided by 1 − p": "dropout",
    "write the vector, such as y = [0, 1, 0]": "onehot",
    "write the matrix, such as [[1, 0], [0, 1]]": "eye identity",
    "write the vector, such as [0, 0]": "zeros ones full",
    "a sum goes over for i = 1..3": "range arange linspace",
    "write the number, such as 3": "len size shape",
    "a float is written ~0.1": "float double",
    "a fraction is written 1/3": "fraction",
    "a program holds Values already: write the number": "value",
    "a vector is written [1, 2]": "tensor array vector list",
    "a matrix is written [[1, 2], [3, 4]]": "matrix",
    "a program is its names; the last statement is the output": "print",
    "write where(x > 0, a, b)": "if case cases piecewise ifelse",
    "a product is written W x or W @ x": "matmul mm mv",
    "write dot(w, x) or w · x": "inner",
    "write δ xᵀ": "outer",
    "write W x + b": "linear dense affine",
    "write the vector, such as [x1, x2]": "concat concatenate stack",
    "it goes over a vector: write max(v)": "maxj maxi maxk",
    "it goes over a vector: write min(v)": "minj mini mink",
    "it goes over an index: write Σ_i or Σ_{i=1}^{3}": "sumi sumj prodi sigmai",
    "a logarithm of another base is written log(x, b)": "logb loga",
    "an indicator is written 1[x > 0]": "i ind indicator iverson",
    "that of a normal distribution is written (1 + erf(x/sqrt(2)))/2": "phi",
    "write sqrt(mse(p, y))": "rmse",
    "the inverse of a matrix is not read": "inv",
    "the determinant of a matrix is not read": "det",
    _LG: "lg",
    _LD: "ld lb",
    "write min(relu(z), 6)": "relu6",
    "write clip(z/6 + 1/2, 0, 1)": "hardsigmoid",
    "write z clip(z/6 + 1/2, 0, 1)": "hardswish",
    "write where(z > 0, z, a*z)": "prelu",
    "write z − tanh(z)": "tanhshrink",
    "write ln(softmax(z))": "logsoftmax",
    "write softmax(-z)": "softmin",
    "write exp(-x^2)": "gaussian",
    "write sin(x)/x": "sinc",
    "write 2^x": "exp2",
    "write x^3": "cube",
    "write huber(p, y, 1)": "smoothl1loss smoothl1",
    "write (a · b)/(‖a‖ ‖b‖)": "cosinesimilarity",
    "write (x − mean(x))/sqrt(mean((x − mean(x))^2))": "layernorm batchnorm standardize",
    "integrals are not read": "integral int_",
    "limits are not read": "lim",
    "the Γ function is not read; a product is written gamma*(…)": "gamma",
    "write z/(1 + |z|)": "softsign",
    "write 1/tan(x)": "cot ctg cotg",
    "write 1/cos(x)": "sec",
    "write 1/sin(x)": "csc",
    "write 1/cosh(x)": "sech",
    "write 1/sinh(x)": "csch",
    "write 1/tanh(x)": "coth",
    "write ln(p/(1 − p))": "logit",
    "write x^(1/3)": "cbrt",
    "write 1/x": "reciprocal",
    "write mean((x[i] − m)^2 for i = 1..3)": "var variance",
    "write sqrt(mean((x[i] − m)^2 for i = 1..3))": "std",
})  # fmt: skip

# Words that stand where a name or an operator could.
WORDS = _by_name({
    "a choice is written where(c, a, b)": "if else otherwise",
    "it stands in a sum, as in sum(x[i] for i = 1..3)": "for",
    "conditions are not joined; put one where(c, a, b) into another": "and or",
    "a condition is turned round: x <= 0 for not x > 0": "not",
    f"a remainder: {_FLAT}": "mod",
    "a function is written f(x) = …": "def",
    "the last statement is the output": "return print",
    "a statement is written name = expression": "let var const given input set with suppose assume",
    "a name is given with =, as in x = 3": "equals is",
    "a program is written in signs, as in sqrt(x)": "of the",
    "a quotient is written a/b": "over divided by",
    "a product is written a b or a*b": "times",
    "a sum is written a + b": "plus",
    "a difference is written a − b": "minus",
    "a square is written x^2": "squared",
    "a cube is written x^3": "cubed",
    "nothing is imported; functions are there": "import",
    _LG: "lg",
    _LD: "ld lb",
})  # fmt: skip

_SIGNS = _by_name({
    "a float is written ~0.1": "~",
    "a float is written ≈0.1": "≈",
    "a raised index belongs to a name, as in w⁽²⁾": "⁽",
    "names and numbers go without quotes": "' \"",
    f"a comment begins with #; and a remainder: {_FLAT}": "%",
    "a comment begins with #": "// /*",
    f"a factorial: {_FLAT}": "!",
    "write it without $": "$",
    "a choice is written where(x > 0, a, b)": "?",
    "conditions are not joined; put one where(c, a, b) into another": "& ∧ ∨ ¬",
    _FLAT: "⌊ ⌋ ⌈ ⌉",
    "an inner product is written dot(w, x) or w · x": "⟨ ⟩",
    "integrals are not read": "∫",
    "the next one is called w_new, and the positive part is written relu(x)": "⁺",
    "a function is written f(x) = …": "->",
    "write it without `": "`",
    "infinity is the float ~inf": "∞",
    _DERIVATIVE: "∂ ∇",
    "a statement is written name = expression": "→",
    "statements are parted by ; or a line's end": "⇒ \\\\",
    "the positive part is written relu(x), or max(0, x)": "₊",
    "‖w‖ is written norm(w)": "||",
    "reals are not compared for equality; = gives a name, and comparisons are <, <=, >, >=": "==",
    "reals are not compared for equality; comparisons are <, <=, >, >=": "!= ≠",
    "a comparison is written >= or <=": "=>",
    "a range is written 1..3, and a sum is written out": "...",
    "a range is written 1..3, in a sum: sum(x[i] for i = 1..3)": "..",
    "write x^(1/3)": "∛",
    "write x^(1/4)": "∜",
    "it stands in a sum, as in sum(x[i] for i = 1..3)": "∈",
    "a name is given with =, a function is f(x) = …, and a choice where(x > 0, a, b)": ":",
    "group with ( and )": "{",
    "a vector is written [1, 2], an element x[1]": "[",
})  # fmt: skip

# Where a factor without a value is a unit.
UNITS = frozenset(
    ["m", "s", "kg", "g", "km", "cm", "mm", "ms", "h", "Hz", "N", "J", "V", "A", "W", "K", "Pa"]
)


def is_foreign(sign: str) -> bool:
    """Whether a sign has no place in a program."""
    is_bracket = sign in ("[", "{")
    return (sign in _SIGNS and not is_bracket) or (len(sign) == 2 and sign[1] == "=")


def about_sign(sign: str) -> str:
    """Why a sign is refused, and what to write instead where that is known."""
    if sign in _SIGNS:
        return f"{sign} has no place in a program; {_SIGNS[sign]}"
    if unicodedata.category(sign[0]) in ("So", "Sk", "Cs", "Co"):
        called = unicodedata.name(sign[0], f"U+{ord(sign[0]):04X}")
        shown = sign[0] if sign[0].isprintable() else ascii(sign[0])
        return f"{shown!r} ({called}) has no place in a program; names are letters"
    return refusal(sign[0])


def key(name: str) -> str:
    """A name as the tables of functions have it: ReLU is relu, LeakyReLU and leaky_relu alike."""
    return name.lower().replace("_", "")
