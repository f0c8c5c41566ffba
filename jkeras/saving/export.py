"""The forward pass as a file that runs without jkeras: StableHLO or ONNX, with a symbolic batch size."""

import io
import os
from typing import Any

import jax
import jax.numpy as jnp

from ..core.variable import initialize
from .atomic import replacing

FORMATS = ("stablehlo", "onnx")
_NOT_HERE = ("tf_saved_model", "tf_saved_model_artifact", "litert", "openvino", "torch")


def export_model(
    model: Any,
    filepath: Any,
    format: str | None = None,
    verbose: Any = None,
    input_signature: Any = None,
    opset_version: int | None = None,
    **kwargs: Any,
) -> None:
    """Writes the forward pass as StableHLO or, where the name ends in .onnx or ``format`` says so, as ONNX.

    ``jax.export.deserialize(bytes).call(x)`` runs StableHLO with any batch size; ONNX needs ``jkeras[onnx]`` to be
    written. ``input_signature``, a list of objects with shape and dtype, is for models without a graph; None stands
    for unknown sizes. Raises ValueError for other formats. https://keras.io/api/models/model_saving_apis/export/
    """
    for name in kwargs:
        raise TypeError(f"export: unknown argument {name!r}.")
    path = os.fspath(filepath)
    form = format or ("onnx" if path.endswith(".onnx") else "stablehlo")
    form = {"jax": "stablehlo"}.get(form, form)
    if form not in FORMATS:
        more = " It needs another framework." if form in _NOT_HERE else ""
        raise ValueError(f"export(format={format!r}): expected one of {', '.join(map(repr, FORMATS))}.{more}")
    if opset_version is not None and form != "onnx":
        raise ValueError("export: opset_version is a number of ONNX; give format='onnx' with it.")
    specs = _specs(_signature(model, input_signature))
    initialize(model.variables)
    single = len(specs) == 1

    def forward(*x: Any) -> Any:
        return model(x[0] if single else list(x), training=False)

    data = _onnx(forward, specs, model.name, opset_version) if form == "onnx" else _stablehlo(forward, specs)
    with replacing(path) as temporary, open(temporary, "wb") as f:
        f.write(data)
    if verbose:
        print(f"Saved {model.name!r} as {form} in {path}")


def _signature(model: Any, given: Any) -> list[Any]:
    """Objects with the shape and dtype of each input."""
    if given is not None:
        found = list(given) if isinstance(given, (list, tuple)) else [given]
        for x in found:
            if not hasattr(x, "shape") or not hasattr(x, "dtype"):
                raise TypeError(f"export: input_signature expects objects with shape and dtype, received {x!r}.")
        return found
    if model._graph is None:
        raise ValueError(
            "export: the model must be functional or Sequential, and built; for others give input_signature=[...], "
            "such as [keras.Input((28, 28))]."
        )
    return model._graph.input_tensors


def _specs(inputs: list[Any]) -> list[jax.ShapeDtypeStruct]:
    """The inputs with letters for their unknown sizes: one for all batches."""
    from jax import export

    scope, letters = export.SymbolicScope(), iter("bcdefghijklmnopqrstuvwxyz")
    batch, specs = next(letters), []
    for x in inputs:
        dims = [str(d) if d is not None else (batch if i == 0 else next(letters)) for i, d in enumerate(x.shape)]
        shape = export.symbolic_shape(", ".join(dims) + ",", scope=scope)
        specs.append(jax.ShapeDtypeStruct(shape, jnp.dtype(x.dtype or "float32")))
    return specs


def _stablehlo(forward: Any, specs: list[jax.ShapeDtypeStruct]) -> bytes:
    from jax import export

    try:
        return export.export(jax.jit(forward))(*specs).serialize()
    except ImportError:
        raise ImportError('export needs the package flatbuffers: pip install "jkeras[export]"') from None


def _onnx(forward: Any, specs: list[jax.ShapeDtypeStruct], name: str, opset: int | None) -> bytes:
    try:
        import jax2onnx
        import onnx
    except ImportError:
        raise ImportError('Export to ONNX needs the packages jax2onnx and onnx: pip install "jkeras[onnx]"') from None
    options = {} if opset is None else {"opset": opset}
    try:
        made = jax2onnx.to_onnx(forward, inputs=specs, model_name=name, **options)
    except Exception as error:
        raise NotImplementedError(
            f"export: jax2onnx cannot express {name!r} in ONNX: {error} StableHLO (the default format) can."
        ) from error
    buffer = io.BytesIO()
    onnx.save_model(made, buffer)
    return buffer.getvalue()
