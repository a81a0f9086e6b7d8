"""Pages and REST of repairs: what people see, and who may do what."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.audit.ledger import checking
from apps.audit.ledger.writing import append
from apps.audit.models import (
    Breaker,
    ComplianceRule,
    KillSwitch,
    LedgerEntry,
    Optin,
    Plan,
    Run,
    RunStep,
    Violation,
)
from apps.audit.remediation import documents, planning, switch
from apps.audit.remediation.actions import registry
from apps.audit.remediation.locks import key_of
from apps.discovery.models import Account, ApiToken, Resource, User
from apps.discovery.roles import Role
from tests.conftest import signed_in
from tests.factories import ACCOUNT, NOON, OTHER_ACCOUNT, a_user

pytestmark = pytest.mark.django_db
SECRET = "s3cr3t-group"
HOSTILE = "<script>alert(1)</script>"
PASSWORD = "correct horse battery"


def a_plan(account: str = ACCOUNT, name: str = "web", **fields: Any) -> Plan:
    """A plan as a worker makes it, of an action of ours."""
    now = timezone.now()
    step = {
        "title": f"Close {name}",
        "service": "ec2",
        "operation": "revoke_security_group_ingress",
        "parameters": {"GroupId": name},
        "token": "",
    }
    document = {
        "form": documents.FORM, "action": "x", "version": 1, "partition": "aws",
        "account": account, "region": "eu-west-1", "rule": "",
        "resource": {"type": "T", "id": name, "arn": "", "name": name},
        "parameters": {}, "expires_at": "", "reversibility": "full",
        "irreversible_because": "", "before": {"open": True},
        "expected": {"open": False}, "digests": ["a", "b"],
        "changes": [{"path": "ingress", "before": "0.0.0.0/0", "after": None}],
        "steps": [step], "undo": [step], "warnings": [HOSTILE], "population": 1,
    }  # fmt: skip
    radius = {
        "node": {"account": account, "type": "", "name": name},
        "callers": [
            {
                "name": HOSTILE, "type": "", "account": account, "hop": 1,
                "calls": 1_440, "per_minute": 1.0, "fault_rate": 0.01,
            }
        ],
        "owner": {"kind": "Terraform", "name": "network"},
        "related": [],
    }  # fmt: skip
    return Plan.objects.create(
        **{
            "account": account, "region": "eu-west-1",
            "resource_type": "AWS::EC2::SecurityGroup", "resource_id": name,
            "name": name, "action": "revoke-open-ingress", "origin": "person",
            "requested_by": User.objects.filter(username="olga").first(),
            "state": "ready", "document": document,
            "plan_hash": documents.hash_of(document), "radius": radius,
            "created_at": now, "planned_at": now, "expires_at": now + planning.LASTS,
            **fields,
        }
    )  # fmt: skip


def a_run(plan: Plan, **fields: Any) -> Run:
    now = timezone.now()
    run = Run.objects.create(
        **{
            "plan": plan, "account": plan.account, "action": plan.action,
            "resource_key": key_of(plan.key), "created_at": now, "next_at": now,
            "acted_at": now, "finished_at": now, "state": "succeeded",
            "verification": {"outcome": "pass", "reason": HOSTILE, "at": "now"},
            **fields,
        }
    )  # fmt: skip
    RunStep.objects.create(
        run=run, phase="apply", number=0, title="Close it", service="ec2",
        operation="revoke", state="done", request_id="req-1",
    )  # fmt: skip
    append("run.succeeded", "trailmap", {"account": plan.account}, now, run.subject)
    return run


def text_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.content.decode()


@pytest.fixture
def anna() -> Client:
    """An approver of one account, signed in with a password long ago."""
    client = signed_in("anna", Role.APPROVER, ACCOUNT)
    user = User.objects.get(username="anna")
    user.set_password(PASSWORD)
    user.save()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    session = client.session
    session["signed_in_at"] = NOON.timestamp()
    session.save()
    return client


@pytest.fixture(autouse=True)
def on() -> None:
    Account.objects.create(number=ACCOUNT)
    Account.objects.create(number=OTHER_ACCOUNT)
    a_user("olga", Role.OPERATOR, ACCOUNT)
    switch.turn(True, "root", "tests", NOON)


def test_a_plan_shows_calls_changes_and_what_depends_on_it(anna: Client) -> None:
    shown = text_of(anna, f"/repairs/plans/{a_plan().pk}/")

    for said in ("revoke_security_group_ingress", "0.0.0.0/0", "absent", "1,440",
                 "Terraform", "Approve and carry out", "Your password"):  # fmt: skip
        assert said in shown, said
    assert HOSTILE not in shown


def test_an_approval_needs_a_password_where_the_sign_in_is_old(anna: Client) -> None:
    plan = a_plan()
    path = f"/repairs/plans/{plan.pk}/approve"

    anna.post(path, {"plan_hash": plan.plan_hash})
    anna.post(path, {"plan_hash": plan.plan_hash, "password": "wrong"})
    assert not Run.objects.exists()
    anna.post(path, {"plan_hash": plan.plan_hash, "password": PASSWORD})

    assert Run.objects.get().plan == plan
    assert plan.approval.method == "password"


def test_a_fresh_sign_in_is_enough(anna: Client) -> None:
    plan = a_plan()
    anna.logout()
    anna.post("/sign-in/", {"username": "anna", "password": PASSWORD})

    anna.post(f"/repairs/plans/{plan.pk}/approve", {"plan_hash": plan.plan_hash})

    assert Run.objects.get().plan.approval.method == "sign-in"


@pytest.mark.parametrize(
    ("role", "account", "status"),
    [
        (Role.OPERATOR, ACCOUNT, 403),
        (Role.APPROVER, OTHER_ACCOUNT, 404),
        (Role.VIEWER, ACCOUNT, 403),
        (None, None, 404),
    ],
)
def test_others_do_not_approve_roll_back_or_close(
    role: Role | None, account: str | None, status: int
) -> None:
    client = signed_in("somebody", role, account)
    plan, done = a_plan(), a_run(a_plan(state="approved"))
    breaker = Breaker.objects.create(
        key="action:x", says="x", account=ACCOUNT, opened_at=NOON
    )

    for path in (
        f"/repairs/plans/{plan.pk}/approve",
        f"/repairs/runs/{done.pk}/roll-back",
        f"/repairs/controls/breakers/{breaker.pk}/close",
    ):
        assert client.post(path).status_code == status, path
    assert Run.objects.count() == 1


def test_a_plan_is_withdrawn(anna: Client) -> None:
    plan = a_plan()

    anna.post(f"/repairs/plans/{plan.pk}/withdraw")

    plan.refresh_from_db()
    assert plan.state == Plan.State.WITHDRAWN


def test_a_run_shows_steps_verification_and_its_rows_of_the_ledger(
    anna: Client,
) -> None:
    graph = [
        {"name": "Begin", "kind": "", "state": "succeeded", "text": "", "next": ["W"]},
        {"name": "W", "kind": "", "state": "running", "text": HOSTILE, "next": []},
    ]
    progress = {"is_over": False, "is_good": False, "text": "going", "graph": graph}
    run = a_run(a_plan(state="approved"), progress=progress)

    shown = text_of(anna, f"/repairs/runs/{run.pk}/")

    for said in ("Done as planned", "req-1", "run.succeeded", "Roll back",
                 'class="node running"', "Begin"):  # fmt: skip
        assert said in shown, said
    assert HOSTILE not in shown


def test_a_run_is_rolled_back_by_one_click(anna: Client) -> None:
    run = a_run(a_plan(state="approved"))

    anna.post(f"/repairs/runs/{run.pk}/roll-back", {"password": PASSWORD})
    anna.post(f"/repairs/runs/{run.pk}/roll-back", {"password": PASSWORD})

    assert Plan.objects.get(origin="rollback").rolls_back == run


@pytest.mark.parametrize(
    "path",
    [
        "/repairs/", "/repairs/controls/", "/repairs/actions/", "/ledger/",
        "/ledger/export.ndjson", "/api/v1/remediations", "/api/v1/ledger",
        "/api/v1/actions", "/api/v1/remediations/switch",
    ],
)  # fmt: skip
def test_nothing_of_other_accounts_is_shown(path: str, anna: Client) -> None:
    a_plan(OTHER_ACCOUNT, SECRET)
    a_plan(OTHER_ACCOUNT, SECRET, state="refused", problem=SECRET)
    a_run(a_plan(OTHER_ACCOUNT, SECRET, state="approved"), problem=SECRET)
    append("plan.ready", SECRET, {"account": OTHER_ACCOUNT}, NOON, SECRET)
    append("limit.changed", SECRET, {}, NOON, SECRET)
    Breaker.objects.create(
        key=SECRET, says=SECRET, account=OTHER_ACCOUNT, opened_at=NOON
    )
    rule = ComplianceRule.objects.create(slug=SECRET, title="A rule")
    Optin.objects.create(
        rule=rule, account=OTHER_ACCOUNT, action=SECRET, created_at=NOON
    )

    answer = anna.get(path)
    shown = b"".join(answer) if answer.streaming else answer.content

    assert answer.status_code == 200
    assert SECRET.encode() not in shown


def test_only_an_admin_turns_repairs_on_and_any_operator_off() -> None:
    admin = signed_in("root", Role.ADMIN)
    operator = signed_in("otto", Role.OPERATOR)
    path = "/repairs/controls/switch"

    assert operator.post(path, {"allow": "no", "reason": "drill"}).status_code == 302
    assert switch.why_stopped() == "Repairs were switched off by otto: drill"
    assert operator.post(path, {"allow": "yes"}).status_code == 403
    admin.post(path, {"allow": "yes"})
    assert switch.why_stopped() == ""
    assert signed_in("vic", Role.VIEWER).post(path).status_code == 403


def test_a_fresh_install_repairs_nothing() -> None:
    KillSwitch.objects.all().delete()

    assert "until an admin" in switch.why_stopped()


def test_an_admin_of_an_account_opts_a_rule_in_there_and_nowhere_else() -> None:
    client = signed_in("adam", Role.ADMIN, ACCOUNT)
    action = next(one for one in registry.actions() if one.repairs)
    rule = ComplianceRule.objects.create(
        slug="r", title="A rule", identifier=action.repairs[0]
    )
    asked = {
        "rule": rule.pk, "action": action.identifier, "per_hour": 5, "most_touched": 1
    }  # fmt: skip
    path = "/repairs/controls/optins"

    client.post(path, {**asked, "account": OTHER_ACCOUNT})
    assert not Optin.objects.exists()
    client.post(path, {**asked, "account": ACCOUNT})

    assert Optin.objects.get().account == ACCOUNT
    client.post(f"{path}/{Optin.objects.get().pk}/switch")
    assert not Optin.objects.get().is_enabled
    kinds = LedgerEntry.objects.filter(kind__startswith="optin")
    assert list(kinds.values_list("kind", flat=True)) == ["optin.on", "optin.off"]


def a_violation() -> Violation:
    action = registry.by_identifier("revoke-open-ingress")
    rule = ComplianceRule.objects.create(
        slug="r", title="A rule", identifier=action.repairs[0]
    )
    resource = Resource.objects.create(
        account=ACCOUNT, region="eu-west-1", type=action.resource_types[0],
        resource_id="sg-1", name="web", captured_at=NOON, first_seen_at=NOON,
    )  # fmt: skip
    return Violation.objects.create(
        rule=rule, resource=resource, account=ACCOUNT, region="eu-west-1",
        opened_at=NOON, seen_at=NOON,
    )  # fmt: skip


def test_a_repair_of_a_violation_is_asked_for_on_a_page() -> None:
    violation = a_violation()
    olga = Client()
    olga.force_login(
        User.objects.get(username="olga"),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    path = f"/repairs/new?violation={violation.pk}&action=revoke-open-ingress"

    assert "Plan it" in text_of(olga, path)
    answer = olga.post(path, {"reason": "it is open"})

    plan = Plan.objects.get()
    assert answer.status_code == 302
    assert (plan.violation, plan.state, plan.reason) == (
        violation, "requested", "it is open",
    )  # fmt: skip


def test_repairs_go_over_the_api_from_plan_to_approval() -> None:
    violation = a_violation()
    keys = {}
    for name in ("olga", "anna"):
        user = User.objects.filter(username=name).first() or a_user(
            name, Role.APPROVER, ACCOUNT
        )
        user.set_password(PASSWORD)
        user.save()
        _, token = ApiToken.objects.create(user, name="ci")
        keys[name] = {"Authorization": f"Bearer {token}"}

    def post(who: str, path: str, **sent: Any) -> tuple[int, Any]:
        answer = Client().post(
            f"/api/v1/remediations{path}", json.dumps(sent), "application/json",
            headers=keys[who],
        )  # fmt: skip
        return answer.status_code, json.loads(answer.content)

    status, made = post(
        "olga", "", violation=violation.pk, action="revoke-open-ingress"
    )
    assert (status, made["state"]) == (201, "requested")
    plan = a_plan(requested_by=User.objects.get(username="olga"))
    path, asked = f"/{plan.pk}/approve", {"plan_hash": plan.plan_hash}

    assert post("anna", path, **asked)[0] == 403
    assert post("olga", path, **asked, password=PASSWORD)[0] == 403
    status, said = post("anna", path, **asked, password=PASSWORD)

    assert (status, said["run"]["state"]) == (200, "approved")


def test_the_ledger_page_tells_what_the_last_verification_found() -> None:
    client = signed_in("root", Role.ADMIN)
    LedgerEntry.objects.update(actor="mallory")

    client.post("/ledger/verify")
    assert "Being verified" in text_of(client, "/ledger/")
    checking.check_if_due(timezone.now())

    assert "repairs #1: was edited" in text_of(client, "/ledger/")


def test_the_ledger_is_filtered_and_exported_as_it_was_hashed() -> None:
    client = signed_in("root", Role.ADMIN)
    append("step.done", "trailmap", {"call": "ec2.revoke"}, NOON, "run:7")

    assert "ec2.revoke" in text_of(client, "/ledger/?kind=step")
    assert "ec2.revoke" not in text_of(client, "/ledger/?kind=switch")
    answer: Any = client.get("/ledger/export.ndjson?q=run:7")
    (line,) = b"".join(answer).splitlines()

    assert json.loads(line)["data"] == '{"call":"ec2.revoke"}'
