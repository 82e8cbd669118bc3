"""The pieces of a program that have a colour of their own, for Pygments and for the page."""

_NAME = r"(?:\\[A-Za-z]+(?:\{[^}\n]*\})?|[^\W\d][\w\u0300-\u036f′₀-₉⁽⁾]*)"

# By the names of Pygments, in order of precedence; what is nothing else is an operator, no error.
PIECES = {
    "Text.Whitespace": r"\s+",
    "Comment.Preproc": r"#\|.*",
    "Comment.Single": r"#.*",
    "Name.Function": rf"{_NAME}(?=\()",
    "Name.Variable": _NAME,
    "Number": r"~?(?:\d+(?:\.(?!\.)\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[½⅓¼¾⅔]",
    "Punctuation": r"[()\[\]{},;:|]",
    "Operator": r".",
}
