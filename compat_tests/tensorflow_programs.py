"""Small programs over ``tf`` whose results are compared with TensorFlow's: tapes, compiled functions, variables."""

import numpy as np

from compat_tests.tensorflow_cases import D


def gradient_of_a_product(tf):
    x, w = tf.constant(D.x), tf.Variable(D.y)
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(w * x * x)
    return tape.gradient(loss, [x, w])


def gradient_of_operators_on_variables(tf):
    w = tf.Variable(D.x)
    with tf.GradientTape() as tape:
        loss = (
            tf.reduce_sum(w**2)
            + tf.reduce_sum(w[0] * 3.0)
            - tf.reduce_sum(w @ D.x.T)
            + tf.reduce_sum(2.0 / (w * w + 1.0))
        )
    return tape.gradient(loss, w)


def gradients_in_a_dict(tf):
    weights = {"a": tf.Variable(D.z), "b": tf.Variable(2.0)}
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(weights["a"] * weights["b"])
    return tape.gradient(loss, weights)


def unconnected_gradients(tf):
    x, y = tf.Variable(1.0), tf.Variable([2.0, 3.0])
    with tf.GradientTape(persistent=True) as tape:
        loss = x * x
    none = tape.gradient(loss, y) is None
    return none, tape.gradient(loss, y, unconnected_gradients=tf.UnconnectedGradients.ZERO)


def gradients_of_several_targets(tf):
    x = tf.Variable(D.z)
    with tf.GradientTape(persistent=True) as tape:
        one, two = x * x, tf.sin(x)
    weights = [tf.constant([1.0, 2.0, 3.0]), tf.constant([0.5, 0.5, 0.5])]
    return tape.gradient([one, two], x), tape.gradient([one, two], x, output_gradients=weights), tape.gradient(one, x)


def stopped_gradients(tf):
    x = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = x * tf.stop_gradient(x) + x
    return tape.gradient(y, x)


def stopped_recording(tf):
    x = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = x * x
        with tape.stop_recording():
            z = y * y
        loss = y + z
    return tape.gradient(loss, x)


def reset_tape(tf):
    x = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        x.assign_add(tf.stop_gradient(x * x * 0.0))
        tape.reset()
        z = x * 5.0
    return tape.gradient(z, x)


def second_derivatives(tf):
    x = tf.Variable(D.z)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            y = tf.reduce_sum(x**3 + tf.exp(x))
        first = inner.gradient(y, x)
    return first, outer.gradient(first, x)


def third_derivative(tf):
    x = tf.constant(1.5)
    with tf.GradientTape() as a:
        a.watch(x)
        with tf.GradientTape() as b:
            b.watch(x)
            with tf.GradientTape() as c:
                c.watch(x)
                y = tf.sin(x) * x**3
            one = c.gradient(y, x)
        two = b.gradient(one, x)
    return one, two, a.gradient(two, x)


def jacobian_of_a_map(tf):
    x = tf.constant(D.z)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.stack([x[0] * x[1], x[1] * x[2], tf.reduce_sum(x), x[0] ** 2])
    return tape.jacobian(y, x)


def jacobians_of_several_sources(tf):
    x, w = tf.Variable(D.z), tf.Variable(D.x)
    with tf.GradientTape() as tape:
        y = tf.linalg.matvec(w, x)
    return tape.jacobian(y, [x, w])


def batch_jacobian(tf):
    x = tf.constant(D.x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x * tf.reduce_sum(x, 1, keepdims=True)
    return tape.batch_jacobian(y, x)


def hessian_product(tf):
    x, v = tf.Variable(D.z), tf.constant([1.0, -1.0, 2.0])
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            y = tf.reduce_sum(x**4)
        first = tf.reduce_sum(inner.gradient(y, x) * v)
    return outer.gradient(first, x)


def gradient_penalty(tf):
    w, x = tf.Variable(D.w.T @ D.w), tf.constant(D.x[:, :2])
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            inner.watch(x)
            score = tf.reduce_sum(tf.tanh(x @ w), 1)
        slope = inner.gradient(score, x)
        penalty = tf.reduce_mean((tf.sqrt(tf.reduce_sum(slope**2, 1)) - 1.0) ** 2)
    return penalty, outer.gradient(penalty, w)


def watched_variables(tf):
    a, b = tf.Variable(1.0), tf.Variable(2.0)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(a)
        y = a * b
    return tape.gradient(y, a), len(tape.watched_variables())


def untrainable_variables(tf):
    a, b = tf.Variable(2.0, trainable=False), tf.Variable(3.0)
    with tf.GradientTape(persistent=True) as tape:
        y = a * b
    return tape.gradient(y, a) is None, tape.gradient(y, b)


def gradient_through_gather_and_scatter(tf):
    x = tf.Variable(D.w)
    with tf.GradientTape() as tape:
        picked = tf.gather(x, [1, 1, 3])
        y = tf.reduce_sum(picked**2) + tf.reduce_sum(tf.gather_nd(x, [[0, 1]]))
    return tf.convert_to_tensor(tape.gradient(y, x))


def gradient_through_a_loop(tf):
    x = tf.Variable(1.1)
    with tf.GradientTape() as tape:
        y = tf.while_loop(lambda i, v: i < 4, lambda i, v: (i + 1, v * x), [tf.constant(0), tf.constant(1.0)])[1]
    return tape.gradient(y, x)


def gradient_through_scan_and_map(tf):
    x = tf.Variable(D.z)
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(tf.scan(lambda a, v: a * v + v, x)) + tf.reduce_sum(tf.map_fn(lambda v: v**3, x))
    return tape.gradient(y, x)


def gradient_through_layers_of_nn(tf):
    x, k = tf.constant(D.pic), tf.Variable(D.k2)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.nn.max_pool2d(tf.nn.relu(tf.nn.conv2d(x, k, 1, "SAME")), 2, 2, "VALID")
        loss = tf.reduce_mean(y**2)
    return tape.gradient(loss, [x, k])


def gradient_through_concat_split_and_slices(tf):
    x = tf.Variable(D.x)
    with tf.GradientTape() as tape:
        left, right = tf.split(tf.concat([x, x * 2.0], 1), 2, axis=1)
        y = tf.reduce_sum(left * right) + tf.reduce_sum(x[:, 1:] ** 2) + tf.reduce_max(x)
    return tape.gradient(y, x)


def gradient_through_where_and_clip(tf):
    x = tf.Variable(D.x)
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(tf.where(x > 0.1, x * x, -x)) + tf.reduce_sum(tf.clip_by_value(x, -0.5, 0.5))
    return tape.gradient(y, x)


def gradient_of_losses(tf):
    logits = tf.Variable(D.logits)
    with tf.GradientTape(persistent=True) as tape:
        one = tf.nn.sparse_softmax_cross_entropy_with_logits(D.labels, logits)
        two = tf.nn.sigmoid_cross_entropy_with_logits(D.probs, logits)
        three = tf.nn.softmax_cross_entropy_with_logits(D.probs, logits)
    return [tape.gradient(y, logits) for y in (one, two, three)]


def gradient_of_linear_algebra(tf):
    s = tf.Variable(D.s)
    with tf.GradientTape(persistent=True) as tape:
        y = tf.reduce_sum(tf.linalg.inv(s)) + tf.reduce_sum(tf.linalg.logdet(s))
        z = tf.reduce_sum(tf.linalg.cholesky(s))
    return tape.gradient(y, s), tape.gradient(z, s) + tf.transpose(tape.gradient(z, s), [0, 2, 1])


def custom_gradient(tf):
    @tf.custom_gradient
    def clipped(x):
        return x * 2.0, lambda upstream: tf.clip_by_value(upstream * 2.0, -1.0, 1.0)

    x = tf.Variable([1.0, 2.0])
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(clipped(x) * [0.1, 5.0])
    return y, tape.gradient(y, x)


def custom_gradient_of_two(tf):
    @tf.custom_gradient
    def both(x, y):
        return (x * y, x + y), lambda p, q: (p * y * 10.0, q * 3.0)

    x, y = tf.Variable(2.0), tf.Variable(5.0)
    with tf.GradientTape() as tape:
        p, q = both(x, y)
        z = p + 2.0 * q
    return tape.gradient(z, [x, y])


def straight_through(tf):
    x = tf.Variable([0.4, 1.6])
    with tf.GradientTape() as tape:
        y = tf.grad_pass_through(tf.round)(x) * [2.0, 3.0]
    return y, tape.gradient(y, x)


def recomputed_gradient(tf):
    x = tf.Variable(D.z)
    with tf.GradientTape() as tape:
        y = tf.recompute_grad(lambda v: tf.sin(v) * v)(x)
    return tape.gradient(y, x)


def assigned_variable_in_a_tape(tf):
    x, total = tf.Variable(3.0), tf.Variable(0.0, trainable=False)
    with tf.GradientTape() as tape:
        y = x * x
        total.assign_add(y)
        loss = y + 1.0
    return tape.gradient(loss, x), total


def gradient_of_float16(tf):
    x = tf.Variable(D.z.astype("float16"))
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(tf.cast(x, tf.float32) ** 2)
    return tape.gradient(y, x)


def gradient_of_complex_parts(tf):
    x = tf.Variable(D.v[:4])
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(tf.abs(tf.signal.rfft(x)) ** 2)
    return tape.gradient(y, x)


def gradient_in_a_function(tf):
    w = tf.Variable(D.z)

    @tf.function
    def step(x):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum((w * x) ** 2)
        gradient = tape.gradient(loss, w)
        w.assign_sub(0.1 * gradient)
        return loss, gradient

    return step(tf.constant([1.0, 2.0, 3.0])), step(tf.constant([1.0, 2.0, 3.0])), w


def gradient_of_a_function(tf):
    square = tf.function(lambda v: v * v * v)
    x = tf.Variable(2.0)
    with tf.GradientTape() as tape:
        y = square(x) * 2.0
    return tape.gradient(y, x)


def second_derivative_in_a_function(tf):
    @tf.function
    def both(x):
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = tf.reduce_sum(x**3)
            first = inner.gradient(y, x)
        return first, outer.gradient(first, x)

    return both(tf.constant(D.z))


def a_function_is_traced_once_for_a_kind_of_arguments(tf):
    traces = []

    @tf.function
    def double(x):
        traces.append(x.dtype.name)
        return x * 2

    results = [double(tf.constant(v)) for v in (1, 2, 1.5, 2.5)] + [double(tf.constant([1, 2]))]
    return results, traces


def a_function_with_numbers_of_python_is_traced_for_each(tf):
    traces = []

    @tf.function
    def power(x, n):
        traces.append(n)
        return x**n

    return [power(tf.constant(3.0), n) for n in (2, 3, 2)], traces


def a_signature_makes_one_trace(tf):
    traces = []

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
    def total(x):
        traces.append(1)
        return tf.reduce_sum(x)

    return total(tf.constant([1.0, 2.0])), total([3.0, 4.0])


def a_function_counts_in_a_variable(tf):
    count = tf.Variable(0)

    @tf.function
    def tick(x):
        count.assign_add(1)
        return x + tf.cast(count, tf.float32)

    return tick(tf.constant(1.0)), tick(tf.constant(1.0)), count


def a_function_chooses_with_cond(tf):
    a, b = tf.Variable(0.0), tf.Variable(0.0)

    @tf.function
    def choose(x):
        def up():
            a.assign_add(1.0)
            return x * 2.0

        def down():
            b.assign_add(1.0)
            return x - 1.0

        return tf.cond(x > 0.0, up, down)

    return choose(tf.constant(1.0)), choose(tf.constant(-1.0)), choose(tf.constant(-2.0)), a, b


def a_function_loops_with_while(tf):
    @tf.function
    def steps(n):
        return tf.while_loop(
            lambda i, x: i < n, lambda i, x: (i + 1, x + tf.cast(i, tf.float32)), (0, tf.constant(0.0))
        )

    return steps(tf.constant(4)), steps(tf.constant(6))


def a_function_of_nested_arguments(tf):
    @tf.function
    def joined(parts, scale=1.0):
        return {"sum": (parts["a"] + parts["b"][0]) * scale, "list": [parts["a"], None]}

    found = joined({"a": tf.constant(1.0), "b": [tf.constant(2.0)]}, scale=3.0)
    return found["sum"], found["list"][0], found["list"][1] is None


def a_method_is_a_function(tf):
    class Counter(tf.Module):
        def __init__(self):
            super().__init__()
            self.total = tf.Variable(0.0)

        @tf.function
        def add(self, x):
            self.total.assign_add(x)
            return self.total * 2.0

    one, two = Counter(), Counter()
    return one.add(tf.constant(1.0)), one.add(tf.constant(2.0)), two.add(tf.constant(5.0)), len(one.trainable_variables)


def functions_in_functions(tf):
    inner = tf.function(lambda x: x + 1.0)
    outer = tf.function(lambda x: inner(x) * inner(x * 2.0))
    return outer(tf.constant(3.0))


def modules_find_their_variables(tf):
    class Dense(tf.Module):
        def __init__(self, n, name=None):
            super().__init__(name=name)
            self.w, self.b = tf.Variable(tf.ones((2, n))), tf.Variable(tf.zeros(n), trainable=False)

    class Net(tf.Module):
        def __init__(self):
            super().__init__(name="net")
            self.layers = [Dense(3), Dense(1, name="last")]

    net = Net()
    return len(net.variables), len(net.trainable_variables), len(net.submodules), net.name, net.layers[1].name


def a_training_loop(tf):
    w, b = tf.Variable(D.w.T[:, :1] * 0.0), tf.Variable(0.0)
    x, y = tf.constant(D.w), tf.constant(D.w @ np.array([[2.0], [-1.0]], "float32") + 0.5)
    losses = []
    for _ in range(5):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(x @ w + b - y))
        for variable, gradient in zip([w, b], tape.gradient(loss, [w, b]), strict=True):
            variable.assign_sub(0.2 * gradient)
        losses.append(loss)
    return losses, w, b


def an_averaged_variable(tf):
    average = tf.Variable([0.0, 0.0])
    for value in ([1.0, 2.0], [3.0, 4.0]):
        average.assign(0.9 * average + 0.1 * tf.constant(value))
    return average


def shuffled_data(tf):
    data = tf.data.Dataset.range(8).shuffle(8, seed=3, reshuffle_each_iteration=False)
    other = tf.data.Dataset.range(8).shuffle(8, seed=3)
    return [int(i) for i in data] == [int(i) for i in data], [int(i) for i in other] != [int(i) for i in other]


def a_pipeline(tf):
    data = tf.data.Dataset.from_tensor_slices((D.w, np.arange(6)))
    data = data.map(lambda x, y: (x / 2.0, tf.one_hot(y, 6))).batch(4).prefetch(tf.data.AUTOTUNE)
    return list(data)


def a_pipeline_of_text(tf):
    data = tf.data.Dataset.from_tensor_slices(["a 1", "b 2"])
    return list(data.map(lambda s: tf.strings.to_number(tf.strings.split(s)[1])))


def a_python_function_in_a_pipeline(tf):
    data = tf.data.Dataset.range(3).map(lambda i: tf.py_function(lambda v: v.numpy() * 10, [i], tf.int64))
    return list(data)


def keys_of_tensors(tf):
    x, y = tf.constant(1.0), tf.Variable(2.0)
    places = {x.ref(): "x", y.ref(): "y"}
    return places[x.ref()], places[y.ref()], x.ref().deref() is x


def texts_of_tensors(tf):
    return str(tf.constant(1.5)), repr(tf.constant([1, 2])), str(tf.constant([1, 2]))


PROGRAMS = {
    name: found for name, found in list(globals().items())
    if callable(found) and getattr(found, "__module__", "") == __name__
}  # fmt: skip
