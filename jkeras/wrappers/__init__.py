"""Models as estimators of scikit-learn: for GridSearchCV, Pipeline, cross_val_score.

`SKLearnClassifier`, `SKLearnRegressor` and `SKLearnTransformer` are those of Keras 3; `scikit_learn` has the wrappers of
Keras 1 and 2. They load scikit-learn where they need it.
"""

from importlib import import_module

_ESTIMATORS = ("SKLearnClassifier", "SKLearnRegressor", "SKLearnTransformer")

__all__ = [*_ESTIMATORS, "scikit_learn"]


def __getattr__(name):
    if name in _ESTIMATORS:
        return getattr(import_module(f"{__name__}.estimators"), name)
    if name == "scikit_learn":
        return import_module(f"{__name__}.scikit_learn")
    raise AttributeError(f"module 'jkeras.wrappers' has no attribute {name!r}")


def __dir__():
    return __all__
