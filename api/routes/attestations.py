"""Ratings by somebody outside: invited by staff, given through a one-time link by whoever holds it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from api.auth import PUBLIC, roles
from api.settings import Settings
from engine.messages import say
from engine.workflows.attest import Attested, attest, find_attestation
from engine.workflows.invite_rater import invite_rater
from engine.workflows.shelf import Shelf
from itembank.storage.accounts import Caller
from itembank.storage.database import Database

Word = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class NewInvitation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which attestation of the policy is asked for; `rater`: a note of whom the link goes to."""

    requirement: Word
    rater: Annotated[str, msgspec.Meta(max_length=200)] = ""


class InvitationView(msgspec.Struct, frozen=True, kw_only=True):
    """The link, shown this once: only its hash is kept. Send it on before it lapses."""

    link: str
    token: str
    requirement: str
    lapses: datetime


class AttestationView(msgspec.Struct, frozen=True, kw_only=True):
    """What the link asks. `open`: whether it can still be used; `why_not`: else why."""

    institution: str
    assessment: str
    learner: str
    role: str
    ratings: tuple[str, ...]
    competencies: dict[str, str]
    open: bool
    why_not: list[str]


class NewRatings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rating for each competency, in the words of the rubric."""

    ratings: Annotated[dict[Word, Word], msgspec.Meta(max_length=500)]
    comment: Annotated[str, msgspec.Meta(max_length=2000)] = ""


class InvitationRoutes(Controller):
    """Inviting raters."""

    path = "/attempts/{uuid:uuid}/invitations"
    tags = ["institution"]

    @post(summary="Invite a rater", opt=roles("advisor", "registrar"))
    async def invite(
        self,
        uuid: FromPath[UUID],
        data: JSONBody[NewInvitation],
        caller: NamedDependency[Caller],
        database: NamedDependency[Database],
        shelf: NamedDependency[Shelf],
        settings: NamedDependency[Settings],
    ) -> Response[InvitationView]:
        """A link that can be used once and for a limited time. Asking again makes another link: an answer kept under
        an Idempotency-Key would keep the token, so there is none here.
        """
        invited = await invite_rater(
            database, shelf, caller.institution_id, caller.account_id, uuid, data.requirement, data.rater
        )
        view = InvitationView(
            link=f"{settings.public_url.rstrip('/')}/attestations/{invited.token}", token=invited.token,
            requirement=invited.requirement, lapses=invited.lapses,
        )  # fmt: skip
        return Response(view, status_code=201, headers={"Cache-Control": "no-store"})


class AttestationRoutes(Controller):
    """Rating through a link: no account."""

    path = "/attestations/{token:str}"
    tags = ["attestation"]
    opt = PUBLIC
    security = [{}]

    @get(summary="See what a link asks")
    async def see(
        self, token: FromPath[str], database: NamedDependency[Database], shelf: NamedDependency[Shelf]
    ) -> AttestationView:
        """Whom to rate, on which competencies, in which words. Looking changes nothing."""
        asked = await find_attestation(database, shelf, token)
        return AttestationView(
            institution=asked.institution, assessment=asked.assessment, learner=asked.learner, role=asked.role,
            ratings=asked.ratings, competencies=dict(asked.competencies), open=not asked.refused,
            why_not=[say(refused.said) for refused in asked.refused],
        )  # fmt: skip

    @post(summary="Rate")
    async def rate(
        self,
        token: FromPath[str],
        data: JSONBody[NewRatings],
        database: NamedDependency[Database],
        shelf: NamedDependency[Shelf],
    ) -> Response[Attested]:
        """201: taken, and the link is used up. 200: these ratings had come before. 409: why it cannot be used."""
        attested = await attest(database, shelf, token, dict(data.ratings), data.comment)
        return Response(attested, status_code=201 if attested.is_new else 200)
