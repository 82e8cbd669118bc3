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
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    hinge,
    l2_penalty,
    softmax_cross_entropy,
    squared_error,
)
from scalargrad.nn.module import Activation, Module, is_bias
from scalargrad.nn.regularisation import BatchNorm, Dropout, Elementwise, Residual

__all__ = [
    "MLP",
    "Activation",
    "BatchNorm",
    "Dropout",
    "Elementwise",
    "Initialisation",
    "Layer",
    "Module",
    "Neuron",
    "Residual",
    "Sequential",
    "Softmax",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "given",
    "he",
    "hinge",
    "input_first",
    "is_bias",
    "l2_penalty",
    "output_first",
    "scaled",
    "softmax",
    "softmax_cross_entropy",
    "squared_error",
    "uniform",
    "xavier",
    "zeros",
]
