"""Pages for signing in and out, one's own settings, and people."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth import login, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from apps.discovery.forms import GrantForm, PasswordForm, PersonForm, TokenForm
from apps.discovery.models import ApiToken, Grant, SignInLink, User
from apps.discovery.permissions import everywhere, person
from apps.discovery.roles import Role

_BACKEND = "django.contrib.auth.backends.ModelBackend"


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def sign_in_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """A link signs in once. It asks first: mail scanners open links, too."""
    if not SignInLink.is_good(token, timezone.now()):
        return render(request, "people/link_used.html", status=410)
    if request.method == "GET":
        return render(request, "people/sign_in_link.html")
    user = SignInLink.redeem(token, timezone.now())
    if user is None or not user.is_active:
        return render(request, "people/link_used.html", status=410)
    login(request, user, backend=_BACKEND)
    return redirect("home" if user.has_usable_password() else "settings")


def settings_page(request: HttpRequest) -> HttpResponse:
    """One's own password and API tokens."""
    return _settings_page(request, None)


def _settings_page(request: HttpRequest, new_token: str | None) -> HttpResponse:
    user = person(request)
    context = {
        "password_form": PasswordForm(user),
        "token_form": TokenForm(),
        "tokens": ApiToken.objects.filter(user=user),
        "new_token": new_token,
        "grants": user.grants.select_related("account"),
        "is_admin": user.rights.may_everywhere(Role.ADMIN),
    }
    return render(request, "people/settings.html", context)


@require_POST
def change_password(request: HttpRequest) -> HttpResponse:
    user = person(request)
    form = PasswordForm(user, request.POST)
    if form.is_valid():
        user.set_password(form.cleaned_data["password"])
        user.save(update_fields=["password"])
        SignInLink.withdraw(user)
        update_session_auth_hash(request, user)
        messages.success(request, "Your password is set.")
    else:
        for errors in form.errors.values():
            for text in errors:
                messages.error(request, str(text))
    return redirect("settings")


@never_cache
@require_POST
def new_token(request: HttpRequest) -> HttpResponse:
    """A token is shown in this answer, and nowhere else ever again."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        messages.error(request, "A token needs to say what it is for.")
        return redirect(reverse("settings") + "#tokens")
    days = form.cleaned_data["days"]
    _, token = ApiToken.objects.create(
        person(request),
        expiry=timedelta(days=days) if days else None,
        name=form.cleaned_data["name"],
    )
    return _settings_page(request, token)


@require_POST
def revoke_token(request: HttpRequest, digest: str) -> HttpResponse:
    token = get_object_or_404(ApiToken, pk=digest, user=person(request))
    token.delete()
    messages.success(request, f"The token {token.name!r} no longer works.")
    return redirect(reverse("settings") + "#tokens")


@everywhere(Role.ADMIN)
def people(request: HttpRequest) -> HttpResponse:
    return _people_page(request, None)


def _people_page(request: HttpRequest, link: dict[str, str] | None) -> HttpResponse:
    context = {
        "people": User.objects.order_by("username").prefetch_related("grants__account"),
        "form": PersonForm(),
        "grant_form": GrantForm(),
        "link": link,
    }
    return render(request, "people/people.html", context)


@never_cache
@everywhere(Role.ADMIN)
@require_POST
def new_person(request: HttpRequest) -> HttpResponse:
    form = PersonForm(request.POST)
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, str(errors[0]))
        return redirect("people")
    user = User.objects.create_user(
        form.cleaned_data["username"], form.cleaned_data["email"], password=None
    )
    if form.cleaned_data["role"]:
        Grant.objects.create(user=user, role=form.cleaned_data["role"])
    return _offer_link(request, user)


@never_cache
@everywhere(Role.ADMIN)
@require_POST
def new_link(request: HttpRequest, user_id: int) -> HttpResponse:
    """A fresh one-time link for somebody, instead of a forgotten password."""
    return _offer_link(request, get_object_or_404(User, pk=user_id, is_active=True))


@everywhere(Role.ADMIN)
@require_POST
@transaction.atomic
def grant(request: HttpRequest, user_id: int) -> HttpResponse:
    user = get_object_or_404(User, pk=user_id)
    form = GrantForm(request.POST)
    if form.is_valid():
        account, role = form.cleaned_data["account"], form.cleaned_data["role"]
        if account is None and role < Role.ADMIN and _is_last_admin(user):
            messages.error(request, "Somebody has to stay admin of all accounts.")
            return redirect("people")
        Grant.objects.update_or_create(
            user=user, account=account, defaults={"role": role}
        )
        messages.success(request, f"{user} is now {Role(role).title.lower()}.")
    return redirect("people")


@everywhere(Role.ADMIN)
@require_POST
@transaction.atomic
def ungrant(request: HttpRequest, grant_id: int) -> HttpResponse:
    found = get_object_or_404(Grant, pk=grant_id)
    if found.account_id is None and _is_last_admin(found.user):
        messages.error(request, "Somebody has to stay admin of all accounts.")
    else:
        found.delete()
        messages.success(request, f"Took a role from {found.user}.")
    return redirect("people")


@everywhere(Role.ADMIN)
@require_POST
@transaction.atomic
def switch_person(request: HttpRequest, user_id: int) -> HttpResponse:
    """Lock somebody out for good, or let them in again by a new link."""
    user = get_object_or_404(User, pk=user_id)
    if user == person(request):
        raise Http404("Nobody locks themselves out.")
    if not user.is_active:
        user.is_active = True
        user.save(update_fields=["is_active"])
        messages.success(request, f"{user} may sign in again.")
    elif _is_last_admin(user):
        messages.error(request, "Somebody has to stay admin of all accounts.")
    else:
        user.lock_out()
        messages.success(request, f"{user} is out: sessions, tokens and links ended.")
    return redirect("people")


def _is_last_admin(user: User) -> bool:
    """Asked inside a transaction that no other change of grants overlaps."""
    admins = Grant.objects.filter(account=None, role=Role.ADMIN, user__is_active=True)
    holders = set(admins.select_for_update().values_list("user_id", flat=True))
    return holders == {user.pk}


def _offer_link(request: HttpRequest, user: User) -> HttpResponse:
    """The page with a fresh link, which is shown in this answer only."""
    token = SignInLink.issue(user, timezone.now())
    url = request.build_absolute_uri(reverse("sign-in-link", args=[token]))
    return _people_page(request, {"name": user.username, "url": url})
