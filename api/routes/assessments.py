"""Assessments: publish one, read its policy."""

from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from api.auth import roles
from api.idempotency import once
from engine.errors import Unknown
from engine.policies.documents import read_policy
from engine.storage import assessments
from engine.workflows.publish_assessment import Published, publish_assessment
from itembank.storage.accounts import Caller
from itembank.storage.database import Database


class NewAssessment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The policy document and the key of the bank it draws on."""

    policy: dict[str, Any]
    bank: Annotated[str, msgspec.Meta(min_length=1, max_length=63)]


class AssessmentRoutes(Controller):
    """Assessments of the institution."""

    path = "/assessments"
    tags = ["institution"]

    @post(summary="Publish an assessment", opt=roles("psychometrician", "registrar", "service"))
    async def publish(
        self,
        request: Request[Any, Any, Any],
        data: JSONBody[NewAssessment],
        caller: NamedDependency[Caller],
        database: NamedDependency[Database],
    ) -> Response[Published]:
        """The next version of the assessment that the policy names, if the bank can satisfy every occasion."""

        async def act() -> tuple[int, Published]:
            policy = read_policy(msgspec.json.encode(data.policy), format="json")
            return 201, await publish_assessment(database, caller.institution_id, policy, data.bank, caller.account_id)

        return await once(request, caller, database, act)

    @get("/{key:str}", summary="Read a policy")
    async def see(
        self, key: FromPath[str], caller: NamedDependency[Caller], database: NamedDependency[Database]
    ) -> dict[str, Any]:
        """The policy of the newest version, as it was published; publishing it again gives an equal one."""
        async with database.transaction(caller.institution_id) as connection:
            version = await assessments.current(connection, key)
        if version is None:
            raise Unknown(f"No assessment '{key}' is published here; the catalogue lists those that are.")
        policy: dict[str, Any] = msgspec.to_builtins(version.policy, order="deterministic")
        return policy
