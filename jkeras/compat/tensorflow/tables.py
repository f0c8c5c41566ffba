"""The namespaces of ``tf``: which rows stand in which, made once and on first use."""

import importlib
from typing import Any

from .rows import table

# space: (module, its rows); "" is the root
ROWS = {
    "math": (("elementwise", "ROWS"), ("reductions", "ROWS")),
    "linalg": (("matrices", "ROWS"), ("solvers", "LINALG")),
    "nn": (("neural", "ROWS"), ("solvers", "NN")),
    "strings": (("texts", "ROWS"),),
    "signal": (("signals", "ROWS"),),
    "io": (("files", "ROWS"), ("pictures_more", "FILES")),
    "audio": (("files", "AUDIO"),),
    "bitwise": (("elementwise", "BITWISE"),),
}
ROOT = (("elementwise", "ROWS"), ("reductions", "ROWS"), ("arrangement", "ROWS"), ("matrices", "MATRICES"))
SPACES = frozenset((*ROWS, "", "random", "image", "debugging"))
# What TensorFlow 0 and 1 had in the root: name -> where it is today.
OLD = {
    "mul": "math.multiply", "sub": "math.subtract", "neg": "math.negative", "div": "math.divide", "inv": "math.reciprocal",
    "pack": "stack", "unpack": "unstack", "select": "where", "matrix_inverse": "linalg.inv",
    "matrix_determinant": "linalg.det", "matrix_band_part": "linalg.band_part", "matrix_diag": "linalg.diag",
    "matrix_diag_part": "linalg.diag_part", "matrix_set_diag": "linalg.set_diag", "matrix_solve": "linalg.solve",
    "matrix_transpose": "linalg.matrix_transpose", "matrix_triangular_solve": "linalg.triangular_solve",
    "cholesky": "linalg.cholesky", "cholesky_solve": "linalg.cholesky_solve", "self_adjoint_eig": "linalg.eigh",
    "svd": "linalg.svd", "qr": "linalg.qr", "trace": "linalg.trace", "cross": "linalg.cross", "diag": "linalg.tensor_diag",
    "diag_part": "linalg.tensor_diag_part", "batch_matmul": "linalg.matmul", "random_normal": "random.normal",
    "random_uniform": "random.uniform", "truncated_normal": "random.truncated_normal", "random_gamma": "random.gamma",
    "random_poisson": "random.poisson", "random_shuffle": "random.shuffle", "random_crop": "image.random_crop",
    "multinomial": "random.categorical", "set_random_seed": "random.set_seed", "read_file": "io.read_file",
    "write_file": "io.write_file", "decode_raw": "io.decode_raw", "decode_csv": "io.decode_csv",
    "encode_base64": "io.encode_base64", "decode_base64": "io.decode_base64", "fft": "signal.fft", "ifft": "signal.ifft",
    "fft2d": "signal.fft2d", "ifft2d": "signal.ifft2d", "string_join": "strings.join", "string_split": "strings.split",
    "string_to_number": "strings.to_number", "string_strip": "strings.strip", "substr": "strings.substr",
    "regex_replace": "strings.regex_replace", "reduce_join": "strings.reduce_join", "as_string": "strings.as_string",
    "space_to_depth": "nn.space_to_depth", "depth_to_space": "nn.depth_to_space", "eig": "linalg.eig",
    "matching_files": "io.matching_files", "matrix_square_root": "linalg.sqrtm",
}  # fmt: skip
OLD_IMAGE = {
    "resize_images": "resize",
    "resize_image_with_crop_or_pad": "resize_with_crop_or_pad",
    "resize_image_with_pad": "resize_with_pad",
}
OLD_CASTS = {
    "to_float": "float32",
    "to_double": "float64",
    "to_int32": "int32",
    "to_int64": "int64",
    "to_bfloat16": "bfloat16",
}
OF_NN = {"math": "softmax log_softmax", "": "sigmoid tanh"}
_made: dict[str, dict[str, Any]] = {}


def _rows(pairs: tuple) -> dict[str, Any]:
    return {
        name: row
        for module, rows in pairs
        for name, row in getattr(importlib.import_module(f"{__package__}.{module}"), rows).items()
    }


def functions(space: str) -> dict[str, Any]:
    """Name -> what stands for it in a namespace."""
    if space not in _made:
        _made[space] = _make(space)
    return _made[space]


def _make(space: str) -> dict[str, Any]:
    if space == "":
        return _root()
    if space in ("random", "image"):
        module = importlib.import_module(f"{__package__}.{'draws' if space == 'random' else 'pictures'}")
        made = module.functions()
        if space == "image":
            made.update({old: made[new] for old, new in OLD_IMAGE.items()})
        else:
            made.update(importlib.import_module(f"{__package__}.samplers").functions("random"))
            made["experimental"] = _Space(
                Generator=made["Generator"], get_global_generator=made["get_global_generator"]
            )
        return made
    if space == "debugging":
        return dict(importlib.import_module(f"{__package__}.checks").FUNCTIONS)
    rows = _rows(ROWS[space])
    if space == "math":
        rows.update({name: _rows(ROWS["nn"])[name] for name in OF_NN["math"].split()})
    made = table(space, rows)
    if space == "nn":
        made.update(importlib.import_module(f"{__package__}.samplers").functions("nn"))
        made.update(importlib.import_module(f"{__package__}.solvers").PLAIN)
    if space == "math":
        special = _rows((("elementwise", "SPECIALS"),))
        made["special"] = _Space(**table("math.special", special))
    return made


class _Space:
    """A small namespace."""

    def __init__(self, **names: Any):
        vars(self).update(names)


def _root() -> dict[str, Any]:
    from .checks import FUNCTIONS as CHECKS
    from .checks import IN_ROOT
    from .control import FUNCTIONS
    from .creation import functions as made_of

    made = {**table("", _rows(ROOT)), **made_of(), **FUNCTIONS}
    made.update({name: CHECKS[name] for name in IN_ROOT})
    cast = made["cast"]
    made.update({old: (lambda x, name=None, dtype=dtype: cast(x, dtype)) for old, dtype in OLD_CASTS.items()})
    return made


def old(name: str) -> Any:
    """What stands today for a function that TensorFlow 1 had in the root; None where there is none."""
    if name not in OLD:
        return None
    space, _, rest = OLD[name].rpartition(".")
    return functions(space)[rest]
