"""keras.ops and keras.random give the values, dtypes, structures and shapes of Keras 3, also for Variables and symbols."""

import functools
import json
import pathlib

import numpy as np
import pytest

from compat_tests import op_cases, op_runs
from compat_tests.op_cases import ROWS

IMPLS = ("jkeras", "keras3")  # which Kerases have this

BASE = pathlib.Path(__file__).parent / "golden" / "keras3" / "ops"
BY_ID = {row.id: row for row in ROWS}


@functools.cache
def golden():
    with np.load(BASE.with_suffix(".npz")) as stored:
        arrays = {name: stored[name] for name in stored.files}
    return arrays, json.loads(BASE.with_suffix(".json").read_text())


@pytest.fixture(scope="module")
def ops(keras):
    return op_runs.Namespace(keras)


TOGETHER = [
    r
    for r in ROWS
    if r.symbolic and r.name != "image.elastic_transform" and any(isinstance(a, op_cases.Arr) for a in r.args)
]
PLACE = {row.id: i for i, row in enumerate(TOGETHER)}


@functools.cache
def computed(keras, start):
    """{row id: (leaves, structure)} of 25 rows, compiled together: much faster than each on its own."""
    import jax

    ops, rows, found = op_runs.Namespace(keras), TOGETHER[start : start + 25], {}

    def run(inputs):
        for row, given in zip(rows, inputs, strict=True):
            values = iter(given)
            found[row.id] = op_runs.flat(op_cases.run(ops, row, lambda _, values=values: next(values)))
        return {name: [x for x in leaves if isinstance(x, jax.Array)] for name, (leaves, _) in found.items()}

    arrays = jax.jit(run)([op_cases.drawn(row) for row in rows])
    results = {}
    for name, (leaves, structure) in found.items():
        left = iter(arrays[name])
        results[name] = [next(left) if isinstance(x, jax.Array) else x for x in leaves], structure
    return results


def compare(row, result):
    """Structure, dtypes and values against the golden ones."""
    arrays, facts = golden()
    known = facts["rows"][row.id]
    leaves, structure = result
    assert structure == known["structure"]
    assert [op_runs.dtype_of(x) for x in leaves] == known["dtypes"]
    for i, leaf in enumerate(leaves if row.values else ()):
        wanted, found = arrays[f"{row.id}|{i}"], op_runs.plain(leaf)
        assert found.shape == wanted.shape
        if wanted.dtype.kind not in "fc":
            np.testing.assert_array_equal(found, wanted)
            continue
        scale = np.max(np.abs(wanted[np.isfinite(wanted)]), initial=1.0)
        np.testing.assert_allclose(found, wanted, rtol=row.rtol, atol=row.rtol * 0.1 * scale)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_an_op_gives_what_keras_gives(ops, keras, impl, row):
    if row.id in PLACE and impl == "jkeras":
        compare(row, computed(keras, PLACE[row.id] // 25 * 25)[row.id])
    else:
        compare(row, op_runs.flat(op_cases.run(ops, row)))


def is_float(x):
    return x.dtype.kind == "f"


VARIABLES = [r for r in ROWS if any(isinstance(a, op_cases.Arr) and "int" not in a.kind for a in r.args)]


@pytest.mark.parametrize("row", VARIABLES[::8], ids=lambda row: row.id)
def test_an_op_takes_variables(ops, keras, impl, row):
    try:
        result = op_cases.run(ops, row, lambda x: keras.Variable(x) if is_float(x) else x)
    except ValueError as error:
        if impl == "keras3" and ("__jax_array__" in str(error) or "Could not convert" in str(error)):
            pytest.skip("in Keras 3 on a current JAX this op takes no Variable")
        raise
    compare(row, op_runs.flat(result))


SYMBOLIC = [
    r
    for r in ROWS
    if r.symbolic and not r.name.startswith("random") and any(isinstance(a, op_cases.Arr) for a in r.args)
]


# Where the symbolic result of Keras 3 is not that of its own computation, or is none at all.
KERAS_DIFFERS = set(
    "adaptive_average_pool adaptive_max_pool angle argpartition categorical_crossentropy cond conv corrcoef "
    "custom_gradient lu_factor multi_hot ndim polar size top_k unravel_index vectorize while_loop".split()
)


@pytest.mark.parametrize("row", SYMBOLIC, ids=lambda row: row.id)
def test_a_symbolic_op_has_the_shape_and_dtype_of_the_real_one(ops, keras, impl, row):
    if impl == "keras3" and row.name in KERAS_DIFFERS:
        pytest.skip("differs in Keras 3 itself")
    arrays, facts = golden()
    if row.name in ("is_tensor", "convert_to_numpy"):
        pytest.skip("not a function of values")
    result = op_cases.run(ops, row, lambda x: keras.KerasTensor(x.shape, x.dtype.name))
    leaves, structure = op_runs.flat(result)
    known = facts["rows"][row.id]
    assert structure == known["structure"]
    assert [op_runs.dtype_of(x) for x in leaves] == known["dtypes"]
    if row.values:
        assert [np.shape(x) if not hasattr(x, "shape") else tuple(x.shape) for x in leaves] == [
            arrays[f"{row.id}|{i}"].shape for i in range(len(leaves))
        ]


def test_every_public_name_has_a_row(keras):
    rows = {r.name for r in ROWS}
    for module, prefix in ((keras.ops, ""), (keras.ops.image, "image."), (keras.random, "random.")):
        for name in dir(module):
            found = getattr(module, name)
            if callable(found) and not name.startswith("_") and name != "SeedGenerator" and name in public(module):
                assert prefix + name in rows, f"{prefix}{name} has no row in op_cases.py"


def public(module):
    return getattr(module, "__all__", None) or [n for n in dir(module) if n[0].islower()]


PROMOTION = [pytest.param(name, text, id=name) for text, names in golden()[1]["promotion"].items() for name in names]


@pytest.mark.parametrize(("name", "text"), PROMOTION)
def test_an_op_promotes_dtypes_as_keras_does(ops, name, text):
    wanted = op_runs.long(text)
    found = op_runs.long(op_runs.short(op_runs.promotion_of(ops, name, op_runs.names()[name])))
    # where Keras raises, giving a result is as good
    differing = {c: (found[c], wanted[c]) for c in wanted if wanted[c] != "error" and found[c] != wanted[c]}
    assert not differing, "combination: (found, wanted)"
