"""Rating a learner through a one-time link: no account, no cookie."""

from typing import Any

from api.pages.rater.attestation.handler import give_ratings, see_attestation

handlers: list[Any] = [see_attestation, give_ratings]
