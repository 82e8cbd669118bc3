"""What programs do not read, and what to write instead: tables kept by hand.

Each line was wanted by somebody. What is not found here is looked for among the names that are
like it, and nowhere else.
"""

from __future__ import annotations

import unicodedata

from scalargrad.notation.names import refusal

# Functions that are not read, in small letters without _, and the reason or the spelling that is.
_FLAT = "it has no derivative worth the name: it is flat, and jumps"
_CHOICE = "it gives a place, which has no derivative; max(v) gives the value"
_CHANCE = "it is left to chance, and a program is not; write the numbers"
_DERIVATIVE = "derivatives are derived, not typed: ask for them with derive or backward"
FUNCTIONS = {
    **dict.fromkeys(["floor", "ceil", "ceiling", "round", "trunc", "int", "frac", "rint"], _FLAT),
    **dict.fromkeys(["mod", "rem", "remainder", "fmod", "gcd", "lcm", "factorial", "fact"], _FLAT),
    **dict.fromkeys(["argmax", "argmin", "argsort", "topk", "sort"], _CHOICE),
    **dict.fromkeys(["random", "rand", "randn", "normal", "uniform", "bernoulli"], _CHANCE),
    **dict.fromkeys(
        ["grad", "diff", "d", "derivative", "nabla", "backward", "partial"], _DERIVATIVE
    ),
    **dict.fromkeys(
        ["kldivergence", "kldiv", "kldivloss"],
        "it has two readings: write kl(p, q) for Σ p ln(p/q), so kl(y, p) of targets y",
    ),
    **dict.fromkeys(
        ["crossentropyloss", "nllloss", "softmaxloss"],
        "write softmax_cross_entropy(z, y) of logits, or cross_entropy(p, y) of probabilities",
    ),
    "dropout": "it is left to chance; multiply by a mask of 0 and 1, divided by 1 − p",
    "onehot": "write the vector, such as y = [0, 1, 0]",
    "eye": "write the matrix, such as [[1, 0], [0, 1]]",
    "identity": "write the matrix, such as [[1, 0], [0, 1]]",
    **dict.fromkeys(["zeros", "ones", "full"], "write the vector, such as [0, 0]"),
    **dict.fromkeys(["range", "arange", "linspace"], "a sum goes over for i = 1..3"),
    **dict.fromkeys(["len", "size", "shape"], "write the number, such as 3"),
    **dict.fromkeys(["float", "double"], "a float is written ~0.1"),
    "fraction": "a fraction is written 1/3",
    "value": "a program holds Values already: write the number",
    **dict.fromkeys(["tensor", "array", "vector", "list"], "a vector is written [1, 2]"),
    "matrix": "a matrix is written [[1, 2], [3, 4]]",
    "print": "a program is its names; the last statement is the output",
    **dict.fromkeys(["if", "case", "cases", "piecewise", "ifelse"], "write where(x > 0, a, b)"),
    **dict.fromkeys(["matmul", "mm", "mv"], "a product is written W x or W @ x"),
    "inner": "write dot(w, x) or w · x",
    "outer": "write δ xᵀ",
    **dict.fromkeys(["linear", "dense", "affine"], "write W x + b"),
    **dict.fromkeys(["concat", "concatenate", "stack"], "write the vector, such as [x1, x2]"),
    **dict.fromkeys(["maxj", "maxi", "maxk"], "it goes over a vector: write max(v)"),
    **dict.fromkeys(["minj", "mini", "mink"], "it goes over a vector: write min(v)"),
    **dict.fromkeys(
        ["sumi", "sumj", "prodi", "sigmai"], "it goes over an index: write Σ_i or Σ_{i=1}^{3}"
    ),
    **dict.fromkeys(["logb", "loga"], "a logarithm of another base is written log(x, b)"),
    **dict.fromkeys(["i", "ind", "indicator", "iverson"], "an indicator is written 1[x > 0]"),
    **dict.fromkeys(["accuracy", "precision", "recall", "f1"], _FLAT),
    "phi": "that of a normal distribution is written (1 + erf(x/sqrt(2)))/2",
    "rmse": "write sqrt(mse(p, y))",
    "inv": "the inverse of a matrix is not read",
    "det": "the determinant of a matrix is not read",
    "lg": "it has two readings: write log10(x) or log2(x)",
    "integral": "integrals are not read",
    "int_": "integrals are not read",
    "lim": "limits are not read",
    "gamma": "the Γ function is not read; a product is written gamma*(…)",
    "softsign": "write z/(1 + |z|)",
    **dict.fromkeys(["cot", "ctg", "cotg"], "write 1/tan(x)"),
    "sec": "write 1/cos(x)",
    "csc": "write 1/sin(x)",
    "sech": "write 1/cosh(x)",
    "csch": "write 1/sinh(x)",
    "coth": "write 1/tanh(x)",
    "logit": "write ln(p/(1 − p))",
    "cbrt": "write x^(1/3)",
    "reciprocal": "write 1/x",
    **dict.fromkeys(["var", "variance"], "write mean((x[i] − m)^2 for i = 1..3)"),
    "std": "write sqrt(mean((x[i] − m)^2 for i = 1..3))",
}

# Words that stand where a name or an operator could.
WORDS = {
    "if": "a choice is written where(c, a, b)",
    "else": "a choice is written where(c, a, b)",
    "otherwise": "a choice is written where(c, a, b)",
    "for": "it stands in a sum, as in sum(x[i] for i = 1..3)",
    "and": "conditions are not joined; put one where(c, a, b) into another",
    "or": "conditions are not joined; put one where(c, a, b) into another",
    "not": "a condition is turned round: x <= 0 for not x > 0",
    "mod": f"a remainder: {_FLAT}",
    "def": "a function is written f(x) = …",
    "return": "the last statement is the output",
    **dict.fromkeys(
        ["let", "var", "const", "given", "input", "set", "with", "suppose", "assume"],
        "a statement is written name = expression",
    ),
    **dict.fromkeys(["equals", "is"], "a name is given with =, as in x = 3"),
    **dict.fromkeys(["of", "the"], "a program is written in signs, as in sqrt(x)"),
    **dict.fromkeys(["over", "divided", "by"], "a quotient is written a/b"),
    "times": "a product is written a b or a*b",
    "plus": "a sum is written a + b",
    "minus": "a difference is written a − b",
    "squared": "a square is written x^2",
    "cubed": "a cube is written x^3",
    "import": "nothing is imported; functions are there",
    "print": "the last statement is the output",
}

_SIGNS = {
    "~": "a float is written ~0.1",
    "≈": "a float is written ≈0.1",
    "⁽": "a raised index belongs to a name, as in w⁽²⁾",
    "'": "names and numbers go without quotes",
    '"': "names and numbers go without quotes",
    "%": f"a comment begins with #; and a remainder: {_FLAT}",
    "//": "a comment begins with #",
    "!": f"a factorial: {_FLAT}",
    "$": "write it without $",
    "?": "a choice is written where(x > 0, a, b)",
    **dict.fromkeys("&∧∨¬", "conditions are not joined; put one where(c, a, b) into another"),
    **dict.fromkeys("⌊⌋⌈⌉", _FLAT),
    **dict.fromkeys("⟨⟩", "an inner product is written dot(w, x) or w · x"),
    "∫": "integrals are not read",
    "⁺": "the next one is called w_new, and the positive part is written relu(x)",
    "/*": "a comment begins with #",
    "->": "a function is written f(x) = …",
    "`": "write it without `",
    "∞": "infinity is the float ~inf",
    "∂": _DERIVATIVE,
    "∇": _DERIVATIVE,
    "→": "a statement is written name = expression",
    "⇒": "statements are parted by ; or a line's end",
    "₊": "the positive part is written relu(x), or max(0, x)",
    "\\\\": "statements are parted by ; or a line's end",
    "||": "‖w‖ is written norm(w)",
    "==": "reals are not compared for equality; = gives a name, and comparisons are <, <=, >, >=",
    "!=": "reals are not compared for equality; comparisons are <, <=, >, >=",
    "≠": "reals are not compared for equality; comparisons are <, <=, >, >=",
    "...": "a range is written 1..3, and a sum is written out",
    "..": "a range is written 1..3, in a sum: sum(x[i] for i = 1..3)",
    "∛": "write x^(1/3)",
    "∈": "it stands in a sum, as in sum(x[i] for i = 1..3)",
    ":": "a name is given with =, a function is f(x) = …, and a choice where(x > 0, a, b)",
    ".*": "a product element by element is written *",
    ".^": "a power element by element is written ^",
    "{": "group with ( and )",
    "[": "a vector is written [1, 2], an element x[1]",
}

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
