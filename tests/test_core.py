"""Variables, frames, declared classes and the pure door."""

import copy
import time
from concurrent.futures import ThreadPoolExecutor

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import jkeras as keras
from jkeras.core import frame as frames
from jkeras.core.frame import Frame
from jkeras.core.layer import Layer, layer
from jkeras.core.naming import get_uid, reset_names, snake_case, unique_name
from jkeras.core.rng import SeedGenerator, set_seed
from jkeras.core.scopes import StatelessScope, name_scope
from jkeras.core.spec import InputSpec
from jkeras.core.symbolic import KerasTensor
from jkeras.core.variable import Variable
from jkeras.layers import LSTM, Bidirectional, Conv1D, Dense, Dropout

# ------------------------------------------------- Variables

JNP_FUNCTIONS = [jnp.sum, jnp.square, jnp.transpose, jnp.exp, jnp.argmax, jnp.ravel, jnp.linalg.norm, jax.nn.relu]


@pytest.mark.parametrize("function", JNP_FUNCTIONS, ids=lambda f: f.__name__)
def test_a_jax_numpy_function_takes_a_variable(function):
    value = np.arange(6.0, dtype="float32").reshape(2, 3)
    np.testing.assert_array_equal(function(Variable(value)), function(value))


@pytest.mark.parametrize(
    "expression", ["v + 2", "2 - v", "v * v", "v / 2", "v ** 2", "-v", "abs(v)", "v @ v", "v > 1", "v == v"]
)
def test_an_operator_on_a_variable_is_that_on_its_array(expression):
    value = np.array([[1.0, -2.0], [3.0, 4.0]], "float32")
    expected = eval(expression, {"v": value})
    np.testing.assert_allclose(eval(expression, {"v": Variable(value)}), expected)


def test_assignments_change_the_value():
    v = Variable([1.0, 2.0])
    v.assign([3.0, 4.0])
    v.assign_add([1.0, 1.0])
    v.assign_sub([0.0, 2.0])
    assert v.numpy().tolist() == [4.0, 3.0]


def test_an_assignment_of_another_shape_is_an_error_and_changes_nothing():
    v = Variable([1.0, 2.0], name="v")
    with pytest.raises(ValueError, match=r"'v': expected a value of shape \(2,\), received shape \(3,\)"):
        v.assign([1.0, 2.0, 3.0])
    assert v.numpy().tolist() == [1.0, 2.0]


def test_a_variable_without_value_is_made_when_it_is_read():
    calls = []

    def initializer(shape, dtype=None):
        calls.append(shape)
        return jnp.ones(shape, dtype)

    v = Variable(initializer, shape=(2, 3))
    assert calls == []
    assert v.value.shape == (2, 3) and calls == [(2, 3)]


def test_a_variable_first_read_inside_a_trace_leaks_no_tracer():
    v = Variable(lambda shape, dtype=None: jnp.ones(shape, dtype), shape=(3,))
    assert jax.jit(lambda x: jnp.sum(v.value * x))(2.0) == 6.0
    assert v.numpy().tolist() == [1.0, 1.0, 1.0]


def test_a_traced_value_cannot_be_left_in_a_variable_that_the_function_does_not_own():
    v = Variable(0.0, name="counter")
    with pytest.raises(RuntimeError, match="'counter' was assigned inside a compiled function"):
        jax.jit(lambda x: v.assign(x))(1.0)
    assert float(v) == 0.0


def test_a_copy_for_numpy_is_one_to_write_into():
    v = Variable([1.0, 2.0])
    np.array(v)[:] = 7.0
    assert v.numpy().tolist() == [1.0, 2.0]
    with pytest.raises(ValueError, match="copy"):
        np.array(v, "float16", copy=False)


@given(st.lists(st.floats(-1e3, 1e3, width=32), min_size=1, max_size=5))
def test_numpy_gives_a_copy(values):
    v = Variable(values)
    v.numpy()[:] = 7.0
    np.testing.assert_array_equal(v.numpy(), np.array(values, "float32"))


# ------------------------------------------------- frames


def test_a_frame_binds_values_and_keeps_writes_to_itself():
    v = Variable(1.0)
    with Frame(values={v: jnp.asarray(5.0)}) as frame:
        v.assign_add(1.0)
        assert float(v) == 6.0
    assert float(v) == 1.0 and float(frame.values[v]) == 6.0


def test_an_inner_frame_sees_what_the_outer_one_binds():
    a, b = Variable(1.0), Variable(2.0)
    with Frame(values={a: jnp.asarray(10.0)}), Frame(values={b: jnp.asarray(20.0)}):
        assert float(a) + float(b) == 30.0


def test_a_frame_cannot_be_used_after_its_call():
    with Frame() as frame:
        pass
    with pytest.raises(RuntimeError, match="call that is over"):
        frame.__enter__()


def test_a_stateless_scope_keeps_writes_to_itself():
    v = Variable(1.0)
    with StatelessScope(state_mapping=[(v, 4.0)]) as scope:
        v.assign(v.value * 2)
    assert float(scope.get_current_value(v)) == 8.0 and float(v) == 1.0


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({}, "a/b/b/w"),
        ({"caller": 1}, "a/b/w"),
        ({"caller": 1, "deduplicate": False}, "a/b/b/w"),
        ({"override_parent": "x/y"}, "x/y/b/w"),
    ],
)
def test_the_names_of_scopes(options, path):
    outer = {k: v for k, v in options.items() if k != "override_parent"}
    with name_scope("a"), name_scope("b", **outer), name_scope("b", **options):
        assert Variable(0.0, name="w").path == path
    assert Variable(0.0, name="w").path == "w"


def test_threads_that_read_a_variable_for_the_first_time_get_one_array():
    made = []

    def initializer(shape, dtype):
        made.append(time.sleep(0.02))
        return np.zeros(shape)

    v = Variable(initializer, shape=(2,))
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: v.value, range(4)))
    assert len(made) == 1 and all(x is found[0] for x in found)


@pytest.mark.parametrize("collect", [True, False])
def test_a_stateless_scope_collects_losses_where_it_is_asked_to(collect):
    with StatelessScope(collect_losses=collect) as scope:
        Dense(1, activity_regularizer="l2")(jnp.ones((1, 2)))
    assert len(scope.losses) == collect


class Special(Variable):
    pass


def test_a_copy_of_a_variable_has_its_class_and_value():
    v = Special(keras.initializers.RandomNormal(), shape=(2,))
    other = copy.deepcopy(v)
    assert type(other) is Special and other.numpy().tolist() == v.numpy().tolist()


PARTS = [
    lambda: Dense(3, input_shape=(2.5,)),
    lambda: KerasTensor((None, 2.5)),
    lambda: Layer().add_weight("w", (2.5,)),
    lambda: Dense(3).build((None, 2.5)),
]


@pytest.mark.parametrize("make", PARTS)
def test_the_size_of_an_axis_is_a_whole_number(make):
    with pytest.raises(ValueError, match="must be a whole number, received 2.5"):
        make()


def test_a_mask_stays_with_its_array():
    x, mask = jnp.ones((2, 3)), jnp.ones((2, 3), bool)
    frames.set_mask(x, mask)
    assert frames.get_mask(x) is mask and frames.get_mask(jnp.ones((2, 3))) is None


# ------------------------------------------------- declared classes


@layer
class Scale(Layer):
    factor: float = 2.0
    offset: float = 0.0

    def call(self, inputs):
        return inputs * self.factor + self.offset


def test_a_field_is_argument_attribute_and_config():
    one = Scale(3.0, offset=1.0, name="s")
    assert (one.factor, one.offset) == (3.0, 1.0)
    assert one.get_config()["factor"] == 3.0
    again = Scale.from_config(one.get_config())
    assert (again.factor, again.offset, again.name) == (3.0, 1.0, "s")


BAD_ARGUMENTS = [
    (lambda: Scale(facter=3.0), TypeError, "Scale: Unknown argument 'facter'. Did you mean 'factor'"),
    (lambda: Scale(1.0, 2.0, 3.0), TypeError, "at most 2 positional"),
    (lambda: Scale(1.0, factor=2.0), TypeError, "'factor' was given twice"),
    (lambda: Dense(), TypeError, "the required argument 'units' is missing"),
    (lambda: Dense(0), ValueError, r"Dense\(units=0\): expected a positive integer"),
    (lambda: Dense("4"), TypeError, r"Dense\(units='4'\): expected a positive integer"),
    (lambda: Dense(3, activation="rellu"), ValueError, "Did you mean 'relu'"),
    (lambda: Dense(3, input_shape="4"), ValueError, "expected a tuple of sizes"),
]


@pytest.mark.parametrize(("make", "error", "message"), BAD_ARGUMENTS)
def test_a_bad_argument_is_named(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Dense", "dense"),
        ("Conv2D", "conv2d"),
        ("BatchNormalization", "batch_normalization"),
        ("LSTM", "lstm"),
        ("ReLU", "re_lu"),
    ],
)
def test_an_automatic_name_is_that_of_keras(name, expected):
    assert snake_case(name) == expected


@pytest.mark.parametrize(("era", "names"), [("2.2", ("a_1", 2, "a_3", 4)), ("3", ("a", 2, "a_2", 4))])
def test_numbers_and_names_share_one_count(era, names):
    with keras.compat.era(era):
        reset_names()
        assert (unique_name("a"), get_uid("a"), unique_name("a"), get_uid("a")) == names


# ------------------------------------------------- the pure door


class Pair(Layer):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.parts = [Dense(units), {"out": Dense(1)}]
        self.drop = Dropout(0.5)

    def call(self, x, training=False):
        return self.parts[1]["out"](self.drop(self.parts[0](x), training=training))


def test_init_is_a_pure_function_of_the_key():
    one = Pair(4)
    a, b = one.init(0, (None, 3))[0], one.init(0)[0]
    assert jax.tree.all(jax.tree.map(lambda p, q: bool((p == q).all()), a, b))
    assert not jax.tree.all(jax.tree.map(lambda p, q: bool((p == q).all()), a, one.init(1)[0]))


def test_a_key_may_be_any_integer():
    one = Dense(2)
    for key in (np.int64(3), jax.random.key_data(jax.random.key(3))):
        np.testing.assert_array_equal(one.init(key, (1, 3))[0]["kernel"], one.init(3, (1, 3))[0]["kernel"])


def test_apply_reads_and_writes_nothing():
    one = Pair(4)
    params, state = one.init(0, (2, 3))
    before = one.get_weights()
    x = jnp.ones((2, 3))
    y, after = one.apply(params, state, x, training=True)
    again, _ = one.apply(params, state, x, training=True)
    np.testing.assert_array_equal(y, again)
    assert jax.tree.structure(after) == jax.tree.structure(state)
    for a, b in zip(before, one.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_apply_under_jit_grad_and_vmap_agrees_with_apply():
    one = Pair(4)
    params, state = one.init(0, (2, 3))
    x = jnp.arange(6.0).reshape(2, 3)
    plain = one.apply(params, state, x)[0]
    np.testing.assert_allclose(jax.jit(lambda p: one.apply(p, state, x)[0])(params), plain, rtol=1e-6)
    grads = jax.grad(lambda p: one.apply(p, state, x)[0].sum())(params)
    assert jax.tree.structure(grads) == jax.tree.structure(params)
    many, _ = jax.vmap(one.init)(jax.random.split(jax.random.key(0), 5))
    assert jax.vmap(lambda p: one.apply(p, state, x)[0])(many).shape == (5, 2, 1)


def test_a_key_decides_the_draws_by_path():
    one = Pair(64)
    params, state = one.init(0, (2, 3))
    x = jnp.ones((2, 3))

    def draw(key):
        return one.apply(params, state, x, training=True, key=key)

    np.testing.assert_array_equal(draw(1)[0], draw(1)[0])
    assert not np.array_equal(draw(1)[0], draw(2)[0])
    kept = jax.tree.map(np.asarray, draw(1)[1])
    assert jax.tree.all(jax.tree.map(np.array_equal, kept, jax.tree.map(np.asarray, state)))


def test_parameters_can_be_taken_out_changed_and_put_back():
    one = Pair(4)
    one(jnp.ones((1, 3)))
    params, state = one.parameters()
    one.assign_parameters(jax.tree.map(jnp.zeros_like, params), state)
    assert float(jnp.abs(one(jnp.ones((1, 3)))).sum()) == 0.0


def test_params_without_an_entry_are_named():
    one = Pair(4)
    params, state = one.init(0, (2, 3))
    name = next(iter(params))
    with pytest.raises(ValueError, match=f"params has no entry '{name}/"):
        one.apply({k: v for k, v in params.items() if k != name}, state, jnp.ones((2, 3)))


def test_stateless_call_is_the_call():
    one = Pair(4)
    x = jnp.ones((2, 3))
    one(x)
    y, after = one.stateless_call(one.trainable_variables, one.non_trainable_variables, x)
    np.testing.assert_allclose(y, one(x))
    assert len(after) == len(one.non_trainable_variables)


# ------------------------------------------------- layers of users


class OldStyle(keras.Layer):
    def __init__(self, units, **kwargs):
        self.units = units  # before super().__init__, as many scripts do
        super().__init__(**kwargs)

    def build(self, input_shape):
        self.W = self.add_weight(name="W", shape=(input_shape[-1], self.units), initializer="ones", trainable=True)
        self.c = self.add_weight("c", (1,), initializer="zeros", trainable=False)
        super().build(input_shape)

    def call(self, x):
        self.c.assign_add([1.0])
        return jnp.dot(x, self.W)


def test_attributes_may_be_set_before_super_init():
    one = OldStyle(2, name="old")
    assert one(np.ones((1, 3))).tolist() == [[3.0, 3.0]]
    assert [v.path for v in one.weights] == ["old/W", "old/c"]
    assert float(one.c.value[0]) == 1.0


def test_a_layer_without_get_config_is_described_by_its_arguments():
    assert OldStyle.from_config(OldStyle(5, name="o").get_config()).units == 5


class OpenArguments(Layer):
    def __init__(self, units, **more):
        super().__init__(name=more.get("name"))
        self.units, self.rate = units, more.get("rate")


def test_open_arguments_are_described_by_their_names():
    config = OpenArguments(5, rate=0.5, name="o").get_config()
    assert (config["units"], config["rate"], "more" in config) == (5, 0.5, False)
    assert OpenArguments.from_config(config).rate == 0.5


def test_arguments_without_names_want_a_get_config():
    class Several(Layer):
        def __init__(self, *sizes):
            super().__init__()

    with pytest.raises(NotImplementedError, match="Several takes arguments without names; define get_config"):
        Several(1, 2).get_config()


class ByCall(Layer):
    def call(self, x, training=None, mask=None):
        return x + (1.0 if training else 0.0)


@pytest.mark.parametrize(("training", "expected"), [(True, 1.0), (False, 0.0), (None, 0.0)])
def test_training_reaches_call(training, expected):
    assert float(ByCall()(jnp.zeros(()), training=training)) == expected


class Outer(Layer):
    def __init__(self):
        super().__init__()
        self.inner = ByCall()

    def call(self, x, training=None):
        return self.inner(x)


class ByPlace(Outer):
    def call(self, x, training=None):
        return self.inner(x, training)


@pytest.mark.parametrize("kind", [Outer, ByPlace])
@pytest.mark.parametrize("given", [((True,), {}), ((), {"training": True})], ids=["by position", "by name"])
def test_training_is_inherited_by_the_layers_inside(kind, given):
    assert float(kind()(jnp.zeros(()), *given[0], **given[1])) == 1.0


@pytest.mark.parametrize("given", [None, False, True])
def test_training_by_position_is_what_a_layer_inside_is_told(given):
    with Frame(training=True):
        assert float(ByCall()(jnp.zeros(()), given)) == float(given in (None, True))


def test_a_mask_by_position_is_passed_on():
    class Keeps(Layer):
        supports_masking = True

        def call(self, x, mask=None):
            return x * 2

    y = Keeps()(jnp.ones((1, 2)), jnp.array([[True, False]]))
    assert frames.get_mask(y).tolist() == [[True, False]]


class Seen(Layer):
    def call(self, x, mask=None):
        return jax.tree.map(lambda m: m * 1.0, mask)


MASK = [[1.0, 0.0]]


def test_a_layer_that_hands_its_input_through_without_the_mask_leaves_it_to_others():
    x = keras.layers.Masking()(keras.Input((2, 1)))
    through = keras.layers.Lambda(lambda t: t)(x)
    model = keras.Model(x, [Seen()(x), Seen()(keras.layers.Identity()(x)), keras.layers.Flatten()(through)])
    assert through._keras_mask is None
    given = jnp.array([[[1.0], [2.0]]])
    with Frame():
        frames.set_mask(given, jnp.array([[True, False]]))
        outputs = model(given)
    assert [y.tolist() for y in outputs[:2]] == [MASK, MASK]


def test_masks_of_symbolic_tensors_stay_with_their_names_beside_arrays():
    x, y = (KerasTensor((1, 2, 1), name=name) for name in "xy")
    x._keras_mask = KerasTensor((1, 2), "bool")
    seen = []

    class Keeps(Layer):
        def call(self, x, mask=None):
            seen.append({k: m is not None for k, m in mask.items()})
            return x["b"]

    Keeps()({"c": np.ones((1, 2)), "b": x, "a": y})
    assert seen == [{"c": False, "b": True, "a": False}]


def test_the_mask_of_open_arguments_is_that_of_the_first():
    class Open(Layer):
        def call(self, *inputs, mask=None):
            return mask

    x = jnp.ones((1, 2))
    frames.set_mask(x, jnp.array([[True, False]]))
    assert Open()(x, x).tolist() == [[True, False]]


@pytest.mark.parametrize("make", [lambda: LSTM(2), lambda: Bidirectional(LSTM(2))], ids=["LSTM", "Bidirectional"])
def test_a_recurrent_layer_takes_its_sequences_by_name(make):
    one, x = make(), np.ones((1, 2, 3), "float32")
    np.testing.assert_array_equal(one(sequences=x), one(x))
    with pytest.raises(TypeError, match="required argument 'sequences' is missing"):
        one(training=True)


def test_a_symbolic_input_by_name_is_checked_wherever_it_stands():
    with pytest.raises(ValueError, match="expected at least 3 axes"):
        Conv1D(2, 1)(training=False, inputs=KerasTensor((None, 4)))


def test_losses_of_a_call_are_those_of_the_last_call():
    class Penalty(Layer):
        def call(self, x):
            self.add_loss(jnp.sum(x))
            return x

    one = Penalty()
    one(jnp.ones(2))
    one(jnp.ones(3))
    assert [float(v) for v in one.losses] == [3.0]


def test_losses_of_a_layer_called_before_are_not_those_of_the_model_around_it():
    inner = Dense(1, activity_regularizer="l2")
    for outer in (keras.Sequential([inner]), Around(inner)):
        inner(jnp.ones((1, 2)))
        outer(jnp.ones((1, 2)))
        assert len(outer.losses) == 1


class Around(Layer):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def call(self, x):
        return self.inner(x)


def test_a_function_given_outside_a_call_is_a_loss_of_every_call():
    model = keras.Sequential([Dense(1, use_bias=False, kernel_initializer="ones")])
    model.build((None, 2))
    model.add_loss(lambda: jnp.sum(model.layers[0].kernel.value ** 2))
    model.compile(keras.optimizers.SGD(0.1), "mse")
    model.fit(np.zeros((4, 2)), np.zeros((4, 1)), epochs=2, verbose=0)
    np.testing.assert_allclose(model.get_weights()[0], 0.64, rtol=1e-5)
    np.testing.assert_allclose(model.losses[0], 2 * 0.64**2, rtol=1e-5)


@pytest.mark.parametrize(("era", "loss"), [("2.2", 0.1), ("tf2", 0.1), ("3", 0.0)])
def test_frozen_weights_were_regularized_before_keras_3(era, loss):
    with keras.compat.era(era):
        one = Dense(1, use_bias=False, kernel_initializer="ones", kernel_regularizer=keras.regularizers.L2(0.1))
        one.trainable = False
        model = keras.Sequential([one])
        model.compile("sgd", "mse")
        np.testing.assert_allclose(model.evaluate(np.ones((2, 1)), np.ones((2, 1)), verbose=0), loss, rtol=1e-6)


def test_what_regularizes_is_fixed_when_a_model_is_compiled():
    model = keras.Sequential([Dense(1, use_bias=False, kernel_initializer="ones", kernel_regularizer="l2")])
    model.compile("sgd", "mse")
    model.trainable = False  # says nothing until the next compile
    assert model.train_on_batch(np.zeros((4, 2)), np.zeros((4, 1))) > 0.01


def test_a_build_that_failed_leaves_no_weights():
    class Fails(Layer):
        ready = False

        def build(self, input_shape):
            self.kernel = self.add_weight("kernel", (2,))
            if not self.ready:
                raise RuntimeError("not yet")

        def call(self, x):
            return x

    one = Fails()
    with pytest.raises(RuntimeError, match="not yet"):
        one(jnp.ones(2))
    one.ready = True
    one(jnp.ones(2))
    assert one.weights == [one.kernel]


WEIGHTS = [
    (("kernel", (2,), "float32", "zeros", None, True, None, "more"), {}, "takes at most 7 positional .*received 8"),
    (("kernel", (2,)), {"shape": (3,)}, "'shape' was given twice"),
    ((), {"shap": (3,)}, "Did you mean 'shape'"),
]


@pytest.mark.parametrize(("args", "kwargs", "message"), WEIGHTS)
def test_a_mistake_in_add_weight_is_named(args, kwargs, message):
    with pytest.raises(TypeError, match=message):
        Layer().add_weight(*args, **kwargs)


def test_the_arguments_of_add_weight_reach_the_variable():
    v = Layer().add_weight("w", (2,), experimental_autocast=False, synchronization="on_read", aggregation="mean")
    assert (v.autocast, v.synchronization, v.aggregation) == (False, "on_read", "mean")


def test_an_unknown_argument_of_add_metric_is_an_error():
    with pytest.raises(TypeError, match="agregation"):
        Layer().add_metric(1.0, "a", agregation="mean")
    with pytest.raises(ValueError, match="aggregation must be 'mean' or None, received 'sum'"):
        Layer().add_metric(1.0, "a", aggregation="sum")


@pytest.mark.parametrize(
    ("spec", "given", "message"),
    [
        (InputSpec(dtype="int32"), np.ones((2, 2)), "expected inputs of dtype int32, received float32"),
        (InputSpec(ndim=3), np.ones((2, 2)), "expected 3 axes"),
    ],
)
def test_inputs_that_do_not_fit_the_spec_are_refused(spec, given, message):
    one = ByCall()
    one.input_spec = spec
    for x in (given, KerasTensor(given.shape)):
        with pytest.raises(ValueError, match=message):
            one(x)


def test_a_regularizer_is_a_loss_of_its_layer():
    one = Dense(2, kernel_regularizer="l2", kernel_initializer="ones")
    one(jnp.ones((1, 3)))
    np.testing.assert_allclose(one.losses[0], 0.01 * 6, rtol=1e-6)


@pytest.mark.parametrize("call", ["deepcopy", "config"])
def test_a_copy_has_weights_of_its_own(call):
    one = Dense(2)
    one(jnp.ones((1, 3)))
    other = copy.deepcopy(one) if call == "deepcopy" else Dense.from_config(one.get_config())
    other(jnp.ones((1, 3)))
    other.set_weights([np.zeros((3, 2)), np.zeros(2)])
    assert np.abs(one.get_weights()[0]).sum() > 0


def test_set_weights_of_a_wrong_shape_changes_nothing():
    one = Dense(2)
    one(jnp.ones((1, 3)))
    before = one.get_weights()
    with pytest.raises(ValueError, match=r"has shape \(2,\), received \(3,\)"):
        one.set_weights([np.zeros((3, 2)), np.zeros(3)])
    np.testing.assert_array_equal(one.get_weights()[0], before[0])


def test_the_same_seed_gives_the_same_weights_whatever_the_automatic_names():
    def make():
        set_seed(3)
        return keras.Sequential([keras.Input((3,)), Dense(4), Dense(2)]).get_weights()

    for a, b in zip(make(), make(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_two_models_under_one_seed_differ():
    set_seed(3)
    a, b = (keras.Sequential([keras.Input((3,)), Dense(4, name="d")]).get_weights()[0] for _ in range(2))
    assert not np.array_equal(a, b)


def test_a_seed_generator_counts_on_and_restarts_with_its_seed():
    first = [jax.random.bits(SeedGenerator(1).next()).item() for _ in range(2)]
    assert first[0] == first[1]
    one = SeedGenerator(1)
    assert jax.random.bits(one.next()).item() != jax.random.bits(one.next()).item()
