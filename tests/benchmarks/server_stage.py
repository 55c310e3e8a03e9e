"""A stage for pressing and killing: a durable PostgreSQL in a folder, server processes on free ports of loopback."""

from __future__ import annotations

import compileall
import contextlib
import itertools
import os
import random
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0


_ports = itertools.cycle(random.Random(os.getpid()).sample(range(20_000, 32_000), 12_000))


def free_port() -> int:
    """A port that nobody listens on, and that the system gives to nobody by itself before a server has taken it."""
    for port in _ports:
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("the ports do not end")


@contextlib.contextmanager
def process(arguments: Sequence[str], environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A Python process of ours, ended when the block ends."""
    with log.open("ab") as output:
        started = subprocess.Popen(
            [sys.executable, *arguments], cwd=ROOT, env={**os.environ, "OPENBLAS_NUM_THREADS": "1", **environment},
            stdout=output, stderr=output,
        )  # fmt: skip
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.wait(15)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


@cache
def byte_code() -> None:
    """What `./run setup` leaves: where Python writes none on its own, every start would translate every file anew."""
    for storey in ("api", "engine", "itembank", "psychometrics"):
        compileall.compile_dir(ROOT / storey, quiet=2)


@contextlib.contextmanager
def service(dsn: str, port: int, log: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """The product's own server on a database."""
    byte_code()
    settings = {"DATABASE_URL": dsn, "ASSAY_PORT": str(port), **environment}
    with process(["-m", "api", "serve"], settings, log) as started:
        yield started


def wait_until_ready(port: int, path: str = "/api/v1/catalogue", patience: float = PATIENCE) -> float:
    """Seconds until the path answers with 200."""
    begin = time.monotonic()
    while time.monotonic() - begin < patience:
        with (
            contextlib.suppress(OSError, urllib.error.URLError, ValueError),
            urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2) as answer,
        ):
            if answer.status == 200:
                return time.monotonic() - begin
        time.sleep(0.02)
    raise TimeoutError(f"Nothing answers on port {port}; read the server's log.")


def listeners(port: int) -> int:
    """How many sockets listen at a port of IPv4."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[1].endswith(f":{port:04X}") and row[3] == "0A" for row in rows)


def wait_until_listening(port: int, n_processes: int) -> None:
    """Until as many processes listen at a shared port."""
    end = time.monotonic() + PATIENCE
    while listeners(port) < n_processes:
        if time.monotonic() > end:
            raise TimeoutError(f"{listeners(port)} of {n_processes} processes listen on port {port}.")
        time.sleep(0.05)
