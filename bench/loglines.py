"""Log lines as an application's stack writes them: 60 % plain text with levels and
trace ids, 30 % JSON, 10 % of Lambda, VPC and a load balancer. The same every time."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

BEGIN = datetime(2026, 10, 1, tzinfo=UTC)
FILE_LINES = 250_000
_PLAIN, _JSON = 6, 3  # of ten lines
_LEVELS = ("DEBUG", *["INFO"] * 15, "WARN", "WARN", "ERROR")
_ROUTES = ("/cart", "/checkout", "/items/{id}", "/orders", "/pay", "/search", "/login")
_SERVICES = ("checkout", "cart", "payments", "search", "identity")
_SAID = (
    "request answered with 200 in {n} ms for customer {h}",
    "cache miss for key item:{h} loading from table stock",
    "connection to db-{n} refused, attempt {n} of 500, retrying in 250 ms",
    "published message {h} to queue order-events, {n} bytes",
    "charged card of customer {h}: {n}.99 EUR, provider said approved",
    "validated session of user {h} from 10.0.3.{n}",
    "reserved {n} items of article {h} in warehouse north",
)


def write_lines(folder: Path, count: int, days: int) -> int:
    """Files of log lines below `folder`, in order of time; their bytes."""
    folder.mkdir(parents=True)
    made = _Lines(count, days)
    written = 0
    for number in range(0, count, FILE_LINES):
        file = folder / f"app-{number // FILE_LINES:05d}.log"
        with file.open("w") as stream:
            for at in range(number, min(count, number + FILE_LINES)):
                written += stream.write(made.line(at))
    return written


class _Lines:
    def __init__(self, count: int, days: int) -> None:
        self._random = random.Random(7)
        self._step = timedelta(days=days) / count
        self._of_aws = (self._report, self._flow, self._load_balancer)

    def line(self, at: int) -> str:
        moment = BEGIN + at * self._step
        sort = at % 10
        if sort < _PLAIN:
            return self._plain(moment)
        if sort < _PLAIN + _JSON:
            return self._json(moment)
        return self._of_aws[at // 10 % 3](moment)

    def _hex(self, digits: int) -> str:
        return f"{self._random.getrandbits(4 * digits):0{digits}x}"

    def _trace(self, moment: datetime) -> str:
        return f"1-{int(moment.timestamp()):08x}-{self._hex(24)}"

    def _said(self) -> str:
        said = self._random.choice(_SAID)
        return said.format(n=self._random.randrange(256), h=self._hex(8))

    def _plain(self, moment: datetime) -> str:
        level, service = self._random.choice(_LEVELS), self._random.choice(_SERVICES)
        return (
            f"{_iso(moment)} {level:<5} [{service}] [{self._trace(moment)}] "
            f"{self._said()}\n"
        )

    def _json(self, moment: datetime) -> str:
        body = {
            "time": _iso(moment),
            "level": self._random.choice(_LEVELS).lower(),
            "service": self._random.choice(_SERVICES),
            "route": self._random.choice(_ROUTES),
            "status": self._random.choice((200, 200, 200, 201, 304, 404, 500)),
            "duration_ms": self._random.randrange(4_000) / 10,
            "trace_id": self._trace(moment),
            "request_id": self._hex(16),
            "message": self._said(),
        }
        return orjson.dumps(body).decode() + "\n"

    def _report(self, moment: datetime) -> str:
        number = self._random.randrange(60_000)
        request = f"{self._hex(8)}-{self._hex(4)}-4{self._hex(3)}-8{self._hex(3)}"
        return (
            f"REPORT RequestId: {request}-{self._hex(12)}\tDuration: "
            f"{number / 9:.2f} ms\tBilled Duration: {number // 9 + 1} ms\t"
            f"Memory Size: 512 MB\tMax Memory Used: {90 + number % 300} MB\t"
            f"XRAY TraceId: {self._trace(moment)}\tSegmentId: {self._hex(16)}\t"
            "Sampled: true\n"
        )

    def _flow(self, moment: datetime) -> str:
        number, seconds = self._random.randrange(60_000), int(moment.timestamp())
        return (
            f"2 123456789012 eni-{self._hex(17)} 10.0.3.{number % 256} 10.0.9.7 "
            f"{number} 443 6 {number % 90} {number} {seconds} {seconds + 60} "
            "ACCEPT OK\n"
        )

    def _load_balancer(self, moment: datetime) -> str:
        number = self._random.randrange(60_000)
        return (
            f"https {_iso(moment)} app/shop/50dc6c495c0c9188 192.0.2.{number % 256}:"
            f"{number} 10.0.1.9:8080 0.001 0.0{number % 90} 0.000 200 200 512 {number} "
            '"GET https://shop.example.com:443/cart HTTP/2.0" "Mozilla/5.0 (X11)" '
            "ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:"
            "eu-west-1:123456789012:targetgroup/shop/7 "
            f'"Root={self._trace(moment)}" "shop.example.com" "session-reused" 0 '
            f'{_iso(moment)} "forward" "-" "-" "10.0.1.9:8080" "200" "-" "-"\n'
        )


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
