"""Every kind of channel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.monitoring.notifications.channels.aws import Sns, Sqs
from apps.monitoring.notifications.channels.base import Channel
from apps.monitoring.notifications.channels.jira import Jira
from apps.monitoring.notifications.channels.mail import Mail
from apps.monitoring.notifications.channels.messengers import Messenger
from apps.monitoring.notifications.channels.pagerduty import PagerDuty
from apps.monitoring.notifications.channels.slack import Slack
from apps.monitoring.notifications.channels.webhook import Webhook

KINDS: Mapping[str, type[Channel]] = {
    one.kind: one
    for one in (Mail, Slack, Webhook, PagerDuty, Jira, Sns, Sqs, Messenger)
}


def kind_of(name: Any) -> type[Channel] | None:
    return KINDS.get(name) if isinstance(name, str) else None
