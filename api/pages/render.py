"""Errors as pages."""

from typing import Any

from litestar import MediaType, Request, Response

from api.errors import problem_of


def as_page(request: Request[Any, Any, Any], error: Exception) -> Response[str]:
    """An error in words, for people."""
    status, document, headers = problem_of(error)
    return Response(document["detail"], status_code=status, headers=headers, media_type=MediaType.TEXT)
