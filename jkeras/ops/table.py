"""Functions made from rows: a name, Keras's parameters, and the function of arrays that computes it.

A row reads ``name(arrays | options) -> target``: the arrays are converted and given by position, the options by name;
``xs*`` is a list of arrays and the target, where it is missing, the function of the same name.
"""

import re

import jax.numpy as jnp
import numpy as np

from ..core import config
from ..core.dtypes import array_dtype
from ..core.symbolic import op

ROW = re.compile(r"(\w+)\((.*?)(?:\|(.*))?\)(?:\s*->\s*(\S+))?$")


def array(x):
    """`x` as an array.

    >>> array([1.0, 2.0]).shape
    (2,)
    """
    return x if isinstance(x, jnp.ndarray) else jnp.asarray(x)


def arrays(xs):
    """A list of arrays.

    >>> [x.shape for x in arrays([[1.0], 2.0])]
    [(1,), ()]
    """
    return [array(x) for x in xs]


def inexact(*xs):
    """Arrays of one floating (or complex) dtype, `floatx` for integers; Python numbers count as `floatx`.

    >>> inexact([1, 2])[0].dtype.name
    'float32'
    """
    xs = arrays(xs)
    dtype = jnp.result_type(*(x.dtype for x in xs))
    if not jnp.issubdtype(dtype, jnp.inexact):
        dtype = config.floatx()
    return [x.astype(dtype) for x in xs]


def known(dtype):
    """The dtype as NumPy has it; None stays None.

    >>> known("float64").name, known(None)
    ('float32', None)
    """
    return None if dtype is None else array_dtype(dtype)


def make(rows, home, module, convert=array):
    """The functions of the rows as a dict; `home` has the targets and `convert` makes arrays of the arguments.

    >>> make("twice(x) -> add_self", type("home", (), {"add_self": lambda x: x + x}), "docs")["twice"]([1.0]).tolist()
    [2.0]
    """
    made = {}
    for row in filter(None, (line.strip() for line in rows.splitlines())):
        match = ROW.match(row)
        if match is None:
            raise ValueError(f"Not a row: {row!r}")
        name, given, options, target = match.groups()
        made[name] = op(_function(name, given, options or "", getattr(home, target or name), module, convert))
    return made


def _function(name, given, options, target, module, convert):
    names = [a.strip() for a in given.split(",") if a.strip()]
    options = [o.strip() for o in re.split(r",(?![^()]*\))", options) if o.strip()]
    parameters = ", ".join([*(n.rstrip("*") for n in names), *options])
    if convert is inexact:
        call = f"*inexact({', '.join(names)})"
    else:
        call = ", ".join(f"arrays({n[:-1]})" if n.endswith("*") else f"array({n})" for n in names)
    keywords = (o.partition("=")[0] for o in options)
    passed = [f"{k}=known({k})" if k == "dtype" else f"{k}={k}" for k in keywords]
    space = {"array": array, "arrays": arrays, "inexact": inexact, "known": known, "target": target, "np": np}
    # a real function with real parameters: calls cost nothing more, and editors and `help` see the signature
    exec(f"def {name}({parameters}):\n    return target({', '.join([call, *passed])})", space)
    function = space[name]
    function.__module__, function.__qualname__ = module, name
    first = ((target.__doc__ or "").strip().split("\n\n")[0]).replace("\n", " ").strip()
    function.__doc__ = f"{' '.join(first.split())}\n\nSource: https://keras.io/api/ops/, computed by {target.__name__}."
    return function
