"""The lecture's worked example, as programs with the gradients that stand on its slides.

Source: the backpropagation deck of CS 540, UW–Madison, Fall 2025. Its figures are lost: x, y, ŷ,
w₄, ∂ℓ/∂ŷ, ∂h₂/∂w₂, ℓ and ∂ℓ/∂w₂ are the lecture's, the other numbers are reconstructed.
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
        gradients: what the slide says, by name, as text.
    """

    name: str
    title: str
    gradients: Mapping[str, str]

    @property
    def text(self) -> str:
        """The program."""
        return (files(__package__) / f"{self.name}.sg").read_text(encoding="utf-8")


LECTURES = (
    Lecture(
        "backprop",
        "the 1-2-1 ReLU network without biases",
        {"yhat": "-1.2", "w1": "-0.96", "w2": "-6/25", "w3": "-0.72", "w4": "-1.92"},
    ),
    Lecture(
        "backprop_biases",
        "the 1-2-1 ReLU network with biases",
        {
            "yhat": "-1.2",
            "w1": "-0.96",
            "w2": "-6/25",
            "w3": "-1.56",
            "w4": "-2.16",
            "b1": "-0.48",
            "b2": "-0.12",
            "b3": "-1.2",
        },
    ),
)

STUDENT = (files(__package__) / "student.md").read_text(encoding="utf-8")
