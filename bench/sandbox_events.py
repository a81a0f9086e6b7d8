"""EventBridge of the sandbox: what one event costs beside many rules."""

import json
import tempfile
from pathlib import Path
from time import perf_counter

from bench.measure import line
from sandbox.assembly import assemble
from sandbox.events import patterns
from sandbox.kernel.clock import SystemClock
from sandbox.kernel.cloud import HOME_REGION, SHOP, Event

RULES, EVENTS = 100, 2_000
SOURCE = {"source": ["aws.ecs"], "detail": {"n": [{"numeric": [">", 0]}]}}


def main() -> None:
    sandbox = assemble(SystemClock(), Path(tempfile.mkdtemp()))
    events = sandbox.cloud.client("events", SHOP, HOME_REGION, "bench.amazonaws.com")
    for number in range(RULES):
        pattern = json.dumps({**SOURCE, "account": [str(number)]})
        events.put_rule(Name=f"rule-{number}", EventPattern=pattern)
    told = Event(SHOP, HOME_REGION, "aws.ecs", "Told", {"n": 1, "s": "x" * 500}, 0.0)
    began = perf_counter()
    for _ in range(EVENTS):
        sandbox.cloud.emit(told)
    rate = EVENTS / (perf_counter() - began)
    line(f"events heard beside {RULES} rules", rate, "events/s", "", is_met=True)
    compiled = patterns.read(json.dumps(SOURCE))
    event = {"source": "aws.ecs", "detail": {"n": 1, "s": "x"}}
    began = perf_counter()
    for _ in range(EVENTS * 10):
        compiled.matches(event)
    rate = EVENTS * 10 / (perf_counter() - began)
    line("patterns matched", rate, "matches/s", "", is_met=True)


if __name__ == "__main__":
    main()
