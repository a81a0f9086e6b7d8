"""The operations of CloudWatch."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.cloudwatch.alarms.describing import AlarmReading
from sandbox.cloudwatch.alarms.history import History
from sandbox.cloudwatch.alarms.model import Alarms
from sandbox.cloudwatch.alarms.operations import AlarmOperations
from sandbox.cloudwatch.alarms.watcher import Watcher
from sandbox.cloudwatch.getdata import get_metric_data, partial
from sandbox.cloudwatch.getstatistics import get_metric_statistics
from sandbox.cloudwatch.listing import list_metrics
from sandbox.cloudwatch.puts import put_metric_data
from sandbox.cloudwatch.store import MetricStore
from sandbox.kernel.calls import Answer, Call, Handler
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.faults import FaultKind

_EVALUATE_EVERY_SECONDS = 10
_AGE_EVERY_SECONDS = 3_600


class CloudWatch:
    """Metrics and alarms of every account.

    `metrics` takes history in bulk: `metrics.record(place, key, times, values, unit)`,
    and live samples with `metrics.add_many(place, ticks)`.
    """

    name = "cloudwatch"
    # Dashboards are text that nothing of ours reads.
    from_moto = frozenset(
        {"DeleteDashboards", "GetDashboard", "ListDashboards", "PutDashboard"}
    )

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self.metrics = MetricStore()
        alarms, history = Alarms(), History()
        watcher = Watcher(cloud, self.metrics, alarms, history)
        cloud.timers.every(_EVALUATE_EVERY_SECONDS, watcher.evaluate_all)
        cloud.timers.every(_AGE_EVERY_SECONDS, self.metrics.age)
        self.operations: Mapping[str, Handler] = {
            "PutMetricData": lambda call: put_metric_data(self.metrics, call),
            "ListMetrics": lambda call: list_metrics(self.metrics, call),
            "GetMetricData": self._get_metric_data,
            "GetMetricStatistics": lambda call: get_metric_statistics(
                self.metrics, call
            ),
            **AlarmOperations(alarms, history, watcher).operations,
            **AlarmReading(alarms, history).operations,
        }

    def _get_metric_data(self, call: Call) -> Answer:
        answer = get_metric_data(self.metrics, call)
        where = "cloudwatch.GetMetricData"
        if self._cloud.faults.strike(FaultKind.PARTIAL, where, call.account, call.now):
            return partial(answer)
        return answer
