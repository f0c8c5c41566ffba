"""Imports point downwards only, and `import jkeras` loads no package that it can do without."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "jkeras"

# Each piece may import those to its left (and itself). See docs/architecture.md.
ORDER = (
    "_version nn core dtype_policies random activations initializers regularizers constraints ops losses optimizers "
    "metrics layers "
    "train models backend saving compat"
).split()
# Leaves may import anything in ORDER; nothing in ORDER below compat imports a leaf.
LEAVES = "datasets applications preprocessing utils wrappers distribution".split()
# Modules that only gather public names (jkeras.callbacks, jkeras.config, ...) and the entry points.
ROOTS = {"__init__", "__main__", "_version"}
FORBIDDEN = {"tensorflow", "torch", "keras", "tf_keras", "flax", "absl", "tensorflow_datasets"}


def modules():
    return sorted(path for path in PACKAGE.rglob("*.py"))


def piece_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def type_checking_nodes(tree):
    """The nodes under ``if TYPE_CHECKING``, which never run."""
    return {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }


def imports_of(path):
    """(line, dotted name) of everything that a file imports, relative imports resolved."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = type_checking_nodes(tree)
    package = ("jkeras", *path.relative_to(PACKAGE).parent.parts)
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            name = ".".join([*base, *(node.module.split(".") if node.module else [])])
            if name == "jkeras":
                yield from ((node.lineno, f"jkeras.{alias.name}") for alias in node.names)
            else:
                yield node.lineno, name


def allowed(importer, imported):
    if imported == importer or importer in ROOTS:
        return True
    if importer == "layers" and imported == "ops":
        return False
    if importer in ORDER:
        return imported in ORDER and ORDER.index(imported) < ORDER.index(importer) or importer == "compat"
    return True


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_what_lies_below_it(path):
    importer = piece_of(path)
    wrong = [
        f"{path.relative_to(PACKAGE.parent)}:{line} imports {name}"
        for line, name in imports_of(path)
        if name.startswith("jkeras.") and not allowed(importer, name.split(".")[1])
    ]
    assert not wrong, wrong


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_no_other_framework(path):
    found = {name.split(".")[0] for _, name in imports_of(path)} & FORBIDDEN
    assert not found, f"{path.name} imports {found}"


def test_pure_functions_import_jax_and_numpy_only():
    known = {"jax", "jaxlib", "numpy", "jkeras", *sys.stdlib_module_names}
    found = {name.split(".")[0] for path in (PACKAGE / "nn").rglob("*.py") for _, name in imports_of(path)}
    assert found <= known, found - known


def test_import_loads_neither_extras_nor_what_is_needed_later():
    later = "h5py rich PIL matplotlib pandas scipy sklearn pydot safetensors orbax grain tensorboardX onnx".split()
    code = f"""
import sys, jax, optax
before = set(sys.modules)
import jkeras
print([name for name in {later!r} if name in set(sys.modules) - before])
print(sum(name.startswith("jkeras.layers") for name in sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PACKAGE.parent, check=True)
    assert done.stdout.split("\n")[:2] == ["[]", "0"]
