"""A sandbox with a log group that breaks a rule, and people who may mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from moto.moto_api._internal.models import moto_api_backend

from apps.audit.ledger.verifying import verify
from apps.audit.models import ComplianceRule, Plan, Run, Violation
from apps.audit.remediation import approving, planning, running, switch
from apps.audit.remediation.planning import Asked
from apps.discovery.models import Account, Resource, User
from apps.discovery.roles import Role
from sandbox.assembly import Sandbox, assemble
from sandbox.kernel.calls import Finished
from sandbox.kernel.clock import SystemClock
from sandbox.kernel.cloud import HOME_REGION, SHOP
from sandbox.kernel.faults import Fault, FaultKind
from sandbox.kernel.server import Server
from tests.audit.remediation import acting
from tests.factories import a_user
from tests.sandbox.conftest import act_as

ACTIONS = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*",'
    '"Resource":"*"}]}'
)
GROUP = "/shop/orders"


@dataclass
class World:
    """`calls` counts what reached the sandbox and would change something."""

    sandbox: Sandbox
    url: str
    now: datetime
    calls: list[str] = field(default_factory=list)

    def clock(self) -> datetime:
        return self.now

    def pass_time(self, **more: float) -> None:
        self.now += timedelta(**more)

    def client(self) -> Any:
        return self.sandbox.cloud.client(
            "logs", SHOP, HOME_REGION, "tests.amazonaws.com"
        )

    @property
    def days(self) -> int | None:
        groups = self.client().describe_log_groups(logGroupNamePrefix=GROUP)
        found: int | None = groups["logGroups"][0].get("retentionInDays")
        return found

    def set_days(self, days: int) -> None:
        self.client().put_retention_policy(logGroupName=GROUP, retentionInDays=days)
        self.calls.clear()

    def fail(self, kind: FaultKind, where: str, **more: Any) -> None:
        self.sandbox.cloud.faults.add(Fault(kind, where, **more))

    def plan(
        self,
        action: str = "test-keep",
        violation: Violation | None = None,
        **parameters: Any,
    ) -> Plan:
        resource = Resource.objects.get()
        asked = Asked(resource, action, parameters, violation)
        plan = planning.request(asked, User.objects.get(username="olga"), self.now)
        planning.make(plan.pk, self.clock)
        plan.refresh_from_db()
        return plan

    def approve(self, plan: Plan) -> Run:
        anna = User.objects.get(username="anna")
        return approving.approve(plan.pk, plan.plan_hash, anna, "password", self.now)

    def advance(self, run: Run) -> Run:
        running.advance(run.pk, self.clock)
        run.refresh_from_db()
        return run

    def finish(self, run: Run) -> Run:
        for _ in range(60):
            if self.advance(run).is_over:
                return run
            self.pass_time(seconds=5)
        raise AssertionError(f"{run} is {run.state}: {run.problem}")

    def repair(self, **wanted: Any) -> Run:
        return self.finish(self.approve(self.plan(**wanted)))


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Sandbox, str]]:
    moto_api_backend.reset()
    folder = tmp_path / "sandbox"
    folder.mkdir()
    made = assemble(SystemClock(), folder)
    server = Server(made.application)
    server.start()
    yield made, server.url
    server.stop()
    moto_api_backend.reset()


@pytest.fixture
def world(
    db: None, served: tuple[Sandbox, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    sandbox, url = served
    made = World(sandbox, url, datetime.now(UTC))
    key = _a_user_of_aws(sandbox)
    act_as(key, url, monkeypatch)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    for place, double in acting.SEAMS.items():
        monkeypatch.setattr(place, double)
    made.client().create_log_group(logGroupName=GROUP)
    fill(made.now)
    sandbox.cloud.on_call(_counting(made))
    yield made
    assert verify([]).breaks == ()


def _a_user_of_aws(sandbox: Sandbox) -> Any:
    iam = sandbox.cloud.client("iam", SHOP, HOME_REGION, "tests.amazonaws.com")
    iam.create_user(UserName="trailmap")
    iam.put_user_policy(UserName="trailmap", PolicyName="own", PolicyDocument=ACTIONS)
    return iam.create_access_key(UserName="trailmap")["AccessKey"]


def _counting(world: World) -> Callable[[Finished], None]:
    def count(finished: Finished) -> None:
        name = finished.call.operation
        if name.startswith(("Put", "Delete")):
            world.calls.append(name)

    return count


def fill(now: datetime) -> None:
    """An account, a log group, a rule, and people."""
    Account.objects.create(number=SHOP, home_region=HOME_REGION, is_connected=True)
    Resource.objects.create(
        account=SHOP,
        region=HOME_REGION,
        type=acting.TYPE,
        resource_id=GROUP,
        name=GROUP,
        source="scanner",
        captured_at=now,
        first_seen_at=now,
    )
    ComplianceRule.objects.create(
        slug="retention", title="Lines are kept for 30 days", kind="managed",
        identifier="TEST_RETENTION",
    )  # fmt: skip
    a_user("olga", Role.OPERATOR, SHOP)
    a_user("anna", Role.APPROVER, SHOP)
    switch.turn(True, "root", "tests", now)


@pytest.fixture
def violation(world: World) -> Violation:
    return a_violation(world.now)


def a_violation(now: datetime) -> Violation:
    return Violation.objects.create(
        rule=ComplianceRule.objects.get(),
        resource=Resource.objects.get(),
        account=SHOP,
        region=HOME_REGION,
        opened_at=now,
        seen_at=now,
    )
