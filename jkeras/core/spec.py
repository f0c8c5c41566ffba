"""What a layer accepts: checked with messages that name layer, expected and received."""

from typing import Any

from . import dtypes


class InputSpec:
    """Rank, shape, axes and dtype that an input must have.  https://keras.io/api/layers/base_layer/

    >>> InputSpec(min_ndim=2, axes={-1: 4})
    InputSpec(min_ndim=2, axes={-1: 4})
    """

    def __init__(
        self,
        dtype: Any = None,
        shape: Any = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: dict[int, int | None] | None = None,
        allow_last_axis_squeeze: bool = False,
        name: str | None = None,
        optional: bool = False,
    ):
        self.dtype = None if dtype is None else dtypes.standardize_dtype(dtype)
        self.shape = None if shape is None else tuple(shape)
        self.ndim = len(self.shape) if self.shape is not None else ndim
        self.max_ndim, self.min_ndim = max_ndim, min_ndim
        self.axes = {int(k): v for k, v in (axes or {}).items()}
        self.allow_last_axis_squeeze, self.name, self.optional = allow_last_axis_squeeze, name, optional

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal spec."""
        return dict(vars(self))

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "InputSpec":
        """The spec that ``get_config`` described."""
        return cls(**config)

    def problem(self, shape: tuple) -> str | None:
        """What is wrong with a shape, as the words after "expected"; None if it fits."""
        rank = len(shape)
        if self.ndim is not None and rank != self.ndim and not (self.allow_last_axis_squeeze and rank == self.ndim + 1):
            return f"{self.ndim} axes"
        if self.max_ndim is not None and rank > self.max_ndim:
            return f"at most {self.max_ndim} axes"
        if self.min_ndim is not None and rank < self.min_ndim:
            return f"at least {self.min_ndim} axes"
        for axis, size in self.axes.items():
            if not -rank <= axis < rank:
                return f"an axis {axis}"
            if size is not None and shape[axis] not in (size, None):
                where = "the last axis" if axis in (-1, rank - 1) else f"axis {axis}"
                return f"{where} of size {size}"
        if self.shape is not None:
            for want, got in zip(self.shape, shape, strict=False):
                if want is not None and got is not None and want != got:
                    return f"shape {self.shape}"
        return None

    def __repr__(self) -> str:
        shown = {k: v for k, v in vars(self).items() if v not in (None, {}, False) and not (k == "ndim" and self.shape)}
        return f"InputSpec({', '.join(f'{k}={v!r}' for k, v in shown.items())})"


def check(layer: Any, spec: Any, inputs: Any) -> None:
    """Raises ValueError where an input does not fit the layer's ``input_spec``."""
    specs = list(spec) if isinstance(spec, (list, tuple)) else [spec]
    values = list(inputs) if isinstance(inputs, (list, tuple)) and not hasattr(inputs, "shape") else [inputs]
    if len(values) == 1 and isinstance(values[0], dict):
        values = list(values[0].values())
    if isinstance(spec, (list, tuple)) and len(values) != len(specs):
        raise ValueError(f"{describe(layer)}: expected {len(specs)} inputs, received {len(values)}.")
    for one, x in zip(specs * (len(values) if len(specs) == 1 else 1), values, strict=False):
        shape = getattr(x, "shape", None)
        if one is None or shape is None:
            continue
        if one.dtype is not None and dtypes.standardize_dtype(x.dtype) != one.dtype:
            raise ValueError(f"{describe(layer)}: expected inputs of dtype {one.dtype}, received {x.dtype}.")
        problem = one.problem(tuple(shape))
        if problem is not None:
            raise ValueError(
                f"{describe(layer)}: expected {problem}, received shape {tuple(shape)}.{hint(problem, shape)}"
            )


def describe(layer: Any) -> str:
    """A layer in messages: class and name."""
    return f"{type(layer).__name__} '{layer.name}'"


def hint(problem: str, shape: tuple) -> str:
    """What to do about it, where it is likely."""
    if problem.startswith("the last axis of size") and len(shape) > 2 and None not in shape[1:]:
        size = 1
        for d in shape[1:]:
            size *= d
        if problem.endswith(f" {size}"):
            return " Add Flatten() before it."
    if problem == "4 axes" and len(shape) == 3:
        return " Add a channel axis: images are (batch, height, width, channels)."
    if problem == "3 axes" and len(shape) == 2:
        return " Sequences are (batch, steps, features); add an axis."
    return ""
