"""What happens around every page: compression, an index that fails, texts that no
database takes."""

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import render

from apps.search.engines.base import EngineUnavailable, QueryTooBroad
from apps.search.results import problem_of
from dashboard.views import bad_request


class PageGZipMiddleware(GZipMiddleware):
    """Leaves streams as they are.

    Django compresses every part of an asynchronous stream as a gzip member of its
    own, and browsers read only the first.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if response.streaming:
            return response
        return super().process_response(request, response)


class _Unchanging:
    """Lets requests and answers pass; what it is for is exceptions."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)


class EngineProblemMiddleware(_Unchanging):
    """A page that needs the search index says so where it does not answer."""

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponse | None:
        if not isinstance(exception, EngineUnavailable | QueryTooBroad):
            return None
        problem = problem_of(exception)
        context = {"title": problem.title, "text": problem.text}
        return render(request, "problem_page.html", context, status=503)


class NulMiddleware(_Unchanging):
    """A request that brings NUL to the database is at fault, not the site: PostgreSQL
    has no text with it, and SQLite takes it."""

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponse | None:
        if isinstance(exception, DataError | ValueError) and "NUL" in str(exception):
            return bad_request(request, BadRequest())
        return None
