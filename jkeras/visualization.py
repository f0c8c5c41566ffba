"""Pictures with boxes, masks and labels on them, alone or as a gallery.  Source: https://keras.io/api/visualization/

Matplotlib (galleries) and Pillow (labels of boxes) are imported when they are first needed.
"""

import math

import numpy as np

from .core import config
from .utils.bounding_boxes import convert_format
from .utils.extras import need

__all__ = [
    "draw_bounding_boxes",
    "draw_segmentation_masks",
    "plot_bounding_box_gallery",
    "plot_image_gallery",
    "plot_segmentation_mask_gallery",
]

LETTER_HEIGHT = 30  # pixels of the font at scale 1: capitals are then as high as OpenCV's simplex font


def _batch(images, data_format, where):
    """(pictures with channels last, whether they came with channels first)."""
    images = np.asarray(images)
    if images.ndim != 4:
        raise ValueError(
            f"{where}: `images` must be batched, with 4 axes. Received: images.shape={images.shape}. "
            "Put a single picture into a batch: images[None]."
        )
    first = (data_format or config.image_data_format()) == "channels_first"
    return (images.transpose(0, 2, 3, 1) if first else images), first


# ------------------------------------------------- boxes


def _bytes(images):
    """Pictures as bytes; floats up to 1 are brought to 255."""
    if images.dtype.kind == "f" and images.size:
        images = np.clip(images, 0, 1) * 255 if images.max() <= 1.0 else np.clip(images, 0, 255)
    return images.astype("uint8")


def _outline(image, box, color, thickness):
    """Draws, in place, a rectangle with rounded corners as OpenCV does; a negative thickness fills it."""
    (x1, x2), (y1, y2) = sorted(box[::2]), sorted(box[1::2])
    rows, columns = np.ogrid[: image.shape[0], : image.shape[1]]
    dx = np.maximum(np.maximum(x1 - columns, columns - x2), 0)
    dy = np.maximum(np.maximum(y1 - rows, rows - y2), 0)
    if thickness < 0:
        near = (dx == 0) & (dy == 0)
    else:
        reach = (thickness + 1) // 2 if thickness > 1 else 0
        to_side = np.minimum(abs(columns - x1), abs(columns - x2))
        to_edge = np.minimum(abs(rows - y1), abs(rows - y2))
        near = np.minimum(to_side**2 + dy**2, to_edge**2 + dx**2) <= reach**2
    image[near] = color


def _write(image, text, place, color, scale, thickness):
    """Draws text, in place, whose base line begins at a place (x, y)."""
    drawing, fonts = (need(f"PIL.{name}", "images", "draw_bounding_boxes") for name in ("ImageDraw", "ImageFont"))
    canvas = need("PIL.Image", "images", "draw_bounding_boxes").new("L", image.shape[1::-1])
    font = fonts.load_default(max(LETTER_HEIGHT * scale, 1))
    drawing.Draw(canvas).text(place, text, fill=255, font=font, anchor="ls", stroke_width=(thickness - 1) // 2)
    image[np.asarray(canvas) > 127] = color


def _place_of_text(x, y, scale, thickness):
    """Above the box where there is room, else inside of it."""
    height = 2 * int(scale * 12)
    return (x, y - 8) if y - 8 - height > 0 else (x + 3, y + height + thickness + 3)


def draw_bounding_boxes(
    images,
    bounding_boxes,
    bounding_box_format,
    class_mapping=None,
    color=(128, 128, 128),
    line_thickness=2,
    text_thickness=1,
    font_scale=1.0,
    data_format=None,
):
    """Pictures as bytes with boxes drawn on them.  (n, height, width, 3) -> the same shape

    `bounding_boxes` is ``{"boxes": (n, m, 4), "labels": (n, m)}`` and may hold "confidences" (n, m); a label of -1
    means no box. Names of labels in `class_mapping` are written beside their boxes.

    Source: https://keras.io/api/visualization/.

    Raises ValueError for pictures that are no batch, TypeError or ValueError for boxes in another form.

    >>> boxes = {"boxes": np.array([[[1, 1, 3, 3]]]), "labels": np.array([[0]])}
    >>> draw_bounding_boxes(np.zeros((1, 5, 5, 3)), boxes, "xyxy", color=(9, 9, 9), line_thickness=1)[0, :, :, 0]
    array([[0, 0, 0, 0, 0],
           [0, 9, 9, 9, 0],
           [0, 9, 0, 9, 0],
           [0, 9, 9, 9, 0],
           [0, 0, 0, 0, 0]], dtype=uint8)
    """
    images, first = _batch(images, data_format, "draw_bounding_boxes")
    if not isinstance(bounding_boxes, dict):
        raise TypeError(f"`bounding_boxes` should be a dict. Received: {bounding_boxes} of type {type(bounding_boxes)}")
    if not {"boxes", "labels"} <= bounding_boxes.keys():
        raise ValueError(
            f"`bounding_boxes` should be a dict with keys 'boxes' and 'labels'. Received: keys {list(bounding_boxes)}"
        )
    height, width = images.shape[1:3]
    boxes = np.asarray(convert_format(bounding_boxes["boxes"], bounding_box_format, "xyxy", height, width))
    labels = np.asarray(bounding_boxes["labels"]).astype(int)
    confidences = bounding_boxes.get("confidences")
    drawn, thickness = np.array(_bytes(images)), text_thickness or line_thickness
    for i, j in np.ndindex(labels.shape):
        if labels[i, j] == -1:
            continue
        box = boxes[i, j].astype("int32").tolist()
        _outline(drawn[i], box, color, line_thickness)
        text = (class_mapping or {}).get(int(labels[i, j]))
        if text is not None:
            more = "" if confidences is None else f" | {float(np.asarray(confidences)[i, j]):.2f}"
            place = _place_of_text(*box[:2], font_scale, thickness)
            _write(drawn[i], text + more, place, color, font_scale, thickness)
    return drawn.transpose(0, 3, 1, 2) if first else drawn


# ------------------------------------------------- masks


def palette(count):
    """Colours for so many classes; the first is black.

    >>> palette(2)
    [[0, 0, 0], [1, 127, 31]]
    """
    steps = np.array([2**25 - 1, 2**15 - 1, 2**21 - 1])
    return [(i * steps % 255).tolist() for i in range(count)]


def draw_segmentation_masks(
    images,
    segmentation_masks,
    num_classes=None,
    color_mapping=None,
    alpha=0.8,
    blend=True,
    ignore_index=-1,
    data_format=None,
):
    """Pictures with their pixels coloured by class.  (n, height, width, 3) -> the same, channels last

    `segmentation_masks`: integers, (n, height, width) or (n, height, width, 1); classes from `num_classes` (the largest
    label, unless given) on and `ignore_index` are left as they are. `color_mapping`: class -> (red, green, blue).
    Without `blend` the colours are not mixed with the picture, and the result is float32.

    Source: https://keras.io/api/visualization/.

    Raises ValueError for pictures that are no batch and alpha outside of [0, 1], TypeError for masks of floats.

    >>> draw_segmentation_masks(np.full((1, 1, 2, 3), 100), np.array([[[0, 1]]]), 2, alpha=0.5).tolist()
    [[[[50, 50, 50], [50, 113, 65]]]]
    """
    images, first = _batch(images, data_format, "draw_segmentation_masks")
    masks = np.asarray(segmentation_masks)
    if masks.dtype.kind not in "iu":
        raise TypeError(
            f"`segmentation_masks` must be in integer dtype. Received: segmentation_masks.dtype={masks.dtype}"
        )
    if not 0 <= alpha <= 1:
        raise ValueError(f"draw_segmentation_masks: expected alpha between 0 and 1, received {alpha!r}.")
    if masks.ndim == 4:
        masks = masks[:, 0] if first else masks[..., 0]
    count = int(masks.max()) if num_classes is None else num_classes
    colors = palette(count) if color_mapping is None else [color_mapping[i] for i in range(count)]
    images = images.astype("float32")
    drawn = images.copy()
    for label, color in enumerate(colors):
        drawn[masks == label] = color
    if not blend:
        return drawn
    mixed = images * np.float32(1 - alpha) + drawn * np.float32(alpha)
    return np.where((masks != ignore_index)[..., None], mixed, images).astype("uint8")


# ------------------------------------------------- galleries


def plot_image_gallery(
    images,
    y_true=None,
    y_pred=None,
    label_map=None,
    rows=None,
    cols=None,
    value_range=(0, 255),
    scale=2,
    path=None,
    show=None,
    transparent=True,
    dpi=60,
    legend_handles=None,
    data_format=None,
):
    """Shows pictures (n, height, width, channels) in rows and columns, or saves them as one picture at `path`.

    `label_map` names the classes of `y_true` and `y_pred`, which stand above each picture; `scale` is the size of one in
    inches; `value_range` what is black and white. Rows and columns are about equal in number unless given.

    Source: https://keras.io/api/visualization/.

    Raises ValueError for pictures that are no batch, for labels without `label_map`, for `path` together with `show`;
    ImportError where matplotlib is missing.
    """
    plt = need("matplotlib.pyplot", "plot", "plot_image_gallery")
    if path is not None and show:
        raise ValueError("plot_image_gallery() expects either `path` to be set, or `show` to be true.")
    if (y_true is not None or y_pred is not None) and label_map is None:
        raise ValueError("If `y_true` or `y_pred` are provided, a `label_map` must also be provided.")
    images, _ = _batch(images, data_format, "plot_image_gallery")
    rows = rows or (math.ceil(len(images) / cols) if cols else math.ceil(math.sqrt(len(images))))
    cols = cols or math.ceil(len(images) / rows)
    low, high = value_range
    pixels = np.clip((images.astype("float32") - low) / (high - low) * 255, 0, 255).astype("uint8")
    size = (cols * scale, rows * scale)
    figure, axes = plt.subplots(
        rows, cols, figsize=size, frameon=False, layout="tight", squeeze=False, sharex="row", sharey="col"
    )
    if legend_handles is not None:
        figure.legend(handles=legend_handles, loc="lower center")
    for i, axis in enumerate(axes.flat):
        axis.axis("off")
        axis.margins(x=0, y=0)
        if i < len(pixels):
            axis.imshow(pixels[i], cmap="gray" if pixels.shape[-1] == 1 else None)
            given = (("Label", y_true), ("Pred", y_pred))
            known = [(word, np.asarray(y)[i]) for word, y in given if y is not None and i < len(y)]
            axis.set_title("  ".join(f"{word}: {label_map.get(y, 'Unknown')}" for word, y in known), fontsize=8)
    if path is not None:
        figure.savefig(path, pad_inches=0, bbox_inches="tight", transparent=transparent, dpi=dpi)
        plt.close(figure)
    elif show is None or show:
        plt.show()
        plt.close(figure)


def plot_bounding_box_gallery(
    images,
    bounding_box_format,
    y_true=None,
    y_pred=None,
    value_range=(0, 255),
    true_color=(0, 188, 212),
    pred_color=(255, 235, 59),
    line_thickness=2,
    font_scale=1.0,
    text_thickness=None,
    class_mapping=None,
    ground_truth_mapping=None,
    prediction_mapping=None,
    legend=False,
    legend_handles=None,
    rows=None,
    cols=None,
    data_format=None,
    **kwargs,
):
    """``plot_image_gallery`` of pictures with true and predicted boxes on them, as ``draw_bounding_boxes`` takes them.

    Source: https://keras.io/api/visualization/. Raises ValueError for pictures that are no batch, and for `legend`
    together with `legend_handles`.
    """
    images, _ = _batch(images, data_format, "plot_bounding_box_gallery")
    if legend and legend_handles:
        raise ValueError("plot_bounding_box_gallery: pass `legend` or `legend_handles`, not both.")
    given = (
        ("Ground Truth", y_true, true_color, ground_truth_mapping),
        ("Prediction", y_pred, pred_color, prediction_mapping),
    )
    look = dict(line_thickness=line_thickness, text_thickness=text_thickness, font_scale=font_scale)
    for _, boxes, color, mapping in given:
        if boxes is not None:
            images = draw_bounding_boxes(
                images, boxes, bounding_box_format, mapping or class_mapping, color, data_format="channels_last", **look
            )
    if legend:
        patch = need("matplotlib.patches", "plot", "plot_bounding_box_gallery").Patch
        legend_handles = [patch(color=np.array(color) / 255.0, label=label) for label, _, color, _ in given]
    options = dict(legend_handles=legend_handles, rows=rows, cols=cols, data_format="channels_last", **kwargs)
    return plot_image_gallery(images, value_range=value_range, **options)


def plot_segmentation_mask_gallery(
    images,
    num_classes,
    value_range=(0, 255),
    y_true=None,
    y_pred=None,
    color_mapping=None,
    blend=True,
    alpha=0.8,
    ignore_index=-1,
    data_format=None,
    **kwargs,
):
    """``plot_image_gallery`` with a row for each picture: itself, with its true and with its predicted mask.

    Source: https://keras.io/api/visualization/. Raises ValueError for pictures that are no batch.
    """
    images, first = _batch(images, data_format, "plot_segmentation_mask_gallery")
    shown = [images]
    for masks in (y_true, y_pred):
        if masks is not None:
            masks = np.asarray(masks).astype("int32")
            if first and masks.ndim == 4:
                masks = masks.transpose(0, 2, 3, 1)
            shown.append(
                draw_segmentation_masks(
                    images, masks, num_classes, color_mapping, alpha, blend, ignore_index, "channels_last"
                )
            )
    pictures = np.stack(shown, axis=1).reshape(-1, *images.shape[1:])
    options = dict(rows=len(images), cols=len(shown), data_format="channels_last", **kwargs)
    return plot_image_gallery(pictures, value_range=value_range, **options)
