"""Layers that are random, or act on the loss alone."""

from compat_tests.case import Case

OLD = ("keras3", "tf_keras", "keras224")
TRAIN = dict(call=dict(training=True), random=True)

CASES = [
    Case("dropout_off", "Dropout", dict(rate=0.5), (3, 4), impls=OLD),
    Case("dropout_on", "Dropout", dict(rate=0.5, seed=1), (3, 4), **TRAIN),
    Case("dropout_noise_shape", "Dropout", dict(rate=0.5, noise_shape=(None, 1, 4), seed=1), (2, 3, 4), **TRAIN),
    Case("dropout_masked", "Dropout", dict(rate=0.5), (3, 3, 4), mask="right", impls=OLD),
    Case("dropout_zero", "Dropout", dict(rate=0.0), (3, 4), call=dict(training=True), impls=OLD),
    Case("spatial1d_off", "SpatialDropout1D", dict(rate=0.5), (2, 3, 4), impls=OLD),
    Case("spatial1d_on", "SpatialDropout1D", dict(rate=0.5, seed=1), (2, 3, 4), **TRAIN),
    Case("spatial2d_off", "SpatialDropout2D", dict(rate=0.5), (2, 3, 3, 4), impls=OLD),
    Case(
        "spatial2d_on", "SpatialDropout2D", dict(rate=0.5, data_format="channels_first", seed=1), (2, 4, 3, 3), **TRAIN
    ),
    Case("spatial3d_off", "SpatialDropout3D", dict(rate=0.5), (2, 2, 2, 2, 4), impls=OLD),
    Case("spatial3d_on", "SpatialDropout3D", dict(rate=0.5, seed=1), (2, 2, 2, 2, 4), **TRAIN),
    Case("noise_off", "GaussianNoise", dict(stddev=0.5), (3, 4), impls=OLD),
    Case("noise_on", "GaussianNoise", dict(stddev=0.5, seed=1), (3, 4), **TRAIN),
    Case("gaussian_dropout_off", "GaussianDropout", dict(rate=0.5), (3, 4), impls=OLD),
    Case("gaussian_dropout_on", "GaussianDropout", dict(rate=0.5, seed=1), (3, 4), **TRAIN),
    Case("alpha_dropout_off", "AlphaDropout", dict(rate=0.5), (3, 4), impls=OLD),
    Case("alpha_dropout_on", "AlphaDropout", dict(rate=0.5, noise_shape=(16, 1), seed=1), (16, 2), **TRAIN),
    Case("activity_regularization", "ActivityRegularization", dict(l1=0.1, l2=0.2), (3, 4), impls=OLD),
]
