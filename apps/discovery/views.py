"""Pages about AWS accounts."""

import json

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from apps.discovery.accounts import visible_to
from apps.discovery.arn import partition_of
from apps.discovery.forms import AccountForm
from apps.discovery.models import Account
from apps.discovery.permissions import everywhere, person
from apps.discovery.roles import Role


def accounts(request: HttpRequest) -> HttpResponse:
    """Every account the person may see, and whether it can be reached."""
    viewer = person(request)
    context = {
        "accounts": visible_to(viewer),
        "is_admin": viewer.rights.may_everywhere(Role.ADMIN),
    }
    return render(request, "discovery/accounts.html", context)


@everywhere(Role.ADMIN)
@require_http_methods(["GET", "POST"])
def new_account(request: HttpRequest) -> HttpResponse:
    form = AccountForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        account = form.save(commit=False)
        account.partition = partition_of(account.home_region)
        account.save()
        messages.success(request, f"Added {account}. Now let it trust Trailmap.")
        return redirect("account", account.number)
    context = {"form": form, "title": "Connect an account", "action": "Add account"}
    return render(request, "discovery/account_form.html", context)


@everywhere(Role.ADMIN)
@require_http_methods(["GET", "POST"])
def account(request: HttpRequest, number: str) -> HttpResponse:
    found = get_object_or_404(Account, pk=number)
    form = AccountForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        changed = form.save(commit=False)
        changed.partition = partition_of(changed.home_region)
        changed.is_connected, changed.checked_at = False, None
        changed.save()
        messages.success(request, f"Saved {found}. Check the connection again.")
        return redirect("account", number)
    context = {
        "account": found,
        "form": form,
        "trust_policy": _trust_policy(found),
    }
    return render(request, "discovery/account.html", context)


@everywhere(Role.ADMIN)
@require_POST
def check_account(request: HttpRequest, number: str) -> HttpResponse:
    """Have the worker find out whether the account can be reached as it should."""
    found = get_object_or_404(Account, pk=number)
    found.check_requested_at = timezone.now()
    found.save(update_fields=["check_requested_at"])
    return redirect("account", number)


def _trust_policy(found: Account) -> str:
    """What to put on the role, with the one value that matters filled in."""
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "the ARN of the identity Trailmap runs as"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": found.external_id}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)
