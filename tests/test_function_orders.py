"""Functions whose arguments stood elsewhere, or were called otherwise, in older Kerases; helpers that only those had."""

import inspect
import threading
import types
from unittest import mock

import jax.numpy as jnp
import numpy as np
import pytest

import jkeras as keras
from jkeras.compat import era, functions, signatures
from jkeras.compat.h5dict import H5Dict
from jkeras.core import declare
from jkeras.utils import threads

PLACES = {
    "load_img": keras.utils.load_img,
    "plot_model": keras.utils.plot_model,
    "model_to_dot": keras.utils.model_to_dot,
    "MobileNetV2": keras.applications.MobileNetV2,
    **{
        f"ConvNeXt{s}": getattr(keras.applications, f"ConvNeXt{s}")
        for s in ("Tiny", "Small", "Base", "Large", "XLarge")
    },
    "Tokenizer": keras.preprocessing.text.Tokenizer.__init__,
    "NumpyArrayIterator": keras.preprocessing.image.NumpyArrayIterator.__init__,
    "DirectoryIterator": keras.preprocessing.image.DirectoryIterator.__init__,
    "ImageDataGenerator": keras.preprocessing.image.ImageDataGenerator.__init__,
    "ImageDataGenerator.flow": keras.preprocessing.image.ImageDataGenerator.flow,
    "ImageDataGenerator.flow_from_dataframe": keras.preprocessing.image.ImageDataGenerator.flow_from_dataframe,
    "deserialize_keras_object": keras.utils.deserialize_keras_object,
    "GeneratorEnqueuer": keras.utils.GeneratorEnqueuer.__init__,
}
OTHERWISE = {"grayscale": False, "depth_multiplier": 1, "has_ext": True}  # what leaves things as they are today
TODAY = {"model_name": "name", "identifier": "config"}
ROWS = [(name, time) for name, orders in signatures.FUNCTIONS.items() for time in orders]


@pytest.mark.parametrize(("name", "time"), ROWS)
def test_positional_arguments_mean_what_they_meant_then(name, time):
    function, order = PLACES[name], signatures.FUNCTIONS[name][time].split()
    values = [OTHERWISE.get(word, f"value of {word}") for word in order]
    with era(time):
        args, named = declare.era.translate(function.__wrapped__, tuple(values), {})
    expected = {TODAY.get(w, w): v for w, v in zip(order, values, strict=True) if w not in OTHERWISE}
    assert args == () and named == expected
    inspect.signature(function.__wrapped__).bind(**named)


@pytest.mark.parametrize(("name", "time"), ROWS)
def test_positions_that_are_shown_hold_in_every_keras(name, time):
    shown = [p.name for p in inspect.signature(PLACES[name]).parameters.values() if p.kind == p.POSITIONAL_OR_KEYWORD]
    order = [TODAY.get(word, word) for word in signatures.FUNCTIONS[name][time].split()]
    assert shown == order[: len(shown)]


def test_a_gray_image_was_asked_for_by_a_flag(tmp_path):
    keras.utils.save_img(tmp_path / "a.png", np.full((2, 2, 3), 7.0), scale=False)
    with era("2.2"):
        assert keras.utils.load_img(tmp_path / "a.png", True).mode == "L"
    assert keras.utils.load_img(tmp_path / "a.png", grayscale=True).mode == "L"
    assert keras.utils.load_img(tmp_path / "a.png", grayscale=False).mode == "RGB"


def test_the_axes_of_an_affine_transform_are_those_of_the_time():
    x = np.arange(12.0).reshape(2, 2, 3)
    transform = keras.preprocessing.image.apply_affine_transform
    with era("2.2"):
        found = transform(x, theta=90)
    np.testing.assert_allclose(found, transform(x, theta=90, row_axis=0, col_axis=1, channel_axis=2))


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda: keras.utils.to_categorical(y=[1, 0]).tolist(), [[0, 1], [1, 0]]),
        (lambda: keras.utils.to_ordinal(y=[1, 0]).tolist(), [[1], [0]]),
        (lambda: keras.preprocessing.text.text_to_word_sequence(text="a b"), ["a", "b"]),
        (lambda: len(keras.preprocessing.text.one_hot(text="a b", n=9)), 2),
        (lambda: keras.applications.MobileNetV2((32, 32, 3), 0.35, 1, False, None).output_shape, (None, 1, 1, 1280)),
    ],
)
def test_older_words_for_arguments_of_functions(call, expected):
    with era("2.2"):
        assert call() == expected


def test_an_argument_that_cannot_act_any_more_says_what_to_do():
    with pytest.raises(ValueError, match="depth_multiplier=2.*alpha"):
        keras.applications.MobileNetV2(depth_multiplier=2, weights=None)
    with pytest.raises(ValueError, match="has_ext=False.*endings"):
        keras.preprocessing.image.ImageDataGenerator().flow_from_dataframe([], has_ext=False)


def test_configs_of_keras_2_by_position():
    with era("2.2"):
        config = keras.utils.serialize_keras_object(keras.regularizers.L2(0.5))
        assert config == {"class_name": "L2", "config": {"l2": 0.5}}
        assert keras.utils.deserialize_keras_object("mine", {"mine": dict}) == {}
    assert keras.utils.deserialize_keras_object(identifier=config, module_objects=vars(keras.regularizers)).l2 == 0.5


def test_a_plot_leaves_out_the_layers_outside_of_a_range():
    pytest.importorskip("pydot")
    names = [keras.layers.Dense(2, name=f"dense_{i}") for i in range(4)]
    model = keras.Sequential([keras.Input((2,)), *names])
    text = keras.utils.model_to_dot(model, layer_range=("dense_1", "dense_2"), dpi=96).to_string()
    assert [f"dense_{i}" in text for i in range(4)] == [False, True, True, False] and text.count("->") == 1
    with pytest.raises(ValueError, match="layer_range"):
        keras.utils.model_to_dot(model, layer_range=("no", "dense_2"))


# ---- helpers


def test_the_body_of_a_function_is_loaded_only_where_code_is_trusted():
    number = 3
    dumped = functions.func_dump(lambda x, n=2: x * n + number)
    with pytest.raises(ValueError, match="enable_unsafe_deserialization"):
        functions.func_load(dumped)
    with mock.patch("jkeras.core.registry.trusts_code", lambda: True):
        assert functions.func_load(dumped)(5) == functions.func_load(*dumped)(5) == 13
        assert functions.func_load(functions.func_dump(lambda: name), globs={"name": 4})() == 4  # noqa: F821


def filled(target):
    group = H5Dict(target, mode="w")
    group["version"], group["names"], group["empty"] = "2.2.4", ["dense", "bias"], []
    group["inner"]["kernel"], group["inner"]["scalar"] = np.arange(6.0).reshape(2, 3), np.float32(3)
    group["inner"]["deep"]["x"] = 5
    group["long"] = [f"{i:0100}" for i in range(1000)]
    return group


@pytest.mark.parametrize("kind", ["file", "dict"])
def test_an_h5dict_holds_arrays_lists_and_groups(kind, tmp_path):
    with filled(str(tmp_path / "a.h5") if kind == "file" else {}) as group:
        assert group["version"] == "2.2.4" and group["names"] == ["dense", "bias"]
        assert group["inner"]["kernel"].tolist() == [[0, 1, 2], [3, 4, 5]] and group["inner"]["scalar"] == 3
        assert group["inner"]["deep"]["x"] == 5 and "inner" in group and "none" not in group
        assert group.get("none", 4) == 4 and len(group["long"]) == 1000 and group["long"][-1][-3:] == "999"
    if kind == "file":
        read = H5Dict(str(tmp_path / "a.h5"), mode="r")
        assert list(read) == ["inner"] and read["inner"].keys() == {"deep", "kernel", "scalar"}
        for wrong in (lambda: read["none"], lambda: read["inner"]["none"], lambda: read.update({"a": 1})):
            with pytest.raises(ValueError, match="mode 'r'"):
                wrong()
        read.close()


def test_an_h5dict_refuses_what_it_cannot_hold(tmp_path):
    group = filled(str(tmp_path / "a.h5"))
    with pytest.raises(KeyError, match="inner"):
        group["inner"] = 3
    with pytest.raises(RuntimeError, match="64512"):
        group["text"] = ["x" * 70000]
    with pytest.raises(TypeError, match="int"):
        H5Dict(3)
    group.close()


class Beat(keras.utils.TimedThread):
    def __init__(self, **kwargs):
        super().__init__(0.001, **kwargs)
        self.beaten = threading.Semaphore(0)

    def on_interval(self):
        self.beaten.release()


def test_a_timed_thread_goes_on_until_it_is_stopped():
    with Beat(name="beat") as beat:
        for _ in range(3):
            assert beat.beaten.acquire(timeout=20)
        assert beat.is_alive() and beat.thread.name == "beat" and beat.thread.daemon
        with pytest.warns(UserWarning, match="already running"):
            beat.start()
    beat.thread.join(20)
    assert not beat.is_alive()


def test_a_timed_thread_needs_something_to_do():
    with pytest.raises(NotImplementedError, match="on_interval"):
        keras.utils.TimedThread(1).on_interval()


# Steps per second and the steps per execution that tf_keras 2.21 comes to, with change_spe_interval=2.
SPEEDS = [10, 10, 14, 14, 9, 9, 9, 9, 9.1, 9.2, 20, 20, 3, 3, 3.1, 3.2, 0, 8, 8, 8]
STEPS = [8, 12, 12, 18, 18, 9, 9, 9, 9, 9, 9, 4, 4, 6, 6, 6, 6, 9, 9, 14]


def test_the_tuner_changes_the_steps_as_tf_keras_does():
    iteration, clock = [5], [100.0]
    optimizer = types.SimpleNamespace(iterations=types.SimpleNamespace(numpy=lambda: iteration[0]))
    tuner = threads.StepsPerExecutionTuner(optimizer, keras.Variable(8, dtype="int32"), 1, change_spe_interval=2)
    found = []
    with mock.patch("jkeras.utils.threads.time.time", lambda: clock[0]):
        tuner._begin_tuning()
        for speed in SPEEDS:
            clock[0] += 10
            iteration[0] += int(speed * 10)
            tuner._measure_and_tune()
            found.append(int(tuner.steps_per_execution.numpy()))
    assert found == STEPS


def test_the_tuner_runs_in_a_thread_beside_a_loop_of_ones_own():
    optimizer = keras.optimizers.SGD()
    tuner = keras.utils.StepsPerExecutionTuner(optimizer, keras.Variable(1, dtype="int32"), interval=0.001)
    thread = tuner.start()
    assert tuner.start() is thread
    tuner.stop()
    thread.join(20)
    tuner.steps_per_execution = 4
    assert not thread.is_alive() and int(tuner.steps_per_execution) == 4


def test_known_terms_keep_their_embeddings(tmp_path):
    old = np.arange(8.0, dtype="float32").reshape(4, 2)
    (tmp_path / "new.txt").write_text("a\nx\nb\n")
    found = keras.utils.warmstart_embedding_matrix(["unk", "a", "b", "a"], str(tmp_path / "new.txt"), old, "ones")
    np.testing.assert_array_equal(found, [[6, 7], [1, 1], [4, 5]])  # as tf_keras 2.21: the last of two equal terms
    with pytest.raises(ValueError, match=r"\(4, d\).*\(2, 2\)"):
        keras.utils.warmstart_embedding_matrix(["unk", "a", "b", "a"], ["a"], old[:2])


def test_an_iterator_of_ones_own_sets_what_it_needs_in_either_words():
    class Mine(keras.preprocessing.image.Iterator):
        def __init__(self, method):
            generator = keras.preprocessing.image.ImageDataGenerator(validation_split=0.25)
            getattr(self, method)(generator, (4, 6), "grayscale", None, None, "", "png", "training", "nearest")
            super().__init__(4, 2, False, None)

    for method in ("common_init", "set_processing_attrs"):
        mine = Mine(method)
        assert mine.image_shape == (4, 6, 1) and mine.split == (0.25, 1) and mine.n == 4


def test_gray_pictures_are_chosen_by_layers_under_the_names_of_keras_3():
    layer = keras.layers.RandomGrayscale(1.0)
    chosen = layer.get_random_transformation(images=jnp.ones((2, 3, 3, 3)))
    assert layer.transform_labels([1, 2], transformations=chosen) == [1, 2]
    assert layer.transform_segmentation_masks([3], transformations=chosen) == [3]


def test_an_embedding_is_quantized_by_the_shape_of_its_table():
    layer = keras.layers.Embedding(4, 3)
    layer.quantized_build(embeddings_shape=(4, 3), mode="int8")
    assert layer.embeddings.dtype == "int8"


CLASSES = [
    ("3", lambda k: k.layers.Conv3DTranspose(2, 2, 1, "same", "channels_first", None), "data_format", "channels_first"),
    (
        "tf2",
        lambda k: k.layers.Conv3DTranspose(2, 2, 1, "same", None, "channels_first"),
        "data_format",
        "channels_first",
    ),
    ("tf2", lambda k: k.layers.Conv3DTranspose(2, 2, 1, "same", None, None, 1, "relu", False), "use_bias", False),
    ("tf2", lambda k: k.layers.SimpleRNN(3, "relu", *[True, *["zeros"] * 3], *[None] * 7, 0.25), "dropout", 0.25),
    ("tf2", lambda k: k.metrics.SparseCategoricalCrossentropy("n", None, True, 3, -1), "from_logits", True),
    ("3", lambda k: k.metrics.SparseCategoricalCrossentropy("n", None, True, 3, -1), "ignore_class", 3),
    ("3", lambda k: k.optimizers.RMSprop(0.1, 0.9, 0.0, 1e-7, False, 0.25), "weight_decay", 0.25),
    ("3", lambda k: k.optimizers.Muon(0.1, 0.5, 0.5, 1e-7, 0.1, 0.004, 0.25), "clipnorm", 0.25),
    ("3", lambda k: k.optimizers.AdamW(0.1, 0.25, 0.5, 0.75), "beta_1", 0.5),
    ("2.2", lambda k: k.layers.ConvLSTM2DCell(3, 2, 1, "same", "channels_first"), "data_format", "channels_first"),
]


@pytest.mark.parametrize(("time", "make", "field", "value"), CLASSES)
def test_positional_arguments_of_classes_mean_what_they_meant_then(time, make, field, value):
    with era(time):
        assert getattr(make(keras), field) == value
