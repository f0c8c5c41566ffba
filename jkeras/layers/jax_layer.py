"""Functions and modules written in JAX as layers."""

import inspect
import sys

import jax
import jax.numpy as jnp

from ..core import registry
from ..core.declare import Converter
from ..core.layer import Layer, layer
from ..core.rng import SeedGenerator, fresh_key, key_of
from ..core.spec import describe

Function = Converter(lambda v: registry.deserialize(v) if isinstance(v, dict) else v, registry.serialize)


def arguments_of(owner, name, function, allowed):
    """The names of a function's arguments, in order; raises ValueError for one that is not allowed."""
    names = list(inspect.signature(function).parameters)
    wrong = [n for n in names if n not in allowed]
    if wrong or "inputs" not in names:
        raise ValueError(f"{describe(owner)}: {name} must take inputs and may take {', '.join(allowed)}; it takes "
                         f"{', '.join(names) or 'nothing'}.")  # fmt: skip
    return names


def is_variable(value):
    """Is it a Variable in a tree of them?"""
    return hasattr(value, "assign")


@layer
class JaxLayer(Layer):
    """A JAX function as a layer: ``call_fn(params, state, rng, inputs, training)`` with any of these by name.

    ``init_fn(rng, inputs, training)`` gives the params, and the state too where ``call_fn`` takes one and returns
    ``(outputs, state)``.  https://keras.io/api/layers/backend_specific_layers/jax_layer/

    >>> scale = JaxLayer(lambda params, inputs: params["w"] * inputs, params={"w": jnp.full(2, 3.0)})
    >>> scale(jnp.ones((1, 2))).tolist()
    [[3.0, 3.0]]
    """

    call_fn: Function
    init_fn: Function = None
    params: Converter(lambda v: v, lambda v: None) = None
    state: Converter(lambda v: v, lambda v: None) = None
    seed: object = None
    native_serialization_platforms: object = None

    def __post_init__(self):
        self.call_fn_arguments = arguments_of(
            self, "call_fn", self.call_fn, ["params", "state", "rng", "inputs", "training"]
        )
        wants = {"params", "state"} & {*self.call_fn_arguments}
        if self.init_fn is not None:
            self.init_fn_arguments = arguments_of(self, "init_fn", self.init_fn, ["rng", "inputs", "training"])
        elif self.params is None and self.state is None and wants:
            raise ValueError(f"{describe(self)}: give init_fn, params or state, for call_fn takes {', '.join(wants)}.")
        if "rng" in self.call_fn_arguments:
            self.seed_generator = SeedGenerator(self.seed)
        if self.params is not None or self.state is not None:
            self._hold(self.params, self.state)
            self.built = True

    def _hold(self, params, state):
        self.params, self.state = self._variables(params, True), self._variables(state, False)

    def _variables(self, values, trainable):
        def make(value):
            start = jnp.asarray(value)
            dtype = None if start.dtype.kind == "f" else start.dtype
            number = len(self._weights_made)
            name = f"variable_{number}" if number else "variable"
            return self.add_weight(
                name, start.shape, initializer=lambda s, dtype: start, dtype=dtype, trainable=trainable
            )

        return None if values is None else jax.tree.map(make, values)

    def _init_rng(self):
        return fresh_key() if self.seed is None else key_of(self.seed)

    def _call_rng(self, training):
        return self.seed_generator.next() if training else None

    def build(self, input_shape):
        if self.init_fn is None:
            return

        def fill(shape):
            return jnp.ones([1 if d is None else d for d in shape], self.compute_dtype)

        with jax.ensure_compile_time_eval():
            inputs = jax.tree.map(fill, input_shape, is_leaf=lambda s: isinstance(s, tuple))
            given = {"rng": self._init_rng(), "inputs": inputs, "training": True}
            made = self.init_fn(*(given[name] for name in self.init_fn_arguments))
        self._hold(*(made if "state" in self.call_fn_arguments else (made, None)))

    def call(self, inputs, training=False):
        values = {
            name: jax.tree.map(lambda v: v.value, getattr(self, name), is_leaf=is_variable)
            for name in ("params", "state")
        }
        given = {**values, "inputs": inputs, "training": bool(training)}
        if "rng" in self.call_fn_arguments:
            given["rng"] = self._call_rng(training)
        result = self.call_fn(*(given[name] for name in self.call_fn_arguments))
        if "state" not in self.call_fn_arguments:
            return result
        outputs, state = result
        held = jax.tree.leaves(self.state, is_leaf=is_variable)
        new, structure = jax.tree.flatten(state)
        if structure != jax.tree.structure(values["state"]):
            raise ValueError(f"{describe(self)}: call_fn returned a state of another structure than init_fn made.")
        for variable, value in zip(held, new):
            variable.assign(value)
        return outputs

    def get_config(self):
        return {key: value for key, value in super().get_config().items() if key not in ("params", "state", "seed")}


@layer
class FlaxLayer(JaxLayer):
    """A Flax module as a layer; it is called with ``training`` where it takes that. Needs flax.

    https://keras.io/api/layers/backend_specific_layers/flax_layer/
    """

    module: Function
    method: Function = None

    def __init__(self, module, method=None, variables=None, **kwargs):
        self.module = registry.deserialize(module) if isinstance(module, dict) else module
        self.method = getattr(self.module, method) if isinstance(method, str) else method
        takes = inspect.signature(self.method or self.module.__call__).parameters

        def whole(params, state):
            return {**(params or {}), **(state or {})}

        def split(variables):
            if variables is None:
                return None, None
            state = {k: v for k, v in variables.items() if k != "params"}
            return ({"params": variables["params"]} if "params" in variables else {}), state

        def run(params, state, rng, inputs, **more):
            options = {"rngs": rng, "method": self.method, "mutable": _all_but_params()}
            return self.module.apply(whole(params, state), inputs, **options, **more)

        def start(rng, inputs, **more):
            return split(self.module.init(rng, inputs, method=self.method, **more))

        def run_in_mode(params, state, rng, inputs, training):
            return run(params, state, rng, inputs, training=training)

        def run_plainly(params, state, rng, inputs):
            return run(params, state, rng, inputs)

        def start_in_mode(rng, inputs, training):
            return start(rng, inputs, training=training)

        def start_plainly(rng, inputs):
            return start(rng, inputs)

        takes_mode = "training" in takes
        call_fn, init_fn = (run_in_mode, start_in_mode) if takes_mode else (run_plainly, start_plainly)
        params, state = split(variables)
        JaxLayer.__init__(self, call_fn, init_fn, params, state, **kwargs)

    def _init_rng(self):
        key = super()._init_rng()
        return dict(zip(("params", "dropout"), jax.random.split(key)))

    def _call_rng(self, training):
        return {"dropout": self.seed_generator.next()} if training else {}

    def get_config(self):
        if not hasattr(self.module, "get_config"):
            raise TypeError(
                f"{describe(self)}: the module {type(self.module).__name__} has no get_config(), so that no config can say "
                "how to make it. Define get_config() and from_config(), or save weights alone."
            )
        own = getattr(self.method, "__self__", None) is self.module and self.method is not None
        base = {k: v for k, v in Layer.get_config(self).items() if k not in JaxLayer._fields}
        method = self.method.__name__ if own else registry.serialize(self.method)
        return {
            **base,
            "module": registry.serialize(self.module),
            "method": method,
            "native_serialization_platforms": self.native_serialization_platforms,
        }


def _all_but_params():
    """Flax's filter for all collections but the parameters; whoever has a module of Flax has Flax loaded."""
    linen = sys.modules.get("flax.linen")
    if linen is None:
        raise ImportError("FlaxLayer needs a module of Flax: pip install flax, and make one with flax.linen.")
    return linen.DenyList(["params"])
