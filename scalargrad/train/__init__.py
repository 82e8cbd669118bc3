"""How a network learns: optimiser, data, fit, a watch on the gradients."""

from scalargrad.train.data import (
    DataSet,
    blobs,
    circles,
    digits,
    gaussian_mixture,
    mixture_centres,
    noisy_sine,
    spirals,
    two_moons,
    xor,
)
from scalargrad.train.fit import History, accuracy, fit, losses_of
from scalargrad.train.monitor import HEALTHY, first_not_finite, first_outside
from scalargrad.train.optim import SGD, Adam, clip_norm, clip_values, gradient, project, theta

__all__ = [
    "HEALTHY", "SGD", "Adam", "DataSet", "History", "accuracy", "blobs", "circles", "clip_norm",
    "clip_values", "digits", "first_not_finite", "first_outside", "fit", "gaussian_mixture",
    "gradient", "losses_of", "mixture_centres", "noisy_sine", "project", "spirals", "theta",
    "two_moons", "xor",
]  # fmt: skip
