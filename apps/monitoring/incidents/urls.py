from django.urls import path

from apps.monitoring.incidents import backtestpages, incidentpages, rulepages

urlpatterns = [
    path("incidents/", incidentpages.incidents, name="incidents"),
    path(
        "incidents/acknowledge",
        incidentpages.acknowledge_incidents,
        name="acknowledge-incidents",
    ),
    path("incidents/<int:incident_id>/", incidentpages.incident, name="incident"),
    path(
        "incidents/<int:incident_id>/acknowledge",
        incidentpages.acknowledge_incident,
        name="acknowledge-incident",
    ),
    path(
        "incidents/<int:incident_id>/close",
        incidentpages.close_incident,
        name="close-incident",
    ),
    path(
        "incidents/<int:incident_id>/comment",
        incidentpages.comment_on_incident,
        name="comment-on-incident",
    ),
    path("rules/", rulepages.alert_rules, name="alert-rules"),
    path("rules/new/", rulepages.new_alert_rule, name="new-alert-rule"),
    path(
        "rules/new/<slug:rule_kind>/",
        rulepages.new_alert_rule_of,
        name="new-alert-rule-of",
    ),
    path(
        "rules/preview/<slug:rule_kind>/",
        rulepages.preview_alert_rule,
        name="preview-alert-rule",
    ),
    path("rules/<int:rule_id>/", rulepages.alert_rule, name="alert-rule"),
    path(
        "rules/<int:rule_id>/edit/", rulepages.edit_alert_rule, name="edit-alert-rule"
    ),
    path(
        "rules/<int:rule_id>/switch",
        rulepages.switch_alert_rule,
        name="switch-alert-rule",
    ),
    path(
        "rules/<int:rule_id>/delete",
        rulepages.delete_alert_rule,
        name="delete-alert-rule",
    ),
    path(
        "rules/<int:rule_id>/why/", backtestpages.alert_rule_why, name="alert-rule-why"
    ),
    path(
        "rules/<int:rule_id>/backtest/", backtestpages.new_backtest, name="new-backtest"
    ),
    path("backtests/<int:backtest_id>/", backtestpages.backtest, name="backtest"),
    path(
        "backtests/<int:backtest_id>/cancel",
        backtestpages.cancel_backtest,
        name="cancel-backtest",
    ),
]
