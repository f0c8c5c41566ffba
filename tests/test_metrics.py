"""Metrics: what users write, what comes back, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jkeras import losses, metrics
from jkeras.core import naming
from jkeras.core.declare import era
from jkeras.core.frame import Frame
from jkeras.core.symbolic import KerasTensor

ARGUMENTS = {
    "IoU": {"num_classes": 2, "target_class_ids": [0]},
    "OneHotIoU": {"num_classes": 2, "target_class_ids": [0]},
    "MeanIoU": {"num_classes": 2},
    "OneHotMeanIoU": {"num_classes": 2},
    "SensitivityAtSpecificity": {"specificity": 0.5},
    "SpecificityAtSensitivity": {"sensitivity": 0.5},
    "PrecisionAtRecall": {"recall": 0.5},
    "RecallAtPrecision": {"precision": 0.5},
    "MeanRelativeError": {"normalizer": [1.0, 2.0]},
    "MeanMetricWrapper": {"fn": losses.huber, "delta": 2.0},
    "SparseTopKCategoricalAccuracy": {"k": 1},
    "TopKCategoricalAccuracy": {"k": 1},
}
NAMES = sorted(cls.__name__ for cls in metrics.CLASSES if cls is not metrics.Metric)
OF_PAIRS = [n for n in NAMES if n not in ("Mean", "Sum", "MeanTensor", "SumOverBatchSize")]


def make(cls, **more):
    return getattr(metrics, cls)(**ARGUMENTS.get(cls, {}), **more)


def data(name):
    """Targets and predictions that suit any metric: binary, one-hot or integer."""
    labels = np.array([0, 1, 1, 0])
    y_pred = np.array([[0.8, 0.2], [0.3, 0.7], [0.6, 0.4], [0.9, 0.1]], "float32")
    if name in ("IoU", "MeanIoU"):
        return labels, np.array([0, 1, 0, 0])
    sparse = name.startswith("Sparse")
    return (labels, y_pred) if sparse else (np.eye(2, dtype="float32")[labels], y_pred)


# ---- names and configs


@pytest.mark.parametrize(
    "alias, name",
    [
        ("mse", "MeanSquaredError"),
        ("MSE", "MeanSquaredError"),
        ("mean_squared_error", "MeanSquaredError"),
        ("meansquarederror", "MeanSquaredError"),
        ("rmse", "RootMeanSquaredError"),
        ("kld", "KLDivergence"),
        ("kullback_leibler_divergence", "KLDivergence"),
        ("logcosh", "LogCoshError"),
        ("auc", "AUC"),
        ("mean_io_u", "MeanIoU"),
        ("Precision", "Precision"),
        ("bce", "BinaryCrossentropy"),
    ],
)
def test_every_spelling_finds_the_class(alias, name):
    assert metrics.family.find(alias).__name__ == name


@pytest.mark.parametrize("alias", ["huber", "cosine_proximity", "cosine", "fmeasure", "matthews_correlation", "dice"])
def test_functions_without_a_class_are_found_too(alias):
    assert metrics.get(alias) is getattr(metrics, alias)


@pytest.mark.parametrize("alias", ["MAE", "mse", "kld", "mean_squared_error", "binary_accuracy", "precision"])
def test_functions_are_attributes_of_the_module(alias):
    assert not isinstance(getattr(metrics, alias), type)


def test_a_misspelt_name_suggests_the_nearest():
    with pytest.raises(ValueError, match="Unknown metric 'MeanSquareError'. Did you mean 'MeanSquaredError'"):
        metrics.get("MeanSquareError")


@pytest.mark.parametrize("name", NAMES)
def test_a_metric_survives_serialization_in_both_formats(name):
    metric = make(name, name="mine")
    for old in (False, True):
        again = metrics.deserialize(metrics.serialize(metric, use_legacy_format=old))
        assert type(again) is type(metric)
        assert again.get_config() == metric.get_config()


def test_a_wrapped_function_is_found_again_by_its_name():
    metric = metrics.MeanMetricWrapper(metrics.binary_accuracy, name="b", threshold=0.3)
    config = metric.get_config()
    assert config["fn"]["config"] == "binary_accuracy"
    assert metrics.MeanMetricWrapper.from_config(config)([[0]], [[0.4]]).item() == 0.0


def test_names_are_counted_where_none_is_given():
    naming.reset_names()
    assert [metrics.AUC().name, metrics.AUC().name, metrics.MeanIoU(num_classes=2).name] == [
        "auc",
        "auc_1",
        "mean_io_u",
    ]


def test_an_unknown_argument_is_refused():
    with pytest.raises(TypeError, match="num_threshold'"):
        metrics.AUC(num_threshold=3)


@pytest.mark.parametrize(
    "name, arguments, message",
    [
        ("AUC", {"curve": "PRR"}, "curve"),
        ("AUC", {"summation_method": "sum"}, "summation method"),
        ("AUC", {"num_thresholds": 1}, "num_thresholds"),
        ("AUC", {"num_labels": 2}, "multi_label"),
        ("AUC", {"thresholds": [2.0]}, r"\[0, 1\]"),
        ("Precision", {"thresholds": [0.5, -1]}, r"\[0, 1\]"),
        ("SensitivityAtSpecificity", {"specificity": 1.5}, "specificity must be"),
        ("RecallAtPrecision", {"precision": 0.5, "num_thresholds": 0}, "num_thresholds"),
        ("FBetaScore", {"average": "mean"}, "average"),
        ("FBetaScore", {"beta": 1}, "beta"),
        ("F1Score", {"threshold": 2.0}, "threshold"),
        ("R2Score", {"class_aggregation": "sum"}, "class_aggregation"),
        ("R2Score", {"num_regressors": -1}, "num_regressors"),
        ("IoU", {"num_classes": 2, "target_class_ids": [2]}, "target_class_ids"),
    ],
)
def test_wrong_arguments_are_refused(name, arguments, message):
    with pytest.raises(ValueError, match=message):
        getattr(metrics, name)(**arguments)


@pytest.mark.parametrize("name", ["F1Score", "R2Score"])
def test_wrong_ranks_are_refused(name):
    with pytest.raises(ValueError, match="shape"):
        make(name).update_state(np.zeros((2, 2, 2)), np.zeros((2, 2, 2)))


# ---- state


@pytest.mark.parametrize("name", OF_PAIRS)
def test_compiled_and_eager_updates_agree(name):
    y_true, y_pred = data(name)
    eager, compiled = make(name), make(name)
    for _ in range(2):
        eager.update_state(y_true, y_pred)
    compiled.build(y_true.shape, y_pred.shape)
    step = jax.jit(lambda state, t, p: compiled.stateless_update_state(state, t, p))
    state = compiled.stateless_reset_state()
    for _ in range(2):
        state = step(state, y_true, y_pred)
    result = jax.jit(compiled.stateless_result)(state)
    np.testing.assert_allclose(result, eager.result(), rtol=1e-6)
    assert all(not v.numpy().any() for v in compiled.variables)  # nothing leaked


@pytest.mark.parametrize("name", NAMES)
def test_reset_starts_anew(name):
    metric = make(name)
    arguments = (np.ones((2, 2)),) if name not in OF_PAIRS else data(name)
    first = np.asarray(metric(*arguments))
    metric.reset_state()
    np.testing.assert_allclose(metric(*arguments), first, rtol=1e-6)
    metric.reset_states()
    assert all(not v.numpy().any() for v in metric.variables)


def test_an_update_inside_a_frame_stays_there():
    metric = metrics.Mean()
    with Frame(values={v: v.value for v in metric.variables}) as call:
        metric.update_state([2.0, 4.0])
        assert metric.result() == 3.0
        assert [call.values[v].item() for v in metric.variables] == [6.0, 2.0]
    assert metric.result() == 0.0


def test_states_of_two_metrics_are_merged():
    a, b = metrics.Mean(), metrics.Mean()
    a.update_state([1.0])
    b.update_state([3.0])
    a.merge_state([b])
    assert a.result() == 2.0
    with pytest.raises(ValueError, match="another number of variables"):
        a.merge_state([metrics.Sum()])


def test_a_wrong_number_of_variables_is_refused():
    with pytest.raises(ValueError, match="2 variables, received 1"):
        metrics.Mean().stateless_update_state([jnp.zeros(())], 1.0)


def test_weights_are_read_and_set_as_arrays():
    metric = metrics.Mean()
    metric.set_weights([6.0, 2.0])
    assert metric.result() == 3.0
    assert [w.item() for w in metric.get_weights()] == [6.0, 2.0]
    assert metric.trainable_weights == []


def test_a_clone_has_the_config_and_no_state():
    metric = metrics.Precision(thresholds=[0.3], name="p")
    metric.update_state([1], [1.0])
    clone = metrics.clone_metric(metric)
    assert clone.get_config() == metric.get_config()
    assert clone.result() == 0.0
    assert metrics.clone_metric(losses.huber) is losses.huber
    assert metrics.clone_metrics({"a": [metric]})["a"][0].name == "p"


# ---- metrics written by users


class Hits(metrics.Metric):
    def __init__(self, name="hits", **kwargs):
        super().__init__(name=name, **kwargs)
        self.hits = self.add_weight(name="hits", initializer="zeros")
        self.inner = metrics.Mean(name="inner")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.hits.assign_add(jnp.sum(jnp.equal(y_true, y_pred).astype("float32")))
        self.inner.update_state(y_pred)

    def result(self):
        return {"hits": self.hits.value, "mean": self.inner.result()}


def test_a_metric_may_hold_metrics_and_give_several_numbers():
    metric = Hits()
    found = metric(jnp.array([1, 2]), jnp.array([1, 3]))
    assert (found["hits"], found["mean"]) == (1.0, 2.0)
    assert [v.path for v in metric.variables] == ["hits/hits", "inner/total", "inner/count"]
    assert Hits.from_config(metric.get_config()).name == "hits"


@pytest.mark.parametrize(
    "args, kwargs",
    [
        (("tp",), {"initializer": "zeros"}),
        (("tp", ()), {"initializer": "zeros", "aggregation": None, "dtype": "float32"}),
        (((), "zeros"), {"name": "tp"}),
        ((), {"name": "tp"}),
        ((), {"shape": (), "initializer": "zeros", "dtype": "float32", "name": "tp"}),
    ],
)
def test_add_weight_takes_the_arguments_of_both_generations(args, kwargs):
    variable = metrics.Metric(name="m").add_weight(*args, **kwargs)
    assert (variable.name, variable.shape, variable.value.item()) == ("tp", (), 0.0)


@pytest.mark.parametrize("args", [("mine", "float16"), ("float16", "mine"), (None, "mine"), ("mine",)])
def test_name_and_dtype_stand_in_either_order(args):
    metric = metrics.Metric(*args)
    assert metric.name == "mine"
    assert metric.dtype == ("float16" if "float16" in args else "float32")


def test_a_missing_super_init_says_so():
    class Bad(metrics.Metric):
        def __init__(self):
            self.total = self.add_weight(name="total")

    with pytest.raises(RuntimeError, match=r"call super\(\).__init__"):
        Bad()


def test_methods_that_must_be_written_say_so():
    with pytest.raises(NotImplementedError, match="update_state"):
        metrics.Metric().update_state()
    with pytest.raises(NotImplementedError, match="result"):
        metrics.Metric().result()


def test_an_old_metric_with_reset_states_is_reset():
    class Old(metrics.Mean):
        def reset_states(self):
            self.seen = True
            super().reset_states()

    metric = Old()
    metric.update_state([1.0])
    metric.reset_state()
    assert metric.seen
    assert metric.result() == 0.0


def test_a_python_metric_runs_inside_a_compiled_step():
    class Seen(metrics.experimental.PyMetric):
        def reset_state(self):
            self.labels = set()

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.labels |= set(np.asarray(y_true).tolist())

        def result(self):
            return len(self.labels)

    metric = Seen()

    @jax.jit
    def step(state, y_true):
        state = metric.stateless_update_state(state, y_true, y_true)
        return state, metric.stateless_result(state)

    state = [v.value for v in metric.variables]
    state, first = step(state, jnp.array([1, 2]))
    state, second = step(state, jnp.array([2, 3]))
    assert (int(first), int(second)) == (2, 3)
    metric.reset_state()
    assert metric.result() == 0


@pytest.mark.parametrize("name", ["binary_accuracy", "categorical_accuracy", "sparse_accuracy", "recall"])
def test_metric_functions_of_symbolic_tensors_are_symbolic(name):
    assert isinstance(getattr(metrics, name)(KerasTensor((None, 3)), KerasTensor((None, 3))), KerasTensor)


@pytest.mark.parametrize("name", ["MeanSquaredError", "Mean", "AUC"])
def test_low_precision_input_is_accumulated_in_float32(name):
    y = jnp.full((3, 2), 0.25, "bfloat16")
    metric = make(name)
    metric.update_state(*([y] if name == "Mean" else [jnp.ones_like(y), y]))
    assert {str(v.value.dtype) for v in metric.variables} == {"float32"}


def test_fractional_weights_of_integer_counts_are_warned_of():
    with pytest.warns(UserWarning, match="fractional sample weights"):
        make("MeanIoU").update_state([0, 1], [0, 1], sample_weight=np.array([0.5, 1.0]))


def test_mean_tensor_refuses_another_shape():
    metric = metrics.MeanTensor()
    with pytest.raises(ValueError, match="no value yet"):
        metric.result()
    metric.update_state([1.0, 2.0])
    with pytest.raises(ValueError, match="expected values of shape"):
        metric.update_state([1.0])


@pytest.mark.parametrize("name, expected", [("precision", 0.5), ("recall", 1.0), ("fmeasure", 2 / 3)])
def test_scores_of_keras_1_work_on_a_batch(name, expected):
    score = getattr(metrics, name)([[0.0], [1.0]], [[0.9], [0.8]])
    np.testing.assert_allclose(score, expected, rtol=1e-5)


def test_fbeta_score_without_positives_is_zero_and_refuses_a_negative_beta():
    assert metrics.fbeta_score([[0.0]], [[1.0]]).item() == 0.0
    with pytest.raises(ValueError, match="beta"):
        metrics.fbeta_score([[0.0]], [[1.0]], beta=-1)


# ---- choosing


def test_targets_without_a_column_suit_one_regression_output():
    metric = metrics.choose("r2_score", (None,), (None, 1))
    np.testing.assert_allclose(metric([1.0, 4.0, 3.0], [[2.0], [4.0], [4.0]]), 4 / 7, rtol=1e-5)


@pytest.mark.parametrize("name, count", [("F1Score", 4), ("R2Score", 5)])
def test_a_chosen_metric_has_its_state_before_the_first_batch(name, count):
    assert len(metrics.choose(make(name), (None, 3), (None, 3)).variables) == count
    with pytest.raises(ValueError, match="shape"):
        metrics.choose(make(name), (None,), (None, 3))


def test_sparse_accuracy_compares_one_hot_labels_with_probabilities():
    metric = metrics.choose("sparse_accuracy", (None, 2), (None, 2), "categorical_crossentropy")
    assert metric.name == "sparse_accuracy"
    assert metric([[0, 1], [1, 0]], [[0.1, 0.9], [0.2, 0.8]]).item() == 0.5
    assert metrics.sparse_accuracy([1, 0], [[0.1, 0.9], [0.2, 0.8]]).tolist() == [1.0, 0.0]


def test_functions_classes_and_objects_are_chosen_as_they_are():
    def mine(y_true, y_pred):
        return jnp.abs(y_true - y_pred)

    auc = metrics.AUC(name="a")
    assert metrics.choose(auc) is auc
    assert metrics.choose(mine).name == "mine"
    assert metrics.choose(metrics.Precision).name.startswith("precision")
    assert metrics.choose(losses.Huber(name="h"))([[0.0]], [[1.0]]).item() == 0.5
    assert metrics.choose({"class_name": "Mean", "config": {"name": "m"}}).name == "m"
    with pytest.raises(ValueError, match="None"):
        metrics.choose(None)
    with pytest.raises(ValueError, match="Did you mean"):
        metrics.choose("acuracy")


@pytest.mark.parametrize("name, expected", [("3", 2.0), ("tf2", 2.0), ("2.2", 1.75)])
def test_a_function_that_averages_the_batch_itself_is_weighed_by_the_era(name, expected, monkeypatch):
    monkeypatch.setattr(era, "name", name)
    metric = metrics.choose(lambda y_true, y_pred: jnp.mean(y_pred))
    metric.update_state(np.zeros(3), np.full(3, 1.5))
    metric.update_state(np.zeros(1), np.full(1, 2.5))
    assert metric.result() == expected


@pytest.mark.parametrize("loss", ["binary_crossentropy", losses.binary_crossentropy, losses.BinaryCrossentropy()])
def test_keras_2_2_goes_by_the_loss_however_it_is_given(loss):
    metric = metrics.choose("accuracy", (None, 5), (None, 5), loss, era="2.2")
    assert (type(metric).__name__, metric.name) == ("BinaryAccuracy", "acc")


def test_the_era_decides_what_differs_between_generations(monkeypatch):
    monkeypatch.setitem(era.defaults, ("KLDivergence", "name"), "kullback_leibler_divergence")
    monkeypatch.setitem(era.defaults, ("binary_accuracy", "averages_last_axis"), True)
    monkeypatch.setitem(era.defaults, ("_IoUBase", "default_dtype"), "float32")
    assert make("MeanIoU").dtype == "float32"
    assert metrics.KLDivergence().name == "kullback_leibler_divergence"
    assert metrics.binary_accuracy([[1, 0]], [[0.7, 0.7]]).tolist() == [0.5]
