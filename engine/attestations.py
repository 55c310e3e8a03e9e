"""Ratings by somebody outside, entered once through a link: the token is shown once and only its hash is kept."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from datetime import datetime

from engine.events import AttestationInvited, AttestationReceived
from engine.messages import message
from engine.periods import after
from engine.policies.records import AttestationRequirement, Policy, zone_of
from engine.refusals import Refusal, refusal
from engine.standing import Standing


def new_token(entropy: bytes) -> str:
    """A token from 32 bytes that nobody can guess (`secrets.token_bytes(32)`), as text for an address."""
    if len(entropy) != 32:
        raise ValueError("entropy must be 32 bytes from the operating system.")
    return urlsafe_b64encode(entropy).rstrip(b"=").decode()


def token_hash(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def requirement_of(policy: Policy, key: str) -> AttestationRequirement | None:
    """The requirement of that key."""
    return next((requirement for requirement in policy.attestations if requirement.key == key), None)


def required_competencies(policy: Policy, requirement: AttestationRequirement) -> tuple[str, ...]:
    """What must be rated: the requirement's own competencies, or all of the policy."""
    return requirement.competencies or policy.competencies


def invitation(standing: Standing, kept: str) -> AttestationInvited | None:
    """The invitation behind a token's hash."""
    return next((invited for invited in standing.invitations if invited.token_hash == kept), None)


def link_refusals(policy: Policy, standing: Standing, kept: str, now: datetime) -> Iterator[Refusal]:
    """Why a link may not be used: unknown, used already, out of date."""
    invited = invitation(standing, kept)
    requirement = requirement_of(policy, invited.requirement) if invited else None
    if invited is None or requirement is None:
        yield refusal("link_unknown", message("refusal.link_unknown"))
        return
    if any(received.token_hash == kept for received in standing.attestations):
        yield refusal("link_used", message("refusal.link_used"), about=requirement.key)
    zone = zone_of(policy)
    lapses = after(invited.at, requirement.link_valid, zone)
    if now > lapses:
        yield refusal("link_lapsed", message("refusal.link_lapsed", when=lapses), about=requirement.key)


def rating_refusals(policy: Policy, received: AttestationReceived) -> Iterator[Refusal]:
    """Why ratings cannot be taken: a word off the scale, a competency left out or unknown."""
    requirement = requirement_of(policy, received.requirement)
    if requirement is None:
        yield refusal("attestation", message("refusal.attestation_unknown", requirement=received.requirement))
        return
    scale = ", ".join(requirement.ratings)
    for competency, rating in received.ratings.items():
        if rating not in requirement.ratings:
            said = message("refusal.rating_unknown", rating=rating, competency=competency, ratings=scale)
            yield refusal("rating", said, about=requirement.key)
    required = required_competencies(policy, requirement)
    missing = [key for key in required if key not in received.ratings]
    unknown = [key for key in received.ratings if required and key not in required]
    if missing or unknown or not received.ratings:
        said = message("refusal.rating_missing", competencies=", ".join([*missing, *unknown]) or requirement.role)
        yield refusal("rating", said, about=requirement.key)


def satisfied(policy: Policy, requirement: AttestationRequirement, ratings: Mapping[str, str]) -> bool:
    """Whether every competency required reaches the minimum rating."""
    rank = {rating: place for place, rating in enumerate(requirement.ratings)}
    needed = required_competencies(policy, requirement) or tuple(ratings)
    return bool(needed) and all(rank.get(ratings.get(key, ""), -1) >= rank[requirement.minimum] for key in needed)


def attested(policy: Policy, requirement: AttestationRequirement, standing: Standing, now: datetime) -> bool:
    """Whether the latest attestation for the requirement satisfies it and is still valid."""
    received = [given for given in standing.attestations if given.requirement == requirement.key]
    if not received:
        return False
    latest = received[-1]
    lapsed = requirement.valid is not None and now > after(latest.at, requirement.valid, zone_of(policy))
    return not lapsed and satisfied(policy, requirement, latest.ratings)
