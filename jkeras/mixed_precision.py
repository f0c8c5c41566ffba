"""keras.mixed_precision: dtype policies and loss scaling.

>>> Policy("mixed_bfloat16").compute_dtype
'bfloat16'
"""

from .core.connections import old_names
from .core.dtypes import DTypePolicy, dtype_policy, set_dtype_policy
from .optimizers import LossScaleOptimizer

Policy = DTypePolicy
global_policy = dtype_policy
set_global_policy = set_dtype_policy

__all__ = [
    "DTypePolicy",
    "LossScaleOptimizer",
    "Policy",
    "dtype_policy",
    "global_policy",
    "set_dtype_policy",
    "set_global_policy",
]

__getattr__ = old_names(__name__)
