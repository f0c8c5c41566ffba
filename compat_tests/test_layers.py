"""Every layer, on every row of the table, against the values of the real Keras.

With `--impl` of a real Keras the same tests run on it; those of jkeras's pure door are left out there.
"""

import collections
import functools
import importlib.util
import os

import numpy as np
import pytest

from compat_tests import cases
from compat_tests.case import Of
from compat_tests.impl import clear
from compat_tests.make_golden import read
from compat_tests.run_case import Arguments, build, flatten, make, plain, quiet, run, weight_values

ROWS = cases.load_all()
IDS = [f"{family}-{case.id}" for family, case in ROWS]
REAL = [(family, case, real) for family, case in ROWS for real in case.impls]

stored = functools.lru_cache(maxsize=None)(read)
_found = {}


def golden(real, family, case):
    """(arrays, facts) of a row from the golden files."""
    arrays, facts = stored(real, family)
    if case.id not in facts["rows"]:
        pytest.fail(f"no golden values: run `python -m compat_tests.make_golden --impl {real} --family {family}` there")
    prefix = case.id + "|"
    return {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}, facts["rows"][case.id]


def outcome(impl, keras, case):
    """(arrays, facts) of a row here; computed once, in jkeras compiled once."""
    if case.id not in _found:
        _found[case.id] = run(impl, keras, case)
    return _found[case.id]


LONG = os.environ.get("JKERAS_LONG_TESTS") == "1"  # every row for every test: minutes more
_seen = collections.Counter()
_place = {case.id: _seen.update([case.layer]) or _seen[case.layer] for _, case in ROWS}


def first(case):
    """Is this the first row of its layer? What does not depend on the options is tested on it."""
    return LONG or _place[case.id] == 1


def rows(where=lambda case: True):
    chosen = [(family, case) for family, case in ROWS if where(case)]
    return pytest.mark.parametrize("family, case", chosen, ids=[f"{family}-{case.id}" for family, case in chosen])


def built(keras, impl, case, **changes):
    """A layer with the row's weights, and its arguments."""
    clear(keras)
    layer, arguments = make(impl, keras, case, **changes), Arguments(case)
    if case.host:
        arguments.call(layer, arguments.arrays)
    else:
        build(keras, layer, arguments)
    if layer.weights:
        layer.set_weights(weight_values(case, layer))
    if case.change is not None:
        case.change(layer)
    return layer, arguments


# Where Keras 3 contradicts itself, so that it fails a test that its own golden values pass; see docs/differences.md.
WRONG_IN_KERAS_3 = {
    ("test_config_makes_an_equal_layer", "shear_random"): "its from_config refuses the factor that get_config gives",
    ("test_config_makes_an_equal_layer", "conv_lstm2d_cell"): "the cell's config lacks the rank that it must be given",
    ("test_symbolic_shape_is_the_real_shape", "random_crop_off"): "foretells cropped pictures where nothing is cropped",
    ("test_symbolic_shape_is_the_real_shape", "bidirectional_backward"): "forgets the units of the backward layer",
    ("test_equal_seeds_draw_equal_numbers", "aug_mix"): "chains are drawn by Python's random, whatever the seed",
}


def needs_tensorflow(keras, case):
    """Does Keras 3 compute or adapt this layer with TensorFlow alone, and is that not here?"""
    layer = getattr(keras.layers, case.layer, None)
    if case.layer == "Discretization" and case.adapt is not None:
        return importlib.util.find_spec("tensorflow") is None
    texts = ("StringLookup", "IntegerLookup", "TextVectorization", "Hashing", "HashedCrossing")
    return getattr(layer, "__name__", "") in texts and importlib.util.find_spec("tensorflow") is None


@pytest.fixture(autouse=True)
def skip_foreign_rows(request, impl, keras):
    """A real Keras runs the rows that it has golden values for."""
    values = getattr(request.node, "callspec", None) and request.node.callspec.params
    if impl == "keras3" and values and needs_tensorflow(keras, values["case"]):
        pytest.skip("Keras 3 needs TensorFlow for this, which is not installed")
    if impl == "keras3" and values:
        if reason := WRONG_IN_KERAS_3.get((request.node.originalname, values["case"].id)):
            pytest.skip(f"Keras 3 {reason}")
    if values and impl != "jkeras" and (impl not in values["case"].impls or values.get("real", impl) != impl):
        pytest.skip(f"not a row of {impl}")


@pytest.fixture
def pure(impl):
    if impl != "jkeras":
        pytest.skip("concerns jkeras's own interface")


@pytest.mark.parametrize("family, case, real", REAL, ids=[f"{f}-{c.id}-{r}" for f, c, r in REAL])
def test_outputs_masks_gradients_and_updates_are_the_real_ones(impl, keras, family, case, real):
    expected, _ = golden(real, family, case)
    found, _ = outcome(impl, keras, case)
    if case.random:
        kept = {k: v for k, v in expected.items() if k.startswith(("mask", "after"))}
        assert {k: np.shape(v) for k, v in found.items()} == {k: np.shape(v) for k, v in expected.items()}
        expected = {k: v for k, v in kept.items() if v.dtype.kind == "f"}
    else:
        assert sorted(found) == sorted(expected)
    for name, value in expected.items():
        assert found[name].shape == value.shape, name
        if value.dtype.kind in "OUS":
            assert found[name].tolist() == value.tolist(), name
        else:
            np.testing.assert_allclose(found[name], value, case.rtol, case.atol, err_msg=name)


@rows(lambda case: case.formula is not None)
def test_layers_of_keras_1_compute_their_formula(pure, impl, keras, family, case):
    found, _ = outcome(impl, keras, case)
    layer, arguments = built(keras, impl, case)
    np.testing.assert_allclose(found["out0"], case.formula(*arguments.arrays, *layer.get_weights()), 1e-5, 1e-5)


@rows(lambda case: case.impls)
def test_weights_have_the_real_names_shapes_and_order(impl, keras, family, case):
    _, expected = golden(case.impls[0] if impl == "jkeras" else impl, family, case)
    _, found = outcome(impl, keras, case)
    assert [w[1:] for w in found["weights"]] == [w[1:] for w in expected["weights"]]
    full = "keras3" in case.impls or impl != "jkeras"
    names = [[w[0] if full else w[0].split("/")[-1] for w in facts["weights"]] for facts in (found, expected)]
    assert names[0] == names[1]


@rows(lambda case: case.config_equal)
def test_config_is_the_real_one(impl, keras, family, case):
    if impl == "jkeras" and "keras3" not in case.impls:
        pytest.skip("configs are written as Keras 3 does, which has no such layer")
    _, expected = golden("keras3" if impl == "jkeras" else impl, family, case)
    _, found = outcome(impl, keras, case)
    assert normal(found["config"]) == normal(expected["config"])


def normal(value):
    """A config without its name; floats are rounded, for a real Keras keeps some of them in float32."""
    if isinstance(value, dict):
        return {k: normal(v) for k, v in value.items() if k != "name" or "trainable" not in value}
    if isinstance(value, list):
        return [normal(v) for v in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


@rows()
def test_config_makes_an_equal_layer(impl, keras, family, case):
    if any(isinstance(value, Of) for value in case.config.values()):
        pytest.skip("functions that are not registered are not rebuilt from a config")
    layer = make(impl, keras, case)
    try:
        config = layer.get_config()
    except NotImplementedError:
        pytest.skip("a layer of functions has no config")
    with quiet():
        again = type(layer).from_config(config)
    assert plain(again.get_config()) == plain(layer.get_config())


@rows(lambda case: case.dynamic and not case.spread and not case.host)
def test_symbolic_shape_is_the_real_shape(impl, keras, family, case):
    clear(keras)
    layer, arguments = make(impl, keras, case), Arguments(case)
    symbols = [keras.layers.Input(shape=a.shape[1:], dtype=str(a.dtype)) for a in arguments.arrays]
    outputs = flatten(arguments.call(layer, symbols))
    found, _ = outcome(impl, keras, case)
    expected = [found[f"out{i}"] for i in range(len(outputs))]
    batch = arguments.arrays[0].shape[0]
    for symbol, array in zip(outputs, expected, strict=True):
        want = tuple(None if i == 0 and d == batch else d for i, d in enumerate(array.shape))
        shape = symbol._keras_shape if impl == "keras224" else symbol.shape
        if impl != "jkeras":  # they may know less
            want = tuple(None if known is None else size for known, size in zip(shape, want, strict=True))
        assert tuple(shape) == want
        if impl == "jkeras":
            assert symbol.dtype == str(array.dtype)


@rows(lambda case: first(case) and not case.host)
def test_init_and_apply_are_pure_and_eager_equals_compiled(pure, impl, keras, family, case):
    import jax

    layer, arguments = built(keras, impl, case)
    before = [v.value for v in layer.variables]
    params, state = layer.parameters()
    shapes = jax.tree.map(lambda a: (a.shape, a.dtype), (params, state))
    made = jax.eval_shape(lambda: layer.init(jax.random.key(0)))
    assert jax.tree.map(lambda a: (a.shape, a.dtype), made) == shapes
    training = arguments.fixed.get("training", False)
    fixed = arguments.fixed
    arguments.fixed = {k: v for k, v in fixed.items() if k != "training"}

    def call(*args, **kwargs):
        return layer.apply(params, state, *args, training=training, key=jax.random.key(1), **kwargs)

    outputs, after = arguments.call(call, [jax.numpy.asarray(a) for a in arguments.arrays])
    assert all(a is b for a, b in zip(before, [v.value for v in layer.variables], strict=True))
    assert jax.tree.structure(after) == jax.tree.structure(state)
    if case.mask is None and not case.random:  # outcome() was compiled where it took a gradient
        found, _ = outcome(impl, keras, case)
        for i, output in enumerate(flatten(outputs)):
            np.testing.assert_allclose(output, found[f"out{i}"], max(case.rtol, 1e-5), max(case.atol, 1e-5))


@rows(lambda case: first(case) and case.vmap and not case.host and case.mask is None)
def test_apply_runs_under_vmap_over_parameters(pure, impl, keras, family, case):
    import jax

    layer, arguments = built(keras, impl, case)
    params, state = layer.parameters()
    two = jax.tree.map(lambda a: jax.numpy.stack([a, a]), params)
    training = arguments.fixed.get("training", False)
    arguments.fixed = {k: v for k, v in arguments.fixed.items() if k != "training"}
    arrays = [jax.numpy.asarray(a) for a in arguments.arrays]

    def one(params, key):
        def call(*args, **kwargs):
            return layer.apply(params, state, *args, training=training, key=key, **kwargs)

        return flatten(arguments.call(call, arrays)[0])

    keys = jax.random.split(jax.random.key(1), 2)
    if not params and not case.random:
        shapes = jax.eval_shape(jax.vmap(one, in_axes=(None, 0), axis_size=2), params, keys)
        assert all(s.shape[0] == 2 for s in shapes)
        return
    outputs = jax.jit(jax.vmap(one))(two, keys)
    if not case.random:
        found, _ = outcome(impl, keras, case)
        for i, output in enumerate(outputs):
            np.testing.assert_allclose(output[0], found[f"out{i}"], max(case.rtol, 1e-5), max(case.atol, 1e-5))
            np.testing.assert_array_equal(output[0], output[1])
    else:
        assert any((np.asarray(o[0]) != np.asarray(o[1])).any() for o in outputs)


@rows(lambda case: case.policies and not case.host)
def test_half_precision_policies_compute_in_half_precision(pure, impl, keras, family, case):
    expected, _ = outcome(impl, keras, case)
    for policy in ("mixed_bfloat16", "float16"):
        half, arguments = make(impl, keras, case, dtype=policy), Arguments(case)
        dtype, kept = policy.removeprefix("mixed_"), "float32" if policy.startswith("mixed") else policy
        with quiet():
            outputs = abstract_outputs(keras, half, arguments)
        for i, output in enumerate(outputs):
            was_float = expected[f"out{i}"].dtype == np.float32
            assert str(output.dtype) == (dtype if was_float else str(expected[f"out{i}"].dtype))
        assert {v.dtype for v in half.weights if "float" in v.dtype} <= {kept, "float32"}


def abstract_outputs(keras, layer, arguments):
    """Outputs without values, by evaluating the real computation."""
    import jax

    symbols = [keras.layers.Input(batch_shape=a.shape, dtype=str(a.dtype)) for a in arguments.arrays]
    outputs = flatten(arguments.call(layer, symbols))
    if not layer._has_closed_form():
        return outputs
    params, state = jax.eval_shape(lambda: layer.init(jax.random.key(0)))
    training = arguments.fixed.pop("training", False)

    def compute(params, state, arrays):
        call = functools.partial(layer.apply, params, state, training=training, key=jax.random.key(1))
        return arguments.call(call, arrays)[0]

    return flatten(jax.eval_shape(compute, params, state, arguments.arrays))


@rows(lambda case: case.random and not case.host)
def test_equal_seeds_draw_equal_numbers(impl, keras, family, case):
    results = []
    for seed in (3, 3, 4):
        clear(keras)
        layer, arguments = make(impl, keras, case, seed=seed), Arguments(case)
        with quiet():
            results.append([np.asarray(o) for o in flatten(arguments.call(layer, arguments.arrays))])
    for one, two in zip(results[0], results[1], strict=True):
        np.testing.assert_array_equal(one, two)
    assert any((a != b).any() for a, b in zip(results[0], results[2], strict=True))


# Bases, what stands for something else, and what needs another package (tests/test_jax_layer.py): no rows of their own.
NO_ROWS = {"Layer", "InputLayer", "Input", "InputSpec", "Wrapper", "RNN", "AbstractRNNCell", "ConvRNN2D"}
# No real Keras runs them here: see tests/test_recurrent.py and test_recurrent_runs.py.
NO_ROWS |= {"CuDNNLSTM", "CuDNNGRU", "PeepholeLSTMCell"}
# It needs Flax: see tests/test_jax_layer.py.
NO_ROWS |= {"FlaxLayer"}


def test_every_layer_has_a_row(pure, keras):
    from jkeras import layers

    known = {case.layer.rpartition(".")[2] for _, case in ROWS}
    offered = {name for name in layers.HOMES if name not in NO_ROWS and isinstance(getattr(layers, name), type)}
    rowless = {n for n in offered if getattr(layers, n).__name__ not in known and n not in known}
    assert not rowless, f"layers without a row in compat_tests/cases: {sorted(rowless)}"
