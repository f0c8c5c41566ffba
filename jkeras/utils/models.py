"""What Keras 2 had for models as a whole."""

import numpy as np


def print_summary(model, line_length=None, positions=None, print_fn=None):
    """``model.summary()`` as a function."""
    model.summary(line_length=line_length, positions=positions, print_fn=print_fn)


def convert_all_kernels_in_model(model):
    """Turns the kernels of all convolutions around, in place: from Theano's order to that of all others, or back.

    Theano convolved, the others correlate: a kernel that was trained there is upside down here.

    Source: Keras 2, `keras.utils.layer_utils`.

    >>> import jkeras as keras
    >>> model = keras.Sequential([keras.Input((4, 1)), keras.layers.Conv1D(1, 2, use_bias=False)])
    >>> model.set_weights([np.array([[[1.0]], [[2.0]]])])
    >>> convert_all_kernels_in_model(model)
    >>> model.get_weights()[0].ravel().tolist()
    [2.0, 1.0]
    """
    from ..layers import Conv1D, Conv1DTranspose, Conv2D, Conv2DTranspose, Conv3D, Conv3DTranspose

    for layer in model._flatten_layers():
        if isinstance(layer, (Conv1D, Conv2D, Conv3D, Conv1DTranspose, Conv2DTranspose, Conv3DTranspose)):
            kernel = layer.kernel
            kernel.assign(np.flip(kernel.numpy(), axis=tuple(range(len(kernel.shape) - 2))))


def multi_gpu_model(model, gpus=None, cpu_merge=True, cpu_relocation=False):
    """The model itself: several accelerators are used through ``jkeras.distribution``, not by a model around the model.

    Keras 2 split each batch over `gpus` (a number above 1 or a list); the numbers are those of the one model, on however
    many devices there are, so that a script written for more of them runs. `cpu_merge` and `cpu_relocation` said where the
    parts were put together, which changes no number. Raises ValueError for a single device, as Keras 2 did.

    >>> import jkeras as keras
    >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    >>> multi_gpu_model(model) is model
    True
    """
    wanted = gpus if isinstance(gpus, (list, tuple)) else range(gpus or 0)
    if gpus is not None and len(wanted) <= 1:
        raise ValueError(
            f"For multi-gpu usage to be effective, call multi_gpu_model with gpus >= 2. Received gpus={gpus}."
        )
    return model
