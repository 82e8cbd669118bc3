"""The decks' claims as experiments: seeded runs that return data, to be printed or plotted."""

from scalargrad.lectures.experiments.curves import Curves
from scalargrad.lectures.experiments.generalisation import (
    TEST,
    TRAINING,
    Comparison,
    Moments,
    capacity,
    double_descent,
    dropout,
    dropout_masks,
    dropout_moments,
    fits,
    more_data,
    weight_decay,
)
from scalargrad.lectures.experiments.gradients import (
    CLIPPED,
    NETWORKS,
    Steepest,
    budget,
    deep_training,
    gradients_by_depth,
    gradients_by_layer,
    learning_rates,
    products,
    steepest,
)
from scalargrad.lectures.experiments.surfaces import (
    Constraint,
    Descent,
    Grid,
    constraint,
    descent,
    score_grid,
    soft_optimum,
    valley,
)

__all__ = [
    "CLIPPED", "NETWORKS", "TEST", "TRAINING", "Comparison", "Constraint", "Curves", "Descent",
    "Grid", "Moments", "Steepest", "budget", "capacity", "constraint", "deep_training", "descent",
    "double_descent", "dropout", "dropout_masks", "dropout_moments", "fits", "gradients_by_depth",
    "gradients_by_layer", "learning_rates", "more_data", "products", "score_grid", "soft_optimum",
    "steepest", "valley", "weight_decay",
]  # fmt: skip
