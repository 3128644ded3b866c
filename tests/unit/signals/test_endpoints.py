"""Where the house sends to, and where it never does."""

import pytest

from rahdari.signals import BadEndpoint, Endpoint, is_reachable, read_endpoint, read_networks
from rahdari.signals.rules.endpoints import FIELD_CHARS_MAX, URL_CHARS_MAX, require_field

LOOPBACK = read_networks("127.0.0.0/8, ::1/128")


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("https://bank.example", Endpoint(is_secure=True, host="bank.example", port=443, target="/")),
        (
            "https://Bank.Example:8443/a/b?c=d",
            Endpoint(is_secure=True, host="bank.example", port=8443, target="/a/b?c=d"),
        ),
        ("https://8.8.8.8/x", Endpoint(is_secure=True, host="8.8.8.8", port=443, target="/x")),
        ("https://[2606:4700::1]/x", Endpoint(is_secure=True, host="2606:4700::1", port=443, target="/x")),
    ],
)
def test_an_endpoint_is_taken_apart(url: str, read: Endpoint) -> None:
    assert read_endpoint(url) == read


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://",
        "https:///path",
        "http://bank.example/",
        "HTTPS://bank.example/",
        "https://user:secret@bank.example/",
        "https://bank.example/#part",
        "https://bank.example/\r\nx: y",
        "https://bank.example/ space",
        "https://bank.example:0/",
        "https://bank.example:65536/",
        "https://bank.example:port/",
        "https://-bank.example/",
        "https://bank.example./..\\",
        "file:///etc/passwd",
        "https://[::1/",
        "https://" + "a" * URL_CHARS_MAX,
        "https://بینک.example/",
    ],
)
def test_what_is_no_endpoint_is_refused(url: str) -> None:
    with pytest.raises(BadEndpoint):
        read_endpoint(url)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",  # noqa: S104 - an address that is refused
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b:1::a00:1",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
        "::7f00:1",
        "2001:db8::1",
        "192.0.0.8",
        "192.0.0.170",
        "192.88.99.1",
        "fec0::1",
        "::ffff:0:7f00:1",
        "::ffff:0:a9fe:a9fe",
        "2001:20::1",
        "2001:1ff:ffff::1",
        "2002::1",
        "3fff::1",
        "3fff:fff::1",
        "4000::1",
        "5f00::1",
        "100::1",
        "not an address",
        "2130706433",
        "0x7f.1",
    ],
)
def test_addresses_inside_are_not_reached(address: str) -> None:
    assert not is_reachable(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "192.88.98.1", "192.0.1.1", "2606:4700::1", "2001:200::1", "::ffff:8.8.8.8"]
)
def test_the_world_is_reached(address: str) -> None:
    assert is_reachable(address)


def test_networks_that_are_named_are_reached_and_http_is_for_loopback_alone() -> None:
    assert is_reachable("127.0.0.1", LOOPBACK)
    assert is_reachable("::ffff:127.0.0.1", LOOPBACK)
    assert not is_reachable("10.0.0.1", LOOPBACK)
    assert read_endpoint("http://127.0.0.1:9/x", LOOPBACK).port == 9
    assert read_endpoint("http://[::1]/x", LOOPBACK).port == 80
    for url, networks in (
        ("http://127.0.0.1/", ()),
        ("http://10.0.0.1/", read_networks("10.0.0.0/8")),
        ("http://localhost/", LOOPBACK),
    ):
        with pytest.raises(BadEndpoint):
            read_endpoint(url, networks)


@pytest.mark.parametrize("listed", ["10.0.0.0/33", "bank.example", "10.0.0.1/8"])
def test_networks_that_are_none_are_refused(listed: str) -> None:
    with pytest.raises(ValueError, match=r"appear|host bits"):
        read_networks(listed)


def test_an_authorization_is_one_line_that_a_header_can_hold() -> None:
    assert require_field("Bearer sample") == "Bearer sample"
    for wrong in ("", " Bearer", "Bearer\r\nx: y", "Bearer ü", "x" * (FIELD_CHARS_MAX + 1)):
        with pytest.raises(BadEndpoint):
            require_field(wrong)
