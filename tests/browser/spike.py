"""Stores a service's errors, a number a minute, in the home of a site: calm, but for
three minutes. Run as a process of its own: `python -m tests.browser.spike SECONDS`."""

import sys

import django

ACCOUNT, REGION, SERVICE = "111122223333", "eu-west-1", "checkout"
MINUTES, SPIKE = 120, range(60, 63)


def main() -> None:
    django.setup()
    from apps.monitoring.metrics.keys import MetricKey  # noqa: PLC0415 - after setup
    from tests.monitoring.charts.stored import a_series, cover, keep  # noqa: PLC0415

    since = int(sys.argv[1])
    key = MetricKey.of((ACCOUNT, REGION), "AWS/ECS", "Errors", {"ServiceName": SERVICE})
    row = a_series(key)
    keep(row, since, [90.0 if at in SPIKE else 2.0 for at in range(MINUTES)])
    cover(row, since, since + MINUTES * 60, since + MINUTES * 60)


if __name__ == "__main__":
    main()
