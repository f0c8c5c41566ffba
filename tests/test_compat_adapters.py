"""Models, layers and helper functions that only older Kerases had, in terms of live ones."""

import h5py
import jax
import numpy as np
import pytest

import jkeras
from jkeras import layers, models
from jkeras.compat import classes, engine, era, graph_model, members, recurrent, tf_layers
from jkeras.core.symbolic import KerasTensor

ONES = np.ones((4, 3), "float32")


@pytest.fixture(autouse=True, scope="module")
def compile_quickly():
    """Programs that run once need no optimisation."""
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


def dense(units, **options):
    return models.Sequential([layers.Dense(units, kernel_initializer="ones", **options)])


# ------------------------------------------------- Keras 0.x


def test_a_siamese_shares_its_layer_between_branches():
    left, right = dense(2, input_dim=3), dense(2, input_dim=3)
    shared = layers.Dense(2, kernel_initializer="ones")
    model = models.Sequential([graph_model.Siamese(shared, [left, right], merge_mode="sum")])
    assert model.predict([ONES, 2 * ONES], verbose=0)[0].tolist() == [18, 18]
    assert len(model.get_weights()) == 6


def test_a_siamese_without_merging_has_heads():
    shared = graph_model.Siamese(layers.Dense(2, kernel_initializer="ones"), [], merge_mode=None)
    assert np.asarray(graph_model.SiameseHead(1)(shared([ONES, 2 * ONES]))[0]).tolist() == [6, 6]


def test_a_shared_layer_ends_several_models():
    both = [dense(2, input_dim=3), dense(2, input_dim=3)]
    graph_model.add_shared_layer(layers.Dense(1), both)
    assert both[0].layers[-1] is both[1].layers[-1] and both[1].output_shape == (None, 1)


def test_lambda_merge_merges_by_a_function_with_arguments():
    merge = graph_model.LambdaMerge([dense(2, input_dim=3)] * 1, lambda x, k: x[0] * k, arguments={"k": 2.0})
    assert models.Sequential([merge]).predict(ONES, verbose=0)[0].tolist() == [6, 6]


@pytest.mark.parametrize("mode, value", [("sum", 4.0), ("ave", 2.0), ("mul", 3.0)])
def test_time_distributed_merge_reduces_the_steps(mode, value):
    assert np.asarray(graph_model.TimeDistributedMerge(mode)(np.array([[[1.0], [3.0]]]))).tolist() == [[value]]


def test_masked_layers_pass_masks_on():
    assert graph_model.MaskedLambda(lambda x: x).supports_masking and graph_model.MaskedLayer().supports_masking


def test_time_distributed_dense_checks_its_sizes():
    x, w = np.ones((1, 2, 3), "float32"), np.ones((3, 4), "float32")
    assert np.asarray(graph_model.time_distributed_dense(x, w, np.ones(4))).tolist() == [[[4] * 4] * 2]
    with pytest.raises(ValueError, match="5 features"):
        graph_model.time_distributed_dense(x, w, input_dim=5)


def test_a_graph_names_what_is_missing():
    graph = graph_model.Graph()
    graph.add_input("x", input_shape=(3,))
    with pytest.raises(ValueError, match="no node named 'y'"):
        graph.add_node(layers.Dense(2), "h", input="y")
    graph.add_shared_node(layers.Dense(2), "s", inputs=["x", "x"], merge_mode="sum")
    graph.add_output("out", input="s")
    with pytest.raises(ValueError, match="no data for 'out'"):
        graph.fit({"x": ONES})
    with pytest.raises(ValueError, match="already"):
        graph.add_input("x", input_shape=(3,))


def test_a_merge_of_branches_without_input_shape_says_so():
    with pytest.raises(ValueError, match="no input shape"):
        models.Sequential([layers.Merge([models.Sequential([layers.Dense(2)])])])


# ------------------------------------------------- recurrent layers by their step


class Sum(recurrent.Recurrent):
    units = 2

    def get_constants(self, inputs, training=None):
        return [10.0]

    def preprocess_input(self, inputs, training=None):
        return inputs * 2

    def step(self, inputs, states):
        total = states[0] + inputs + states[1]
        return total, [total]


def test_a_recurrent_layer_of_a_user_runs_its_step():
    x = np.ones((1, 3, 2), "float32")
    assert Sum()(x).tolist() == [[36, 36]]
    assert Sum(return_sequences=True)(x)[0, :, 0].tolist() == [12, 24, 36]
    assert [a.tolist() for a in Sum(return_state=True)(x)] == [[[36, 36]]] * 2
    masked = models.Sequential([layers.Masking(0.0, input_shape=(3, 2)), Sum()])
    x[0, 1] = 0
    assert masked.predict(x, verbose=0).tolist() == [[24, 24]]


def test_a_stateful_recurrent_layer_of_a_user_goes_on():
    layer = Sum(stateful=True, batch_input_shape=(1, 3, 2))
    model = models.Sequential([layer])
    x = np.ones((1, 3, 2), "float32")
    found = [float(model.predict(x, verbose=0)[0, 0]) for _ in range(2)]
    layer.reset_states()
    assert [*found, float(model.predict(x, verbose=0)[0, 0])] == [36, 72, 36]
    with pytest.raises(ValueError, match="expected states of shapes"):
        layer.reset_states([np.zeros((2, 2))])


def test_a_convolutional_recurrent_layer_starts_from_images_of_zeros():
    layer = recurrent.ConvRecurrent2D(5, 3, strides=2, padding="valid")
    (state,) = layer.get_initial_state(np.ones((2, 4, 9, 7, 3), "float32"))
    assert state.shape == (2, 4, 3, 5)


# ------------------------------------------------- members of old


def test_layers_have_the_members_of_older_kerases():
    model = models.Sequential([layers.Dense(2, input_dim=3, kernel_constraint="nonneg")])
    signature = model.compute_output_signature(KerasTensor((None, 3)))
    assert signature.shape == (None, 2) and model.stateful is False and model.dynamic is False
    outputs, mask, shape = model.run_internal_graph([ONES])
    assert outputs.shape == (4, 2) == shape and mask is None and model.model is model
    with pytest.raises(ValueError, match="shape"):
        model.layers[0].assert_input_compatibility(np.ones((4, 5)))
    both = layers.Bidirectional(layers.LSTM(1, kernel_constraint="nonneg"), input_shape=(2, 3))
    models.Sequential([both])
    assert len(both.constraints) == 2


def test_masks_of_dropout_are_given_by_recurrent_layers():
    layer = layers.GRU(2, dropout=0.5)
    assert len(layer.get_dropout_mask_for_cell(ONES, True, count=3)) == 3
    assert layer.get_recurrent_dropout_mask_for_cell(ONES, True) is None
    layer.reset_dropout_mask()


def test_an_attribute_of_old_does_not_hide_errors_of_todays():
    layer = layers.Dense(2)
    with pytest.raises(AttributeError, match="has not been called"):
        layer.input  # noqa: B018
    with pytest.raises(AttributeError, match="'nothing'"):
        layer.nothing  # noqa: B018
    assert not hasattr(layer, "W") and members.attribute(layer, "output_dim") == 2


def test_a_dynamic_layer_runs_eagerly():
    seen = []

    class Eager(layers.Layer):
        def call(self, x):
            seen.append(type(x).__name__)
            return x

    model = models.Sequential([Eager(dynamic=True, input_shape=(3,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    assert model.dynamic and model.run_eagerly


# ------------------------------------------------- keras.engine


def test_weights_go_into_groups_of_hdf5_files_and_come_back(tmp_path):
    first, second = dense(2, input_dim=3), models.Sequential([layers.Dense(2, input_dim=3)])
    names = [one.name for one in first.layers]
    second.layers[0].name = names[0]
    with h5py.File(tmp_path / "w.h5", "w") as file:
        engine.save_weights_to_hdf5_group(file, first.layers)
    with h5py.File(tmp_path / "w.h5") as file:
        assert engine.load_attributes_from_hdf5_group(file, "layer_names") == names
        engine.load_weights_from_hdf5_group(file, second.layers)
        assert second.get_weights()[0].tolist() == np.ones((3, 2)).tolist()
        engine.load_weights_from_hdf5_group_by_name(file, second.layers)
    wide = models.Sequential([layers.Dense(3, use_bias=True, input_dim=2)])
    with pytest.raises(ValueError):
        wide.load_weights(tmp_path / "w.h5")


def test_weights_of_another_shape_are_reshaped_where_asked(tmp_path):
    models.Sequential(
        [layers.Conv1D(2, 3, kernel_initializer="ones", use_bias=False, input_shape=(5, 2))]
    ).save_weights(tmp_path / "w.h5")
    wide = models.Sequential([layers.Dense(2, use_bias=False, input_dim=6)])
    wide.load_weights(tmp_path / "w.h5", reshape=True)
    assert wide.get_weights()[0].tolist() == np.ones((6, 2)).tolist()


def test_long_lists_of_names_are_spread_over_attributes(tmp_path):
    names = [f"{'n' * 500}{i}" for i in range(300)]
    with h5py.File(tmp_path / "a.h5", "w") as file:
        engine.save_attributes_to_hdf5_group(file, "names", names)
        assert "names" not in file.attrs and engine.load_attributes_from_hdf5_group(file, "names") == names


# (function, arguments) -> what Keras 2.2.4 gives
ENGINE = [
    (engine.make_batches, (5, 2), [(0, 2), (2, 4), (4, 5)]),
    (engine.collect_metrics, ({"a": "acc"}, ["a", "b"]), [["acc"], []]),
    (engine.collect_metrics, (["acc"], ["a", "b"]), [["acc"], ["acc"]]),
    (engine.standardize_sample_weights, ({"a": [1]}, ["a", "b"]), [[1], None]),
    (engine.standardize_class_weights, ({0: 1.0}, ["a"]), [{0: 1.0}]),
    (engine.standardize_input_data, (None, ["x", "y"]), [None, None]),
    (engine.check_num_samples, ([ONES], 2), 4),
    (engine.check_num_samples, ([ONES], None, 3), 4),
    (engine.check_num_samples, ([ONES], 2, 3), ValueError),
    (engine.check_num_samples, ([],), ValueError),
    (engine.standardize_input_data, ({"z": ONES}, ["x"]), ValueError),
    (engine.standardize_input_data, (ONES, ["x"], [(None, 4)]), ValueError),
    (engine.check_array_length_consistency, ([ONES], [ONES[:2]]), ValueError),
    (
        engine.check_loss_and_target_compatibility,
        ([np.ones((2, 1))], [jkeras.losses.categorical_crossentropy], [(None, 1)]),
        ValueError,
    ),
    (engine.standardize_weights, (np.ones((2, 1)), np.ones((2, 2))), ValueError),
    (engine.standardize_weights, (np.array([[0], [2]]), None, {0: 0.5}), ValueError),
]


@pytest.mark.parametrize("function, arguments, expected", ENGINE)
def test_a_helper_of_the_engine_gives_what_keras_2_2_4_gives(function, arguments, expected):
    if expected is ValueError:
        with pytest.raises(ValueError):
            function(*arguments)
    else:
        assert function(*arguments) == expected


def test_batches_are_shuffled_whole():
    assert sorted(engine.batch_shuffle(np.arange(5), 2).tolist()) == list(range(5))
    assert engine.batch_shuffle(np.arange(5), 2)[-1] == 4


# ------------------------------------------------- tf.keras, experimental


def test_a_dynamic_lookup_follows_what_it_sees():
    lookup = tf_layers.DynamicLookup(2, ["a", "b"])
    for _ in range(3):
        lookup(np.array(["c", "a"]))
    assert lookup(np.array(["c", "b"]), learn_vocab=False).tolist() == [2, 1]
    assert lookup.get_top_vocabulary(2) == ["c", "a"] and lookup.get_vocabulary() == ["a", "b"]


def test_a_dynamic_embedding_keeps_vectors_of_tokens_that_stay(tmp_path):
    embedding = tf_layers.DynamicEmbedding(3, 2, ["a", "b", "c"])
    before = np.asarray(embedding(np.array([["a", "b", "c"]])))[0]
    for _ in range(2):
        embedding(np.array([["x", "c", "a"]]))
    embedding.update_embeddings()
    after = np.asarray(embedding(np.array([["a", "c"]]), learn_vocab=False))[0]
    assert set(embedding.get_vocabulary()) == {"x", "c", "a"}
    np.testing.assert_array_equal(after, before[[0, 2]])
    embedding.save_assets(tmp_path)
    assert (tmp_path / "initial_vocabulary.txt").read_text() == "a\nb\nc"
    again = tf_layers.DynamicEmbedding.from_config(embedding.get_config())
    assert again.get_vocabulary() == ["a", "b", "c"]


def test_a_linear_model_adds_up_named_inputs():
    model = tf_layers.LinearModel(kernel_initializer="ones")
    assert np.asarray(model({"b": ONES, "a": 2 * ONES[:, :1]}))[0].tolist() == [5]
    with pytest.raises(ValueError, match="no input named 'b'"):
        model({"a": ONES})


def test_a_wide_and_deep_model_has_an_optimizer_for_each():
    model = tf_layers.WideDeepModel(tf_layers.LinearModel(), models.Sequential([layers.Dense(1)]))
    model.compile(optimizer=["sgd", jkeras.optimizers.SGD(0.0)], loss="mse")
    model.predict(ONES, verbose=0)
    wide, deep = (part.get_weights()[0].copy() for part in (model.linear_model, model.dnn_model))
    model.fit(ONES, np.full((4, 1), 5.0), verbose=0)
    assert (model.linear_model.get_weights()[0] != wide).all()
    np.testing.assert_array_equal(model.dnn_model.get_weights()[0], deep)


@pytest.mark.parametrize("splits, expected", [(None, 0.81505), (2, 0.62973)])
def test_a_step_of_sharpness_aware_minimization_is_that_of_its_paper(splits, expected):
    inner = models.Sequential([layers.Dense(1, kernel_initializer="ones", use_bias=False, input_dim=1)])
    model = tf_layers.SharpnessAwareMinimization(inner, rho=0.05, num_batch_splits=splits)
    model.compile(jkeras.optimizers.SGD(0.1), "mse")
    x = np.array([[1.0], [1.0], [1.0], [1.0]])
    model.fit(x, 0.12 * x, batch_size=4, verbose=0)
    # the loss is (w - .12)^2; its gradient is taken at the worst neighbour w + .05, for each part of the batch
    by_hand = 1 - 0.1 * 2 * (1.05 - 0.12) * (splits or 1)
    assert float(inner.get_weights()[0][0, 0]) == pytest.approx(by_hand, rel=1e-5)
    assert by_hand == pytest.approx(expected, abs=2e-3)


def test_crossed_categories_take_some_at_a_time():
    columns = [[["a"]], [["b"]], [["c"]]]
    assert classes.CategoryCrossing(depth=2)(columns).tolist() == [["a", "b", "c", "a_X_b", "a_X_c", "b_X_c"]]
    assert classes.CategoryCrossing(depth=(3,), separator="-")(columns).tolist() == [["a-b-c"]]


# ------------------------------------------------- functions of Keras 1


def test_arrays_are_saved_and_loaded_under_their_old_functions(tmp_path):
    from jkeras.utils.io_utils import load_array, save_array

    save_array(ONES, str(tmp_path / "a.h5"))
    np.testing.assert_array_equal(load_array(str(tmp_path / "a.h5")), ONES)


def test_pictures_are_listed_and_flipped_as_in_keras_1(tmp_path):
    from jkeras.preprocessing.image import horizontal_flip, list_pictures, vertical_flip

    for name in ("a.png", "b.txt", "c.jpg"):
        (tmp_path / name).write_bytes(b"")
    assert sorted(p[-5:] for p in list_pictures(str(tmp_path))) == ["a.png", "c.jpg"]
    x = np.arange(4).reshape(1, 2, 2)
    assert vertical_flip(horizontal_flip(x)).tolist() == [[[3, 2], [1, 0]]]


def test_a_layer_comes_from_its_config_or_name():
    from jkeras.utils.layer_utils import get_layer, layer_from_config

    assert layer_from_config({"class_name": "Dense", "config": {"output_dim": 3}}).units == 3
    assert isinstance(get_layer("Flatten"), layers.Flatten)


@pytest.mark.parametrize(
    ("rows", "columns", "kernel", "stride", "padding", "expected"),
    [
        (11, 11, 3, 2, "valid", None),
        (12, 11, 3, 2, "valid", (1, 0)),
        (10, 10, 3, 2, "same", None),
        (9, 9, 3, 2, "same", (0, 0)),
        (15, 15, 2, 3, "valid", None),
        (14, 15, 2, 3, "valid", (0, 1)),
        (14, 13, 4, 3, "same", (2, 1)),
    ],
)
def test_the_output_shape_of_a_transposed_convolution_of_keras_1_comes_out(
    rows, columns, kernel, stride, padding, expected
):

    with era("1"):
        layer = layers.Conv2DTranspose(
            2, kernel, kernel, output_shape=(None, rows, columns, 2), border_mode=padding, subsample=(stride, stride),
            dim_ordering="tf",
        )  # fmt: skip
    assert layer.output_padding == expected
    assert layer.compute_output_shape((None, 5, 5, 1)) == (None, rows, columns, 2)


@pytest.mark.parametrize("shape", [(None, 2, 11, 11), (11, 11, 2), (None, None, 12, 2)])
def test_an_output_shape_that_says_something_else_is_refused(shape):

    with era("1"), pytest.raises(ValueError, match="output_shape"):
        layers.Conv2DTranspose(2, 3, 3, output_shape=shape, subsample=(2, 2), dim_ordering="tf")
