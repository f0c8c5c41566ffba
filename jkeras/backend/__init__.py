"""keras.backend, the K of older scripts: functions of arrays, Variables and symbolic tensors alike.

>>> from jkeras import backend as K
>>> float(K.eval(K.mean(K.constant([1.0, 3.0]))))
2.0
"""

from ..core.connections import old_names
from . import graph, images, nn, tensors, variables
from .graph import *  # noqa: F403
from .images import *  # noqa: F403
from .nn import *  # noqa: F403
from .tensors import *  # noqa: F403
from .variables import *  # noqa: F403

__all__ = sorted({*graph.__all__, *images.__all__, *nn.__all__, *tensors.__all__, *variables.__all__})

__getattr__ = old_names(__name__)
