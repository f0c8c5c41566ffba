"""The forward pass as a file that runs without jkeras: StableHLO with a symbolic batch size."""

from typing import Any

import jax
import jax.numpy as jnp

from ..core.variable import initialize
from .atomic import replacing


def export_model(model: Any, filepath: Any, format: str = "stablehlo", verbose: Any = None, **kwargs: Any) -> None:
    """Writes the forward pass; ``jax.export.deserialize(bytes).call(x)`` runs it with any batch size."""
    for name in kwargs:
        raise TypeError(f"export: unknown argument {name!r}.")
    if format not in ("stablehlo", "jax"):
        raise ValueError(f"export(format={format!r}): expected 'stablehlo'. TensorFlow's formats need TensorFlow.")
    if model._graph is None:
        raise ValueError("export: the model must be functional or Sequential, and built.")
    from jax import export

    initialize(model.variables)
    scope = export.SymbolicScope()
    letters = iter("bcdefghijklmnopqrstuvwxyz")
    batch = next(letters)
    specs = []
    for x in model._graph.input_tensors:
        dims = [str(d) if d is not None else (batch if i == 0 else next(letters)) for i, d in enumerate(x.shape)]
        specs.append(
            jax.ShapeDtypeStruct(export.symbolic_shape(", ".join(dims) + ",", scope=scope), jnp.dtype(x.dtype))
        )
    single = len(specs) == 1
    made = export.export(jax.jit(lambda *x: model(x[0] if single else list(x), training=False)))(*specs)
    try:
        data = made.serialize()
    except ImportError:
        raise ImportError("export needs flatbuffers: pip install 'jkeras[export]'.") from None
    with replacing(str(filepath)) as temporary, open(temporary, "wb") as f:
        f.write(data)
