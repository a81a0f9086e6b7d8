"""Every route with every role: nothing of an account leaks to who may not see it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from apps.audit.ledger.writing import append
from apps.audit.models import (
    Breaker,
    ComplianceRule,
    Coverage,
    Evaluation,
    Optin,
    Plan,
    RecordTarget,
    RepairQueue,
    RepairRequest,
    Run,
    TrailSource,
    Violation,
)
from apps.discovery.inventory.items import (
    ConfigItem,
    ItemSource,
    ItemStatus,
    Relationship,
    ResourceKey,
)
from apps.discovery.inventory.keeping import keep
from apps.discovery.models import (
    Account,
    ApiToken,
    ConfigGap,
    ConfigNotice,
    ConfigSource,
    Grant,
    Resource,
    User,
)
from apps.discovery.roles import Role
from apps.monitoring.incidents import rules
from apps.monitoring.models import (
    AlertRule,
    Backtest,
    Channel,
    CloudWatchAlarm,
    Delivery,
    EscalationPolicy,
    Incident,
    IncidentEvent,
    LogGroup,
    LogOutage,
    LogPoll,
    LogScope,
    LogSource,
    LogStream,
    Matter,
    MetricExclusion,
    MetricOutage,
    MetricPlan,
    MetricScope,
    MetricSpend,
    Route,
    Silence,
)
from apps.monitoring.models.notifications import delivery_of
from apps.monitoring.notifications.jsonnotices import as_json
from apps.monitoring.notifications.notices import Notice, Severity, State
from apps.search.models import ImportRun, QuarantinedRecord, SavedView
from tests.conftest import Fill, signed_in
from tests.factories import ACCOUNT, NOON, OTHER_ACCOUNT, a_user, an_account, an_event
from tests.streams import text_of

pytestmark = pytest.mark.django_db
SECRET = "merger-with-acme"
SINCE = "since=2026-06-01&until=2026-08-01"

# Roles by name: in all accounts, in one, none, and nobody at all.
ROLES: dict[str, tuple[Role | None, str | None] | None] = {
    "anonymous": None,
    "without a role": (None, None),
    "viewer here": (Role.VIEWER, ACCOUNT),
    "admin here": (Role.ADMIN, ACCOUNT),
    "viewer": (Role.VIEWER, None),
    "operator": (Role.OPERATOR, None),
    "approver": (Role.APPROVER, None),
    "admin": (Role.ADMIN, None),
}
OPEN = {"sign-in", "sign-in-link", "healthz", "readyz", "api-schema"}
# Asked with a key or a token of their own, and by POST only.
KEYED = {
    "ingest-firehose",
    "ingest-lambda",
    "take-segments",
    "take-zipkin",
    "take-otlp",
}
# The least role, in all accounts, that a route asks for; the rest is for everybody.
NEEDS = {
    "limit-repairs": Role.ADMIN,
    "verify-ledger": Role.OPERATOR,
    "settings": None,
    "retention": Role.ADMIN,
    "people": Role.ADMIN,
    "new-person": Role.ADMIN,
    "new-link": Role.ADMIN,
    "grant": Role.ADMIN,
    "ungrant": Role.ADMIN,
    "switch-person": Role.ADMIN,
    "new-account": Role.ADMIN,
    "check-account": Role.ADMIN,
    "new-source": Role.ADMIN,
    "source": Role.ADMIN,
    "delete-source": Role.ADMIN,
    "switch-source": Role.OPERATOR,
    "read-source": Role.OPERATOR,
    "cancel-import": Role.OPERATOR,
    "settle-quarantine": Role.OPERATOR,
    "new-dashboard": Role.OPERATOR,
    "edit-dashboard": Role.OPERATOR,
    "copy-dashboard": Role.OPERATOR,
    "share-dashboard": Role.OPERATOR,
    "delete-dashboard": Role.OPERATOR,
    "restore-dashboard": Role.OPERATOR,
    "copy-automatic": Role.OPERATOR,
    "import-dashboard": Role.OPERATOR,
    "ask-dashboards": Role.OPERATOR,
    "take-dashboard": Role.OPERATOR,
    "add-chart": Role.OPERATOR,
    "metric-plan": Role.ADMIN,
    "switch-collection": Role.OPERATOR,
    "list-metrics": Role.OPERATOR,
    "collect-log-groups": Role.OPERATOR,
    "switch-log-scope": Role.OPERATOR,
    "api-collect-logs": Role.OPERATOR,
    "api-stop-logs": Role.OPERATOR,
    "api-log-key": Role.ADMIN,
    "new-log-source": Role.ADMIN,
    "log-source": Role.ADMIN,
    "switch-log-source": Role.OPERATOR,
    "read-log-source": Role.OPERATOR,
    "rotate-log-key": Role.ADMIN,
    "channels": Role.ADMIN,
    "new-channel": Role.ADMIN,
    "channel": Role.ADMIN,
    "test-channel": Role.ADMIN,
    "switch-channel": Role.ADMIN,
    "delete-channel": Role.ADMIN,
    "deliveries": Role.ADMIN,
    "delivery": Role.ADMIN,
    "send-again": Role.ADMIN,
    "routes": Role.ADMIN,
    "new-route": Role.ADMIN,
    "route": Role.ADMIN,
    "delete-route": Role.ADMIN,
    "escalations": Role.ADMIN,
    "new-escalation": Role.ADMIN,
    "escalation": Role.ADMIN,
    "delete-escalation": Role.ADMIN,
    "api-channels": Role.ADMIN,
    "api-test-channel": Role.ADMIN,
    "api-send-again": Role.ADMIN,
    "api-routes": Role.ADMIN,
    "api-escalations": Role.ADMIN,
    "delete-log-source": Role.ADMIN,
    "change-compliance-rule": Role.ADMIN,
    "new-compliance-rule": Role.ADMIN,
    "edit-compliance-rule": Role.ADMIN,
    "try-compliance-rule": Role.ADMIN,
    "new-pack": Role.ADMIN,
    "delete-pack": Role.ADMIN,
    "new-exemption": Role.OPERATOR,
    "end-exemption": Role.OPERATOR,
    "review-exemption": Role.APPROVER,
    "new-config-source": Role.ADMIN,
    "config-source": Role.ADMIN,
    "delete-config-source": Role.ADMIN,
    "switch-config-source": Role.OPERATOR,
    "read-config-source": Role.OPERATOR,
    "save-inventory-query": Role.OPERATOR,
    "delete-inventory-query": Role.OPERATOR,
}


def routes(patterns: object = None, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every route by name and pattern."""
    if patterns is None:
        patterns = get_resolver().url_patterns
    for entry in patterns:  # type: ignore[attr-defined]
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from routes(entry.url_patterns, route)
        elif isinstance(entry, URLPattern):
            yield str(entry.name), route


@pytest.fixture
def two_accounts(fill: Fill) -> dict[str, object]:
    """An event here and one elsewhere, whose every part is a secret."""
    here, elsewhere = an_account(), an_account(OTHER_ACCOUNT)
    secret = an_event(
        recipientAccountId=OTHER_ACCOUNT,
        eventID=f"id-{SECRET}",
        eventName=f"Event{SECRET}",
        userIdentity={"type": "IAMUser", "arn": f"arn:aws:iam::1:user/{SECRET}"},
        requestParameters={SECRET: {SECRET: SECRET}, "bucketName": SECRET},
        errorCode=SECRET,
    )
    fill(an_event(eventID="id-here"), secret)
    source = TrailSource.objects.create(
        kind="bucket", name="shared", account=here, bucket="logs", problem=SECRET
    )
    hidden = TrailSource.objects.create(
        kind="bucket", name=SECRET, account=elsewhere, bucket=SECRET, problem=SECRET
    )
    for one in (source, hidden):
        Coverage.objects.create(
            source=one, account=OTHER_ACCOUNT, region=SECRET, since=NOON, until=NOON
        )
    QuarantinedRecord.objects.create(
        origin=SECRET,
        offset=1,
        reason=SECRET,
        account=OTHER_ACCOUNT,
        first_seen_at=NOON,
        last_seen_at=NOON,
    )
    ImportRun.objects.create(paths=[SECRET])
    CloudWatchAlarm.objects.create(
        arn=SECRET,
        account=OTHER_ACCOUNT,
        region=SECRET,
        kind="metric",
        name=SECRET,
        state="ALARM",
        since=NOON,
        updated_at=NOON,
        told_at=NOON,
    )
    metrics_of(elsewhere)
    logs_of(elsewhere)
    resources_of(elsewhere)
    violations_of(elsewhere)
    an_incident_of(elsewhere)
    repairs_of(elsewhere)
    notices_of(elsewhere)
    relay_of(elsewhere)
    return {"source": source, "hidden": hidden}


def metrics_of(account: Account) -> None:
    """Metrics that are collected and paid for, whose every part is a secret."""
    plan = MetricPlan.objects.create(account=account)
    MetricExclusion.objects.create(plan=plan, namespace=SECRET)
    scope = MetricScope.objects.create(
        account=account, region=SECRET, reading_problem=SECRET, listing_problem=SECRET
    )
    MetricOutage.objects.create(scope=scope, since=NOON, until=NOON, problem=SECRET)
    MetricSpend.objects.create(
        account=account, day=NOON.date(), region=SECRET, namespace=SECRET, by=SECRET
    )


def relay_of(account: Account) -> None:
    """Where violations go, and what asked for a repair, in secret."""
    RecordTarget.objects.create(
        name=SECRET, account=account, region=SECRET, bucket=SECRET, problem=SECRET
    )
    queue = RepairQueue.objects.create(
        name=SECRET, account=account, region=SECRET, queue_url=SECRET, problem=SECRET
    )
    RepairRequest.objects.create(
        digest=SECRET,
        queue=queue,
        origin="config",
        account=account.number,
        region=SECRET,
        resource_type=SECRET,
        resource_id=SECRET,
        rule=SECRET,
        received_at=NOON,
        due_at=NOON,
        answer=SECRET,
    )


def violations_of(account: Account) -> None:
    """A resource that fails a rule of its account, whose every part is a secret."""
    resource = Resource.objects.get()
    rule = ComplianceRule.objects.create(
        slug=SECRET, title=SECRET, kind="config", account=account.number, region=SECRET
    )
    Evaluation.objects.create(
        rule=rule,
        resource=resource,
        outcome="fail",
        reason=SECRET,
        evaluated_at=NOON,
        since=NOON,
    )
    Violation.objects.create(
        rule=rule,
        resource=resource,
        account=account.number,
        region=SECRET,
        reason=SECRET,
        owner=SECRET,
        opened_at=NOON,
        seen_at=NOON,
    )


def logs_of(account: Account) -> None:
    """A log group and a source of logs, whose every part is a secret."""
    group = LogGroup.objects.create(
        account=account.number, region=SECRET, name=SECRET, found_at=NOON
    )
    LogStream.objects.create(group=group, name=SECRET, listed_at=NOON)
    LogPoll.objects.create(
        group=group, collect_since=NOON, next_at=NOON, problem=SECRET
    )
    LogOutage.objects.create(group=group, since=NOON, problem=SECRET)
    LogScope.objects.create(account=account, region=SECRET, problem=SECRET)
    LogSource.objects.create(
        kind="firehose", name=SECRET, account=account, stream=SECRET, problem=SECRET
    )


def resources_of(account: Account) -> None:
    """A resource and what it came from, whose every part is a secret."""
    key = ResourceKey(account.number, SECRET, SECRET, SECRET)
    told = {SECRET: SECRET}
    item = ConfigItem(
        key,
        ItemStatus.OK,
        NOON,
        ItemSource.CONFIG,
        name=SECRET,
        arn=f"arn:aws:iam::{account.number}:role/x",
        tags=told,
        configuration=told,
        relationships=(Relationship(SECRET, SECRET, SECRET),),
    )
    keep([item], NOON)
    source = ConfigSource.objects.create(
        account=account, region=SECRET, bucket=SECRET, problem=SECRET
    )
    ConfigNotice.objects.create(
        source=source, message_type=SECRET, digest="x", body=SECRET, received_at=NOON
    )
    ConfigGap.objects.create(
        account=account.number, region=SECRET, reason="off", detail=SECRET, since=NOON
    )


def an_incident_of(account: Account) -> None:
    """A rule, its incident and what it was tried on, whose every part is a secret."""
    spec = {
        "name": SECRET,
        "kind": "documents",
        "parameters": {
            "documents": "trail",
            "query": SECRET,
            "by": "",
            "window_seconds": 0,
        },
        "account": account.number,
        "threshold": 1.0,
    }
    rule = rules.create(spec, None, NOON)
    incident = Incident.objects.create(
        key=SECRET,
        rule=rule,
        title=SECRET,
        text=SECRET,
        severity="high",
        account=account.number,
        service=SECRET,
        reading_key=SECRET,
        opened_at=NOON,
        changed_at=NOON,
    )
    IncidentEvent.objects.create(incident=incident, at=NOON, kind="opened", text=SECRET)
    Backtest.objects.create(
        spec=rules.spec_of(rule),
        name=SECRET,
        account=account.number,
        rule=rule,
        requested_at=NOON,
        since=NOON,
        until=NOON + timedelta(hours=1),
    )


def notices_of(account: Account) -> None:
    """What is told, and what is silenced, whose every part is a secret."""
    channel = Channel.objects.create(name=SECRET, kind="email", options={"to": SECRET})
    Route.objects.create(name=SECRET, matchers=[["service", "=", SECRET]])
    EscalationPolicy.objects.create(name=SECRET)
    silence = Silence.objects.create(
        account=account.number,
        matchers=[["service", "=", SECRET]],
        reason=SECRET,
        made_at=NOON,
        starts_at=NOON,
        ends_at=datetime.max.replace(tzinfo=UTC),
    )
    labels = {"rule": SECRET, "account": account.number, "service": SECRET}
    notice = Notice(
        SECRET, State.FIRING, 1, SECRET, SECRET, Severity.HIGH, "/", NOON, labels
    )
    kept = as_json(notice)
    Matter.objects.create(
        key=SECRET, state="firing", revision=1, account=account.number, notice=kept,
        since=NOON, changed_at=NOON,
    )  # fmt: skip
    row = delivery_of(channel, notice, kept, NOON)
    row.status, row.silence = Delivery.Status.SILENCED, silence
    row.save()


def repairs_of(account: Account) -> None:
    """A repair and what holds it back, whose every part is a secret."""
    plan = Plan.objects.create(
        account=account.number,
        region=SECRET,
        resource_type=SECRET,
        resource_id=SECRET,
        name=SECRET,
        action=SECRET,
        origin="person",
        state="approved",
        problem=SECRET,
        created_at=NOON,
    )
    Run.objects.create(
        plan=plan,
        account=account.number,
        action=SECRET,
        resource_key=SECRET,
        problem=SECRET,
        created_at=NOON,
        next_at=NOON,
    )
    Breaker.objects.create(
        key=SECRET, says=SECRET, account=account.number, opened_at=NOON
    )
    Optin.objects.create(
        rule=ComplianceRule.objects.get(),
        account=account.number,
        action=SECRET,
        created_at=NOON,
    )
    append(SECRET, SECRET, {"account": account.number}, NOON, SECRET)


def client_of(role: str) -> Client:
    who = ROLES[role]
    return Client() if who is None else signed_in("somebody", *who)


def path_of(route: str) -> str:
    """A path of a route, its parameters filled in with what may be a secret."""
    filled = {
        "<slug:kind_name>": "trail",
        "(?P<kind_name>[-\\w]+)": "trail",
        "(?P<suffix>csv|ndjson)": "ndjson",
        "<path:document_id>": f"id-{SECRET}.{OTHER_ACCOUNT}",
        "<str:number>": OTHER_ACCOUNT,
        "<slug:kind>": "bucket",
        "<int:source_id>": str(TrailSource.objects.get(name=SECRET).pk),
        "<int:alarm_id>": str(CloudWatchAlarm.objects.get().pk),
        "<int:group_id>": str(LogGroup.objects.get().pk),
        "<int:scope_id>": str(LogScope.objects.get().pk),
        "<int:plan_id>": str(Plan.objects.get().pk),
        "<int:repair_id>": str(Run.objects.get().pk),
        "<int:optin_id>": str(Optin.objects.get().pk),
        "<int:breaker_id>": str(Breaker.objects.get().pk),
        "<int:violation_id>": str(Violation.objects.get().pk),
        "<slug:pack_slug>": "pack",
        "(?P<form>csv|json)": "json",
        "<int:exemption_id>": "1",
        "<slug:rule_slug>": ComplianceRule.objects.get().slug,
        "<int:log_source_id>": str(LogSource.objects.get().pk),
        "<int:config_source_id>": str(ConfigSource.objects.get().pk),
        "<int:resource_id>": str(Resource.objects.order_by("pk")[0].pk),
        "<int:select_id>": "1",
        "<slug:relay_kind>": "record",
        "<int:relay_id>": str(RecordTarget.objects.get().pk),
        "<int:incident_id>": str(Incident.objects.get().pk),
        "<int:rule_id>": str(AlertRule.objects.get().pk),
        "<int:backtest_id>": str(Backtest.objects.get().pk),
        "<slug:rule_kind>": "documents",
        "<slug:action>": "comment",
        "<int:channel_id>": str(Channel.objects.get().pk),
        "<int:delivery_id>": str(Delivery.objects.order_by("id")[0].pk),
        "<int:route_id>": str(Route.objects.get().pk),
        "<int:policy_id>": str(EscalationPolicy.objects.get().pk),
        "<int:silence_id>": str(Silence.objects.get().pk),
        "<int:run_id>": str(ImportRun.objects.get().pk),
        "<int:user_id>": "1",
        "<int:grant_id>": "1",
        "<int:view_id>": "1",
        "<str:trace_id>": "1-6a450080-bd862e3fe1be46a994272793",
        "<str:digest>": "x",
        "<slug:slug>": "board",
        "<str:panel_id>": "p1",
        "<int:number>": "1",
        "<int:one_id>": "1",
        "<str:token>": "x",
        "<path:service>": SECRET,
        "<str:key>": "bd862e3fe1be46a9",
    }
    for part, value in filled.items():
        route = route.replace(part, value)
    return "/" + route.replace("^", "").replace("$", "").replace("\\.", ".")


def body_of(client: Client, path: str) -> str:
    answer = client.get(path)
    if answer.streaming:
        return ""  # streams are asked for on their own below
    return answer.content.decode()


def test_the_walk_knows_how_to_fill_every_route(two_accounts: object) -> None:
    assert not [path for _, route in routes() if "<" in (path := path_of(route))]
    assert set(NEEDS) <= {name for name, _ in routes()}


@pytest.mark.parametrize("role", ROLES)
def test_every_route_asks_for_its_role(role: str, two_accounts: object) -> None:
    client, who = client_of(role), ROLES[role]
    for name, path in [(name, path_of(route)) for name, route in routes()]:
        method = client.post if name in NEEDS or name in KEYED else client.get
        status = method(path).status_code
        if name in OPEN:
            assert status not in (401, 403), name
        elif name in KEYED:
            assert status == 401, name
        elif who is None:
            assert status in (302, 401, 403), name
        elif needed := NEEDS.get(name):
            is_allowed = who[1] is None and who[0] is not None and who[0] >= needed
            assert (status != 403) == is_allowed, name
        assert status < 500 or name == "readyz", name


# An admin may open whatever a viewer may.
@pytest.mark.parametrize("role", ["anonymous", "without a role", "admin here"])
@pytest.mark.parametrize(
    "query",
    [
        SINCE,
        f"{SINCE}&field=eventName&field=errorCode&field=@actor&field=@resource",
        f"{SINCE}&fields=eventName,errorCode,@actor,@resource",
        f"{SINCE}&account={OTHER_ACCOUNT}",
        f"{SINCE}&text=eventName:&at=10",
        f"{SINCE}&text=requestParameters.m&at=19",
        "since=2000-01-01&until=now",
        f"name=arn:aws:iam::{OTHER_ACCOUNT}:role/x&{SINCE}",
        "state=open",
    ],
)  # fmt: skip
def test_no_page_shows_anything_of_another_account(
    role: str, query: str, two_accounts: object
) -> None:
    client = client_of(role)
    for name, route in routes():
        path = path_of(route)
        # What was asked for by its id may be said back.
        shown = body_of(client, f"{path}?{query}").replace(f"id-{SECRET}", "")
        assert SECRET not in shown, (name, shown)
        if OTHER_ACCOUNT not in path + query:
            assert OTHER_ACCOUNT not in shown, (name, shown)


def test_facets_of_a_secret_field_are_empty(two_accounts: object) -> None:
    field = f"requestParameters.{SECRET}.{SECRET}"
    client = client_of("viewer here")

    answer = client.get(f"/api/v1/search/trail/facets?{SINCE}&fields={field}")

    assert json.loads(answer.content)["fields"][field]["values"] == []


def test_who_sees_all_sees_it(two_accounts: object) -> None:
    assert SECRET in body_of(client_of("viewer"), f"/explore/trail/?{SINCE}")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("suffix", ["csv", "ndjson"])
def test_an_export_holds_only_what_one_may_see(
    suffix: str, two_accounts: object
) -> None:
    answer = client_of("viewer here").get(f"/explore/trail/export.{suffix}?{SINCE}")

    assert "id-here" in text_of(answer)
    assert SECRET not in text_of(answer)


def test_a_token_sees_what_its_owner_sees(two_accounts: object) -> None:
    user = a_user("machine", account=ACCOUNT)
    _, token = ApiToken.objects.create(user, name="ci")
    headers = {"Authorization": f"Bearer {token}"}

    answer = Client().get(f"/api/v1/search/trail?{SINCE}", headers=headers)

    assert [item["id"] for item in json.loads(answer.content)["items"]] == [
        f"id-here.{ACCOUNT}"
    ]


def test_a_shared_view_is_only_a_question(two_accounts: object) -> None:
    SavedView.objects.create(
        owner=a_user("boss", Role.ADMIN),
        kind="trail",
        name="all",
        parameters=f"{SINCE}&account={OTHER_ACCOUNT}",
        is_shared=True,
    )

    shown = body_of(client_of("viewer here"), f"/explore/trail/?{SINCE}")

    assert "shared by boss" in shown
    assert SECRET not in shown


def test_rights_end_at_once_when_a_person_is_locked_out(two_accounts: object) -> None:
    client = client_of("viewer")
    user = User.objects.get(username="somebody")
    _, token = ApiToken.objects.create(user, name="ci")

    admin = signed_in("root", Role.ADMIN)
    admin.post(f"/settings/people/{user.pk}/switch")
    admin.post(f"/settings/people/{user.pk}/switch")

    assert User.objects.get(pk=user.pk).is_active
    assert client.get("/").status_code == 302
    headers = {"Authorization": f"Bearer {token}"}
    assert Client().get("/api/v1/me", headers=headers).status_code == 401


def test_the_last_admin_stays() -> None:
    admin = signed_in("root", Role.ADMIN)
    grant = Grant.objects.get(user__username="root")

    admin.post(f"/settings/grants/{grant.pk}/remove")
    admin.post(f"/settings/people/{grant.user_id}/grant", {"role": Role.VIEWER.value})

    grant.refresh_from_db()
    assert grant.role == Role.ADMIN
