"""Rows of tracing, a file for each room."""

from apps.tracing.models.collecting import (
    GraphCheck,
    SamplingRule,
    TraceCoverage,
    TraceGroup,
    TraceReread,
    TraceScope,
    TraceWindow,
)
from apps.tracing.models.deliveries import SpanDelivery
from apps.tracing.models.maps import MapChunk, MapLock, SeenEdge, SeenNode
from apps.tracing.models.traces import AwaitedTrace, Trace

__all__ = [
    "AwaitedTrace",
    "GraphCheck",
    "MapChunk",
    "MapLock",
    "SamplingRule",
    "SeenEdge",
    "SeenNode",
    "SpanDelivery",
    "Trace",
    "TraceCoverage",
    "TraceGroup",
    "TraceReread",
    "TraceScope",
    "TraceWindow",
]
