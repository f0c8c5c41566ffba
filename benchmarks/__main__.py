"""Measures jkeras against JAX written by hand, Keras 3 on JAX and tf_keras, and prints the ratios as Markdown.

    python -m benchmarks [SECTION ...] [--rounds 3] [--data mnist.npz] [--keras3 PYTHON] [--tf PYTHON]
                         [--json FILE] [--plots FOLDER]

Each implementation runs in a process of its own, which stays for all rounds of a measurement. Within a round the
implementations follow each other, so that a change in the machine's load hits all of them; the best of the rounds counts. "by
hand" is the faster of two step-by-step loops (see handwritten.py), "scan" a hand-written epoch in one compiled call, for
information. What a process can do only once (import, build, compile, first step) gets a fresh process each time.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np

from benchmarks import tables
from benchmarks.nets import CONVS, DENSE, NETS

ROOT = Path(__file__).resolve().parent.parent
LOOPS = ("host", "device")
# section: (what the workers of a Keras measure, what the one by hand does, nets)
RUNNING = {
    "dense": ("fit", (*LOOPS, "scan"), DENSE),
    "nets": ("fit", LOOPS, ("convnet", "resnet", "lstm", "gru", "transformer")),
    "convs": ("fit", LOOPS, tuple(CONVS)),
    "generator": ("generator", ("generator",), ("coffee", "mnist128", "mnist512")),
    "dataset": ("dataset", ("dataset",), ("coffee", "mnist512")),
    "loader": ("loader", ("loader",), ("coffee", "mnist512")),
    "predict": ("predict", ("predict",), DENSE),
    "many": ("many", ("many",), ("coffee",)),
    "row": ("row", ("row",), DENSE),
    "lengths": ("lengths", ("lengths",), ("coffee",)),
    "evaluate": ("evaluate", ("evaluate",), ("coffee", "mnist512", "lstm")),
    "call": ("call", ("call",), (*DENSE, "lstm")),
}
MEMORY = ("mnist512", "convnet", "lstm", "transformer", "resnet")
# section: (nets, is there something by hand, Kerases)
ONCE = {
    "first": (("mnist128",), True, ("keras3", "tf_keras")),
    "import": (("-",), True, ("keras3", "tf_keras")),
    "names": (("-",), True, ("keras3", "tf_keras")),
    "build": (("resnet50",), False, ("keras3", "tf_keras")),
    "compile": (("resnet50",), False, ("keras3", "tf_keras")),
}
SECTIONS = (*RUNNING, *ONCE, "memory", "growth")


def arguments(given=None):
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.split("\n")[0])
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"of: {' '.join(SECTIONS)} (default: all)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--nets", nargs="+", choices=list(NETS), help="only these")
    parser.add_argument(
        "--data", default=os.environ.get("JKERAS_MNIST"), help="mnist.npz; made from small digits without"
    )
    parser.add_argument("--keras3", metavar="PYTHON", help="interpreter of an environment with keras 3 and jax")
    parser.add_argument("--tf", metavar="PYTHON", help="interpreter of an environment with tf_keras")
    parser.add_argument("--json", metavar="FILE", help="also writes all figures here")
    parser.add_argument("--plots", metavar="FOLDER", default=str(ROOT / "docs"), help="of the PNG files of `growth`")
    options = parser.parse_args(given)
    options.sections = options.sections or list(SECTIONS)
    unknown = set(options.sections) - set(SECTIONS)
    if unknown:
        parser.error(f"unknown section {unknown.pop()!r}; choose from {', '.join(SECTIONS)}")
    return options


class Worker:
    """A process that measures for one implementation."""

    def __init__(self, impl, python, env):
        self.impl = impl
        command = [python, "-m", "benchmarks.work", impl]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=env,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.alive = self.process.stdout.readline().strip() == "ready"
        if not self.alive:
            print(f"failed to start: {' '.join(command)}", file=sys.stderr)

    def ask(self, what, net):
        """A result, or None where it failed, which is said once."""
        if not self.alive:
            return None
        try:
            self.process.stdin.write(json.dumps({"what": what, "net": net}) + "\n")
            self.process.stdin.flush()
            result = json.loads(self.process.stdout.readline())
        except (OSError, ValueError):
            self.alive, result = False, {"failed": "the process died"}
        if "failed" in result:
            print(f"failed: {self.impl} {what} {net}: {result['failed']}", file=sys.stderr)
            return None
        return result

    def end(self):
        self.process.stdin.close()
        self.process.wait(30)


def environment(options):
    env = dict(os.environ, JAX_ENABLE_COMPILATION_CACHE="false", PYTHONPATH=str(ROOT), TF_CPP_MIN_LOG_LEVEL="3")
    if options.data:
        env["JKERAS_MNIST"] = os.path.abspath(options.data)
    return env


def pythons(options):
    found = {"jkeras": sys.executable, "hand": sys.executable, "keras3": options.keras3, "tf_keras": options.tf}
    return {name: python for name, python in found.items() if python}


def best(results):
    """The shortest time, with what else the first result says: after as many epochs for all, so that losses compare."""
    done = [result for result in results if result]
    return {**done[0], "seconds": min(result["seconds"] for result in done)} if done else None


def running(workers, section, net, rounds):
    """{column: best result} of one row."""
    what, by_hand, _ = RUNNING[section]
    asked = {name: (worker, what) for name, worker in workers.items() if name != "hand"}
    for name in by_hand:
        asked["hand" if len(by_hand) == 1 else name] = workers["hand"], name
    ready = {column: pair for column, pair in asked.items() if pair[0].ask(pair[1], net)}
    results = {column: [] for column in asked}
    order = list(ready.items())
    for number in range(rounds if order else 0):
        for column, (worker, name) in order[number % len(order) :] + order[: number % len(order)]:
            results[column].append(worker.ask(name, net))
    row = {column: best(found) for column, found in results.items()}
    if "hand" not in row:
        row["hand"] = best([row[loop] for loop in LOOPS])
    return row


TOUCHED = 2 * 2**30  # bytes; jkeras's process takes 1.4 GB for ResNet50


def touch_memory():
    """Takes memory and gives it back, so that the next process finds it quickly.

    A virtual machine has to ask its host for pages that no process had lately: 5 to 10 us for each of 300,000 in the first step of
    ResNet50, where 1 us is usual, and chance decides for whom.
    """
    np.ones(TOUCHED, np.uint8)


def once(python, impl, what, net, env):
    """The result of a fresh process; None where it failed, with its last line on stderr."""
    touch_memory()
    command = [python, "-m", "benchmarks.once", impl, what, net]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=env)
    for line in done.stdout.splitlines():
        if line.startswith("RESULT "):
            return json.loads(line.removeprefix("RESULT "))
    last = (done.stderr.strip().splitlines() or ["no output"])[-1]
    print(f"failed: {' '.join(command[2:])}: {last}", file=sys.stderr)
    return None


def nets_of(options, nets):
    return [net for net in nets if options.nets is None or net in options.nets or net == "-"]


def measured(options):
    """Yields (section, {net: {column: result}}) as they are done."""
    env, implementations = environment(options), pythons(options)
    wanted = [s for s in options.sections if s in RUNNING]
    if wanted:
        workers = {name: Worker(name, python, env) for name, python in implementations.items()}
        try:
            for section in wanted:
                nets = nets_of(options, RUNNING[section][2])
                yield section, {net: running(workers, section, net, options.rounds) for net in nets}
        finally:
            for worker in workers.values():
                worker.end()
    for section in (s for s in options.sections if s in ONCE):
        nets, by_hand, peers = ONCE[section]
        names = ["jkeras", *(["hand"] if by_hand else []), *(p for p in peers if p in implementations)]
        rows = {}
        for net in nets_of(options, nets):
            found = {name: [] for name in names}
            for _ in range(options.rounds):
                for name in names:
                    found[name].append(once(implementations[name], name, section, net, env))
            rows[net] = {name: best(results) for name, results in found.items()}
        yield section, rows
    if "memory" in options.sections:
        workers = {name: Worker(name, sys.executable, env) for name in ("jkeras", "hand")}
        yield (
            "memory",
            {net: {name: memory(worker, net) for name, worker in workers.items()} for net in nets_of(options, MEMORY)},
        )
        for worker in workers.values():
            worker.end()


def memory(worker, net):
    worker.ask("memory", net)
    return worker.ask("memory", net)


def main():
    options = arguments()
    version = platform.python_version()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {version}; best of {options.rounds}.\n", flush=True)
    figures = {}
    for section, rows in measured(options):
        figures[section] = rows
        print(tables.table(section, rows), end="\n\n", flush=True)
    if "growth" in options.sections:
        command = [sys.executable, "-m", "benchmarks.growth", "--plots", options.plots]
        done = subprocess.run(command, cwd=ROOT, env=environment(options), capture_output=True, text=True)
        print(done.stdout or done.stderr, flush=True)
    if options.json:
        Path(options.json).write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
