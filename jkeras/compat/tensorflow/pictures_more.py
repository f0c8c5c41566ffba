"""``tf.image``: JPEG, boxes on pictures, and the choice among overlapping boxes."""

import io
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .files import _bytes, decode_jpeg, encode_jpeg
from .resampling import non_max_suppression
from .rows import array, dtype_of, ints, only

COLOURS = ((1, 1, 0, 1), (0, 0, 1, 1), (1, 0, 0, 1), (0, 1, 0, 1), (0.5, 0, 0.5, 1), (0.5, 0.5, 0, 1), (0.5, 0, 0, 1),
           (0, 0, 0.5, 1), (0, 1, 1, 1), (1, 0, 1, 1))  # fmt: skip


def extract_jpeg_shape(contents: Any, output_type: Any = "int32") -> Any:
    """Height, width and channels of a JPEG."""
    from PIL import Image

    picture = Image.open(io.BytesIO(_bytes(contents)))
    return jnp.asarray([picture.height, picture.width, len(picture.getbands())], dtype_of(output_type))


def decode_and_crop_jpeg(
    contents: Any, crop_window: Any, channels: Any = 0, ratio: Any = 1, fancy_upscaling: bool = True,
    try_recover_truncated: bool = False, acceptable_fraction: Any = 1, dct_method: str = "",
) -> Any:  # fmt: skip
    """A part (y, x, height, width) of a JPEG."""
    whole = decode_jpeg(
        contents, channels, ratio, fancy_upscaling, try_recover_truncated, acceptable_fraction, dct_method
    )
    y, x, h, w = ints(crop_window)
    if min(y, x, h - 1, w - 1) < 0 or y + h > whole.shape[0] or x + w > whole.shape[1]:
        raise ValueError(
            f"tf.image.decode_and_crop_jpeg: {(y, x, h, w)} lies outside of a picture {tuple(whole.shape[:2])}."
        )
    return whole[y : y + h, x : x + w]


def adjust_jpeg_quality(image: Any, jpeg_quality: Any, dct_method: str = "") -> Any:
    """A picture as it is after it was a JPEG of a quality; Pillow encodes."""
    x, own = np.asarray(image), image.dtype
    bytes_ = np.clip(np.round(x * 255.0), 0, 255).astype("uint8") if jnp.issubdtype(own, jnp.floating) else x
    found = decode_jpeg(encode_jpeg(bytes_, quality=ints(jpeg_quality)), x.shape[-1], dct_method=dct_method)
    return (found / 255.0).astype(own) if jnp.issubdtype(own, jnp.floating) else found


def draw_bounding_boxes(images: Any, boxes: Any, colors: Any = None) -> Any:
    """Pictures (batch, h, w, channels) with the edges of boxes (batch, count, 4) from 0 to 1, in turn in some colours."""
    x, b = np.array(images), np.asarray(boxes)
    h, w, depth = x.shape[1:]
    given = COLOURS if colors is None or np.size(colors) == 0 else np.asarray(colors)
    for picture, rows in zip(x, b, strict=True):
        for i, (y1, x1, y2, x2) in enumerate(rows):
            colour = np.resize(np.asarray(given[i % len(given)], float), depth)
            top, bottom = int(y1 * (h - 1)), int(y2 * (h - 1))
            left, right = int(x1 * (w - 1)), int(x2 * (w - 1))
            if top > bottom or left > right or top >= h or bottom < 0 or left >= w or right < 0:
                continue
            down, across = slice(max(top, 0), min(bottom, h - 1) + 1), slice(max(left, 0), min(right, w - 1) + 1)
            for row in (top, bottom):
                if 0 <= row < h:
                    picture[row, across] = colour
            for column in (left, right):
                if 0 <= column < w:
                    picture[down, column] = colour
    return jnp.asarray(x)


def _overlaps(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Common area by joint area."""
    low = np.maximum(np.minimum(box[:2], box[2:]), np.minimum(others[:, :2], others[:, 2:]))
    high = np.minimum(np.maximum(box[:2], box[2:]), np.maximum(others[:, :2], others[:, 2:]))
    common = np.prod(np.maximum(high - low, 0), 1)
    area = lambda b: np.abs(np.prod(b[..., 2:] - b[..., :2], -1))  # noqa: E731
    joint = area(box) + area(others) - common
    return np.where(joint > 0, common / np.where(joint > 0, joint, 1), 0)


def non_max_suppression_with_scores(
    boxes: Any, scores: Any, max_output_size: Any, iou_threshold: Any = 0.5, score_threshold: Any = float("-inf"),
    soft_nms_sigma: Any = 0.0,
) -> tuple:  # fmt: skip
    """Places and scores of the best boxes; with a sigma overlapping boxes lose score instead (Bodla et al. 2017)."""
    b, left = np.asarray(boxes, "float64"), np.asarray(scores, "float64").copy()
    sigma, kept, found = float(soft_nms_sigma), [], []
    alive = left > float(score_threshold)
    while alive.any() and len(kept) < ints(max_output_size):
        best = int(np.argmax(np.where(alive, left, -np.inf)))
        kept.append(best)
        found.append(left[best])
        alive[best] = False
        overlap = _overlaps(b[best], b)
        if sigma > 0:
            left = np.where(alive, left * np.exp(-(overlap**2) / (2 * sigma)) * (overlap <= float(iou_threshold)), left)
            alive &= left > float(score_threshold)
        else:
            alive &= overlap <= float(iou_threshold)
    return jnp.asarray(kept, "int32"), jnp.asarray(found, "float32")


def non_max_suppression_overlaps(overlaps: Any, scores: Any, max_output_size: Any, overlap_threshold: Any = 0.5,
                                 score_threshold: Any = float("-inf")) -> Any:  # fmt: skip
    """The places of the best boxes of which no two overlap too much, by a table of their overlaps."""
    table, s = np.asarray(overlaps), np.asarray(scores)
    kept: list[int] = []
    for i in np.argsort(-s, kind="stable"):
        if (
            len(kept) < ints(max_output_size)
            and s[i] > score_threshold
            and not np.any(table[i, kept] > overlap_threshold)
        ):
            kept.append(int(i))
    return jnp.asarray(kept, "int32")


def combined_non_max_suppression(
    boxes: Any, scores: Any, max_output_size_per_class: Any, max_total_size: Any, iou_threshold: Any = 0.5,
    score_threshold: Any = float("-inf"), pad_per_class: bool = False, clip_boxes: bool = True,
) -> tuple:  # fmt: skip
    """The best boxes of each picture over all classes: boxes, scores, classes, and how many there are."""
    b, s = np.asarray(boxes, "float32"), np.asarray(scores, "float32")
    total, each = ints(max_total_size), ints(max_output_size_per_class)
    size = min(total, each * s.shape[2]) if pad_per_class else total
    out = (
        np.zeros((len(b), size, 4), "float32"),
        np.zeros((len(b), size), "float32"),
        np.zeros((len(b), size), "float32"),
    )
    counts = np.zeros(len(b), "int32")
    for n in range(len(b)):
        rows = []
        for c in range(s.shape[2]):
            own = b[n, :, c if b.shape[2] > 1 else 0]
            places = np.asarray(non_max_suppression(own, s[n, :, c], each, iou_threshold, score_threshold))
            rows += [(s[n, i, c], c, own[i]) for i in places]
        rows = sorted(rows, key=lambda r: -r[0])[:size]
        counts[n] = len(rows)
        for i, (score, c, box) in enumerate(rows):
            out[0][n, i], out[1][n, i], out[2][n, i] = np.clip(box, 0, 1) if clip_boxes else box, score, c
    return (*map(jnp.asarray, out), jnp.asarray(counts))


def sample_distorted_bounding_box(
    key: Any, image_size: Any, bounding_boxes: Any, min_object_covered: Any = 0.1, aspect_ratio_range: Any = (0.75, 1.33),
    area_range: Any = (0.05, 1.0), max_attempts: Any = 100, use_image_if_no_bounding_boxes: bool = False,
) -> tuple:  # fmt: skip
    """A box drawn at random that covers enough of one of the given boxes: where it begins, its size, and itself."""
    where = "tf.image.sample_distorted_bounding_box"
    h, w, _ = (int(n) for n in np.asarray(image_size))
    given = np.asarray(bounding_boxes, "float64").reshape(-1, 4)
    if not len(given):
        if not use_image_if_no_bounding_boxes:
            raise ValueError(f"{where}: no boxes were given; use use_image_if_no_bounding_boxes=True.")
        given = np.array([[0.0, 0, 1, 1]])
    rng = np.random.default_rng(np.asarray(jax.random.key_data(key)).tolist())
    (low, high), (least, most) = map(float, aspect_ratio_range or (0.75, 1.33)), map(float, area_range or (0.05, 1.0))
    box = (0, 0, h, w)
    for _ in range(ints(max_attempts) or 100):
        ratio, area = rng.uniform(low, high), rng.uniform(least, most) * h * w
        height, width = round(float(np.sqrt(area / ratio))), round(float(np.sqrt(area * ratio)))
        if not (0 < height <= h and 0 < width <= w):
            continue
        top, left = int(rng.integers(h - height + 1)), int(rng.integers(w - width + 1))
        found = np.array([top / h, left / w, (top + height) / h, (left + width) / w])
        common = np.prod(np.maximum(np.minimum(found[2:], given[:, 2:]) - np.maximum(found[:2], given[:, :2]), 0), 1)
        if np.any(common >= float(min_object_covered) * np.prod(given[:, 2:] - given[:, :2], 1)):
            box = (top, left, height, width)
            break
    top, left, height, width = box
    edges = np.array([top / h, left / w, (top + height) / h, (left + width) / w], "float32")
    return (
        jnp.asarray([top, left, 0], "int32"),
        jnp.asarray([height, width, -1], "int32"),
        jnp.asarray(edges[None, None]),
    )


def random_jpeg_quality(key: Any, image: Any, min_jpeg_quality: Any, max_jpeg_quality: Any) -> Any:
    """A picture as it is after it was a JPEG of a quality drawn at random."""
    low, high = ints(min_jpeg_quality), ints(max_jpeg_quality)
    if not 0 <= low < high <= 100:
        raise ValueError(f"tf.image.random_jpeg_quality: expected 0 <= min < max <= 100, received {low} and {high}.")
    return adjust_jpeg_quality(array(image), int(jax.random.randint(key, (), low, high)))


def non_max_suppression_padded(
    boxes: Any, scores: Any, max_output_size: Any, iou_threshold: Any = 0.5, score_threshold: Any = float("-inf"),
    pad_to_max_output_size: bool = False, sorted_input: bool = False, canonicalized_coordinates: bool = False,
    tile_size: Any = 512,
) -> tuple:  # fmt: skip
    """The places of the best boxes, filled up with 0, and how many there are; of one picture."""
    where = "tf.image.non_max_suppression_padded"
    for label, value in (("sorted_input", sorted_input), ("canonicalized_coordinates", canonicalized_coordinates)):
        only(f"{where}: {label}", bool(value), False, "leave it out: any order is taken.")
    only(f"{where}: tile_size", ints(tile_size), 512, "leave it out.")
    if np.ndim(boxes) != 2:
        raise ValueError(f"{where}: expected boxes of one picture (count, 4), received shape {np.shape(boxes)}.")
    found = non_max_suppression(boxes, scores, max_output_size, iou_threshold, score_threshold)
    count = found.shape[0]
    if pad_to_max_output_size:
        found = jnp.pad(found, (0, ints(max_output_size) - count))
    return found, jnp.asarray(count, "int32")


ROWS = {
    f.__name__: f for f in (
        adjust_jpeg_quality, draw_bounding_boxes, non_max_suppression_with_scores, non_max_suppression_overlaps,
        non_max_suppression_padded, combined_non_max_suppression)
}  # fmt: skip
FILES = {"extract_jpeg_shape": extract_jpeg_shape, "decode_and_crop_jpeg": decode_and_crop_jpeg}
DRAWN = {
    "random_jpeg_quality": (random_jpeg_quality, 3),
    "sample_distorted_bounding_box": (sample_distorted_bounding_box, 2),
}
