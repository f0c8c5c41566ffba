"""Run one row on one Keras and record what came out: outputs, masks, gradients, updates, weights, config.

Everything drawn is a function of the row's identifier, so that a record needs no inputs in it. The gradient is that of
the sum of all floating outputs, each times fixed random numbers.
"""

import contextlib
import functools
import json
import warnings
import zlib

import numpy as np

from compat_tests.case import Of, Sub, T
from compat_tests.impl import clear, lookup


def stream(case, what):
    """The random numbers of one purpose."""
    return np.random.RandomState(zlib.crc32(f"{case.id}/{what}".encode()))


def draw(spec, rng):
    """The array that a ``T`` stands for."""
    if spec.dtype == "bool":
        return rng.randint(0, 2, spec.shape).astype(bool)
    if spec.dtype.startswith(("int", "uint")):
        return rng.randint(spec.low or 0, spec.high or 2, spec.shape).astype(spec.dtype)
    if spec.low is None and spec.high is None:
        return rng.standard_normal(spec.shape).astype(spec.dtype)
    return rng.uniform(spec.low or 0.0, 1.0 if spec.high is None else spec.high, spec.shape).astype(spec.dtype)


def flatten(value):
    """Leaves of lists, tuples and dicts, in order."""
    if isinstance(value, dict):
        return [leaf for key in sorted(value) for leaf in flatten(value[key])]
    if isinstance(value, list | tuple):
        return [leaf for item in value for leaf in flatten(item)]
    return [] if value is None else [value]


def resolve(value, keras):
    """A config value with its layers and functions made in this Keras."""
    if isinstance(value, Sub):
        return lookup(keras, value.layer)(**resolve(value.config, keras))
    if isinstance(value, Of):
        return value.function(keras)
    if isinstance(value, dict):
        return {key: resolve(item, keras) for key, item in value.items()}
    if isinstance(value, list):
        return [resolve(item, keras) for item in value]
    return value


def make(impl, keras, case, **changes):
    """The layer of a row."""
    given = {**case.config, **case.real.get(impl, {}), **changes}
    config = resolve({name: value for name, value in given.items() if value is not ...}, keras)
    layer = lookup(keras, case.lookup.get(impl, case.layer))(**config)
    if case.adapt is not None:
        layer.adapt(case.adapt)
    return layer


class Arguments:
    """The arrays of a row and how they become a call; ``arrays`` can be replaced by traced or symbolic ones."""

    def __init__(self, case):
        rng = stream(case, "inputs")
        inputs = [given_array(value) for value in case.inputs or []] or [draw(s, rng) for s in case.input_specs()]
        self.case, self.count = case, len(inputs)
        self.arrays, self.fixed = list(inputs), {}
        for name, value in case.call.items():
            drawn = [draw(spec, rng) for spec in flatten(value) if isinstance(spec, T)]
            self.arrays += drawn
            if not drawn:
                self.fixed[name] = value
        self.plain = frozenset(self.fixed)

    def call(self, layer, arrays, **more):
        """``layer`` called on ``arrays`` as the row says."""
        case, rest = self.case, list(arrays[self.count :])

        def put(value):
            if isinstance(value, list | tuple):
                return type(value)(put(item) for item in value)
            return rest.pop(0)

        keywords = {name: put(value) for name, value in case.call.items() if name not in self.plain}
        inputs = list(arrays[: self.count])
        positional = inputs if case.spread else [inputs if case.several else inputs[0]]
        return layer(*positional, **keywords, **self.fixed, **more)

    def masks(self):
        """One boolean mask (or None) per input."""
        pattern = self.case.mask if self.case.several else [self.case.mask]
        if isinstance(pattern, str):
            pattern = [pattern] * self.count
        return [as_mask(one, np.shape(array)) for one, array in zip(pattern, self.arrays)]

    def floating(self):
        """Positions of the arrays that get a gradient."""
        return [i for i, a in enumerate(self.arrays) if isinstance(a, np.ndarray) and a.dtype.kind == "f"]


def given_array(value):
    """Explicit values as an array; numbers as float32 or int32, strings as they are."""
    array = np.asarray(value)
    kinds = {"f": "float32", "i": "int32"}
    return array.astype(kinds[array.dtype.kind]) if array.dtype.kind in kinds else array


def as_mask(pattern, shape):
    if pattern is None:
        return None
    if pattern == "right":
        lengths = shape[1] - np.arange(shape[0]) % shape[1]
        return np.arange(shape[1])[None] < lengths[:, None]
    mask = np.array(pattern, bool)
    return np.broadcast_to(mask, shape[: mask.ndim]).copy()


def weight_values(case, layer):
    """Drawn values for ``layer.set_weights``, by order, shape and (for variances) name."""
    rng, values = stream(case, "weights"), []
    now = functools.cache(layer.get_weights)  # nothing is drawn for what is replaced
    for number, variable in enumerate(layer.weights):
        dtype = getattr(variable.dtype, "name", variable.dtype).removesuffix("_ref")
        if case.weights == "keep" or not dtype.startswith("float"):
            values.append(now()[number])
        else:
            low, high = (0.5, 1.5) if "variance" in path_of(variable) else (-0.5, 0.5)
            values.append(rng.uniform(low, high, [int(n) for n in variable.shape]).astype(dtype))
    return values


def build(keras, layer, arguments):
    """Makes the weights of a layer for its arguments; in jkeras without computing anything."""
    if keras.__name__ != "jkeras":
        arguments.call(layer, arguments.arrays)
        return
    import jax

    from jkeras.core.frame import Frame

    def abstract(arrays):
        with Frame(values={}, abstract=True):
            return flatten(arguments.call(layer, arrays))

    jax.eval_shape(abstract, [jax.numpy.asarray(a) for a in arguments.arrays])
    if any(
        not v.dtype.startswith(("float", "bfloat")) for v in layer.weights
    ):  # a call may count; such values are kept
        arguments.call(layer, arguments.arrays)


def path_of(variable):
    """``layer/sublayer/weight``, as this Keras names it."""
    path = getattr(variable, "path", None) or variable.name
    return path.split(":")[0]


def plain(value):
    """A config as JSON would keep it; what JSON cannot hold becomes the name of its type."""

    def other(item):
        if isinstance(item, np.ndarray | np.generic):
            return item.tolist()
        return f"<{type(item).__name__}>"

    return json.loads(json.dumps(value, default=other, sort_keys=True))


@contextlib.contextmanager
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def run(impl, keras, case):
    """(arrays, facts) of one row."""
    clear(keras)
    layer, arguments = make(impl, keras, case), Arguments(case)
    runner = {"keras3": run_stateless, "jkeras": run_stateless, "tf_keras": run_tape, "keras224": run_graph}[impl]
    found = runner(keras, case, layer, arguments)
    arrays = {}
    for kind, values in found.items():
        arrays.update({f"{kind}{i}": text_or_numbers(value) for i, value in enumerate(values)})
    trainable = {id(variable) for variable in layer.trainable_weights}
    facts = {
        "weights": [[path_of(v), [int(n) for n in v.shape], id(v) in trainable] for v in layer.weights],
        "config": plain(layer.get_config()),
        "outputs": len(found.get("out", [])),
    }
    return arrays, facts


def text_or_numbers(value):
    """An array that needs no pickling."""
    array = np.asarray(value)
    if array.dtype.kind in "OS":
        array = np.array([v.decode() if isinstance(v, bytes) else v for v in array.reshape(-1)]).reshape(array.shape)
    return array


def helpers(keras):
    """Two layers: one that gives a fixed mask to what goes through it, one that shows the mask that arrives."""

    class GivenMask(keras.layers.Layer):
        def __init__(self, value, **kwargs):
            super().__init__(**kwargs)
            self.value, self.supports_masking = value, True

        def call(self, inputs):
            return inputs * 1 if self.value.size else inputs

        def compute_mask(self, inputs, mask=None):
            return as_tensor(keras, self.value)

        def compute_output_shape(self, input_shape):
            return input_shape

    class SeeMask(keras.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.supports_masking = True

        def call(self, inputs, mask=None):
            if mask is None:
                return inputs * 0 - 1
            return cast_mask(keras, mask)

    return GivenMask, SeeMask


def as_tensor(keras, value):
    if keras.__name__ == "jkeras":
        return value
    if keras.__version__.startswith("3"):
        return keras.ops.convert_to_tensor(value)
    return keras.backend.constant(value, dtype="bool")


def cast_mask(keras, mask):
    if keras.__name__ == "jkeras":
        return mask.astype("float32")
    return (keras.ops if keras.__version__.startswith("3") else keras.backend).cast(mask, "float32")


def masked_model(keras, layer, arguments):
    """A functional model that gives the inputs their masks and shows the outputs' masks after the outputs."""
    given, see = helpers(keras)
    symbols = [keras.layers.Input(batch_shape=a.shape, dtype=str(a.dtype)) for a in arguments.arrays]
    masks = arguments.masks() + [None] * (len(symbols) - arguments.count)
    arrays = [symbol if mask is None else given(mask)(symbol) for symbol, mask in zip(symbols, masks)]
    outputs = flatten(arguments.call(layer, arrays))
    return keras.models.Model(symbols, outputs + [see()(output) for output in outputs])


def cotangents(case, outputs):
    rng = stream(case, "cotangents")
    return [rng.standard_normal(np.shape(o)).astype("float32") for o in outputs]


def is_float(array):
    return "float" in str(array.dtype)


def run_stateless(keras, case, layer, arguments):
    """Keras 3 and jkeras: through ``stateless_call`` and jax; gradients under jit in jkeras."""
    if case.host or not case.grads:
        outputs = flatten(arguments.call(layer, arguments.arrays))
        if not layer.weights:
            return {"out": outputs}
        layer.set_weights(weight_values(case, layer))
        if case.change is not None:
            case.change(layer)
        return {"out": flatten(arguments.call(layer, arguments.arrays))}
    import jax
    import jax.numpy as jnp

    model = layer
    if case.mask is not None:
        model = masked_model(keras, layer, arguments)
    else:
        build(keras, layer, arguments)
    layer.set_weights(weight_values(case, layer))
    if case.change is not None:
        case.change(layer)
    trained = [v.value for v in model.trainable_variables]
    held = [v.value for v in model.non_trainable_variables]
    training = {k: v for k, v in case.call.items() if k == "training"}

    def compute(trained, held, arrays):
        if case.mask is None:
            outputs, held = arguments.call(lambda *a, **k: model.stateless_call(trained, held, *a, **k), arrays)
            return flatten(outputs), [], held
        outputs, held = model.stateless_call(trained, held, arrays, **training)
        outputs = flatten(outputs)
        return outputs[: len(outputs) // 2], outputs[len(outputs) // 2 :], held

    floating = arguments.floating()

    def loss(trained, leaves):
        arrays = list(arguments.arrays)
        for position, leaf in zip(floating, leaves):
            arrays[position] = leaf
        outputs, masks, after = compute(trained, held, [jnp.asarray(a) for a in arrays])
        pairs = [(o, c) for o, c in zip(outputs, cotangents(case, outputs)) if is_float(o)]
        return sum(jnp.sum(o * c) for o, c in pairs), (outputs, masks, after)

    both = jax.value_and_grad(loss, argnums=(0, 1), has_aux=True)
    if keras.__name__ == "jkeras":
        both = jax.jit(both)
    leaves = [jnp.asarray(arguments.arrays[i]) for i in floating]
    (_, (outputs, masks, after)), (by_weight, by_input) = both(trained, leaves)
    order = {id(v): g for v, g in zip(model.trainable_variables, by_weight)}
    later = {id(v): a for v, a in zip(model.non_trainable_variables, after)}
    return {
        "out": outputs,
        "mask": masks,
        "dx": by_input,
        "dw": [order[id(v)] for v in layer.trainable_weights],
        "after": [later[id(v)] for v in layer.non_trainable_weights],
    }


def run_tape(keras, case, layer, arguments):
    """tf_keras, eagerly."""
    import tensorflow as tf

    with tf.device("cpu:0"):
        tensors = [tf.constant(a) for a in arguments.arrays]
        model = masked_model(keras, layer, arguments) if case.mask is not None else None
        if model is None:
            arguments.call(layer, tensors)
        layer.set_weights(weight_values(case, layer))
        floating = arguments.floating()
        with tf.GradientTape() as tape:
            for position in floating:
                tape.watch(tensors[position])
            outputs = flatten(arguments.call(layer, tensors) if model is None else model(tensors, **arguments.fixed))
            outputs, masks = (outputs, []) if model is None else split(outputs)
            pairs = [(o, c) for o, c in zip(outputs, cotangents(case, outputs)) if is_float(o)]
            loss = sum(tf.reduce_sum(o * c) for o, c in pairs) if case.grads else None
        found = {"out": outputs, "mask": masks, "after": [v.numpy() for v in layer.non_trainable_weights]}
        if case.grads:
            sources = [tensors[i] for i in floating] + list(layer.trainable_weights)
            grads = [dense_gradient(tf, g, s) for g, s in zip(tape.gradient(loss, sources), sources)]
            found.update(dx=grads[: len(floating)], dw=grads[len(floating) :])
        return found


def split(outputs):
    return outputs[: len(outputs) // 2], outputs[len(outputs) // 2 :]


def dense_gradient(tf, gradient, source):
    return np.zeros(source.shape, "float32") if gradient is None else tf.convert_to_tensor(gradient).numpy()


def run_graph(keras, case, layer, arguments):
    """Keras 2.2.4: a graph, K.function and K.gradients."""
    K = keras.backend
    given, see = helpers(keras)
    symbols = [keras.layers.Input(batch_shape=a.shape, dtype=str(a.dtype)) for a in arguments.arrays]
    masks = arguments.masks() if case.mask is not None else []
    masks += [None] * (len(symbols) - len(masks))
    arrays = [symbol if mask is None else given(mask)(symbol) for symbol, mask in zip(symbols, masks)]
    fixed, training = dict(arguments.fixed), arguments.fixed.get("training", False)
    arguments.fixed = {name: value for name, value in fixed.items() if name != "training"}  # fed as learning phase
    outputs = flatten(arguments.call(layer, arrays))
    layer.set_weights(weight_values(case, layer))
    shown = [see()(output) for output in outputs] if case.mask is not None else []
    found = {"out": outputs, "mask": shown}
    floating = [symbols[i] for i in arguments.floating()]
    inputs = symbols + ([K.learning_phase()] if not isinstance(K.learning_phase(), int) else [])
    feed = [*arguments.arrays, int(bool(training))][: len(inputs)]
    if case.grads:
        shapes = [np.zeros(K.int_shape(output)) for output in outputs]
        loss = sum(K.sum(o * K.constant(c)) for o, c in zip(outputs, cotangents(case, shapes)))
        sources = floating + list(layer.trainable_weights)
        grads = [
            K.zeros_like(s) if g is None else K.tf.convert_to_tensor(g)
            for s, g in zip(sources, K.gradients(loss, sources))
        ]
        found.update(dx=grads[: len(floating)], dw=grads[len(floating) :])
    wanted = [tensor for tensors in found.values() for tensor in tensors]
    updates = layer.get_updates_for(None) + [u for i in range(len(arrays)) for u in layer.get_updates_for(arrays[i])]
    values = iter(K.function(inputs, wanted, updates=updates if training else [])(feed))
    result = {kind: [next(values) for _ in tensors] for kind, tensors in found.items()}
    result["after"] = [K.get_value(v) for v in layer.non_trainable_weights]
    return result
