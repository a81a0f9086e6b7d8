"""The servers there are."""

from typing import Protocol

from tests.servers.opensearch import OpenSearch
from tests.servers.postgresql import PostgreSQL
from tests.servers.process import ServerProcess
from tests.servers.redis import Redis


class Server(Protocol):
    name: str
    process: ServerProcess

    @property
    def url(self) -> str: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...


POSTGRESQL, REDIS, OPENSEARCH = PostgreSQL(), Redis(), OpenSearch()
SERVERS: dict[str, Server] = {
    server.name: server for server in (POSTGRESQL, REDIS, OPENSEARCH)
}
