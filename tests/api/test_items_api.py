"""Items over HTTP: files in with a report that adds up, states moved with reasons, all of it logged."""

from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from itembank.storage.database import Database
from tests.api.conftest import body, learner

Client = AsyncTestClient[Litestar]
FRAMEWORK = b"key,parent,statement\nalg,,Algebra\n"
ITEMS = (
    b"item_id,competency,key,stem,options\n"
    b"one,alg,A,What is two plus three in whole numbers?,five|six|seven\n"
    b"two,alg,A,What is two plus three in whole numbers??,five|six|seven\n"
    b"three,alg,Z,Which of these is a prime number below ten?,seven|eight\n"
    b"four,alg,B,How many sides does a hexagon have on a page?,five|six\n"
)
MIRT = b"item,itemtype,a1,d,g,u\none,2PL,1.5,-0.75,0,1\nfour,2PL,0.8,0.4,0,1\nelsewhere,2PL,1,0,0,1\n"


@pytest.fixture(scope="module")
async def author(sample_database: Database) -> dict[str, str]:
    return await learner(sample_database, "item-author", ("author", "psychometrician"))


async def send(client: Client, headers: dict[str, str], bank: str, query: str = "", **files: bytes) -> Any:
    names = {"files": "items.csv", "framework": "framework.csv", "parameters": "mirt.csv"}
    parts = [(field, (names[field], content, "text/csv")) for field, content in files.items()]
    return await client.post(f"/api/v1/banks/{bank}/items{query}", files=parts, headers=headers)


async def test_a_dry_run_tells_everything_and_keeps_nothing(sample_client: Client, author: dict[str, str]) -> None:
    report = body(await send(sample_client, author, "dry", files=ITEMS, framework=FRAMEWORK, parameters=MIRT), 200)
    assert report["dry_run"] is True
    assert report["read"] == {"imported": 3, "changed": 0, "refused": 1}
    assert report["kept"] == {"added": 3, "changed": 0, "unchanged": 0}
    (file,) = report["files"]
    assert (file["file"], file["n_items"]) == ("items.csv", 4)
    assert sum(file["counts"].values()) == file["n_items"]
    (refused,) = file["told"]
    assert (refused["key"], refused["place"]) == ("three", "line 4")
    assert "'Z' is none of its options" in refused["notes"][0]
    (pair,) = report["like"]
    assert {pair["first"], pair["second"], pair["kind"]} == {"one", "two", "duplicate"}
    assert (report["parameters"]["n_items"], report["parameters"].get("kept")) == (3, None)
    assert (await sample_client.get("/api/v1/banks/dry/items", headers=author)).status_code == 404


async def test_from_file_to_operational_with_its_log(sample_client: Client, author: dict[str, str]) -> None:
    sent = {"files": ITEMS, "framework": FRAMEWORK, "parameters": MIRT}
    first = body(await send(sample_client, author, "real", "?dry_run=false", **sent), 201)
    assert first["parameters"]["kept"]["calibrated"] == 2
    again = body(await send(sample_client, author, "real", "?dry_run=false", **sent), 201)
    assert again["kept"] == {"added": 0, "changed": 0, "unchanged": 3}
    assert again["parameters"].get("kept") is None
    items = body(await sample_client.get("/api/v1/banks/real/items", headers=author), 200)
    assert {item["key"]: (item["state"], item["calibrated"]) for item in items} == {
        "one": ("operational", True), "two": ("draft", False), "four": ("operational", True),
    }  # fmt: skip
    move = {"items": ["one"], "to": "quarantined", "reason": "Seen on a forum"}
    assert body(await sample_client.post("/api/v1/banks/real/moves", json=move, headers=author), 201)["items"] == [
        "one"
    ]
    events = body(await sample_client.get("/api/v1/banks/real/events?item=one", headers=author), 200)
    assert [(e["from_state"], e["to_state"], e["reason"], e["by"]) for e in events] == [
        ("draft", "operational", "parameters imported", "item-author"),
        ("operational", "quarantined", "Seen on a forum", "item-author"),
    ]


@pytest.mark.parametrize(
    ("move", "sentence"),
    [
        ({"items": ["averages-f-02", "nothing"], "to": "retired", "reason": "why not"}, "no item 'nothing'"),
        ({"items": ["averages-f-02"], "to": "draft", "reason": "why not"}, "cannot become draft"),
    ],
)
async def test_refused_moves_change_nothing(
    sample_client: Client, author: dict[str, str], move: dict[str, Any], sentence: str
) -> None:
    problem = body(await sample_client.post("/api/v1/banks/data-literacy/moves", json=move, headers=author), 422)
    assert sentence in problem["detail"]
    items = body(await sample_client.get("/api/v1/banks/data-literacy/items", headers=author), 200)
    assert {item["state"] for item in items if item["key"] == "averages-f-02"} == {"operational"}


async def test_learners_and_strangers_may_not(sample_client: Client, sample_database: Database) -> None:
    headers = await learner(sample_database, "curious-about-items")
    for path in ("items", "events"):
        assert (await sample_client.get(f"/api/v1/banks/data-literacy/{path}", headers=headers)).status_code == 403
    assert (await send(sample_client, headers, "data-literacy", files=ITEMS)).status_code == 403
    move = {"items": ["averages-f-01"], "to": "retired", "reason": "mine"}
    assert (
        await sample_client.post("/api/v1/banks/data-literacy/moves", json=move, headers=headers)
    ).status_code == 403


async def test_nobody_answered_yet(sample_client: Client, author: dict[str, str]) -> None:
    problem = body(
        await sample_client.post("/api/v1/banks/data-literacy/pretest-calibrations", json={}, headers=author), 422
    )
    assert "Nobody has answered a pretest item" in problem["detail"]


async def test_a_hostile_file_is_refused_with_its_reason(sample_client: Client, author: dict[str, str]) -> None:
    problem = body(await send(sample_client, author, "data-literacy", files=b"PK\x03\x04garbage"), 422)
    assert "zip" in problem["detail"]


async def test_coverage_adds_up(sample_client: Client, author: dict[str, str]) -> None:
    found = body(await sample_client.get("/api/v1/banks/data-literacy/coverage?needed=12", headers=author), 200)
    listed = body(await sample_client.get("/api/v1/banks/data-literacy/items", headers=author), 200)
    operational = sum(item["state"] == "operational" for item in listed)
    assert sum(cell["n_items"] for cell in found["cells"]) == operational == 300
    assert len({cell["band"] for cell in found["cells"]}) == 5
    assert all(cell["n_missing"] == max(0, 12 - cell["n_items"]) for cell in found["cells"])
    assert found["n_missing"] == sum(cell["n_missing"] for cell in found["holes"])
    assert [hole["n_missing"] for hole in found["holes"]] == sorted(
        (hole["n_missing"] for hole in found["holes"]), reverse=True
    )
