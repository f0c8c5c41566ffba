"""Functions of bounding boxes. Run inside Keras 3 on JAX, this file writes the golden values:

KERAS_BACKEND=jax python compat_tests/box_cases.py
"""

import json
import pathlib

import numpy as np

GOLDEN = pathlib.Path(__file__).parent / "golden/keras3/boxes.json"
ONE = np.array([[1.0, 2, 5, 4], [0, 0, 3, 8], [-1, -1, -1, -1]], "float32")
TWO = np.array([[2.0, 1, 6, 5], [0, 1, 4, 6], [3, 3, 4, 4]], "float32")
FORMATS = "xyxy yxyx xywh center_xywh center_yxhw rel_xyxy rel_yxyx rel_xywh rel_center_xywh".split()
BATCH = np.stack([ONE, TWO])
TURN = [np.array(v, "float32") for v in ([10, -30], [0.1, 0], [0, 0.2], [1.0, 1.5], [5, 0], [0, 10])]


def run(boxes):
    """name -> result."""
    found = {}
    for source in FORMATS:
        for target in FORMATS:
            found[f"{source} to {target}"] = boxes.convert_format(TWO / 8, source, target, 6, 8)
    clipped = boxes.clip_to_image_size({"boxes": ONE, "labels": np.array([1, 2, 3])}, 4, 4)
    found.update(clip=clipped["boxes"], clip_labels=clipped["labels"])
    found["clip_rel"] = boxes.clip_to_image_size({"boxes": ONE / 4}, bounding_box_format="rel_xyxy")["boxes"]
    found["affine"] = boxes.affine_transform(BATCH, *TURN, height=6, width=8)
    found["crop"] = boxes.crop(TWO, 1, 2, 3, 4)
    found["pad"] = boxes.pad(TWO, 1, 2)
    deltas = boxes.encode_box_to_deltas(ONE[:2], TWO[:2], "xyxy", "xyxy", variance=[0.1, 0.1, 0.2, 0.2])
    found["encode"] = deltas
    found["decode"] = boxes.decode_deltas_to_boxes(ONE[:2], deltas, "xyxy", "xywh", variance=[0.1, 0.1, 0.2, 0.2])
    found["iou"] = boxes.compute_iou(ONE, TWO, "xyxy")
    found["iou_masked"] = boxes.compute_iou(ONE, TWO, "xyxy", use_masking=True)
    found["iou_batch"] = boxes.compute_iou(BATCH, BATCH[::-1].copy(), "xywh")
    found["iou_rel"] = boxes.compute_iou(ONE / 8, TWO / 8, "rel_xyxy", image_shape=(6, 8, 3))
    found["ciou"] = boxes.compute_ciou(ONE[:2], TWO[:2], "xyxy")
    return {name: np.asarray(value).tolist() for name, value in found.items()}


if __name__ == "__main__":
    import jax
    import keras

    versions = {"keras": keras.__version__, "jax": jax.__version__}
    GOLDEN.write_text(json.dumps({"versions": versions, "values": run(keras.utils.bounding_boxes)}) + "\n")
