"""Bounding boxes of object detection: formats, clipping, moving, overlap, and their coding relative to anchors.

Source: https://keras.io/api/utils/bounding_boxes/. Boxes are (..., 4); a dict ``{"boxes", "labels"}`` is taken where said.
"""

import math

import jax.numpy as jnp

from ..core import config
from ..nn import boxes as nn_boxes


def convert_format(boxes, source, target, height=None, width=None, dtype="float32"):
    """Boxes, or a dict with them, in another format; relative ones want the picture's height and width.

    >>> convert_format(jnp.array([[0.0, 0, 2, 4]]), "xyxy", "yxyx").tolist()
    [[0.0, 0.0, 4.0, 2.0]]
    """
    if isinstance(boxes, dict):
        return {**boxes, "boxes": convert_format(boxes["boxes"], source, target, height, width, dtype)}
    return nn_boxes.convert(boxes, source, target, height, width, dtype)


def _only_xyxy(name, given, known=("xyxy",)):
    if given not in known:
        raise NotImplementedError(f"{name}: expected bounding_box_format {' or '.join(known)}, received {given!r}.")


def clip_to_image_size(bounding_boxes, height=None, width=None, bounding_box_format="xyxy"):
    """A dict of boxes cut off at the picture's edges; labels of boxes that are empty then become -1.

    >>> clip_to_image_size({"boxes": jnp.array([[-1.0, 0, 2, 9]])}, 4, 4)["boxes"].tolist()
    [[0.0, 0.0, 2.0, 4.0]]
    """
    _only_xyxy("clip_to_image_size", bounding_box_format, ("xyxy", "rel_xyxy"))
    if bounding_box_format == "rel_xyxy":
        height = width = 1
    if height is None or width is None:
        raise ValueError("clip_to_image_size: format 'xyxy' wants height and width of the picture.")
    boxes, labels = nn_boxes.clip(jnp.asarray(bounding_boxes["boxes"]), bounding_boxes.get("labels"), height, width)
    return {**bounding_boxes, "boxes": boxes, **({} if labels is None else {"labels": labels})}


def affine_transform(
    boxes,
    angle,
    translate_x,
    translate_y,
    scale,
    shear_x,
    shear_y,
    height,
    width,
    center_x=None,
    center_y=None,
    bounding_box_format="xyxy",
):
    """Where (n, m, 4) boxes go when picture i is turned by angle[i] degrees, shifted, scaled and sheared: boxes around them.

    >>> zero, one = jnp.zeros(1), jnp.ones(1)
    >>> affine_transform(jnp.ones((1, 2, 4)), zero, zero, zero, one, zero, zero, 8, 8).shape
    (1, 2, 4)
    """
    _only_xyxy("affine_transform", bounding_box_format)
    boxes, radians = jnp.asarray(boxes), math.pi / 180.0
    cx, cy = (
        (0.5 if center_x is None else center_x) * (width - 1),
        (0.5 if center_y is None else center_y) * (height - 1),
    )
    turn, sx, sy = (-jnp.asarray(v) * radians for v in (angle, shear_x, shear_y))
    a = jnp.cos(turn - sy) / jnp.cos(sy)
    b = a * jnp.tan(sx) + jnp.sin(turn)
    c = -jnp.sin(turn - sy) / jnp.cos(sy)
    d = jnp.cos(turn) - c * jnp.tan(sx)
    matrix = jnp.stack([d, -b, -c, a], axis=-1).reshape(-1, 2, 2) * jnp.asarray(scale)[:, None, None]
    from_x, from_y = cx - jnp.asarray(translate_x) * (width - 1), cy - jnp.asarray(translate_y) * (height - 1)
    corners = boxes[..., jnp.array([[0, 1], [2, 1], [2, 3], [0, 3]])]
    moved = jnp.einsum("nij,nmpj->nmpi", matrix, corners - jnp.stack([from_x, from_y], -1)[:, None, None])
    moved = moved + jnp.array([cx, cy], boxes.dtype)
    return jnp.concatenate([moved.min(axis=2), moved.max(axis=2)], axis=-1)


def crop(boxes, top, left, height, width, bounding_box_format="xyxy"):
    """Boxes as seen in a part of the picture, cut off at its edges."""
    _only_xyxy("crop", bounding_box_format)
    moved = jnp.asarray(boxes) - jnp.array([left, top, left, top])
    return nn_boxes.clip(moved, None, height, width)[0]


def pad(boxes, top, left, height=None, width=None, bounding_box_format="xyxy"):
    """Boxes as seen in a picture that got rows on top and columns on the left."""
    _only_xyxy("pad", bounding_box_format)
    return jnp.asarray(boxes) + jnp.array([left, top, left, top])


def _size(image_shape):
    return (None, None) if image_shape is None else tuple(image_shape[:2])


def _variance(variance):
    if variance is None:
        return 1.0
    variance = jnp.asarray(variance, "float32")
    if variance.shape[-1] != 4:
        raise ValueError(f"expected four variances, received shape {variance.shape}.")
    return variance


def _centred(name, given):
    if given not in ("center_xywh", "center_yxhw"):
        raise ValueError(f"{name}: expected the format center_xywh or center_yxhw, received {given!r}.")


def encode_box_to_deltas(
    anchors, boxes, anchor_format, box_format, encoding_format="center_yxhw", variance=None, image_shape=None
):
    """Boxes relative to anchors: shift of the centre over the anchor's size, logarithm of the ratio of sizes.

    Source: Ren et al., 2015, https://arxiv.org/abs/1506.01497
    """
    _centred("encode_box_to_deltas", encoding_format)
    anchors = convert_format(anchors, anchor_format, encoding_format, *_size(image_shape))
    boxes = convert_format(boxes, box_format, encoding_format, *_size(image_shape))
    sizes, wanted = (jnp.maximum(x[..., 2:], config.epsilon()) for x in (anchors, boxes))
    deltas = jnp.concatenate([(boxes[..., :2] - anchors[..., :2]) / sizes, jnp.log(wanted / sizes)], axis=-1)
    return deltas / _variance(variance)


def decode_deltas_to_boxes(
    anchors, boxes_delta, anchor_format, box_format, encoded_format="center_yxhw", variance=None, image_shape=None
):
    """The inverse of ``encode_box_to_deltas``; dicts of anchors and deltas by level give a dict."""
    _centred("decode_deltas_to_boxes", encoded_format)
    if isinstance(anchors, dict) and isinstance(boxes_delta, dict):
        rest = (anchor_format, box_format, encoded_format, variance, image_shape)
        return {level: decode_deltas_to_boxes(a, boxes_delta[level], *rest) for level, a in anchors.items()}
    anchors = convert_format(anchors, anchor_format, encoded_format, *_size(image_shape))
    deltas = jnp.asarray(boxes_delta) * _variance(variance)
    centre = deltas[..., :2] * anchors[..., 2:] + anchors[..., :2]
    whole = jnp.concatenate([centre, jnp.exp(deltas[..., 2:]) * anchors[..., 2:]], axis=-1)
    return convert_format(whole, encoded_format, box_format, *_size(image_shape))


def compute_iou(boxes1, boxes2, bounding_box_format, use_masking=False, mask_val=-1, image_shape=None):
    """Intersection over union of each of boxes1 with each of boxes2: (n, 4), (m, 4) -> (n, m), also in batches.

    ``use_masking``: pairs with a box that is negative throughout get ``mask_val``.

    >>> compute_iou(jnp.array([[0.0, 0, 2, 2]]), jnp.array([[1.0, 0, 3, 2]]), "xyxy").round(3).item()
    0.333...
    """
    for boxes in (boxes1, boxes2):
        if jnp.ndim(boxes) not in (2, 3):
            raise ValueError(f"compute_iou: expected boxes of 2 or 3 axes, received shape {jnp.shape(boxes)}.")
    if "rel" in bounding_box_format and image_shape is None:
        raise ValueError(f"compute_iou: format {bounding_box_format!r} wants image_shape.")
    one, two = (convert_format(b, bounding_box_format, "yxyx", *_size(image_shape)) for b in (boxes1, boxes2))
    first, second = one[..., :, None, :], two[..., None, :, :]
    inside = jnp.minimum(first[..., 2:], second[..., 2:]) - jnp.maximum(first[..., :2], second[..., :2])
    common = jnp.prod(jnp.maximum(inside, 0), axis=-1)
    areas = [jnp.prod(b[..., 2:] - b[..., :2], axis=-1) for b in (first, second)]
    found = common / (areas[0] + areas[1] - common + config.epsilon())
    if not use_masking:
        return found
    missing = (jnp.max(first, axis=-1) < 0) | (jnp.max(second, axis=-1) < 0)
    return jnp.where(missing, jnp.asarray(mask_val, found.dtype), found)


def compute_ciou(boxes1, boxes2, bounding_box_format, image_shape=None):
    """Complete IoU of boxes in pairs: IoU less penalties for distance and for another aspect ratio; (..., 4) -> (...,).

    Source: Zheng et al., 2019, https://arxiv.org/abs/1911.08287
    """
    if "rel" in bounding_box_format:
        raise ValueError(f"compute_ciou: expected an absolute format, received {bounding_box_format!r}.")
    epsilon = config.epsilon()
    one, two = (convert_format(b, bounding_box_format, "xyxy", *_size(image_shape)) for b in (boxes1, boxes2))
    tall = jnp.array([0.0, epsilon])
    sides = [b[..., 2:4] - b[..., :2] + tall for b in (one, two)]
    inside = jnp.minimum(one[..., 2:4], two[..., 2:4]) - jnp.maximum(one[..., :2], two[..., :2])
    common = jnp.prod(jnp.maximum(inside, 0), axis=-1)
    union = jnp.prod(sides[0], axis=-1) + jnp.prod(sides[1], axis=-1) - common + epsilon
    iou = common / (union + epsilon)
    around = jnp.maximum(one[..., 2:4], two[..., 2:4]) - jnp.minimum(one[..., :2], two[..., :2])
    apart = (one[..., :2] + one[..., 2:4] - two[..., :2] - two[..., 2:4]) / 2
    shapes = [jnp.arctan(s[..., 0] / s[..., 1]) for s in sides]
    v = 4 / math.pi**2 * (shapes[1] - shapes[0]) ** 2
    share = v / (v - iou + (1 + epsilon))
    return iou - (jnp.sum(apart**2, -1) / (jnp.sum(around**2, -1) + epsilon) + v * share)


__all__ = [
    "affine_transform",
    "clip_to_image_size",
    "compute_ciou",
    "compute_iou",
    "convert_format",
    "crop",
    "decode_deltas_to_boxes",
    "encode_box_to_deltas",
    "pad",
]
