"""keras.ops: functions of arrays, Variables and symbolic tensors alike.

Source: https://keras.io/api/ops/. `numpy`, `nn`, `linalg` and `image` are modules as well; all but the images' functions
stand here too.

>>> import jkeras
>>> jkeras.ops.add([1.0, 2.0], 1.0).tolist()
[2.0, 3.0]
"""

from . import core as _core
from . import image, linalg, nn, numpy  # noqa: F401 - named in __all__
from . import math as _math

for _home in (_core, _math, linalg, nn, numpy):
    globals().update({name: getattr(_home, name) for name in _home.__all__})

__all__ = sorted({"image", "linalg", "nn", "numpy", *(n for m in (_core, _math, linalg, nn, numpy) for n in m.__all__)})
del _home
