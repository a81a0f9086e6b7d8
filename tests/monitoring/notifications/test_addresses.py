"""What is sent leaves for the internet, or for networks that somebody named."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from apps.monitoring.notifications import http
from apps.monitoring.notifications.addresses import LOOPBACK, may_reach, networks
from tests.monitoring.notifications.receivers import HttpReceiver, Said, serving


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.0.1", "169.254.169.254",
        "100.64.0.1", "192.0.0.192", "0.0.0.1", "224.0.0.1", "255.255.255.255",
        "198.18.0.1", "::1", "::", "fe80::1%eth0", "fd00:ec2::254", "fc00::1",
        "ff02::1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::169.254.169.254",
        "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1", "2002:a9fe:a9fe::", "2002:a00:1::",
        "2001:0:4136:e378:8000:63bf:5601:5601",
    ],
)  # fmt: skip
def test_addresses_that_lead_inwards_are_not_reached(address: str) -> None:
    assert not may_reach(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"]
)
def test_addresses_of_the_internet_are_reached(address: str) -> None:
    assert may_reach(address)


def test_a_named_network_is_reached_and_what_gives_credentials_never() -> None:
    everything = networks(["10.0.0.0/8"])

    assert may_reach("10.1.2.3", everything)
    assert may_reach("::ffff:10.1.2.3", everything)
    assert not may_reach("192.168.0.1", everything)
    for never in ("169.254.0.0/16", "0.0.0.0/0", "fd00::/8", "fe80::/64"):
        with pytest.raises(ValueError, match="never called"):
            networks([never])


@pytest.fixture
def receiver(settings: Any) -> Iterator[HttpReceiver]:
    settings.NOTIFY_NETWORKS = LOOPBACK
    made = HttpReceiver()
    with serving(made):
        yield made


def call(url: str) -> http.Answer:
    return http.call(http.Request("POST", url, {}, b"{}"))


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/", "ftp://example.com/", "https://", "//example.com",
        "https://user:word@example.com/", "https://example.com:99999/",
        "https://exa\nmple.com/", "file:///etc/passwd", "https://[::1/",
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_web_service_is_refused(
    url: str, settings: Any
) -> None:
    settings.NOTIFY_NETWORKS = ()

    with pytest.raises(http.AddressRefused):
        http.check_url(url)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433"])
def test_loopback_is_refused_where_nobody_named_it(host: str, settings: Any) -> None:
    settings.NOTIFY_NETWORKS = ()

    with pytest.raises((http.AddressRefused, http.NoAnswer)):
        call(f"https://{host}:443/")


def named(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """A name whose addresses change each time that it is looked up."""
    asked: list[str] = []

    def look_up(host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        if host[0].isdigit():
            address = host
        else:
            address = addresses[min(len(asked), len(addresses) - 1)]
            asked.append(host)
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*kind, (one, port)) for one in address.split()]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


def test_a_name_is_looked_up_once_and_that_address_is_called(
    receiver: HttpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = named(monkeypatch, "127.0.0.1", "169.254.169.254")

    call(receiver.url.replace("127.0.0.1", "hooks.example.com") + "/x?y=1")

    assert asked == ["hooks.example.com"]
    assert [one.path for one in receiver.calls] == ["/x?y=1"]
    assert receiver.calls[0].headers["Host"].startswith("hooks.example.com:")


def test_one_address_inwards_spoils_a_name(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.NOTIFY_NETWORKS = ()
    named(monkeypatch, "93.184.216.34 10.0.0.1")

    with pytest.raises(http.AddressRefused, match="not an address of the internet"):
        call("https://hooks.example.com/")


def test_ports_are_those_of_the_settings(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.NOTIFY_NETWORKS = ()
    named(monkeypatch, "93.184.216.34")

    with pytest.raises(http.AddressRefused, match="Port 22"):
        call("https://hooks.example.com:22/")


def test_plain_http_goes_to_this_machine_only(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.NOTIFY_NETWORKS = networks(["10.0.0.0/8"])
    named(monkeypatch, "10.0.0.1")

    with pytest.raises(http.AddressRefused, match="https"):
        call("http://hooks.example.com/")


def test_redirections_are_not_followed(receiver: HttpReceiver) -> None:
    receiver.answers = [Said(302, b"", {"Location": f"{receiver.url}/elsewhere"})]

    assert call(receiver.url + "/here").status == 302
    assert [one.path for one in receiver.calls] == ["/here"]


def test_of_a_long_answer_the_beginning_is_read(receiver: HttpReceiver) -> None:
    receiver.answers = [Said(200, b"x" * (1 << 20))]

    assert len(call(receiver.url).body) == 256 << 10


def test_messages_name_the_host_and_nothing_else_of_the_address(
    receiver: HttpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "_READ_SECONDS", 0.1)
    receiver.answers = [Said(200, hangs=True)]
    request = http.Request("POST", receiver.url + "/secret-path", {}, b"")

    with pytest.raises(http.NoAnswer) as caught:
        http.call(request)

    assert "secret-path" not in f"{caught.value!r} {request!r}"
    assert "127.0.0.1" in str(caught.value)
