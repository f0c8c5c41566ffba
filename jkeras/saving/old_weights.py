"""Weights as Keras 1 and 2 laid them out, in today's layout."""

from typing import Any

import numpy as np

_CONVOLUTIONS = ("Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose", "ConvLSTM2D")
_GATES_1 = {"LSTM": (0, 2, 1, 3), "ConvLSTM2D": (0, 2, 1, 3), "GRU": (0, 1, 2)}  # today's order among Keras 1's gates


def converted(layer: Any, values: list[np.ndarray], era: str, backend: str | None) -> list[np.ndarray]:
    """The weights of one layer of a file, so that they fit today's layer.

    The layouts are those that Keras 2.2 knows: gate by gate and th kernels of Keras 1, flipped kernels of Theano, and
    cuDNN's of its recurrent layers.
    """
    name = type(layer).__name__
    if name == "Bidirectional":
        half = len(values) // 2
        forward = converted(layer.forward_layer, values[:half], era, backend)
        return forward + converted(layer.backward_layer, values[half:], era, backend)
    if name == "TimeDistributed":
        return converted(layer.layer, values, era, backend)
    if getattr(layer, "_is_model", False):
        return _of_model(layer, values, era, backend)
    values = list(values)
    if era == "1":
        values = _of_keras_1(layer, name, values)
    if name in _CONVOLUTIONS and values:
        values = _kernels(layer, name, values, backend)
    return _of_cudnn(layer, values)


def _of_model(model: Any, values: list[np.ndarray], era: str, backend: str | None) -> list[np.ndarray]:
    """Nested models hold what trains of all layers first, then the rest."""
    result: list[np.ndarray] = []
    for kind in ("trainable_weights", "non_trainable_weights"):
        for layer in model.layers:
            count = len(getattr(layer, kind))
            if count:
                result += converted(layer, values[:count], era, backend)
                values = values[count:]
    return result + list(values)


def _of_keras_1(layer: Any, name: str, values: list[np.ndarray]) -> list[np.ndarray]:
    first = getattr(layer, "data_format", None) == "channels_first"
    gates = _GATES_1.get(name, ())
    if gates and len(values) == 3 * len(gates):  # one array for each gate
        kernel, recurrent, bias = (np.concatenate([values[3 * g + i] for g in gates], axis=-1) for i in range(3))
        if name == "ConvLSTM2D" and first:
            kernel, recurrent = (np.transpose(k, (2, 3, 1, 0)) for k in (kernel, recurrent))
        return [kernel, recurrent, bias]
    if not values:
        return values
    kernel = values[0]
    if name == "Conv1D" and kernel.ndim == 4:  # a picture of width 1
        usual = kernel.shape[:2] == (layer.kernel_size[0], 1) and kernel.shape[3] == layer.filters
        kernel = (kernel if usual else np.transpose(kernel, (2, 3, 1, 0)))[:, 0]
    elif name == "Conv2D" and first:
        kernel = np.transpose(kernel, (2, 3, 1, 0))
    elif name == "Conv2DTranspose":
        kernel = np.transpose(kernel, (2, 3, 0, 1) if first else (0, 1, 3, 2))
    elif name == "Conv3D" and first:
        kernel = np.transpose(kernel, (2, 3, 4, 1, 0))
    return [kernel, *values[1:]]


def _kernels(layer: Any, name: str, values: list[np.ndarray], backend: str | None) -> list[np.ndarray]:
    count = 2 if name == "ConvLSTM2D" else 1
    weights = [w for w in layer.weights if w.ndim > 1]
    for i in range(min(count, len(values), len(weights))):
        if backend == "theano" and values[i].ndim > 2:  # it convolves with flipped kernels
            values[i] = np.flip(values[i], axis=tuple(range(values[i].ndim - 2)))
        wanted = tuple(weights[i].shape)
        if values[i].shape != wanted and values[i].ndim == 4:
            turned = np.transpose(values[i], (3, 2, 0, 1))
            values[i] = turned if turned.shape == wanted else values[i]
    return values


def _of_cudnn(layer: Any, values: list[np.ndarray]) -> list[np.ndarray]:
    """Between cuDNN's layout (kernels turned, two biases in a row) and that of Keras, whichever the layer has."""
    weights = layer.weights
    name = type(layer).__name__
    if name not in ("LSTM", "GRU", "CuDNNLSTM", "CuDNNGRU") or len(values) != 3 or len(weights) != 3:
        return values
    kernel, recurrent, bias = values
    wanted = tuple(weights[2].shape)
    if bias.shape == wanted:
        return values
    gates, units = (4 if "LSTM" in name else 3), recurrent.shape[0]
    double = (2 * gates * units,)
    if (
        wanted not in (double, (gates * units,), (2, gates * units))
        or bias.size < wanted[0] * (wanted[1:] or (1,))[0] / 2
    ):
        return values
    if "GRU" in name and bias.size != np.prod(wanted):
        return values  # reset_after=False has no second bias: the check of shapes says so
    from_cudnn = bias.shape == double
    turned = [k.T.reshape(k.shape, order="F" if from_cudnn else "C") for k in np.hsplit(kernel, gates)]
    kernel, recurrent = np.hstack(turned), np.hstack([k.T for k in np.hsplit(recurrent, gates)])
    if "GRU" in name:
        return [kernel, recurrent, bias.reshape(wanted)]
    return [kernel, recurrent, bias.reshape(2, -1).sum(0) if from_cudnn else np.tile(0.5 * bias, 2)]


def resume_averages(model: Any) -> None:
    """Keras 2.2 starts its moving averages from nothing and does not save how far they are; the optimizer's steps tell."""
    graph, optimizer = getattr(model, "_graph", None), model.optimizer
    if graph is None or optimizer is None or not optimizer.built:
        return
    calls: dict[int, tuple[Any, int]] = {}
    _count(graph, 1, calls)
    steps = int(np.asarray(optimizer._iterations.numpy()))
    for layer, times in calls.values():
        if getattr(layer, "_debiased", False):
            layer._steps.assign(steps * times)


def _count(graph: Any, times: int, calls: dict[int, tuple[Any, int]]) -> None:
    for node in graph.nodes:
        inner = getattr(node.operation, "_graph", None)
        if inner is not None:
            _count(inner, times, calls)
        else:
            calls[id(node.operation)] = (node.operation, calls.get(id(node.operation), (None, 0))[1] + times)
