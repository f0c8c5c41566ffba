"""Distillation: what Keras's numbers do not tell."""

import jax.numpy as jnp
import numpy as np
import pytest

import jkeras as keras
from compat_tests.make_distillation import X, Y, pair
from jkeras.distillation import DistillationLoss, Distiller, FeatureDistillation, LogitsDistillation

SPARSE = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
BETWEEN = {"teacher_layer_name": "teacher_hidden", "student_layer_name": "student_hidden"}


def test_a_distiller_comes_back_from_its_file_with_its_losses_and_goes_on(tmp_path):
    losses = [LogitsDistillation(2.0), FeatureDistillation("mae", **BETWEEN)]
    distiller = Distiller(*pair(keras), losses, [1.0, 0.5], 0.25)
    distiller.compile("sgd", SPARSE)
    before = distiller.train_on_batch(X, Y, return_dict=True)
    distiller.save(tmp_path / "distiller.keras")
    found = keras.saving.load_model(tmp_path / "distiller.keras")
    assert found.get_config()["distillation_losses"] == distiller.get_config()["distillation_losses"]
    assert found.distillation_loss_weights == [1.0, 0.5] and found.student_loss_weight == 0.25
    again = [one.train_on_batch(X, Y, return_dict=True)["loss"] for one in (distiller, found)]
    assert again[0] == again[1] < before["loss"]


def test_several_outputs_have_a_loss_each_and_only_some_are_distilled():
    distiller = Distiller(*pair(keras, outputs=2), LogitsDistillation(3.0, ["mse", None]))
    distiller.compile("sgd", [SPARSE, SPARSE])
    logs = distiller.evaluate(X, [Y, Y], verbose=0, return_dict=True)
    theirs, ours = distiller.teacher(X), distiller.student(X)
    np.testing.assert_allclose(logs["distillation_loss"], np.mean((theirs[0] - ours[0]) ** 2) / 9, rtol=1e-5)
    np.testing.assert_allclose(logs["student_loss"], SPARSE(Y, ours[0]) + SPARSE(Y, ours[1]), rtol=1e-5)


@pytest.mark.parametrize("loss", ["sparse_categorical_crossentropy", SPARSE])
def test_sample_weights_act_on_the_loss_of_the_labels(loss):
    distiller = Distiller(*pair(keras), FeatureDistillation())
    distiller.compile("sgd", loss)
    y_pred, weight = jnp.full((12, 3), 1 / 3), jnp.arange(12.0)
    plain, weighted = (distiller._loss_of_labels(Y, y_pred, w) for w in (None, weight))
    np.testing.assert_allclose(weighted, plain * np.mean(weight), rtol=1e-5)


class Custom(DistillationLoss):
    def compute_loss(self, teacher_outputs, student_outputs, **kwargs):
        return jnp.abs(teacher_outputs - student_outputs)


def test_a_loss_of_ones_own_must_give_a_scalar():
    distiller = Distiller(*pair(keras), Custom())
    distiller.compile("sgd", SPARSE)
    with pytest.raises(ValueError, match="Custom.compute_loss.*scalar.*12, 3"):
        distiller.compute_loss(X, Y)


def bare():
    class Bare(keras.Model):
        def call(self, x):
            return x

    return Bare()


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda t, s: Distiller(t, s, None), "distillation_losses"),
        (lambda t, s: Distiller(t, "student", LogitsDistillation()), "Student must be"),
        (lambda t, s: Distiller(t, s, LogitsDistillation(), student_loss_weight=2), "between 0 and 1"),
        (lambda t, s: Distiller(t, s, [LogitsDistillation()], [1.0, 2.0]), r"weights \(2\)"),
        (lambda t, s: Distiller(t, s, FeatureDistillation(teacher_layer_name="x")), "In teacher model.*'x'"),
        (lambda t, s: Distiller(t, bare(), FeatureDistillation(**BETWEEN)), "no symbolic inputs"),
        (lambda t, s: Distiller(t, pair(keras, 2)[0], LogitsDistillation()), "1 and 2 outputs"),
        (
            lambda t, s: Distiller(
                t, keras.Sequential([keras.Input((5,)), keras.layers.Dense(3)]), LogitsDistillation()
            ),
            "input shapes",
        ),
        (lambda t, s: Distiller(t, s, LogitsDistillation()).compile("sgd"), "'loss' cannot be None"),
        (lambda t, s: Distiller(t, s, LogitsDistillation()).compile("sgd", "mse", "mae"), "metrics must be"),
        (lambda t, s: LogitsDistillation(0.0), "temperature"),
        (lambda t, s: FeatureDistillation([None, None]), "not be None"),
        (lambda t, s: FeatureDistillation(["mse", "mse"]).compute_loss([X], [X]), "each of 1 outputs"),
    ],
)
def test_wrong_arguments_are_named(make, match):
    with pytest.raises(ValueError, match=match):
        make(*pair(keras))


@keras.saving.register_keras_serializable("test")
class OwnCompile(keras.Sequential):
    def compile(self, rate, **kwargs):
        super().compile(keras.optimizers.SGD(rate), "mse", **kwargs)
        self.rate = rate

    def get_compile_config(self):
        return {"rate": self.rate}

    def compile_from_config(self, config):
        self.compile(config["rate"])


def test_loading_a_model_compiles_it_as_its_class_says(tmp_path):
    model = OwnCompile([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(0.125)
    model.save(tmp_path / "own.keras")
    assert keras.saving.load_model(tmp_path / "own.keras").optimizer.learning_rate == 0.125
