"""Trajectories, variables and configs of the optimizers against those of real Keras 3, tf_keras and Keras 2.2.4."""

import functools
import json
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from compat_tests import optimizer_cases as table
from jkeras import optimizers
from jkeras.constraints import NonNeg
from jkeras.core import declare
from jkeras.core.variable import Variable

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
ROWS = [(impl, case) for case in table.CASES for impl in case.impls]
IDS = [f"{impl}-{case.id}" for impl, case in ROWS]


@functools.cache
def golden(impl):
    arrays = np.load(GOLDEN / impl / "optimizers.npz")
    return dict(arrays), json.loads((GOLDEN / impl / "optimizers.json").read_text())


def in_era(monkeypatch, impl):
    monkeypatch.setattr(declare.era, "name", ERAS[impl])
    monkeypatch.setattr(declare.era, "defaults", DEFAULTS[impl])
    monkeypatch.setattr(declare.era, "translate", None)


def make(case, impl):
    config = dict(case.config)
    rate = config.get("learning_rate")
    if isinstance(rate, dict):
        made = getattr(optimizers.schedules, rate["schedule"])
        config["learning_rate"] = made(*rate["args"], **rate["kwargs"])
    if impl == "keras224" and "learning_rate" in config:
        config["lr"] = config.pop("learning_rate")
    found = optimizers
    for part in case.optimizer.split("."):
        found = getattr(found, part)
    return found(**config)


def variables_of(case, weights):
    made = []
    for w, name in zip(weights, table.SHAPES):
        v = Variable(w, name=name)
        v.constraint = NonNeg() if case.constraint else None
        made.append(v)
    return made


def run(case, impl):
    """The weights at the checkpoints, and the optimizer after the last step."""
    weights, curvature, target, noise = table.problem()
    optimizer, variables = make(case, impl), variables_of(case, weights)
    optimizer.build(variables)
    kept = []
    for step in range(table.STEPS):
        now = [v.numpy() for v in variables]
        grads = [c * (w - t) + n[step] for w, c, t, n in zip(now, curvature, target, noise)]
        optimizer.apply_gradients(zip(grads, variables))
        if step + 1 in table.CHECKPOINTS:
            kept.append(np.concatenate([v.numpy().ravel() for v in variables]))
    if case.config.get("use_ema"):
        optimizer.finalize_variable_values(variables)
        kept.append(np.concatenate([v.numpy().ravel() for v in variables]))
    return np.stack(kept), optimizer


@functools.cache
def result(impl, case_id):
    case = next(c for c in table.CASES if c.id == case_id)
    with pytest.MonkeyPatch.context() as patch:
        in_era(patch, impl)
        return run(case, impl)


def variables_in_golden(impl, case):
    """(description, place in the golden file) of the optimizer's variables."""
    described = golden(impl)[1]["cases"][case.id]["variables"]
    pairs = list(zip(described, range(len(described))))
    if impl == "tf_keras" and case.optimizer == "SGD" and not case.config.get("momentum"):
        return [p for p in pairs if not p[0][0].startswith("m/")]  # tf_keras has idle velocities
    return pairs


@pytest.mark.parametrize(("impl", "case"), ROWS, ids=IDS)
def test_weights_along_the_trajectory_are_those_of_the_real_keras(impl, case):
    kept, _ = result(impl, case.id)
    np.testing.assert_allclose(kept, golden(impl)[0][case.id], rtol=case.rtol, atol=case.rtol / 10)


@pytest.mark.parametrize(("impl", "case"), ROWS, ids=IDS)
def test_the_optimizers_variables_have_the_order_shapes_and_values_of_the_real_keras(impl, case):
    _, optimizer = result(impl, case.id)
    pairs = variables_in_golden(impl, case)
    assert [list(v.shape) for v in optimizer.weights] == [d[1] for d, _ in pairs]
    for (_, place), v in zip(pairs, optimizer.weights):
        expected = golden(impl)[0][f"{case.id}/variables/{place}"]
        np.testing.assert_allclose(v.numpy(), expected, rtol=case.rtol * 20, atol=case.rtol * 2, err_msg=v.path)


@pytest.mark.parametrize("case", [c for c in table.CASES if "keras3" in c.impls], ids=lambda c: c.id)
def test_the_optimizers_variables_have_the_names_of_keras_3(case):
    _, optimizer = result("keras3", case.id)
    described = [d[0].partition("/")[2] or d[0] for d, _ in variables_in_golden("keras3", case)]
    found = [v.path.partition("/")[2] for v in optimizer.variables]
    # Keras gives Nadam's product an automatic name
    assert [n for n in found if n != "u_product"] == [n for n in described if not n.startswith("variable")]


@pytest.mark.parametrize(("impl", "case"), ROWS, ids=IDS)
def test_configs_are_those_of_the_real_keras_and_round_trip(impl, case, monkeypatch):
    in_era(monkeypatch, impl)
    optimizer = make(case, impl)
    config = optimizer.get_config()
    assert type(optimizer).from_config(config).get_config() == config
    expected = dict(golden(impl)[1]["cases"][case.id]["config"])
    for forgotten in ("name", "adaptive_epsilon"):  # tf_keras leaves the second out
        config.pop(forgotten, None), expected.pop(forgotten, None)
    assert json.loads(json.dumps(config)) == expected


@pytest.mark.parametrize("name", table.COMPOSITES)
def test_composite_optimizers_take_the_steps_of_keras_3(name):
    weights, curvature, target, noise = table.problem()
    optimizer, variables = table.COMPOSITES[name](optimizers), variables_of(table.CASES[0], weights)
    optimizer.build(variables)
    kept = []
    for step in range(table.STEPS):
        now = [v.numpy() for v in variables]
        grads = [c * (w - t) + n[step] for w, c, t, n in zip(now, curvature, target, noise)]
        optimizer.apply(table.scaled(optimizer, grads, step), variables)
        if step + 1 in table.CHECKPOINTS:
            kept.append(np.concatenate([v.numpy().ravel() for v in variables]))
    arrays, facts = golden("keras3")
    np.testing.assert_allclose(np.stack(kept), arrays[name], rtol=2e-5, atol=2e-6)
    described = facts["cases"][name]["variables"]
    assert [v.path.split("/")[-1] for v in optimizer.variables] == [d[0].split("/")[-1] for d in described]
    for i, v in enumerate(optimizer.variables):
        np.testing.assert_allclose(v.numpy(), arrays[f"{name}/variables/{i}"], rtol=1e-4, atol=1e-5, err_msg=v.path)
    config, expected = optimizer.get_config(), facts["cases"][name]["config"]
    assert without_names(json.loads(json.dumps(config))) == without_names(expected)
    assert without_names(type(optimizer).from_config(config).get_config()) == without_names(config)


def without_names(config):
    if isinstance(config, dict):
        return {key: without_names(value) for key, value in config.items() if key != "name"}
    return config


@pytest.mark.parametrize("impl", ["keras3", "tf_keras"])
@pytest.mark.parametrize("name", table.SCHEDULES)
def test_schedules_give_the_rates_of_the_real_keras(impl, name, monkeypatch):
    arrays, facts = golden(impl)
    cls, args, kwargs = table.SCHEDULES[name]
    made = getattr(optimizers.schedules, cls)(*args, **kwargs)
    found = [float(made(step)) for step in table.SCHEDULE_STEPS]
    np.testing.assert_allclose(found, arrays["schedule/" + name], rtol=2e-6, atol=1e-7)
    if impl == "keras3":
        config = made.get_config()
        assert json.loads(json.dumps(config)) == facts["schedules"][name]
        assert type(made).from_config(config).get_config() == config


@pytest.mark.parametrize("case", [c for c in table.CASES if "keras3" in c.impls], ids=lambda c: c.id)
def test_the_pure_update_and_the_plain_optax_form_take_the_same_steps(case):
    import jax
    import optax

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
