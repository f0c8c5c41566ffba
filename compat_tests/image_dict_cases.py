"""Pictures with labels, boxes and masks through layers whose factors leave nothing random.

Run inside Keras 3 on JAX, this file writes the golden values: KERAS_BACKEND=jax python compat_tests/image_dict_cases.py
"""

import json
import pathlib

import numpy as np

GOLDEN = pathlib.Path(__file__).parent / "golden/keras3/image_dict.json"
BOXES = [[[1.0, 1.0, 4.0, 5.0], [6.0, 0.0, 8.0, 3.0]], [[0.0, 2.0, 7.0, 6.0], [3.0, 3.0, 4.0, 4.0]]]
LAYERS = {
    "rotation": ("RandomRotation", {"factor": (0.1, 0.1)}),
    "zoom_in": ("RandomZoom", {"height_factor": (-0.3, -0.3)}),
    "zoom_out": ("RandomZoom", {"height_factor": (0.2, 0.2), "width_factor": (0.4, 0.4)}),
    "translation": ("RandomTranslation", {"height_factor": (0.3, 0.3), "width_factor": (-0.25, -0.25)}),
    "center_crop": ("CenterCrop", {"height": 4, "width": 5}),
    "center_crop_small": ("CenterCrop", {"height": 12, "width": 5}),
    "resizing": ("Resizing", {"height": 3, "width": 16}),
    "resizing_pad": ("Resizing", {"height": 8, "width": 8, "pad_to_aspect_ratio": True}),
    "resizing_crop": ("Resizing", {"height": 8, "width": 8, "crop_to_aspect_ratio": True}),
    "max_boxes": ("MaxNumBoundingBoxes", {"max_number": 3}),
    "brightness": ("RandomBrightness", {"factor": (0.1, 0.1)}),
}
SINGLE = ("translation", "max_boxes", "brightness")  # also with one picture instead of a batch


def data():
    """Two pictures of 6 by 8 with everything."""
    rng = np.random.RandomState(0)
    return {
        "images": rng.uniform(0, 255, (2, 6, 8, 3)).astype("float32"),
        "labels": np.eye(2, dtype="float32"),
        "bounding_boxes": {"boxes": np.array(BOXES, "float32"), "labels": np.array([[1, 2], [3, 4]], "int32")},
        "segmentation_masks": rng.randint(0, 4, (2, 6, 8, 1)).astype("float32"),
    }


def _first(value):
    return {key: _first(part) for key, part in value.items()} if isinstance(value, dict) else value[0]


def _run(layer, inputs):
    result = layer(inputs, training=True)
    parts = {"labels": result["labels"], "masks": result["segmentation_masks"], **result["bounding_boxes"]}
    parts["box_labels"] = result["bounding_boxes"]["labels"]
    return {key: np.asarray(value).tolist() for key, value in parts.items()}


def run(layers):
    """name -> what became of the parts."""
    found = {}
    for name, (cls, config) in LAYERS.items():
        layer = getattr(layers, cls)(**config, bounding_box_format="xyxy")
        found[name] = _run(layer, data())
        if name in SINGLE:
            found[f"{name}_single"] = _run(layer, _first(data()))
    half = layers.RandomTranslation((0.3, 0.3), (-0.25, -0.25), dtype="mixed_float16", bounding_box_format="xyxy")
    boxes = half(data(), training=False)["bounding_boxes"]["boxes"]
    found["half"] = {"boxes": np.asarray(boxes).tolist(), "dtype": str(boxes.dtype)}
    first = layers.RandomTranslation(
        (0.3, 0.3), (-0.25, -0.25), data_format="channels_first", bounding_box_format="xyxy"
    )
    known = {"translations": np.array([[2.0, -1.0], [-1.0, 2.0]], "float32"), "input_shape": (2, 3, 6, 8)}
    boxes = first.transform_bounding_boxes(data()["bounding_boxes"], known)
    found["first"] = {key: np.asarray(value).tolist() for key, value in boxes.items()}
    delta = {"rgb_delta": np.zeros((2, 1, 1, 1), "float32")}  # all that the real layer draws
    boxes = layers.RandomBrightness(0.1, bounding_box_format="xyxy").transform_bounding_boxes(
        data()["bounding_boxes"], delta
    )
    found["colour"] = {key: np.asarray(value).tolist() for key, value in boxes.items()}
    flip = layers.RandomFlip("horizontal", bounding_box_format="xyxy")
    known = {"flips": np.array([True, False]).reshape(2, 1, 1, 1), "input_shape": (2, 6, 8, 3)}
    boxes = flip.transform_bounding_boxes(data()["bounding_boxes"], known)
    found["flip"] = {key: np.asarray(value).tolist() for key, value in boxes.items()}
    return found


if __name__ == "__main__":
    import jax
    import keras

    versions = {"keras": keras.__version__, "jax": jax.__version__}
    GOLDEN.write_text(json.dumps({"versions": versions, "values": run(keras.layers)}) + "\n")
