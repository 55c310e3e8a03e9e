"""The `telemetry` extra: spans of a real server arrive at a collector, and say nothing of whoever asked."""

import http.server
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.benchmarks.server_stage import free_port, service, wait_until_ready

pytest.importorskip("opentelemetry.sdk", reason="the extra 'telemetry' is not installed")
pytest.importorskip("opentelemetry.exporter.otlp.proto.http", reason="the extra 'telemetry' is not installed")

SECRET, UUID, TRACE = (
    "assay_key_of_somebody",
    "6b1de3a0-1111-4222-8333-444455556666",
    "0af7651916cd43dd8448eb211c80319c",
)


class Collector(http.server.BaseHTTPRequestHandler):
    """Takes OTLP over HTTP and keeps the bytes."""

    arrived: list[bytes]

    def do_POST(self) -> None:
        self.arrived.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        return


@pytest.fixture
def collector() -> Iterator[tuple[str, list[bytes]]]:
    arrived: list[bytes] = []
    kind = type("Kept", (Collector,), {"arrived": arrived})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", arrived
        server.shutdown()
        thread.join()


def ask(port: int, path: str, headers: dict[str, str]) -> int:
    try:
        with urllib.request.urlopen(
            urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
        ) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_spans_arrive_and_hold_no_key_and_no_address(
    database_dsn: str, collector: tuple[str, list[bytes]], tmp_path: Path
) -> None:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    endpoint, arrived = collector
    request_id, port = uuid4().hex, free_port()
    with service(database_dsn, port, tmp_path / "server.log", OTEL_EXPORTER_OTLP_ENDPOINT=endpoint):
        wait_until_ready(port, "/health/ready")
        headers = {
            "Authorization": f"Bearer {SECRET}", "X-Request-ID": request_id,
            "traceparent": f"00-{TRACE}-b7ad6b7169203331-01", "Cookie": "session=jane-doe",
        }  # fmt: skip
        assert ask(port, f"/api/v1/sessions/{UUID}?name=jane-doe", headers) == 401
    spans = [
        span
        for body in arrived
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    (asked,) = [span for span in spans if request_id in str(span)]
    told = {one.key: one.value.string_value or one.value.int_value for one in asked.attributes}
    assert asked.name == "GET /api/v1/sessions/{uuid}"
    assert told == {
        "assay.request_id": request_id, "http.request.method": "GET", "http.route": "/api/v1/sessions/{uuid}",
        "http.response.status_code": 401,
    }  # fmt: skip
    assert asked.trace_id.hex() == TRACE
    assert any(span.name == "GET /health/ready" for span in spans)
    everything = b"".join(arrived)
    assert not [kept for kept in (SECRET, UUID, "jane-doe") if kept.encode() in everything]
    for line in (tmp_path / "server.log").read_text().splitlines()[1:]:  # after the address for whoever started it
        json.loads(line)
