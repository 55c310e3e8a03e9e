"""The JSON API: a file a noun, all under /api/v1."""

from api.routes.accounts import AccountRoutes
from api.routes.assessments import AssessmentRoutes
from api.routes.attempt_events import AttemptEventRoutes
from api.routes.attempts import AttemptRoutes
from api.routes.attestations import AttestationRoutes, InvitationRoutes
from api.routes.banks import BankRoutes
from api.routes.catalogue import CatalogueRoutes
from api.routes.courses import CourseRoutes, LearnerCourseRoutes
from api.routes.credentials import CredentialRoutes, VerificationRoutes, publication_routes
from api.routes.flags import FlagRoutes
from api.routes.frameworks import CaseRoutes
from api.routes.items import ItemRoutes
from api.routes.learners import LearnerRoutes
from api.routes.me import ErasureRoutes, MyRoutes
from api.routes.papers import PaperRoutes
from api.routes.profiles import ProfileRoutes
from api.routes.rescorings import RescoringRoutes
from api.routes.revocations import KeyRoutes, RevocationRoutes
from api.routes.sessions import SessionRoutes

route_handlers = [
    CatalogueRoutes, AttemptRoutes, SessionRoutes, CredentialRoutes, VerificationRoutes, BankRoutes, ItemRoutes,
    AssessmentRoutes,
    AttemptEventRoutes, LearnerRoutes, RescoringRoutes, RevocationRoutes, KeyRoutes, AccountRoutes,
    InvitationRoutes, AttestationRoutes, CourseRoutes, LearnerCourseRoutes,
    MyRoutes, ErasureRoutes, ProfileRoutes, FlagRoutes, PaperRoutes,
]  # fmt: skip

publication_routes.register(CaseRoutes)

__all__ = ["publication_routes", "route_handlers"]
