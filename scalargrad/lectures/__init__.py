"""The lecture's worked example, as programs with the gradients that were worked out by hand.

Source: the backpropagation deck of CS 540, UW–Madison, Fall 2025. Its figures are lost: x, y, w₄,
∂ℓ/∂ŷ, ∂ŷ/∂h₂, ∂h₂/∂w₂ and ∂ℓ/∂w₂ are printed there, ŷ = 0.4 and ℓ = 0.36 follow from these, and
the other numbers are ours. `scalargrad lectures` says it of every number of both decks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True)
class Lecture:
    """A worked example.

    Attributes:
        name: of its file, without ".sg".
        title: for people.
        gradients: of the loss by each of some nodes, worked out by hand, as text.
        printed: those of them that a slide prints, with the slide.
    """

    name: str
    title: str
    gradients: Mapping[str, str]
    printed: Mapping[str, str]

    @property
    def text(self) -> str:
        """The program."""
        return (files(__package__) / f"{self.name}.sg").read_text(encoding="utf-8")


LECTURES = (
    Lecture(
        "backprop",
        "the 1-2-1 ReLU network without biases",
        {"yhat": "-1.2", "w1": "-0.96", "w2": "-6/25", "w3": "-0.72", "w4": "-1.92"},
        {"yhat": "B23", "w2": "B7"},
    ),
    Lecture(
        "backprop_biases",
        "the 1-2-1 ReLU network with biases",
        {"yhat": "-1.2", "w1": "-0.96", "w2": "-6/25", "w3": "-1.56", "w4": "-2.16",
         "b1": "-0.48", "b2": "-0.12", "b3": "-1.2"},
        {"yhat": "B23", "w2": "B7"},
    ),
)  # fmt: skip

STUDENT = (files(__package__) / "student.md").read_text(encoding="utf-8")
