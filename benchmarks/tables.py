"""Figures as Markdown: one table for each section, one line for each net."""

from benchmarks.nets import NETS

TITLES = {
    "dense": "`fit`, a step",
    "nets": "`fit`, a step",
    "convs": "`fit` of one layer, a step",
    "generator": "`fit` on a generator, a step",
    "dataset": "`fit` on a PyDataset, 2 workers, a step",
    "loader": "`fit` on an iterable of batches, a step",
    "predict": "`predict` of one row",
    "many": "`predict` of 100,000 rows, then of 4 other numbers",
    "row": "`evaluate` of one row",
    "lengths": "`evaluate` of a number of rows that was not seen before",
    "evaluate": "`evaluate`, a step",
    "call": "`model(x)` of one row",
    "first": "fresh process to the end of the first step",
    "import": "`import`, CPU time",
    "names": "`import` and the first names used, CPU time",
    "build": "building with weights",
    "compile": "compiling the train step",
    "memory": "memory of the train step",
}
# What a ratio must be: jkeras / by hand at most, Keras 3 / jkeras at least, tf_keras / jkeras at least.
GOALS = {
    ("dense", "coffee"): (0.6, 4.0, None),
    ("dense", "mnist128"): (0.7, 3.0, None),
    ("dense", "mnist512"): (0.95, 1.5, None),
    ("nets", "convnet"): (None, 3.0, 1 / 1.3),
    ("nets", "resnet"): (None, 2.0, None),
    ("nets", "lstm"): (None, 1.3, None),
    ("nets", "gru"): (None, 1.3, None),
    ("nets", "transformer"): (None, 1.2, None),
    ("generator", None): (None, 1.5, None),
    ("dataset", None): (None, 1.5, None),
    ("predict", None): (2.0, 3.0, None),
    ("row", None): (None, 3.0, None),
    ("call", "lstm"): (None, 100.0, None),
    ("call", None): (None, 8.0, None),
    ("first", None): (1.15, 1 / 0.6, None),
    ("import", None): (1.1, None, None),
    ("build", None): (None, 2.0, 1.0),
    ("compile", None): (None, 1 / 0.7, None),
    ("memory", None): (1.05, None, None),
}


def duration(result):
    if result is None:
        return "-"
    seconds = result["seconds"]
    for factor, unit in ((1, "s"), (1e3, "ms"), (1e6, "µs")):
        if seconds * factor >= 1 or unit == "µs":
            return f"{seconds * factor:.3g} {unit}"


def megabytes(result):
    return "-" if result is None else f"{result['seconds']:.1f} MB"


def ratio(one, other, goal, most):
    """A quotient and, where it misses its goal, the goal."""
    if not one or not other:
        return "-"
    value = one["seconds"] / other["seconds"]
    missed = goal is not None and (value > goal if most else value < goal)
    return f"{value:.2f}" + (f" (goal {'≤' if most else '≥'} {goal:.3g})" if missed else "")


def table(section, rows):
    """Markdown; a goal is named where it is missed."""
    if not rows:
        return ""
    first = next(iter(rows.values()))
    peers = [name for name in ("keras3", "tf_keras") if name in first]
    shown = megabytes if section == "memory" else duration
    hand, losses, programs = "hand" in first, "loss" in (first["jkeras"] or {}), "programs" in (first["jkeras"] or {})
    head = [TITLES[section], "jkeras"] + (["by hand", "jkeras / by hand"] if hand else [])
    head += ["scan"] if "scan" in first else []
    for name in peers:
        head += [name, f"{name} / jkeras"]
    head += ["loss: jkeras, by hand" + "".join(f", {name}" for name in peers)] if losses else []
    head += ["programs compiled"] if programs else []
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for net, found in rows.items():
        goals = GOALS.get((section, net)) or GOALS.get((section, None), (None, None, None))
        ours = found["jkeras"]
        line = [NETS[net].title if net in NETS else "", shown(ours)]
        if hand:
            line += [shown(found["hand"]), ratio(ours, found["hand"], goals[0], True)]
        line += [shown(found["scan"])] if "scan" in found else []
        for name in peers:
            goal = goals[1 if name == "keras3" else 2]
            line += [shown(found[name]), ratio(found[name], ours, goal, False)]
        if losses:
            each = [ours, found["hand"], *(found[name] for name in peers)]
            line.append(", ".join(f"{one['loss']:.4f}" if one else "-" for one in each))
        if programs:
            line.append(str(ours["programs"]) if ours else "-")
        lines.append("| " + " | ".join(line) + " |")
    return "\n".join(lines)
