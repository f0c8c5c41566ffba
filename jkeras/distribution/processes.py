"""Several processes as one: joining them, and what ends when one of them ends."""

import os
import re
import secrets
import sys
import warnings
from typing import Any

import jax
import numpy as np

from ..core import peers, rng

PREFIX = "KERAS_DISTRIBUTION_"


def initialize(
    job_addresses: str | None = None,
    num_processes: int | None = None,
    process_id: int | None = None,
    *,
    timeout: int = 60,
) -> None:
    """Joins this process with the others of a job; call it before anything is computed.

    ``job_addresses`` are "host:port" of all processes, or of process 0, separated by commas; on clusters that JAX knows
    all three may be left out. The environment variables ``KERAS_DISTRIBUTION_JOB_ADDRESSES``, ``..._NUM_PROCESSES`` and
    ``..._PROCESS_ID`` stand for what is not given. Where a process ends, or is not heard of for ``timeout`` seconds,
    the others say so and end, too. All processes get one random seed. Raises ValueError for numbers that do not fit.

    https://keras.io/api/distribution/distribution_utils/
    """
    given: dict[str, Any] = {"job_addresses": job_addresses, "num_processes": num_processes, "process_id": process_id}
    for name, value in given.items():
        text = os.environ.get(PREFIX + name.upper())
        if value is None and text:
            given[name] = text if name == "job_addresses" else _number(PREFIX + name.upper(), text)
    addresses, count, number = given.values()
    listed = addresses.split(",") if addresses else []
    if len(listed) > 1 and count is not None and count != len(listed):
        raise ValueError(f"initialize: {len(listed)} job_addresses, but num_processes={count}.")
    if any(not re.fullmatch(r".+:\d+", one) for one in listed):
        raise ValueError(f"initialize: job_addresses must be 'host:port', received {addresses!r}.")
    if count is not None and count < 1:
        raise ValueError(f"initialize: num_processes must be at least 1, received {count}.")
    if timeout < 1:
        raise ValueError(f"initialize: timeout must be at least 1 second, received {timeout}.")
    if number is not None and count is not None and not 0 <= number < count:
        raise ValueError(f"initialize: process_id must lie between 0 and {count - 1}, received {number}.")
    try:
        jax.distributed.initialize(
            coordinator_address=listed[0] if listed else None,
            num_processes=count if count is not None else len(listed) if len(listed) > 1 else None,
            process_id=number,
            heartbeat_timeout_seconds=timeout,
            initialization_timeout=max(timeout, 60),
        )
    except ValueError as error:  # something is missing, and no cluster that JAX knows tells it
        raise ValueError(
            f"initialize: {error} Give job_addresses='host:port' of process 0, num_processes and process_id, or set "
            f"{PREFIX}JOB_ADDRESSES, ..._NUM_PROCESSES and ..._PROCESS_ID."
        ) from None
    except RuntimeError as error:
        if "must be called before" not in str(error):
            raise
        raise RuntimeError(
            "initialize: call it at the beginning of the script, before there are models, arrays, seeds or lists of devices."
        ) from None
    end_at_once_on_errors()
    share_seed()
    watch_others(timeout)


def _number(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"initialize: {name} must be a whole number, received {text!r}.") from None


def share_seed() -> None:
    """Gives all processes the seed of process 0, so that they draw alike."""
    from jax.experimental import multihost_utils

    seed = rng.get_seed()
    own = secrets.randbits(32) if seed is None else seed
    shared = int(multihost_utils.broadcast_one_to_all(np.uint32(own)))
    if seed is None:
        rng.set_seed(shared)
    elif seed != shared:
        raise ValueError(f"set_random_seed: process {jax.process_index()} has seed {seed}, process 0 has {shared}.")


def watch_others(timeout: int) -> None:
    """Lets this process know by name which of the others has ended."""
    from jax._src import distributed  # the address, which JAX finds on clusters and tells nobody
    from jax.experimental import multihost_utils

    if jax.process_count() == 1:
        return

    def share(own: tuple[int, int]) -> tuple[int, int]:
        port, secret = multihost_utils.broadcast_one_to_all(np.array(own, np.uint32))
        return int(port), int(secret)

    host = (
        (getattr(distributed.global_state, "coordinator_address", None) or "localhost").rpartition(":")[0].strip("[]")
    )
    try:
        peers.watch(host or "localhost", jax.process_index(), jax.process_count(), timeout, share)
    except OSError as error:
        warnings.warn(
            f"initialize: process {jax.process_index()} has no second connection to {host} ({error}). It runs as well without, "
            f"but where another process ends, only JAX's own messages say so, up to {timeout} s later.",
            stacklevel=3,
        )


def end_at_once_on_errors() -> None:
    """An uncaught exception ends this process without waiting for the others, which then stop, too."""
    show = sys.excepthook

    def end(kind: Any, error: Any, traceback: Any) -> None:
        show(kind, error, traceback)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(1)

    sys.excepthook = end
