"""Losses: what users pass, what comes back, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jkeras import losses
from jkeras.core.declare import era
from jkeras.core.frame import Frame, set_mask
from jkeras.core.symbolic import KerasTensor
from jkeras.core.variable import Variable

ALIASES = {
    "mean_squared_error": ("mse", "MSE", "Mean_Squared_Error"),
    "mean_absolute_error": ("mae", "MAE"),
    "mean_absolute_percentage_error": ("mape", "MAPE"),
    "mean_squared_logarithmic_error": ("msle", "MSLE"),
    "kl_divergence": ("kld", "KLD", "kullback_leibler_divergence"),
    "cosine_proximity": ("cosine",),
    "cosine_similarity": ("Cosine_similarity",),
    "log_cosh": ("logcosh",),
    "huber": ("huber_loss",),
    "binary_crossentropy": ("bce", "BCE"),
}


@pytest.mark.parametrize("name, alias", [(n, a) for n, aliases in ALIASES.items() for a in aliases])
def test_every_spelling_finds_the_function(name, alias):
    assert losses.get(alias).__name__ == name


@pytest.mark.parametrize("alias", ["mse", "MSE", "mae", "mape", "msle", "kld", "KLD", "cosine", "logcosh", "bce"])
def test_old_names_are_attributes_of_the_module(alias):
    assert getattr(losses, alias) is losses.get(alias)


def test_a_misspelt_name_suggests_the_nearest():
    with pytest.raises(ValueError, match=r"Unknown loss 'MeanSquareError'. Did you mean 'MeanSquaredError'"):
        losses.get("MeanSquareError")


@pytest.mark.parametrize("wrong", [3, object()])
def test_what_is_no_loss_is_refused(wrong):
    with pytest.raises(ValueError, match="as a loss"):
        losses.get(wrong)


def test_none_stays_none():
    assert losses.get(None) is None
    assert losses.choose(None) is None


@pytest.mark.parametrize("name", sorted(losses.table.CLASSES))
def test_a_loss_survives_serialization_in_both_formats(name):
    loss = getattr(losses, name)(reduction="sum", name="mine")
    for old in (False, True):
        again = losses.deserialize(losses.serialize(loss, use_legacy_format=old))
        assert type(again) is type(loss)
        assert again.get_config() == loss.get_config()


def test_a_function_is_serialized_as_keras_3_does():
    assert losses.serialize(losses.huber) == {
        "module": "builtins",
        "class_name": "function",
        "config": "huber",
        "registered_name": "huber",
    }
    assert losses.deserialize(losses.serialize(losses.huber)) is losses.huber


def test_what_keras_forgets_in_configs_is_kept_where_it_matters():
    assert "delta" not in losses.Huber().get_config()
    assert losses.Huber.from_config(losses.Huber(delta=2.0).get_config()).delta == 2.0
    assert losses.MeanSquaredError(dtype="float16").get_config()["dtype"] == "float16"


def test_a_wrapped_function_keeps_its_arguments_through_its_config():
    loss = losses.LossFunctionWrapper(losses.huber, name="h", delta=2.0)
    again = losses.LossFunctionWrapper.from_config(loss.get_config())
    assert again([[0.0]], [[5.0]]).item() == loss([[0.0]], [[5.0]]).item() == 8.0


@pytest.mark.parametrize(
    "args, kwargs, name, reduction",
    [
        ((), {}, "off", "sum_over_batch_size"),
        (("mine", "sum"), {}, "mine", "sum"),
        (("sum", "mine"), {}, "mine", "sum"),
        (("sum",), {"name": "mine"}, "mine", "sum"),
        ((None, "none"), {}, "off", "none"),
        ((), {"reduction": None}, "off", None),
        ((), {"reduction": losses.Reduction.AUTO}, "off", "auto"),
    ],
)
def test_name_and_reduction_stand_in_either_order(args, kwargs, name, reduction):
    class Off(losses.Loss):
        def call(self, y_true, y_pred):
            return jnp.abs(y_true - y_pred)

    loss = Off(*args, **kwargs)
    assert (loss.name.rstrip("_0123456789"), loss.reduction) == (name, reduction)


def test_an_unknown_reduction_is_refused():
    with pytest.raises(ValueError, match="Unknown reduction 'summ'. Did you mean 'sum'"):
        losses.MeanSquaredError(reduction="summ")
    with pytest.raises(ValueError, match="reduction"):
        losses.Reduction.validate("all")


def test_an_unknown_argument_is_refused():
    with pytest.raises(TypeError, match="from_logit'"):
        losses.BinaryCrossentropy(from_logit=True)


def test_a_user_loss_without_call_says_so():
    with pytest.raises(NotImplementedError, match="call"):
        losses.Loss()([1.0], [1.0])


INPUTS = [np.array([[0.0, 1.0]]), [[0.0, 1.0]], jnp.array([[0.0, 1.0]]), Variable([[0.0, 1.0]]), np.array([[0, 1]])]


@pytest.mark.parametrize("y", INPUTS, ids=lambda y: type(y).__name__)
def test_arrays_lists_and_variables_are_taken(y):
    np.testing.assert_allclose(losses.mean_squared_error(y, jnp.array([[1.0, 1.0]])), [0.5])
    np.testing.assert_allclose(losses.MeanSquaredError()(y, y), 0.0)


def test_targets_and_predictions_may_be_nested():
    class Both(losses.Loss):
        def call(self, y_true, y_pred):
            return jnp.abs(y_true["a"] - y_pred["a"])

    assert Both()({"a": [1.0, 2.0]}, {"a": [2.0, 2.0]}).item() == 0.5


@pytest.mark.parametrize("name", [f.__name__ for f in losses.FUNCTIONS if f.__name__ not in ("ctc",)])
def test_a_loss_of_symbolic_tensors_is_symbolic(name):
    sparse = name in ("sparse_categorical_crossentropy", "categorical_generalized_cross_entropy", "circle")
    y_true = KerasTensor((None,), "int32") if sparse else KerasTensor((None, 3))
    extra = {"q": 0.5} if name.startswith("categorical_generalized") else {}
    found = getattr(losses, name)(y_true, KerasTensor((None, 3)), **extra)
    assert found.shape == (() if name in ("dice", "tversky") else (None,))


def test_a_loss_object_of_symbolic_tensors_is_symbolic():
    found = losses.MeanSquaredError()(KerasTensor((None, 3)), KerasTensor((None, 3)))
    assert isinstance(found, KerasTensor)
    assert found.shape == ()


# ---- edges

EDGES = {
    "binary_crossentropy": ([[0.0, 1.0, 1.0, 0.0]], [[0.0, 0.0, 1.0, 1.0]]),
    "binary_focal_crossentropy": ([[0.0, 1.0, 1.0, 0.0]], [[0.0, 0.0, 1.0, 1.0]]),
    "categorical_crossentropy": ([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]], [[1.0, 0.0], [1.0, 0.0], [0.0, 0.0]]),
    "categorical_focal_crossentropy": ([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]], [[1.0, 0.0], [1.0, 0.0], [0.0, 0.0]]),
    "sparse_categorical_crossentropy": ([0, 1, 0], [[1.0, 0.0], [1.0, 0.0], [0.0, 0.0]]),
    "categorical_generalized_cross_entropy": ([0, 1], [[1.0, 0.0], [1.0, 0.0]]),
    "kl_divergence": ([[1.0, 0.0]], [[0.0, 1.0]]),
    "poisson": ([[1.0, 0.0]], [[0.0, 1.0]]),
    "mean_squared_logarithmic_error": ([[0.0, -1.0]], [[0.0, -1.0]]),
    "mean_absolute_percentage_error": ([[0.0, 1.0]], [[0.0, 0.0]]),
    "cosine_similarity": ([[0.0, 0.0]], [[0.0, 0.0]]),
    "log_cosh": ([[0.0, 0.0]], [[1e4, -1e4]]),
    "huber": ([[0.0, 0.0]], [[0.0, 1.0]]),
    "dice": ([[0.0, 0.0]], [[0.0, 0.0]]),
    "tversky": ([[0.0, 0.0]], [[0.0, 0.0]]),
    "circle": ([0, 1], [[1.0, 0.0], [0.0, 1.0]]),
}


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("name", EDGES)
def test_values_and_gradients_are_finite_at_the_edges(name, dtype):
    y_true, y_pred = EDGES[name]
    extra = {"q": 0.5} if name.startswith("categorical_generalized") else {}
    y_pred = jnp.array(y_pred, dtype)
    values, pullback = jax.vjp(lambda p: getattr(losses, name)(jnp.array(y_true), p, **extra), y_pred)
    assert values.dtype == dtype
    assert jnp.isfinite(values).all()
    gradient = pullback(jnp.ones_like(values))[0]
    large = dtype == "float16" and name in ("poisson", "mean_absolute_percentage_error")  # 1 / epsilon overflows it
    assert not jnp.isnan(gradient).any() if large else jnp.isfinite(gradient).all()


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0])
def test_focal_gradients_are_finite_for_any_gamma(gamma):
    grad = jax.grad(lambda p: losses.binary_focal_crossentropy([[1.0, 0.0]], p, gamma=gamma).sum())
    assert jnp.isfinite(grad(jnp.array([[1.0, 0.0]]))).all()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_low_precision_is_computed_in_float32(dtype):
    y_true, y_pred = jnp.zeros((1, 5000)), jnp.full((1, 5000), 30.0, dtype)  # the sum overflows float16
    np.testing.assert_allclose(losses.mean_squared_error(y_true, y_pred).astype("float32"), [900.0], rtol=1e-2)


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "mean_with_sample_weight"])
def test_an_empty_batch_has_loss_zero(reduction):
    loss = losses.MeanSquaredError(reduction=reduction)
    assert loss(np.zeros((0, 3)), np.zeros((0, 3))).item() == 0.0


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "mean", "mean_with_sample_weight"])
@pytest.mark.parametrize("era_name", ["3", "tf2", "2.2"])
def test_weights_that_are_all_zero_give_loss_and_gradient_zero(reduction, era_name):
    def total(values):
        return losses.reduce_weighted(values, jnp.zeros(3), reduction=reduction, era=era_name)

    value, grad = jax.value_and_grad(total)(jnp.ones(3))
    assert value == 0.0
    np.testing.assert_array_equal(grad, 0.0)


@pytest.mark.parametrize("era_name", ["3", "2.2"])
def test_a_mask_without_any_valid_entry_gives_loss_and_gradient_zero(era_name):
    value, grad = jax.value_and_grad(lambda v: losses.reduce_weighted(v, mask=jnp.zeros(3), era=era_name))(jnp.ones(3))
    assert value == 0.0
    np.testing.assert_array_equal(grad, 0.0)


def test_weights_per_sample_apply_to_all_steps():
    values = jnp.ones((2, 2))  # a square: the weights go by sample, not by step
    assert losses.reduce_weighted(values, jnp.array([1.0, 0.0]), reduction="none").tolist() == [[1, 1], [0, 0]]


def test_weights_that_fit_no_axis_are_refused():
    with pytest.raises(ValueError, match=r"sample_weight of shape \(3,\) does not fit losses of shape \(2,\)"):
        losses.MeanSquaredError()(np.zeros((2, 4)), np.zeros((2, 4)), sample_weight=np.ones(3))


def test_ignored_labels_do_not_count_inside_a_compiled_function():
    loss = losses.SparseCategoricalCrossentropy(ignore_class=-1)
    y_true, y_pred = np.array([0, -1]), jnp.array([[0.5, 0.5], [0.1, 0.9]])
    np.testing.assert_allclose(jax.jit(lambda p: loss(y_true, p))(y_pred), np.log(2), rtol=1e-6)


def test_the_mask_of_the_prediction_counts():
    loss = losses.MeanSquaredError()
    with Frame():
        y_pred = jnp.array([[1.0], [3.0]])
        set_mask(y_pred, jnp.array([True, False]))
        assert loss([[0.0], [0.0]], y_pred).item() == 1.0


@pytest.mark.parametrize("name", ["MeanSquaredError", "BinaryCrossentropy", "Hinge", "Dice"])
def test_a_loss_is_pure_under_jit_and_vmap(name):
    loss = getattr(losses, name)()
    y_true, y_pred = jnp.array([[[0.0, 1.0]], [[1.0, 0.0]]]), jnp.array([[[0.3, 0.6]], [[0.9, 0.2]]])
    expected = [loss(t, p).item() for t, p in zip(y_true, y_pred)]
    np.testing.assert_allclose(jax.jit(jax.vmap(loss))(y_true, y_pred), expected, rtol=1e-6)


# ---- bad input


@pytest.mark.parametrize(
    "name, y_true, y_pred, message",
    [
        ("binary_crossentropy", np.zeros((2, 1)), np.zeros((2, 3)), "same shape"),
        ("categorical_crossentropy", np.zeros((2,)), np.zeros((2, 3)), "sparse_categorical_crossentropy"),
        ("sparse_categorical_crossentropy", np.zeros((2, 3)), np.zeros((2, 3)), "categorical_crossentropy"),
        ("ctc", np.zeros((2,)), np.zeros((2, 3, 4)), r"\(batch, length\)"),
        ("ctc", np.zeros((2, 3)), np.zeros((2, 3)), r"\(batch, steps, classes\)"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(name, y_true, y_pred, message):
    with pytest.raises(ValueError, match=message):
        getattr(losses, name)(y_true, y_pred)


def test_from_logits_in_the_place_of_the_axis_is_refused():
    with pytest.raises(ValueError, match="axis must be an integer"):
        losses.categorical_crossentropy([[1.0, 0.0]], [[0.5, 0.5]], axis=True)


def test_one_class_is_warned_of():
    with pytest.warns(SyntaxWarning, match="binary_crossentropy"):
        losses.categorical_crossentropy([[1.0]], [[0.5]])


@pytest.mark.parametrize("q", [0.0, 1.0])
def test_q_outside_of_0_and_1_is_refused(q):
    with pytest.raises(ValueError, match="q must be in"):
        losses.CategoricalGeneralizedCrossEntropy(q=q)


# ---- generations


def test_arguments_by_position_follow_keras_3_and_the_era_can_change_them(monkeypatch):
    y_true, y_pred = np.array([0, 1]), np.array([[0.5, 0.5], [0.5, 0.5]])
    assert losses.sparse_categorical_crossentropy(y_true, y_pred, False, 1)[1] == 0.0
    monkeypatch.setitem(era.defaults, ("sparse_categorical_crossentropy", "order"), ("axis", "ignore_class"))
    assert losses.sparse_categorical_crossentropy(y_true, y_pred, False, 1)[1] > 0.0


def test_a_name_in_the_fourth_place_of_the_sparse_loss_is_a_name():
    loss = losses.SparseCategoricalCrossentropy(False, None, "sum", "mine")
    assert (loss.name, loss.axis, loss.reduction) == ("mine", -1, "sum")


def test_the_era_decides_whether_hinge_converts_labels(monkeypatch):
    assert losses.hinge([[0.0, 1.0]], [[-1.0, 1.0]]).item() == 0.0
    monkeypatch.setitem(era.defaults, ("hinge", "converts_labels"), False)
    assert losses.hinge([[0.0, 1.0]], [[-1.0, 1.0]]).item() == 0.5


def test_the_era_decides_the_default_reduction(monkeypatch):
    monkeypatch.setitem(era.defaults, ("Loss", "reduction"), "auto")
    assert losses.MeanSquaredError().get_config()["reduction"] == "auto"
    assert losses.MeanSquaredError()([[1.0]], [[3.0]]).item() == 4.0


# ---- choosing


@pytest.mark.parametrize(
    "shapes, name",
    [
        (((None, 1), (None, 1)), "binary_crossentropy"),
        (((None,), (None, 5)), "sparse_categorical_crossentropy"),
        (((None, 1), (None, 5)), "sparse_categorical_crossentropy"),
        (((None, 5), (None, 5)), "categorical_crossentropy"),
    ],
)
@pytest.mark.parametrize("word", ["crossentropy", "ce", "CE"])
def test_crossentropy_is_chosen_by_shapes(word, shapes, name):
    loss = losses.choose(word, *shapes)
    assert (loss.fn.__name__, loss.name) == (name, word)


def test_a_function_becomes_a_loss_of_its_name():
    def mine(y_true, y_pred):
        return y_pred

    assert losses.choose(mine).name == "mine"
    assert losses.choose(losses.Huber(name="h")).name == "h"
    assert losses.choose("Huber").name == "huber_loss"
    with pytest.raises(ValueError, match="shapes"):
        losses.choose("ce")
