"""Arguments of compile, fit and their kin that are more than another name: samples for steps, accuracy to be shown."""

import itertools
from typing import Any

import numpy as np


def translate(method: Any, kwargs: dict) -> dict:
    """The arguments of a method of models in today's words."""
    name, model = method.__name__, getattr(method, "__self__", None)
    if name not in ("fit", "evaluate", "fit_generator", "evaluate_generator", "predict_generator"):
        return kwargs
    kwargs = dict(kwargs)
    if "show_accuracy" in kwargs and kwargs.pop("show_accuracy") and model is not None:
        _add_accuracy(model)
    if isinstance(kwargs.get("class_weight"), str):
        kwargs["class_weight"] = balanced(kwargs["class_weight"], kwargs.get("y"))
    if kwargs.get("samples_per_epoch") is not None:
        kwargs["generator"], kwargs["steps_per_epoch"] = steps(kwargs["generator"], kwargs.pop("samples_per_epoch"))
    if kwargs.get("nb_val_samples") is not None:
        data = kwargs.get("validation_data")
        count = kwargs.pop("nb_val_samples")
        if not isinstance(data, (tuple, list)):
            kwargs["validation_data"], kwargs["validation_steps"] = steps(data, count)
    if kwargs.get("val_samples") is not None:
        kwargs["generator"], kwargs["steps"] = steps(kwargs["generator"], kwargs.pop("val_samples"))
    for word in ("samples_per_epoch", "nb_val_samples", "val_samples"):
        if word in kwargs and kwargs[word] is None:
            del kwargs[word]
    return kwargs


def steps(generator: Any, samples: Any) -> tuple[Any, int]:
    """(generator, number of its batches that hold so many samples); looks at the first batch where it must."""
    size = getattr(generator, "batch_size", None)
    if size is None and hasattr(generator, "__next__"):
        first = next(generator)
        generator, size = itertools.chain([first], generator), _length(first)
    elif size is None and hasattr(generator, "__getitem__"):
        size = _length(generator[0])
    if not size:
        raise ValueError(f"The size of the batches of {type(generator).__name__} is unknown. Give the number of steps.")
    return generator, max(1, -(-int(samples) // int(size)))


def _length(batch: Any) -> int:
    part = batch[0] if isinstance(batch, (tuple, list)) else batch
    while isinstance(part, (tuple, list, dict)):
        part = next(iter(part.values())) if isinstance(part, dict) else part[0]
    return len(part)


def balanced(word: str, labels: Any) -> dict[int, float]:
    """Weights by which all classes count the same.

    >>> balanced("auto", np.array([0, 0, 0, 1]))
    {0: 0.6666666666666666, 1: 2.0}
    """
    if word not in ("auto", "balanced"):
        raise ValueError(f"class_weight: expected a dict, 'auto' or 'balanced', received {word!r}.")
    if labels is None:
        raise ValueError(f"class_weight={word!r} needs the labels y; give a dict.")
    labels = np.asarray(labels)
    labels = labels.argmax(-1) if labels.ndim > 1 and labels.shape[-1] > 1 else labels.reshape(-1)
    classes, counts = np.unique(labels, return_counts=True)
    return {int(c): float(len(labels) / (len(classes) * n)) for c, n in zip(classes, counts, strict=True)}


def _add_accuracy(model: Any) -> None:
    given = dict(getattr(model, "_compile_arguments", None) or {})
    if not given:
        return  # fit says that the model is not compiled
    metrics = given.get("metrics") or []
    names = metrics if isinstance(metrics, (list, tuple)) else [metrics]
    if not {"acc", "accuracy"}.intersection(m for m in names if isinstance(m, str)):
        model.compile(**{**given, "optimizer": model.optimizer, "metrics": [*names, "accuracy"]})
