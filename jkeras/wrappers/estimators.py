"""The estimators of Keras 3, `keras.wrappers`: a compiled model, or a function of X and y that makes one."""

import copy

import numpy as np

from ..models import Model
from ..models.cloning import clone_model
from ..utils.extras import need

_base = need("sklearn.base", "sklearn", "keras.wrappers")


class SKLBase(_base.BaseEstimator):
    """What the three estimators share.

    `model`: a compiled model, which is cloned at each ``fit``, or a function ``model(X, y, **model_kwargs)`` that
    returns one; `fit_kwargs` go to its ``fit``; with `warm_start` a second ``fit`` goes on with the model of the first.

    Source: https://keras.io/api/utils/sklearn_wrappers/. Raises RuntimeError for a model that is not compiled.
    """

    def __init__(self, model, warm_start=False, model_kwargs=None, fit_kwargs=None):
        self.model, self.warm_start = model, warm_start
        self.model_kwargs, self.fit_kwargs = model_kwargs, fit_kwargs

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.non_deterministic = True
        return tags

    def __sklearn_clone__(self):
        keep = self.model if not isinstance(self.model, Model) else self._compiled_clone()
        values = {name: copy.deepcopy(getattr(self, name)) for name in ("model_kwargs", "fit_kwargs")}
        return type(self)(model=keep, warm_start=self.warm_start, **values)

    def _compiled_clone(self):
        """A new model of the same kind, compiled in the same way."""
        clone = clone_model(self.model)
        if self.model.compiled:
            clone.compile_from_config(self.model.get_compile_config())
        return clone

    @property
    def epoch_(self):
        """The epochs that the last ``fit`` ran."""
        return self.history_.epoch if hasattr(self, "history_") else 0

    def _get_model(self, X, y):
        if self.warm_start and hasattr(self, "model_"):
            return self.model_
        if isinstance(self.model, Model):
            return self._compiled_clone()
        return self.model(X=X, y=y, **(self.model_kwargs or {}))

    def fit(self, X, y, **kwargs):
        """Trains a model on X (n, features) and y; returns the estimator."""
        X, y = _validated(self, X, y, multi_output=True, y_numeric=False)
        y = self._process_target(y, reset=True)
        model = self._get_model(X, y)
        if not model.compiled or not model.loss or not model.optimizer:
            raise RuntimeError("Given model needs to be compiled, and have a loss and an optimizer.")
        self.history_ = model.fit(X, y, **{**(self.fit_kwargs or {}), **kwargs})
        self.model_ = model
        return self

    def set_fit_request(self, **kwargs):
        """Which metadata of a meta-estimator ``fit`` gets: a keyword of the model's ``fit`` -> True, False, None or a name.

        Source: https://scikit-learn.org/stable/metadata_routing.html. Raises RuntimeError where routing is off.
        """
        from sklearn import get_config

        if not get_config().get("enable_metadata_routing", False):
            raise RuntimeError(
                "set_fit_request: metadata routing is off. Call sklearn.set_config(enable_metadata_routing=True) before."
            )
        requests = self._get_metadata_request()
        for name, alias in kwargs.items():
            requests.fit.add_request(param=name, alias=alias)
        self._metadata_request = requests
        return self

    def predict(self, X):
        """Predictions in the form of the y that it was trained on."""
        return self._reverse_process_target(self._outputs(X))

    def _outputs(self, X):
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self, "model_")
        return np.asarray(self.model_.predict(_validated(self, X, reset=False), verbose=0))

    def _process_target(self, y, reset=False):
        if reset:
            self._target_ndim = y.ndim
        return y.reshape(-1, 1) if y.ndim == 1 else y

    def _reverse_process_target(self, y):
        return np.squeeze(y, axis=1) if self._target_ndim == 1 and y.ndim == 2 and y.shape[1] == 1 else y


def _validated(estimator, *args, **kwargs):
    from sklearn.utils.validation import validate_data

    return validate_data(estimator, *args, **kwargs)


class SKLearnClassifier(_base.ClassifierMixin, SKLBase):
    """A classifier; the model's outputs are one score for each class and its labels arrive one-hot.

    Source: https://keras.io/api/utils/sklearn_wrappers/. Raises ValueError for labels that are not classes, and where
    there is only one class.

    >>> import jkeras as keras
    >>> def small(X, y):
    ...     model = keras.Sequential([keras.Input(X.shape[1:]), keras.layers.Dense(y.shape[1], "softmax")])
    ...     model.compile("adam", "categorical_crossentropy")
    ...     return model
    >>> model = SKLearnClassifier(small, fit_kwargs={"epochs": 1, "verbose": 0})
    >>> model.fit(np.array([[0.0], [1.0]]), np.array(["no", "yes"])).classes_.tolist()
    ['no', 'yes']
    """

    def _process_target(self, y, reset=False):
        from sklearn.preprocessing import OneHotEncoder
        from sklearn.utils.multiclass import type_of_target

        kind = type_of_target(y, raise_unknown=True)
        if kind not in ("binary", "multiclass"):
            raise ValueError(f"Only binary and multiclass target types are supported. Target type: {kind}")
        column = super()._process_target(y, reset)
        if reset:
            self.classes_ = np.unique(y)
            if len(self.classes_) == 1:
                raise ValueError("Classifier can't train when only one class is present.")
            self._encoder = OneHotEncoder(sparse_output=False).fit(column)
        return self._encoder.transform(column)

    def _reverse_process_target(self, y):
        return super()._reverse_process_target(self._encoder.inverse_transform(y))

    def decision_function(self, X):
        """The model's outputs."""
        return self._outputs(X)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True
        return tags


class SKLearnRegressor(_base.RegressorMixin, SKLBase):
    """A regressor.  Source: https://keras.io/api/utils/sklearn_wrappers/"""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True
        return tags


class SKLearnTransformer(_base.TransformerMixin, SKLBase):
    """A transformer, whose ``transform`` gives the model's outputs.  Source: https://keras.io/api/utils/sklearn_wrappers/"""

    def transform(self, X):
        """The model's outputs for X."""
        return self._outputs(X)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags
