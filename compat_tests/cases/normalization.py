"""Normalization: batch, layer, group, root mean square, unit length and spectral."""

from compat_tests.case import Case, Sub

OLD = ("keras3", "tf_keras", "keras224")
BOTH = ("keras3", "tf_keras")
TRAIN = dict(training=True)
BN = "BatchNormalization"
CLIP = dict(renorm_clipping=dict(rmax=1.5, rmin=0.5, dmax=0.3))

CASES = [
    Case("batch", BN, {}, (4, 3), impls=OLD),
    Case("batch_train", BN, {}, (4, 3), call=TRAIN, impls=BOTH),
    Case("batch_train_steps", BN, dict(momentum=0.8, epsilon=1e-2), (3, 4, 2), call=TRAIN, impls=BOTH),
    Case("batch_train_image", BN, {}, (2, 3, 4, 3), call=TRAIN),
    Case("batch_train_volume", BN, {}, (2, 3, 2, 3, 2), call=TRAIN),
    Case("batch_image", BN, {}, (2, 3, 4, 3), impls=OLD),
    Case("batch_axis1", BN, dict(axis=1), (2, 3, 4, 2), impls=OLD),
    Case("batch_axis1_train", BN, dict(axis=1, scale=False), (2, 3, 4, 2), call=TRAIN),
    Case("batch_axis2_train", BN, dict(axis=2), (2, 3, 4, 2), call=TRAIN),
    Case("batch_no_center", BN, dict(center=False, scale=False), (4, 3), call=TRAIN, impls=BOTH),
    Case("batch_mask_train", BN, {}, (3, 4, 2), mask="right", call=TRAIN),
    Case("batch_frozen", BN, dict(trainable=False), (4, 3), call=TRAIN, impls=BOTH),
    Case(
        "batch_renorm_train",
        BN,
        dict(renorm=True, renorm_momentum=0.9, **CLIP),
        (4, 3),
        call=TRAIN,
        impls=BOTH,
    ),
    Case("batch_renorm", BN, dict(renorm=True, center=False, scale=False), (4, 3), call=TRAIN),
    Case("batch_renorm_test", BN, dict(renorm=True), (4, 3), impls=BOTH),
    Case("batch_axes_train", BN, dict(axis=[1, 2]), (2, 3, 4, 2), call=TRAIN, impls=("tf_keras",)),
    Case("batch_virtual_train", BN, dict(virtual_batch_size=2), (4, 3), call=TRAIN, impls=("tf_keras",)),
    Case("batch_virtual_image", BN, dict(virtual_batch_size=2), (4, 2, 3, 3), call=TRAIN, impls=("tf_keras",)),
    Case("batch_virtual_test", BN, dict(virtual_batch_size=2), (4, 3), impls=("tf_keras",)),
    Case(
        "batch_initializers",
        BN,
        dict(
            beta_initializer="ones",
            gamma_initializer="he_normal",
            moving_mean_initializer="ones",
            beta_regularizer="l2",
            gamma_regularizer="l1",
            beta_constraint="non_neg",
            gamma_constraint="max_norm",
        ),
        (4, 3),
        impls=("keras3",),
    ),
    Case("layer", "LayerNormalization", {}, (3, 4), impls=BOTH),
    Case("layer_image", "LayerNormalization", dict(epsilon=1e-5), (2, 3, 4, 2), impls=BOTH),
    Case("layer_axes", "LayerNormalization", dict(axis=[1, 2]), (2, 3, 4, 2), impls=BOTH),
    Case("layer_axes_negative", "LayerNormalization", dict(axis=(-2, -1)), (2, 3, 4), impls=BOTH),
    Case("layer_axis1", "LayerNormalization", dict(axis=1, scale=False), (2, 3, 4), impls=BOTH),
    Case("layer_plain", "LayerNormalization", dict(center=False, scale=False), (3, 4), impls=BOTH),
    Case("layer_rms", "LayerNormalization", dict(rms_scaling=True), (3, 4)),
    Case("layer_rms_axes", "LayerNormalization", dict(rms_scaling=True, axis=[1, 2]), (3, 4, 2)),
    Case("group", "GroupNormalization", dict(groups=2), (2, 3, 4, 6), impls=BOTH),
    Case("group_axis1", "GroupNormalization", dict(groups=3, axis=1, epsilon=1e-2), (2, 6, 3), impls=BOTH),
    Case("group_instance", "GroupNormalization", dict(groups=-1), (2, 3, 3, 4), impls=BOTH),
    Case("group_all", "GroupNormalization", dict(groups=1, scale=False, center=False), (2, 3, 4), impls=BOTH),
    Case("rms", "RMSNormalization", {}, (3, 4)),
    Case("rms_axes", "RMSNormalization", dict(axis=[1, 2], epsilon=1e-3), (3, 4, 2)),
    Case("unit", "UnitNormalization", {}, (3, 4), impls=BOTH),
    Case("unit_axes", "UnitNormalization", dict(axis=[1, 2]), (3, 4, 2), impls=BOTH),
    Case("spectral_dense", "SpectralNormalization", dict(layer=Sub("Dense", units=3)), (2, 4), call=TRAIN),
    Case(
        "spectral_conv",
        "SpectralNormalization",
        dict(layer=Sub("Conv2D", filters=3, kernel_size=2), power_iterations=3),
        (2, 4, 4, 2),
        call=TRAIN,
    ),
    Case("spectral_test", "SpectralNormalization", dict(layer=Sub("Dense", units=3)), (2, 4)),
]
