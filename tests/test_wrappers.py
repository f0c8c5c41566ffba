"""Models as estimators of scikit-learn."""

import numpy as np
import pytest

import jkeras as keras

pytest.importorskip("sklearn")

from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from jkeras.wrappers import SKLearnClassifier, SKLearnRegressor, SKLearnTransformer
from jkeras.wrappers.scikit_learn import BaseWrapper, KerasClassifier, KerasRegressor

RNG = np.random.RandomState(0)
X = RNG.uniform(-1, 1, (40, 2)).astype("float32")
NAMES = np.array(["down", "up"])
LABELS = NAMES[(X[:, 0] > 0).astype(int)]


def classifier(units=2, loss="sparse_categorical_crossentropy"):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(units, "softmax", kernel_initializer="zeros")])
    model.compile(keras.optimizers.SGD(1.0), loss, metrics=["accuracy"])
    return model


def regressor(rate=0.1):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    model.compile(keras.optimizers.SGD(rate), "mse")
    return model


def of_shapes(X, y, loss="categorical_crossentropy"):
    model = keras.Sequential([keras.Input(X.shape[1:]), keras.layers.Dense(y.shape[1], "softmax")])
    model.compile(keras.optimizers.SGD(1.0), loss)
    return model


@pytest.mark.parametrize("loss", ["sparse_categorical_crossentropy", "categorical_crossentropy"])
def test_classifier_of_keras_2_learns_labels_of_any_kind(loss):
    model = KerasClassifier(classifier, epochs=8, verbose=0, loss=loss)
    assert model.fit(X, LABELS).history["loss"][-1] < 0.6
    assert model.score(X, LABELS, verbose=0) == pytest.approx((model.predict(X) == LABELS).mean(), abs=1e-6)
    assert model.score(X, LABELS, verbose=0) > 0.9
    assert model.predict_proba(X).shape == (40, 2) and model.classes_.tolist() == ["down", "up"]


def test_regressor_of_keras_2_scores_minus_the_loss():
    model = KerasRegressor(regressor, epochs=5, verbose=0)
    model.fit(X, X[:, 1])
    found = model.predict(X)
    assert found.shape == (40,)
    assert model.score(X, X[:, 1], verbose=0) == pytest.approx(-np.mean((found - X[:, 1]) ** 2), rel=1e-4)


def test_grid_search_chooses_arguments_of_fit_and_of_the_function():
    search = GridSearchCV(KerasRegressor(regressor, verbose=0), {"epochs": [1, 8], "rate": [0.0, 0.2]}, cv=2)
    assert search.fit(X, X[:, 1]).best_params_ == {"epochs": 8, "rate": 0.2}


def test_wrapper_refuses_an_argument_that_nothing_has_and_takes_the_old_word_for_epochs():
    with pytest.raises(ValueError, match="rat is not a legal parameter"):
        KerasRegressor(regressor, rat=0.1)
    assert KerasRegressor(regressor, nb_epoch=3).filter_sk_params(keras.Sequential.fit) == {"nb_epoch": 3}


def test_wrapper_passes_to_a_function_what_it_has():
    model = BaseWrapper(regressor, rate=0.5, epochs=3)
    assert model.filter_sk_params(regressor, {"more": 1}) == {"rate": 0.5, "more": 1}
    assert model.set_params(rate=0.25).get_params() == {"rate": 0.25, "epochs": 3, "build_fn": regressor}


def test_score_without_accuracy_says_what_to_compile():
    model = KerasClassifier(lambda: regressor(), epochs=1, verbose=0)
    model.fit(X, LABELS)
    with pytest.raises(ValueError, match="accuracy"):
        model.score(X, LABELS, verbose=0)


def test_estimators_of_keras_3_work_in_pipelines_and_cross_validation():
    model = SKLearnClassifier(of_shapes, fit_kwargs={"epochs": 20, "verbose": 0})
    scores = cross_val_score(make_pipeline(StandardScaler(), model), X, LABELS, cv=2)
    assert scores.min() > 0.8


def test_estimator_of_keras_3_clones_a_compiled_model_at_each_fit():
    model = SKLearnRegressor(regressor(), fit_kwargs={"epochs": 2, "verbose": 0})
    first = model.fit(X, X[:, 1]).model_
    assert model.fit(X, X[:, 1]).model_ is not first is not model.model
    assert model.predict(X).shape == (40,) and model.epoch_ == [0, 1]
    warm = SKLearnRegressor(regressor(), warm_start=True, fit_kwargs={"epochs": 1, "verbose": 0})
    assert warm.fit(X, X[:, 1]).model_ is warm.fit(X, X[:, 1]).model_


def test_transformer_of_keras_3_gives_the_outputs():
    model = SKLearnTransformer(regressor(), fit_kwargs={"epochs": 1, "verbose": 0})
    assert model.fit(X, X[:, 1]).transform(X).shape == (40, 1)


def test_classifier_of_keras_3_refuses_numbers_and_a_single_class():
    with pytest.raises(ValueError, match="continuous"):
        SKLearnClassifier(of_shapes).fit(X, X[:, 0])
    with pytest.raises(ValueError, match="one class"):
        SKLearnClassifier(of_shapes).fit(X, np.array(["a"] * 40))


def test_a_model_that_is_not_compiled_is_refused():
    with pytest.raises(RuntimeError, match="compiled"):
        SKLearnRegressor(keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])).fit(X, X[:, 1])


def test_metadata_reach_fit_where_they_are_asked_for():
    import sklearn
    from sklearn.model_selection import cross_validate

    seen = []

    class Model(keras.Sequential):
        def fit(self, x, y, sample_weight=None, **rest):
            seen.append(None if sample_weight is None else float(np.sum(sample_weight)))
            return super().fit(x, y, sample_weight=sample_weight, **rest)

    def build(X, y):
        model = Model([keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        return model

    one = SKLearnRegressor(build, fit_kwargs={"verbose": 0})
    with pytest.raises(RuntimeError, match="routing is off"):
        one.set_fit_request(sample_weight=True)
    with sklearn.config_context(enable_metadata_routing=True):
        one = one.set_fit_request(sample_weight=True).set_score_request(sample_weight=False)
        cross_validate(one, np.ones((8, 3)), np.ones(8), cv=2, params={"sample_weight": np.arange(8.0)})
    assert seen == [22.0, 6.0]
