"""Models as pictures, and what Keras 2 had for models as a whole."""

import shutil

import numpy as np
import pytest

import jkeras as keras


@pytest.fixture(scope="module")
def model():
    inner = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3, activation="relu", name="deep")], name="inner")
    a = keras.Input((3,), name="a")
    b = inner(a)
    return keras.Model(a, keras.layers.Add(name="both")([a, b]) * 2, name="outer")


def edges_of(dot):
    names = {node.get_name(): node.get_label() for node in all_nodes(dot) if node.get_label()}

    def name(identity):
        return names[identity].split("<b>")[1].split("</b>")[0]

    return {(name(edge.get_source()), name(edge.get_destination())) for edge in dot.get_edges()}


def all_nodes(dot):
    return dot.get_nodes() + [node for part in dot.get_subgraphs() for node in all_nodes(part)]


def test_each_layer_is_a_node_and_each_connection_an_edge(model):
    pytest.importorskip("pydot")
    found = edges_of(keras.utils.model_to_dot(model))
    assert {("a", "inner"), ("a", "both"), ("inner", "both")} < found and len(found) == 4


def test_nested_models_are_shown_as_clusters(model):
    pytest.importorskip("pydot")
    found = edges_of(keras.utils.model_to_dot(model, expand_nested=True))
    assert {("a", "deep"), ("deep", "both")} < found


def test_labels_tell_what_was_asked_for(model):
    pytest.importorskip("pydot")
    dense = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="relu", name="deep")])
    dot = keras.utils.model_to_dot(
        dense, show_shapes=True, show_dtype=True, show_layer_activations=True, show_trainable=True
    )
    text = dot.to_string()
    for part in ("deep", "(None, 4)", "(None, 3)", "float32", "relu", "Trainable"):
        assert part in text


def test_a_model_without_weights_yet_is_refused():
    with pytest.raises(ValueError, match="has not yet been built"):
        keras.utils.model_to_dot(keras.Sequential([keras.layers.Dense(1)]))


def test_plot_model_draws_or_says_what_is_missing(model, tmp_path):
    pytest.importorskip("pydot")
    if shutil.which("dot"):
        keras.utils.plot_model(model, tmp_path / "model.png")
        assert (tmp_path / "model.png").stat().st_size > 0
    else:
        with pytest.raises(ImportError, match="Graphviz"):
            keras.utils.plot_model(model, tmp_path / "model.png")


def test_kernels_are_turned_around_and_back():
    model = keras.Sequential(
        [keras.Input((5, 5, 1)), keras.layers.Conv2D(2, 3), keras.layers.Flatten(), keras.layers.Dense(1)]
    )
    before = model.get_weights()
    keras.utils.convert_all_kernels_in_model(model)
    after = model.get_weights()
    np.testing.assert_array_equal(after[0], before[0][::-1, ::-1])
    np.testing.assert_array_equal(after[2], before[2])


@pytest.mark.parametrize("gpus", [2, 99, [0, 99]])
def test_a_script_for_more_devices_than_there_are_runs(model, gpus):
    assert keras.utils.multi_gpu_model(model, gpus=gpus) is model


def test_a_single_device_is_no_multi_gpu_model(model):
    with pytest.raises(ValueError, match="gpus"):
        keras.utils.multi_gpu_model(model, gpus=1)


def test_print_summary_prints_to_the_function(model):
    lines = []
    keras.utils.print_summary(model, print_fn=lambda line, **_: lines.append(line))
    assert "inner" in "\n".join(lines)


def test_dense_kernels_follow_a_change_of_the_data_format():
    from jkeras.utils.layer_utils import convert_dense_weights_data_format

    pictures = np.arange(2 * 3 * 4, dtype="float32").reshape(1, 2, 3, 4)  # channels last
    dense = keras.layers.Dense(2)
    before = np.asarray(dense(pictures.reshape(1, -1)))
    convert_dense_weights_data_format(dense, (4, 2, 3), "channels_first")
    np.testing.assert_allclose(dense(pictures.transpose(0, 3, 1, 2).reshape(1, -1)), before, 1e-5)
    convert_dense_weights_data_format(dense, (2, 3, 4), "channels_last")
    np.testing.assert_allclose(dense(pictures.reshape(1, -1)), before, 1e-5)


def test_older_helpers_are_found_where_keras_2_had_them():
    from jkeras.utils.conv_utils import deconv_length, normalize_tuple
    from jkeras.utils.generic_utils import has_arg, transpose_shape

    from jkeras.utils.data_utils import validate_file

    assert deconv_length(4, 2, 3, "valid", 1) == 10 and callable(validate_file) and has_arg(deconv_length, "padding")
    assert transpose_shape((1, 2, 3), "channels_first", (1,)) == (1, 3, 2)
    with pytest.raises(ValueError, match="strides"):
        normalize_tuple((1, 2), 3, "strides")
