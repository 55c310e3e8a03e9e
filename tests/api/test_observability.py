"""Request ids, health, metrics; who may come in."""

import asyncio
from typing import Any

import httpx
import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from api.admission import Admission, Patience
from api.app import create_app
from api.observability import Metrics
from api.settings import Settings

Client = AsyncTestClient[Litestar]


async def test_every_answer_names_its_request(client: Client) -> None:
    first, second = await client.get("/health/live"), await client.get("/nowhere")
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    named = await client.get("/health/live", headers={"X-Request-ID": "from-a-proxy.1"})
    assert named.headers["x-request-id"] == "from-a-proxy.1"
    odd = await client.get("/health/live", headers={"X-Request-ID": "x" * 65})
    assert odd.headers["x-request-id"] != "x" * 65


async def test_ready_means_the_database_answers(client: Client) -> None:
    assert (await client.get("/health/ready")).json() == {"status": "ready"}


async def test_without_its_database_it_lives_and_says_when_to_come_back() -> None:
    app = create_app(Settings(public_url="http://testserver"), "postgresql://nobody@127.0.0.1:1/nothing")
    async with AsyncTestClient(app) as lonely:
        assert (await lonely.get("/health/live")).status_code == 200
        for path in ("/health/ready", "/api/v1/catalogue"):
            answer = await lonely.get(path)
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) >= 1
        answer = await lonely.get("/api/v1/attempts", headers={"Authorization": "Bearer assay_x"})
        assert answer.status_code == 503


async def test_metrics_count_routes_and_hold_no_address(client: Client) -> None:
    uuid = "6b1de3a0-1111-4222-8333-444455556666"
    await client.get(f"/api/v1/sessions/{uuid}", headers={"Authorization": "Bearer assay_secret_of_somebody"})
    text = (await client.get("/metrics")).text
    assert 'route="/api/v1/sessions/{uuid' in text
    assert 'status="401"' in text
    assert uuid not in text
    assert "assay_secret" not in text


async def _told(admission: Admission, receive: Any) -> list[Any]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await admission({"type": "http", "path": "/x"}, receive, send)
    return sent


async def test_more_than_can_be_done_is_told_to_come_back() -> None:
    leave = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await leave.wait()

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    admission = Admission(app, most_at_once=2)
    inside = [asyncio.create_task(_told(admission, receive)) for _ in range(2)]
    await asyncio.sleep(0)
    refused = await _told(admission, receive)
    assert refused[0]["status"] == 503
    assert (b"retry-after", b"1") in refused[0]["headers"]
    leave.set()
    await asyncio.gather(*inside)
    assert admission.at_work == 0


async def test_a_body_that_does_not_arrive_holds_no_place() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        pytest.fail("a request without its body was let in")

    async def receive() -> Any:
        await asyncio.sleep(60)

    admission = Admission(app, most_at_once=1, body_seconds=0.05)
    waiting = asyncio.create_task(_told(admission, receive))
    await asyncio.sleep(0)
    assert admission.at_work == 0
    assert (await waiting)[0]["status"] == 408


async def test_a_large_body_arrives_whole(client: Client) -> None:
    answer = await client.post(
        "/api/v1/attempts", content=b'{"assessment": "' + b"x" * 1_500_000 + b'"}',
        headers={"Content-Type": "application/json", "Authorization": "Bearer assay_x"},
    )  # fmt: skip
    assert isinstance(answer, httpx.Response)
    assert answer.status_code in (400, 401)


async def test_patience_ends_the_waits_that_take_too_long_and_no_other() -> None:
    patience, comes = Patience(0.05), asyncio.Event()

    async def wait(came: asyncio.Event) -> str:
        try:
            with patience:
                await came.wait()
        except TimeoutError:
            return "too slow"
        return "in time"

    never = asyncio.Event()
    waits = [asyncio.create_task(wait(came)) for came in (comes, never, comes, never)]
    await asyncio.sleep(0)  # all have begun to wait
    comes.set()
    assert await waits[0] == await waits[2] == "in time"
    late, cancelled = asyncio.create_task(wait(never)), asyncio.create_task(wait(never))
    await asyncio.sleep(0)
    cancelled.cancel()
    assert await asyncio.gather(waits[1], waits[3], late) == ["too slow"] * 3
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    assert await wait(never) == "too slow"


def test_times_are_told_as_prometheus_counts_them() -> None:
    metrics = Metrics()
    for seconds in (0.005, 0.006, 3.0, 99.0):
        metrics.count("POST", "/a", 201, seconds)
    metrics.count("GET", "/b", 404, 0.2)
    told = generate_latest(metrics.registry).decode()
    found = {
        (sample.name, sample.labels.get("route"), sample.labels.get("le")): sample.value
        for family in text_string_to_metric_families(told) for sample in family.samples
    }  # fmt: skip
    buckets = [found["assay_request_seconds_bucket", "/a", le] for le in ("0.005", "0.01", "2.5", "5.0", "+Inf")]
    assert buckets == [1, 2, 2, 3, 4]
    assert found["assay_request_seconds_count", "/a", None] == 4
    assert found["assay_request_seconds_sum", "/a", None] == pytest.approx(102.011)
    assert found["assay_requests_total", "/b", None] == 1
