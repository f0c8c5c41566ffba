"""Write down what Keras 3 draws: python -m compat_tests.make_visualization (on JAX, with opencv-python-headless 4)."""

import pathlib

import numpy as np

MASKS = np.array([[[[0], [1], [2]], [[3], [-1], [1]]], [[[2], [2], [0]], [[1], [3], [5]]]], "int32")
BOXES = {
    "boxes": np.array([[[4, 5, 9, 16], [12.6, 1, 30, 9]], [[0.5, 0, 18, 18], [2, 2, 4, 4]]], "float32"),
    "labels": np.array([[0, 1], [3, -1]]),
}


def pictures(shape):
    """Whole numbers that no blending brings near the middle between two others."""
    return (np.arange(np.prod(shape)).reshape(shape) * 10 % 250).astype("float32")


def cases(visualization):
    """name -> function of no arguments."""
    masks, boxes = visualization.draw_segmentation_masks, visualization.draw_bounding_boxes
    images, canvas = pictures((2, 2, 3, 3)), pictures((2, 20, 24, 3))
    colors = {i: (10 * i, 200, 60) for i in range(6)}
    relative = {**BOXES, "boxes": BOXES["boxes"] / np.float32(32)}
    found = {
        "masks": lambda: masks(images, MASKS, alpha=0.5),
        "masks_of_classes": lambda: masks(images, MASKS, num_classes=6, alpha=0.25),
        "masks_in_own_colors": lambda: masks(images, MASKS, num_classes=6, color_mapping=colors, alpha=0.75),
        "masks_without_one": lambda: masks(images, MASKS, num_classes=6, ignore_index=2, alpha=0.5),
        "masks_unblended": lambda: masks(images, MASKS, num_classes=4, blend=False),
        "boxes_of_unit_pictures": lambda: boxes(canvas / 250 * 0 + 1, BOXES, "xyxy"),
        "boxes_other_format": lambda: boxes(canvas, BOXES, "yxyx", color=(1, 2, 3)),
        "boxes_relative": lambda: boxes(canvas, relative, "rel_xywh", color=(1, 2, 3)),
    }
    for thickness in (-1, 1, 2, 3, 5, 6, 7):
        found[f"boxes_{thickness}"] = lambda t=thickness: boxes(canvas, BOXES, "xyxy", line_thickness=t)
    return found


def main():
    import cv2
    import keras

    print("Keras", keras.__version__, "OpenCV", cv2.__version__)
    found = {name: np.asarray(run()) for name, run in cases(keras.visualization).items()}
    np.savez_compressed(pathlib.Path(__file__).parent / "golden" / "keras3" / "visualization.npz", **found)


if __name__ == "__main__":
    main()
