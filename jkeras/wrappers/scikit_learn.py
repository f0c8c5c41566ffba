"""The wrappers of Keras 1 and 2: a function that makes a compiled model, and the arguments of it, of fit and of predict.

Source: Keras 2.2.4, `keras.wrappers.scikit_learn`.
"""

import copy
import inspect

import numpy as np

from ..models import Sequential
from ..utils.numeric import to_categorical

__all__ = ["BaseWrapper", "KerasClassifier", "KerasRegressor"]

_METHODS = ("fit", "predict", "evaluate")
_OLD = frozenset({"nb_epoch"})  # the word of Keras 1 for epochs, which `fit` still takes


class BaseWrapper:
    """What classifier and regressor share. `build_fn` makes a compiled model; `sk_params` are arguments of it or of
    ``fit``, ``predict`` and ``evaluate``, each of which gets those that it has.

    `build_fn` may be a function, an object with ``__call__``, or None for a subclass with ``__call__``.

    Raises ValueError for an argument that none of them has.

    >>> def small(units=2): ...
    >>> BaseWrapper(small, units=3, epochs=5).get_params()["units"]
    3
    """

    def __init__(self, build_fn=None, **sk_params):
        self.build_fn, self.sk_params = build_fn, sk_params
        self.check_params(sk_params)

    def _builder(self):
        if self.build_fn is not None:
            return self.build_fn
        if not callable(self):
            raise ValueError(f"{type(self).__name__}: pass build_fn=, a function that returns a compiled model.")
        return self

    def check_params(self, params):
        """Raises ValueError for a name that is an argument of nothing here."""
        functions = [self._builder() if self.build_fn is not None or callable(self) else None]
        functions += [getattr(Sequential, name) for name in _METHODS]
        for name in params:
            if name not in _OLD and not any(f is not None and takes(f, name) for f in functions):
                raise ValueError(
                    f"{name} is not a legal parameter: neither build_fn nor fit, predict or evaluate has an argument of "
                    "this name."
                )

    def get_params(self, deep=True):
        """The arguments of this estimator, as scikit-learn asks for them."""
        return {**copy.deepcopy(self.sk_params), "build_fn": self.build_fn}

    def set_params(self, **params):
        """Changes arguments; returns the estimator."""
        params = dict(params)
        self.build_fn = params.pop("build_fn", self.build_fn)
        self.check_params(params)
        self.sk_params.update(params)
        return self

    def filter_sk_params(self, fn, override=None):
        """Those of the arguments that `fn` has, then `override`."""
        old = _OLD if getattr(fn, "__name__", "") == "fit" else frozenset()
        found = {name: value for name, value in self.sk_params.items() if name in old or takes(fn, name)}
        return {**found, **(override or {})}

    def fit(self, x, y, **kwargs):
        """Makes a new model and trains it; returns its History."""
        builder = self._builder()
        self.model = builder(**self.filter_sk_params(builder))
        y = self._labels(y)
        arguments = copy.deepcopy(self.filter_sk_params(Sequential.fit))
        return self.model.fit(x, y, **{**arguments, **kwargs})

    def _labels(self, y):
        """One-hot labels where the model's loss wants them."""
        loss = self.model.loss
        name = loss if isinstance(loss, str) else getattr(loss, "__name__", getattr(loss, "name", ""))
        return to_categorical(y) if name == "categorical_crossentropy" and np.ndim(y) != 2 else y

    # What scikit-learn asks of an estimator, without its being needed to import this module.

    def __sklearn_tags__(self):
        from sklearn.base import BaseEstimator

        tags = BaseEstimator.__sklearn_tags__(self)
        tags.estimator_type = self._estimator_type
        return tags

    _estimator_type = None

    def __sklearn_is_fitted__(self):
        return hasattr(self, "model")


def takes(fn, name):
    """Whether `fn` can be called with an argument of this name, other than through ``**kwargs``."""
    if not inspect.isroutine(fn) and not inspect.isclass(fn):
        fn = type(fn).__call__
    parameter = inspect.signature(fn).parameters.get(name)
    return parameter is not None and parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)


class KerasClassifier(BaseWrapper):
    """A classifier of scikit-learn out of a function that makes a model; labels may be of any kind, or one-hot rows.

    >>> import jkeras as keras
    >>> def small():
    ...     model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(2, "softmax")])
    ...     model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    ...     return model
    >>> model = KerasClassifier(small, epochs=1, verbose=0)
    >>> _ = model.fit(np.array([[0.0], [1.0]]), np.array(["no", "yes"]))
    >>> model.classes_.tolist(), model.predict_proba(np.array([[2.0]])).shape
    (['no', 'yes'], (1, 2))
    """

    _estimator_type = "classifier"

    def fit(self, x, y, sample_weight=None, **kwargs):
        """Trains on labels (n,), (n, 1) or one-hot rows (n, classes)."""
        y = np.asarray(y)
        if y.ndim == 2 and y.shape[1] > 1:
            self.classes_ = np.arange(y.shape[1])
        elif y.ndim in (1, 2):
            self.classes_ = np.unique(y)
            y = np.searchsorted(self.classes_, y)
        else:
            raise ValueError(f"Invalid shape for y: {y.shape}. Pass labels (n,) or one-hot rows (n, classes).")
        self.n_classes_ = len(self.classes_)
        if sample_weight is not None:
            kwargs["sample_weight"] = sample_weight
        return super().fit(x, y, **kwargs)

    def predict(self, x, **kwargs):
        """The most probable class of each sample."""
        scores = self._scores(x, kwargs)
        classes = scores.argmax(axis=-1) if scores.shape[-1] > 1 else (scores > 0.5).astype("int32")
        return self.classes_[classes]

    def predict_proba(self, x, **kwargs):
        """Probabilities (n, classes), two columns for a single sigmoid output."""
        scores = self._scores(x, kwargs)
        return np.hstack([1 - scores, scores]) if scores.shape[1] == 1 else scores

    def _scores(self, x, kwargs):
        return np.asarray(self.model.predict(x, **self.filter_sk_params(Sequential.predict, kwargs)))

    def score(self, x, y, **kwargs):
        """Accuracy; the model must have been compiled with ``metrics=["accuracy"]``."""
        y = self._labels(np.searchsorted(self.classes_, np.asarray(y)))
        logs = self.model.evaluate(x, y, return_dict=True, **self.filter_sk_params(Sequential.evaluate, kwargs))
        for name in ("accuracy", "acc"):
            if name in logs:
                return logs[name]
        raise ValueError("The model is not configured to compute accuracy. Pass metrics=['accuracy'] to its compile().")


class KerasRegressor(BaseWrapper):
    """A regressor of scikit-learn out of a function that makes a model; its score is minus the loss."""

    _estimator_type = "regressor"

    def predict(self, x, **kwargs):
        """Predictions without axes of size 1."""
        return np.squeeze(self.model.predict(x, **self.filter_sk_params(Sequential.predict, kwargs)))

    def score(self, x, y, **kwargs):
        """Minus the loss."""
        loss = self.model.evaluate(x, y, **self.filter_sk_params(Sequential.evaluate, kwargs))
        return -(loss[0] if isinstance(loss, list) else loss)
