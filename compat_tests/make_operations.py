"""Makes jkeras/saving/keras3_operations.py: KERAS_BACKEND=jax python compat_tests/make_operations.py, where Keras 3 is.

A config of Keras 3 has some arguments of an operation in its config and the others in its calls; which, only Keras knows.
"""

import importlib
import inspect
import os
import pkgutil
import re
import textwrap

HEAD = '''"""The operations of Keras 3: where each stands, and which arguments are part of its config rather than of its call.

Made by compat_tests/make_operations.py from Keras {version}; not edited by hand.
"""

# module: Class[=function, where that is not the class in snake case][:argument,argument of the config]
TABLE = """
'''
FUNCTIONS = {
    **{name: "image." + name for name in "resize affine_transform extract_patches map_coordinates pad_images".split()},
    **{name: "image." + name for name in "crop_images perspective_transform gaussian_blur elastic_transform".split()},
    **{name: "image." + name for name in "scale_and_translate sobel_edges ssim".split()},
    "rgbto_grayscale": "image.rgb_to_grayscale",
    "rgbto_hsv": "image.rgb_to_hsv",
    "hsvto_rgb": "image.hsv_to_rgb",
    "cdist": "cdist",
    "batch_norm": "batch_normalization",
    "rms_norm": "rms_normalization",
    "layer_norm": "layer_normalization",
    "all_close": "allclose",
    "is_in": "isin",
    "search_sorted": "searchsorted",
}
CLASSES = {"CDist": "cdist", "SSIM": "ssim", "RGBToGrayscale": "rgbto_grayscale", "RGBToHSV": "rgbto_hsv"}
CLASSES |= {"HSVToRGB": "hsvto_rgb", "RMSNorm": "rms_norm"}
WITHOUT = ("Function", "SegmentReduction")


def snake(name):
    """CamelCase as Keras turns it into snake_case."""
    return re.sub("([a-z])([A-Z])", r"\1_\2", re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)).lower()


def main():
    import keras
    import keras.src.ops as home
    from keras.src.ops.operation import Operation

    found = {}
    for info in pkgutil.iter_modules(home.__path__):
        if info.name.endswith("_test"):
            continue
        module = importlib.import_module("keras.src.ops." + info.name)
        for name, cls in sorted(vars(module).items()):
            own = inspect.isclass(cls) and issubclass(cls, Operation) and cls.__module__ == module.__name__
            if not own or cls is Operation or name in WITHOUT:
                continue
            arguments = [p for p in inspect.signature(cls.__init__).parameters if p not in ("self", "name")]
            if cls.__init__ is Operation.__init__:
                arguments = []
            function = FUNCTIONS.get(CLASSES.get(name, snake(name)))
            row = name + (f"={function}" if function else "") + (":" + ",".join(arguments) if arguments else "")
            found.setdefault(info.name, []).append(row)
    lines = [
        textwrap.fill(
            f"{module}: {' '.join(rows)}", 118, break_long_words=False, break_on_hyphens=False, subsequent_indent="  "
        )
        for module, rows in sorted(found.items())
    ]
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    with open(os.path.join(root, "jkeras", "saving", "keras3_operations.py"), "w") as f:
        f.write(HEAD.format(version=keras.__version__) + "\n".join(lines) + '\n"""\n')


if __name__ == "__main__":
    main()
