"""An answer as it is sent: its body, and how the desk reads it once it knows the item on screen."""

from typing import Annotated
from uuid import UUID, uuid4

import msgspec

from api.views import read_answer
from engine.sessions import Given
from engine.workflows.waiting import Reader
from itembank.items import ItemContent

Text = Annotated[str, msgspec.Meta(max_length=100_000)]
Position = Annotated[int, msgspec.Meta(ge=0, le=10_000)]
GivenAnswer = Text | float | list[Text] | dict[Annotated[str, msgspec.Meta(max_length=200)], list[Text]] | None


class NewResponse(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The answer to the item on screen.

    `answer`: a text, a number, a list of choices, values by response identifier, or null for a blank. `id`: made by
    the client, so that the same answer may be sent until it is acknowledged.
    """

    position: Position
    answer: GivenAnswer
    id: UUID | None = None


def reader(data: NewResponse) -> Reader:
    """How the desk reads what was sent, once it knows the item on screen."""
    client_id = data.id or uuid4()

    def read(content: ItemContent) -> Given:
        return Given(position=data.position, answer=read_answer(content, data.answer), client_id=client_id)

    return read
