"""Measures jkeras against JAX written by hand and, where their environments are given, Keras 3 on JAX and tf_keras.

    python -m benchmarks.fit [--nets coffee mnist128 mnist512 | all] [--what fit predict call first import names]
                             [--rounds 3] [--data mnist.npz] [--keras3 PYTHON] [--tf PYTHON] [--json FILE]

Each measurement runs in a process of its own. Within a round the implementations follow each other, so that a change
in the machine's load hits all of them; the best of the rounds counts. The table is Markdown. "by hand" is the faster
of two step-by-step loops (see handwritten.py), "scan" a hand-written epoch in one compiled call, for information.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

from benchmarks.nets import DENSE, NETS

ROOT = Path(__file__).resolve().parent.parent
TITLES = {
    "fit": "`fit`, time per step",
    "predict": "`predict` of one row",
    "call": "`model(x)` of one row",
    "first": "fresh process to the end of the first step",
    "import": "`import`, CPU time",
    "names": "`import` and the first names used, CPU time",
}
HAND = {"fit": ("host", "device", "scan")}
ONCE = ("import", "names")  # do not depend on the net


def arguments():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fit", description=__doc__.split("\n")[0])
    parser.add_argument("--nets", nargs="+", default=list(DENSE), choices=[*NETS, "all"])
    parser.add_argument("--what", nargs="+", default=list(TITLES), choices=list(TITLES))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--data", default=os.environ.get("JKERAS_MNIST"), help="mnist.npz; made from small digits without"
    )
    parser.add_argument("--keras3", metavar="PYTHON", help="interpreter of an environment with keras 3 and jax")
    parser.add_argument("--tf", metavar="PYTHON", help="interpreter of an environment with tf_keras")
    parser.add_argument("--json", metavar="FILE", help="also writes all figures here")
    options = parser.parse_args()
    options.nets = list(NETS) if "all" in options.nets else options.nets
    return options


def environment(options):
    env = dict(os.environ, JAX_ENABLE_COMPILATION_CACHE="false", PYTHONPATH=str(ROOT), TF_CPP_MIN_LOG_LEVEL="3")
    if options.data:
        env["JKERAS_MNIST"] = os.path.abspath(options.data)
    return env


def measure(python, impl, what, net, env):
    """One child process; None where it failed, with its last line on stderr."""
    command = [python, "-m", "benchmarks.measure", impl, what, net]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=env)
    for line in done.stdout.splitlines():
        if line.startswith("RESULT "):
            return json.loads(line.removeprefix("RESULT "))
    last = (done.stderr.strip().splitlines() or ["no output"])[-1]
    print(f"failed: {' '.join(command[2:])}: {last}", file=sys.stderr)
    return None


def best(results):
    done = [result for result in results if result]
    return min(done, key=lambda result: result["seconds"]) if done else None


def run(options):
    """{what: {net: {implementation: result}}}"""
    pythons = {"keras3": options.keras3, "tf_keras": options.tf}
    env, figures = environment(options), {}
    for what in options.what:
        figures[what] = {}
        for net in ["-"] if what in ONCE else options.nets:
            implementations = ["jkeras", *HAND.get(what, ("host",)), *(name for name in pythons if pythons[name])]
            found = {impl: [] for impl in implementations}
            for _ in range(options.rounds):
                for impl in implementations:
                    found[impl].append(measure(pythons.get(impl) or sys.executable, impl, what, net, env))
            figures[what][net] = {impl: best(results) for impl, results in found.items()}
            print(f"measured: {what} {net}", file=sys.stderr)
    return figures


def duration(result):
    if result is None:
        return "failed"
    seconds = result["seconds"]
    for factor, unit in ((1, "s"), (1e3, "ms"), (1e6, "µs")):
        if seconds * factor >= 1 or unit == "µs":
            return f"{seconds * factor:.3g} {unit}"


def ratio(one, other):
    return f"{one['seconds'] / other['seconds']:.2f}" if one and other else "-"


def table(what, rows):
    """Markdown: one line per net."""
    names = list(next(iter(rows.values())))
    peers = [name for name in ("keras3", "tf_keras") if name in names]
    head = [TITLES[what], "jkeras", "by hand", "jkeras / by hand"]
    head += ["scan"] if "scan" in names else []
    for name in peers:
        head += [name, f"{name} / jkeras"]
    head += ["loss: jkeras, by hand" + "".join(f", {name}" for name in peers)] if what == "fit" else []
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for net, found in rows.items():
        hand = best([found.get("host"), found.get("device")])
        which = next(
            (f" ({name})" for name in ("host", "device") if len(HAND.get(what, ())) and found[name] is hand), ""
        )
        line = [NETS[net].title if net in NETS else net, duration(found["jkeras"]), duration(hand) + which]
        line.append(ratio(found["jkeras"], hand))
        line += [duration(found["scan"])] if "scan" in found else []
        for name in peers:
            line += [duration(found[name]), ratio(found[name], found["jkeras"])]
        if what == "fit":
            losses = [found["jkeras"], hand, *(found[name] for name in peers)]
            line.append(", ".join(f"{one['loss']:.4f}" if one else "-" for one in losses))
        lines.append("| " + " | ".join(line) + " |")
    return "\n".join(lines)


def main():
    options = arguments()
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; best of {options.rounds}.\n"
    )
    figures = run(options)
    for what, rows in figures.items():
        print(table(what, rows), end="\n\n", flush=True)
    if options.json:
        Path(options.json).write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
