"""What a network is: modules, layers, regularisation, initial weights and losses."""

from scalargrad.nn.initialisation import (
    Initialisation,
    given,
    he,
    input_first,
    output_first,
    scaled,
    uniform,
    xavier,
    zeros,
)
from scalargrad.nn.layers import MLP, Layer, Neuron, Sequential, Softmax, softmax
from scalargrad.nn.losses import (
    absolute_error,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    categorical_cross_entropy,
    half_squared_error,
    hinge,
    huber,
    kl_divergence,
    l2_penalty,
    softmax_cross_entropy,
    squared_error,
)
from scalargrad.nn.module import Activation, Module, is_bias
from scalargrad.nn.regularisation import BatchNorm, Dropout, Elementwise, Residual

__all__ = [
    "MLP", "Activation", "BatchNorm", "Dropout", "Elementwise", "Initialisation", "Layer", "Module",
    "Neuron", "Residual", "Sequential", "Softmax", "absolute_error", "binary_cross_entropy",
    "binary_cross_entropy_with_logits", "categorical_cross_entropy", "given", "half_squared_error",
    "he", "hinge", "huber", "input_first", "is_bias", "kl_divergence", "l2_penalty", "output_first",
    "scaled", "softmax", "softmax_cross_entropy", "squared_error", "uniform", "xavier", "zeros",
]  # fmt: skip
