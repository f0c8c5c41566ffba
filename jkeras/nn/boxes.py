"""Bounding boxes, (..., 4), in the formats of object detection."""

from typing import Any

import jax.numpy as jnp

# format -> (are x and y swapped, corner or centre and size)
FORMATS = {
    "xyxy": (False, "corners"),
    "yxyx": (True, "corners"),
    "xywh": (False, "corner"),
    "center_xywh": (False, "centre"),
    "center_yxhw": (True, "centre"),
    "rel_xyxy": (False, "corners"),
    "rel_yxyx": (True, "corners"),
    "rel_xywh": (False, "corner"),
    "rel_center_xywh": (False, "centre"),
}


def convert(boxes: Any, source: str, target: str, height: Any = None, width: Any = None, dtype: Any = "float32") -> Any:
    """Boxes of one format in another; relative formats want the picture's height and width.

    Raises ValueError for an unknown format, a missing size, or a last axis that is not 4.

    >>> convert([[0, 0, 2, 4]], "xyxy", "center_xywh").tolist()
    [[1.0, 2.0, 2.0, 4.0]]
    """
    boxes, source, target = jnp.asarray(boxes, dtype), source.lower(), target.lower()
    if boxes.shape[-1] != 4:
        raise ValueError(f"expected boxes with a last axis of size 4, received shape {boxes.shape}.")
    for name in (source, target):
        if name not in FORMATS:
            raise ValueError(f"unknown bounding box format {name!r}; choose one of {', '.join(FORMATS)}.")
    relative = source.startswith("rel_"), target.startswith("rel_")
    if any(relative) and (height is None or width is None):
        raise ValueError(f"converting boxes from {source!r} to {target!r} wants height and width of the picture.")
    if source == target:
        return boxes
    boxes = _to_corners(boxes, *FORMATS[source])
    if relative[0] != relative[1]:
        size = jnp.concatenate(
            [jnp.broadcast_to(jnp.asarray(n, dtype), (*boxes.shape[:-1], 1)) for n in (width, height)] * 2, -1
        )
        boxes = boxes * size if relative[0] else boxes / size
    return _from_corners(boxes, *FORMATS[target])


def _to_corners(boxes: Any, swapped: bool, kind: str) -> Any:
    first, second = boxes[..., :2], boxes[..., 2:]
    if swapped:
        first, second = first[..., ::-1], second[..., ::-1]
    if kind == "centre":
        first, second = first - second / 2, first + second / 2
    elif kind == "corner":
        second = first + second
    return jnp.concatenate([first, second], axis=-1)


def _from_corners(boxes: Any, swapped: bool, kind: str) -> Any:
    first, second = boxes[..., :2], boxes[..., 2:]
    if kind != "corners":
        first, second = (first + (second - first) / 2 if kind == "centre" else first), second - first
    if swapped:
        first, second = first[..., ::-1], second[..., ::-1]
    return jnp.concatenate([first, second], axis=-1)


def clip(boxes: Any, labels: Any, height: Any, width: Any) -> tuple[Any, Any]:
    """xyxy boxes cut off at the picture's edges; the labels of boxes that are empty then become -1.

    >>> clip(jnp.array([[-1.0, 0, 2, 9], [5, 5, 9, 9]]), jnp.array([3, 4]), 4, 4)[1].tolist()
    [3, -1]
    """
    boxes = jnp.clip(boxes, 0, jnp.array([width, height] * 2, boxes.dtype))
    sides = boxes[..., 2:] - boxes[..., :2]
    return boxes, None if labels is None else jnp.where(jnp.prod(sides, axis=-1) > 0, labels, -1)


def warp(boxes: Any, matrix: Any) -> Any:
    """Where ``image.warp`` by (n, 8) brings xyxy boxes (n, m, 4): the box around the four moved corners."""
    ones = jnp.ones_like(matrix[:, :1])
    back = jnp.linalg.inv(jnp.concatenate([matrix, ones], axis=-1).reshape(-1, 3, 3))
    x, y = boxes[..., jnp.array([0, 2, 0, 2])], boxes[..., jnp.array([1, 1, 3, 3])]
    corners = jnp.einsum("nij,nmpj->nmpi", back, jnp.stack([x, y, jnp.ones_like(x)], axis=-1))
    points = corners[..., :2] / corners[..., 2:]
    return jnp.concatenate([points.min(axis=2), points.max(axis=2)], axis=-1)
