"""Operations and functions of symbolic tensors as Keras 3 offers them."""

from typing import Any

from ..core import symbolic
from ..core.graph import Graph
from ..core.naming import snake_case, unique_name


class Operation:
    """A named computation with a ``call``; on symbolic tensors it records a node.  https://keras.io/api/ops/

    >>> class Twice(Operation):
    ...     def call(self, x):
    ...         return 2 * x
    >>> Twice()(symbolic.KerasTensor((None, 3))).shape
    (None, 3)
    """

    def __init__(self, name: str | None = None):
        self.name = name or unique_name(snake_case(type(self).__name__))
        self._inbound_nodes: list[symbolic.Node] = []
        self._outbound_nodes: list[symbolic.Node] = []

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Computes the outputs."""
        raise NotImplementedError(f"{type(self).__name__} has no call(); define it.")

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Symbolic outputs for symbolic inputs; records nothing."""
        return symbolic.abstract_evaluate(self.call, args, kwargs)

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """Records a node and gives its symbolic outputs."""
        outputs = self.compute_output_spec(*args, **kwargs)
        symbolic.Node(self, args, kwargs, outputs)
        return outputs

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if symbolic.is_symbolic((args, kwargs)):
            return self.symbolic_call(*args, **kwargs)
        return self.call(*args, **kwargs)

    rematerialized_call = quantized_call = __call__

    @property
    def input(self) -> Any:
        """The symbolic input of its first call."""
        tensors = self._inbound_nodes[0].input_tensors
        return tensors[0] if len(tensors) == 1 else tensors

    @property
    def output(self) -> Any:
        """The symbolic output of its first call."""
        return self._inbound_nodes[0].outputs

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal operation."""
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Operation":
        """The operation that ``get_config`` described."""
        return cls(**config)


class Function(Operation):
    """What computes outputs from inputs, both symbolic, as a function of arrays.

    >>> x = __import__("jkeras").Input((2,))
    >>> Function(x, x * 2.0)([[1.0, 2.0]]).tolist()
    [[2.0, 4.0]]
    """

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None):
        super().__init__(name)
        self._graph = Graph(inputs, outputs, self.name)

    @property
    def operations(self) -> list[Any]:
        """The layers and operations in it."""
        return list(self._graph.operations)

    @property
    def inputs(self) -> list[Any]:
        """The symbolic inputs."""
        return list(self._graph.input_tensors)

    @property
    def outputs(self) -> list[Any]:
        """The symbolic outputs."""
        return list(self._graph.output_tensors)

    def call(self, inputs: Any) -> Any:
        """The outputs for given inputs."""
        import jax.numpy as jnp

        given = jnp.asarray(inputs) if len(self.inputs) == 1 and not isinstance(inputs, dict) else inputs
        return self._graph.run(given)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shapes of the outputs."""
        from ..core.calling import shape_of

        return shape_of(self._graph.outputs)
