"""Meshes of devices, and how tensors lie on them."""

import difflib
import math
import re
from collections.abc import Iterator, MutableMapping, Sequence
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from ..core import errors, placement
from ..core.symbolic import is_symbolic
from ..core.variable import Variable


def list_devices(device_type: str | None = None) -> list[str]:
    """Names, ``"cpu:0"``, of all devices of a kind ("cpu", "gpu", "tpu"), of all processes; by default of the best kind.

    https://keras.io/api/distribution/distribution_utils/

    >>> list_devices("cpu")[0]
    'cpu:0'
    """
    return [f"{d.platform}:{d.id}" for d in jax.devices(device_type.lower() if device_type else None)]


def get_device_count(device_type: str | None = None) -> int:
    """The number of devices that ``list_devices`` names.

    >>> get_device_count("cpu") == len(list_devices("cpu"))
    True
    """
    return len(list_devices(device_type))


def _device(name: Any) -> Any:
    if isinstance(name, jax.Device):
        return name
    kind, _, number = str(name).partition(":")
    try:
        found = jax.devices(kind.lower())
    except RuntimeError:
        found = jax.devices()
    for device in found:
        if device.platform == kind.lower() and str(device.id) == (number or "0"):
            return device
    raise ValueError(f"DeviceMesh: {errors.unknown('device', str(name), [f'{d.platform}:{d.id}' for d in found])}")


class DeviceMesh:
    """Devices in a grid with named axes: ``DeviceMesh((2, 4), ["batch", "model"])`` is 2 x 4 devices.

    ``devices`` are names or JAX devices; by default those of ``list_devices()``. Raises ValueError where the shape
    does not take exactly as many devices as there are.  https://keras.io/api/distribution/layout_map/

    >>> DeviceMesh((1,), ["batch"], ["cpu:0"])
    <DeviceMesh shape=(1,), axis_names=['batch']>
    """

    def __init__(self, shape: Sequence[int], axis_names: Sequence[str], devices: Any = None):
        sizes = shape if isinstance(shape, Sequence | np.ndarray) else [shape]
        if (
            not all(isinstance(n, int | np.integer) and not isinstance(n, bool) and n > 0 for n in sizes)
            or sizes is not shape
        ):
            raise ValueError(f"DeviceMesh: shape must be a tuple of positive whole numbers, received {shape!r}.")
        if not len(shape) or not len(axis_names):
            raise ValueError(f"DeviceMesh: shape and axis_names must not be empty, received {shape=}, {axis_names=}.")
        if len(shape) != len(axis_names):
            raise ValueError(f"DeviceMesh: one name for each axis is needed, received {shape=}, {axis_names=}.")
        if len(set(axis_names)) != len(axis_names):
            raise ValueError(f"DeviceMesh: the names of axes must differ, received {axis_names=}.")
        given = np.array(list_devices() if devices is None else devices, dtype=object)
        wanted = math.prod(shape)
        if wanted != given.size:
            what = "more than" if wanted > given.size else "fewer than"
            raise ValueError(
                f"DeviceMesh: shape {tuple(shape)} takes {wanted} devices, {what} the {given.size} that "
                f"{'there are' if devices is None else 'were given'}. Choose a shape of {given.size} devices in all, or "
                "give the devices to use as devices=list_devices()[:n]."
            )
        if len(set(map(str, given.flat))) != given.size:
            raise ValueError(f"DeviceMesh: each device can be in the mesh once, received {list(map(str, given.flat))}.")
        self._shape, self._axis_names, self._devices = shape, axis_names, given.reshape(shape)
        self._backend_mesh: Any = None

    @property
    def shape(self) -> Sequence[int]:
        """Number of devices along each axis."""
        return self._shape

    @property
    def axis_names(self) -> Sequence[str]:
        """Names of the axes."""
        return self._axis_names

    @property
    def devices(self) -> np.ndarray:
        """The devices, in the shape of the mesh."""
        return self._devices

    @property
    def backend_mesh(self) -> Mesh:
        """The same as a ``jax.sharding.Mesh``."""
        if self._backend_mesh is None:
            devices = [_device(d) for d in self._devices.flatten()]
            self._backend_mesh = Mesh(np.array(devices).reshape(self._devices.shape), tuple(self._axis_names))
        return self._backend_mesh

    def size(self, axis: str) -> int:
        """Number of devices along an axis."""
        return int(self._shape[list(self._axis_names).index(axis)])

    def __deepcopy__(self, memo: dict) -> "DeviceMesh":
        return self

    def __repr__(self) -> str:
        return f"<{type(self).__name__} shape={self.shape}, axis_names={self.axis_names}>"


class TensorLayout:
    """For each axis of a tensor, the mesh axis that splits it, or None.

    Raises ValueError for an axis that the mesh does not have.  https://keras.io/api/distribution/layout_map/

    >>> TensorLayout((None, "model")).axes
    (None, 'model')
    """

    def __init__(self, axes: Sequence[str | None], device_mesh: DeviceMesh | None = None):
        self._axes = tuple(axes)
        self._device_mesh = device_mesh
        self._backend_layout: Any = None
        self._check()

    @property
    def axes(self) -> tuple:
        """The mesh axis of each axis."""
        return self._axes

    @property
    def device_mesh(self) -> DeviceMesh | None:
        """The mesh, once it is known."""
        return self._device_mesh

    @device_mesh.setter
    def device_mesh(self, device_mesh: DeviceMesh) -> None:
        if self._device_mesh is not None:
            raise ValueError(f"TensorLayout: it has a mesh already, {self._device_mesh}; make a new layout instead.")
        self._device_mesh = device_mesh
        self._check()

    @property
    def backend_layout(self) -> NamedSharding:
        """The same as a ``jax.sharding.NamedSharding``; raises ValueError without a mesh."""
        if self._device_mesh is None:
            raise ValueError(f"TensorLayout{self.axes}: it has no mesh yet. Give device_mesh=.")
        if self._backend_layout is None:
            self._backend_layout = NamedSharding(self._device_mesh.backend_mesh, PartitionSpec(*self.axes))
        return self._backend_layout

    def _check(self) -> None:
        named = [a for a in self.mesh_axes() if a is not None]
        if len(set(named)) != len(named):
            raise ValueError(f"TensorLayout{self.axes}: a mesh axis can split one axis only.")
        for axis in named if self._device_mesh is not None else ():
            if axis not in self._device_mesh.axis_names:  # type: ignore[union-attr]
                known = list(self._device_mesh.axis_names)  # type: ignore[union-attr]
                raise ValueError(f"TensorLayout{self.axes}: {errors.unknown('mesh axis', axis, known)}")

    def mesh_axes(self) -> list[str | None]:
        """All mesh axes in order; an axis of the tensor may be split by several."""
        return [one for a in self._axes for one in (a if isinstance(a, tuple) else (a,))]

    def check_shape(self, shape: Sequence[int], what: str) -> None:
        """Raises ValueError where a tensor of this shape cannot be split so."""
        if len(self._axes) > len(shape):
            raise ValueError(
                f"{what}: the layout {self.axes} has {len(self._axes)} axes, the shape {tuple(shape)} has {len(shape)}."
            )
        for number, (size, axis) in enumerate(zip(shape, self._axes, strict=False)):
            names = [a for a in (axis if isinstance(axis, tuple) else (axis,)) if a is not None]
            parts = math.prod(self._device_mesh.size(a) for a in names) if self._device_mesh else 1
            if size % parts:
                raise ValueError(
                    f"{what}: axis {number} of size {size} cannot be split over the {parts} devices of mesh axis "
                    f"{axis!r}. {_nearest(size, parts)} would do; or leave this axis whole (None in the layout)."
                )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} axes={self.axes}, device_mesh={self.device_mesh}>"


def _nearest(size: int, parts: int) -> str:
    low, high = size // parts * parts, -(-size // parts) * parts
    return f"{low} or {high}" if low else str(high)


class LayoutMap(MutableMapping):
    """Layouts by weight path: exact, or by a regular expression that matches the whole path.

    ``None`` is what an unmatched path gives; a path that several patterns match raises ValueError. Tuples of axis names
    are taken for layouts.  https://keras.io/api/distribution/layout_map/

    >>> layouts = LayoutMap(DeviceMesh((1,), ["model"], ["cpu:0"]))
    >>> layouts[".*dense.*kernel"] = (None, "model")
    >>> layouts["mlp/dense_1/kernel"].axes, layouts["mlp/dense_1/bias"]
    ((None, 'model'), None)
    """

    def __init__(self, device_mesh: DeviceMesh | None):
        self._layout_map: dict[str, TensorLayout] = {}
        self._device_mesh = device_mesh

    @property
    def device_mesh(self) -> DeviceMesh | None:
        """The mesh of layouts that have none of their own."""
        return self._device_mesh

    def __getitem__(self, key: str) -> TensorLayout | None:  # type: ignore[override]
        if key in self._layout_map:
            return self._layout_map[key]
        found = [pattern for pattern in self._layout_map if re.fullmatch(pattern, key)]
        if len(found) > 1:
            raise ValueError(f"LayoutMap: {key!r} matches several patterns: {found}. Make them exclude each other.")
        return self._layout_map[found[0]] if found else None

    def __setitem__(self, key: str, layout: Any) -> None:
        if key in self._layout_map:
            raise ValueError(f"LayoutMap: {key!r} is there already, with {self._layout_map[key]}.")
        try:
            re.compile(key)
        except re.error as error:
            raise ValueError(
                f"LayoutMap[{key!r}]: no regular expression ({error}); '.*' stands for any text."
            ) from None
        if isinstance(layout, tuple):
            layout = TensorLayout(layout)
        if not isinstance(layout, TensorLayout):
            raise ValueError(f"LayoutMap[{key!r}]: expected a TensorLayout or a tuple of axis names, got {layout!r}.")
        if layout.device_mesh is None and self._device_mesh is not None:
            layout.device_mesh = self._device_mesh
        self._layout_map[key] = layout

    def __delitem__(self, key: str) -> None:
        del self._layout_map[key]

    def __len__(self) -> int:
        return len(self._layout_map)

    def __iter__(self) -> Iterator[str]:
        return iter(self._layout_map)

    def unused(self, paths: Sequence[str]) -> list[str]:
        """A sentence for each pattern that matches none of these paths, with the paths that come near."""
        told = []
        for pattern in self._layout_map:
            if any(pattern == p or re.fullmatch(pattern, p) for p in paths):
                continue
            plain = re.sub(r"[.*+?^$()\[\]|\\]+", "", pattern)
            near = difflib.get_close_matches(plain, paths, 3, 0.3) or list(paths[:3])
            told.append(f"the layout of {pattern!r} matches no weight; there are {', '.join(map(repr, near))}")
        return told


def distribute_tensor(tensor: Any, layout: Any) -> Any:
    """The tensor laid out as a ``TensorLayout`` (or JAX sharding) says, inside a compiled function or outside.

    https://keras.io/api/distribution/distribution_utils/

    >>> import jax.numpy as jnp
    >>> mesh = DeviceMesh((1,), ["batch"], ["cpu:0"])
    >>> distribute_tensor(jnp.ones((4, 2)), TensorLayout(("batch", None), mesh)).shape
    (4, 2)
    """
    if is_symbolic(tensor):
        return tensor
    sharding = placement.as_sharding(layout)
    if sharding is None:
        raise ValueError(f"distribute_tensor: expected a TensorLayout or a JAX sharding, received {layout!r}.")
    value = tensor.value if isinstance(tensor, Variable) else tensor
    if isinstance(value, jax.core.Tracer):
        return jax.lax.with_sharding_constraint(value, sharding)
    if isinstance(layout, TensorLayout):
        layout.check_shape(np.shape(value), "distribute_tensor")
    return placement.put(value, sharding)
