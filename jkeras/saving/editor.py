"""Files of weights, looked into and changed without a model."""

import os
from typing import Any

import numpy as np

from . import archive, hdf5, legacy_h5
from .atomic import replacing
from .errors import FileError


class KerasFileEditor:
    """Shows, compares and edits the weights in a ``.keras`` or ``.weights.h5`` file; ``save`` writes them to a new one.

    https://keras.io/api/models/model_saving_apis/  Raises FileError for a file that cannot be read.

    >>> import tempfile, jkeras
    >>> path = tempfile.mkdtemp() + "/w.weights.h5"
    >>> jkeras.Sequential([jkeras.Input((3,)), jkeras.layers.Dense(2)]).save_weights(path)
    >>> editor = KerasFileEditor(path)
    >>> editor.rename_object("dense", "head")
    >>> sorted(editor.weights_dict["layers"])
    ['head']
    """

    def __init__(self, filepath: Any):
        self.filepath = path = os.fspath(filepath)
        self.config: Any = None
        self.metadata: Any = None
        self.model: Any = None
        self.console: Any = None
        self.object_metadata: dict[str, str] = {}
        if not os.path.isfile(path):
            raise FileNotFoundError(f"There is no file {path!r}.")
        if legacy_h5.is_hdf5(path):
            with hdf5.reading(path, path) as h5:
                self.weights_dict = self._tree(h5, path)
            return
        with archive.reading(path) as kept:
            self.config = kept.json("config.json")
            self.metadata = kept.json("metadata.json") if "metadata.json" in kept.names else None
            with kept.hdf5("model.weights.h5") as file, hdf5.reading(file, path) as h5:
                self.weights_dict = self._tree(h5, path)

    def _tree(self, group: Any, path: str, inner: str = "") -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, child in group.items():
            at = f"{inner}/{name}".strip("/")
            if name == "vars" and hasattr(child, "items"):
                if "name" in child.attrs:
                    self.object_metadata[inner] = str(child.attrs["name"])
                found.update({key: hdf5.values_of(d, path) for key, d in child.items()})
            elif hasattr(child, "items"):
                found[name] = self._tree(child, path, at)
            else:
                found[name] = hdf5.values_of(child, path)
        return found

    # ------------------------------------------------- looking

    def summary(self) -> None:
        """Prints the tree of objects with the shapes and dtypes of their weights."""
        print(f"Weights of {self.filepath!r}")
        if self.metadata:
            print(f"Keras {self.metadata.get('keras_version', 'unknown')}")
        _print(self.weights_dict, 1)

    def compare(self, reference_model: Any) -> dict[str, int]:
        """Compares names, numbers and shapes with those of a built model, prints what differs, and counts.

        Gives ``{"status": "success" or "error", "error_count": ..., "match_count": ...}``.
        """
        from . import store

        wanted: dict[str, list[tuple[int, ...]]] = {}
        for place, one in store.parts(reference_model):
            shapes = [tuple(np.shape(v)) for v in store._own(one)]
            if shapes:
                wanted[place] = shapes
        stored = {place: shapes for place, shapes in _shapes(self.weights_dict) if place.split("/")[0] != "optimizer"}
        errors = 0
        for place in sorted({*wanted, *stored}):
            if wanted.get(place) != stored.get(place):
                print(
                    f"{place or '/'}: the model has {wanted.get(place, 'nothing')}, the file {stored.get(place, 'nothing')}"
                )
                errors += 1
        matches = sum(wanted[p] == stored.get(p) for p in wanted)
        print("The file fits the model." if not errors else f"{errors} objects differ.")
        return {"status": "error" if errors else "success", "error_count": errors, "match_count": matches}  # type: ignore[dict-item]

    # ------------------------------------------------- editing

    def rename_object(self, object_name: str, new_name: str) -> None:
        """Renames an object: the name of a layer in the file, or a path of names with slashes."""
        parent, name = self._found(object_name)
        _check_name(new_name)
        if new_name in parent:
            raise ValueError(f"{self.filepath}: there is an object {new_name!r} beside {object_name!r} already.")
        items = [(new_name if key == name else key, value) for key, value in parent.items()]
        parent.clear()
        parent.update(items)

    def delete_object(self, object_name: str) -> None:
        """Takes an object out, with all below it."""
        parent, name = self._found(object_name)
        del parent[name]

    def add_object(self, object_path: str, weights: dict[str, Any]) -> None:
        """Puts a new object at a path ("layers/dense_3") with weights by name ("0", "1", ...)."""
        *above, name = object_path.strip("/").split("/")
        parent = self.weights_dict
        for part in above:
            if not isinstance(parent.get(part), dict):
                raise ValueError(f"{self.filepath}: there is no object {part!r} of the path {object_path!r}.")
            parent = parent[part]
        _check_name(name)
        if name in parent:
            raise ValueError(f"{self.filepath}: there is an object {object_path!r} already.")
        parent[name] = {str(key): np.asarray(value) for key, value in weights.items()}

    def delete_weight(self, object_name: str, weight_name: str) -> None:
        """Takes a weight out of an object."""
        parent, name = self._found(object_name)
        if str(weight_name) not in parent[name]:
            raise ValueError(
                f"{self.filepath}: {object_name!r} has no weight {weight_name!r}; it has {sorted(parent[name])}."
            )
        del parent[name][str(weight_name)]

    def add_weights(self, object_name: str, weights: dict[str, Any]) -> None:
        """Puts weights by name into an object, or others in their place."""
        parent, name = self._found(object_name)
        parent[name].update({str(key): np.asarray(value) for key, value in weights.items()})

    def _found(self, object_name: str) -> tuple[dict, str]:
        parts = str(object_name).strip("/").split("/")
        found: list[dict] = []

        def visit(at: dict, above: list[str]) -> None:
            for key, value in at.items():
                if isinstance(value, dict):
                    place = [*above, key]
                    if place == parts or len(parts) == 1 and key == parts[0]:
                        found.append(at)
                    visit(value, place)

        visit(self.weights_dict, [])
        if len(found) != 1:
            said = "no object" if not found else f"{len(found)} objects; give the path of one"
            raise ValueError(f"{self.filepath}: {object_name!r} names {said}.")
        return found[0], parts[-1]

    # ------------------------------------------------- writing

    def save(self, filepath: Any) -> None:
        """Writes the weights as they are now into a ``.weights.h5`` file."""
        path = os.fspath(filepath)
        if not path.endswith(".weights.h5"):
            raise ValueError(f"save: expected a name that ends in .weights.h5, received {path!r}.")
        with replacing(path) as temporary, hdf5.writing(temporary) as h5:
            self._write(h5, self.weights_dict, "")

    resave_weights = save

    def _write(self, group: Any, tree: dict[str, Any], inner: str) -> None:
        own = group.create_group("vars")
        if inner in self.object_metadata:
            own.attrs["name"] = self.object_metadata[inner]
        for name, value in tree.items():
            if isinstance(value, dict):
                self._write(group.create_group(name), value, f"{inner}/{name}".strip("/"))
            else:
                hdf5.put(own, name, value)


def _check_name(name: str) -> None:
    if not name or "/" in name or name in (".", "..", "vars"):
        raise FileError(f"{name!r} cannot be the name of an object in a file.")


def _print(tree: dict[str, Any], depth: int) -> None:
    for name, value in tree.items():
        shown = name if isinstance(value, dict) else f"{name}: shape={value.shape}, dtype={value.dtype}"
        print("    " * depth + shown)
        if isinstance(value, dict):
            _print(value, depth + 1)


def _shapes(tree: dict[str, Any], place: str = "") -> list[tuple[str, list[tuple[int, ...]]]]:
    own = [v.shape for v in tree.values() if not isinstance(v, dict)]
    found = [(place, own)] if own else []
    for name, value in tree.items():
        if isinstance(value, dict):
            found += _shapes(value, f"{place}/{name}".strip("/"))
    return found
