"""The decks' claims as experiments: seeded runs that return data, to be printed or plotted."""

from scalargrad.lectures.experiments.generalisation import (
    Capacity,
    Comparison,
    DoubleDescent,
    Moments,
    capacity,
    double_descent,
    dropout,
    dropout_masks,
    dropout_moments,
    trained_double_descent,
    weight_decay,
)
from scalargrad.lectures.experiments.gradients import (
    CLIPPED,
    NETWORKS,
    GradientSizes,
    LearningRates,
    Products,
    Steepest,
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
    "CLIPPED", "NETWORKS", "Capacity", "Comparison", "Constraint", "Descent", "DoubleDescent",
    "GradientSizes", "Grid", "LearningRates", "Moments", "Products", "Steepest", "capacity",
    "constraint", "descent", "double_descent", "dropout", "dropout_masks", "dropout_moments",
    "gradients_by_depth", "gradients_by_layer", "learning_rates", "products", "score_grid",
    "soft_optimum", "steepest", "trained_double_descent", "valley", "weight_decay",
]  # fmt: skip
