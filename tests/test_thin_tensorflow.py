"""What stands for ``tensorflow``: tensors, tapes, compiled functions and data sets."""

import ast
import pathlib
import sys

import jax
import numpy as np
import pytest

import jkeras as keras
from jkeras.compat import tensorflow as tf

X = np.array([[1.0, -2.0], [3.0, 4.0]], "float32")


@pytest.mark.parametrize(
    "found, expected",
    [
        (lambda: tf.reduce_sum(X, axis=1), [-1, 7]),
        (lambda: tf.reduce_mean(tf.constant([1.0, 3.0])), 2),
        (lambda: tf.math.reduce_variance(tf.constant([1.0, 3.0])), 1),
        (lambda: tf.matmul(X, X, transpose_b=True), X @ X.T),
        (lambda: tf.concat([X, X], 0), np.concatenate([X, X])),
        (lambda: tf.stack([1, 2]), [1, 2]),
        (lambda: tf.gather(X, [1]), X[[1]]),
        (lambda: tf.gather_nd(X, [[1, 0]]), [3]),
        (lambda: tf.scatter_nd([[1]], [5.0], [3]), [0, 5, 0]),
        (lambda: tf.one_hot([0, 2], 3), [[1, 0, 0], [0, 0, 1]]),
        (lambda: tf.where(X > 0, X, 0.0), np.maximum(X, 0)),
        (lambda: tf.clip_by_value(X, -1, 2), np.clip(X, -1, 2)),
        (lambda: tf.clip_by_global_norm([tf.constant([3.0, 4.0])], 1.0)[0][0], [0.6, 0.8]),
        (lambda: tf.argmax(X, axis=1), [0, 1]),
        (lambda: tf.cast(X, tf.int32), X.astype(int)),
        (lambda: tf.transpose(X), X.T),
        (lambda: tf.nn.relu(X), np.maximum(X, 0)),
        (lambda: tf.nn.softmax(tf.zeros((1, 4))), [[0.25] * 4]),
        (lambda: tf.nn.sigmoid_cross_entropy_with_logits(labels=[1.0], logits=[0.0]), [np.log(2)]),
        (lambda: tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[1], logits=[[0.0, 0.0]]), [np.log(2)]),
        (lambda: tf.linalg.norm(tf.constant([3.0, 4.0])), 5),
        (lambda: tf.linalg.diag([1.0, 2.0]), np.diag([1, 2])),
        (lambda: tf.range(2, 6, 2), [2, 4]),
        (lambda: tf.map_fn(lambda x: x * 2, tf.constant([1.0, 2.0])), [2, 4]),
        (lambda: tf.while_loop(lambda i: i < 5, lambda i: i + 2, [tf.constant(0)])[0], 6),
        (lambda: tf.pad([[1]], [[0, 1], [1, 0]]), [[0, 1], [0, 0]]),
        (lambda: tf.einsum("ij,kj->ik", X, X), X @ X.T),
        (lambda: 1 - tf.constant([1.0, 2.0]) ** 2, [0, -3]),
    ],
)  # fmt: skip
def test_a_function_gives_the_values_of_tensorflow(found, expected):
    np.testing.assert_allclose(found().numpy(), expected, rtol=1e-6)


def test_a_tensor_says_its_shape_and_dtype_as_in_tensorflow():
    x = tf.constant([[1.0, 2.0]])
    assert x.shape.as_list() == [1, 2] and x.dtype == tf.float32 and tf.constant([1]).dtype == tf.int32
    assert repr(x.dtype) == "tf.float32" and isinstance(x.numpy(), np.ndarray) and float(x[0, 1]) == 2
    assert str(tf.constant(1.5)) == "tf.Tensor(1.5, shape=(), dtype=float32)"


def test_a_tape_gives_gradients_of_variables_and_watched_tensors():
    w, x = tf.Variable([2.0, 3.0]), tf.constant([4.0, 5.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(w * w * x)
    of_w, of_x = tape.gradient(y, [w, x])
    assert of_w.numpy().tolist() == [16, 30] and of_x.numpy().tolist() == [4, 9]


def test_a_tape_is_used_once_unless_it_is_persistent():
    x = tf.Variable(3.0)
    with tf.GradientTape(persistent=True) as tape:
        y, z = x * x, x * 2.0
    assert float(tape.gradient(y, x)) == 6 and float(tape.gradient(z, x)) == 2
    with tf.GradientTape() as tape:
        y = x * x
    tape.gradient(y, x)
    with pytest.raises(RuntimeError, match="persistent"):
        tape.gradient(y, x)


def test_what_the_target_does_not_depend_on_has_no_gradient():
    x, other = tf.Variable(1.0), tf.Variable(1.0)
    with tf.GradientTape() as tape:
        y = x * 2.0
    assert tape.gradient(y, [other])[0] is None


def test_tapes_in_one_another_give_second_derivatives():
    x = tf.Variable(3.0)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            y = x * x * x
        first = inner.gradient(y, x)
    assert float(first) == 27 and float(outer.gradient(first, x)) == 18


def test_a_jacobian_has_the_axes_of_target_and_source():
    x = tf.constant([1.0, 2.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
    assert tape.jacobian(y, x).numpy().tolist() == [[2, 0], [0, 4]]


def trained(compile_step):
    keras.utils.set_random_seed(2)
    model = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(3, activation="tanh", kernel_regularizer="l2"),
            keras.layers.BatchNormalization(),
            keras.layers.Dense(1),
        ]
    )
    loss, optimizer = keras.losses.MeanSquaredError(), keras.optimizers.Adam(0.01)

    def step(x, y):
        with tf.GradientTape() as tape:
            value = loss(y, model(x, training=True)) + sum(model.losses)
        gradients = tape.gradient(value, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return value

    step = tf.function(step) if compile_step else step
    return [float(step(X, np.ones((2, 1), "float32"))) for _ in range(4)], model.get_weights()


def test_a_loop_with_a_tape_trains_as_fit_does_compiled_or_not():
    (eager, weights), (compiled, same) = trained(False), trained(True)
    np.testing.assert_allclose(eager, compiled, rtol=1e-5)
    for a, b in zip(weights, same, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
    keras.utils.set_random_seed(2)
    assert eager[-1] < eager[0]


def test_a_function_that_decides_by_values_runs_step_by_step(caplog):
    @tf.function
    def sign(x):
        return "up" if x > 0 else "down"

    assert sign(tf.constant(1.0)) == "up" and sign(tf.constant(-1.0)) == "down"
    assert "runs step by step" in caplog.text


def test_a_data_set_feeds_functions_loops_and_fit():
    data = tf.data.Dataset.from_tensor_slices((X, [1.0, 2.0])).map(lambda x, y: (x * 2.0, y)).batch(2)
    ((x, y),) = list(data)
    assert x.numpy().tolist() == (X * 2).tolist() and y.shape.as_list() == [2]
    zipped = tf.data.Dataset.zip((tf.data.Dataset.range(2), tf.data.Dataset.range(2).map(lambda i: i + 1)))
    assert [(int(a), int(b)) for a, b in zipped] == [(0, 1), (1, 2)]
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    assert np.isfinite(model.fit(data, verbose=0).history["loss"][0])


def test_switches_and_queries_of_tensorflow_are_taken():
    assert len(tf.config.list_physical_devices("CPU")) >= 1
    tf.compat.v1.disable_eager_execution()
    with tf.compat.v1.Session(config=tf.compat.v1.ConfigProto()) as session:
        session.run(tf.compat.v1.global_variables_initializer())
    with tf.distribute.MirroredStrategy().scope():
        assert keras.layers.Dense(1)(X).shape == (2, 1)
    assert tf.io.gfile.exists(__file__)


@pytest.mark.parametrize("name", ["contrib", "lite", "something_else"])
def test_a_name_that_cannot_be_offered_says_so(name):
    with pytest.raises(AttributeError, match=f"tf.{name} is not offered on JAX"):
        getattr(tf, name)


@pytest.mark.parametrize(
    "call",
    [
        lambda: tf.compat.v1.placeholder("float32"),
        lambda: tf.saved_model.load("x"),
        lambda: tf.compat.v1.Session().run("x"),
    ],
)
def test_what_has_no_meaning_on_jax_says_what_to_use(call):
    with pytest.raises(NotImplementedError, match="is not offered on JAX"):
        call()


def test_operators_on_the_weights_of_layers_are_seen_by_a_tape():
    layer = keras.layers.Dense(1, kernel_initializer="ones")
    layer.build((None, 2))
    with tf.GradientTape() as tape:
        penalty = tf.reduce_sum(layer.kernel**2) + tf.reduce_sum(3.0 * layer.kernel[0]) - tf.reduce_sum(-layer.kernel)
    assert tape.gradient(penalty, layer.kernel).numpy().tolist() == [[6], [3]]


def test_a_compiled_function_draws_anew_in_each_call_and_the_same_after_seeding():
    draw = tf.function(lambda: tf.random.normal((3,)))
    first, second = draw(), draw()
    assert first.numpy().tolist() != second.numpy().tolist()
    tf.random.set_seed(3)
    again = draw()
    tf.random.set_seed(3)
    assert draw().numpy().tolist() == again.numpy().tolist()


def test_a_generator_goes_on_in_compiled_functions():
    source = tf.random.Generator.from_seed(1)
    drawn = [tf.function(lambda: source.uniform((2,)))() for _ in range(2)]
    eager = tf.random.Generator.from_seed(1)
    expected = [eager.uniform((2,)) for _ in range(2)]
    np.testing.assert_array_equal(drawn[0], expected[0])
    np.testing.assert_array_equal(drawn[1], expected[1])


def test_second_derivatives_see_the_noise_of_the_first():
    x, drop = tf.constant(np.ones((1, 64), "float32")), keras.layers.Dropout(0.5)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = tf.reduce_sum(drop(x * x, training=True))
        slope = inner.gradient(y, x)
    kept = slope.numpy() > 0
    assert 10 < kept.sum() < 54 and ((outer.gradient(slope, x).numpy() > 0) == kept).all()


def test_an_optimizer_inside_a_compiled_function_is_traced_twice_at_most():
    model, optimizer, traces = keras.Sequential([keras.layers.Dense(1)]), keras.optimizers.Adam(0.1), []

    @tf.function
    def step(x):
        traces.append(1)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(model(x) ** 2)
        optimizer.apply_gradients(
            zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables, strict=True)
        )
        return loss

    losses = [float(step(tf.constant(X))) for _ in range(3)]
    assert len(traces) <= 3 and losses[2] < losses[0] and int(optimizer.iterations) == 3


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: tf.gather(X, [0], nonsense=1), "tf.gather got an unexpected argument 'nonsense'"),
        (lambda: tf.reduce_sum(X, 0, False, None, 5), "tf.reduce_sum takes 3 arguments"),
        (lambda: tf.reduce_sum(), "tf.reduce_sum needs 'input_tensor'"),
        (lambda: tf.reduce_sum(X, input_tensor=X), "was given 'input_tensor' twice"),
        (lambda: tf.nn.moments(X, [0], shift=X), "shift is not offered"),
        (lambda: tf.matmul(X, X, transpose_a=True, adjoint_a=True), "only one of transpose_a and adjoint_a"),
        (lambda: tf.map_fn(lambda v: v, X, fn_output_signature=tf.int32), "int32 was announced"),
        (lambda: tf.Variable(1.0, caching_device="cpu"), "caching_device"),
        (lambda: tf.Variable("text"), "variables of text"),
        (lambda: tf.function(lambda: 1, experimental_implements="x"), "experimental_implements"),
        (lambda: tf.function(lambda: 1, nonsense=1), "nonsense"),
        (lambda: tf.function(lambda x: x, input_signature=[tf.TensorSpec((2,))])(tf.ones(3)), "input_signature"),
        (lambda: tf.function(lambda x: 1 if x > 0 else 2, autograph=False)(tf.constant(1.0)), "autograph=False"),
        (lambda: tf.random.normal((2,), sigma=2), "tf.random.normal got an unexpected argument 'sigma'"),
        (lambda: tf.image.random_flip_left_right(X[..., None], sed=1), "unexpected argument 'sed'"),
        (lambda: tf.io.decode_jpeg(b"no picture"), "no picture"),
        (lambda: tf.square(tf.strings.split(["a b", "c"]), 1), "tf.square"),
        (lambda: tf.reshape(tf.ragged.constant([[1], [2, 3]]), [3]), "tf.reshape takes no RaggedTensor"),
        (lambda: tf.argmax(tf.sparse.eye(2)), "tf.argmax takes no SparseTensor"),
        (lambda: tf.data.Options().__setattr__("speed", 1), "no option 'speed'"),
        (lambda: tf.config.experimental.set_memory_growth(1, True, 3), "takes device, enable"),
        (lambda: tf.debugging.assert_near(1.0, 1.1, message="far"), "far"),
        (lambda: tf.debugging.check_numerics([np.nan], "here"), "here : Tensor had NaN"),
        (lambda: tf.constant([1.0]).assign([2.0]), "no attribute 'assign'"),
        (lambda: tf.nn.embedding_lookup(X, [7]), "indices must lie in"),
        (lambda: tf.linalg.LinearOperatorDiag, "tf.linalg.LinearOperatorDiag is not offered on JAX: use the matrix"),
        (lambda: tf.train.Nonsense, "tf.train.Nonsense is not offered"),
        (lambda: tf.feature_column, "use keras.layers"),
        (lambda: tf.train.Checkpoint(f=len), "keeps no variables"),
        (lambda: tf.lookup.KeyValueTensorInitializer([1, 2], [1]), "2 keys for 1 values"),
        (lambda: tf.summary.scalar("a", [1.0, 2.0], step=0), "expected one number"),
    ],
)  # fmt: skip
def test_an_argument_acts_or_raises(call, words):
    with pytest.raises((TypeError, ValueError, AttributeError), match=words):
        call()


@pytest.mark.parametrize(
    "old, today",
    [
        (
            lambda: tf.reduce_sum(X, reduction_indices=1, keep_dims=True),
            lambda: tf.reduce_sum(X, axis=1, keepdims=True),
        ),
        (lambda: tf.argmax(X, dimension=1), lambda: tf.argmax(X, axis=1)),
        (lambda: tf.mul(X, X), lambda: tf.multiply(X, X)),
        (lambda: tf.to_float([1, 2]), lambda: tf.cast([1, 2], tf.float32)),
        (lambda: tf.select(X > 0, X, -X), lambda: tf.where(X > 0, X, -X)),
        (lambda: tf.log(X**2), lambda: tf.math.log(X**2)),
        (lambda: tf.nn.dropout(X, keep_prob=1.0), lambda: tf.constant(X)),
        (lambda: tf.compat.v1.matrix_band_part(X, 0, 0), lambda: tf.linalg.band_part(X, 0, 0)),
    ],
)
def test_names_of_tensorflow_1_stand_for_todays(old, today):
    assert old().numpy().tolist() == today().numpy().tolist()


def test_an_assertion_inside_a_compiled_function_is_checked_when_it_runs():
    checked = tf.function(lambda x: tf.debugging.check_numerics(tf.math.log(x), "log"))
    assert checked(tf.constant(1.0)).numpy() == 0
    with pytest.raises(Exception, match="Tensor had NaN"):
        checked(tf.constant(-1.0))
        jax.effects_barrier()


def test_tensors_are_printed_each_time_a_function_runs(capsys):
    shown = tf.function(lambda x: tf.print("x is", x, output_stream=sys.stdout))
    for value in ([1.0, 2.5], [3.0, 4.0]):
        shown(tf.constant(value))
    jax.effects_barrier()
    assert capsys.readouterr().out == "x is [1 2.5]\nx is [3 4]\n"


def test_files_of_pictures_feed_a_data_set(tmp_path):
    picture = np.arange(48, dtype="uint8").reshape(4, 4, 3)
    for name in ("a", "b"):
        tf.io.write_file(str(tmp_path / name / "one.png"), tf.io.encode_png(picture))
    data = tf.data.Dataset.list_files(str(tmp_path / "*" / "*.png"), shuffle=False)

    def read(path):
        image = tf.image.decode_image(tf.io.read_file(path), channels=3)
        return tf.image.convert_image_dtype(image, tf.float32), tf.strings.split(path, "/")[-2]

    images, labels = next(iter(data.map(read).batch(2)))
    np.testing.assert_allclose(images[1], picture / 255, rtol=1e-6)
    assert labels.numpy().tolist() == [b"a", b"b"]


def test_variables_made_in_a_function_live_for_one_call_unless_they_are_kept():
    class Lazy(tf.Module):
        weight = None

        @tf.function
        def add(self, x):
            if self.weight is None:
                self.weight = tf.Variable(2.0)
            passing = tf.Variable(1.0)
            passing.assign_add(x)
            self.weight.assign_add(passing)
            return self.weight * 1.0

    lazy = Lazy()
    assert [float(lazy.add(tf.constant(3.0))) for _ in range(2)] == [6, 10] and float(lazy.weight) == 10


def test_a_function_that_keeps_new_variables_each_time_raises():
    kept = []
    grow = tf.function(lambda: kept.append(tf.Variable(1.0)))
    with pytest.raises(ValueError, match="Make them once"):
        grow()


def test_a_function_gives_text_and_numbers_of_python_as_they_are():
    found = tf.function(lambda x: {"text": tf.constant("a"), "n": 3, "x": x + 1})(tf.constant(1))
    assert found["text"].numpy() == b"a" and found["n"] == 3 and int(found["x"]) == 2


HINTS = (  # about speed, labels and TensorFlow's own bookkeeping: they change no number
    "parallel_iterations swap_memory infer_shape fallback_to_while_loop warn stateful control_inputs partial use_locking "
    "experimental_enable_variable_lifting use_resource buffer_size num_parallel_reads a_is_sparse b_is_sparse deterministic "
    "synchronous use_unbounded_threadpool num_parallel_calls stable sorted expand_composites tensor_array_name "
    "colocate_with_first_write_call cuda_only experimental_use_pfor experimental_relax_shapes experimental_compile "
    "session target feed_dict options run_metadata ys xs values device kind copy memo name sloppy max_queue flush_millis "
    "experimental_trackable experimental_is_anonymous"
)


def test_no_function_ignores_an_argument_that_is_no_hint():
    ignored, hints = [], set(HINTS.split())
    for path in pathlib.Path(tf.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                given = {a.arg for a in (*node.args.args, *node.args.kwonlyargs)} - {"self", "cls", "axis", "_"}
                used = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
                ignored += [f"{path.name} {node.name}: {a}" for a in given - used - hints]
    assert not ignored


def test_a_layer_that_computes_with_tensors_gives_arrays_to_fit():
    class Shifted(keras.layers.Layer):
        def call(self, x):
            return x + tf.constant([1.0, 2.0])

    model = keras.Sequential([Shifted(), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    assert np.isfinite(model.fit(X, np.ones((2, 1)), verbose=0).history["loss"][0])


def test_metrics_and_weights_give_tensors():
    mean = keras.metrics.Mean()
    mean.update_state(tf.constant([1.0, 2.0]))
    assert mean.result().numpy() == 1.5 and mean(4.5).numpy() == 2.5
    layer = keras.layers.Dense(2)
    layer.build((None, 2))
    assert layer.kernel[:, 0].numpy().shape == (2,)


def test_a_compiled_train_step_of_a_script_is_used_by_fit_and_by_itself():
    class Own(keras.Model):
        def __init__(self):
            super().__init__(self)
            self.dense = keras.layers.Dense(1)

        def call(self, x, training=False):
            return self.dense(x)

        @tf.function
        def train_step(self, data):
            x, y = data
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((y - self(x, training=True)) ** 2)
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
            return {"loss": loss}

    model = Own()
    model.compile(keras.optimizers.SGD(0.01))
    first = model.fit(X, np.ones((2, 1), "float32"), verbose=0).history["loss"][0]
    assert model.train_step([tf.constant(X), tf.ones((2, 1))])["loss"].numpy() < first


def test_a_sequential_model_built_by_its_first_call_takes_other_lengths():
    model = keras.Sequential([keras.layers.Dense(3), keras.layers.Dense(2)])
    assert [tuple(model(tf.ones((2, n, 4))).shape) for n in (5, 7)] == [(2, 5, 2), (2, 7, 2)]
    with pytest.raises(ValueError, match="expects shape"):
        keras.Sequential([keras.Input((5, 4)), keras.layers.Dense(3)])(tf.ones((2, 7, 4)))


def test_functions_of_tensors_standardize_and_split_texts():
    def lower(text):
        return tf.strings.join(["[S]", tf.strings.regex_replace(tf.strings.lower(text), "[^ a-z¿]", "")], separator=" ")

    layer = keras.layers.TextVectorization(standardize=lower, split=lambda text: tf.strings.split(text, " "))
    layer.adapt(tf.data.Dataset.from_tensor_slices(["¿A b.", "b"]).batch(2))
    assert layer.get_vocabulary()[2:] == ["b", "[S]", "¿a"]
    assert layer(tf.constant(["b ¿a!"])).numpy().tolist() == [[3, 2, 4]]


def test_layers_take_ragged_and_sparse_tensors():
    lookup = keras.layers.StringLookup(vocabulary=["a", "b"])
    ids = lookup(tf.ragged.constant([["a", "x"], ["b"]]))
    assert ids.to_list() == [[1, 0], [2]]
    vectors = keras.layers.Embedding(3, 4)(ids)
    assert vectors.shape.as_list() == [2, None, 4]
    assert keras.layers.LSTM(5)(vectors).shape.as_list() == [2, 5]
    assert keras.layers.GRU(5, return_sequences=True)(vectors).shape.as_list() == [2, None, 5]
    mean = keras.layers.GlobalAveragePooling1D()(vectors)
    np.testing.assert_allclose(mean, tf.reduce_mean(vectors, axis=1), rtol=1e-5)
    sparse = tf.sparse.from_dense([[0.0, 1.0], [2.0, 0.0]])
    dense = keras.layers.Dense(3)
    np.testing.assert_allclose(dense(sparse), dense(tf.sparse.to_dense(sparse)))
    with pytest.raises(TypeError, match="Conv1D takes no RaggedTensor"):
        keras.layers.Conv1D(2, 1)(vectors)


def test_data_sets_of_utils_are_those_of_tf_data():
    tf.start()
    data = keras.utils.timeseries_dataset_from_array(np.arange(10.0), None, 3, batch_size=4)
    assert data.element_spec.shape.as_list() == [None, 3] and next(iter(data)).numpy().shape == (4, 3)


def test_summaries_in_a_compiled_function_are_written_each_time_it_runs(tmp_path):
    from jkeras.compat.tensorflow import records

    writer = tf.summary.create_file_writer(str(tmp_path))

    @tf.function
    def step(x, n):
        with writer.as_default():
            tf.summary.scalar("x", x * 2, step=n)

    for n in range(3):
        step(tf.constant(1.0), tf.constant(n))
    jax.effects_barrier()
    writer.close()
    (file,) = tmp_path.iterdir()
    assert len(list(records.records_of(str(file)))) == 4 and step.experimental_get_tracing_count() == 1


def test_a_strategy_runs_functions_and_reduces_what_they_give():
    strategy = tf.distribute.MirroredStrategy(cross_device_ops=tf.distribute.NcclAllReduce())

    def step(x):
        context = tf.distribute.get_replica_context()
        return context.all_reduce(tf.distribute.ReduceOp.SUM, tf.reduce_sum(x))

    data = strategy.experimental_distribute_dataset(tf.data.Dataset.range(4).batch(2))
    assert [int(strategy.reduce("SUM", strategy.run(step, args=(x,)), axis=None)) for x in data] == [1, 5]
    assert len(strategy.experimental_local_results(tf.constant(1.0))) == 1
    with pytest.raises(ValueError, match="JAX finds TPUs"):
        tf.distribute.cluster_resolver.TPUClusterResolver()


def test_the_losses_of_some_drawn_classes_are_differentiable():
    weights, biases, x = tf.Variable(tf.ones((20, 2))), tf.Variable(tf.zeros(20)), tf.Variable(X)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.nn.nce_loss(weights, biases, [[3], [4]], x, num_sampled=6, num_classes=20))
        loss += tf.reduce_sum(tf.nn.sampled_softmax_loss(weights, biases, [[3], [4]], x, 6, 20))
    assert all(np.isfinite(g.numpy()).all() for g in tape.gradient(loss, [weights, x]))
    drawn, true, sampled = tf.random.log_uniform_candidate_sampler([[0], [9]], 1, 5, True, 10, seed=3)
    assert len(set(drawn.numpy().tolist())) == 5 and float(true[0, 0]) > float(true[1, 0]) and sampled.shape == (5,)
