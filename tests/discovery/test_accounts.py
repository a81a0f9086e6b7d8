"""Accounts are reached by a role that demands our ExternalId, or not at all."""

from datetime import timedelta

import pytest
from django.test import Client

from apps.discovery import accounts
from apps.discovery.models import Account
from tests.factories import ACCOUNT, NOON, OTHER_ACCOUNT, an_account
from tests.fakes import FakeAws, Fault

pytestmark = pytest.mark.django_db
ROLE = f"arn:aws:iam::{ACCOUNT}:role/trailmap"


def checked(account: Account) -> Account:
    accounts.check(account, NOON)
    account.refresh_from_db()
    return account


def test_a_role_that_demands_our_external_id_connects(aws: FakeAws) -> None:
    account = an_account(role_arn=ROLE)
    aws.trusted[ROLE] = account.external_id

    checked(account)

    assert (account.is_connected, account.problem) == (True, "")
    assert account.checked_at == NOON


def test_a_role_that_anyone_can_assume_is_refused(aws: FakeAws) -> None:
    account = an_account(role_arn=ROLE)
    aws.trusted[ROLE] = None

    checked(account)

    assert not account.is_connected
    assert "without ExternalId" in account.problem
    assert account.external_id in account.problem


def test_a_role_that_does_not_trust_us_says_what_aws_said(aws: FakeAws) -> None:
    account = checked(an_account(role_arn=ROLE))

    assert not account.is_connected
    assert "sts.assume_role: AccessDenied: not authorized" in account.problem


def test_credentials_of_another_account_are_refused(aws: FakeAws) -> None:
    aws.account = OTHER_ACCOUNT

    account = checked(an_account())

    assert f"are those of account {OTHER_ACCOUNT}" in account.problem


@pytest.mark.parametrize(
    ("role", "problem"),
    [
        (f"arn:aws:iam::{OTHER_ACCOUNT}:role/r", "belongs to account"),
        (f"arn:aws-cn:iam::{ACCOUNT}:role/r", "in partition aws-cn"),
        (f"arn:aws:iam::{ACCOUNT}:user/r", "not an ARN such as"),
        ("trailmap", "not an ARN such as"),
    ],
)
def test_a_role_that_cannot_be_right_is_never_assumed(
    aws: FakeAws, role: str, problem: str
) -> None:
    account = checked(an_account(role_arn=role))

    assert problem in account.problem
    assert aws.calls == []


def test_every_account_has_an_external_id_of_its_own() -> None:
    one, other = an_account(), an_account(OTHER_ACCOUNT)

    assert one.external_id != other.external_id
    assert len(one.external_id) >= 32


def test_a_fault_of_aws_is_noted_and_not_raised(aws: FakeAws) -> None:
    aws.faults = [Fault("InternalFailure", "try later", 500)] * 9

    assert "InternalFailure: try later" in checked(an_account()).problem


def test_a_page_asks_and_the_worker_checks_once(
    aws: FakeAws, admin_client: Client
) -> None:
    account = an_account(role_arn=ROLE)
    aws.trusted[ROLE] = account.external_id

    admin_client.post(f"/accounts/{ACCOUNT}/check")
    assert aws.calls == []
    assert "finding out" in admin_client.get(f"/accounts/{ACCOUNT}/").content.decode()

    accounts.check_requested(lambda: NOON)
    asked = len(aws.calls)
    accounts.check_requested(lambda: NOON)

    account.refresh_from_db()
    assert account.is_connected
    assert asked == len(aws.calls) > 0


def test_a_check_whose_worker_died_is_done_by_another(aws: FakeAws) -> None:
    account = an_account(
        role_arn=ROLE,
        check_requested_at=NOON,
        check_claimed_until=NOON + timedelta(minutes=5),
    )
    aws.trusted[ROLE] = account.external_id

    accounts.check_requested(lambda: NOON + timedelta(minutes=1))
    assert aws.calls == []
    accounts.check_requested(lambda: NOON + timedelta(minutes=6))

    account.refresh_from_db()
    assert account.is_connected
    assert account.check_requested_at is None


def test_a_role_that_was_set_while_another_was_checked_is_not_taken_for_proven(
    aws: FakeAws,
) -> None:
    account = an_account(role_arn=ROLE)
    aws.trusted[ROLE] = account.external_id
    Account.objects.update(role_arn=ROLE + "-other")

    accounts.check(account, NOON)

    account.refresh_from_db()
    assert not account.is_connected
