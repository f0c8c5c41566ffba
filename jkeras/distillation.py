"""Distillation: a small model learns from labels and from a trained, larger one.  https://keras.io/api/distillation/

Source: Hinton et al., 2015, https://arxiv.org/abs/1503.02531; of features: Romero et al., 2015, https://arxiv.org/abs/1412.6550.
"""

from typing import Any

import jax
import jax.numpy as jnp

from . import losses, tree
from .core import registry
from .metrics import Mean
from .models.model import Model
from .models.sequential import Sequential

__all__ = ["DistillationLoss", "Distiller", "FeatureDistillation", "LogitsDistillation"]

LAST = "final_output"


def _functions(loss: Any) -> Any:
    """A structure of losses with functions or objects in the place of names."""
    return tree.map_structure(lambda one: losses.get(one) if isinstance(one, str) else one, loss)


def _losses_of(config: Any) -> Any:
    """The losses of a structure of configs."""
    if isinstance(config, list | tuple):
        return type(config)(map(_losses_of, config))
    if isinstance(config, dict) and "class_name" not in config:
        return {name: _losses_of(one) for name, one in config.items()}
    return losses.deserialize(config)


def _total(loss: Any, what: str, measure: Any, *values: Any) -> jax.Array:
    """The sum of ``measure(loss, ...)`` over the outputs that have a loss."""
    chosen, *columns = (tree.flatten(one) for one in (loss, *values))
    if len({len(chosen), *map(len, columns)}) > 1:
        raise ValueError(f"{what}: expected one loss for each of {len(columns[-1])} outputs, received {len(chosen)}.")
    found = [measure(one, *row) for one, *row in zip(chosen, *columns, strict=True) if one is not None]
    return jnp.sum(jnp.stack(found))


class DistillationLoss:
    """Base class of the losses between teacher and student; subclasses define ``compute_loss``.

    Source: https://keras.io/api/distillation/distillation_loss/.
    """

    _keras_module = "keras.distillation"
    teacher_layer_name: str | None = None
    student_layer_name: str | None = None

    def compute_loss(self, teacher_outputs: Any, student_outputs: Any, **kwargs: Any) -> Any:
        """The loss, a scalar, between what the teacher and the student give."""
        raise NotImplementedError(f"{type(self).__name__} has no compute_loss(); define it.")

    def validate_outputs(self, teacher_outputs: Any, student_outputs: Any) -> None:
        """Raises ValueError for outputs that are nested in different ways."""
        tree.assert_same_structure(teacher_outputs, student_outputs)

    def validate_model_compatibility(self, teacher: Any, student: Any) -> None:
        """Raises ValueError for models that this loss cannot compare."""


class _Comparison(DistillationLoss):
    """A loss from a structure of losses as the user names them."""

    _reads_own_config = True
    loss: Any

    def _set_loss(self, loss: Any) -> None:
        self.loss = _functions(loss)
        if all(one is None for one in tree.flatten(self.loss)):
            raise ValueError(f"{type(self).__name__}: at least one loss must not be None.")

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """The loss that ``get_config`` described."""
        return cls(**{**config, "loss": _losses_of(config["loss"])})


class FeatureDistillation(_Comparison):
    """The mean of a loss between what a layer of the teacher and one of the student give; without names, the outputs.

    `loss` is a name, a loss or a structure of them as the outputs have it, with None for outputs to leave out.

    Source: https://keras.io/api/distillation/feature_distillation/. Raises ValueError without any loss.

    >>> float(FeatureDistillation("mae").compute_loss(jnp.array([[1.0, 2.0]]), jnp.array([[0.0, 2.0]])))
    0.5
    """

    _keras_module = "keras.distillation"

    def __init__(
        self, loss: Any = "mse", teacher_layer_name: str | None = None, student_layer_name: str | None = None
    ) -> None:
        self._set_loss(loss)
        self.teacher_layer_name, self.student_layer_name = teacher_layer_name, student_layer_name

    def validate_model_compatibility(self, teacher: Any, student: Any) -> None:
        """Raises ValueError where a layer is not there, or a model has no graph to take it from."""
        named = {"teacher": self.teacher_layer_name, "student": self.student_layer_name}
        models = {"teacher": teacher, "student": student}
        if any(named.values()):
            without = [which for which, model in models.items() if model.inputs is None]
            if without:
                raise ValueError(
                    f"FeatureDistillation takes layers out of functional and sequential models; the {' and '.join(without)} "
                    "has no symbolic inputs. Use it without names of layers, or LogitsDistillation."
                )
        for which, name in named.items():
            if name is not None:
                try:
                    models[which].get_layer(name=name)
                except ValueError as error:
                    raise ValueError(f"In {which} model: {error}") from error

    def compute_loss(self, teacher_outputs: Any, student_outputs: Any, **kwargs: Any) -> jax.Array:
        """The mean loss, summed over the outputs."""

        def measure(loss: Any, teacher: Any, student: Any) -> Any:
            return jnp.mean(loss(teacher, student))

        return _total(self.loss, "FeatureDistillation", measure, teacher_outputs, student_outputs)

    def get_config(self) -> dict[str, Any]:
        """The loss and the names of the layers."""
        names = {"teacher_layer_name": self.teacher_layer_name, "student_layer_name": self.student_layer_name}
        return {"loss": registry.serialize(self.loss), **names}


class LogitsDistillation(_Comparison):
    """The mean of a loss between logits divided by `temperature`.

    The object ``keras.losses.KLDivergence()`` gets probabilities, its result is multiplied by temperature squared; every
    other loss, the name "kl_divergence" too, gets the logits. For `loss` see ``FeatureDistillation``.

    Source: https://keras.io/api/distillation/logits_distillation/. Raises ValueError without any loss and for a
    temperature that is not positive.

    >>> float(LogitsDistillation(2.0, "mae").compute_loss(jnp.array([[4.0]]), jnp.array([[0.0]])))
    2.0
    """

    _keras_module = "keras.distillation"

    def __init__(self, temperature: float = 3.0, loss: Any = "kl_divergence") -> None:
        self._set_loss(loss)
        if not isinstance(temperature, int | float) or temperature <= 0:
            raise ValueError(f"LogitsDistillation: temperature must be a positive number, received {temperature!r}.")
        self.temperature = temperature

    def compute_loss(self, teacher_outputs: Any, student_outputs: Any, **kwargs: Any) -> jax.Array:
        """The mean loss of the scaled logits, summed over the outputs."""

        def measure(loss: Any, teacher: Any, student: Any) -> Any:
            teacher, student = teacher / self.temperature, student / self.temperature
            if not isinstance(loss, losses.KLDivergence):
                return jnp.mean(loss(teacher, student))
            return jnp.mean(loss(jax.nn.softmax(teacher), jax.nn.softmax(student))) * self.temperature**2

        return _total(self.loss, "LogitsDistillation", measure, teacher_outputs, student_outputs)

    def get_config(self) -> dict[str, Any]:
        """The temperature and the loss."""
        return {"temperature": self.temperature, "loss": registry.serialize(self.loss)}


def _check_alike(teacher: Any, student: Any) -> None:
    """Raises ValueError unless the symbolic inputs and outputs of two models fit."""
    for side in ("input", "output"):
        ours, theirs = (getattr(model, f"{side}s") for model in (student, teacher))
        if ours is None or theirs is None:
            continue
        if len(ours) != len(theirs):
            raise ValueError(f"Teacher and student have {len(theirs)} and {len(ours)} {side}s; they must be as many.")
        for one, other in zip(theirs, ours, strict=True):
            fits = len(one.shape) == len(other.shape) and all(
                a is None or b is None or a == b for a, b in zip(one.shape, other.shape, strict=True)
            )
            if not fits:
                raise ValueError(
                    f"Teacher and student {side} shapes are incompatible. Teacher: {one.shape}, Student: {other.shape}."
                )
            if one.dtype != other.dtype:
                raise ValueError(
                    f"Teacher and student {side} dtypes must match. Teacher: {one.dtype}, Student: {other.dtype}."
                )


def _extractor(model: Any, names: list[str]) -> Model | None:
    """A model that gives the outputs and what the named layers give; None for no names."""
    if not names:
        return None
    last = model.layers[-1].output if isinstance(model, Sequential) else model.output
    outputs = {LAST: last, **{name: model.get_layer(name=name).output for name in names}}
    return Model(inputs=model.inputs, outputs=outputs, name=f"{model.name}_multi_feature_extractor")


class Distiller(Model):
    """Trains `student` with ``student_loss_weight * loss + (1 - student_loss_weight) * distillation_losses``.

    `teacher` is frozen and only asked; `distillation_losses` is one loss or a list, with `distillation_loss_weights`.
    What ``fit`` trains is ``distiller.student``. Sample weights act on the loss of the labels.

    Source: https://keras.io/api/distillation/distiller/.

    Raises ValueError for models whose inputs or outputs do not fit, and for a weight outside of [0, 1].

    >>> import jkeras as keras
    >>> teacher, student = (keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)]) for _ in range(2))
    >>> distiller = Distiller(teacher, student, LogitsDistillation(temperature=2.0))
    >>> distiller.compile("sgd", "mse")
    >>> sorted(distiller.fit(jnp.ones((8, 4)), jnp.ones((8, 3)), verbose=0).history)
    ['distillation_loss', 'loss', 'student_loss', 'total_loss']
    """

    _keras_module = "keras.distillation"
    # Their layers are those of teacher and student, which have their place in files.
    _untracked = Model._untracked | {"_teacher_feature_extractor", "_student_feature_extractor"}

    def __init__(
        self,
        teacher: Any,
        student: Any,
        distillation_losses: Any,
        distillation_loss_weights: Any = None,
        student_loss_weight: float = 0.5,
        name: str = "distiller",
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        for which, model in (("Teacher", teacher), ("Student", student)):
            if not isinstance(model, Model):
                raise ValueError(f"{which} must be a keras.Model, received {model!r}.")
        _check_alike(teacher, student)
        if not isinstance(student_loss_weight, int | float) or not 0 <= student_loss_weight <= 1:
            raise ValueError(f"student_loss_weight must be a number between 0 and 1, received {student_loss_weight!r}.")
        if distillation_losses is None:
            raise ValueError(
                "'distillation_losses' cannot be None. Give a loss such as LogitsDistillation(), or a list."
            )
        single = not isinstance(distillation_losses, list | tuple)
        given = [distillation_losses] if single else list(distillation_losses)
        factors = [1.0] * len(given) if distillation_loss_weights is None else distillation_loss_weights
        factors = list(factors) if isinstance(factors, list | tuple) else [factors]
        if len(factors) != len(given):
            raise ValueError(
                f"Number of distillation_loss_weights ({len(factors)}) must match number of distillation_losses ({len(given)})."
            )
        for one in given:
            one.validate_model_compatibility(teacher, student)
        self.teacher, self.student = teacher, student
        self.distillation_losses, self.distillation_loss_weights = given, factors
        self.student_loss_weight = student_loss_weight
        taken = {
            which: list(dict.fromkeys(filter(None, (getattr(one, f"{which}_layer_name", None) for one in given))))
            for which in ("teacher", "student")
        }
        self._teacher_feature_extractor = _extractor(teacher, taken["teacher"])
        self._student_feature_extractor = _extractor(student, taken["student"])
        self.teacher.trainable = False
        self.student_loss_tracker = Mean(name="student_loss")
        self.distillation_loss_tracker = Mean(name="distillation_loss")
        self.total_loss_tracker = Mean(name="total_loss")

    def compile(self, optimizer: Any = "adam", loss: Any = None, metrics: Any = None, **kwargs: Any) -> None:
        """Says how to train the student; `loss` is that of the labels, a structure where there are several outputs.

        Raises ValueError without a loss.
        """
        if loss is None:
            raise ValueError("'loss' cannot be None: give the loss between the labels and what the student says.")
        if metrics is not None and not isinstance(metrics, list | tuple):
            raise ValueError(f"metrics must be a list or tuple, received {metrics!r}.")
        self._student_loss = _functions(loss)
        super().compile(optimizer=optimizer, loss=None, metrics=metrics, **kwargs)

    def call(self, inputs: Any, training: Any = None, **kwargs: Any) -> Any:
        """What the student says."""
        return self.student(inputs, training=training, **kwargs)

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """The loss of the labels and the losses of distillation, weighted."""
        if y_pred is None:
            y_pred = self(x, training=training)
        share = self.student_loss_weight
        by_labels: Any = 0.0
        if share > 0 and y is not None:
            by_labels = self._loss_of_labels(y, y_pred, sample_weight)
        by_teacher = self._loss_of_teacher(x, y_pred) if share < 1 else 0.0
        total = share * by_labels + (1.0 - share) * by_teacher
        self.student_loss_tracker.update_state(by_labels)
        self.distillation_loss_tracker.update_state(by_teacher)
        self.total_loss_tracker.update_state(total)
        return total

    def _loss_of_labels(self, y: Any, y_pred: Any, sample_weight: Any) -> Any:
        count = len(tree.flatten(y_pred))
        weights = [sample_weight] * count if not tree.is_nested(sample_weight) else tree.flatten(sample_weight)

        def measure(loss: Any, y_true: Any, y_pred: Any, weight: Any) -> Any:
            if weight is None:
                return jnp.mean(loss(y_true, y_pred))
            if isinstance(loss, losses.Loss):
                return jnp.mean(loss(y_true, y_pred, weight))
            values = loss(y_true, y_pred)
            weight = jnp.reshape(weight, weight.shape[:1] + (1,) * (values.ndim - 1))
            return jnp.mean(values * weight)

        return _total(self._student_loss, "Distiller: loss", measure, y, y_pred, weights)

    def _loss_of_teacher(self, x: Any, y_pred: Any) -> Any:
        teacher, student = self._teacher_feature_extractor, self._student_feature_extractor
        taught = {LAST: self.teacher(x, training=False)} if teacher is None else teacher(x, training=False)
        learnt = {LAST: y_pred} if student is None else student(x, training=True)
        total: Any = 0.0
        for loss, factor in zip(self.distillation_losses, self.distillation_loss_weights, strict=True):
            source = getattr(loss, "teacher_layer_name", None)
            theirs, ours = taught[LAST], y_pred
            if source is not None:
                theirs, ours = taught[source], learnt[getattr(loss, "student_layer_name", None) or LAST]
            loss.validate_outputs(theirs, ours)
            value = loss.compute_loss(theirs, ours)
            if jnp.ndim(value) > 0:
                raise ValueError(
                    f"{type(loss).__name__}.compute_loss() must return a scalar, received shape {jnp.shape(value)}."
                )
            total = total + factor * value
        return total

    def get_config(self) -> dict[str, Any]:
        """Both models, the losses and their weights."""
        return {
            **super().get_config(),
            "teacher": registry.serialize(self.teacher),
            "student": registry.serialize(self.student),
            "distillation_losses": [registry.serialize(one) for one in self.distillation_losses],
            "distillation_loss_weights": self.distillation_loss_weights,
            "student_loss_weight": self.student_loss_weight,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict | None = None) -> Any:
        """The distiller that ``get_config`` described."""
        described = ("teacher", "student", "distillation_losses")
        return cls(**{k: registry.deserialize(v, custom_objects) if k in described else v for k, v in config.items()})

    def get_compile_config(self) -> dict[str, Any] | None:
        """The arguments of ``compile``, with the loss of the labels."""
        config = super().get_compile_config()
        return config and {**config, "loss": registry.serialize(self._student_loss)}

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compiles as ``get_compile_config`` says; files of Keras 3 do not tell the loss: call ``compile`` after loading."""
        if config.get("loss") is not None:
            super().compile_from_config({**config, "loss": _losses_of(config["loss"])})
