"""The CASE provider: what is published, strict, by identifier, for anybody; and nothing else."""

from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator
from litestar import Litestar
from litestar.testing import AsyncTestClient

from itembank.exchange.frameworks.case_in import read_case
from itembank.exchange.frameworks.case_schema import DOCUMENT, EDGE, ITEM, LINK, case_errors
from tests.api.conftest import body

Client = AsyncTestClient[Litestar]
BASE = "/ims/case/v1p1"


def with_link(record: dict[str, Any], name: str) -> Draft202012Validator:
    """The strict record outside a package, where it must say what it belongs to."""
    schema = record | {"properties": record["properties"] | {name: LINK}, "required": [*record["required"], name]}
    return Draft202012Validator(schema)


@pytest.fixture
async def package(sample_client: Client) -> dict[str, Any]:
    (document,) = body(await sample_client.get(f"{BASE}/CFDocuments"), 200)["CFDocuments"]
    return dict(body(await sample_client.get(f"{BASE}/CFPackages/{document['identifier']}"), 200))


async def test_the_package_is_strict_and_reads_back(package: dict[str, Any]) -> None:
    assert case_errors(package) == []
    framework, report = read_case(msgspec.json.encode(package), key="again", name="package")
    assert len(framework.competencies) == report.n_competencies == len(package["CFItems"]) > 5
    assert framework.title == "Data literacy at work"


async def test_documents_come_in_pages_with_their_number(sample_client: Client) -> None:
    answer = await sample_client.get(f"{BASE}/CFDocuments", params={"limit": 1, "sort": "title", "orderBy": "desc"})
    (document,) = body(answer, 200)["CFDocuments"]
    assert list(with_link(DOCUMENT, "CFPackageURI").iter_errors(document)) == []
    assert answer.headers["x-total-count"] == "1"
    assert 'rel="first"' in answer.headers["link"]
    assert body(await sample_client.get(f"{BASE}/CFDocuments?offset=1"), 200) == {"CFDocuments": []}
    few = body(await sample_client.get(f"{BASE}/CFDocuments?fields=title,identifier"), 200)["CFDocuments"][0]
    assert set(few) == {"title", "identifier"}


async def test_each_thing_by_its_identifier(sample_client: Client, package: dict[str, Any]) -> None:
    document = package["CFDocument"]
    found = body(await sample_client.get(f"{BASE}/CFDocuments/{document['identifier']}"), 200)
    assert {**document, "CFPackageURI": found["CFPackageURI"]} == found
    for item in package["CFItems"][:3]:
        one = body(await sample_client.get(f"{BASE}/CFItems/{item['identifier'].upper()}"), 200)
        assert list(with_link(ITEM, "CFDocumentURI").iter_errors(one)) == []
        assert one == item | {"CFDocumentURI": {k: document[k] for k in ("title", "identifier", "uri")}}
        both = body(await sample_client.get(f"{BASE}/CFItemAssociations/{item['identifier']}"), 200)
        assert both["CFItem"] == one
        expected = {
            edge["identifier"]
            for edge in package["CFAssociations"]
            if item["identifier"] in (edge["originNodeURI"]["identifier"], edge["destinationNodeURI"]["identifier"])
        }
        assert {edge["identifier"] for edge in both["CFAssociations"]} == expected != set()
    edge = package["CFAssociations"][0]
    alone = body(await sample_client.get(f"{BASE}/CFAssociations/{edge['identifier']}"), 200)
    assert list(with_link(EDGE, "CFDocumentURI").iter_errors(alone)) == []


@pytest.mark.parametrize(
    ("path", "status", "minor"),
    [
        ("/CFItems/00000000-0000-4000-8000-000000000000", 404, "unknownobject"),
        ("/CFPackages/nonsense", 404, "unknownobject"),
        ("/CFConcepts/00000000-0000-4000-8000-000000000000", 404, "unknownobject"),
        ("/CFItemTypes/nonsense", 404, "unknownobject"),
        ("/CFRubrics/nonsense", 404, "unknownobject"),
        ("/CFDocuments?fields=secret", 400, "invalid_selection_field"),
        ("/CFDocuments?sort=secret", 400, "invalid_sort_field"),
        ("/CFDocuments?orderBy=sideways&sort=title", 400, "invalid_sort_field"),
        ("/CFDocuments?filter=title%3D'x'", 400, "invalid_filter_field"),
    ],
)
async def test_what_cannot_be_answered_says_so_in_case_words(
    sample_client: Client, path: str, status: int, minor: str
) -> None:
    told = body(await sample_client.get(BASE + path), status)
    assert told["imsx_codeMajor"] == "failure"
    assert told["imsx_codeMinor"]["imsx_codeMinorField"][0]["imsx_codeMinorFieldValue"] == minor
    assert told["imsx_description"]


async def test_a_framework_that_nothing_published_rests_on_stays_inside(client: Client) -> None:
    assert body(await client.get(f"{BASE}/CFDocuments"), 200) == {"CFDocuments": []}
