"""Planning on paper: what a training step over many devices will take, found by compiling it without any weights."""

import contextlib
import json
import math
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np

from ..core import placement
from ..core.dtypes import array_dtype
from ..train import compiling, measuring, sharding, step
from .mesh import DeviceMesh, LayoutMap, list_devices
from .messages import collectives
from .strategies import DataParallel, Distribution, ModelParallel

CHILD = "jkeras.distribution.planning"
# What the CPU's compiler does and those for GPUs and TPUs do not: it keeps what a RematScope wants computed again, and sums all
# gradients in one message at the end. It has two orders of work, and which takes less memory depends on the model.
NOT_ON_DEVICES = {"xla_disable_hlo_passes": "cse_barrier_expander,cpu-all-reduce-combiner"}
OTHER_ORDER = {"xla_cpu_scheduler_type": "CPU_SCHEDULER_TYPE_MEMORY_OPTIMIZED"}
ORDER_MATTERS = 2**30  # bytes; for less, the second order is not worth the time
KEPT = ("_cell", "_lent", "_layout", "_distribution", "_gather")


class Plan:
    """What one training step takes on each device; printing it shows a table."""

    def __init__(self, facts: dict[str, Any]):
        self.facts = facts

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "facts" or name not in self.facts:
            raise AttributeError(f"Plan has no {name!r}; it has {', '.join(vars(self).get('facts', ()))}.")
        return self.facts[name]

    def __str__(self) -> str:
        f = self.facts
        what = "weights and optimizer state split (fsdp)" if f["fsdp"] else "weights as the layout says"
        lines = [
            f"{f['model']}: {f['weights']:,} weights, batch {f['batch']}, {f['devices']} devices {f['mesh']}, {what}",
            f"{'on each device':<28}{'GB':>10}",
        ]
        names = ("parameters", "state", "optimizer", "gradients", "data", "activations", "total")
        shown = {"state": "state and metrics", "activations": "activations and scratch"}
        lines += [f"  {shown.get(n, n):<26}{f[n] / 1e9:>10.3f}" for n in names]
        if f["memory"]:
            verdict = "fits" if f["total"] <= f["memory"] else "does NOT fit"
            lines.append(f"  {'memory of a device':<26}{f['memory'] / 1e9:>10.3f}  {verdict}")
        lines.append(f"{'each step':<28}{'times':>10}{'GB':>10}")
        lines += [f"  {kind:<26}{c['count']:>10}{c['bytes'] / 1e9:>10.3f}" for kind, c in f["collectives"].items()]
        if not f["collectives"]:
            lines.append("  no messages between devices")
        lines.append(f"traced in {f['seconds_tracing']:.1f} s, compiled in {f['seconds_compiling']:.1f} s")
        return "\n".join(lines)

    __repr__ = __str__


def plan(
    model: Any,
    mesh: Any = None,
    layout: Any = None,
    batch: Any = 32,
    *,
    memory: float | None = None,
    fsdp: bool = False,
    verbose: bool = True,
) -> Plan:
    """Compiles the training step of a compiled model for a mesh, without making a weight, and prints what it takes.

    ``mesh`` is a DeviceMesh, a Distribution, a number of devices, or axes with their sizes, ``{"batch": 32, "model": 8}``;
    with more devices than there are, simulated ones in a process of their own. ``layout`` maps weight paths (regular
    expressions) to axis names, as a LayoutMap does. ``batch`` is the size of a batch, or ``(x, y)`` arrays or
    ``jax.ShapeDtypeStruct``s like it. ``memory`` is that of one device in bytes; by default the first device's, where it
    tells. The figures are those of the compiler of this machine. ``model`` may be a function that makes the model.

    Raises ValueError for a model that is not compiled, and where sizes do not divide.

    >>> from jkeras import Sequential, Input, layers
    >>> model = Sequential([Input((4,)), layers.Dense(2)])
    >>> model.compile("sgd", "mse")
    >>> plan(model, 1, batch=8, verbose=False).weights
    10
    """
    axes = _axes(mesh)
    wanted = math.prod(axes.values())
    if wanted > len(list_devices()):
        made = _in_child(model, axes, layout, batch, fsdp, memory)
    else:
        model = model() if callable(model) and not hasattr(model, "compile") else model
        distribution = mesh if isinstance(mesh, Distribution) else _distribution(mesh, axes, layout, fsdp)
        made = Plan(_facts(model, distribution, batch, memory))
    if verbose:
        print(made)
    return made


def _axes(mesh: Any) -> dict[str, int]:
    mesh = mesh.device_mesh if isinstance(mesh, Distribution) else mesh
    if mesh is None:
        return {"batch": len(list_devices())}
    if isinstance(mesh, DeviceMesh):
        return dict(zip(mesh.axis_names, mesh.shape, strict=True))
    if isinstance(mesh, int) and not isinstance(mesh, bool) and mesh > 0:
        return {"batch": mesh}
    if isinstance(mesh, dict) and mesh and all(isinstance(n, int) and n > 0 for n in mesh.values()):
        return dict(mesh)
    raise ValueError(
        f"plan: mesh must be a DeviceMesh, a Distribution, a number of devices or a dict of axes and sizes, got {mesh!r}."
    )


def _distribution(mesh: Any, axes: dict[str, int], layout: Any, fsdp: bool) -> Distribution:
    if not isinstance(mesh, DeviceMesh):
        mesh = DeviceMesh(tuple(axes.values()), list(axes), list_devices()[: math.prod(axes.values())])
    if layout is None and len(axes) == 1:
        return DataParallel(mesh, fsdp=fsdp)
    layouts = LayoutMap(mesh)
    for pattern, names in (layout or {}).items():
        layouts[pattern] = tuple(getattr(names, "axes", names))
    return ModelParallel(layout_map=layouts, fsdp=fsdp)


# ------------------------------------------------- in this process


def _facts(model: Any, distribution: Distribution, batch: Any, memory: float | None) -> dict[str, Any]:
    if model._compiled is None:
        raise ValueError(f"plan: model '{model.name}' is not compiled. Call compile(...) first.")
    x, y = _batch_like(model, batch)
    compiling.resolve(model, x, y)
    rows = jax.tree.leaves(x)[0].shape[0]
    begin = time.perf_counter()
    with _on_paper(model), placement.scope(distribution):
        split = sharding.Split(model, distribution)
        split.check_size(rows)
        for v in model.variables:
            v._find_place()
        made = step.make_plan(model, make=False)
        sharding.warn_unused(model, distribution)
        split.settle(made)
        one = step.train_step(model, made)
        run = split.around(lambda fixed, carry, data: one(carry, data), list(made[:4]))
        carry = step.Carry(*([_like(v, split) for v in group] for group in made[:4]))
        data = jax.tree.map(
            lambda a: jax.ShapeDtypeStruct(a.shape, a.dtype, sharding=split.rows(a.shape[0], len(a.shape))),
            (x, y, None),
        )
        lowered = jax.jit(run, donate_argnums=1).lower((), carry, data)
        traced = time.perf_counter()
        compiled, scratch = _compiled(lowered)
    done = time.perf_counter()
    sizes = [sum(_bytes_of(a) for a in group) for group in carry]
    stats = jax.local_devices()[0].memory_stats() or {}
    data_bytes = sum(_bytes_of(a) for a in jax.tree.leaves(data))
    gradients = min(sizes[0], scratch)
    return {
        "model": model.name,
        "weights": sum(math.prod(v.shape) for v in (*made.params, *made.state)),
        "batch": rows,
        "devices": split.mesh.size,
        "mesh": dict(zip(split.mesh.axis_names, split.mesh.devices.shape, strict=True)),
        "fsdp": distribution.fsdp,
        "parameters": sizes[0],
        "state": sizes[1] + sizes[3],
        "optimizer": sizes[2],
        "gradients": gradients,
        "data": data_bytes,
        "activations": scratch - gradients,
        "total": sum(sizes) + data_bytes + scratch,
        "memory": memory or stats.get("bytes_limit", 0),
        "collectives": collectives(compiled.as_text()),
        "seconds_tracing": traced - begin,
        "seconds_compiling": done - traced,
    }


def _compiled(lowered: Any) -> tuple[Any, int]:
    """The program, and the bytes that it takes on each device beside its arguments."""

    def made(options: dict[str, str] | None) -> tuple[Any, int]:
        program = lowered.compile(options)
        analysis = program.memory_analysis()
        return program, int(analysis.temp_size_in_bytes) if analysis is not None else 0

    if jax.default_backend() != "cpu":
        return made(None)
    found = made(NOT_ON_DEVICES)
    return found if found[1] < ORDER_MATTERS else min(found, made(NOT_ON_DEVICES | OTHER_ORDER), key=lambda f: f[1])


@contextlib.contextmanager
def _on_paper(model: Any) -> Iterator[None]:
    """The model's Variables without their arrays, and a copy of its optimizer; all is put back in the end."""
    optimizer, variables = model.optimizer, [*model.variables, *measuring.metrics_variables(model)]
    before = [{name: getattr(v, name) for name in KEPT} for v in variables]
    programs = dict(model._programs)
    try:
        for v in model.variables:
            if v._cell is not None and v._initializer is None:
                value = v._cell
                v._initializer = lambda shape, dtype, value=value: value
            v._cell = None
        for v in variables:
            v._layout = v._distribution = v._gather = None
        vars(model)["optimizer"] = type(optimizer).from_config(optimizer.get_config())
        yield
    finally:
        for v, values in zip(variables, before, strict=True):
            vars(v).update(values)
        vars(model)["optimizer"] = optimizer
        model._programs.clear()
        model._programs.update(programs)


def _like(v: Any, split: sharding.Split) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(v.shape, v.array_dtype, sharding=placement.as_sharding(v._layout) or split.whole)


def _bytes_of(a: Any) -> int:
    return math.prod(a.sharding.shard_shape(a.shape)) * a.dtype.itemsize


def _batch_like(model: Any, batch: Any) -> tuple[Any, Any]:
    """Inputs and targets as shapes: those given, or those of a number of rows of the model's inputs and outputs."""
    if isinstance(batch, int) and batch < 1:
        raise ValueError(f"plan: batch must be a positive number of rows, received {batch}.")
    if not isinstance(batch, int):

        def spec(a: Any) -> Any:
            return jax.ShapeDtypeStruct(tuple(a.shape), a.dtype)

        x, y = batch
        return jax.tree.map(spec, x), jax.tree.map(spec, y)
    graph = model._graph
    if graph is None:
        raise ValueError(f"plan: give batch=(x, y), arrays or shapes: model '{model.name}' has no symbolic inputs.")

    def fixed(t: Any) -> Any:
        if None in t.shape[1:]:
            raise ValueError(f"plan: {t.name!r} has the shape {t.shape}; give batch=(x, y), arrays or shapes.")
        return jax.ShapeDtypeStruct((batch, *t.shape[1:]), array_dtype(t.dtype))

    def is_tensor(t: Any) -> bool:
        return hasattr(t, "shape")

    compiled = model._compiled
    losses = compiled.loss if isinstance(compiled.loss, (list, tuple, dict)) else None

    def target(t: Any, loss: Any) -> Any:
        name = str(getattr(loss, "name", loss))
        shape, dtype = (t.shape[:-1], "int32") if name.startswith("sparse") else (t.shape, "float32")
        return jax.ShapeDtypeStruct((batch, *shape[1:]), np.dtype(dtype))

    x = jax.tree.map(fixed, graph.inputs, is_leaf=is_tensor)
    if losses is None:
        return x, jax.tree.map(lambda t: target(t, compiled.loss), graph.outputs, is_leaf=is_tensor)
    flat = dict(zip(model.output_names, graph.output_tensors, strict=True))
    chosen = losses if isinstance(losses, dict) else dict(zip(flat, losses, strict=True))
    return x, {name: target(flat[name], loss) for name, loss in chosen.items()}


# ------------------------------------------------- in a process with simulated devices


def _in_child(model: Any, axes: dict, layout: Any, batch: Any, fsdp: bool, memory: float | None) -> Plan:
    count = math.prod(axes.values())
    task: dict[str, Any] = {"axes": axes, "fsdp": fsdp, "memory": memory}
    task["layout"] = None if layout is None else {k: tuple(getattr(v, "axes", v)) for k, v in layout.items()}
    if isinstance(batch, int):
        task["batch"] = batch
    else:
        raise ValueError(
            "plan: with simulated devices, batch must be a number of rows of a model with symbolic inputs."
        )
    task["model"] = _described(model)
    environment = {**os.environ, "JAX_PLATFORMS": "cpu"}
    flags = re.sub(r"--xla_force_host_platform_device_count=\d+", "", environment.get("XLA_FLAGS", ""))
    environment["XLA_FLAGS"] = f"{flags} --xla_force_host_platform_device_count={count}".strip()
    environment["PYTHONPATH"] = os.pathsep.join(p for p in sys.path if p)
    command = [sys.executable, "-c", f"import sys; from {CHILD} import _child; _child(sys.stdin.read())"]
    done = subprocess.run(command, input=json.dumps(task), env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"plan: the process with {count} simulated devices failed:\n{done.stderr[-3000:]}")
    return Plan(json.loads(done.stdout.splitlines()[-1]))


def _described(model: Any) -> dict[str, Any]:
    """What another process can make the model of."""
    if not hasattr(model, "compile"):
        module = sys.modules[model.__module__]
        if model.__module__ == "__main__" or "." in model.__qualname__:
            path = os.path.abspath(module.__file__ or "")
            return {"file": path, "function": model.__qualname__}
        return {"module": model.__module__, "function": model.__qualname__}
    from ..core import registry

    if model._compiled is None:
        raise ValueError(f"plan: model '{model.name}' is not compiled. Call compile(...) first.")
    optimizer = registry.serialize(model.optimizer)
    loss = model._compiled.arguments.get("loss")
    return {
        "json": model.to_json(),
        "optimizer": optimizer,
        "loss": registry.serialize(loss) if callable(loss) else loss,
    }


def _made(described: dict[str, Any]) -> Any:
    if "json" in described:
        from .. import losses, models, optimizers

        model = models.model_from_json(described["json"])
        loss = described["loss"]
        loss = losses.deserialize(loss) if isinstance(loss, dict) and "class_name" in loss else loss
        model.compile(optimizers.deserialize(described["optimizer"]), loss)
        return model
    import importlib
    import runpy

    if "module" in described:
        function: Callable = getattr(importlib.import_module(described["module"]), described["function"])
    else:
        function = runpy.run_path(described["file"], run_name="planned")[described["function"]]
    return function()


def _child(text: str) -> None:
    task = json.loads(text)
    model = _made(task["model"])
    found = plan(
        model, task["axes"], task["layout"], task["batch"], memory=task["memory"], fsdp=task["fsdp"], verbose=False
    )
    print(json.dumps(found.facts))
