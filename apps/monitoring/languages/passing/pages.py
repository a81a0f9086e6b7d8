"""Asking AWS from the page of log queries."""

from urllib.parse import parse_qs

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.discovery.permissions import person
from apps.monitoring.languages import runs
from apps.monitoring.languages.asking import Asked
from apps.monitoring.languages.passing.starting import NotPossible, start
from apps.search.timerange import TimeError


@require_POST
def ask_aws(request: HttpRequest) -> HttpResponse:
    """Start a query at AWS: the button that was pressed says where, and the price
    that stood on it."""
    text = request.POST.get("asked", "").removeprefix("?")
    asked = Asked.read(parse_qs(text, keep_blank_values=True))
    back = reverse("log-query") + asked.url_query()
    account, region, price = _pressed(request.POST.get("place", ""))
    asking = (person(request), timezone.now())
    try:
        run = start(asked, (account, region), price, asking)
    except (NotPossible, runs.TooManyRuns, TimeError) as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(back)
    return HttpResponseRedirect(f"{back}&run={run.pk}")


def _pressed(value: str) -> tuple[str, str, float]:
    """Account, region and dollars; nothing that could be agreed to where it is none."""
    parts = value.split(" ")
    try:
        account, region, price = parts
        return account, region, float(price)
    except ValueError:
        return "", "", -1.0
