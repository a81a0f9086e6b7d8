"""Pages about where resources are learned of."""

from django.http import HttpRequest, HttpResponse


def sources(request: HttpRequest) -> HttpResponse:
    return HttpResponse("soon")
