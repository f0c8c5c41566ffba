"""Activations, initializers, regularizers and constraints give the numbers, dtypes and configs of the real Kerases."""

import functools
import json
import pathlib

import numpy as np
import pytest

from compat_tests import small_families
from compat_tests.small_families import ROWS, spread

GOLDEN = pathlib.Path(__file__).parent / "golden"
ERAS = {"keras3": "3", "tf_keras": "tf2", "keras224": "2.2"}
CASES = [pytest.param(impl, row, id=f"{impl}-{row.id}") for row in ROWS for impl in row.impls]


@functools.cache
def golden(impl):
    base = GOLDEN / impl / "small_families"
    with np.load(base.with_suffix(".npz")) as stored:
        arrays = {name: stored[name] for name in stored.files}
    return arrays, json.loads(base.with_suffix(".json").read_text())["rows"]


@pytest.fixture(autouse=True)
def compiled_as_for_users(impl, request):
    """Where an activation fades out, its gradient depends on how its program is optimised."""
    row = getattr(request.node, "callspec", None) and request.node.callspec.params.get("row")
    if impl != "jkeras" or row is None or row.module != "activations":
        yield
        return
    import jax

    before = jax.config.read("jax_disable_most_optimizations")
    jax.config.update("jax_disable_most_optimizations", False)
    yield
    jax.config.update("jax_disable_most_optimizations", before)


@pytest.fixture
def in_era(impl, monkeypatch):
    """jkeras under the defaults of an era; the two that are not yet in its table stand here."""

    def switch(name):
        if impl == "jkeras":
            from jkeras.core.declare import era

            monkeypatch.setattr(era, "name", ERAS[name])
            old = {("l1_l2", "l1"): 0.01, ("l1_l2", "l2"): 0.01}
            monkeypatch.setattr(era, "defaults", {} if name == "keras3" else {**era.defaults, **old})

    return switch


def old_activation(keras, impl, origin, row):
    """In an era, the activation of a name is the one that `get` gives."""
    if impl == "jkeras" and origin != "keras3" and row.name == "hard_sigmoid":
        return row._replace(name="hard_sigmoid_fifth")
    return row


@pytest.mark.parametrize(("origin", "row"), CASES)
def test_values_are_those_of_the_real_keras(impl, keras, in_era, origin, row):
    if impl not in ("jkeras", origin):
        pytest.skip("golden of another Keras")
    in_era(origin)
    row = old_activation(keras, impl, origin, row)
    arrays, facts = golden(origin)
    value, grad, dtype, config = small_families.run(impl, keras, row)
    wanted = arrays[row.id]
    assert dtype == facts[row.id]["dtype"] or origin == "keras224"
    if row.module == "initializers" and "seed" in row.config and origin != "keras3":
        check_spread(row, wanted, spread(value) if np.size(value) > 4 else value)
    else:
        half = {"float16": 2e-3, "bfloat16": 1.6e-2}.get(row.dtype)
        exact = row.name.startswith("Random") or "Uniform" in row.name
        rtol = half or (2e-7 if exact else 2e-6)
        np.testing.assert_allclose(value, wanted, rtol=rtol, atol=half or 1e-6, err_msg="values")
    if f"{row.id}|grad" in arrays and grad is not None:
        np.testing.assert_allclose(grad, arrays[f"{row.id}|grad"], rtol=2e-5, atol=3e-6, err_msg="gradients")
    known = facts[row.id]["config"]
    if config is not None and known is not None:
        check_config(origin, known, config)


def check_spread(row, wanted, found):
    """Other generators: the same mean, deviation and, where the distribution has ends, ends."""
    wanted, found = wanted.tolist(), found.tolist()
    deviation = wanted[1]
    assert found[0] == pytest.approx(wanted[0], abs=0.03 * deviation)
    assert found[1] == pytest.approx(deviation, rel=0.015)
    if "RandomNormal" not in row.name and "Orthogonal" not in row.name and "untruncated" not in str(row.config):
        assert found[2:] == pytest.approx(wanted[2:], abs=0.04 * deviation)


def check_config(origin, known, config):
    if origin == "keras3":
        assert set(config) - {"gain"} == set(known) - {"gain"}  # Keras 3 forgets the gain of Identity
    for key in set(known) & set(config):
        if key not in ("distribution", "scale", "mode"):  # Keras 2.2.4 has functions for the fixed scalings
            assert (
                config[key] == pytest.approx(known[key]) if isinstance(known[key], float) else config[key] == known[key]
            )


@pytest.mark.parametrize("module", ["activations", "initializers", "regularizers", "constraints"])
def test_every_public_object_has_a_row(impl, keras, module):
    if impl == "keras224":
        pytest.skip("its modules show what they import")
    rows = {getattr(getattr(keras, module), r.name, None) for r in ROWS if r.module == module}
    public = getattr(keras, module)
    skipped = {"get", "serialize", "deserialize", "hard_sigmoid_fifth"}
    for name in dir(public):
        found = getattr(public, name)
        mine = getattr(found, "__module__", "").startswith(keras.__name__) and callable(found)
        if name.startswith("_") or name in skipped or not mine or "core" in found.__module__:
            continue
        if found.__name__ in ("Initializer", "Regularizer", "Constraint", "compute_fans", "draw", "Draw", "op"):
            continue
        assert found in rows, f"{module}.{name} has no row in small_families.py"
