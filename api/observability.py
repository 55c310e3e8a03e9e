"""What the server tells its keepers: request ids, metrics, health. No name, no key, no answer in any of it."""

import os
import re
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric

from api.admission import Admission
from api.auth import PUBLIC
from api.logs import log, name_request
from api.traces import METHODS, traced
from itembank.storage.database import Database, DatabaseUnavailable

SLOW_SECONDS = 2.0
LOOPBACK = frozenset({"127.0.0.1", "::1", "testclient"})
_GIVEN_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Metrics:
    """The numbers of one process, by route template (never by address: addresses name sittings)."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.at_work = Gauge("assay_requests_at_work", "Requests let in and not answered", registry=self.registry)
        self.refused = Gauge("assay_requests_refused", "Requests told to come back", registry=self.registry)
        self._answers: Counter[tuple[str, str, int]] = Counter()
        self._seconds: dict[str, Times] = {}
        self.registry.register(self)

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """One answered request."""
        self._answers[method, route, status] += 1
        times = self._seconds.get(route)
        if times is None:
            times = self._seconds[route] = Times([0] * (len(BUCKETS) + 1))
        times.count(seconds)

    def collect(self) -> Iterator[Metric]:
        """What Prometheus reads. Its own counters lock for each number: that cost more than the numbers are worth."""
        answers = CounterMetricFamily("assay_requests", "Answers given", labels=["method", "route", "status"])
        for (method, route, status), n in self._answers.items():
            answers.add_metric([method, route, str(status)], n)
        seconds = HistogramMetricFamily("assay_request_seconds", "Time to an answer", labels=["route"])
        bounds = [*map(str, BUCKETS), "+Inf"]
        for route, times in self._seconds.items():
            seconds.add_metric([route], list(zip(bounds, accumulate(times.buckets), strict=True)), times.total)
        yield answers
        yield seconds


@dataclass(slots=True)
class Times:
    """How many took how long: a number for each of BUCKETS and one beyond them."""

    buckets: list[int]
    total: float = 0.0

    def count(self, seconds: float) -> None:
        """One more."""
        self.buckets[bisect_left(BUCKETS, seconds)] += 1
        self.total += seconds


class Observed:
    """ASGI middleware: gives every request its id and counts it."""

    def __init__(self, app: Any, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        named, began, status = request_id(scope["headers"]), time.perf_counter(), 500

        async def tell(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", named.encode())]
            await send(message)

        name_request(named)
        try:
            await self.app(scope, receive, tell)
        finally:
            method = scope["method"] if scope["method"] in METHODS else "other"
            self.told(method, scope.get("path_template") or "none", status, time.perf_counter() - began)

    def told(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        self.metrics.count(method, route, status, seconds)
        if seconds > SLOW_SECONDS:
            log.warning("slow request", method=method, route=route, status=status, seconds=round(seconds, 3))


def request_id(headers: Sequence[tuple[bytes, bytes]]) -> str:
    """The id that a request brings, or a new one."""
    for name, value in headers:
        if name == b"x-request-id" and _GIVEN_ID.fullmatch(value):
            return str(value.decode())
    return os.urandom(16).hex()


def observe(app: Any) -> tuple[Admission, Observed]:
    """Put admission and observation around an application; its metrics are in `app.state.metrics`."""
    app.state.metrics = metrics = Metrics()
    admission = Admission(app.asgi_handler)
    metrics.at_work.set_function(lambda: admission.at_work)
    metrics.refused.set_function(lambda: admission.refused)
    observed = Observed(admission, metrics)
    app.asgi_handler = traced(observed)
    return admission, observed


@get("/health/live", opt=PUBLIC, include_in_schema=False)
async def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "live"}


@get("/health/ready", opt=PUBLIC, include_in_schema=False)
async def ready(request: Request[Any, Any, Any]) -> Response[dict[str, str]]:
    """The database answers too; 503 with Retry-After until it does."""
    database: Database = request.app.state.database
    try:
        async with database.transaction(None) as connection:
            await connection.fetchval("SELECT count(*) FROM published_catalogue() LIMIT 1")
    except DatabaseUnavailable as error:
        headers = {"Retry-After": str(error.retry_after)}
        return Response({"status": "waiting for the database"}, status_code=503, headers=headers)
    except Exception:
        return Response({"status": "the database is not set up"}, status_code=503, headers={"Retry-After": "2"})
    return Response({"status": "ready"})


@get("/metrics", opt=PUBLIC, include_in_schema=False)
async def metrics_page(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Prometheus metrics, for programs on the same machine alone."""
    if request.client is None or request.client.host not in LOOPBACK:
        raise NotFoundException
    found: Metrics = request.app.state.metrics
    return Response(generate_latest(found.registry), media_type=CONTENT_TYPE_LATEST)


health_routes = [live, ready, metrics_page]
