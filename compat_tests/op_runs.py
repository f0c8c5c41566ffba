"""Calls of keras.ops on any implementation: flattened results, and result dtypes for every combination of inputs."""

import functools
import itertools

import numpy as np

from compat_tests import op_cases

DTYPES = "bool int8 int32 uint8 uint32 float16 bfloat16 float32".split()
SCALARS = {"True": True, "2": 2, "2.5": 2.5}


class Namespace:
    """keras.ops, with keras.random as `random`."""

    def __init__(self, keras):
        self.ops, self.random = keras.ops, keras.random

    def __getattr__(self, name):
        return getattr(self.ops, name)


def flat(x):
    """(leaves, text of the structure): lists, tuples, dicts and None."""
    if isinstance(x, dict):
        parts = [flat(x[k]) for k in sorted(x)]
        return [v for leaves, _ in parts for v in leaves], "{" + ",".join(s for _, s in parts) + "}"
    if isinstance(x, (list, tuple)):
        parts = [flat(v) for v in x]
        marks = "[]" if isinstance(x, list) else "()"
        return [v for leaves, _ in parts for v in leaves], marks[0] + ",".join(s for _, s in parts) + marks[1]
    return ([], "None") if x is None else ([x], "*")


def dtype_of(x):
    """The dtype's name, or that of the Python type."""
    return str(getattr(x.dtype, "name", x.dtype)) if hasattr(x, "dtype") else type(x).__name__


def plain(x):
    """An array that NumPy can store."""
    x = np.asarray(x)
    return x.astype("float32") if x.dtype.name == "bfloat16" else x


def _arrays_only(row):
    args = [*row.args, *row.kwargs.values()]
    simple = row.call is None and "." not in row.name and not row.kwargs
    return simple and bool(args) and all(isinstance(a, op_cases.Arr) for a in args)


def names():
    """The ops that take one or two arrays and nothing else, with the shapes to try them on."""
    found = {}
    for row in op_cases.ROWS:
        if _arrays_only(row) and len(row.args) < 3 and row.args[0].dtype != "complex64":
            found.setdefault(row.name, [a.shape for a in row.args])
    return found


def combinations(count):
    """Names of dtype combinations, and of Python scalars as the second argument."""
    if count == 1:
        return [(d,) for d in DTYPES]
    return [
        *itertools.product(DTYPES, DTYPES),
        *itertools.product(("bool", "int8", "int32", "bfloat16", "float32"), SCALARS),
    ]


def promotion_of(ops, name, shapes):
    """{combination: dtype of the result, or "error"} of one op."""
    import jax

    found = {}
    for combination in combinations(len(shapes)):
        specs = [jax.ShapeDtypeStruct(s, d) for s, d in zip(shapes, combination, strict=True) if d not in SCALARS]
        scalars = [SCALARS[d] for d in combination if d in SCALARS]
        try:
            out = jax.eval_shape(functools.partial(_call, getattr(ops, name), scalars), *specs)
            found[" ".join(combination)] = " ".join(dtype_of(x) for x in flat(out)[0])
        except Exception:
            found[" ".join(combination)] = "error"
    return found


def _call(fn, scalars, *arrays):
    return fn(*arrays, *scalars)


def promotion(ops):
    """What all ops that take arrays alone result in: texts of "dtype: combinations", and the ops of each text."""
    found = {}
    for name, shapes in names().items():
        found.setdefault(short(promotion_of(ops, name, shapes)), []).append(name)
    return found


def short(found):
    """One text: "dtype: combination combination; dtype: ..."."""
    groups = {}
    for combination, result in found.items():
        groups.setdefault(result, []).append(combination.replace(" ", "+"))
    return "; ".join(f"{result}: {' '.join(group)}" for result, group in sorted(groups.items()))


def long(text):
    """{combination: result} of such a text."""
    groups = (group.split(": ") for group in text.split("; "))
    return {combination: result for result, group in groups for combination in group.split()}
