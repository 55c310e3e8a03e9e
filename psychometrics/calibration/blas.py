"""One BLAS thread for each of our own while blocks are mapped over threads.

Two levels of threads on the same cores wait for one another: with OpenBLAS's own threads under ours an E-step over
50,000 x 100 answers took 1.4 times as long on two quiet cores, and several times as long on busy ones.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock

import numpy as np

_NAMES = ("scipy_openblas_{}_num_threads64_", "openblas_{}_num_threads64_", "openblas_{}_num_threads")
_lock = Lock()
_users: list[int] = []


@cache
def _controls() -> tuple[Callable[[], int], Callable[[int], None]] | None:
    """How to read and set the threads of the OpenBLAS that came with numpy, or None where there is none."""
    for path in sorted((Path(np.__file__).parents[1] / "numpy.libs").glob("lib*openblas*")):
        try:
            library = ctypes.CDLL(str(path))
        except OSError:
            continue
        for name in _NAMES:
            if hasattr(library, name.format("set")):
                return getattr(library, name.format("get")), getattr(library, name.format("set"))
    return None


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold OpenBLAS to one thread until the last of those who asked for it is done."""
    controls = _controls()
    if controls is None:
        yield
        return
    read, write = controls
    with _lock:
        _users.append(read())
        write(1)
    try:
        yield
    finally:
        with _lock:
            before = _users.pop()
            if not _users:
                write(before)
