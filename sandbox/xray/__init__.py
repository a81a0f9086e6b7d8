"""X-Ray: segments, traces, their search, and the graph of services."""

from sandbox.xray.service import XRay

__all__ = ["XRay"]
