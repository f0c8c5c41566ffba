"""Galleries of pictures, boxes and masks."""

import numpy as np
import pytest

from jkeras import visualization

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

PICTURES = np.linspace(0, 255, 3 * 24 * 24 * 3).reshape(3, 24, 24, 3)
BOXES = {
    "boxes": np.array([[[2, 2, 20, 20]]] * 3, "float32"),
    "labels": np.array([[0]] * 3),
    "confidences": [[0.5]] * 3,
}
MASKS = np.arange(3 * 24 * 24).reshape(3, 24, 24) % 4


@pytest.fixture
def shown(monkeypatch):
    """The figures that were shown, as lists of (title, picture)."""
    seen = []

    def show():
        axes = plt.gcf().axes
        seen.append([(a.get_title(), np.asarray(a.images[0].get_array())) for a in axes if a.images])

    monkeypatch.setattr(plt, "show", show)
    return seen


def test_a_gallery_holds_every_picture_in_its_range_of_values_with_its_labels(shown):
    visualization.plot_image_gallery(
        PICTURES / 255, [0, 1, 0], np.array([0, 0, 7]), {0: "cat", 1: "dog"}, value_range=(0, 1)
    )
    titles, pictures = zip(*shown[0], strict=True)
    assert titles == ("Label: cat  Pred: cat", "Label: dog  Pred: cat", "Label: cat  Pred: Unknown")
    np.testing.assert_allclose(np.stack(pictures), PICTURES, atol=1)


def test_pictures_with_channels_first_are_shown_the_same_way(shown):
    visualization.plot_image_gallery(PICTURES)
    visualization.plot_image_gallery(PICTURES.transpose(0, 3, 1, 2), data_format="channels_first")
    np.testing.assert_array_equal(shown[0][0][1], shown[1][0][1])


def test_a_gallery_is_saved_where_a_path_is_given(tmp_path, shown):
    others = plt.get_fignums()
    visualization.plot_image_gallery(PICTURES, rows=1, cols=3, path=tmp_path / "gallery.png", dpi=30)
    assert (tmp_path / "gallery.png").read_bytes()[:4] == b"\x89PNG" and not shown and plt.get_fignums() == others


def test_boxes_of_both_kinds_and_a_legend_are_shown(shown, monkeypatch):
    legends = []
    monkeypatch.setattr(plt.Figure, "legend", lambda self, handles, loc: legends.append(handles))
    moved = {**BOXES, "boxes": BOXES["boxes"] + 1}
    visualization.plot_bounding_box_gallery(
        PICTURES, "xyxy", BOXES, moved, true_color=(1, 2, 3), pred_color=(4, 5, 6), line_thickness=1, legend=True,
        class_mapping={0: "cat"}, font_scale=0.2,
    )  # fmt: skip
    picture = shown[0][0][1]
    assert picture[2, 12].tolist() == [1, 2, 3] and picture[3, 12].tolist() == [4, 5, 6]
    assert [handle.get_label() for handle in legends[0]] == ["Ground Truth", "Prediction"]


def test_masks_are_shown_beside_their_picture(shown):
    visualization.plot_segmentation_mask_gallery(PICTURES, 4, y_true=MASKS, y_pred=MASKS[..., None])
    pictures = [picture for _, picture in shown[0]]
    assert len(pictures) == 9
    np.testing.assert_array_equal(pictures[1], visualization.draw_segmentation_masks(PICTURES, MASKS, 4)[0])
    np.testing.assert_array_equal(pictures[1], pictures[2])


def test_the_name_and_confidence_of_a_box_are_written_in_its_color():
    plain = visualization.draw_bounding_boxes(np.zeros((1, 60, 90, 3)), _first(BOXES, 30), "xyxy", color=(9, 9, 9))
    named = visualization.draw_bounding_boxes(
        np.zeros((1, 60, 90, 3)), _first(BOXES, 30), "xyxy", {0: "cat"}, (9, 9, 9), font_scale=0.5
    )
    written = (named != plain).any(-1)[0]
    assert written.sum() > 50 and not written[40:].any() and set(np.unique(named)) == {0, 9}


def _first(boxes, y):
    return {"boxes": np.array([[[2, y, 20, y + 20]]]), "labels": [[0]], "confidences": [[0.9]]}


def test_pictures_with_channels_first_come_back_so_with_their_boxes():
    last = visualization.draw_bounding_boxes(PICTURES, BOXES, "xyxy")
    first = visualization.draw_bounding_boxes(
        PICTURES.transpose(0, 3, 1, 2), BOXES, "xyxy", data_format="channels_first"
    )
    np.testing.assert_array_equal(first, last.transpose(0, 3, 1, 2))


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda v: v.plot_image_gallery(PICTURES[0]), ValueError, "batched"),
        (lambda v: v.plot_image_gallery(PICTURES, y_true=[1, 2, 3]), ValueError, "label_map"),
        (lambda v: v.plot_image_gallery(PICTURES, path="a.png", show=True), ValueError, "path"),
        (lambda v: v.draw_bounding_boxes(PICTURES, [1], "xyxy"), TypeError, "dict"),
        (lambda v: v.draw_bounding_boxes(PICTURES, {"boxes": []}, "xyxy"), ValueError, "labels"),
        (lambda v: v.draw_bounding_boxes(PICTURES, BOXES, "xyz"), ValueError, "xyz"),
        (lambda v: v.draw_segmentation_masks(PICTURES, MASKS * 1.0), TypeError, "float"),
        (lambda v: v.draw_segmentation_masks(PICTURES, MASKS, alpha=2), ValueError, "alpha"),
        (
            lambda v: v.plot_bounding_box_gallery(PICTURES, "xyxy", legend=True, legend_handles=[1]),
            ValueError,
            "not both",
        ),
    ],
)
def test_wrong_arguments_are_named(call, error, match):
    with pytest.raises(error, match=match):
        call(visualization)


def test_a_missing_matplotlib_is_named_with_what_brings_it(monkeypatch):
    def without(name):
        raise ImportError(name)

    monkeypatch.setattr("jkeras.utils.extras.import_module", without)
    with pytest.raises(ImportError, match=r"jkeras\[plot\]"):
        visualization.plot_image_gallery(PICTURES)
