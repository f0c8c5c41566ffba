"""keras.backend: functions, gradients, the learning phase, Variables, settings, and use inside models."""

import numpy as np
import pytest

import jkeras as keras
from jkeras import backend as K


@pytest.fixture(autouse=True)
def fresh():
    yield
    K.clear_session()


def data(*shape):
    return np.random.RandomState(0).normal(size=shape).astype("float32")


def test_a_function_computes_several_outputs_and_assigns_its_updates():
    x, total = K.placeholder((None, 2)), K.variable(1.0)
    f = K.function([x], [K.sum(x), x * 2.0], updates=[K.update_add(total, K.sum(x))])
    a, b = f([np.ones((3, 2))])
    assert a == 6.0 and b.shape == (3, 2)
    f([np.ones((1, 2))])
    assert K.get_value(total) == 9.0


def test_a_function_assigns_values_that_need_no_input():
    x, zeroed, copied = K.placeholder(()), K.variable(1.0), K.variable(2.0)
    f = K.function([x], [x + zeroed], updates=[(zeroed, K.constant(0.0)), (copied, zeroed)])
    assert f([3.0]) == [4.0] and f([3.0]) == [3.0]
    assert K.eval(zeroed) == K.eval(copied) == 0.0


def test_single_values_print_as_in_keras():
    assert str(K.eval(K.variable(0.001))) == str(K.get_value(K.variable(0.001))) == "0.001"


@pytest.mark.parametrize(
    "act",
    [
        lambda x: K.slice(x, [0, 1], [2, 3]),
        lambda x: K.slice(x, [0], [2]),
        lambda x: K.repeat(x[None], 2),
        lambda x: K.conv2d_transpose(x[None, ..., None], K.ones((1, 1, 1, 1)), (1, 2, 3, 1), padding="full"),
        lambda x: K.local_conv1d(x[None], K.ones((3, 3, 1)), (1,), (1,)),
    ],
)
def test_sizes_that_do_not_fit_are_refused(act):
    with pytest.raises(ValueError, match=r"K\."):
        act(K.ones((2, 3)).value)


def test_a_function_reads_the_present_value_of_variables():
    x, scale = K.placeholder(()), K.variable(2.0)
    f = K.function([x], [x * scale])
    assert f([3.0]) == [6.0]
    K.set_value(scale, 5.0)
    assert f([3.0]) == [15.0]


def test_a_function_says_how_many_inputs_it_takes():
    with pytest.raises(ValueError, match="expected 1 inputs, received 2"):
        K.function([x := K.placeholder((2,))], [x])([1, 2])


def test_options_of_sessions_are_refused():
    with pytest.raises(ValueError, match="sessions"):
        K.function([x := K.placeholder((2,))], [x], feed_dict={})


def test_the_learning_phase_fed_to_a_function_turns_dropout_on_and_off():
    model = keras.Sequential([keras.Input((50,)), keras.layers.Dropout(0.5)])
    f = K.function([model.input, K.learning_phase()], [model.output])
    x = np.ones((4, 50), "float32")
    assert (f([x, 0])[0] == 1).all()
    dropped = f([x, 1])[0]
    assert set(np.unique(dropped)) == {0.0, 2.0}


def test_the_learning_phase_can_be_fixed_for_the_process_or_a_scope():
    x = K.constant([1.0])
    K.set_learning_phase(1)
    assert K.learning_phase() == 1 and K.eval(K.in_train_phase(x, -x)).tolist() == [1.0]
    with K.learning_phase_scope(0):
        assert K.eval(K.in_train_phase(x, -x)).tolist() == [-1.0]
    assert K.learning_phase() == 1
    with pytest.raises(ValueError, match="0 or 1"):
        K.set_learning_phase(2)


def test_in_train_phase_of_symbols_follows_the_phase_that_is_fed():
    x = K.placeholder((None,))
    f = K.function([x, K.learning_phase()], [K.in_train_phase(x, -x)])
    assert f([[3.0], 1])[0].tolist() == [3.0] and f([[3.0], 0])[0].tolist() == [-3.0]


def test_gradients_with_respect_to_inputs_and_variables_are_derivatives():
    x, w = K.placeholder((3,)), K.variable([1.0, 2.0, 3.0])
    by_x, by_w = K.gradients(K.sum(K.square(x) * w), [x, w])
    a, b = K.function([x], [by_x, by_w])([[1.0, 1.0, 2.0]])
    assert a.tolist() == [2.0, 4.0, 12.0] and b.tolist() == [1.0, 1.0, 4.0]


def test_gradients_of_arrays_name_what_to_use():
    with pytest.raises(ValueError, match="jax.grad"):
        K.gradients(K.constant(1.0), [K.variable(1.0)])


def test_grad_cam_weighs_the_maps_of_a_convolution():
    model = keras.Sequential([keras.Input((6, 6, 1)), keras.layers.Conv2D(3, 3, name="conv"), keras.layers.Flatten(),
                              keras.layers.Dense(2)])  # fmt: skip
    maps = model.get_layer("conv").output
    gradient = K.gradients(model.output[:, 1], maps)
    gradient = gradient[0] if isinstance(gradient, list) else gradient
    f = K.function([model.input], [maps, K.mean(gradient, axis=(0, 1, 2))])
    found, weights = f([data(1, 6, 6, 1)])
    kernel = model.get_weights()[2][:, 1].reshape(4, 4, 3)
    assert found.shape == (1, 4, 4, 3)
    np.testing.assert_allclose(weights, kernel.mean((0, 1)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("inside", [True, False])
def test_a_sampling_layer_draws_numbers_for_a_batch_of_any_size(inside):
    def sample(arguments):
        mean, log = arguments
        return mean + K.exp(log / 2) * K.random_normal(shape=(K.shape(mean)[0], 2))

    inputs = keras.Input((3,))
    parts = [keras.layers.Dense(2)(inputs), keras.layers.Dense(2)(inputs)]
    z = keras.layers.Lambda(sample, output_shape=(2,))(parts) if inside else sample(parts)
    assert z.shape == (None, 2)
    model = keras.Model(inputs, keras.layers.Dense(3)(z))
    model.compile("sgd", "mse")
    model.fit(data(10, 3), data(10, 3), batch_size=4, epochs=1, verbose=0)
    assert model.predict(data(5, 3), verbose=0).shape == (5, 3)


def test_functions_of_k_serve_as_losses_and_metrics_in_fit():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", lambda t, p: K.mean(K.square(t - p), axis=-1), metrics=[lambda t, p: K.max(K.abs(t - p))])
    history = model.fit(data(8, 3), data(8, 1), epochs=2, verbose=0).history
    assert history["loss"][1] < history["loss"][0]


def test_reshape_refuses_sizes_that_depend_on_values():
    x, n = K.placeholder((None,)), K.placeholder((), dtype="int32")
    with pytest.raises(ValueError, match="K.shape"):
        K.reshape(x, (n, -1))


def test_values_of_variables_are_read_and_written_in_batches():
    a, b = K.variable([1.0]), K.variable([2.0])
    K.batch_set_value([(a, [5.0]), (b, np.array([6.0]))])
    assert [v.tolist() for v in K.batch_get_value([a, b])] == [[5.0], [6.0]]


def test_updates_of_arrays_are_assigned_at_once():
    a = K.variable(1.0)
    K.update(a, K.constant(4.0))
    K.update_add(a, 2.0)
    K.update_sub(a, 1.0)
    K.moving_average_update(a, K.constant(10.0), 0.5)
    assert K.get_value(a) == 7.5


def test_questions_about_kinds_of_tensors_are_answered():
    x, v, c = K.placeholder((None, 2)), K.variable(1.0), K.constant(1.0)
    assert K.is_keras_tensor(x) and not K.is_keras_tensor(v) and K.is_placeholder(x) and not K.is_placeholder(v)
    assert K.is_tensor(x) and K.is_tensor(c) and not K.is_tensor(1.0) and K.is_variable(v) and not K.is_variable(c)
    assert not K.is_sparse(x) and K.ndim(x) == 2 and K.int_shape(x) == (None, 2) and K.dtype(x) == "float32"
    with pytest.raises(ValueError, match="expected a tensor"):
        K.is_keras_tensor([1])


@pytest.mark.parametrize("name", ["random_normal", "random_uniform", "truncated_normal"])
def test_random_tensors_with_a_seed_repeat(name):
    draw = getattr(K, name)
    assert draw((20,), seed=3).tolist() == draw((20,), seed=3).tolist()


def test_random_bits_and_variables_have_the_asked_distribution():
    assert abs(float(K.random_bernoulli((4000,), 0.3, seed=1).mean()) - 0.3) < 0.03
    assert abs(float(K.random_binomial((4000,), 0.3, seed=1).mean()) - 0.3) < 0.03
    assert abs(K.get_value(K.random_normal_variable((2000,), 3.0, 0.1, seed=1)).mean() - 3.0) < 0.02
    drawn = K.get_value(K.random_uniform_variable((2000,), 1.0, 2.0, seed=1))
    assert drawn.min() >= 1.0 and drawn.max() <= 2.0


def test_dropout_scales_what_it_keeps():
    assert set(np.unique(K.dropout(K.ones((100,)), 0.5, seed=1))) == {0.0, 2.0}


def test_the_names_of_layouts_of_keras_1_are_understood():
    before = K.image_data_format()
    K.set_image_dim_ordering("th")
    assert K.image_data_format() == "channels_first" and K.image_dim_ordering() == "th"
    K.set_image_data_format(before)
    with pytest.raises(ValueError, match="'tf' or 'th'"):
        K.set_image_dim_ordering("x")


def test_names_are_counted_per_prefix_until_they_are_reset():
    K.reset_uids()
    assert [K.get_uid("a"), K.get_uid("a"), K.get_uid("b")] == [1, 2, 1]
    K.reset_uids()
    assert K.get_uid("a") == 1


@pytest.mark.parametrize("call", [lambda: K.set_session(None), lambda: K.manual_variable_initialization(True)])
def test_what_sessions_needed_warns_that_it_has_no_effect(call):
    with pytest.warns(UserWarning, match="no effect"):
        call()


def test_labels_become_sparse_parts():
    indices, values, shape = K.ctc_label_dense_to_sparse(np.array([[1, 2, 0], [3, 0, 0]]), np.array([2, 1]))
    assert indices.tolist() == [[0, 0], [0, 1], [1, 0]] and values.tolist() == [1, 2, 3] and shape.tolist() == [2, 3]


def test_import_of_jkeras_does_not_import_the_backend():
    import subprocess
    import sys

    code = "import sys, jkeras; sys.exit('jkeras.backend' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_rnn_leaves_out_the_steps_beyond_the_length_of_a_sample():
    def step(x, states):
        return x + states[0], [x + states[0]]

    last, _, _ = K.rnn(step, K.ones((2, 4, 1)), [K.zeros((2, 1))], input_length=np.array([2, 4]))
    assert last.tolist() == [[2.0], [4.0]]


def test_print_tensor_shows_as_many_values_as_asked(capsys):
    K.print_tensor(K.arange(10), "now", summarize=2)
    assert capsys.readouterr().out == "now [0 1 ... 8 9]\n"
