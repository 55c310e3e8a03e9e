"""Fixtures of the application, for whole walks through it."""

from tests.api.conftest import client, sample_client

__all__ = ["client", "sample_client"]
