from django.urls import URLPattern, path

from apps.audit.ledger import pages as ledger
from apps.audit.remediation import controls, pages, planpages, runpages

urlpatterns: list[URLPattern] = [
    path("repairs/", pages.repairs, name="repairs"),
    path("repairs/new", planpages.new_repair, name="new-repair"),
    path("repairs/actions/", pages.actions, name="repair-actions"),
    path("repairs/controls/", controls.controls, name="repair-controls"),
    path("repairs/controls/switch", controls.switch_repairs, name="switch-repairs"),
    path("repairs/controls/limits", controls.limit_action, name="limit-repairs"),
    path("repairs/controls/optins", controls.new_optin, name="new-optin"),
    path(
        "repairs/controls/optins/<int:optin_id>/switch",
        controls.switch_optin,
        name="switch-optin",
    ),
    path(
        "repairs/controls/breakers/<int:breaker_id>/close",
        controls.close_breaker,
        name="close-breaker",
    ),
    path("repairs/plans/<int:plan_id>/", planpages.plan, name="repair-plan"),
    path(
        "repairs/plans/<int:plan_id>/approve",
        planpages.approve_plan,
        name="approve-repair",
    ),
    path(
        "repairs/plans/<int:plan_id>/withdraw",
        planpages.withdraw_plan,
        name="withdraw-repair",
    ),
    path("repairs/runs/<int:repair_id>/", runpages.run, name="repair-run"),
    path(
        "repairs/runs/<int:repair_id>/roll-back",
        runpages.roll_back,
        name="roll-back-repair",
    ),
    path("ledger/", ledger.ledger, name="ledger"),
    path("ledger/verify", ledger.verify_now, name="verify-ledger"),
    path("ledger/export.ndjson", ledger.export, name="export-ledger"),
]
