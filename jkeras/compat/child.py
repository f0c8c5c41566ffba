"""What a process that a script starts by ``multiprocessing`` runs first: the script again, under another name.

Only the process that ``run`` made knows that ``keras`` is jkeras, so it leaves word for its children.
"""

import json
import os
import sys
from typing import Any

VARIABLE = "JKERAS_PARENT"  # {"pid", "script", "package", "era"} of the process that ``run`` made


def leave_word(script: str, package: str, era: str) -> None:
    """From now on children of this process that start anew run this script as ``__mp_main__``, with jkeras as Keras."""
    from multiprocessing import spawn

    told = {"pid": os.getpid(), "script": os.path.abspath(script), "package": package, "era": era}
    os.environ[VARIABLE] = json.dumps(told)
    ordinary: Any = getattr(spawn.get_preparation_data, "ordinary", spawn.get_preparation_data)

    def prepared(name: str) -> dict:
        data = ordinary(name)
        if os.path.abspath(getattr(sys.modules.get("__main__"), "__file__", None) or "") != told["script"]:
            return data
        data.pop("init_main_from_path", None)
        return {**data, "init_main_from_name": f"{__name__}_main"}

    prepared.ordinary = ordinary  # type: ignore[attr-defined]
    spawn.get_preparation_data = prepared


def join() -> None:
    """In a worker of ``multiprocessing`` or joblib that such a process has started: jkeras is Keras here, too."""
    import multiprocessing

    told = json.loads(os.environ[VARIABLE])
    started_by = getattr(getattr(sys.modules.get("__main__"), "__spec__", None), "name", "")
    if told["pid"] != os.getpid() and (multiprocessing.parent_process() is not None or "loky" in started_by):
        from . import install

        install(told["era"])


def take_up(main: dict) -> None:
    """Runs the parent's script in the namespace of a module."""
    from jkeras.compat import install
    from jkeras.compat.commands import code_of

    told = json.loads(os.environ[VARIABLE])
    install(told["era"])
    leave_word(told["script"], told["package"], told["era"])
    main.update(__file__=told["script"], __package__=told["package"] or None, __spec__=None)
    exec(code_of(told["script"]), main)
