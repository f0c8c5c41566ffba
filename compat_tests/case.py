"""The row of the table of layer cases: what a row can say.

    from compat_tests.case import Case, Of, Sub, T

    CASES = [
        Case("dense_plain", "Dense", dict(units=3), (2, 4)),
        Case("dot_axes", "Dot", dict(axes=1), [(2, 4), (2, 4)]),
        Case("lstm_masked", "LSTM", dict(units=3), (2, 5, 4), mask="right", impls=("keras3", "tf_keras")),
        Case("lstm_state", "LSTM", dict(units=3), (2, 5, 4), call=dict(initial_state=[T((2, 3)), T((2, 3))])),
        Case("bidi", "Bidirectional", dict(layer=Sub("LSTM", units=3)), (2, 5, 4)),
        Case("embed", "Embedding", dict(input_dim=7, output_dim=3), (2, 5), dtype="int32", high=7),
        Case("bn_train", "BatchNormalization", {}, (4, 3), call=dict(training=True)),
        Case("dropout", "Dropout", dict(rate=0.5, seed=1), (2, 4), call=dict(training=True), random=True),
    ]

A family is a file ``compat_tests/cases/<family>.py``; its real values lie in ``golden/<impl>/<family>.npz`` and
``.json`` and are made by ``python -m compat_tests.make_golden --impl keras3 --family <family>`` inside that Keras.
"""

from __future__ import annotations

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class T:
    """An array argument: drawn like the inputs; floating ones get a gradient too."""

    shape: tuple
    dtype: str = "float32"
    low: float | None = None
    high: float | None = None


class Sub:
    """A layer inside a config, made anew in whichever Keras runs: ``Sub("LSTM", units=3)``."""

    def __init__(self, layer, **config):
        self.layer, self.config = layer, config


class Of:
    """A config value that needs the Keras module: ``Of(lambda keras: keras.layers.LSTM(3))``."""

    def __init__(self, function):
        self.function = function


@dataclasses.dataclass(frozen=True, eq=False)
class Case:
    """One layer with one configuration on one input.

    Fields after ``shapes`` are keywords:

    - ``call``: further keyword arguments of the call; ``T`` for arrays, plain values for the rest (``training=True``).
    - ``dtype``, ``low``, ``high``: the inputs; floats are standard normal, or uniform in [low, high); integers are in
      [low or 0, high).
    - ``inputs``: explicit input values (a list, one per input) in place of drawn ones; ``shapes`` may then be None.
    - ``spread``: several inputs are positional arguments, ``layer(a, b)``, and not one list.
    - ``mask``: of the input (or a list, one per input): "right" (row i is i steps short), or nested tuples of 0/1;
      the mask that the layer passes on is compared too.
    - ``impls``: the Kerases with golden values for this row; the first one gives names and config.
    - ``real``: config changes for one Keras, ``{"keras224": dict(recurrent_activation="sigmoid")}``; ``...`` takes an
      argument away.
    - ``lookup``: the class in one Keras where it differs, ``{"keras224": "legacy.layers.Highway"}``.
    - ``formula``: for layers that no Keras runs any more (``impls=()``): a NumPy function of inputs and weights.
    - ``adapt``: data for ``layer.adapt`` before the call.
    - ``weights``: "draw" (uniform in [-0.5, 0.5), names with "variance" in [0.5, 1.5)) or "keep" the layer's own.
    - ``change``: a function called on the built layer with its weights, before the run (``quantize``, say).
    - ``random``: the output is random and not compared; equal seeds give equal outputs instead.
    - ``grads``: False where no gradient makes sense; ``host``: the layer works on host values (strings), not under jit.
    - ``rtol``, ``atol``: of outputs and gradients, when float32 rounding of a long sum asks for more.
    - ``vmap``, ``policies``, ``dynamic``, ``config_equal``: False leaves that one test out; say why in ``because``.
    """

    id: str
    layer: str
    config: dict = dataclasses.field(default_factory=dict)
    shapes: Any = None
    _: dataclasses.KW_ONLY
    call: dict = dataclasses.field(default_factory=dict)
    dtype: Any = "float32"
    low: float | None = None
    high: float | None = None
    inputs: list | None = None
    spread: bool = False
    mask: Any = None
    impls: tuple = ("keras3",)
    real: dict = dataclasses.field(default_factory=dict)
    lookup: dict = dataclasses.field(default_factory=dict)
    formula: Any = None
    adapt: Any = None
    weights: str = "draw"
    change: Any = None
    random: bool = False
    grads: bool = True
    host: bool = False
    rtol: float = 1e-5
    atol: float = 1e-5
    vmap: bool = True
    policies: bool = True
    dynamic: bool = True
    config_equal: bool = True
    because: str = ""

    def input_specs(self):
        """One ``T`` per drawn input."""
        if self.inputs is not None:
            return []
        shapes = self.shapes if isinstance(self.shapes, list) else [self.shapes]
        dtypes = self.dtype if isinstance(self.dtype, list) else [self.dtype] * len(shapes)
        return [T(tuple(shape), dtype, self.low, self.high) for shape, dtype in zip(shapes, dtypes)]

    @property
    def several(self):
        """Whether the layer takes a list of inputs."""
        return (len(self.inputs) > 1) if self.inputs is not None else isinstance(self.shapes, list)
