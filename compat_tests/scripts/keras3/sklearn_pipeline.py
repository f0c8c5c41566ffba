"""SKLearnClassifier and SKLearnRegressor in pipelines of scikit-learn."""
import numpy as np
import keras
from keras import layers
from keras.wrappers import SKLearnClassifier, SKLearnRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

rng = np.random.default_rng(8)
X = rng.normal(3, 2, (60, 4)).astype("float32")
kind = np.where(X[:, 0] + X[:, 1] > 6, "big", "small")


def dynamic_model(X, y, units=6, activation=None):
    inputs = keras.Input(X.shape[1:])
    h = layers.Dense(units, activation="relu", kernel_initializer="ones")(inputs)
    columns = y.shape[1] if y.ndim > 1 else 1
    model = keras.Model(inputs, layers.Dense(columns, activation=activation, kernel_initializer="zeros")(h))
    fixed = np.random.RandomState(1)
    model.set_weights([fixed.uniform(-0.4, 0.4, w.shape) for w in model.get_weights()])
    model.compile(keras.optimizers.Adam(0.05), "categorical_crossentropy" if activation else "mse")
    return model


fit = {"epochs": 4, "batch_size": 15, "shuffle": False, "verbose": 0}
classifier = make_pipeline(
    StandardScaler(), SKLearnClassifier(dynamic_model, model_kwargs={"units": 5, "activation": "softmax"}, fit_kwargs=fit)
)
classifier.fit(X, kind)
labels = classifier.predict(X)
regressor = make_pipeline(StandardScaler(), SKLearnRegressor(dynamic_model, fit_kwargs=fit))
regressor.fit(X, X[:, 2])
guess = regressor.predict(X)
print(sorted(set(labels.ravel())), classifier[-1].classes_)
print("final", f"{np.mean(labels.ravel() == kind):.4f} {classifier.score(X, kind):.4f} {guess.sum():.4f}")
