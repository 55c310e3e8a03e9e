"""Traces by OpenTelemetry, where its extra is installed and an endpoint is named: a span for each request.

A span says method, route, status and the request's id, and nothing that was sent: no address, no key, no error's text.
It belongs to the caller's trace when the caller names one.
"""

import importlib.util
import os
from typing import Any

TRACE_HEADERS = (b"traceparent", b"tracestate")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def are_wanted() -> bool:
    """Whether spans are to be sent, and can be."""
    endpoint = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    return bool(endpoint) and importlib.util.find_spec("opentelemetry.sdk") is not None


def traced(app: Any) -> Any:
    """The ASGI application with a span around each request; the application itself when traces are not wanted."""
    return Traced(app, _tracer()) if are_wanted() else app


class Traced:
    """ASGI middleware: a span a request, named by its route once that is known."""

    def __init__(self, app: Any, tracer: Any) -> None:
        from opentelemetry.trace import SpanKind
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self.app, self.tracer = app, tracer
        self._callers, self._kind = TraceContextTextMapPropagator(), SpanKind.SERVER

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = {name.decode(): value.decode("latin-1") for name, value in scope["headers"] if name in TRACE_HEADERS}
        about: dict[str, Any] = {"http.response.status_code": 500}

        async def tell(message: Any) -> None:
            if message["type"] == "http.response.start":
                about["http.response.status_code"] = message["status"]
                about["assay.request_id"] = dict(message["headers"]).get(b"x-request-id", b"").decode()
            await send(message)

        with self.tracer.start_as_current_span(
            "request", self._callers.extract(given), self._kind, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                await self.app(scope, receive, tell)
            finally:
                about["http.request.method"] = scope["method"] if scope["method"] in METHODS else "other"
                about["http.route"] = scope.get("path_template") or "none"
                span.update_name(f"{about['http.request.method']} {about['http.route']}")
                span.set_attributes(about)


def _tracer() -> Any:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": "assay"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider.get_tracer("assay")
