"""Recurrent layers in the form that Keras 1 and 2.0 had: a base whose subclasses define a step."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from .. import backend
from ..core.layer import Layer
from ..core.spec import InputSpec, describe
from ..core.variable import Variable
from ..layers.windows import Padding, per_axis


class Recurrent(Layer):
    """Base of a user's recurrent layers: a subclass defines ``step(inputs, states) -> output, new states``.

    ``states`` begin with the recurrent states and end with what ``get_constants`` gave. The number of states is that of
    ``self.states``, which ``build`` may set. Source: Keras 2.2, ``keras.legacy.layers.Recurrent``

    >>> class Sum(Recurrent):
    ...     units = 2
    ...     def step(self, inputs, states):
    ...         return inputs + states[0], [inputs + states[0]]
    >>> Sum()(np.ones((1, 3, 2), "float32")).tolist()
    [[3.0, 3.0]]
    """

    supports_masking = True
    implementations = (0, 1, 2)

    def __init__(
        self,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        implementation: int = 0,
        **kwargs: Any,
    ):
        if implementation not in self.implementations:
            raise ValueError(f"{type(self).__name__}(implementation={implementation!r}): expected 0, 1 or 2.")
        if kwargs.get("input_dim") is not None:
            kwargs["input_shape"] = (kwargs.pop("input_length", None), kwargs.pop("input_dim"))
        super().__init__(**kwargs)
        self.return_sequences, self.return_state = return_sequences, return_state
        self.go_backwards, self.stateful, self.unroll = go_backwards, stateful, unroll
        self.implementation = implementation  # how a layer arranges its own matrices; its ``step`` may look at it
        self.dropout = self.recurrent_dropout = 0.0
        self.state_spec = None
        self.states: list[Any] = [None]

    # ---- written by authors of layers

    def step(self, inputs: Any, states: Any) -> tuple[Any, list[Any]]:
        """One step: (output, new states)."""
        raise NotImplementedError(f"{type(self).__name__} has no step(); define step(self, inputs, states).")

    def get_constants(self, inputs: Any, training: Any = None) -> list[Any]:
        """What every step is given after the states."""
        return []

    def preprocess_input(self, inputs: Any, training: Any = None) -> Any:
        """The sequence that the steps see."""
        return inputs

    def get_initial_state(self, inputs: Any) -> list[Any]:
        """Zeros of the size of the output, one for each of ``self.states``."""
        size = getattr(self, "units", None) or getattr(self, "output_dim", None)
        if size is None:
            raise ValueError(f"{describe(self)}: set self.units, or define get_initial_state(self, inputs).")
        return [jnp.zeros((inputs.shape[0], size), inputs.dtype) for _ in self.states]

    # ---- running

    def call(self, inputs: Any, mask: Any = None, training: Any = None, initial_state: Any = None) -> Any:
        """The last output, or all with ``return_sequences``; the states after it with ``return_state``."""
        given = self.get_initial_state(inputs) if initial_state is None else initial_state
        start = list(given) if isinstance(given, (list, tuple)) else [given]
        if self.stateful and initial_state is None:
            start = [jnp.asarray(s) for s in self._kept(start)]
        last, outputs, states = backend.rnn(
            self.step,
            self.preprocess_input(inputs, training=training),
            start,
            go_backwards=self.go_backwards,
            mask=mask,
            constants=self.get_constants(inputs, training=training),
            unroll=self.unroll,
        )
        if self.stateful:
            for kept, new in zip(self.states, states, strict=True):
                kept.assign(new)
        result = outputs if self.return_sequences else last
        return [result, *states] if self.return_state else result

    def _kept(self, like: list[Any]) -> list[Any]:
        if any(not isinstance(s, Variable) for s in self.states):
            if like[0].shape[0] is None:
                raise ValueError(f"{describe(self)}: stateful=True needs a fixed batch size; give batch_input_shape.")
            self.states = [
                Variable(np.zeros(s.shape, "float32"), dtype=str(s.dtype), trainable=False, name="state") for s in like
            ]
            for v in self.states:
                v.is_weight = False
        return self.states

    def reset_states(self, states: Any = None) -> None:
        """Sets the states to zeros, or to the given arrays; raises ValueError for other numbers or shapes."""
        if not self.stateful:
            raise AttributeError(f"{describe(self)} keeps no states; make it with stateful=True.")
        if any(not isinstance(s, Variable) for s in self.states):
            return
        given = [states] if states is not None and not isinstance(states, (list, tuple)) else states
        arrays = [np.zeros(s.shape) for s in self.states] if given is None else [np.asarray(a) for a in given]
        if len(arrays) != len(self.states) or any(
            a.shape != s.shape for a, s in zip(arrays, self.states, strict=False)
        ):
            shapes = [s.shape for s in self.states]
            raise ValueError(
                f"{describe(self)}: expected states of shapes {shapes}, received {[a.shape for a in arrays]}."
            )
        for state, array in zip(self.states, arrays, strict=True):
            state.assign(array)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The mask of the inputs where there is an output for each step."""
        mask = mask[0] if isinstance(mask, list) else mask
        out = mask if self.return_sequences else None
        return [out, *(None for _ in self.states)] if self.return_state else out

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer."""
        names = "return_sequences return_state go_backwards stateful unroll implementation".split()
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


class ConvRecurrent2D(Recurrent):
    """Base of a user's recurrent layers over images: (batch, steps, rows, columns, channels).

    Source: Keras 2.2, ``keras.legacy.layers.ConvRecurrent2D``
    """

    rank = 2

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
        return_sequences: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        **kwargs: Any,
    ):
        super().__init__(
            return_sequences=return_sequences, go_backwards=go_backwards, stateful=stateful, **kwargs
        )  # fmt: skip
        self.filters, self.kernel_size, self.strides, self.dilation_rate = filters, kernel_size, strides, dilation_rate
        per_axis(self, "kernel_size", "strides", "dilation_rate")
        self.padding = Padding.get(padding)
        self.data_format = data_format or backend.image_data_format()
        self.input_spec = InputSpec(ndim=5)

    def get_initial_state(self, inputs: Any) -> list[Any]:
        """Zeros of the shape of an output image, one for each of ``self.states``."""
        shape = list(inputs.shape)
        first = 3 if self.data_format == "channels_first" else 2
        from .functions import conv_output_length

        for i in range(2):
            shape[first + i] = conv_output_length(
                shape[first + i], self.kernel_size[i], self.padding, self.strides[i], self.dilation_rate[i]
            )
        shape[2 if first == 3 else 4] = self.filters
        return [jnp.zeros((shape[0], *shape[2:]), inputs.dtype) for _ in self.states]

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer."""
        names = "filters kernel_size strides padding data_format dilation_rate".split()
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
