"""Models in the three styles: building, structure, sharing, cloning, summary."""

import gc
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jkeras as keras
from jkeras import Input, Model, Sequential, layers
from jkeras.core.symbolic import KerasTensor, op
from jkeras.models import clone_model


class Subclassed(Model):
    def __init__(self, units=4, **kwargs):
        super().__init__(**kwargs)
        self.hidden = [layers.Dense(units, activation="relu"), layers.Dense(units)]
        self.heads = {"out": layers.Dense(1)}

    def call(self, x, training=None, mask=None):
        for one in self.hidden:
            x = one(x)
        return self.heads["out"](x)


def in_three_styles():
    x = Input((3,))
    h = layers.Dense(4)(layers.Dense(4, activation="relu")(x))
    dense = layers.Dense
    return [
        Sequential([Input((3,)), dense(4, activation="relu"), dense(4), dense(1)]),
        Model(x, dense(1)(h)),
        Subclassed(),
    ]


def test_the_same_weights_give_the_same_outputs_in_all_styles():
    x = np.linspace(-1, 1, 15, dtype="float32").reshape(5, 3)
    one, *others = in_three_styles()
    for model in others:
        model(x)
        model.set_weights(one.get_weights())
        np.testing.assert_allclose(model.predict(x, verbose=0), one.predict(x, verbose=0), rtol=1e-6)


FIRST_SHAPES = [
    dict(input_shape=(3,)),
    dict(input_dim=3),
    dict(batch_input_shape=(None, 3)),
    dict(input_shape=[3]),
]


@pytest.mark.parametrize("arguments", FIRST_SHAPES, ids=str)
def test_a_sequential_is_built_by_the_shape_given_to_its_first_layer(arguments):
    model = Sequential()
    model.add(layers.Dense(4, **arguments))
    model.add(layers.Dense(2))
    assert model.built and model.output_shape == (None, 2)
    assert [v.shape for v in model.weights] == [(3, 4), (4,), (4, 2), (2,)]


def test_a_sequential_without_a_shape_is_built_on_first_data():
    model = Sequential([layers.Dense(4), layers.Dense(2)])
    assert model.weights == []
    assert model(np.ones((5, 3))).shape == (5, 2)
    assert model.input_shape == (None, 3)


def test_pop_removes_the_last_layer():
    model = Sequential([Input((3,)), layers.Dense(4), layers.Dense(2)])
    model.pop()
    assert model.output_shape == (None, 4) and len(model.layers) == 1


def test_a_sequential_may_begin_with_a_model():
    base = Sequential([Input((3,)), layers.Dense(4)])
    model = Sequential([base, layers.Dense(2)])
    assert model.output_shape == (None, 2) and len(model.weights) == 4


def test_inputs_are_matched_by_name_in_a_dict_and_by_order_in_a_list():
    a, b = Input((2,), name="a"), Input((2,), name="b")
    model = Model({"a": a, "b": b}, {"d": a - 2 * b, "s": a + b})
    x, y = np.ones((1, 2), "float32"), np.full((1, 2), 3.0, "float32")
    out = model({"b": y, "a": x})
    assert out["d"].tolist() == [[-5.0, -5.0]] and out["s"].tolist() == [[4.0, 4.0]]
    assert model.predict({"a": x, "b": y}, verbose=0)["s"].tolist() == [[4.0, 4.0]]


def test_a_shared_layer_has_its_weights_once():
    dense = layers.Dense(2)
    a, b = Input((3,)), Input((3,))
    model = Model([a, b], layers.Add()([dense(a), dense(b)]))
    assert len(model.weights) == 2 and len(dense._inbound_nodes) == 2
    with pytest.raises(AttributeError, match="called several times"):
        _ = dense.output
    assert dense.get_output_at(1).shape == (None, 2)


def test_a_model_is_a_layer_of_another():
    inner = Model(x := Input((3,)), layers.Dense(2, name="d")(x), name="inner")
    outer = Model(y := Input((3,)), layers.Dense(1)(inner(y)))
    assert [one.name for one in outer.layers][1] == "inner"
    assert outer.get_layer("inner").get_layer("d").units == 2


def test_parts_of_a_model_make_another_that_shares_weights():
    model = in_three_styles()[1]
    features = Model(model.input, model.layers[1].output)
    x = np.ones((2, 3), "float32")
    np.testing.assert_allclose(features(x), model.layers[1](x))


def test_operators_slices_and_functions_on_symbolic_tensors_are_part_of_the_model():
    x = Input((4,))
    model = Model(x, (x[:, 1:3] * 2.0 + 1.0) ** 2)
    assert model(np.arange(4.0)[None]).tolist() == [[9.0, 25.0]]
    assert model.output_shape == (None, 2)


def test_a_number_that_depends_on_an_unknown_size_is_unknown():
    sizes = op(lambda x: (x.shape[0], x.shape[1], 2 * x))(Input((3,)))
    assert (sizes[:2], sizes[2].shape) == ((None, 3), (None, 3))


def test_a_number_of_outputs_that_depends_on_an_unknown_size_is_an_error():
    with pytest.raises(ValueError, match="rows: the number of outputs depends on an unknown size"):
        op(rows)(Input((3,)))


def rows(x):
    return [x] * (x.shape[0] // 240)


def test_the_inputs_that_a_tensor_depends_on_are_found_in_order():
    a, b = Input((3,)), Input((3,))
    y = x = layers.Identity()(b)
    for _ in range(400):
        y = y + a
    last = layers.Add()
    assert [t is s for t, s in zip(keras.utils.get_source_inputs(y), (b, a), strict=True)] == [True, True]
    last([a, b]), last([x, x])
    assert [keras.utils.get_source_inputs(y, last, i)[0] is s for i, s in enumerate((a, b))] == [True, True]


def test_a_symbolic_tensor_without_history_leaves_none():
    assert (KerasTensor((2,), record_history=False) + 1.0)._keras_history is None
    assert (KerasTensor((2,)) + 1.0)._keras_history is not None


def test_a_condition_on_a_symbolic_tensor_says_what_to_do():
    with pytest.raises(TypeError, match="has no values yet and cannot be used as a condition"):
        bool(Input((3,)))


def test_unknown_sizes_stay_unknown_through_layers():
    x = Input((None, 8))
    y = layers.Dense(3)(x)
    assert y.shape == (None, None, 3)
    assert layers.Flatten()(Input((2, 3))).shape == (None, 6)


ERRORS = [
    (lambda: Sequential(layers.Dense(1), layers.Dense(2)), TypeError, "takes a list of layers"),
    (lambda: Sequential([layers.Dense]), TypeError, r"Did you mean Dense\(...\)"),
    (lambda: Sequential(["dense"]), TypeError, "expected a layer"),
    (
        lambda: Sequential([layers.Dense(1, name="a"), layers.Dense(1, name="a")]),
        ValueError,
        "two layers are named 'a'",
    ),
    (lambda: Sequential().pop(), TypeError, "no layers to pop"),
    (lambda: Model(Input((2,)), layers.Dense(1)(Input((2,)))), ValueError, "disconnected"),
    (lambda: Model(np.ones(2), np.ones(2)), ValueError, "must be symbolic tensors"),
    (lambda: Model(inputs=Input((2,))), TypeError, "'outputs' is missing"),
    (lambda: in_three_styles()[1].get_layer("dens"), ValueError, "Did you mean 'dense"),
    (lambda: in_three_styles()[1].get_layer(index=9), ValueError, "has 4 layers"),
    (lambda: in_three_styles()[1](np.ones((2, 4))), ValueError, r"expects shape \(None, 3\), received shape \(2, 4\)"),
    (lambda: in_three_styles()[1](np.ones((2, 1, 3))), ValueError, r"Reshape the data: x.reshape\(-1, 3\)"),
    (lambda: Input(), ValueError, "give shape"),
    (lambda: Input((-1,)), ValueError, "every size must be None or an integer"),
    (lambda: layers.Dense(2)(layers.Dense(2)), TypeError, "was called on a layer"),
    (lambda: Subclassed().get_weights(), ValueError, "has no weights yet"),
    (lambda: Model().__call__(np.ones((1, 2))), NotImplementedError, "has no call"),
]


@pytest.mark.parametrize(("make", "error", "message"), ERRORS)
def test_a_mistake_is_explained(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_an_int_shape_is_one_size():
    assert Input(shape=4).shape == (None, 4)


def test_model_takes_the_old_names_of_inputs_and_outputs():
    x = Input((2,))
    assert Model(input=x, output=layers.Dense(3)(x), name="old").name == "old"


def test_build_makes_the_weights_of_a_subclassed_model():
    model = Subclassed()
    model.build((None, 3))
    assert [v.shape for v in model.weights] == [(3, 4), (4,), (4, 4), (4,), (4, 1), (1,)]


@pytest.mark.parametrize("index", [0, 1])
def test_a_clone_has_the_architecture_and_weights_of_its_own(index):
    model = in_three_styles()[index]
    clone = clone_model(model)
    assert [type(a) for a in clone.layers] == [type(a) for a in model.layers]
    assert not np.array_equal(clone.get_weights()[0], model.get_weights()[0])


def test_clone_function_chooses_the_layers():
    def wider(one):
        return layers.Dense(one.units * 2, name=one.name)

    model = Sequential([Input((3,)), layers.Dense(4)])
    assert clone_model(model, clone_function=wider).output_shape == (None, 8)


# ------------------------------------------------- summary


def summary_of(model, **options):
    lines = []
    model.summary(print_fn=lambda text, line_break=False: lines.append(text), **options)
    return "\n".join(lines)


def test_summary_shows_layers_shapes_and_counts():
    text = summary_of(Sequential([Input((3,)), layers.Dense(4, name="first"), layers.Dense(2)], name="m"))
    assert 'Model: "m"' in text and "first (Dense)" in text and "(None, 4)" in text
    assert "Total params: 26 (104.00 B)" in text


def test_summary_of_a_model_that_is_not_built_says_so():
    assert "0 (unbuilt)" in summary_of(Sequential([layers.Dense(3)]))


def test_summary_expands_nested_models_and_shows_what_trains():
    inner = Sequential([Input((3,)), layers.Dense(4, name="deep")], name="inner")
    x, y = Input((3,)), Input((3,))
    model = Model([x, y], layers.Add()([inner(x), inner(y)]))
    inner.trainable = False
    assert "deep" not in summary_of(model)
    text = summary_of(model, expand_nested=True, show_trainable=True)
    assert re.search(r"└ deep \(Dense\)", text) and "N" in text


def test_line_length_and_positions_shape_the_table():
    text = summary_of(Sequential([Input((3,)), layers.Dense(4)]), line_length=60, positions=[0.5, 0.8, 1.0])
    assert max(map(len, text.splitlines())) == 60


def test_a_function_gets_the_summary_in_a_notebook_too(monkeypatch):
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    assert "first (Dense)" in summary_of(Sequential([Input((3,)), layers.Dense(4, name="first")]))


def test_columns_too_narrow_for_a_summary_are_refused():
    with pytest.raises(ValueError, match="too narrow"):
        summary_of(Sequential([Input((3,)), layers.Dense(4)]), line_length=12)


# ------------------------------------------------- what trains, and memory


def test_trainable_is_switched_at_any_level():
    model = Model(x := Input((3,)), layers.Dense(1)(Sequential([layers.Dense(4)], name="base")(x)))
    base = model.get_layer("base")
    base.trainable = False
    assert len(model.trainable_weights) == 2 and len(model.non_trainable_weights) == 2
    model.trainable = False
    assert model.trainable_weights == []
    model.trainable = True
    assert len(model.trainable_weights) == 4


def test_fifty_models_made_and_dropped_leave_nothing_behind():
    def cycle():
        model = Sequential([Input((8,)), layers.Dense(16), layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(np.ones((4, 8)), np.ones((4, 1)), verbose=0)

    def live():
        gc.collect()
        return len(jax.live_arrays())

    for _ in range(3):
        cycle()
    before = live()
    for _ in range(50):
        cycle()
    assert live() <= before + 2


def test_a_call_on_plain_lists_and_float64_computes_in_float32():
    y = Sequential([Input((2,)), layers.Dense(1)])(np.ones((1, 2)))
    assert y.dtype == jnp.float32


def test_keras_is_a_name_for_jkeras():
    assert keras.Sequential is Sequential and keras.models.Model is Model


def test_a_layer_added_to_a_sequential_is_called_once():
    model = keras.Sequential([keras.Input((4,))])
    for _ in range(3):
        model.add(layers.Dense(3))
    assert [len(one._inbound_nodes) for one in model.layers] == [1, 1, 1]
    assert model.layers[1].output.shape == (None, 3)


def test_a_name_is_taken_once_by_the_list_and_by_add():
    with pytest.raises(ValueError, match="two layers are named 'a'"):
        Sequential([layers.ReLU(name="a"), layers.Dense(2), layers.ReLU(name="a")])
    model = Sequential([layers.ReLU(name="a", input_shape=(3,))])
    for taken in [one.name for one in model._layers]:
        with pytest.raises(ValueError, match=f"two layers are named '{taken}'"):
            model.add(layers.ReLU(name=taken))
