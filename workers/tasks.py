"""Tasks: each claims rows and calls one job. They decide nothing."""

import time

from django.utils import timezone

from apps.audit import collector
from apps.audit.compliance import causing
from apps.audit.compliance import evaluating as compliance
from apps.audit.compliance.configrules import collector as config_rules
from apps.audit.ledger import anchors, checking
from apps.audit.relay import answering, publishing, receiving
from apps.audit.remediation import jobs, planning, running
from apps.discovery import accounts, heartbeats
from apps.discovery.inventory import collecting as resources
from apps.discovery.inventory import hearing
from apps.monitoring.alarms import collector as alarms
from apps.monitoring.dashboards import account_reads
from apps.monitoring.incidents import backtesting
from apps.monitoring.incidents import evaluating as alert_rules
from apps.monitoring.incidents import keeping as evaluations
from apps.monitoring.languages import runs
from apps.monitoring.languages.passing import working as aws_queries
from apps.monitoring.logs import claims as log_claims
from apps.monitoring.logs import collecting, inventory, polling
from apps.monitoring.metrics import claims, discovery, interest, samples
from apps.monitoring.metrics import collector as metrics
from apps.monitoring.metrics import retention as sample_retention
from apps.monitoring.notifications import escalating, sending, silencing
from apps.search import imports, retention, retries, store
from apps.tracing.collecting import collector as traces
from apps.tracing.collecting import inbox as span_inbox
from apps.tracing.collecting import scopes as trace_scopes
from apps.tracing.traces import retention as trace_retention
from workers.app import app


@app.task
def heartbeat() -> None:
    heartbeats.beat(heartbeats.WORKER, timezone.now())


# Tasks whose names begin with act go to a queue of their own.


@app.task
def act_heartbeat() -> None:
    heartbeats.beat(heartbeats.ACT, timezone.now())


@app.task
def act_anchor() -> None:
    anchors.anchor_heads(timezone.now())
    checking.check_if_due(timezone.now())


@app.task
def act_begin() -> None:
    jobs.begin_automatic(timezone.now)


@app.task
def act_plans() -> None:
    for plan_id in planning.waiting(timezone.now()):
        act_on_plan.delay(plan_id)


@app.task
def act_on_plan(plan_id: int) -> None:
    jobs.plan_and_run(plan_id, timezone.now)


@app.task
def act_runs() -> None:
    for run_id in running.due(timezone.now()):
        act_on_run.delay(run_id)


@app.task
def act_on_run(run_id: int) -> None:
    running.advance(run_id, timezone.now)


@app.task
def check_accounts() -> None:
    accounts.check_requested(timezone.now)


@app.task
def read_dashboards() -> None:
    account_reads.read_requested(timezone.now)


@app.task
def run_imports() -> None:
    for run_id in imports.waiting_runs(timezone.now()):
        if imports.claim(run_id, timezone.now()):
            imports.execute(run_id, store.engine())


@app.task
def collect_sources() -> None:
    for source_id in collector.due_sources(timezone.now()):
        collect_source.delay(source_id)


@app.task
def collect_source(source_id: int) -> None:
    if collector.claim(source_id, timezone.now()):
        collector.collect(source_id, store.engine())


@app.task
def hold_rules() -> None:
    compliance.tick(timezone.now)


@app.task
def hear_of_resources() -> None:
    for source_id in hearing.due_queues(timezone.now()):
        hear_of_resources_of.delay(source_id)


@app.task
def hear_of_resources_of(source_id: int) -> None:
    hearing.hear(source_id, store.engine(), timezone.now)


@app.task
def collect_resources() -> None:
    for source_id in resources.due_sources(timezone.now()):
        collect_resources_of.delay(source_id)


@app.task
def collect_resources_of(source_id: int) -> None:
    resources.collect(source_id, store.engine(), timezone.now)


@app.task
def find_causes() -> None:
    causing.find_causes(timezone.now())


@app.task
def read_config_rules() -> None:
    for scope_id in config_rules.due_scopes(timezone.now()):
        read_config_rules_of.delay(scope_id)


@app.task
def read_config_rules_of(scope_id: int) -> None:
    config_rules.collect(scope_id, timezone.now)


@app.task
def collect_alarms() -> None:
    for scope_id in alarms.due_scopes(timezone.now()):
        collect_alarms_of.delay(scope_id)


@app.task
def collect_alarms_of(scope_id: int) -> None:
    if alarms.claim(scope_id, timezone.now()):
        alarms.collect(scope_id, timezone.now)


@app.task
def evaluate_rules() -> None:
    alert_rules.evaluate_due(timezone.now)


@app.task
def run_backtests() -> None:
    for backtest_id in backtesting.waiting(timezone.now()):
        run_backtest.delay(backtest_id)


@app.task
def run_backtest(backtest_id: int) -> None:
    backtesting.run(backtest_id, timezone.now)


@app.task
def forget_evaluations() -> None:
    evaluations.forget_old(timezone.now())


@app.task
def take_stock_of_logs() -> None:
    inventory.note_scopes()
    for scope_id in inventory.due_scopes(timezone.now()):
        take_stock_of_scope.delay(scope_id)


@app.task
def take_stock_of_scope(scope_id: int) -> None:
    inventory.take_stock(scope_id)


@app.task
def poll_logs() -> None:
    for scope_id in polling.due_scopes(timezone.now()):
        poll_scope.delay(scope_id)


@app.task
def poll_scope(scope_id: int) -> None:
    polling.poll(scope_id, store.engine())


@app.task
def answer_log_queries() -> None:
    for run_id in runs.waiting(timezone.now()):
        answer_log_query.delay(run_id)


@app.task
def answer_log_query(run_id: int) -> None:
    runs.take_up(run_id, store.reader(), timezone.now, time.monotonic)


@app.task
def ask_aws_log_queries() -> None:
    for run_id in aws_queries.due(timezone.now()):
        ask_aws_log_query.delay(run_id)


@app.task
def ask_aws_log_query(run_id: int) -> None:
    aws_queries.advance(run_id, timezone.now)


@app.task
def forget_log_queries() -> None:
    runs.forget_old(timezone.now())


@app.task
def collect_log_sources() -> None:
    for source_id in collecting.due_sources(timezone.now()):
        collect_log_source.delay(source_id)


@app.task
def collect_log_source(source_id: int) -> None:
    collecting.collect(source_id, store.engine())


@app.task
def collect_traces() -> None:
    for scope_id in trace_scopes.due_scopes(timezone.now()):
        collect_traces_of.delay(scope_id)


@app.task
def collect_traces_of(scope_id: int) -> None:
    traces.collect(scope_id, store.engine())


@app.task
def list_metrics() -> None:
    claims.note_scopes()
    for scope_id in claims.LISTING.due(timezone.now()):
        list_metrics_of.delay(scope_id)


@app.task
def list_metrics_of(scope_id: int) -> None:
    if claims.LISTING.claim(scope_id, timezone.now()):
        discovery.discover(scope_id)


@app.task
def read_metrics() -> None:
    for scope_id in claims.READING.due(timezone.now()):
        read_metrics_of.delay(scope_id)


@app.task
def read_metrics_of(scope_id: int) -> None:
    if claims.READING.claim(scope_id, timezone.now()):
        metrics.collect(scope_id, samples)


@app.task
def settle_interest() -> None:
    interest.settle(timezone.now())


@app.task
def send_notices() -> None:
    escalating.escalate_due(timezone.now())
    silencing.release(timezone.now())
    for channel_id in sending.due_channels(timezone.now()):
        send_notices_of.delay(channel_id)


@app.task
def send_notices_of(channel_id: int) -> None:
    sending.send_of(channel_id, timezone.now)


@app.task
def retry_quarantined() -> None:
    retries.retry_all(store.engine())


@app.task
def store_posted_spans() -> None:
    span_inbox.ingest_waiting(store.engine(), timezone.now)


@app.task
def apply_retention() -> None:
    retention.apply(store.engine(), timezone.now())
    log_claims.forget_old(store.engine(), timezone.now())
    trace_retention.forget_old(store.engine(), timezone.now())
    trace_retention.thin_map(timezone.now())
    sending.forget_old(timezone.now())


@app.task
def keep_samples() -> None:
    sample_retention.apply(timezone.now())


@app.task
def prepare_scans() -> None:
    for kind in store.kinds().values():
        store.engine().prepare(kind)


@app.task
def publish_records() -> None:
    publishing.note_new(timezone.now())
    for record_id in publishing.due(timezone.now()):
        publishing.publish(record_id, timezone.now)


@app.task
def receive_requests() -> None:
    for queue_id in receiving.due_queues(timezone.now()):
        receive_requests_of.delay(queue_id)


@app.task
def receive_requests_of(queue_id: int) -> None:
    receiving.receive(queue_id, timezone.now)


@app.task
def answer_requests() -> None:
    for request_id in answering.due(timezone.now()):
        answer_request.delay(request_id)


@app.task
def answer_request(request_id: int) -> None:
    answering.answer(request_id, timezone.now)
