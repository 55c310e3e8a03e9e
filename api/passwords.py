"""Passwords: long enough to be worth keeping, kept as argon2id alone."""

import argon2

from itembank.errors import BankError

LEAST, MOST = 12, 500
HASHER = argon2.PasswordHasher()


class PasswordRefused(BankError):
    """A password is too short or too long; the message says which length is asked for."""


def hashed(password: str) -> str:
    """The argon2id hash to keep.

    Raises:
        PasswordRefused: with the length that is asked for.
    """
    if not LEAST <= len(password) <= MOST:
        raise PasswordRefused(f"The password has {len(password)} characters; choose one of {LEAST} to {MOST}.")
    return HASHER.hash(password)
