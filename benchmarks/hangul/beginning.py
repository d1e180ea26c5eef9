"""Takes up the weights of a model that was exported, where its checkpoint is gone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from .network import Layer, LineNetwork


def begin_with(network: LineNetwork, model: onnx.ModelProto, x: Tensor) -> None:
    """Gives the network the weights of a model of `export.model_of`, layer by layer in order; layers of another shape
    than the model's next one (new ones) keep their own.

    The model's normalisation is folded into its convolutions, so it is taken anew from x (N, 3, 48, W) float32 −1…1,
    whose lines the network then answers as the model does. Raises ValueError when weights are left over.
    """
    pairs = _weights(model)
    with torch.no_grad():
        for layer in network.layers:
            shapes = [part.weight.shape for part in layer.parts[:-2]]
            next_ones = pairs[: len(shapes)]
            if shapes == [weight.shape for weight, _ in next_ones]:
                _take(layer, next_ones, x)
                del pairs[: len(shapes)]
            x = layer(x)
        if [weight.shape for weight, _ in pairs] != [network.head.weight.shape]:
            raise ValueError(f"{len(pairs)} layers of the model are left over: it is of another network")
        network.head.weight.copy_(pairs[0][0])
        network.head.bias.copy_(pairs[0][1])


def _weights(model: onnx.ModelProto) -> list[tuple[Tensor, Tensor]]:
    """Weight and bias of each convolution, in order."""
    kept = [weight for weight in model.graph.initializer if weight.name != "rows"]
    values = [torch.from_numpy(numpy_helper.to_array(weight).astype(np.float32)) for weight in kept]
    return list(zip(values[::2], values[1::2], strict=True))


def _take(layer: Layer, pairs: Sequence[tuple[Tensor, Tensor]], x: Tensor) -> None:
    """Weights, and a normalisation that undoes itself on x and adds the last bias."""
    *before, last, normalisation, _ = layer.parts
    *firsts, (weight, bias) = pairs
    for convolution, (first, its_bias) in zip(before, firsts, strict=True):
        convolution.weight.copy_(first)
        convolution.bias.copy_(its_bias)
        x = convolution(x)
    last.weight.copy_(weight)
    y = last(x)
    spread, mean = torch.var_mean(y, (0, 2, 3), unbiased=False)
    normalisation.weight.copy_((spread + normalisation.eps).sqrt())
    normalisation.bias.copy_(mean + bias)
    normalisation.running_mean.copy_(mean)
    normalisation.running_var.copy_(spread)
