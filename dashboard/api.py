"""The REST route table: one line a view."""

from django.contrib.auth.decorators import login_not_required
from django.urls import path
from drf_spectacular.views import SpectacularAPIView

from apps.audit.compliance.api import (
    ComplianceRulesView,
    ComplianceView,
    ViolationsView,
    ViolationView,
)
from apps.audit.history.api import (
    ResourceHistoryView,
    ResourcesView,
    ResourceView,
)
from apps.audit.history.queries import SelectView
from apps.audit.remediation.api import (
    ActionsView,
    ApproveView,
    LedgerView,
    RemediationsView,
    RemediationView,
    RollBackView,
    SwitchView,
    WithdrawView,
)
from apps.discovery.api import AccountsView, MeView
from apps.monitoring.alarms.api import AlarmHistoryView, AlarmsView, AlarmView
from apps.monitoring.charts.api import MetricDataView, MetricsView
from apps.monitoring.dashboards.api import (
    AutomaticView,
    DashboardExportView,
    DashboardImportView,
    DashboardsView,
    DashboardView,
)
from apps.monitoring.incidents.api import (
    AlertRulesView,
    AlertRuleView,
    IncidentActionView,
    IncidentsView,
    IncidentView,
    RuleEvaluationsView,
)
from apps.monitoring.incidents.backtestapi import BacktestView, RuleBacktestsView
from apps.monitoring.languages.api import LogQueryView
from apps.monitoring.languages.passing.api import LogQueryAtAwsView
from apps.monitoring.languages.runapi import (
    LogQueryCancelView,
    LogQueryRunsView,
    LogQueryRunView,
)
from apps.monitoring.logs.groupapi import (
    CollectLogGroupsView,
    LogGroupsView,
    LogGroupView,
    LogRegionsView,
    LogRegionView,
    LogStreamsView,
    StopLogGroupsView,
)
from apps.monitoring.logs.patternpages import PatternsView
from apps.monitoring.logs.sourceapi import (
    LogSourceKeyView,
    LogSourcesView,
    LogSourceView,
)
from apps.monitoring.logs.tracepages import TraceLinesView
from apps.monitoring.metrics.collectionapi import CollectionsView, CollectionView
from apps.monitoring.notifications.api import (
    ChannelsView,
    ChannelTestView,
    ChannelView,
    DeliveriesView,
    DeliveryAgainView,
    DeliveryView,
    EscalationsView,
    EscalationView,
    RoutesView,
    RouteView,
)
from apps.monitoring.notifications.silenceapi import SilencesView, SilenceView
from apps.search.api import (
    ContextView,
    DocumentView,
    FacetsView,
    HistogramView,
    SearchView,
)
from apps.search.chartview import SeriesView
from apps.tracing.collecting.api import TraceSourcesView, TraceSourceView
from apps.tracing.maps.api import MapDiffView, MapView
from apps.tracing.reports.api import CachesView, ChattinessView
from apps.tracing.traces.api import TracesView, TraceView

urlpatterns = [
    path("schema", login_not_required(SpectacularAPIView.as_view()), name="api-schema"),
    path("me", MeView.as_view(), name="api-me"),
    path("metrics", MetricsView.as_view(), name="api-metrics"),
    path("metrics/data", MetricDataView.as_view(), name="api-metric-data"),
    path("actions", ActionsView.as_view(), name="api-actions"),
    path("remediations", RemediationsView.as_view(), name="api-remediations"),
    path("remediations/switch", SwitchView.as_view(), name="api-repair-switch"),
    path(
        "remediations/<int:plan_id>", RemediationView.as_view(), name="api-remediation"
    ),
    path(
        "remediations/<int:plan_id>/approve",
        ApproveView.as_view(),
        name="api-approve-repair",
    ),
    path(
        "remediations/<int:plan_id>/withdraw",
        WithdrawView.as_view(),
        name="api-withdraw-repair",
    ),
    path(
        "remediations/<int:plan_id>/roll-back",
        RollBackView.as_view(),
        name="api-roll-back",
    ),
    path("ledger", LedgerView.as_view(), name="api-ledger"),
    path("accounts", AccountsView.as_view(), name="api-accounts"),
    path("violations", ViolationsView.as_view(), name="api-violations"),
    path(
        "violations/<int:violation_id>", ViolationView.as_view(), name="api-violation"
    ),
    path("compliance", ComplianceView.as_view(), name="api-compliance"),
    path(
        "compliance/rules", ComplianceRulesView.as_view(), name="api-compliance-rules"
    ),
    path("resources", ResourcesView.as_view(), name="api-resources"),
    path("resources/<int:resource_id>", ResourceView.as_view(), name="api-resource"),
    path("resources/query", SelectView.as_view(), name="api-resource-query"),
    path(
        "resources/<int:resource_id>/history",
        ResourceHistoryView.as_view(),
        name="api-resource-history",
    ),
    path("channels", ChannelsView.as_view(), name="api-channels"),
    path("channels/<int:channel_id>", ChannelView.as_view(), name="api-channel"),
    path(
        "channels/<int:channel_id>/test",
        ChannelTestView.as_view(),
        name="api-test-channel",
    ),
    path("deliveries", DeliveriesView.as_view(), name="api-deliveries"),
    path("deliveries/<int:delivery_id>", DeliveryView.as_view(), name="api-delivery"),
    path(
        "deliveries/<int:delivery_id>/again",
        DeliveryAgainView.as_view(),
        name="api-send-again",
    ),
    path("routes", RoutesView.as_view(), name="api-routes"),
    path("routes/<int:route_id>", RouteView.as_view(), name="api-route"),
    path("escalations", EscalationsView.as_view(), name="api-escalations"),
    path(
        "escalations/<int:policy_id>", EscalationView.as_view(), name="api-escalation"
    ),
    path("silences", SilencesView.as_view(), name="api-silences"),
    path("silences/<int:silence_id>", SilenceView.as_view(), name="api-silence"),
    path("dashboards", DashboardsView.as_view(), name="api-dashboards"),
    path("dashboards/auto", AutomaticView.as_view(), name="api-automatic"),
    path("dashboards/import", DashboardImportView.as_view(), name="api-import-board"),
    path("dashboards/<slug:slug>", DashboardView.as_view(), name="api-dashboard"),
    path(
        "dashboards/<slug:slug>/cloudwatch",
        DashboardExportView.as_view(),
        name="api-export-board",
    ),
    path("logs/traces/<str:trace_id>", TraceLinesView.as_view(), name="api-log-trace"),
    path("logs/query", LogQueryView.as_view(), name="api-log-query"),
    path("logs/queries", LogQueryRunsView.as_view(), name="api-log-queries"),
    path("logs/query/aws", LogQueryAtAwsView.as_view(), name="api-log-query-at-aws"),
    path("logs/query/<int:run_id>", LogQueryRunView.as_view(), name="api-log-run"),
    path(
        "logs/query/<int:run_id>/cancel",
        LogQueryCancelView.as_view(),
        name="api-cancel-log-run",
    ),
    path("logs/patterns", PatternsView.as_view(), name="api-log-patterns"),
    path("logs/groups", LogGroupsView.as_view(), name="api-log-groups"),
    path(
        "logs/groups/collect", CollectLogGroupsView.as_view(), name="api-collect-logs"
    ),
    path("logs/groups/stop", StopLogGroupsView.as_view(), name="api-stop-logs"),
    path("logs/groups/<int:group_id>", LogGroupView.as_view(), name="api-log-group"),
    path(
        "logs/groups/<int:group_id>/streams",
        LogStreamsView.as_view(),
        name="api-log-streams",
    ),
    path("logs/regions", LogRegionsView.as_view(), name="api-log-regions"),
    path("logs/regions/<int:scope_id>", LogRegionView.as_view(), name="api-log-region"),
    path("logs/sources", LogSourcesView.as_view(), name="api-log-sources"),
    path(
        "logs/sources/<int:log_source_id>",
        LogSourceView.as_view(),
        name="api-log-source",
    ),
    path(
        "logs/sources/<int:log_source_id>/key",
        LogSourceKeyView.as_view(),
        name="api-log-key",
    ),
    path("traces", TracesView.as_view(), name="api-traces"),
    path("alarms", AlarmsView.as_view(), name="api-alarms"),
    path("alarms/<int:alarm_id>", AlarmView.as_view(), name="api-alarm"),
    path(
        "alarms/<int:alarm_id>/history",
        AlarmHistoryView.as_view(),
        name="api-alarm-history",
    ),
    path("incidents", IncidentsView.as_view(), name="api-incidents"),
    path("incidents/<int:incident_id>", IncidentView.as_view(), name="api-incident"),
    path(
        "incidents/<int:incident_id>/<slug:action>",
        IncidentActionView.as_view(),
        name="api-incident-action",
    ),
    path(
        "rules/<int:rule_id>/backtests",
        RuleBacktestsView.as_view(),
        name="api-rule-backtests",
    ),
    path("backtests/<int:backtest_id>", BacktestView.as_view(), name="api-backtest"),
    path("rules", AlertRulesView.as_view(), name="api-alert-rules"),
    path("rules/<int:rule_id>", AlertRuleView.as_view(), name="api-alert-rule"),
    path(
        "rules/<int:rule_id>/evaluations",
        RuleEvaluationsView.as_view(),
        name="api-rule-evaluations",
    ),
    path("metrics/collection", CollectionsView.as_view(), name="api-collections"),
    path(
        "metrics/collection/<str:number>",
        CollectionView.as_view(),
        name="api-collection",
    ),
    path("map", MapView.as_view(), name="api-map"),
    path("map/diff", MapDiffView.as_view(), name="api-map-diff"),
    path("traces/sources", TraceSourcesView.as_view(), name="api-trace-sources"),
    path(
        "traces/sources/<int:scope_id>",
        TraceSourceView.as_view(),
        name="api-trace-source",
    ),
    path("map", MapView.as_view(), name="api-map"),
    path("map/diff", MapDiffView.as_view(), name="api-map-diff"),
    path("traces/chattiness", ChattinessView.as_view(), name="api-chattiness"),
    path("traces/caches", CachesView.as_view(), name="api-caches"),
    path("traces/<str:trace_id>", TraceView.as_view(), name="api-trace"),
    path("search/<slug:kind_name>", SearchView.as_view(), name="api-search"),
    path(
        "search/<slug:kind_name>/histogram",
        HistogramView.as_view(),
        name="api-histogram",
    ),
    path("search/<slug:kind_name>/facets", FacetsView.as_view(), name="api-facets"),
    path("search/<slug:kind_name>/series", SeriesView.as_view(), name="api-series"),
    path(
        "search/<slug:kind_name>/context/<path:document_id>",
        ContextView.as_view(),
        name="api-context",
    ),
    path(
        "search/<slug:kind_name>/<path:document_id>",
        DocumentView.as_view(),
        name="api-document",
    ),
]
