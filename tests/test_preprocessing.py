"""Sequences, texts and images: errors, and what has no counterpart in the golden values."""

import io
import os

import numpy as np
import pytest

from jkeras.core import config
from jkeras.preprocessing import image, sequence, text
from jkeras.preprocessing.image import ImageDataGenerator

RNG = np.random.default_rng(0)
PHOTO = RNG.uniform(0, 255, (6, 8, 3))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[1]], 2, "int32", "both"), "padding must be 'pre' or 'post', received 'both'"),
        (([[1]], 2, "int32", "pre", "middle"), "truncating must be 'pre' or 'post', received 'middle'"),
        ((iter([[1]]),), "expected a list of sequences, received list_iterator"),
        (([[1], 2],), "item 1 is 2"),
        (([["a"]], 2, "int32", "pre", "pre", "x"), "Pass dtype=object"),
        (([[[1, 2]], [[1]]],), r"have shape \(1,\), others \(2,\)"),
    ],
)
def test_pad_sequences_names_what_is_wrong(arguments, message):
    with pytest.raises(ValueError, match=message):
        sequence.pad_sequences(*arguments)


def test_pad_sequences_takes_texts_and_nothing():
    assert sequence.pad_sequences([["a"], ["b", "c"]], dtype=object, value="-").tolist() == [["-", "a"], ["b", "c"]]
    assert sequence.pad_sequences([]).shape == (0, 0) and sequence.pad_sequences([[], []], 2).shape == (2, 2)


def test_windows_need_matching_targets_and_room():
    with pytest.raises(ValueError, match="data has 3 steps, targets 2"):
        sequence.TimeseriesGenerator([1, 2, 3], [1, 2], 1)
    with pytest.raises(ValueError, match="no window of length=5 fits"):
        sequence.TimeseriesGenerator([1, 2, 3], [1, 2, 3], 5)


def test_windows_of_things_that_are_no_json_are_named():
    windows = sequence.TimeseriesGenerator([{1}, {2}, {3}], [1, 2, 3], 1)
    with pytest.raises(TypeError, match="data cannot be written as JSON"):
        windows.to_json()


def test_skipgrams_of_nothing():
    assert sequence.skipgrams([], 5) == ([], [])


def test_a_tokenizer_says_what_it_needs():
    tokenizer = text.Tokenizer()
    with pytest.raises(ValueError, match="Pass num_words, or call fit_on_texts first"):
        tokenizer.sequences_to_matrix([[1]])
    with pytest.raises(ValueError, match="before mode='tfidf'"):
        text.Tokenizer(num_words=3).sequences_to_matrix([[1]], "tfidf")
    with pytest.raises(ValueError, match="mode must be one of"):
        text.Tokenizer(num_words=3).sequences_to_matrix([[1]], "share")
    with pytest.raises(TypeError):
        text.Tokenizer(words=3)


def test_a_tokenizer_with_an_analyzer():
    tokenizer = text.Tokenizer(analyzer=lambda one: one.split("-"))
    tokenizer.fit_on_texts(["a-b", "a"])
    assert tokenizer.texts_to_sequences(["b-a"]) == [[2, 1]]
    assert text.one_hot("a-b", 5, analyzer=lambda one: one.split("-")) == text.hashing_trick("a b", 5)


def test_a_tokenizer_comes_back_from_json_and_learns_on():
    old = text.Tokenizer(num_words=3, oov_token="?")
    old.fit_on_texts(["a b a", "b c"])
    new = text.tokenizer_from_json(old.to_json())
    assert new.get_config() == old.get_config()
    for tokenizer in (old, new):
        tokenizer.fit_on_texts(["c c c"])
    assert new.texts_to_matrix(["a c"], "tfidf").tolist() == old.texts_to_matrix(["a c"], "tfidf").tolist()


# --- images


@pytest.fixture
def folder(tmp_path, capsys):
    """Two classes with three and two pictures, one of them in a folder below."""
    for name, count in (("cats", 3), ("dogs", 2)):
        (tmp_path / name / "deep").mkdir(parents=True)
        for i in range(count):
            image.save_img(tmp_path / name / ("deep" if i == 1 else "") / f"{i}.png", PHOTO + i, scale=False)
    (tmp_path / "cats" / "notes.txt").write_text("no picture")
    return tmp_path


@pytest.mark.parametrize(("ending", "tolerance"), [("png", 0), ("bmp", 0), ("jpg", 60)])
def test_an_image_goes_to_a_file_and_back(tmp_path, ending, tolerance):
    x = np.tile(np.linspace(0, 255, 8), (6, 1))[..., None].repeat(3, 2).round()
    image.save_img(tmp_path / f"x.{ending}", x, scale=False)
    np.testing.assert_allclose(image.img_to_array(image.load_img(tmp_path / f"x.{ending}")), x, atol=tolerance)


@pytest.mark.parametrize(("mode", "channels"), [("rgb", 3), ("rgba", 4), ("grayscale", 1)])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_each_colour_mode(folder, mode, channels, data_format):
    x = image.img_to_array(image.load_img(str(folder / "cats" / "0.png"), color_mode=mode), data_format)
    assert x.shape == ((6, 8, channels) if data_format == "channels_last" else (channels, 6, 8))
    assert image.array_to_img(x, data_format, scale=False).size == (8, 6)


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic", "hamming", "box", "lanczos"])
def test_images_are_resized(folder, interpolation, keep):
    data = io.BytesIO((folder / "cats" / "0.png").read_bytes())
    assert image.load_img(data, target_size=(4, 5), interpolation=interpolation, keep_aspect_ratio=keep).size == (5, 4)


def test_deep_gray_images_keep_their_values(tmp_path):
    image.save_img(tmp_path / "x.tiff", np.array([[[0.0], [40_000.0]]]), scale=False)
    img = image.load_img(tmp_path / "x.tiff", color_mode="grayscale")
    assert image.img_to_array(img).ravel().tolist() == [0, 40_000]


def test_jpeg_has_no_transparency(tmp_path):
    with pytest.warns(UserWarning, match="JPEG has no transparency"):
        image.save_img(tmp_path / "x.jpg", np.zeros((2, 2, 4)), scale=False)
    with pytest.warns(UserWarning, match="JPEG has no transparency"):
        image.save_img(io.BytesIO(), np.zeros((2, 2, 4)), scale=False, file_format="jpg")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: image.load_img("x.png", color_mode="cmyk"), ValueError, "color_mode must be one of"),
        (lambda: image.load_img("x.png", interpolation="cubic"), ValueError, "interpolation must be one of"),
        (lambda: image.load_img(3), TypeError, "path must be a path"),
        (lambda: image.array_to_img(np.zeros((2, 2))), ValueError, r"three axes, received shape \(2, 2\)"),
        (lambda: image.array_to_img(np.zeros((2, 2, 2))), ValueError, "1, 3 or 4 channels, received 2"),
        (lambda: image.img_to_array(np.zeros(2)), ValueError, r"received shape \(2,\)"),
        (lambda: image.img_to_array(PHOTO, "th2"), ValueError, "th2"),
        (lambda: image.smart_resize(PHOTO, (2,)), ValueError, "size must be"),
        (lambda: image.smart_resize(PHOTO[0], (2, 2)), ValueError, "one image or a batch"),
        (lambda: image.smart_resize(PHOTO, (2, 2), "area"), ValueError, "interpolation must be one of"),
        (lambda: image.apply_affine_transform(PHOTO, channel_axis=1), ValueError, "must be 0, 1 and 2"),
        (lambda: image.apply_affine_transform(PHOTO[0]), ValueError, "an image of three axes"),
        (lambda: image.random_zoom(PHOTO, 0.5), ValueError, "zoom_range must be a pair"),
        (lambda: image.random_brightness(PHOTO, [1]), ValueError, "brightness_range must be a pair"),
        (lambda: ImageDataGenerator(zoom_range=(1, 2, 3)), ValueError, "zoom_range must be a pair"),
        (lambda: ImageDataGenerator(brightness_range=1.0), ValueError, "brightness_range must be a pair"),
        (lambda: ImageDataGenerator(validation_split=1.5), ValueError, "validation_split must lie between"),
        (lambda: ImageDataGenerator(data_format="last"), ValueError, "last"),
        (lambda: ImageDataGenerator().fit(PHOTO), ValueError, "fit: expected images"),
        (lambda: ImageDataGenerator().flow(PHOTO), ValueError, "flow: expected images"),
        (lambda: ImageDataGenerator().flow(PHOTO[None], [1, 2]), ValueError, "1 images, but y has 2"),
        (lambda: ImageDataGenerator().flow((PHOTO[None], [[1, 2]])), ValueError, r"x\[1\]\[0\] has 2"),
        (lambda: ImageDataGenerator().flow(PHOTO[None], sample_weight=[]), ValueError, "sample_weight has 0"),
        (lambda: ImageDataGenerator().flow(PHOTO[None], subset="test"), ValueError, "subset must be"),
        (lambda: ImageDataGenerator().flow(PHOTO[None], [1])[1], ValueError, "Batch 1 was asked for, but there are 1"),
        (lambda: image.Iterator(2, 1, False, None)[0], NotImplementedError, "must define"),
        (lambda: ImageDataGenerator().flow_from_directory("nowhere"), ValueError, "there is no folder nowhere"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_sorted_labels_cannot_be_split():
    generator = ImageDataGenerator(validation_split=0.5)
    x = np.zeros((4, 2, 2, 1))
    with pytest.raises(ValueError, match="shuffle them first"):
        generator.flow(x, [0, 0, 1, 1], subset="training")
    assert len(generator.flow(x, [0, 0, 1, 1], subset="training", ignore_class_split=True)) == 1


def test_weights_and_other_inputs_follow_their_rows():
    generator = ImageDataGenerator(validation_split=0.25)
    x, rows = np.zeros((8, 2, 2, 1)), np.arange(8)
    (_, extra), y, weight = generator.flow(
        (x, rows), rows, sample_weight=rows, subset="training", ignore_class_split=True
    )[0]
    assert sorted(y) == [2, 3, 4, 5, 6, 7] and (y == extra).all() and (y == weight).all()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("zca_whitening", "featurewise_center"),
        ("featurewise_std_normalization", "featurewise_center"),
        ("samplewise_std_normalization", "samplewise_center"),
    ],
)
def test_a_normalisation_that_needs_another_sets_it(first, second):
    with pytest.warns(UserWarning, match=f"{first} sets {second}"):
        assert getattr(ImageDataGenerator(**{first: True}), second)


def test_whitening_replaces_the_deviation():
    with pytest.warns(UserWarning, match="zca_whitening replaces"):
        generator = ImageDataGenerator(True, zca_whitening=True, featurewise_std_normalization=True)
    assert not generator.featurewise_std_normalization


@pytest.mark.parametrize("name", ["featurewise_center", "featurewise_std_normalization", "zca_whitening"])
def test_a_statistic_that_was_not_fitted_warns(name):
    generator = ImageDataGenerator(featurewise_center=True)
    generator.mean = 0
    setattr(generator, name, True)
    if name == "featurewise_center":
        generator.mean = None
    with pytest.warns(UserWarning, match=f"{name} does nothing before fit"):
        generator.standardize(PHOTO.copy())


def test_images_with_two_channels_warn():
    with pytest.warns(UserWarning, match="1, 3 or 4 channels"):
        ImageDataGenerator().flow(np.zeros((2, 4, 4, 2)))


def test_channels_first_images_are_augmented():
    generator = ImageDataGenerator(rotation_range=20, horizontal_flip=True, data_format="channels_first")
    generator.fit(np.zeros((2, 3, 6, 8)))
    assert next(generator.flow(np.zeros((2, 3, 6, 8)))).shape == (2, 3, 6, 8)


def test_a_flow_goes_on_without_end_and_starts_anew():
    flow = ImageDataGenerator().flow(np.zeros((5, 2, 2, 1)), np.arange(5), batch_size=2, shuffle=False)
    assert [next(flow)[1].tolist() for _ in range(4)] == [[0, 1], [2, 3], [4], [0, 1]]
    flow.reset()
    assert flow.next()[1].tolist() == [0, 1] and iter(flow) is flow
    flow.on_epoch_end()
    assert flow[2][1].tolist() == [4]


def test_an_exact_number_of_batches_ends_the_pass():
    flow = ImageDataGenerator().flow(np.zeros((4, 2, 2, 1)), np.arange(4), batch_size=2, shuffle=False)
    assert [next(flow)[1].tolist() for _ in range(3)] == [[0, 1], [2, 3], [0, 1]]


def test_what_is_made_can_be_looked_at(tmp_path):
    flow = ImageDataGenerator().flow(PHOTO[None], save_to_dir=str(tmp_path), save_prefix="look")
    next(flow)
    assert [name.startswith("look_0_") and name.endswith(".png") for name in os.listdir(tmp_path)] == [True]


LABELS = {
    "categorical": [[1, 0], [1, 0], [1, 0], [0, 1], [0, 1]],
    "binary": [0, 0, 0, 1, 1],
    "sparse": [0, 0, 0, 1, 1],
}


@pytest.mark.parametrize("mode", ["categorical", "binary", "sparse", "input", None])
def test_a_folder_gives_images_and_labels(folder, mode, capsys):
    flow = ImageDataGenerator(rescale=0.5).flow_from_directory(
        folder, target_size=(6, 8), class_mode=mode, shuffle=False, batch_size=5
    )
    assert "Found 5 images belonging to 2 classes." in capsys.readouterr().out
    assert flow.class_indices == {"cats": 0, "dogs": 1} and flow.labels.tolist() == [0, 0, 0, 1, 1]
    assert flow.filenames[1] == os.path.join("cats", "2.png") and flow.samples == flow.n == 5
    batch = next(flow)
    x, y = (batch, None) if mode is None else batch
    np.testing.assert_allclose(x[0], PHOTO.astype("uint8") / 2)
    np.testing.assert_array_equal(y, x) if mode == "input" else None
    assert mode not in LABELS or y.tolist() == LABELS[mode]


def test_a_folder_can_be_split(folder):
    generator = ImageDataGenerator(validation_split=0.4)
    parts = {name: generator.flow_from_directory(folder, subset=name) for name in ("training", "validation")}
    names = [set(part.filenames) for part in parts.values()]
    assert not names[0] & names[1] and len(names[0] | names[1]) == 5


def test_classes_give_the_order(folder):
    flow = ImageDataGenerator().flow_from_directory(folder, classes=["dogs", "cats"], color_mode="grayscale")
    assert flow.class_indices == {"dogs": 0, "cats": 1} and flow.image_shape == (256, 256, 1)


def test_a_folder_without_images_is_named(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="no images in the folders of"):
        ImageDataGenerator().flow_from_directory(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"color_mode": "cmyk"}, "color_mode must be one of"),
        ({"class_mode": "raw"}, "class_mode must be one of"),
        ({"subset": "test"}, "subset must be"),
    ],
)
def test_bad_arguments_of_a_folder_are_named(folder, arguments, message):
    with pytest.raises(ValueError, match=message):
        ImageDataGenerator().flow_from_directory(folder, **arguments)


@pytest.fixture
def table(folder):
    pandas = pytest.importorskip("pandas")
    names = ["cats/0.png", "dogs/0.png", "cats/2.png"]
    return pandas.DataFrame(
        {"filename": names, "class": ["cat", "dog", "cat"], "size": [1.0, 2.0, 3.0], "age": [4, 5, 6]}
    )


def flow(table, folder, **options):
    options = {"target_size": (6, 8), "shuffle": False, **options}
    return ImageDataGenerator(validation_split=0.34).flow_from_dataframe(table, str(folder), **options)


def test_a_table_gives_images_labels_and_weights(table, folder, capsys):
    batches = flow(table, folder, weight_col="size")
    x, y, weight = next(batches)
    assert "Found 3 validated image filenames belonging to 2 classes." in capsys.readouterr().out
    assert x.shape == (3, 6, 8, 3) and y.tolist() == [[1, 0], [0, 1], [1, 0]] and weight.tolist() == [1, 2, 3]
    assert batches.labels == [0, 1, 0]


def test_a_table_gives_numbers(table, folder):
    for mode in ("raw", "other"):
        assert next(flow(table, folder, y_col=["size", "age"], class_mode=mode))[1].tolist() == [[1, 4], [2, 5], [3, 6]]
    outputs = next(flow(table, folder, y_col=["size", "age"], class_mode="multi_output"))[1]
    assert [one.tolist() for one in outputs] == [[1, 2, 3], [4, 5, 6]]
    assert next(flow(table, folder, class_mode=None)).shape == (3, 6, 8, 3)
    assert next(flow(table, folder, class_mode="input"))[1].shape == (3, 6, 8, 3)


def test_a_table_with_several_classes_a_row(table, folder):
    table["class"] = [["cat", "small"], ["dog"], ["cat"]]
    assert next(flow(table, folder))[1].tolist() == [[1, 0, 1], [0, 1, 0], [1, 0, 0]]
    assert next(flow(table, folder, classes=["dog", "small"]))[1].tolist() == [[0, 1], [1, 0]]


def test_a_table_can_be_limited_to_classes_and_split(table, folder):
    assert flow(table, folder, classes=["cat"]).filenames == ["cats/0.png", "cats/2.png"]
    assert flow(table, folder, subset="validation").filenames == ["cats/0.png"]
    assert flow(table, folder, subset="training").filenames == ["dogs/0.png", "cats/2.png"]
    assert flow(table, folder, class_mode="binary", classes=["dog", "cat"]).labels == [1, 0, 1]


def test_files_that_do_not_exist_are_left_out(table, folder):
    table.loc[1, "filename"] = "gone.png"
    with pytest.warns(UserWarning, match="1 of 3 names"):
        assert flow(table, folder).samples == 2
    assert flow(table, folder, validate_filenames=False).samples == 3


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"class_mode": "multi_output"}, TypeError, "needs a list of columns"),
        ({"x_col": "age"}, TypeError, "must be strings"),
        ({"y_col": "age"}, TypeError, "use class_mode='raw'"),
        ({"class_mode": "binary", "classes": ["cat"]}, ValueError, "needs two classes, found 1"),
        ({"class_mode": "raw", "classes": ["cat"]}, ValueError, "classes has no meaning"),
        ({"weight_col": "class"}, TypeError, "must hold numbers"),
        ({"class_mode": "many"}, ValueError, "class_mode must be one of"),
    ],
)
def test_bad_arguments_of_a_table_are_named(table, folder, options, error, message):
    with pytest.raises(error, match=message):
        flow(table, folder, **options)


def test_images_follow_the_default_format(folder):
    config.set_image_data_format("channels_first")
    try:
        batch = next(ImageDataGenerator().flow_from_directory(folder, target_size=(4, 4), class_mode=None))
    finally:
        config.set_image_data_format("channels_last")
    assert batch.shape == (5, 3, 4, 4)


@pytest.mark.parametrize("shape", [(8, 4, 3), (2, 4, 8, 3)])
def test_smart_resize_keeps_the_middle(shape):
    x = RNG.uniform(size=shape).astype("float32")
    assert image.smart_resize(x, (4, 4)).shape == (*shape[:-3], 4, 4, 3)
    middle = x[..., 2:6, :, :] if shape[-3] == 8 else x[..., 2:6, :]
    np.testing.assert_allclose(image.smart_resize(x, (4, 4)), middle, rtol=1e-6)
    first = image.smart_resize(np.moveaxis(x, -1, -3), (4, 4), data_format="channels_first")
    np.testing.assert_allclose(np.moveaxis(first, -3, -1), middle, rtol=1e-6)
