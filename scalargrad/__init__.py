"""scalargrad: scalar automatic differentiation for people who teach and learn backpropagation."""

from scalargrad.errors import DomainError, GradientMismatch, ProgramError
from scalargrad.value import Value, partial, topological_order

__all__ = [
    "DomainError",
    "GradientMismatch",
    "ProgramError",
    "Value",
    "partial",
    "topological_order",
]
