"""`script/servers up|down|status|url [NAME...]`."""

import sys
from collections.abc import Sequence

from tests.servers.all import SERVERS, Server
from tests.servers.process import CannotProvide


def main(arguments: Sequence[str]) -> int:
    command, *names = arguments or ["status"]
    act = {"up": _up, "down": _down, "status": _status, "url": _url}.get(command)
    unknown = [name for name in names if name not in SERVERS]
    if act is None or unknown:
        print(f"usage: script/servers up|down|status|url [{'|'.join(SERVERS)}]")
        return 2
    return max(act(SERVERS[name]) for name in names or SERVERS)


def _up(server: Server) -> int:
    if not server.process.is_running():
        try:
            server.start()
        except CannotProvide as error:
            print(f"{server.name}: cannot be had: {error}")
            return 1
    return _status(server)


def _down(server: Server) -> int:
    server.stop()
    return _status(server) and 0


def _url(server: Server) -> int:
    print(server.url)
    return 0


def _status(server: Server) -> int:
    is_running = server.process.is_running()
    print(f"{server.name}: {server.url if is_running else 'not running'}")
    return 0 if is_running else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
