"""The boundary of tasks that ask AWS: whatever goes wrong ends in a sentence."""

import logging
from collections.abc import Callable

from apps.discovery.aws import AwsError
from apps.search.engines.base import EngineUnavailable
from apps.search.faults import fault_of

log = logging.getLogger(__name__)


def problem_of(work: Callable[[], str | None], what: str) -> str:
    """What was left undone, for the row of the task: what `work` says of it itself, or
    why it ended; "" where nothing was. `what` names it in the log."""
    try:
        return work() or ""
    except (AwsError, EngineUnavailable) as error:
        log.warning("%s failed: %s", what, error)
        return str(error)
    except Exception as error:  # the boundary of a task: the row tells of it
        log.exception("%s failed", what)
        return fault_of(error)
