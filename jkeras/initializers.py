"""Initial values of weights, as functions of shape, dtype and key.

Source: https://keras.io/api/layers/initializers/. `init(shape, dtype=None, key=None)` gives an array; the dtype None is
`floatx()`. An initializer with a seed of its own gives the same values at each call, whatever the key; one
without uses the key or, where there is none, a fresh one.
"""

import inspect
import math

import jax
import jax.numpy as jnp
import numpy as np

from .core import registry
from .core.declare import Configurable, Converter, current_era, declare, era_default, resolve_default
from .core.dtypes import array_dtype, is_float, standardize_dtype
from .core.registry import Family
from .core.rng import key_of
from .nn.random import Draw, draw
from .random import SeedGenerator

_family = Family("keras.initializers", kind="initializer")


def _seed(value):
    if isinstance(value, dict):
        return registry.deserialize(value) if "class_name" in value else SeedGenerator(**value)
    if value is None or hasattr(value, "next") or isinstance(value, jax.Array):
        return value
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return int(value)
    raise ValueError("expected None, an integer or a keras.random.SeedGenerator.")


Seed = Converter(_seed, registry.serialize)


class Initializer(Configurable):
    """Base class: subclasses define `__call__(shape, dtype=None, key=None)`; the last argument is optional.

    >>> class Halves(Initializer):
    ...     def __call__(self, shape, dtype=None):
    ...         return jnp.full(shape, 0.5, dtype)
    >>> Halves()((2,)).tolist()
    [0.5, 0.5]
    """

    seed = None

    def __call__(self, shape, dtype=None, key=None):
        """Return an array of the shape; subclasses that only have a `plan` draw from it."""
        what = self.plan(shape := _shape(shape))
        if what is None:
            raise NotImplementedError(f"{type(self).__name__} needs a method __call__(shape, dtype=None).")
        dtype = array_dtype(dtype)
        if what.kind != "constant":
            key = self._key(key)
            if what.kind == "uniform" and jnp.issubdtype(dtype, jnp.integer):
                return jax.random.randint(key, shape, int(what.a), int(what.b), dtype)
            _check_float(self, dtype)
        return draw(key, shape, dtype, what)

    __call__.draws_plan = True  # the weights of a model whose initializers have this method are drawn together

    def plan(self, shape):
        """Return the `Draw` that gives the values of this shape, or None where no plain draw does."""
        return None

    def clone(self):
        """Return an equal initializer."""
        return self.from_config(self.get_config())

    @classmethod
    def from_config(cls, config):
        """Return the initializer that `get_config` described; older configs also name a dtype, which is no argument."""
        accepted = inspect.signature(cls).parameters
        return cls(**{k: v for k, v in config.items() if k != "dtype" or k in accepted})

    def _key(self, key):
        return key_of(self.seed) if self.seed is not None or key is None else key


def _shape(shape):
    return (int(shape),) if isinstance(shape, (int, np.integer)) else tuple(int(d) for d in shape)


def _check_float(initializer, dtype):
    if not is_float(dtype):
        name = standardize_dtype(dtype)
        raise ValueError(
            f"{initializer!r} makes floating values, received dtype {name!r}. Use Zeros, Ones or Constant."
        )


@declare
class Zeros(Initializer):
    """All values 0.

    >>> Zeros()((2,)).tolist()
    [0.0, 0.0]
    """

    def plan(self, shape):
        """Return the constant 0."""
        return Draw("constant", 0)


@declare
class Ones(Initializer):
    """All values 1.

    >>> Ones()((2,)).tolist()
    [1.0, 1.0]
    """

    def plan(self, shape):
        """Return the constant 1."""
        return Draw("constant", 1)


@declare
class Constant(Initializer):
    """All values `value`, a number or an array that broadcasts to the shape.

    >>> Constant(3.0)((2,)).tolist()
    [3.0, 3.0]
    """

    value: Converter(lambda v: np.asarray(v) if isinstance(v, (list, tuple)) else v, registry.serialize) = 0.0

    def __call__(self, shape, dtype=None, key=None):
        """Return the filled array; a flat array with as many values as the shape is reshaped."""
        shape, value = _shape(shape), jnp.asarray(self.value).astype(array_dtype(dtype))
        if value.size == math.prod(shape):
            return value.reshape(shape)
        return jnp.broadcast_to(value, shape)

    def plan(self, shape):
        """Return the constant, if it is a number."""
        return Draw("constant", self.value) if isinstance(self.value, (int, float)) else None


@declare
class RandomNormal(Initializer):
    """Normal values of the given mean and standard deviation.

    >>> RandomNormal(stddev=0.1, seed=1)((2, 3)).shape
    (2, 3)
    """

    mean: float = 0.0
    stddev: float = 0.05
    seed: Seed = None

    def plan(self, shape):
        """Return the normal draw."""
        return Draw("normal", self.mean, self.stddev)


@declare
class TruncatedNormal(Initializer):
    """Normal values, drawn again where they lie more than two `stddev` from the mean.

    So their standard deviation is 0.88 `stddev`.

    >>> bool(abs(TruncatedNormal(stddev=1.0, seed=1)((100,))).max() < 2)
    True
    """

    mean: float = 0.0
    stddev: float = 0.05
    seed: Seed = None

    def plan(self, shape):
        """Return the truncated normal draw."""
        return Draw("truncated_normal", self.mean, self.stddev)


@declare
class RandomUniform(Initializer):
    """Values spread evenly from `minval` to `maxval`; integers if an integer dtype is asked for.

    >>> bool(abs(RandomUniform(seed=1)((100,))).max() < 0.05)
    True
    """

    minval: float = -0.05
    maxval: float = 0.05
    seed: Seed = None

    def plan(self, shape):
        """Return the uniform draw."""
        return Draw("uniform", self.minval, self.maxval)


ROOT_FAN_ERAS = TILED_IDENTITY_ERAS = ("1", "2.2")
MODES = ("fan_in", "fan_out", "fan_avg")
DISTRIBUTIONS = {
    "normal": "truncated_normal",  # its name until 2018
    "truncated_normal": "truncated_normal",
    "untruncated_normal": "untruncated_normal",
    "uniform": "uniform",
}
# Standard deviation of a standard normal variable cut at two deviations.
TRUNCATED_STDDEV = 0.8796256610342398


def compute_fans(shape, input_axes=None, output_axes=None):
    """Return how many inputs an output has, and how many outputs an input, for a weight of this shape.

    The last two axes are inputs and outputs and the ones before them a window, unless axes are given.

    >>> compute_fans((3, 3, 8, 16))
    (72, 144)
    """
    if input_axes is not None and output_axes is not None:
        return math.prod(shape[a] for a in input_axes), math.prod(shape[a] for a in output_axes)
    if len(shape) not in (2, 3, 4, 5) and current_era() in ROOT_FAN_ERAS:
        return (math.sqrt(math.prod(shape)),) * 2
    if len(shape) < 2:
        return (math.prod(shape),) * 2
    window = math.prod(shape[:-2])
    return shape[-2] * window, shape[-1] * window


class _Scaled(Initializer):
    """Variance `scale / fan`; the classes below differ in the numbers."""

    scale, mode, distribution = 1.0, "fan_in", "truncated_normal"
    input_axes = output_axes = None

    def plan(self, shape):
        """Return the draw with the variance that the fans ask for."""
        fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2.0}[self.mode]
        variance = self.scale / max(1.0, fan)
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            return Draw("uniform", -limit, limit)
        if self.distribution == "untruncated_normal":
            return Draw("normal", 0.0, math.sqrt(variance))
        return Draw("truncated_normal", 0.0, math.sqrt(variance) / TRUNCATED_STDDEV)


@declare
class VarianceScaling(_Scaled):
    """Zero-mean values whose variance is `scale` / number of inputs, outputs or their mean (`mode`).

    `input_axes` and `output_axes` say which axes of the weight count as inputs and outputs. Raises ValueError for an
    unknown mode or distribution and for a scale that is not positive.

    >>> VarianceScaling(2.0, "fan_out", "uniform", seed=1)((4, 4)).shape
    (4, 4)
    """

    scale: float = 1.0
    mode: str = "fan_in"
    distribution: str = era_default("truncated_normal")
    seed: Seed = None
    input_axes: object = None
    output_axes: object = None

    def __post_init__(self):
        if self.scale <= 0.0:
            raise ValueError(f"VarianceScaling(scale={self.scale!r}): expected a positive number.")
        if str(self.mode).lower() not in MODES:
            raise ValueError(f"VarianceScaling(mode={self.mode!r}): expected one of {MODES}.")
        if str(self.distribution).lower() not in DISTRIBUTIONS:
            raise ValueError(
                f"VarianceScaling(distribution={self.distribution!r}): expected one of {(*DISTRIBUTIONS,)}."
            )
        self.mode, name = self.mode.lower(), self.distribution.lower()
        usual = resolve_default(type(self), "distribution", era_default("truncated_normal"))
        self.distribution = name if name == usual else DISTRIBUTIONS[name]  # Keras 2.2 said "normal" for the same


def _scaled(name, scale, mode, distribution, text):
    """A class with fixed numbers; it has fields for the seed and the axes only."""
    what = "even values" if distribution == "uniform" else "normal values cut at two deviations"
    doc = f"""Zero-mean {what} of variance {text}.

    >>> {name}(seed=1)((4, 2)).shape
    (4, 2)
    """
    body = {
        "__module__": __name__,
        "__doc__": doc,
        "__annotations__": {"seed": Seed, "input_axes": object, "output_axes": object},
        **{"seed": None, "input_axes": None, "output_axes": None},
        **{"scale": scale, "mode": mode, "distribution": distribution},
    }
    return declare(type(name, (_Scaled,), body))


_FAN_AVG, _LECUN, _HE = "2 / (inputs + outputs) (Glorot, 2010)", "1 / inputs (LeCun, 1998)", "2 / inputs (He, 2015)"
GlorotUniform = _scaled("GlorotUniform", 1.0, "fan_avg", "uniform", _FAN_AVG)
GlorotNormal = _scaled("GlorotNormal", 1.0, "fan_avg", "truncated_normal", _FAN_AVG)
LecunUniform = _scaled("LecunUniform", 1.0, "fan_in", "uniform", _LECUN)
LecunNormal = _scaled("LecunNormal", 1.0, "fan_in", "truncated_normal", _LECUN)
HeUniform = _scaled("HeUniform", 2.0, "fan_in", "uniform", _HE)
HeNormal = _scaled("HeNormal", 2.0, "fan_in", "truncated_normal", _HE)


@declare
class Orthogonal(Initializer):
    """A random orthogonal matrix times `gain`, spread evenly over all of them (Saxe et al., 2014).

    All axes but the last form the rows. Raises ValueError for shapes with fewer than two axes.

    >>> q = Orthogonal(seed=1)((3, 3))
    >>> bool(jnp.allclose(q @ q.T, jnp.eye(3), atol=1e-5))
    True
    """

    gain: float = 1.0
    seed: Seed = None

    def __call__(self, shape, dtype=None, key=None):
        """Return the matrix, reshaped."""
        shape, dtype = _shape(shape), array_dtype(dtype)
        if len(shape) < 2:
            raise ValueError(f"Orthogonal: the weight needs at least two axes, received shape {shape}.")
        _check_float(self, dtype)
        rows, columns = math.prod(shape[:-1]), shape[-1]
        drawn = jax.random.normal(self._key(key), (max(rows, columns), min(rows, columns)), dtype)
        q, r = jnp.linalg.qr(drawn.astype(jnp.promote_types(dtype, "float32")))
        q = (q * jnp.sign(jnp.diag(r))).astype(dtype)
        return self.gain * (q.T if rows < columns else q).reshape(shape)


@declare
class Identity(Initializer):
    """The identity matrix times `gain`; 0 beside it where the matrix is not square.

    Up to Keras 2.2 it was repeated along the longer side instead, and is under those eras.
    Raises ValueError unless the shape has two axes.

    >>> Identity(2.0)((2, 2)).tolist()
    [[2.0, 0.0], [0.0, 2.0]]
    """

    gain: float = 1.0

    def __call__(self, shape, dtype=None, key=None):
        """Return the matrix."""
        if len(shape := _shape(shape)) != 2:
            raise ValueError(f"Identity: the weight needs two axes, received shape {shape}.")
        if shape[0] == shape[1] or current_era() not in TILED_IDENTITY_ERAS:
            return self.gain * jnp.eye(*shape, dtype=array_dtype(dtype))
        short, long = sorted(shape)
        if long % short:
            raise ValueError(
                f"Identity: the longer side must be a multiple of the shorter one, received shape {shape}."
            )
        times = (long // short, 1) if shape[0] > shape[1] else (1, long // short)
        return self.gain * jnp.tile(jnp.eye(short, dtype=array_dtype(dtype)), times)


@declare
class STFT(Initializer):
    """Kernel of a one-dimensional convolution that computes a short-time Fourier transform.

    The shape is (window length, 1, frequencies). `side` is "real" or "imag"; `window` is a name known to
    `scipy.signal.get_window`, an array or None; `scaling` divides by the window's "density" (2-norm) or "spectrum"
    (1-norm). Raises ValueError for other values. https://keras.io/api/layers/initializers/

    >>> STFT("imag")((8, 1, 5)).shape
    (8, 1, 5)
    """

    side: str = "real"
    window: object = "hann"
    scaling: str = "density"
    periodic: bool = False

    def __post_init__(self):
        if self.side not in ("real", "imag"):
            raise ValueError(f"STFT(side={self.side!r}): expected 'real' or 'imag'.")
        if self.scaling not in (None, "density", "spectrum"):
            raise ValueError(f"STFT(scaling={self.scaling!r}): expected None, 'density' or 'spectrum'.")
        if isinstance(self.window, str):
            _window(self.window, 1, self.periodic)

    def __call__(self, shape, dtype=None, key=None):
        """Return the kernel, computed in the dtype asked for."""
        (length, _, frequencies), dtype = _shape(shape), array_dtype(dtype)
        freq = jnp.arange(frequencies, dtype=dtype).reshape(1, 1, -1) / (2 * (frequencies - 1))
        angle = -2 * jnp.arange(length, dtype=dtype).reshape(-1, 1, 1) * freq * jnp.arccos(jnp.asarray(-1, dtype))
        kernel = jnp.cos(angle) if self.side == "real" else jnp.sin(angle)
        if self.window is None:
            return kernel
        window = _window(self.window, length, self.periodic) if isinstance(self.window, str) else self.window
        window = jnp.asarray(window, dtype)
        if window.shape != (length,):
            raise ValueError(f"STFT: expected a window of shape {(length,)}, received {window.shape}.")
        norms = {
            None: lambda: 1,
            "density": lambda: jnp.sqrt(jnp.sum(jnp.square(window))),
            "spectrum": lambda: jnp.sum(jnp.abs(window)),
        }
        return kernel * window.reshape(-1, 1, 1) / norms[self.scaling]()


def _window(name, length, periodic):
    from scipy.signal import get_window  # slow to import, and seldom needed

    return get_window(name, length, periodic)


_CLASSES = {
    Zeros: ("zero",),
    Ones: ("one",),
    Constant: ("constant",),
    RandomNormal: ("random_normal", "normal"),
    RandomUniform: ("random_uniform", "uniform"),
    TruncatedNormal: ("truncated_normal",),
    VarianceScaling: ("variance_scaling",),
    GlorotUniform: ("glorot_uniform",),
    GlorotNormal: ("glorot_normal",),
    LecunUniform: ("lecun_uniform",),
    LecunNormal: ("lecun_normal",),
    HeUniform: ("he_uniform",),
    HeNormal: ("he_normal",),
    Orthogonal: ("orthogonal", "OrthogonalInitializer"),
    Identity: ("identity", "IdentityInitializer"),
    STFT: ("stft", "STFTInitializer"),
}
for _class, _aliases in _CLASSES.items():
    # files of early TensorFlow 2 name the classes with a V2 behind
    _family.add(_class, *_aliases, f"{_class.__name__}V2")

zero = zeros = Zeros
one = ones = Ones
constant = Constant
normal = random_normal = RandomNormal
uniform = random_uniform = RandomUniform
truncated_normal = TruncatedNormal
variance_scaling = VarianceScaling
glorot_uniform, glorot_normal = GlorotUniform, GlorotNormal
lecun_uniform, lecun_normal = LecunUniform, LecunNormal
he_uniform, he_normal = HeUniform, HeNormal
orthogonal = OrthogonalInitializer = Orthogonal
identity = IdentityInitializer = Identity
stft = STFTInitializer = STFT


def get(identifier):
    """Return the initializer that a name, class, function, array, config or initializer stands for; None stays None.

    An array serves as it is, for weights of its shape. Raises ValueError for an unknown name.

    >>> get("normal")
    RandomNormal(mean=0.0, stddev=0.05, seed=None)
    """
    if isinstance(identifier, (np.ndarray, np.generic, jax.Array)):
        return _given(identifier)
    return _family.get(identifier)


def _given(array):
    def given(shape, dtype=None):
        if _shape(shape) != np.shape(array):
            raise ValueError(
                f"The array given as initializer has shape {np.shape(array)}, but the weight {tuple(shape)}."
            )
        return jnp.asarray(array).astype(array_dtype(dtype))

    return given


def serialize(initializer, use_legacy_format=False):
    """Return the config of an initializer; without module names if `use_legacy_format`, as Keras 2 did.

    >>> serialize(Zeros())["class_name"]
    'Zeros'
    """
    config = _family.serialize(initializer)
    return (
        {k: config[k] for k in ("class_name", "config")} if use_legacy_format and isinstance(config, dict) else config
    )


def deserialize(config, custom_objects=None, use_legacy_format=False):
    """Return the initializer of a config; both formats are recognised, whatever `use_legacy_format` says.

    >>> deserialize({"class_name": "Constant", "config": {"value": 2.0}})
    Constant(value=2.0)
    """
    return _family.deserialize(config, custom_objects)
