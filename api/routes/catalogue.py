"""What anybody may read: the published assessments and their rules."""

from datetime import datetime
from decimal import Decimal

import msgspec
from litestar import Controller, get
from litestar.di import NamedDependency

from api.auth import PUBLIC
from engine.policies.records import Disclosure
from engine.storage import assessments
from itembank.storage.database import Database


class CatalogueItem(msgspec.Struct, frozen=True, kw_only=True):
    """One assessment: what it certifies, what it earns, how it is taken."""

    institution: str
    institution_name: str
    assessment: str
    version: int
    title: str
    competencies: tuple[str, ...]
    credit_hours: Decimal
    follows: str
    disclosure: Disclosure
    published_at: datetime


class CatalogueRoutes(Controller):
    """Assessments that are open to be taken."""

    path = "/catalogue"
    tags = ["catalogue"]
    opt = PUBLIC
    security = [{}]

    @get(summary="List the published assessments")
    async def list_assessments(self, database: NamedDependency[Database]) -> list[CatalogueItem]:
        """Every institution's newest versions, with what a learner should know before the start."""
        return [
            CatalogueItem(
                institution=entry.institution_key,
                institution_name=entry.institution_name,
                assessment=entry.assessment_key,
                version=entry.number,
                title=entry.policy.title,
                competencies=entry.policy.competencies,
                credit_hours=entry.policy.credit.hours,
                follows=entry.policy.follows,
                disclosure=entry.policy.disclosure,
                published_at=entry.published_at,
            )
            for entry in await assessments.catalogue(database)
        ]
