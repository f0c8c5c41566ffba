"""Scopes of Keras 3: names, devices, stateless computation."""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import jax

from . import frame as frames
from .variable import Variable


class StatelessScope:
    """Reads and writes of Variables inside act on values given here, not on the Variables.

    https://keras.io/api/ops/

    >>> v = Variable(1.0)
    >>> with StatelessScope(state_mapping=[(v, 5.0)]) as scope:
    ...     _ = v.assign(v.value + 1.0)
    >>> float(scope.get_current_value(v)), float(v)
    (6.0, 1.0)
    """

    def __init__(self, state_mapping: Any = None, collect_losses: bool = False, initialize_variables: bool = True):
        import jax.numpy as jnp

        self.collect_losses, self.initialize_variables = collect_losses, initialize_variables
        self.losses: list[Any] = []
        self._values = {v: jnp.asarray(x.value if isinstance(x, Variable) else x) for v, x in state_mapping or []}
        for v, x in self._values.items():
            if tuple(x.shape) != v.shape:
                raise ValueError(
                    f"StatelessScope: {v.path!r} has shape {v.shape}, received a value of shape {x.shape}."
                )

    def __enter__(self) -> "StatelessScope":
        self._frame = frames.Keeping(values=dict(self._values))
        self._frame.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self.losses = [value for _, value in self._frame.losses] if self.collect_losses else []
        self._frame.__exit__(*error)

    def add_loss(self, loss: Any) -> None:
        """Adds a loss."""
        self._frame.losses.append((None, loss))

    def add_update(self, update: tuple[Variable, Any]) -> None:
        """Sets the value of a Variable."""
        variable, value = update
        self._frame.assign(variable, value)

    def get_current_value(self, variable: Variable) -> Any:
        """The value of a Variable, or None if the scope has none."""
        values = self._frame.values
        return None if values is None else values.get(variable)


class SymbolicScope:
    """Inside, computation is only about shapes.  https://keras.io/api/

    >>> with SymbolicScope():
    ...     pass
    """

    def __enter__(self) -> "SymbolicScope":
        self._frame = frames.Frame(values={}, abstract=True)
        self._frame.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._frame.__exit__(*error)


def get_stateless_scope() -> Any:
    """The frame that stands for the current stateless scope, or None."""
    return frames.current()


class name_scope:
    """Names what is made inside.  https://keras.io/api/

    ``override_parent`` is the path that counts as the one around. A ``caller`` that enters its name again directly inside
    itself adds nothing, unless ``deduplicate`` is False.

    >>> with name_scope("block"):
    ...     path = Variable(0.0, name="w").path
    >>> path
    'block/w'
    """

    def __init__(self, name: str, caller: Any = None, deduplicate: bool = True, override_parent: str | None = None):
        if not isinstance(name, str) or "/" in name:
            raise ValueError(f"name_scope: expected a name without '/', received {name!r}.")
        self.name, self.caller, self.deduplicate, self.override_parent = name, caller, deduplicate, override_parent
        self._tokens: list[tuple] = []

    def __enter__(self) -> "name_scope":
        path, (last, caller) = frames._scope.get(), _last.get()
        again = self.deduplicate and self.caller is not None and self.caller is caller and last == path
        if not (again and path[-1] == self.name):
            if self.override_parent is not None:
                path = tuple(part for part in self.override_parent.split("/") if part)
            path = (*path, self.name)
        self._tokens.append((frames._scope.set(path), _last.set((path, self.caller))))
        return self

    def __exit__(self, *_: Any) -> None:
        scope, last = self._tokens.pop()
        frames._scope.reset(scope)
        _last.reset(last)


_last: ContextVar[tuple[tuple, Any]] = ContextVar("last_name_scope", default=((), None))  # its path, and who entered it


@contextlib.contextmanager
def device(device_name: str) -> Iterator[None]:
    """Computes inside on a device named as ``"cpu:0"`` or ``"gpu:1"``; raises ValueError if there is none.

    >>> with device("cpu:0"):
    ...     pass
    """
    kind, _, index = str(device_name).lower().rpartition("device:")[2].strip("/").partition(":")
    kind = "gpu" if kind == "cuda" else kind
    try:
        found = jax.devices(kind)[int(index or 0)]
    except (RuntimeError, IndexError, ValueError):
        names = ", ".join(f"{d.platform}:{d.id}" for d in jax.devices())
        raise ValueError(f"device({device_name!r}): there is no such device. Devices here: {names}.") from None
    with jax.default_device(found):
        yield
