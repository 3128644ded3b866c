"""The edge's certificate: made once, kept, made anew when it must be; and files that cannot be used."""

import os
import ssl
from collections.abc import Callable
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from structlog.testing import capture_logs

from rahdari.app.errors import BadSettings
from rahdari.app.exchange.edge_certificate import LIFE, EdgeCertificate, names_of_edge
from rahdari.app.exchange.edge_tls import OWN_FILE, EdgeTls, EdgeTlsSettings
from rahdari.app.exchange.gateway_keys import GatewayKeys
from rahdari.app.exchange.home import create_home, open_keys
from rahdari.kernel import Clock
from rahdari.wire.keys import Algorithm, SoftwareSigner
from tests.fakes.certificates import make_certificate
from tests.fakes.chance import SeededChance
from tests.fakes.clock import WoundClock
from tests.fakes.exchange_registry import BEGIN, QUICK, planned_home

NAMES = ("gw.example", "localhost", "127.0.0.1")
CHANCE = SeededChance(5)
REGISTRY = SoftwareSigner.generate(Algorithm.EDDSA).public


@pytest.fixture
def keys(tmp_path: Path) -> GatewayKeys:
    home = planned_home(tmp_path, REGISTRY, "file:/x")
    return create_home(home, {}, at=BEGIN, chance=CHANCE, scrypt_n=QUICK)


@pytest.fixture
def clock() -> WoundClock:
    return WoundClock(BEGIN)


def opened(folder: Path, keys: GatewayKeys, clock: Clock, **settings: object) -> EdgeTls:
    names = settings.pop("own_names", NAMES)
    files = settings.pop("files", ())
    own = EdgeCertificate(keys, names)  # type: ignore[arg-type]
    return EdgeTls(EdgeTlsSettings(**settings), folder, own, client_files=files, clock=clock)  # type: ignore[arg-type]


def own_certificate(folder: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / OWN_FILE).read_bytes())


def test_the_own_certificate_is_good_for_its_names_and_holds_long(
    tmp_path: Path, keys: GatewayKeys, clock: WoundClock
) -> None:
    opened(tmp_path, keys, clock)
    found = own_certificate(tmp_path)
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["gw.example", "localhost"]
    assert names.get_values_for_type(x509.IPAddress) == [ip_address("127.0.0.1")]
    assert found.not_valid_before_utc < BEGIN < found.not_valid_after_utc
    assert found.not_valid_after_utc - found.not_valid_before_utc == LIFE
    found.verify_directly_issued_by(found)


def test_the_own_certificate_stays_the_same(tmp_path: Path, keys: GatewayKeys, clock: WoundClock) -> None:
    tls = opened(tmp_path, keys, clock)
    first = own_certificate(tmp_path)
    assert not tls.refresh()
    again = open_keys(planned_home(tmp_path, REGISTRY, "file:/x"), {}, chance=CHANCE)
    opened(tmp_path, again, clock)
    assert own_certificate(tmp_path) == first


def test_the_own_certificate_is_made_anew_for_other_names(
    tmp_path: Path, keys: GatewayKeys, clock: WoundClock
) -> None:
    opened(tmp_path, keys, clock)
    first = own_certificate(tmp_path)
    opened(tmp_path, keys, clock, own_names=("other.example",))
    assert own_certificate(tmp_path).serial_number != first.serial_number


def test_the_own_certificate_is_made_anew_before_it_runs_out(
    tmp_path: Path, keys: GatewayKeys, clock: WoundClock
) -> None:
    tls = opened(tmp_path, keys, clock)
    first = own_certificate(tmp_path)
    clock.wind(LIFE - timedelta(days=90))
    assert not tls.refresh()
    clock.wind(timedelta(days=60))
    assert tls.refresh()
    second = own_certificate(tmp_path)
    assert second.serial_number != first.serial_number
    assert second.not_valid_after_utc > clock.now() + timedelta(days=365)


@pytest.mark.parametrize(
    ("host", "names"),
    [
        ("127.0.0.1", ("127.0.0.1", "gw.example", "localhost", "::1")),
        ("0.0.0.0", ("gw.example", "localhost", "127.0.0.1", "::1")),  # noqa: S104
        ("::", ("gw.example", "localhost", "127.0.0.1", "::1")),
        ("10.1.2.3", ("10.1.2.3", "gw.example", "localhost", "127.0.0.1", "::1")),
    ],
)
def test_an_edge_is_reached_by_its_address_and_by_this_machines(host: str, names: tuple[str, ...]) -> None:
    assert names_of_edge(host, "https://gw.example:5500") == names


def _wrong_files(folder: Path) -> dict[str, Callable[[], tuple[str, str]]]:
    one = make_certificate(folder, "one", begins=BEGIN)
    other = make_certificate(folder, "other", begins=BEGIN)
    (folder / "junk.pem").write_text("junk", encoding="ascii")
    os.mkfifo(folder / "pipe.pem")
    return {
        "not there": lambda: ("none.pem", "none.pem"),
        "junk": lambda: ("junk.pem", "junk.pem"),
        "another's key": lambda: (one.file.name, other.file.name),
        "a folder": lambda: (".", "."),
        "a pipe": lambda: (one.file.name, "pipe.pem"),
    }


@pytest.mark.parametrize("case", ["not there", "junk", "another's key", "a folder", "a pipe"])
def test_files_that_are_no_pair_are_named(
    tmp_path: Path, keys: GatewayKeys, clock: WoundClock, case: str
) -> None:
    certificate, key = _wrong_files(tmp_path)[case]()
    if case == "another's key":
        pem = (tmp_path / certificate).read_text(encoding="ascii")
        (tmp_path / certificate).write_text(pem.partition("-----BEGIN PRIVATE")[0], encoding="ascii")
    with pytest.raises(BadSettings, match=r"edge\.tls"):
        opened(tmp_path, keys, clock, certificate=certificate, key=key)


def test_a_clients_file_that_is_none_is_named(tmp_path: Path, keys: GatewayKeys, clock: WoundClock) -> None:
    (tmp_path / "junk.pem").write_text("junk", encoding="ascii")
    for name in ("junk.pem", "none.pem"):
        with pytest.raises(BadSettings, match=name):
            opened(tmp_path, keys, clock, files=(name,))


def test_certificates_are_asked_for_where_somebody_could_show_one(
    tmp_path: Path, keys: GatewayKeys, clock: WoundClock
) -> None:
    make_certificate(tmp_path, "system", begins=BEGIN)
    assert opened(tmp_path, keys, clock).context.verify_mode is ssl.CERT_NONE
    for more in ({"files": ("system.pem",)}, {"authorities": ("system.pem",)}):
        context = opened(tmp_path, keys, clock, **more).context
        assert context.verify_mode is ssl.CERT_OPTIONAL
        assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_a_pair_that_was_half_exchanged_is_left_alone_until_it_is_whole(
    tmp_path: Path, keys: GatewayKeys, clock: WoundClock
) -> None:
    made = make_certificate(tmp_path, "edge", begins=BEGIN)
    tls = opened(tmp_path, keys, clock, certificate="edge.pem", key="edge.pem")
    whole = made.file.read_bytes()
    made.file.write_bytes(whole[:100])
    assert not tls.refresh()
    made.file.unlink()
    assert not tls.refresh()
    make_certificate(tmp_path, "edge", begins=BEGIN)
    assert tls.refresh()
    assert not tls.refresh()


def test_what_the_disk_kept_from_being_renewed_is_tried_each_minute_and_told_once(
    tmp_path: Path, keys: GatewayKeys, clock: WoundClock
) -> None:
    tls = opened(tmp_path, keys, clock)
    first = own_certificate(tmp_path)
    folder = planned_home(tmp_path, REGISTRY, "file:/x").keys_folder
    clock.wind(LIFE - timedelta(days=30))
    secret = folder / "edge-tls.jwe"
    secret.rename(tmp_path / "aside")
    secret.mkdir()
    with capture_logs() as logs:
        for _ in range(4):
            assert not tls.refresh()
            clock.wind(timedelta(seconds=61))
        secret.rmdir()
        (tmp_path / "aside").rename(secret)
        assert tls.refresh()
        assert not tls.refresh()
    assert [one["event"] for one in logs] == ["edge_certificate_not_taken", "edge_certificate_taken"]
    assert own_certificate(tmp_path).serial_number != first.serial_number


def test_between_two_attempts_the_disk_is_left_alone(
    tmp_path: Path, keys: GatewayKeys, clock: WoundClock
) -> None:
    made = make_certificate(tmp_path, "edge", begins=BEGIN)
    tls = opened(tmp_path, keys, clock, certificate="edge.pem", key="edge.pem")
    made.file.write_bytes(b"junk")
    assert not tls.refresh()
    assert not tls.refresh()
    # A clock that was wrong puts nothing off.
    clock.wind(timedelta(days=-3650))
    assert not tls.refresh()
    make_certificate(tmp_path, "edge", begins=BEGIN)
    assert tls.refresh()
