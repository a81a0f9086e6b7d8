"""Home, help, retention, and what is said when something goes wrong."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from apps.audit.kinds import TRAIL
from apps.audit.models import TrailSource
from apps.discovery.models import User
from apps.discovery.permissions import everywhere, person
from apps.discovery.roles import Role
from apps.search import quarantine, store
from apps.search.engines.base import EngineUnavailable, Scope, SearchRequest
from apps.search.models import ImportRun, Retention
from apps.search.results import span_of
from dashboard.glance import glance, lines_lately

_RUNS = 5
# The query language by example; the same list is in docs/query-language.md.
_FORMS = (
    ("bucket", "with a word anywhere"),
    ('"access denied"', "with words that follow each other"),
    ("eventName:AssumeRole", "whose field has a value"),
    ('userAgent:"Boto3/1.34"', "whose text field contains words"),
    ("requestParameters.bucketName:logs", "whose nested field has a value"),
    ("eventName:Put*", "whose value begins so; ? stands for one character"),
    ("eventName:*Bucket*", "whose value contains it"),
    ("*prod*", "with a word that contains it"),
    ("errorCode:*", "that have a field; also _exists_:errorCode"),
    ("NOT errorCode:*", "that lack a field; also -errorCode:*"),
    ("eventTime:[2026-07-01 TO 2026-07-02}", "in a range; } leaves the end out"),
    ("requestParameters.durationSeconds:>=3600", "with a number from 3600"),
    ("eventVersion:>=1.10", "with a version from 1.10, which comes after 1.9"),
    ("sourceIPAddress:10.0.0.0/8", "from a network"),
    ("eventName:(CreateUser OR DeleteUser)", "with one of several values"),
    ("readOnly:false AND NOT userIdentity.type:AWSService", "with both conditions"),
    ("+readOnly:false -eventName:PutObject", "the same with signs"),
)


def home(request: HttpRequest) -> HttpResponse:
    """What there is, what needs attention, and where to begin."""
    viewer, now = person(request), timezone.now()
    visible = viewer.visible_accounts()
    context = {
        "kind": TRAIL,
        "sources": TrailSource.objects.filter(
            **({} if visible is None else {"account__in": visible})
        ),
        "runs": ImportRun.objects.all()[:_RUNS] if visible is None else (),
        "quarantined": quarantine.open_count(viewer),
        "has_rights": visible is None or bool(visible),
        "needs_password": not viewer.has_usable_password(),
        **glance(viewer, now),
        **_stored(viewer, now),
    }
    return render(request, "home.html", context)


def _stored(viewer: User, now: datetime) -> dict[str, Any]:
    """What the trail and the logs hold, or why that cannot be told."""
    scope = Scope(viewer.visible_accounts())
    try:
        trail = span_of(SearchRequest(TRAIL, now, scope=scope, seconds=5.0))
        return {"stored": trail, "lines": lines_lately(scope, now)}
    except EngineUnavailable as error:
        return {"index_problem": str(error)}


def query_help(request: HttpRequest) -> HttpResponse:
    return render(request, "query_help.html", {"kind": TRAIL, "forms": _FORMS})


class RetentionForm(forms.ModelForm[Retention]):
    class Meta:
        model = Retention
        fields = ("keep_days", "drop_imported")
        labels = {  # noqa: RUF012 - Django's interface
            "keep_days": "Keep events for so many days",
            "drop_imported": "Also drop days that were imported by hand",
        }
        help_texts = {"keep_days": "Empty: for ever."}  # noqa: RUF012


@everywhere(Role.ADMIN)
@require_http_methods(["GET", "POST"])
def retention(request: HttpRequest) -> HttpResponse:
    rule = Retention.objects.filter(pk=TRAIL.name).first() or Retention(kind=TRAIL.name)
    form = RetentionForm(request.POST or None, instance=rule)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Saved. Old days go within the hour.")
        return redirect("retention")
    days = store.reader().days(TRAIL)
    context = {
        "form": form,
        "kind": TRAIL,
        "days": list(reversed(days)),
        "documents": sum(day.documents for day in days),
        "bytes": sum(day.bytes for day in days),
    }
    return render(request, "retention.html", context)


def _problem_page(
    request: HttpRequest, status: int, title: str, text: str
) -> HttpResponse:
    context = {"title": title, "text": text}
    return render(request, "problem_page.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, TooManyFieldsSent):
        # The frame would read the parameters, and fail again.
        return render(request, "refused.html", status=400)
    return _problem_page(
        request,
        400,
        "That request cannot be answered",
        "Its address or form is broken.",
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    text = str(exception) or "Your role does not allow this."
    return _problem_page(request, 403, "You may not do this", text)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    first = exception.args[0] if exception.args else ""
    text = first if isinstance(first, str) and first else "The address leads nowhere."
    return _problem_page(request, 404, "Nothing here", text)


def failed(request: HttpRequest) -> HttpResponse:
    """Without the frame: what it shows may be what failed."""
    return render(request, "failed.html", status=500)
