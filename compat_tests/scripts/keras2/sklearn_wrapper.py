"""KerasClassifier and KerasRegressor with build_fn, used by hand as scikit-learn would."""
import numpy as np
from keras.models import Sequential
from keras.layers import Dense
from keras.wrappers.scikit_learn import KerasClassifier, KerasRegressor

rng = np.random.RandomState(6)
X = rng.normal(size=(60, 4)).astype('float32')
y = np.where(X[:, 0] > 0, 'yes', 'no')


def create_baseline(hidden=6, start=0.4):
    model = Sequential()
    model.add(Dense(hidden, input_dim=4, activation='relu'))
    model.add(Dense(1, activation='sigmoid'))
    fixed = np.random.RandomState(1)
    model.set_weights([fixed.uniform(-start, start, w.shape) for w in model.get_weights()])
    model.compile(loss='binary_crossentropy', optimizer='adam', metrics=['accuracy'])
    return model


def wider():
    model = Sequential([Dense(1, input_dim=4, kernel_initializer='zeros')])
    model.compile(loss='mean_squared_error', optimizer='sgd')
    return model


estimator = KerasClassifier(build_fn=create_baseline, hidden=5, epochs=5, batch_size=10, verbose=0, shuffle=False)
estimator.fit(X, y)
print(estimator.classes_, estimator.get_params()['hidden'])
proba = estimator.predict_proba(X)
labels = estimator.predict(X).ravel()
accuracy = estimator.score(X, y)
assert set(labels) <= {'yes', 'no'}

regressor = KerasRegressor(build_fn=wider, epochs=3, batch_size=20, verbose=0, shuffle=False)
regressor.fit(X, X[:, 1])
score = regressor.score(X, X[:, 1])
print('final', '%.5f %.5f %.5f' % (accuracy, proba[:, 1].sum(), score))
