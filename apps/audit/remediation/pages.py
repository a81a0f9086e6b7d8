"""Pages about repairs."""

from django.http import HttpRequest, HttpResponse


def repairs(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def plan(request: HttpRequest, plan_id: int) -> HttpResponse:
    return HttpResponse()


def run(request: HttpRequest, repair_id: int) -> HttpResponse:
    return HttpResponse()
