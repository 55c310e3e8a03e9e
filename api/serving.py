"""From settings to a running server: uvicorn in front of the application, the database behind it."""

import contextlib
import functools
import gc
import os
import signal
import socket
import sys
from typing import Any

import uvicorn

from api.app import create_app
from api.database_server import database_server
from api.logs import take_over
from api.settings import Settings, SettingsInvalid
from api.short_way import Lane, ShortWay
from api.whole_responses import WholeResponses


def run(settings: Settings, **options: Any) -> None:
    """Serve until a signal; running requests are finished first.

    Raises:
        SettingsInvalid: when nobody can listen at the address.
    """
    listener = bind(settings.host, settings.port, shared=settings.share_port)
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    take_over()
    # uvicorn raises the signal again after its own shutdown; as an exit it lets the embedded database be stopped too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with contextlib.suppress(KeyboardInterrupt), database_server(settings) as (dsn, server):
        app = create_app(settings, dsn, server)
        gc.freeze()  # what was loaded stays: collections need not look at it
        gc.enable()
        config = uvicorn.Config(
            app,
            loop="auto",
            http=protocol(app.state.lane),
            log_config=None,
            access_log=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=10,
            backlog=4096,
            server_header=False,
            **options,
        )
        serving = uvicorn.Server(config)
        serving.run(sockets=[listener])
        if not serving.started:
            sys.exit(3)


def protocol(lane: Lane | None) -> Any:
    """The class of connections: with a short way where there is a lane."""
    return WholeResponses if lane is None else functools.partial(ShortWay, lane)


def bind(host: str, port: int, *, shared: bool) -> socket.socket:
    """The address, taken before anything is started for it; nobody can connect before the server listens.

    `shared`: with other processes that ask for the same; the system spreads connections over those that listen.

    Raises:
        SettingsInvalid: saying what to change.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        taken = socket.socket(family, kind)
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(address)
    except OSError as error:
        raise SettingsInvalid(
            f"Nobody can listen at {host}, port {port} ({error.strerror}); end what listens there, set ASSAY_HOST or "
            "ASSAY_PORT to something else, or ASSAY_SHARE_PORT=1 for all processes of one service."
        ) from error
    return taken
