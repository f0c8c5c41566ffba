"""Trajectories, variables and configs of the optimizers against those of real Keras 3, tf_keras and Keras 2.2.4."""

import functools
import json
from pathlib import Path

import numpy as np
import pytest

from compat_tests import optimizer_cases as table
from compat_tests import optimizer_runs as runs

GOLDEN = Path(__file__).parent / "golden"
ERAS = {"keras3": "3", "tf_keras": "tf2", "keras224": "2.2"}
# What differs by default; the whole list stands in jkeras.compat.
DEFAULTS = {
    "keras3": {},
    "tf_keras": {
        ("RMSprop", "ema_overwrite_frequency"): 100,
        ("Lion", "learning_rate"): 1e-4,
        **{(name, "name"): None for name, _, _ in table.SCHEDULES.values()},
    },
    "keras224": {("Adagrad", "initial_accumulator_value"): 0.0},
}
ROWS = [pytest.param(real, case, id=f"{real}-{case.id}") for case in table.CASES for real in case.impls]
OF_KERAS_3 = [pytest.param("keras3", case, id=case.id) for case in table.CASES if "keras3" in case.impls]


@functools.cache
def golden(real):
    arrays = np.load(GOLDEN / real / "optimizers.npz")
    return dict(arrays), json.loads((GOLDEN / real / "optimizers.json").read_text())


def in_era(monkeypatch, real):
    from jkeras.core import declare

    monkeypatch.setattr(declare.era, "name", ERAS[real])
    monkeypatch.setattr(declare.era, "defaults", DEFAULTS[real])
    monkeypatch.setattr(declare.era, "translate", None)


def make(case, real):
    from jkeras import optimizers

    config = dict(case.config)
    rate = config.get("learning_rate")
    if isinstance(rate, dict):
        made = getattr(optimizers.schedules, rate["schedule"])
        config["learning_rate"] = made(*rate["args"], **rate["kwargs"])
    if real == "keras224" and "learning_rate" in config:
        config["lr"] = config.pop("learning_rate")
    found = optimizers
    for part in case.optimizer.split("."):
        found = getattr(found, part)
    return found(**config)


def variables_of(weights, constrained=False):
    from jkeras.constraints import NonNeg
    from jkeras.core.variable import Variable

    made = [Variable(w, name=name) for w, name in zip(weights, table.SHAPES)]
    for v in made:
        v.constraint = NonNeg() if constrained else None
    return made


def trajectory(optimizer, variables, step_of):
    """The weights at the checkpoints, and the optimizer after the last step."""
    _, curvature, target, noise = table.problem()
    optimizer.build(variables)
    kept = []
    for step in range(table.STEPS):
        now = [v.numpy() for v in variables]
        step_of(step, [c * (w - t) + n[step] for w, c, t, n in zip(now, curvature, target, noise)])
        if step + 1 in table.CHECKPOINTS:
            kept.append(np.concatenate([v.numpy().ravel() for v in variables]))
    return kept


def described(variables):
    return [[v.path, list(v.shape), v.dtype] for v in variables]


def run(case, real):
    """What ``runs.run`` gives, of jkeras in the era of a real Keras."""
    optimizer, variables = make(case, real), variables_of(table.problem()[0], case.constraint)
    kept = trajectory(optimizer, variables, lambda _, grads: optimizer.apply_gradients(zip(grads, variables)))
    if case.config.get("use_ema"):
        optimizer.finalize_variable_values(variables)
        kept.append(np.concatenate([v.numpy().ravel() for v in variables]))
    listed = optimizer.weights
    return runs.Run(np.stack(kept), described(listed), [v.numpy() for v in listed], optimizer.get_config())


@functools.cache
def result(keras, impl, real, case_id):
    case = next(c for c in table.CASES if c.id == case_id)
    if impl != "jkeras":
        return runs.run(keras, impl, case)
    with pytest.MonkeyPatch.context() as patch:
        in_era(patch, real)
        return run(case, real)


@pytest.fixture
def found(keras, impl, real, case):
    if impl not in ("jkeras", real):
        pytest.skip("golden of another Keras")
    return result(keras, impl, real, case.id)


@pytest.fixture
def ours(impl):
    if impl != "jkeras":
        pytest.skip("of jkeras alone")


def variables_in_golden(impl, real, case):
    """(description, place in the golden file) of the optimizer's variables."""
    pairs = [(d, i) for i, d in enumerate(golden(real)[1]["cases"][case.id]["variables"])]
    if impl == "jkeras" and real == "tf_keras" and case.optimizer == "SGD" and not case.config.get("momentum"):
        return [p for p in pairs if not p[0][0].startswith("m/")]  # tf_keras has idle velocities
    return pairs


@pytest.mark.parametrize(("real", "case"), ROWS)
def test_weights_along_the_trajectory_are_those_of_the_real_keras(found, real, case):
    np.testing.assert_allclose(found.kept, golden(real)[0][case.id], rtol=case.rtol, atol=case.rtol / 10)


@pytest.mark.parametrize(("real", "case"), ROWS)
def test_the_optimizers_variables_have_the_order_shapes_and_values_of_the_real_keras(found, impl, real, case):
    pairs = variables_in_golden(impl, real, case)
    assert [d[1] for d in found.described] == [d[1] for d, _ in pairs]
    for (_, place), (path, *_), value in zip(pairs, found.described, found.values):
        expected = golden(real)[0][f"{case.id}/variables/{place}"]
        np.testing.assert_allclose(value, expected, rtol=case.rtol * 20, atol=case.rtol * 2, err_msg=path)


@pytest.mark.parametrize(("real", "case"), OF_KERAS_3)
def test_the_optimizers_variables_have_the_names_of_keras_3(found, impl, real, case):
    expected = [d[0].partition("/")[2] or d[0] for d, _ in variables_in_golden(impl, real, case)]
    names = [d[0].partition("/")[2] or d[0] for d in found.described]
    # Keras gives Nadam's product an automatic name
    assert [n for n in names if not n.startswith(("u_product", "variable"))] == [
        n for n in expected if not n.startswith("variable")
    ]


@pytest.mark.parametrize(("real", "case"), ROWS)
def test_configs_are_those_of_the_real_keras(found, real, case):
    config, expected = dict(found.config), dict(golden(real)[1]["cases"][case.id]["config"])
    for forgotten in ("name", "adaptive_epsilon"):  # tf_keras leaves the second out
        config.pop(forgotten, None), expected.pop(forgotten, None)
    assert json.loads(json.dumps(config, default=lambda v: v.item() if hasattr(v, "item") else str(v))) == expected


@pytest.mark.parametrize(("real", "case"), ROWS)
def test_configs_make_equal_optimizers(ours, real, case, monkeypatch):
    in_era(monkeypatch, real)
    config = make(case, real).get_config()
    assert type(make(case, real)).from_config(config).get_config() == config


def run_composite(name):
    from jkeras import optimizers

    optimizer, variables = table.COMPOSITES[name](optimizers), variables_of(table.problem()[0])
    kept = trajectory(
        optimizer, variables, lambda step, grads: optimizer.apply(table.scaled(optimizer, grads, step), variables)
    )
    config = optimizer.get_config()
    assert without_names(type(optimizer).from_config(config).get_config()) == without_names(config)
    own = optimizer.variables
    return runs.Run(np.stack(kept), described(own), [v.numpy() for v in own], config)


@pytest.mark.parametrize("name", table.COMPOSITES)
def test_composite_optimizers_take_the_steps_of_keras_3(keras, impl, name):
    if impl not in ("jkeras", "keras3"):
        pytest.skip("of Keras 3 alone")
    one = run_composite(name) if impl == "jkeras" else runs.run_composite(keras, name)
    arrays, facts = golden("keras3")
    np.testing.assert_allclose(one.kept, arrays[name], rtol=2e-5, atol=2e-6)
    expected = facts["cases"][name]
    assert [d[0].split("/")[-1] for d in one.described] == [d[0].split("/")[-1] for d in expected["variables"]]
    for i, (value, (path, *_)) in enumerate(zip(one.values, one.described)):
        np.testing.assert_allclose(value, arrays[f"{name}/variables/{i}"], rtol=1e-4, atol=1e-5, err_msg=path)
    assert without_names(json.loads(json.dumps(one.config))) == without_names(expected["config"])


def without_names(config):
    if isinstance(config, dict):
        return {key: without_names(value) for key, value in config.items() if key != "name"}
    return config


@pytest.mark.parametrize("real", ["keras3", "tf_keras"])
@pytest.mark.parametrize("name", table.SCHEDULES)
def test_schedules_give_the_rates_of_the_real_keras(keras, impl, name, real):
    if impl not in ("jkeras", real):
        pytest.skip("golden of another Keras")
    arrays, facts = golden(real)
    cls, args, kwargs = table.SCHEDULES[name]
    made = getattr(keras.optimizers.schedules, cls)(*args, **kwargs)
    rates = [float(made(step)) for step in table.SCHEDULE_STEPS]
    np.testing.assert_allclose(rates, arrays["schedule/" + name], rtol=2e-6, atol=1e-7)
    if real == "keras3":
        config = made.get_config()
        assert json.loads(json.dumps(config)) == facts["schedules"][name]
        assert type(made).from_config(config).get_config() == config


@pytest.mark.parametrize("case", [row.values[1] for row in OF_KERAS_3], ids=lambda c: c.id)
def test_the_pure_update_and_the_plain_optax_form_take_the_same_steps(ours, case):
    import jax
    import jax.numpy as jnp
    import optax

    from jkeras.constraints import NonNeg

    weights, curvature, target, noise = table.problem()
    optimizer = make(case, "keras3")
    limit = NonNeg() if case.constraint else (lambda w: w)
    steps = 10

    def scan(step):
        def body(carry, n):
            params, state = carry
            grads = [c * (w - t) + x for w, c, t, x in zip(params, curvature, target, n)]
            return step(grads, state, params), None

        return jax.jit(lambda carry: jax.lax.scan(body, carry, [n[:steps] for n in noise])[0])

    params = [jnp.asarray(w) for w in weights]
    plain = optimizer.to_optax()

    def optax_step(grads, state, params):
        updates, state = plain.update(grads, state, params)
        return [limit(p) for p in optax.apply_updates(params, updates)], state

    def pure_step(grads, state, params):
        new, state = optimizer.update(grads, state, params)
        return [limit(p) for p in new], state

    expected = golden("keras3")[0][case.id][table.CHECKPOINTS.index(steps)]
    for step, state in ((pure_step, optimizer.init_state(params)), (optax_step, plain.init(params))):
        found, _ = scan(step)((params, state))
        found = np.concatenate([np.asarray(p).ravel() for p in found])
        np.testing.assert_allclose(found, expected, rtol=max(case.rtol, 5e-5), atol=5e-6)
