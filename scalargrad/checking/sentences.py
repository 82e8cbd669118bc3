"""The sentences that a marked sheet says, in one table, so that they can be translated."""

from __future__ import annotations

SENTENCES = {
    # right and wrong
    "right": "right",
    "read over": "right; {note}",
    "blank": "blank",
    "follows": "{quantity} = {written} follows from your own earlier lines.",
    "wrong": "{quantity}: you wrote {written}, {solution}.{looks}",
    "wrong, withheld": "{quantity}: you wrote {written}: here it goes wrong.{looks}",
    "last digit": "{quantity}: you wrote {written}, {solution}: a slip in the last digit.",
    "last digit, withheld": "{quantity}: you wrote {written}: last digit.",
    "one mistake": " It looks as if {mistakes}.",
    "several mistakes": " Cannot tell why: {mistakes}.",
    # the solution
    "the truth": "it is {truth}{rule}",
    "own and the truth": "from your earlier lines it is {own}{rule}; the true value is {truth}",
    "own slope": "from your slope at the kink it is {own}{rule}",
    "any slope": "at this kink anything from {low} to {high} is right",
    # no credit for what is consistent
    "a mistaken nought or one": (
        "{quantity} = {written} is consistent with your own lines, but it is 0 or ±1 only because "
        "of a mistake, so it shows no work: no credit."
    ),
    "the same number again": (
        "{quantity} = {written} is consistent with your own lines, but several of them say this "
        "same wrong number, so it shows no work: no credit."
    ),
    "several noughts and ones": (
        "{quantity} = {written} is consistent with your own lines, but several mistaken noughts "
        "and ones lead to it: no credit."
    ),
    "too many mistakes": (
        "{quantity} = {written} is consistent with your own lines, but they hold too many mistakes "
        "of their own for what follows from them to count: no credit."
    ),
    # not confirmed
    "not told apart": (
        "may be right, but so few figures cannot be told from 0, from the other sign, from half or "
        "from double; write more figures"
    ),
    "show the steps": (
        "may be right, but rounding on the way may change it by several units of its last figure; "
        "show the steps, or write more figures"
    ),
    "no benefit of the doubt": (
        "may be right, but with so few figures and so many mistakes on the sheet it does not count"
    ),
    "too few figures": "right, but with fewer figures than are asked for",
    "too few figures, no rule": (
        "right, but with too few figures for a test; no mark is lost, for the sheet asks for none"
    ),
    "one slope": (
        "{quantity} = {written} is not possible together with the other lines: a node on its kink "
        "has one slope for all of them."
    ),
    "right formula": "the right formula for {quantity}; now put the numbers in",
    "formula with numbers": "a formula with some of the numbers in it; put all in, and work it out",
    "another formula": "this is not the formula for {quantity}, and a number is asked for",
    "at a kink": (
        "{quantity} = {written} follows from your own slope at the kink, which is one of those "
        "that are right."
    ),
}
