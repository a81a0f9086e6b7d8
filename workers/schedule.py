"""Every periodic job on one screen. Rows are the truth: a tick that is lost is
made good by the next."""

from celery.schedules import crontab

SCHEDULE = {
    "heartbeat": {"task": "workers.tasks.heartbeat", "schedule": 5.0},
    "accounts": {"task": "workers.tasks.check_accounts", "schedule": 1.0},
    "compliance": {"task": "workers.tasks.hold_rules", "schedule": 1.0},
    "causes": {"task": "workers.tasks.find_causes", "schedule": 10.0},
    "config-rules": {"task": "workers.tasks.read_config_rules", "schedule": 10.0},
    "dashboards": {"task": "workers.tasks.read_dashboards", "schedule": 1.0},
    "act-anchors": {"task": "workers.tasks.act_anchor", "schedule": 15.0},
    "act-heartbeat": {"task": "workers.tasks.act_heartbeat", "schedule": 5.0},
    "act-begin": {"task": "workers.tasks.act_begin", "schedule": 1.0},
    "act-plans": {"task": "workers.tasks.act_plans", "schedule": 1.0},
    "act-runs": {"task": "workers.tasks.act_runs", "schedule": 1.0},
    "imports": {"task": "workers.tasks.run_imports", "schedule": 1.0},
    "sources": {"task": "workers.tasks.collect_sources", "schedule": 1.0},
    "alarms": {"task": "workers.tasks.collect_alarms", "schedule": 5.0},
    "alert-rules": {"task": "workers.tasks.evaluate_rules", "schedule": 1.0},
    "backtests": {"task": "workers.tasks.run_backtests", "schedule": 1.0},
    "evaluations": {
        "task": "workers.tasks.forget_evaluations",
        "schedule": crontab(minute="41"),
    },
    "log-groups": {"task": "workers.tasks.take_stock_of_logs", "schedule": 5.0},
    "log-polling": {"task": "workers.tasks.poll_logs", "schedule": 1.0},
    "log-queries": {"task": "workers.tasks.answer_log_queries", "schedule": 1.0},
    "log-queries-at-aws": {
        "task": "workers.tasks.ask_aws_log_queries",
        "schedule": 1.0,
    },
    "log-query-history": {
        "task": "workers.tasks.forget_log_queries",
        "schedule": crontab(minute="23"),
    },
    "log-sources": {"task": "workers.tasks.collect_log_sources", "schedule": 1.0},
    "traces": {"task": "workers.tasks.collect_traces", "schedule": 1.0},
    "metric-lists": {"task": "workers.tasks.list_metrics", "schedule": 5.0},
    "metric-points": {"task": "workers.tasks.read_metrics", "schedule": 1.0},
    "metric-interest": {"task": "workers.tasks.settle_interest", "schedule": 15.0},
    "notices": {"task": "workers.tasks.send_notices", "schedule": 1.0},
    "quarantine": {"task": "workers.tasks.retry_quarantined", "schedule": 5.0},
    "retention": {
        "task": "workers.tasks.apply_retention",
        "schedule": crontab(minute="17"),
    },
    "config-queues": {"task": "workers.tasks.hear_of_resources", "schedule": 1.0},
    "config-sources": {"task": "workers.tasks.collect_resources", "schedule": 5.0},
    "scans": {"task": "workers.tasks.prepare_scans", "schedule": 60.0},
    "posted-spans": {"task": "workers.tasks.store_posted_spans", "schedule": 1.0},
    "samples": {"task": "workers.tasks.keep_samples", "schedule": 60.0},
    "violation-records": {"task": "workers.tasks.publish_records", "schedule": 1.0},
    "repair-queues": {"task": "workers.tasks.receive_requests", "schedule": 1.0},
    "repair-requests": {"task": "workers.tasks.answer_requests", "schedule": 1.0},
}
