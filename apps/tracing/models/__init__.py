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
from apps.tracing.models.maps import MapChunk, SeenEdge, SeenNode
from apps.tracing.models.traces import Trace

__all__ = [
    "GraphCheck",
    "MapChunk",
    "SamplingRule",
    "SeenEdge",
    "SeenNode",
    "Trace",
    "TraceCoverage",
    "TraceGroup",
    "TraceReread",
    "TraceScope",
    "TraceWindow",
]
