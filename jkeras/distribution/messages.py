"""What a compiled program sends between devices, read from its text."""

import math
import re
from typing import NamedTuple

COLLECTIVES = ("all-reduce", "all-gather", "reduce-scatter", "all-to-all", "collective-permute", "collective-broadcast")
BYTES = {"pred": 1, "s4": 0.5, "u4": 0.5, "s8": 1, "u8": 1, "bf16": 2, "f16": 2, "s16": 2, "u16": 2, "f64": 8, "s64": 8, "u64": 8,
         "c64": 8, "c128": 16}  # fmt: skip
MOVES = ("bitcast", "copy", "reshape", "transpose")  # what a widened number may pass through before it is sent
NARROW = ("bf16", "f16")


class Line(NamedTuple):
    """One instruction: its result's type, what it does, to what, and what it calls."""

    type: str
    kind: str
    operands: list[str]
    calls: str


def collectives(text: str) -> dict[str, dict[str, int]]:
    """How often each kind of message is sent in a compiled program, and the bytes that each device gets by it.

    Numbers of 16 bits that the CPU's compiler widens before they are sent, since it computes in 32, count as 16.

    >>> line = "ENTRY %main {\\n %a = f32[8,2]{1,0} all-reduce(f32[8,2] %x), replica_groups={}\\n}"
    >>> collectives(line)
    {'all-reduce': {'count': 1, 'bytes': 64}}
    """
    bodies: dict[str, list[str]] = {}
    entry = name = ""
    for line in text.splitlines():
        head = re.match(r"(ENTRY )?%?([\w.\-]+) (?:\(.*\) -> .*)?\{", line)
        if head:
            name = head[2]
            bodies[name] = []
            entry = name if head[1] else entry
        elif name:
            bodies[name].append(line)
    found: dict[str, dict[str, int]] = {}
    _count(bodies, entry, 1, found, _widened(bodies))
    return dict(sorted(found.items()))


def _count(bodies: dict[str, list[str]], name: str, times: int, found: dict, widened: set[str]) -> None:
    for line in bodies.get(name, ()):
        made = re.match(r"\s*(?:ROOT )?%?([\w.\-]+) = (.*?) ([a-z\-]+)\(", line)
        if not made:
            continue
        kind = made[3].removesuffix("-start")
        if kind in COLLECTIVES:
            one = found.setdefault(kind, {"count": 0, "bytes": 0})
            one["count"] += times
            one["bytes"] += times * _bytes(made[2], made[3].endswith("-start")) // (2 if made[1] in widened else 1)
        inner = re.findall(r"(?:body|to_apply|calls|true_computation|false_computation)=%?([\w.\-]+)", line)
        trips = re.search(r'"known_trip_count":\{"n":"(\d+)"', line)
        if kind in ("while", "call", "fusion", "conditional", "async"):
            for other in inner:
                _count(bodies, other, times * (int(trips[1]) if trips and kind == "while" else 1), found, widened)


def _bytes(shapes: str, started: bool) -> int:
    sizes = []
    for kind, dims in re.findall(r"([a-z]+[0-9a-z]*)\[([\d,]*)\]", shapes):
        sizes.append(int(BYTES.get(kind, 4) * math.prod(int(d) for d in dims.split(",") if d)))
    return sizes[-1] if started and sizes else sum(sizes)  # what is started lists its operands, too


def _widened(bodies: dict[str, list[str]]) -> set[str]:
    """The messages of 32 bits whose numbers were made of 16 just before, or all become 16 just after."""
    lines, roots, users = {}, {}, {}
    for body, texts in bodies.items():
        for text in texts:
            made = re.match(r"\s*(ROOT )?%?([\w.\-]+) = (.*?) ([a-z\-]+)\((.*?)\)(?:,|$)", text)
            if not made:
                continue
            calls = re.search(r"calls=%?([\w.\-]+)", text)
            operands = re.findall(r"%([\w.\-]+)", made[5])
            lines[made[2]] = Line(made[3], made[4], operands, calls[1] if calls else "")
            if made[1]:
                roots[body] = made[2]
            for one in operands:
                users.setdefault(one, []).append(made[2])

    def is_wide(name: str) -> bool:
        line = lines.get(name)
        while line is not None and (line.kind == "fusion" or line.kind in MOVES):
            follow = roots.get(line.calls, "") if line.kind == "fusion" else (line.operands or [""])[0]
            line = lines.get(follow)
        return line is not None and line.kind == "convert" and lines[line.operands[0]].type.startswith(NARROW)

    def narrows(name: str) -> bool:
        used = [lines[user].type.startswith(NARROW) for user in users.get(name, ())]
        return bool(used) and all(used)

    sent = (n for n, line in lines.items() if line.kind in COLLECTIVES and line.type.startswith("f32"))
    return {n for n in sent if all(map(is_wide, lines[n].operands)) or narrows(n)}
