"""Checking a credential: no account, no cookie."""

from typing import Any

from api.pages.verifier.verify.handler import check_files, check_one, see_verify

handlers: list[Any] = [see_verify, check_files, check_one]
