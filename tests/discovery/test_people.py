"""Signing in, passwords, tokens, and who may do what."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from apps.discovery.models import ApiToken, Grant, SignInLink, User
from apps.discovery.roles import Rights, Role
from tests.conftest import signed_in
from tests.factories import ACCOUNT, OTHER_ACCOUNT, a_user, an_account

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
GOOD = "a long sentence nobody guesses"


def test_rights_add_up_over_accounts() -> None:
    rights = Rights(Role.VIEWER, {ACCOUNT: Role.ADMIN})

    assert rights.may(Role.ADMIN, ACCOUNT)
    assert not rights.may(Role.OPERATOR, OTHER_ACCOUNT)
    assert rights.accounts() is None
    assert rights.accounts(Role.OPERATOR) == frozenset((ACCOUNT,))
    assert Rights(None, {}).accounts() == frozenset()


def test_a_link_signs_in_once_and_only_after_it_was_confirmed(client: Client) -> None:
    token = SignInLink.issue(a_user("ann"), NOW)
    url = f"/sign-in/{token}/"
    SignInLink.objects.update(expires_at=datetime(2100, 1, 1, tzinfo=UTC))

    assert client.get(url).status_code == 200
    assert client.post(url).status_code == 302
    assert Client().get(url).status_code == 410
    assert Client().post(url).status_code == 410


def test_a_link_is_over_after_a_day() -> None:
    token = SignInLink.issue(a_user("ann"), NOW)

    assert SignInLink.redeem(token, NOW + timedelta(hours=24)) is None
    assert SignInLink.redeem(token, NOW + timedelta(hours=23)) is not None


def test_a_password_is_set_and_ends_open_links() -> None:
    client = signed_in("ann", Role.VIEWER)
    user = User.objects.get()
    token = SignInLink.issue(user, NOW)

    client.post("/settings/password", {"password": GOOD})

    user.refresh_from_db()
    assert user.check_password(GOOD)
    assert client.get("/").status_code == 200
    assert SignInLink.redeem(token, NOW) is None


@pytest.mark.parametrize("password", ["short", "password1234", "annannannann1"])
def test_a_password_that_is_easily_guessed_is_refused(password: str) -> None:
    client = signed_in("annannannann", Role.VIEWER)

    client.post("/settings/password", {"password": password})

    assert not User.objects.get().check_password(password)


def test_too_many_wrong_passwords_lock_the_door_for_a_while(client: Client) -> None:
    a_user("ann")
    wrong = {"username": "ann", "password": "wrong"}
    for _ in range(10):
        last = client.post("/sign-in/", wrong)

    assert last.status_code == 429
    right = {"username": "ann", "password": "correct horse battery"}
    assert client.post("/sign-in/", right).status_code == 429


def test_a_forwarded_address_of_nobody_we_trust_unlocks_nothing(client: Client) -> None:
    a_user("ann")
    for number in range(10):
        headers = {"X-Forwarded-For": f"192.0.2.{number}"}
        last = client.post(
            "/sign-in/", {"username": "ann", "password": "x"}, headers=headers
        )

    assert last.status_code == 429


@pytest.mark.parametrize("target", ["https://example.com/", "//example.com", "/\\x"])
def test_signing_in_leads_nowhere_else(client: Client, target: str) -> None:
    a_user("ann")
    form = {"username": "ann", "password": "correct horse battery", "next": target}

    assert client.post("/sign-in/", form)["Location"] == "/"


def test_a_person_is_added_with_a_link_and_a_role(admin_client: Client) -> None:
    form = {"username": "bob", "email": "bob@example.com", "role": Role.OPERATOR.value}

    shown = admin_client.post("/settings/people/new", form).content.decode()

    bob = User.objects.get(username="bob")
    assert bob.rights.may_everywhere(Role.OPERATOR)
    assert "/sign-in/" in shown
    assert "/sign-in/" not in admin_client.get("/settings/people/").content.decode()


def test_a_name_is_given_once(admin_client: Client) -> None:
    a_user("bob")

    admin_client.post("/settings/people/new", {"username": "Bob"})

    assert User.objects.filter(username__iexact="bob").count() == 1


def test_a_role_is_given_changed_and_taken(admin_client: Client) -> None:
    an_account()
    bob = a_user("bob", role=None)
    url = f"/settings/people/{bob.pk}/grant"

    admin_client.post(url, {"role": Role.VIEWER.value, "account": ACCOUNT})
    admin_client.post(url, {"role": Role.OPERATOR.value, "account": ACCOUNT})
    grant = Grant.objects.get(user=bob)
    assert (grant.role, grant.account_id) == (Role.OPERATOR, ACCOUNT)

    admin_client.post(f"/settings/grants/{grant.pk}/remove")
    assert not Grant.objects.filter(user=bob).exists()


def test_two_admins_cannot_take_each_other_away(admin_client: Client) -> None:
    other = signed_in("other", Role.ADMIN)
    first, second = Grant.objects.order_by("pk")

    other.post(f"/settings/grants/{first.pk}/remove")
    admin_client.post(f"/settings/grants/{second.pk}/remove")

    assert Grant.objects.filter(role=Role.ADMIN).count() == 1


def test_nobody_locks_themselves_out(admin_client: Client) -> None:
    me = User.objects.get()

    assert admin_client.post(f"/settings/people/{me.pk}/switch").status_code == 404


def test_a_token_is_revoked_by_its_owner_only() -> None:
    owner = signed_in("ann", Role.VIEWER)
    other = signed_in("bob", Role.VIEWER)
    owner.post("/settings/tokens", {"name": "ci", "days": "30"})
    token = ApiToken.objects.get()

    assert other.post(f"/settings/tokens/{token.pk}/revoke").status_code == 404
    owner.post(f"/settings/tokens/{token.pk}/revoke")
    assert not ApiToken.objects.exists()


def test_a_token_without_a_purpose_is_not_made() -> None:
    owner = signed_in("ann", Role.VIEWER)

    owner.post("/settings/tokens", {"name": "", "days": "30"})

    assert not ApiToken.objects.exists()


def test_forms_demand_their_token_of_the_session(db: None) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(
        a_user("ann", Role.ADMIN),
        backend="django.contrib.auth.backends.ModelBackend",
    )

    assert strict.post("/settings/people/new", {"username": "x"}).status_code == 403
    assert strict.post("/sign-out/").status_code == 403


def test_an_unknown_host_is_refused(client: Client) -> None:
    assert client.get("/sign-in/", headers={"host": "evil.example"}).status_code == 400


def test_pages_allow_nothing_but_their_own_scripts(client: Client) -> None:
    policy = client.get("/sign-in/")["Content-Security-Policy"]

    assert "script-src 'self'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_an_account_is_added_changed_and_asks_to_be_trusted(
    admin_client: Client,
) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/trailmap"
    form = {"number": ACCOUNT, "role_arn": role, "home_region": "eu-west-1"}

    admin_client.post("/accounts/new", form)
    shown = admin_client.get(f"/accounts/{ACCOUNT}/").content.decode()
    assert "sts:ExternalId" in shown

    changed = {**form, "number": OTHER_ACCOUNT, "name": "shop"}
    admin_client.post(f"/accounts/{ACCOUNT}/", changed)
    assert "shop" in admin_client.get("/accounts/").content.decode()
    assert admin_client.get(f"/accounts/{OTHER_ACCOUNT}/").status_code == 404


@pytest.mark.parametrize(
    ("number", "role", "text"),
    [
        ("12345", "", "12 digits"),
        (ACCOUNT, f"arn:aws:iam::{OTHER_ACCOUNT}:role/r", "belongs to account"),
        (ACCOUNT, "trailmap", "not an ARN"),
    ],
)
def test_an_account_that_cannot_be_right_is_refused(
    admin_client: Client, number: str, role: str, text: str
) -> None:
    form = {"number": number, "role_arn": role, "home_region": "us-east-1"}

    assert text in admin_client.post("/accounts/new", form).content.decode()
