"""What the data sets from folders share: files and labels, the split, the data set."""

import os

import numpy as np

from jkeras.train.progress import print_msg
from jkeras.utils.dataset import AUTOTUNE, Dataset
from jkeras.utils.extras import need

LABEL_MODES = ("int", "categorical", "binary", None)


def check_arguments(directory, labels, label_mode, class_names, validation_split, subset, shuffle, seed, format):
    """Names what is wrong, before any file is looked at."""
    if not os.path.isdir(directory):
        raise ValueError(f"There is no folder {directory}.")
    if labels is not None and not isinstance(labels, str) and not isinstance(labels, list | tuple):
        raise ValueError(f"labels must be 'inferred', None or a list of integers, received {type(labels).__name__}.")
    if isinstance(labels, str) and labels != "inferred":
        raise ValueError(f"labels must be 'inferred', None or a list of integers, received {labels!r}.")
    if class_names and labels != "inferred":
        raise ValueError("class_names can be given with labels='inferred' only.")
    if label_mode not in LABEL_MODES:
        raise ValueError(f"label_mode must be one of {LABEL_MODES}, received {label_mode!r}.")
    if format not in ("tf", "grain"):
        raise ValueError(f"format must be 'tf' or 'grain', received {format!r}.")
    if validation_split and not 0 < validation_split < 1:
        raise ValueError(f"validation_split must lie between 0 and 1, received {validation_split}.")
    if bool(validation_split) != bool(subset):
        raise ValueError("validation_split and subset ('training', 'validation' or 'both') must be given together.")
    if subset not in (None, "training", "validation", "both"):
        raise ValueError(f"subset must be 'training', 'validation' or 'both', received {subset!r}.")
    if validation_split and shuffle and seed is None:
        raise ValueError("With validation_split and shuffle=True give a seed, or the two parts would overlap.")


def index_directory(directory, labels, formats, class_names, shuffle, seed, follow_links, verbose):
    """(paths, labels or None, class names or None); both in one seeded order where `shuffle` is set."""
    if labels == "inferred":
        found = sorted(
            name
            for name in os.listdir(directory)
            if os.path.isdir(os.path.join(directory, name)) and not name.startswith(".")
        )
        if class_names is not None and not set(class_names) <= set(found):
            raise ValueError(f"class_names={list(class_names)} are not all folders of {directory}, which has {found}.")
        class_names = list(class_names) if class_names is not None else found
        files = [list(files_of(os.path.join(directory, name), formats, follow_links)) for name in class_names]
        paths = [path for part in files for path in part]
        labels = np.repeat(np.arange(len(files), dtype="int32"), [len(part) for part in files])
    else:
        paths = list(files_of(directory, formats, follow_links))
        if labels is not None:
            if len(labels) != len(paths):
                raise ValueError(
                    f"{len(labels)} labels for {len(paths)} files in {directory}. They must be equally many."
                )
            class_names = [str(label) for label in sorted(set(labels))]
            labels = np.asarray(labels, dtype="int32")
    if verbose:
        ending = "" if labels is None else f" belonging to {len(class_names)} classes"
        print_msg(f"Found {len(paths)} files{ending}.")
    if shuffle:
        order = np.arange(len(paths))
        np.random.RandomState(seed).shuffle(order)
        paths, labels = [paths[i] for i in order], None if labels is None else labels[order]
    return paths, labels, class_names


def files_of(folder, formats, follow_links):
    for root, _, names in sorted(os.walk(folder, followlinks=follow_links), key=lambda entry: entry[0]):
        yield from (os.path.join(root, name) for name in sorted(names) if name.lower().endswith(formats))


def dataset_from_directory(
    directory, load, formats, *, labels, label_mode, class_names, batch_size, shuffle, seed, validation_split, subset,
    follow_links, format, verbose, batch=None,
):  # fmt: skip
    """The data set (or two, for subset="both") of ``load(path)`` of each file, and its label."""
    check_arguments(directory, labels, label_mode, class_names, validation_split, subset, shuffle, seed, format)
    if labels is None or label_mode is None:
        labels = label_mode = None
    seed = int(np.random.randint(10**6)) if seed is None else seed
    paths, labels, class_names = index_directory(
        directory, labels, formats, class_names, shuffle, seed, follow_links, verbose
    )
    if label_mode == "binary" and len(class_names) != 2:
        raise ValueError(f"label_mode='binary' needs two classes, found {class_names}.")
    made = []
    for part in ("training", "validation") if subset == "both" else (subset,):
        rows = part_of(len(paths), validation_split, part, verbose)
        if not paths[rows]:
            raise ValueError(f"No {part + ' ' if part else ''}files in {directory}. Looked for {', '.join(formats)}.")
        values = None if labels is None else encode(labels[rows], label_mode, len(class_names))
        again = shuffle and (subset != "both" or part == "training")
        data = joined(paths[rows], values, load, batch_size, seed if again else None, format, batch)
        data.class_names, data.file_paths = class_names, paths[rows]
        made.append(data)
    return made if subset == "both" else made[0]


def part_of(count, share, part, verbose):
    """The rows of a part: the last ones are for validation."""
    if part is None:
        return slice(None)
    held_out = int(share * count)
    if verbose:
        print_msg(f"Using {count - held_out if part == 'training' else held_out} files for {part}.")
    return slice(count - held_out) if part == "training" else slice(count - held_out, None)


def encode(labels, label_mode, num_classes):
    if label_mode == "binary":
        return labels.astype("float32")[:, None]
    return np.eye(num_classes, dtype="float32")[labels] if label_mode == "categorical" else labels


def joined(paths, values, load, batch_size, seed, format, batch):
    """The elements, shuffled in each pass where a seed is given, then read, then batched."""
    if format == "grain":
        return in_grain(paths, values, load, batch_size, seed)
    data = Dataset.from_tensor_slices(np.arange(len(paths)))
    if seed is not None:
        data = data.shuffle(len(paths), seed=seed)

    def element(i):
        x = load(paths[i])
        return x if values is None else (x, values[i])

    data = data.map(element, num_parallel_calls=AUTOTUNE)
    if batch_size is not None:
        data = batch(data, batch_size) if batch else data.batch(batch_size)
    return data.prefetch(AUTOTUNE)


def in_grain(paths, values, load, batch_size, seed):
    grain = need("grain", "grain", "format='grain'")
    data = grain.MapDataset.range(len(paths))
    if seed is not None:
        data = data.shuffle(seed=seed)
    data = data.map(lambda i: load(paths[i]) if values is None else (load(paths[i]), values[i])).to_iter_dataset()
    return data if batch_size is None else data.batch(batch_size)
