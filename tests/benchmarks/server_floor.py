"""The floor under the answering endpoint: an empty Litestar POST of the same shape (path, body, size of the answer)."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import msgspec
import uvicorn
from litestar import Litestar, post
from litestar.params import FromPath, JSONBody

from api.given import NewResponse
from api.views import ItemView, SessionDocument
from itembank.items import ItemContent

Name = Annotated[str, msgspec.Meta(max_length=100)]
BODY = "A paragraph in which the situation is described before the question is asked. " * 7
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@post("/api/v1/sessions/{uuid:uuid}/responses")
async def empty(uuid: FromPath[UUID], data: JSONBody[NewResponse]) -> SessionDocument:
    """A session document that nobody computed."""
    content = ItemContent(body=BODY, interactions=())
    return SessionDocument(
        uuid=uuid, occasion="pre_test", state="open", answered=data.position + 1, left_at_least=1, left_at_most=9,
        started_at=NOW, deadline=NOW, seconds_left=9.0, reason=None, reason_sentence=None, decision=None,
        item=ItemView(position=data.position + 1, item="item-0001", content=content, draft=None),
    )  # fmt: skip


if __name__ == "__main__":
    app = Litestar([empty], openapi_config=None)
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False, backlog=4096,
                timeout_keep_alive=75)  # fmt: skip
