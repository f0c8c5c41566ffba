"""jkeras.utils: labels, data sets as chains of steps, folders, splits, packing."""

import copy
import threading
import wave

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jkeras import utils
from jkeras.utils.dataset import AUTOTUNE, INFINITE, UNKNOWN, Dataset
from jkeras.utils.numeric import categorical_probas_to_classes, probas_to_classes

# --- labels


@pytest.mark.parametrize("labels", [[0, 2, 1], [[0], [2], [1]], np.array([0.0, 2.0, 1.0]), jnp.array([0, 2, 1])])
def test_to_categorical_gives_one_hot_rows(labels):
    rows = utils.to_categorical(labels)
    assert isinstance(rows, jax.Array) == isinstance(labels, jax.Array)
    assert np.asarray(rows).tolist() == [[1, 0, 0], [0, 0, 1], [0, 1, 0]]


def test_to_categorical_keeps_other_axes_and_takes_a_type():
    assert utils.to_categorical(np.zeros((2, 3), int), 4, dtype="float16").shape == (2, 3, 4)
    assert utils.to_categorical([1], 2).dtype == np.float64 and utils.to_categorical([1], 2, "int8").dtype == np.int8
    assert utils.to_categorical(1, 3).tolist() == [0, 1, 0] and utils.to_categorical([], 3).shape == (0, 3)


def test_to_categorical_works_under_jit():
    rows = jax.jit(lambda y: utils.to_categorical(y, 3))(jnp.array([2, 0]))
    assert rows.tolist() == [[0, 0, 1], [1, 0, 0]]
    with pytest.raises(ValueError, match="num_classes is needed"):
        jax.jit(utils.to_categorical)(jnp.array([2, 0]))


@pytest.mark.parametrize(
    ("labels", "count", "message"),
    [
        ([0, 3], 3, r"must lie in 0\.\.2 for num_classes=3, received 0\.\.3"),
        ([-1, 1], None, r"received -1\.\.1"),
        ([0.5], None, "received fractions"),
        (["a"], None, "expected integer labels"),
        ([], None, "received no labels"),
    ],
)
@pytest.mark.parametrize("function", [utils.to_categorical, utils.to_ordinal])
def test_labels_that_cannot_be_are_named(function, labels, count, message):
    with pytest.raises(ValueError, match=message):
        function(labels, count)


def test_to_ordinal_gives_as_many_ones_as_the_label():
    assert utils.to_ordinal([[0], [3]], 4).tolist() == [[0, 0, 0], [1, 1, 1]]
    assert utils.to_ordinal([0, 2], dtype="int32").dtype == np.int32


@pytest.mark.parametrize("make", [np.array, jnp.array, list])
@pytest.mark.parametrize(("order", "expected"), [(2, [[0.6, 0.8], [0, 0]]), (1, [[3 / 7, 4 / 7], [0, 0]])])
def test_normalize_divides_by_the_norm(make, order, expected):
    np.testing.assert_allclose(utils.normalize(make([[3.0, 4.0], [0.0, 0.0]]), order=order), expected, rtol=1e-6)
    np.testing.assert_allclose(utils.normalize(make([[3.0], [4.0]]), axis=0), [[0.6], [0.8]], rtol=1e-6)


def test_probabilities_become_classes():
    assert probas_to_classes([0.2, 0.7]).tolist() == probas_to_classes([[0.2], [0.7]]).tolist() == [0, 1]
    assert probas_to_classes([[0.2, 0.8]]).tolist() == categorical_probas_to_classes([[0.2, 0.8]]).tolist() == [1]


def test_packing_and_unpacking():
    assert utils.unpack_x_y_sample_weight(utils.pack_x_y_sample_weight(1, 2, 3)) == (1, 2, 3)
    assert utils.unpack_x_y_sample_weight([1]) == (1, None, None)
    with pytest.raises(ValueError, match="a tuple of 4 parts"):
        utils.unpack_x_y_sample_weight((1, 2, 3, 4))


def test_every_public_name_loads_and_an_unknown_one_does_not():
    assert all(getattr(utils, name) is not None for name in dir(utils))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        utils.nothing  # noqa: B018


def test_a_missing_extra_is_named():
    from jkeras.utils.extras import need

    with pytest.raises(ImportError, match=r"this use needs no_such_package.*pip install 'jkeras\[images\]'"):
        need("no_such_package.part", "images", "this use")


# --- Dataset


def numbers(data):
    return [np.asarray(x).tolist() for x in data]


TEN = Dataset.range(10)
CHAINS = {
    "map": (TEN.map(lambda x: x * 2), [0, 2, 4, 6, 8, 10, 12, 14, 16, 18], 10),
    "map in threads": (TEN.map(lambda x: x * 2, AUTOTUNE), [0, 2, 4, 6, 8, 10, 12, 14, 16, 18], 10),
    "map in two threads": (TEN.map(lambda x: x + 1, 2), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 10),
    "filter": (TEN.filter(lambda x: x % 4 == 0), [0, 4, 8], UNKNOWN),
    "batch": (TEN.batch(4), [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]], 3),
    "batch of whole ones": (TEN.batch(4, drop_remainder=True), [[0, 1, 2, 3], [4, 5, 6, 7]], 2),
    "unbatch": (TEN.batch(4).unbatch(), list(range(10)), UNKNOWN),
    "take": (TEN.take(3), [0, 1, 2], 3),
    "take more": (TEN.take(30), list(range(10)), 10),
    "skip": (TEN.skip(8), [8, 9], 2),
    "skip more": (TEN.skip(12), [], 0),
    "shard": (TEN.shard(4, 1), [1, 5, 9], 3),
    "repeat": (TEN.take(2).repeat(3), [0, 1, 0, 1, 0, 1], 6),
    "endless": (TEN.take(2).repeat().take(5), [0, 1, 0, 1, 0], 5),
    "nothing repeated": (TEN.take(0).repeat(), [], 0),
    "concatenate": (TEN.take(1).concatenate(TEN.skip(9)), [0, 9], 2),
    "flat_map": (TEN.take(3).flat_map(lambda n: Dataset.range(n)), [0, 0, 1], UNKNOWN),
    "prefetch": (TEN.prefetch(AUTOTUNE), list(range(10)), 10),
    "cache": (TEN.cache(), list(range(10)), 10),
    "apply": (TEN.apply(lambda data: data.take(1)), [0], 1),
    "with_options": (TEN.take(1).with_options(None), [0], 1),
    "from_tensors": (Dataset.from_tensors([1, 2]), [[1, 2]], 1),
    "batch of a filter": (TEN.filter(lambda x: x < 3).batch(2), [[0, 1], [2]], UNKNOWN),
}


@pytest.mark.parametrize("name", CHAINS)
def test_each_step_gives_its_elements_again_and_again(name):
    data, expected, size = CHAINS[name]
    assert numbers(data) == expected and numbers(data) == expected
    assert numbers(data.as_numpy_iterator()) == expected and data.cardinality() == size
    assert bool(data) and (size < 0 or len(data) == size)


def test_elements_of_several_parts():
    data = Dataset.from_tensor_slices({"x": np.arange(4), "y": (np.arange(4) * 2, np.arange(4) * 3)})
    batch = next(iter(data.batch(3)))
    assert batch["x"].tolist() == [0, 1, 2] and batch["y"][1].tolist() == [0, 3, 6]
    pairs = Dataset.zip((TEN, TEN.skip(7)))
    assert [(int(a), int(b)) for a, b in pairs] == [(0, 7), (1, 8), (2, 9)] and len(pairs) == 3
    assert [int(a + b) for a, b in Dataset.zip(TEN, TEN).map(lambda a, b: (a, b + 1))] == list(range(1, 21, 2))
    assert [int(a) for a, b in Dataset.zip(TEN, TEN).filter(lambda a, b: a > 7)] == [8, 9]
    assert numbers(Dataset.zip(TEN.take(2), TEN).flat_map(lambda a, b: Dataset.range(2))) == [0, 1, 0, 1]
    assert [(int(i), int(x)) for i, x in TEN.skip(8).enumerate(1)] == [(1, 8), (2, 9)]
    assert TEN.reduce(0, lambda state, x: state + int(x)) == 45


def test_sizes_of_endless_and_unknown_sets():
    endless, unknown = TEN.repeat(), TEN.filter(bool)
    assert endless.cardinality() == INFINITE == endless.concatenate(TEN).cardinality() == TEN.repeat(-1).cardinality()
    assert unknown.concatenate(TEN).cardinality() == Dataset.zip(unknown, TEN).cardinality() == UNKNOWN
    assert (
        unknown.take(3).cardinality() == unknown.skip(3).cardinality() == unknown.shard(2, 0).cardinality() == UNKNOWN
    )
    assert unknown.repeat(2).cardinality() == UNKNOWN and Dataset.zip(endless, TEN).cardinality() == 10
    with pytest.raises(TypeError, match="infinite"):
        len(endless)
    with pytest.raises(TypeError, match="not known"):
        len(unknown)


def test_shuffle_is_seeded_and_new_in_each_pass():
    data = TEN.shuffle(10, seed=1)
    first, second = numbers(data), numbers(data)
    assert first != second and sorted(first) == sorted(second) == list(range(10))
    again = TEN.shuffle(10, seed=1)
    assert [numbers(again), numbers(again)] == [first, second]
    fixed = TEN.shuffle(10, seed=1, reshuffle_each_iteration=False)
    assert numbers(fixed) == numbers(fixed)
    assert sorted(numbers(TEN.shuffle(3))) == list(range(10)) and numbers(TEN.shuffle(1, seed=5)) == list(range(10))


def test_cache_computes_once():
    calls = []
    data = TEN.map(lambda x: calls.append(1) or x).cache()
    next(iter(data))  # a pass that is not finished keeps nothing
    assert numbers(data) == numbers(data) == list(range(10)) and len(calls) == 11


def test_prefetch_ends_its_thread_when_the_reader_leaves():
    before = set(threading.enumerate())
    iterator = iter(TEN.repeat().prefetch(2))
    assert next(iterator) == 0
    (own,) = set(threading.enumerate()) - before
    del iterator
    own.join(5)
    assert not own.is_alive()


def test_an_error_in_a_map_reaches_the_reader():
    for workers in (None, 2):
        with pytest.raises(ZeroDivisionError):
            numbers(TEN.map(lambda x: 1 // int(x * 0), workers).prefetch(1))


def test_a_generator_gives_elements_of_the_types_asked_for():
    def rows(count=2):
        for i in range(count):
            yield i, [i, i]

    plain = Dataset.from_generator(rows)
    assert [x.tolist() for x in next(iter(plain))] == [0, [0, 0]] and plain.cardinality() == UNKNOWN
    typed = Dataset.from_generator(rows, output_types=(np.int32, np.float32), args=(3,))
    assert [x.dtype for x in next(iter(typed))] == [np.int32, np.float32] and len(list(typed)) == 3
    signature = (jax.ShapeDtypeStruct((), "int8"), jax.ShapeDtypeStruct((2,), "float64"))
    assert next(iter(Dataset.from_generator(rows, output_signature=signature)))[1].dtype == np.float64


def test_batches_can_be_padded():
    ragged = Dataset.range(1, 4).map(lambda n: np.arange(n))
    assert next(iter(ragged.padded_batch(3))).tolist() == [[0, 0, 0], [0, 1, 0], [0, 1, 2]]
    assert next(iter(ragged.padded_batch(2, padded_shapes=(4,), padding_values=-1))).tolist()[0] == [0, -1, -1, -1]
    pairs = ragged.map(lambda x: {"x": x, "n": len(x)}).padded_batch(2, padding_values={"x": 9, "n": 0})
    assert next(iter(pairs))["x"].tolist() == [[0, 9], [0, 1]]
    tuples = ragged.map(lambda x: (x, x)).padded_batch(3, padded_shapes=((None,), (5,)))
    assert [part.shape for part in next(iter(tuples))] == [(3, 3), (3, 5)]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Dataset.from_tensor_slices((np.zeros(2), np.zeros(3))), r"one length, received \[2, 3\]"),
        (lambda: TEN.batch(0), "at least 1, received 0"),
    ],
)
def test_bad_steps_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_model_trains_on_a_data_set():
    import jkeras as keras

    x = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
    data = Dataset.from_tensor_slices((x, x.sum(1, keepdims=True))).shuffle(64, seed=0).batch(16).prefetch(2)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    history = model.fit(data, epochs=3, validation_data=data, verbose=0).history
    assert history["loss"][-1] < history["loss"][0] and len(model.predict(data, verbose=0)) == 64


# --- windows and splits


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sampling_rate": 0}, "sampling_rate must lie"),
        ({"sequence_stride": 10}, "sequence_stride must lie"),
        ({"start_index": -1}, "start_index must lie"),
        ({"start_index": 5, "end_index": 5}, "end_index must lie"),
        ({"end_index": 10}, "end_index must lie"),
        ({"format": "csv"}, "format must be"),
    ],
)
def test_windows_outside_the_data_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        utils.timeseries_dataset_from_array(np.arange(10), None, 3, **options)


def test_windows_in_random_order_keep_their_targets():
    data = utils.timeseries_dataset_from_array(np.arange(10), np.arange(10) * 10, 3, shuffle=True, batch_size=None)
    pairs = [(x.tolist(), int(y)) for x, y in data]
    assert all(x[0] * 10 == y for x, y in pairs) and sorted(y for _, y in pairs) == list(range(0, 80, 10))
    batched = utils.timeseries_dataset_from_array(np.arange(10), None, 3, shuffle=True, seed=1, batch_size=4)
    assert sum(len(batch) for batch in batched) == 8


class Items:
    def __len__(self):
        return 4

    def __getitem__(self, i):
        if i >= 4:
            raise IndexError
        return np.full(2, i), i


def test_data_sets_and_items_can_be_split():
    left, right = utils.split_dataset(TEN.batch(4), left_size=6)
    assert numbers(left) == [[0, 1, 2, 3], [4, 5]] and numbers(right) == [[6, 7, 8, 9]]
    left, right = utils.split_dataset(TEN, right_size=0.2)
    assert len(left) == 8 and numbers(right) == [8, 9]
    left, right = utils.split_dataset(Items(), left_size=1)
    assert [int(y) for _, y in right] == [1, 2, 3]
    left, _ = utils.split_dataset({"a": np.arange(4)}, left_size=3, shuffle=True)
    assert len(list(left)) == 3


@pytest.mark.parametrize(
    ("data", "options", "error", "message"),
    [
        (np.arange(4), {}, ValueError, "give left_size, right_size or both"),
        (np.arange(4), {"left_size": "half"}, TypeError, "left_size must be a number, received str"),
        (np.arange(4), {"left_size": True}, TypeError, "left_size must be a number, received bool"),
        (np.arange(4), {"left_size": 4}, ValueError, "number below 4, received 4"),
        (np.arange(4), {"right_size": 1.5}, ValueError, "received 1.5"),
        (np.arange(4), {"left_size": 3, "right_size": 2}, ValueError, "cannot be split into 3 and 2"),
        (np.arange(4), {"left_size": 0.01}, ValueError, "cannot be split into 0 and 4"),
        ([], {"left_size": 1}, ValueError, "must hold arrays"),
        ([[1, 2]], {"left_size": 1}, ValueError, "must hold arrays"),
        (3, {"left_size": 1}, TypeError, "received int"),
        (np.arange(4), {"left_size": 1, "preferred_backend": "torch"}, ValueError, "preferred_backend"),
    ],
)
def test_splits_that_cannot_be_are_named(data, options, error, message):
    with pytest.raises(error, match=message):
        utils.split_dataset(data, **options)


# --- folders


@pytest.fixture
def folder(tmp_path):
    from jkeras.preprocessing.image import save_img

    for name, count in (("cats", 4), ("dogs", 4), (".hidden", 1)):
        (tmp_path / name).mkdir()
        for i in range(count):
            save_img(tmp_path / name / f"{i}.png", np.full((4, 6, 3), i * 10.0), scale=False)
            (tmp_path / name / f"{i}.txt").write_text(f"{name} {i}")
            write_wav(tmp_path / name / f"{i}.wav", 5 + i)
    return tmp_path


def write_wav(path, length, width=2):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(width)
        file.setframerate(10)
        file.writeframes(bytes(length * width))


def test_both_parts_of_a_folder_do_not_overlap(folder, capsys):
    train, held_out = utils.image_dataset_from_directory(
        folder, validation_split=0.25, subset="both", seed=1, image_size=(4, 6)
    )
    output = capsys.readouterr().out
    assert "Found 8 files belonging to 2 classes." in output
    assert "Using 6 files for training." in output and "Using 2 files for validation." in output
    assert not set(train.file_paths) & set(held_out.file_paths) and train.class_names == ["cats", "dogs"]
    for data in (train, held_out):
        for x, y in data:
            assert x.dtype == np.float32 and y.dtype == np.int32 and x.shape[1:] == (4, 6, 3)
    labels = {path: int("dogs" in path) for path in held_out.file_paths}
    assert list(labels.values()) == next(iter(held_out))[1].tolist()


def test_a_folder_gives_another_order_in_each_pass(folder):
    data = utils.text_dataset_from_directory(folder, verbose=False, seed=3, batch_size=None)
    passes = [[str(x) for x, _ in data] for _ in range(2)]
    assert passes[0] != passes[1] and sorted(passes[0]) == sorted(passes[1])
    assert all((str(x).startswith("dogs")) == int(y) for x, y in data)


def test_images_of_each_kind(folder):
    def shape(**options):
        data = utils.image_dataset_from_directory(folder, image_size=(5, 5), verbose=False, shuffle=False, **options)
        return next(iter(data))[0].shape

    assert shape(color_mode="grayscale") == (8, 5, 5, 1) and shape(data_format="channels_first") == (8, 3, 5, 5)
    assert shape(pad_to_aspect_ratio=True) == shape(crop_to_aspect_ratio=True) == (8, 5, 5, 3)
    data = utils.image_dataset_from_directory(folder, image_size=(6, 6), verbose=False, pad_to_aspect_ratio=True)
    image = max((x for batch, _ in data for x in batch), key=lambda x: x.max())
    assert (image[0] == 0).all() and (image[1:5] == 30).all() and (image[5] == 0).all()


def test_classes_have_the_order_given(folder):
    data = utils.text_dataset_from_directory(folder, class_names=["dogs", "cats"], shuffle=False, verbose=False)
    texts, labels = next(iter(data))
    assert labels.tolist() == [0] * 4 + [1] * 4 and texts[0] == "dogs 0" and data.class_names == ["dogs", "cats"]


def test_labels_can_be_given_or_left_out(folder):
    labels = list(range(8))
    data = utils.text_dataset_from_directory(folder / "cats", labels=[5, 6, 5, 6], verbose=False, shuffle=False)
    assert next(iter(data))[1].tolist() == [5, 6, 5, 6] and data.class_names == ["5", "6"]
    alone = utils.text_dataset_from_directory(folder / "cats", labels=None, verbose=False)
    assert alone.class_names is None and next(iter(alone)).shape == (4,)
    with pytest.raises(ValueError, match="8 labels for 4 files"):
        utils.text_dataset_from_directory(folder / "cats", labels=labels, verbose=False)


def test_sounds(folder):
    def first(**options):
        return next(iter(utils.audio_dataset_from_directory(folder, verbose=False, shuffle=False, **options)))[0]

    assert first().shape == (8, 8, 1) and first(output_sequence_length=3).shape == (8, 3, 1)
    assert first(sampling_rate=20, output_sequence_length=16).shape == (8, 16, 1)
    ragged = first(ragged=True)
    assert ragged.dtype == object and [len(x) for x in ragged] == [5, 6, 7, 8] * 2
    alone = utils.audio_dataset_from_directory(folder, ragged=True, labels=None, verbose=False)
    assert next(iter(alone)).shape == (9,)


@pytest.mark.parametrize(
    ("function", "options", "message"),
    [
        ("image", {"color_mode": "cmyk"}, "color_mode must be"),
        ("image", {"interpolation": "cubic"}, "interpolation must be"),
        ("image", {"image_size": 8}, "image_size must be"),
        ("image", {"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}, "Only one of"),
        ("audio", {"ragged": True, "output_sequence_length": 3}, "Only one of ragged"),
        ("audio", {"sampling_rate": 0.5}, "sampling_rate must be"),
        ("text", {"labels": "guessed"}, "received 'guessed'"),
        ("text", {"labels": 3}, "received int"),
        ("text", {"labels": None, "class_names": ["a"]}, "labels='inferred' only"),
        ("text", {"label_mode": "one_hot"}, "label_mode must be"),
        ("text", {"format": "csv"}, "format must be"),
        ("text", {"validation_split": 2, "subset": "training"}, "between 0 and 1"),
        ("text", {"validation_split": 0.5}, "given together"),
        ("text", {"validation_split": 0.5, "subset": "test"}, "subset must be"),
        ("text", {"validation_split": 0.5, "subset": "training"}, "give a seed"),
        ("text", {"class_names": ["birds"]}, "not all folders"),
        ("text", {"validation_split": 0.1, "subset": "validation", "shuffle": False}, "No validation files in"),
    ],
)
def test_bad_arguments_of_a_folder_are_named(folder, function, options, message):
    with pytest.raises(ValueError, match=message):
        getattr(utils, f"{function}_dataset_from_directory")(folder, verbose=False, **options)


def test_two_classes_are_needed_for_binary_labels(folder):
    with pytest.raises(ValueError, match="needs two classes, found"):
        utils.text_dataset_from_directory(folder, class_names=["cats"], label_mode="binary", verbose=False)


def test_folders_without_files_and_missing_ones_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"No files in .*Looked for \.txt"):
        utils.text_dataset_from_directory(tmp_path, verbose=False)
    with pytest.raises(ValueError, match="There is no folder"):
        utils.text_dataset_from_directory(tmp_path / "gone")


@pytest.mark.parametrize(("content", "message"), [(b"no sound", "no WAV file"), (None, "only 16-bit PCM is read")])
def test_sounds_that_cannot_be_read_are_named(tmp_path, content, message):
    (tmp_path / "a").mkdir()
    write_wav(tmp_path / "a" / "x.wav", 4, width=1) if content is None else (tmp_path / "a/x.wav").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        list(utils.audio_dataset_from_directory(tmp_path, verbose=False))


def test_grain_data_sets(folder):
    pytest.importorskip("grain")
    data = utils.text_dataset_from_directory(folder, format="grain", verbose=False, seed=1, batch_size=4)
    assert sum(len(y) for _, y in data) == 8
    windows = utils.timeseries_dataset_from_array(np.arange(10), None, 3, format="grain", shuffle=True, seed=1)
    assert sum(len(x) for x in windows) == 8
    single = utils.timeseries_dataset_from_array(np.arange(10), np.arange(10), 3, format="grain", batch_size=None)
    assert [int(y) for _, y in single] == list(range(8))


# --- Config and HDF5Matrix


def test_a_config_is_a_dict_with_attributes():
    config = utils.Config(b=1, a=2)
    config.c = 3
    config["d"] = 4
    config.update(e=5)
    assert config.c == config["c"] == config.get("c") == 3 and config.get("z", 9) == 9 and len(config) == 5
    assert config.as_dict() == {"b": 1, "a": 2, "c": 3, "d": 4, "e": 5} and list(config) == ["a", "b", "c", "d", "e"]
    assert list(config.keys()) == ["b", "a", "c", "d", "e"] and list(config.values())[0] == 1
    assert dict(config.items()) == config.as_dict() and config.pop("b") == 1 and "b" not in config
    del config["a"]
    assert repr(config) == "<Config {'c': 3, 'd': 4, 'e': 5}>" and config.to_json() == '{"c": 3, "d": 4, "e": 5}'
    assert copy.copy(config).as_dict() == config.as_dict()


def test_a_frozen_config_cannot_change():
    config = utils.Config(units=1)
    config.freeze()
    for change in (
        lambda: setattr(config, "units", 2),
        lambda: config.update(x=1),
        lambda: config.pop("units"),
        lambda: config.__delitem__("units"),
    ):
        with pytest.raises(ValueError, match="is frozen"):
            change()
    assert config.frozen and config.units == 1
    config.unfreeze()
    config.units = 2
    assert config.units == 2


def test_a_config_suggests_the_nearest_name():
    with pytest.raises(AttributeError, match="units"):
        utils.Config(units=1).unit  # noqa: B018


@pytest.fixture
def matrix(tmp_path):
    import h5py

    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["x"] = np.arange(40).reshape(20, 2)
    return lambda **options: utils.HDF5Matrix(tmp_path / "x.h5", "x", **options)


def test_rows_of_an_hdf5_file(matrix):
    x = matrix(start=5, end=15, normalizer=lambda rows: rows / 2)
    assert len(x) == 10 and x.shape == (10, 2) and x.ndim == 2 and x.size == 20 and x.dtype == np.float64
    assert x[0].tolist() == [5, 5.5] and x[-1].tolist() == [14, 14.5] and x[2:4].shape == (2, 2)
    assert x[[3, 1, 3]][:, 0].tolist() == [8, 6, 8] and x[np.array([0, 9])][:, 0].tolist() == [5, 14]
    assert np.asarray(x).shape == (10, 2) and np.asarray(matrix(), dtype="float32").dtype == np.float32


@pytest.mark.parametrize("key", [20, [1, 20], slice(0, 21), -21])
def test_rows_outside_an_hdf5_file_are_named(matrix, key):
    with pytest.raises(IndexError, match="but there are 20"):
        matrix()[key]


def test_a_model_trains_on_an_hdf5_file(matrix):
    import jkeras as keras

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    history = model.fit(matrix(normalizer=lambda x: x / 40), np.zeros((20, 1)), batch_size=5, verbose=0).history
    assert np.isfinite(history["loss"][0])
