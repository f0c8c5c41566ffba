"""Optimizers as a user meets them: settings that change, wrong arguments, names, custom classes, the pure door."""

import copy
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jkeras import compat, optimizers
from jkeras.core import declare
from jkeras.core.symbolic import KerasTensor, op
from jkeras.core.variable import Variable
from jkeras.optimizers import gradients, legacy, schedules, transforms

BUILT_IN = [
    optimizers.SGD,
    optimizers.RMSprop,
    optimizers.Adagrad,
    optimizers.Adadelta,
    optimizers.Adam,
    optimizers.AdamW,
    optimizers.Adamax,
    optimizers.Nadam,
    optimizers.Lamb,
    optimizers.Lion,
    optimizers.Ftrl,
    optimizers.Adafactor,
    optimizers.ScheduleFreeAdamW,
    optimizers.Muon,
]


def weights(*values):
    return [Variable(np.asarray(v, "float32"), name=f"w{i}") for i, v in enumerate(values or ([1.0, 2.0],))]


def step(optimizer, variables, grad=1.0):
    optimizer.apply_gradients([(jnp.full(v.shape, grad), v) for v in variables])
    return [v.numpy().tolist() for v in variables]


# ------------------------------------------------- what changes while training


def assign_rate(optimizer, value):
    optimizer.learning_rate = value


def assign_lr(optimizer, value):
    optimizer.lr = value


def assign_variable(optimizer, value):
    optimizer.learning_rate.assign(value)


@pytest.mark.parametrize("change", [assign_rate, assign_lr, assign_variable])
def test_a_new_learning_rate_acts_at_the_next_step_without_compiling(change):
    optimizer, (w,) = optimizers.SGD(0.5), weights([1.0])
    step(optimizer, [w])
    compiled, version = dict(optimizer._compiled), optimizer.version
    change(optimizer, 0.25)
    assert step(optimizer, [w]) == [[0.25]]
    assert optimizer._compiled == compiled and optimizer.version == version
    assert compiled[version]._cache_size() == 1


@pytest.mark.parametrize(
    ("made", "name"),
    [
        (lambda: optimizers.SGD(0.1, momentum=0.9), "momentum"),
        (lambda: optimizers.RMSprop(0.1), "rho"),
        (lambda: optimizers.Adam(0.1), "beta_1"),
        (lambda: optimizers.Adam(0.1), "beta_2"),
        (lambda: optimizers.Adamax(0.1), "beta_1"),
        (lambda: optimizers.Nadam(0.1), "beta_1"),
        (lambda: optimizers.SGD(0.1, decay=0.1), "decay"),
    ],
)
def test_a_new_hyper_parameter_acts_at_the_next_step_without_compiling(made, name):
    one, other = made(), made()
    (v,), (w,) = weights([1.0]), weights([1.0])
    for optimizer, variable in ((one, v), (other, w)):
        step(optimizer, [variable], 1.0)
    setattr(other, name, 0.5)
    assert getattr(other, name) == 0.5
    assert step(one, [v], 3.0) != step(other, [w], 3.0)
    assert list(other._compiled.values())[0]._cache_size() == 1


def test_a_changed_setting_that_is_compiled_in_acts_too():
    optimizer, (w,) = optimizers.SGD(1.0), weights([0.0])
    step(optimizer, [w], 3.0)
    optimizer.clipvalue = 0.5
    assert step(optimizer, [w], 3.0) == [[-3.5]]


def test_hyper_parameters_are_numbers_today_and_variables_in_keras_2(monkeypatch):
    assert optimizers.Adam(beta_1=0.9).beta_1 == 0.9 and isinstance(optimizers.Adam().beta_1, float)
    assert isinstance(legacy.Adam().beta_1, Variable)
    monkeypatch.setattr(declare.era, "name", "2.2")
    assert isinstance(optimizers.Adam().beta_1, Variable) and isinstance(optimizers.Adam().decay, Variable)


def test_time_decay_divides_the_rate_by_the_count_of_steps():
    optimizer, (w,) = optimizers.SGD(lr=1.0, decay=1.0), weights([0.0])
    for _ in range(3):
        step(optimizer, [w])
    np.testing.assert_allclose(w.numpy(), [-(1 + 1 / 2 + 1 / 3)], rtol=1e-6)


def test_a_schedule_sees_the_step_and_cannot_be_overwritten_by_a_number():
    rate = schedules.PiecewiseConstantDecay([1], [1.0, 10.0])
    optimizer, (w,) = optimizers.SGD(rate), weights([0.0])
    assert [step(optimizer, [w])[0][0] for _ in range(3)] == [-1.0, -2.0, -12.0]
    assert float(optimizer.learning_rate) == 10.0
    with pytest.raises(TypeError, match="follows a PiecewiseConstantDecay"):
        optimizer.learning_rate = 0.1


def test_a_function_of_the_step_is_a_learning_rate():
    optimizer, (w,) = optimizers.SGD(optax.linear_schedule(1.0, 0.0, 2)), weights([0.0])
    assert [step(optimizer, [w])[0][0] for _ in range(3)] == [-1.0, -1.5, -1.5]


def test_a_function_of_no_argument_is_asked_at_every_step():
    now = [1.0]
    optimizer, (w,) = optimizers.SGD(lambda: now[0]), weights([0.0])
    step(optimizer, [w])
    now[0] = 10.0
    assert step(optimizer, [w]) == [[-11.0]]


def test_a_variable_given_as_learning_rate_is_shared():
    rate, (w,) = Variable(0.5, name="rate"), weights([1.0])
    optimizer = optimizers.SGD(rate)
    rate.assign(0.25)
    assert step(optimizer, [w]) == [[0.75]]


def test_iterations_count_updates_and_can_be_set():
    optimizer, variables = optimizers.SGD(), weights()
    step(optimizer, variables)
    assert int(optimizer.iterations) == 1
    optimizer.iterations = 41
    step(optimizer, variables)
    assert int(optimizer.iterations) == 42
    accumulating = optimizers.SGD(gradient_accumulation_steps=2)
    for _ in range(3):
        step(accumulating, variables)
    assert int(accumulating.iterations) == 1 and int(accumulating.variables[0]) == 3


# ------------------------------------------------- wrong arguments

WRONG = [
    (lambda: optimizers.SGD(clipnorm=-1.0), ValueError, r"SGD\(clipnorm=-1.0\)"),
    (lambda: optimizers.SGD(clipvalue="a"), ValueError, r"clipvalue='a'"),
    (lambda: optimizers.SGD(clipnorm=1.0, clipvalue=1.0), ValueError, "only one way of clipping"),
    (lambda: optimizers.Adam(clipnorm=1.0, global_clipnorm=1.0), ValueError, "clipnorm=1.0, global_clipnorm=1.0"),
    (lambda: optimizers.SGD(learning_rat=0.1), TypeError, "'learning_rat'. Did you mean 'learning_rate'"),
    (lambda: optimizers.SGD(learning_rate="0.1"), ValueError, "received '0.1'"),
    (lambda: optimizers.SGD(learning_rate=[0.1, 0.2]), ValueError, "expected learning_rate to be a number"),
    (lambda: optimizers.SGD(momentum=1.5), ValueError, "from 0 to 1"),
    (lambda: optimizers.RMSprop(momentum=-0.1), ValueError, "from 0 to 1"),
    (lambda: optimizers.Adam(beta_1="x"), ValueError, r"Adam\(beta_1='x'\)"),
    (lambda: optimizers.Adam(decay=-1.0), ValueError, "decay=-1.0"),
    (lambda: optimizers.Adam(name=3), ValueError, "expected a string"),
    (lambda: optimizers.Adam(use_ema=True, ema_momentum=1.1), ValueError, "from 0 to 1"),
    (lambda: optimizers.Adam(use_ema=True, ema_overwrite_frequency=0.5), ValueError, "ema_overwrite_frequency=0.5"),
    (lambda: optimizers.Adam(gradient_accumulation_steps=1), ValueError, "at least 2"),
    (lambda: optimizers.AdamW(weight_decay=None), ValueError, "use Adam"),
    (lambda: optimizers.Lion(beta_1=0.0), ValueError, "above 0"),
    (lambda: optimizers.Ftrl(l1_regularization_strength=-1.0), ValueError, "at least 0"),
    (lambda: optimizers.Ftrl(learning_rate_power=0.5), ValueError, "at most 0"),
    (lambda: optimizers.Adagrad(initial_accumulator_value=-1.0), ValueError, "at least 0"),
    (lambda: optimizers.LossScaleOptimizer("adam"), TypeError, "received 'adam'"),
    (lambda: optimizers.LossScaleOptimizer(optimizers.SGD(), use_ema=True), ValueError, "inner optimizer"),
    (lambda: optimizers.LossScaleOptimizer(optimizers.SGD(), initial_scale=0.0), ValueError, "above 0"),
    (lambda: optimizers.OptimizerMap("sgd"), TypeError, "received 'sgd'"),
    (lambda: optimizers.OptimizerMap(optimizers.SGD(), {"a": "adam"}), ValueError, "received 'adam'"),
    (lambda: optimizers.MultiOptimizer(3), TypeError, "received 3"),
    (lambda: optimizers.OptaxOptimizer(3), TypeError, "received 3"),
    (lambda: legacy.SGD(clipnorm=1.0, gradient_transformers=[len]), ValueError, "exclude each other"),
    (lambda: optimizers.get("adm"), ValueError, "Did you mean 'Adam'"),
    (lambda: optimizers.get("SDG"), ValueError, "Did you mean 'SGD'"),
    (lambda: optimizers.get(3), ValueError, "Could not interpret 3"),
    (lambda: optimizers.get("adam", legacy=True), TypeError, "'legacy'"),
    (lambda: optimizers.deserialize({"config": {}}), ValueError, "'class_name'"),
    (lambda: schedules.ExponentialDecay(0.1, 0, 0.5), ValueError, "greater than 0"),
    (lambda: schedules.CosineDecay(0.1, -1), ValueError, "greater than 0"),
    (lambda: schedules.CosineDecayRestarts(0.1, 0), ValueError, "greater than 0"),
    (lambda: schedules.PiecewiseConstantDecay([1, 2], [0.1, 0.2]), ValueError, "one value more"),
    (lambda: schedules.deserialize({"class_name": "CosineDecy", "config": {}}), ValueError, "Did you mean"),
    (lambda: schedules.LearningRateSchedule()(1), NotImplementedError, "__call__"),
]


@pytest.mark.parametrize(("call", "error", "message"), WRONG)
def test_wrong_arguments_are_named_with_what_was_expected(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    ("grads", "message"),
    [
        ([None, None], "no gradients provided"),
        ([jnp.ones(2)], "received 1 gradients for 2"),
        ([jnp.ones(2), jnp.ones(3)], "has shape"),
    ],
)
def test_gradients_that_do_not_fit_raise(grads, message):
    with pytest.raises(ValueError, match=message):
        optimizers.SGD().apply(grads, weights([1.0, 2.0], [1.0, 2.0]))


def test_a_missing_gradient_warns_and_leaves_weight_and_slots_alone():
    optimizer, (a, b) = optimizers.Adam(weight_decay=0.1), weights([1.0], [1.0])
    optimizer.build([a, b])
    with pytest.warns(UserWarning, match="No gradients for"):
        optimizer.apply([jnp.ones(1), None], [a, b])
    assert b.numpy() == [1.0] and a.numpy() != [1.0]
    assert [float(v.value[0]) != 0 for v in optimizer.variables[2:]] == [True, True, False, False]


def test_steps_before_build_and_unknown_variables_raise():
    optimizer, (w,) = optimizers.SGD(), weights([1.0])
    with pytest.raises(ValueError, match="build"):
        optimizer.apply([jnp.ones(1)])
    with pytest.raises(ValueError, match="build"):
        optimizer.set_weights([1])
    with pytest.raises(ValueError, match="build"):
        optimizer.stateless_apply([], [], [])
    optimizer.build([w])
    with pytest.raises(ValueError, match="unknown variable"):
        optimizer.apply([jnp.ones(1)], weights([1.0]))
    with pytest.raises(ValueError, match="expected 2 optimizer variables, received 1"):
        optimizer.stateless_apply([0], [jnp.ones(1)], [jnp.ones(1)])
    with pytest.raises(ValueError, match="expected a state of 2 arrays, received 1"):
        optimizer.update([jnp.ones(1)], [0], [jnp.ones(1)])


def test_momentum_cannot_start_after_build_without_it():
    optimizer = optimizers.SGD()
    optimizer.build(weights())
    with pytest.raises(ValueError, match="without momentum"):
        optimizer.momentum = 0.9


def test_attributes_before_super_init_raise():
    class Early(optimizers.Optimizer):
        def __init__(self):
            self.rate = 1.0

    with pytest.raises(RuntimeError, match="super"):
        Early()


# ------------------------------------------------- names and configs


@pytest.mark.parametrize("cls", BUILT_IN, ids=lambda c: c.__name__)
def test_get_takes_names_in_any_case_classes_instances_and_configs(cls):
    name = cls.__name__
    for identifier in (name, name.lower(), name.upper(), cls, {"class_name": name.lower(), "config": {}}):
        assert type(optimizers.get(identifier)) is cls
    made = cls(learning_rate=0.25, name="mine")
    assert optimizers.get(made) is made
    again = optimizers.deserialize(optimizers.serialize(made))
    assert type(again) is cls and again.get_config() == made.get_config()
    assert optimizers.serialize(made)["module"] == "keras.optimizers"


def test_get_wraps_an_optax_transformation():
    optimizer, (w,) = optimizers.get(optax.sgd(0.5)), weights([1.0])
    assert isinstance(optimizer, optimizers.OptaxOptimizer) and step(optimizer, [w]) == [[0.5]]
    with pytest.raises(NotImplementedError, match="no config"):
        optimizer.get_config()
    with pytest.raises(ValueError, match="inject_hyperparams"):
        optimizer.learning_rate = 0.1


def test_an_optax_transformation_with_injected_hyper_parameters_has_a_learning_rate():
    optimizer, (w,) = optimizers.get(optax.inject_hyperparams(optax.adam)(learning_rate=0.5)), weights([1.0])
    step(optimizer, [w])
    np.testing.assert_allclose(w.numpy(), [0.5], rtol=1e-4)
    assert float(optimizer.learning_rate) == 0.5
    optimizer.learning_rate = 0.0
    before = w.numpy()
    step(optimizer, [w])
    assert w.numpy() == before


def test_get_takes_legacy_names_and_configs_of_the_generations():
    assert type(optimizers.get("adam", use_legacy_optimizer=True)) is legacy.Adam
    old = {"class_name": "SGD", "config": {"lr": 0.5, "momentum": 0.25, "decay": 0.125, "nesterov": True}}
    made = optimizers.get(old)
    assert (float(made.lr), made.momentum, made.initial_decay, made.nesterov) == (0.5, 0.25, 0.125, True)
    tf = {"class_name": "Adam", "config": {"name": "Adam", "jit_compile": True, "is_legacy_optimizer": True}}
    assert type(optimizers.get(tf)) is legacy.Adam


def test_a_schedule_inside_a_config_comes_back():
    made = optimizers.Adam(schedules.CosineDecay(0.1, 10, alpha=0.5))
    again = optimizers.deserialize(optimizers.serialize(made))
    assert isinstance(again._learning_rate, schedules.CosineDecay) and again._learning_rate.alpha == 0.5


def test_a_custom_schedule_comes_back_from_custom_objects():
    class Constant(schedules.LearningRateSchedule):
        def __init__(self, rate):
            self.rate = rate

        def __call__(self, step):
            return self.rate

        def get_config(self):
            return {"rate": self.rate}

    config = optimizers.serialize(optimizers.SGD(Constant(0.25)))
    again = optimizers.deserialize(config, custom_objects={"Constant": Constant})
    assert step(again, weights([1.0])) == [[0.75]]


def test_positional_arguments_follow_the_generation(monkeypatch):
    today = optimizers.SGD(0.5, 0.25, True, 0.125)
    assert (today.momentum, today.nesterov, today.weight_decay) == (0.25, True, 0.125)
    old = optimizers.SGD(0.5, 0.25, 0.125, True)  # a rate where today has a flag
    assert (old.momentum, old.initial_decay, old.nesterov) == (0.25, 0.125, True)
    assert optimizers.Adam(0.1, 0.9, 0.99, None, 0.5).initial_decay == 0.5
    monkeypatch.setattr(declare.era, "name", "2.2")
    assert optimizers.RMSprop(0.1, 0.9, 1e-3, 0.5).initial_decay == 0.5
    assert optimizers.Nadam(0.1, 0.9, 0.99, None, 0.5).schedule_decay == 0.5


def test_names_are_numbered_and_may_be_given():
    first, second = optimizers.Adam(), optimizers.Adam()
    assert first.name.startswith("adam") and first.name != second.name
    assert optimizers.Adam(name="mine").name == "mine" and legacy.Adam().name == "Adam"


def test_epsilon_none_is_the_backends():
    assert optimizers.Adam(epsilon=None).epsilon == 1e-7


# ------------------------------------------------- state


def test_set_weights_takes_the_lists_of_all_generations():
    optimizer, variables = optimizers.Adam(0.1), weights([[1.0, 2.0]], [3.0])
    step(optimizer, variables)
    for generation in ("3", "tf2", "legacy", "2.2"):
        values = [v.numpy() + 1 for v in optimizer.weights_in(generation)]
        optimizer.set_weights(values)
        found = [v.numpy() for v in optimizer.weights_in(generation)]
        count = 5 if generation == "2.2" else len(values)  # the rest of Keras 2.2's list is padding
        for a, b in zip(found[:count], values[:count]):
            np.testing.assert_array_equal(a, b)
    with pytest.raises(ValueError, match="expected 6 arrays"):
        optimizer.set_weights([np.zeros(3)])


def test_own_variables_are_saved_and_loaded_and_other_counts_warn():
    store, variables = {}, weights()
    optimizer = optimizers.Adam()
    step(optimizer, variables)
    optimizer.save_own_variables(store)
    again = optimizers.Adam()
    again.build(variables)
    again.load_own_variables(store)
    assert [v.numpy().tolist() for v in again.variables] == [v.numpy().tolist() for v in optimizer.variables]
    with pytest.warns(UserWarning, match="not built"):
        optimizers.Adam().load_own_variables(store)


def test_copies_and_pickles_go_on_alone():
    optimizer, (w,) = optimizers.SGD(0.5, momentum=0.5), weights([1.0])
    step(optimizer, [w])
    for again in (copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))):
        v = again._trainable_variables[0]
        assert v is not w and step(again, [v]) == [[-0.25]]
    assert w.numpy() == [0.5]


@pytest.mark.parametrize("cls", BUILT_IN, ids=lambda c: c.__name__)
def test_weights_and_slots_keep_their_dtype_in_half_precision(cls):
    optimizer, w = cls(learning_rate=0.1), Variable(jnp.ones((4, 3), "bfloat16"), dtype="bfloat16", name="w")
    optimizer.apply_gradients([(jnp.ones((4, 3), "bfloat16"), w)])
    assert w.value.dtype == "bfloat16" and not np.isnan(np.asarray(w.value, "float32")).any()
    assert {str(v.value.dtype) for v in optimizer._tracked if v.shape} == {"bfloat16"} or not optimizer._tracked


def test_averages_are_put_into_the_weights_at_the_end_as_copies():
    optimizer, (w,) = optimizers.SGD(1.0, use_ema=True, ema_momentum=0.5), weights([0.0])
    for _ in range(2):
        step(optimizer, [w])
    optimizer.finalize_variable_values([w])
    assert w.numpy() == [-1.5]
    average = optimizer.variables[2]
    assert average.value.unsafe_buffer_pointer() != w.value.unsafe_buffer_pointer()


@pytest.mark.parametrize("by", ["list", "name"])
def test_weight_decay_leaves_out_what_is_excluded(by):
    optimizer, (a, b) = optimizers.SGD(1.0, weight_decay=0.5), weights([1.0], [1.0])
    optimizer.exclude_from_weight_decay(**({"var_list": [b]} if by == "list" else {"var_names": ["1$"]}))
    assert step(optimizer, [a, b], 0.0) == [[0.5], [1.0]]
    with pytest.raises(ValueError, match="before the optimizer is built"):
        optimizer.exclude_from_weight_decay([a])


def test_muon_takes_adam_for_vectors_embeddings_and_excluded_layers():
    optimizer = optimizers.Muon(exclude_layers=["head"])
    named = [Variable(np.ones((2, 2), "float32"), name=n) for n in ("kernel", "embeddings", "head_kernel")]
    optimizer.build([*named, *weights([1.0, 2.0])])
    assert optimizer._marks == [False, True, True, True]


def test_a_fixed_loss_scale_only_divides():
    optimizer, (w,) = optimizers.LossScaleOptimizer(optimizers.SGD(1.0), False, 4.0), weights([0.0])
    assert float(optimizer.scale_loss(1.0)) == 4.0 and step(optimizer, [w], 4.0) == [[-1.0]]
    assert optimizer.get_config()["dynamic"] is False
    assert optimizer.get_unscaled_gradients([jnp.asarray(8.0)])[0] == 2.0


def test_the_learning_rate_of_a_scaled_optimizer_is_the_inner_ones():
    optimizer = optimizers.LossScaleOptimizer(optimizers.SGD(0.5))
    optimizer.learning_rate = 0.25
    assert float(optimizer.inner_optimizer.learning_rate) == 0.25 == float(optimizer.learning_rate)
    with pytest.raises(AttributeError, match="its optimizers"):
        optimizers.MultiOptimizer(optimizers.OptimizerMap(optimizers.SGD())).learning_rate  # noqa: B018


# ------------------------------------------------- the pure door


@pytest.mark.parametrize("cls", BUILT_IN, ids=lambda c: c.__name__)
def test_the_update_is_the_same_in_jit_and_vmap_and_does_not_touch_the_object(cls):
    optimizer = cls(learning_rate=0.1)
    params, grads = [jnp.ones((3, 2)), jnp.ones(2)], [jnp.full((3, 2), 0.5), jnp.full(2, -0.5)]
    state = optimizer.init_state(params)
    plain = optimizer.update(grads, state, params)
    stack = lambda tree: jax.tree.map(lambda x: jnp.stack([x, x]), tree)  # noqa: E731
    many = jax.vmap(optimizer.update)(stack(grads), stack(state), stack(params))
    for other in (jax.jit(optimizer.update)(grads, state, params), jax.tree.map(lambda x: x[1], many)):
        for a, b in zip(jax.tree.leaves(plain), jax.tree.leaves(other)):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    assert not optimizer.built and int(optimizer.iterations) == 0


def test_the_state_may_be_donated_without_harm_to_the_object():
    optimizer, params = optimizers.Adam(0.1), [jnp.ones(2)]
    jax.jit(optimizer.update, donate_argnums=(1, 2))([jnp.ones(2)], optimizer.init_state(params), params)
    assert float(optimizer.learning_rate) > 0 and optimizer.beta_1 == 0.9


def test_stateless_apply_takes_and_gives_the_variables():
    optimizer, (w,) = optimizers.Adam(0.1), weights([1.0])
    optimizer.build([w])
    new, own = optimizer.stateless_apply([v.value for v in optimizer.variables], [jnp.ones(1)], [w.value])
    assert len(own) == len(optimizer.variables) and int(own[0]) == 1 and float(new[0][0]) < 1.0
    assert w.numpy() == [1.0]


def test_the_plain_optax_form_works_in_a_chain_over_a_dict():
    plain = optax.chain(optax.scale(2.0), optimizers.SGD(0.5).to_optax())
    params = {"a": jnp.ones(1), "b": {"c": jnp.ones(1)}}
    updates, _ = plain.update(params, plain.init(params), params)
    assert optax.apply_updates(params, updates) == {"a": jnp.zeros(1), "b": {"c": jnp.zeros(1)}}


def test_minimize_takes_a_loss_function_of_no_argument():
    optimizer, (w,) = optimizers.SGD(0.5), weights([3.0])
    optimizer.minimize(lambda: jnp.sum(w.value**2), [w])
    assert w.numpy() == [0.0] and int(optimizer.iterations) == 1
    with pytest.raises(ValueError, match="tape"):
        optimizer.minimize(jnp.ones(()), [w])


# ------------------------------------------------- one's own optimizers


class Momentum(optimizers.Optimizer):
    """In the manner of Keras 3."""

    def __init__(self, learning_rate=0.5, **kwargs):
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.momentum = 0.5

    def build(self, variables):
        super().build(variables)
        self.momentums = self.add_optimizer_variables(variables, "momentum")

    def update_step(self, gradient, variable, learning_rate):
        m = self.momentums[self._get_variable_index(variable)]
        self.assign(m, m * self.momentum - gradient * learning_rate)
        self.assign_add(variable, m)


class Centralized(optimizers.SGD):
    """A built-in one with other gradients."""

    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient - jnp.mean(gradient) + 1.0, variable, learning_rate)


class Doubled(optimizers.SGD):
    def apply_gradients(self, grads_and_vars, **kwargs):
        return super().apply_gradients([(2 * g, v) for g, v in grads_and_vars], **kwargs)


class Early(legacy.Optimizer):
    """In the manner of tf.keras until 2.10."""

    def __init__(self, learning_rate=0.5, momentum=0.5, name="Early", **kwargs):
        super().__init__(name, **kwargs)
        self._set_hyper("learning_rate", learning_rate)
        self._set_hyper("momentum", momentum)

    def _create_slots(self, var_list):
        for v in var_list:
            self.add_slot(v, "momentum")

    def _resource_apply_dense(self, grad, var, apply_state=None):
        m = self.get_slot(var, "momentum")
        m.assign(self._get_hyper("momentum") * m - self._decayed_lr(var.dtype) * grad)
        return var.assign_add(m)


class Ancient(optimizers.Optimizer):
    """In the manner of Keras 2.2."""

    def __init__(self, lr=0.5, momentum=0.5, **kwargs):
        super().__init__(**kwargs)
        self.iterations = Variable(0, dtype="int32", name="iterations")
        self.lr = Variable(lr, name="lr")
        self.momentum = Variable(momentum, name="momentum")

    def get_updates(self, loss, params):
        grads = self.get_gradients(loss, params)
        updates = [(self.iterations, self.iterations + 1)]
        moments = [Variable(np.zeros(p.shape, "float32"), name="moment") for p in params]
        for p, g, m in zip(params, grads, moments):
            v = self.momentum * m - self.lr * g
            updates += [(m, v), (p, p + v)]
        return updates


class Transformed(optimizers.Optimizer):
    """Over optax."""

    def transformation(self, learning_rate, h):
        return optimizers.transforms.sgd(learning_rate, 0.5)


@pytest.mark.parametrize(
    "made",
    [
        Momentum,
        Early,
        Ancient,
        lambda: Transformed(0.5),
        lambda: optimizers.SGD(0.5, momentum=0.5),
        lambda: Centralized(0.5, momentum=0.5),
        lambda: Doubled(0.25, momentum=0.5),
        lambda: legacy.SGD(0.5, 0.5),
        lambda: optimizers.MultiOptimizer(optimizers.OptimizerMap(optimizers.SGD(0.5, momentum=0.5))),
        lambda: optimizers.get(optax.sgd(0.5, momentum=0.5)),
    ],
)
@pytest.mark.parametrize("form", ["stateful", "pure", "scan"])
def test_optimizers_of_every_manner_take_the_same_steps(made, form):
    optimizer, (w,) = made(), weights([1.0, 2.0])
    optimizer.build([w])
    if form == "stateful":
        for _ in range(3):
            step(optimizer, [w])
        assert int(optimizer.iterations) == 3
        found = w.numpy()
    else:
        carry = [w.value], [v.value for v in optimizer.state_variables]

        def body(carry, _):
            return optimizer.update([jnp.ones(2)], carry[1], carry[0]), None

        if form == "scan":
            carry, _ = jax.jit(lambda c: jax.lax.scan(body, c, None, length=3))(carry)
        else:
            for _ in range(3):
                carry, _ = body(carry, None)
        found = carry[0][0]
        assert w.numpy().tolist() == [1.0, 2.0] and int(optimizer.variables[0]) == 0
    np.testing.assert_allclose(found, np.array([1.0, 2.0]) - 0.5 * (1 + 1.5 + 1.75), rtol=1e-6)


def test_a_class_without_a_rule_says_what_to_define():
    with pytest.raises(NotImplementedError, match="update_step"):
        step(optimizers.Optimizer(0.1), weights())


def test_variables_of_ones_own_are_added_in_both_orders():
    optimizer = optimizers.SGD()
    a = optimizer.add_variable((2,), "ones", "float16", name="a")
    b = optimizer.add_variable((2,), "float16", "ones")
    assert a.numpy().tolist() == b.numpy().tolist() == [1.0, 1.0] and a.dtype == b.dtype == "float16"
    assert optimizer.variables[2] is a and a.path.endswith("/a")
    (w,) = weights()
    like = optimizer.add_variable_from_reference(model_variable=w, variable_name="m", initial_value=w)
    assert like.numpy().tolist() == [1.0, 2.0] and like.name == "w0_m"


def test_legacy_slots_have_their_old_names():
    optimizer, (w,) = legacy.Adam(), weights()
    step(optimizer, [w])
    assert optimizer.get_slot_names() == ["m", "v"]
    np.testing.assert_allclose(optimizer.get_slot(w, "m").numpy(), [0.1, 0.1], rtol=1e-6)
    with pytest.raises(KeyError, match="no slot 'x'"):
        optimizer.get_slot(w, "x")


def test_legacy_gradient_transformers_act():
    double = lambda pairs: [(2 * g, v) for g, v in pairs]  # noqa: E731
    assert step(legacy.SGD(0.5, gradient_transformers=[double]), weights([1.0])) == [[0.0]]


def test_symbolic_updates_of_keras_2_compute_a_step_when_they_run():
    @op
    def double(x):
        return 2.0 * x

    optimizer, (w,) = optimizers.SGD(0.5, momentum=0.5), weights([1.0, 2.0])
    x = KerasTensor((2,))
    pairs = gradients.symbolic_updates(optimizer, [double(x)], [w])
    assert [v for v, _ in pairs][0] is w and len(pairs) == 1 + len(optimizer.state_variables)
    values = pairs[0][1].node.run(lambda args: ([jnp.ones(2)],) if isinstance(args, tuple) else {})
    assert values[0].tolist() == [0.5, 1.5] and w.numpy().tolist() == [1.0, 2.0]


def test_clip_norm_of_keras_2_scales_where_the_norm_is_too_large():
    assert float(optimizers.clip_norm(4.0, 1.0, 2.0)) == 2.0
    assert float(optimizers.clip_norm(4.0, 3.0, 2.0)) == 4.0 and optimizers.clip_norm(4.0, 0.0, 2.0) == 4.0


def test_noise_depends_on_seed_and_step_alone():
    noisy = schedules.NoisyLinearCosineDecay(0.1, 100, seed=1)
    assert float(noisy(3)) == float(noisy(3)) != float(noisy(4))
    assert float(schedules.NoisyLinearCosineDecay(0.1, 100, seed=2)(3)) != float(noisy(3))


# the places of tf_keras 2.21, from its signatures
TF_RATES = (
    "weight_decay clipnorm clipvalue global_clipnorm use_ema ema_momentum ema_overwrite_frequency jit_compile name"
)
TF_ORDERS = {
    "SGD": "learning_rate momentum nesterov",
    "RMSprop": "learning_rate rho momentum epsilon centered",
    "Adam": "learning_rate beta_1 beta_2 epsilon adaptive_epsilon amsgrad",
    "Nadam": "learning_rate beta_1 beta_2 epsilon",
    "Adagrad": "learning_rate initial_accumulator_value epsilon",
}


@pytest.mark.parametrize("name", TF_ORDERS)
def test_positional_arguments_stand_where_tf_keras_has_them(name):
    flags = {"nesterov": True, "centered": True, "amsgrad": True, "adaptive_epsilon": True, "use_ema": True}
    given = {word: flags.get(word, 0.25) for word in f"{TF_ORDERS[name]} {TF_RATES}".split()}
    given.update(clipnorm=None, clipvalue=None, ema_overwrite_frequency=7, jit_compile=False, name="own")
    with compat.era("tf2"):
        made = getattr(optimizers, name)(*given.values())
        assert made.get_config() == getattr(optimizers, name)(**given).get_config()
    assert made.name == "own" and made.jit_compile is False and made.ema_overwrite_frequency == 7
    assert getattr(made, "adaptive_epsilon", True) is True


def test_weights_alike_are_traced_once():
    traced = []

    def step(g, p, slots, scalars):
        traced.append(p.shape)
        return -g * scalars.rate, {}

    rule = transforms.rule({}, step, lambda t, dtype: {"rate": jnp.asarray(0.5, dtype), "unused": 1.0})
    weights = [jnp.ones(2), jnp.ones(2), jnp.ones((2, 1)), jnp.ones(2)]
    updates, _ = jax.jit(rule.update)(weights, rule.init(weights), weights)
    assert traced == [(2,), (2, 1)]
    assert [u.ravel().tolist() for u in updates] == [[-0.5, -0.5]] * 4
