"""The offline verifier's folder: what it takes, what it keeps, what it refuses."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from typing_extensions import override

from rahdari.app.errors import BadFile
from rahdari.app.files import write_whole
from rahdari.app.gate import Gate, make_policy, open_gate
from rahdari.app.house import House
from rahdari.app.status_sources import FolderSource
from rahdari.credentials import Act, KeyUse, VerdictKind
from rahdari.credentials.errors import (
    NoTrust,
    StatusSourceFailed,
    TrustExpired,
    TrustRolledBack,
    TrustUnsigned,
)
from rahdari.credentials.service.keys import TRUST_LIFE
from rahdari.wire.errors import MalformedInput
from rahdari.wire.keys import SoftwareSigner
from tests.fakes.clock import WoundClock
from tests.unit.app.founding import founded, founded_anew, issued, officer


@pytest.fixture
def clock() -> WoundClock:
    return WoundClock()


@pytest.fixture
def house(tmp_path: Path, clock: WoundClock) -> Iterator[House]:
    made = founded(tmp_path / "home", clock=clock)
    yield made
    made.close()


@pytest.fixture
def gate(tmp_path: Path, clock: WoundClock) -> Gate:
    return Gate(tmp_path / "gate", clock)


def root_of(house: House) -> bytes:
    return (house.authority.public_folder / "root.jwk").read_bytes()


def source_of(house: House) -> FolderSource:
    return FolderSource(house.authority.public_folder)


def copy_held(folder: Path) -> Path:
    """The copy of the lists that the verifier of the house holds."""
    (stream,) = (folder / "home" / "verifier" / "status").iterdir()
    return stream / "bundle"


class Plain:
    """A source of lists alone, as another authority's: it has no status stream."""

    def __init__(self, lists: FolderSource) -> None:
        self._lists = lists

    def list_addresses(self, prefix: str) -> tuple[str, ...]:
        return self._lists.list_addresses(prefix)

    def fetch(self, uri: str) -> bytes:
        return self._lists.fetch(uri)

    def fetch_bundle(self, prefix: str) -> None:
        return None

    def fetch_deltas(self, prefix: str, *, after: int) -> None:
        return None

    def fetch_manifest(self, prefix: str) -> None:
        return None


def test_an_empty_gate_says_what_it_lacks(gate: Gate, house: House) -> None:
    with pytest.raises(NoTrust, match="trust import"):
        gate.examine("NOT A PASS")
    with pytest.raises(NoTrust, match="root"):
        gate.import_trust(house.authority.current_trust_list())


def test_a_root_is_pinned_once_and_another_is_refused(gate: Gate, house: House) -> None:
    assert gate.pin_root(root_of(house)) == gate.pin_root(root_of(house))
    other = json.dumps(SoftwareSigner.generate().public.as_jwk()).encode()
    with pytest.raises(NoTrust, match="another root"):
        gate.pin_root(other)
    for junk in (b"", b'{"kty": ["EC"], "crv": {}}', b"{}", b"[]", b"null", b'"x"', b"[" * 100_000, b"\xff"):
        with pytest.raises(BadFile):
            gate.pin_root(junk)


def test_a_trust_list_is_never_rolled_back_and_never_from_a_stranger(
    gate: Gate, house: House, tmp_path: Path, clock: WoundClock
) -> None:
    first = house.authority.current_trust_list()
    _, second = house.authority.rotate(KeyUse.STATUS, actor=officer(house))
    gate.pin_root(root_of(house))
    gate.import_trust(second)
    with pytest.raises(TrustRolledBack):
        gate.import_trust(first)
    stranger = founded_anew(tmp_path / "stranger", clock=clock)
    with pytest.raises(TrustUnsigned):
        gate.import_trust(stranger.authority.current_trust_list())
    stranger.close()
    with pytest.raises(MalformedInput):
        gate.import_trust("junk")
    assert gate.trust().listed.sequence == 2


def test_an_expired_trust_list_is_not_imported_and_one_that_expires_makes_passes_stale(
    gate: Gate, house: House, clock: WoundClock
) -> None:
    text = house.registry.get_pass(issued(house).number).text
    gate.pin_root(root_of(house))
    listed = house.authority.current_trust_list()
    gate.import_trust(listed)
    gate.sync(source_of(house))
    clock.wind(TRUST_LIFE)
    with pytest.raises(TrustExpired):
        gate.import_trust(listed)
    assert gate.examine(text).verdict is VerdictKind.STALE


def test_a_sync_tells_a_suspension_and_a_lost_one_keeps_what_was_held(
    house: House, tmp_path: Path, clock: WoundClock
) -> None:
    card = issued(house)
    text, gate = house.registry.get_pass(card.number).text, house.gate
    house.authority.publish()
    gate.sync(source_of(house))
    assert gate.examine(text).verdict is VerdictKind.VALID
    clock.wind(timedelta(seconds=2))
    house.registry.act(card.number, Act.SUSPEND, actor=officer(house))
    lost = gate.sync(FolderSource(tmp_path / "nowhere"))
    assert [type(problem) for _, problem in lost.failed] == [StatusSourceFailed]
    assert gate.examine(text).verdict is VerdictKind.VALID
    house.authority.publish()
    assert gate.sync(source_of(house)).taken
    assert gate.examine(text).verdict is VerdictKind.SUSPENDED


def test_an_old_or_altered_list_does_not_take_the_place_of_the_one_that_is_held(
    house: House, clock: WoundClock
) -> None:
    card = issued(house)
    text, gate, path = (
        house.registry.get_pass(card.number).text,
        house.gate,
        house.authority.public_folder / "s/1.cwt",
    )
    house.authority.publish()
    old = path.read_bytes()
    clock.wind(timedelta(seconds=2))
    house.registry.act(card.number, Act.SUSPEND, actor=officer(house))
    house.authority.publish()
    gate.sync(source_of(house))
    for offered in (old, b"junk", old[:-1] + bytes([old[-1] ^ 1])):
        path.write_bytes(offered)
        assert len(gate.sync(source_of(house)).failed) == 1
        assert gate.examine(text).verdict is VerdictKind.SUSPENDED


def test_a_held_list_that_was_damaged_on_the_disk_is_as_good_as_none(house: House, tmp_path: Path) -> None:
    text = house.registry.get_pass(issued(house).number).text
    house.authority.publish()
    house.gate.sync(source_of(house))
    copy_held(tmp_path).write_bytes(b"\0" * 100)
    assert house.gate.examine(text).verdict is VerdictKind.STALE


def flips(whole: bytes) -> Iterator[bytes]:
    """The content with one bit turned, at places all over it."""
    for at in range(0, len(whole), max(1, len(whole) // 60)):
        for bit in (1, 0x80):
            yield whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :]


def test_a_list_that_was_altered_anywhere_is_replaced_by_the_next_sync(house: House, tmp_path: Path) -> None:
    text = house.registry.get_pass(issued(house).number).text
    house.authority.publish()
    house.gate.sync(source_of(house))
    held = copy_held(tmp_path)
    for damaged in flips(held.read_bytes()):
        held.write_bytes(damaged)
        assert house.gate.examine(text).verdict in (VerdictKind.STALE, VerdictKind.VALID)
    assert house.gate.sync(source_of(house)).failed == ()
    assert house.gate.examine(text).verdict is VerdictKind.VALID


def test_a_trust_list_that_was_altered_anywhere_is_replaced_by_the_next_import(
    house: House, tmp_path: Path
) -> None:
    path = tmp_path / "home" / "verifier" / "trust.jwt"
    whole = path.read_bytes()
    listed = house.authority.current_trust_list()
    for damaged in flips(whole):
        path.write_bytes(damaged)
        assert house.gate.import_trust(listed).listed.sequence == 1
    path.write_bytes(b'{"alg": "none"}')
    with pytest.raises(NoTrust, match="damaged"):
        house.gate.examine("NOT A PASS")


def test_a_list_under_the_name_of_another_one_does_not_stand_in_for_it(house: House, tmp_path: Path) -> None:
    text = house.registry.get_pass(issued(house).number).text
    house.authority.publish()
    house.gate.sync(Plain(source_of(house)))
    (held,) = (tmp_path / "home" / "verifier" / "status").iterdir()
    assert house.gate.examine(text).verdict is VerdictKind.VALID
    held.rename(held.with_name("0" * 64 + ".cwt"))
    assert house.gate.examine(text).verdict is VerdictKind.STALE


@pytest.mark.parametrize("wound", [timedelta(days=-2), timedelta(days=8)])
def test_a_held_list_stands_against_older_ones_and_condemns_whatever_the_clock_says(
    house: House, clock: WoundClock, wound: timedelta
) -> None:
    clock.wind(timedelta(days=3))
    # Begun anew: the house's own gate does not follow a clock that is set back.
    anew = open_gate(house.settings, clock=clock)
    card, other = issued(house), issued(house, 2)
    text, good = (house.registry.get_pass(one.number).text for one in (card, other))
    path = house.authority.public_folder / "s/1.cwt"
    house.authority.publish()
    before = path.read_bytes()
    clock.wind(timedelta(hours=2))
    house.registry.act(card.number, Act.SUSPEND, actor=officer(house))
    house.authority.publish()
    anew.sync(source_of(house))
    clock.wind(wound)
    assert anew.examine(good).verdict in (VerdictKind.STALE, VerdictKind.NOT_YET_VALID)
    path.write_bytes(before)
    assert len(anew.sync(source_of(house)).failed) == 1
    clock.wind(-wound)
    assert anew.examine(text).verdict is VerdictKind.SUSPENDED


def test_a_clock_that_was_set_back_lets_no_suspended_pass_through(house: House, clock: WoundClock) -> None:
    card = issued(house)
    text, path = house.registry.get_pass(card.number).text, house.authority.public_folder / "s/1.cwt"
    house.authority.publish()
    before = path.read_bytes()
    clock.wind(timedelta(days=1))
    house.registry.act(card.number, Act.SUSPEND, actor=officer(house))
    house.authority.publish()
    house.gate.sync(source_of(house))
    clock.wind(timedelta(hours=-23))
    path.write_bytes(before)
    (failed,) = house.gate.sync(source_of(house)).failed
    assert "older" in failed[1].message
    assert house.gate.examine(text).verdict is VerdictKind.SUSPENDED


class _Late(Plain):
    """Gives the older list of two."""

    def __init__(self, lists: FolderSource, older: bytes) -> None:
        super().__init__(lists)
        self._older = older

    @override
    def fetch(self, uri: str) -> bytes:
        return self._older


class Meanwhile:
    """Another process does ``other`` between the look at what is held and the first write of ``name``."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str, other: Callable[[], object]) -> None:
        self._name, self._other, self._write = name, threading.Thread(target=other), write_whole
        monkeypatch.setattr("rahdari.app.gate.write_whole", self._write_late)

    def finish(self) -> None:
        self._other.join()

    def _write_late(self, path: Path, content: bytes) -> None:
        if path.name.endswith(self._name) and not self._other.ident:
            self._other.start()
            self._other.join(timeout=0.5)
        self._write(path, content)


def test_an_older_list_of_one_process_does_not_replace_the_newer_one_of_another(
    house: House, clock: WoundClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = issued(house)
    text, gate = house.registry.get_pass(card.number).text, house.gate
    house.authority.publish()
    older = (house.authority.public_folder / "s/1.cwt").read_bytes()
    clock.wind(timedelta(seconds=2))
    house.registry.act(card.number, Act.SUSPEND, actor=officer(house))
    house.authority.publish()
    second, newer = Gate(house.settings.home / "verifier", clock), Plain(source_of(house))
    meanwhile = Meanwhile(monkeypatch, ".cwt", lambda: second.sync(newer))
    gate.sync(_Late(source_of(house), older))
    meanwhile.finish()
    assert gate.examine(text).verdict is VerdictKind.SUSPENDED


def test_an_older_trust_list_of_one_process_does_not_replace_the_newer_one_of_another(
    house: House, gate: Gate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: WoundClock
) -> None:
    gate.pin_root(root_of(house))
    lists = [house.authority.sign_trust_list(actor=officer(house)) for _ in range(2)]
    second = Gate(tmp_path / "gate", clock)
    meanwhile = Meanwhile(monkeypatch, "trust.jwt", lambda: second.import_trust(lists[1]))
    older = gate.import_trust(lists[0])
    meanwhile.finish()
    assert gate.trust().listed.sequence == older.listed.sequence + 1


class _Mixed(Plain):
    """A source with one good list between bad ones."""

    def __init__(self, good: FolderSource, bad: bytes) -> None:
        super().__init__(good)
        self._bad = bad

    @override
    def list_addresses(self, prefix: str) -> tuple[str, ...]:
        return (f"{prefix}0", *super().list_addresses(prefix), f"{prefix}9")

    @override
    def fetch(self, uri: str) -> bytes:
        return super().fetch(uri) if uri.endswith("/1") else self._bad


@pytest.mark.parametrize("bad", [b"", b"junk", b"eyJ.eyJ.", b"\xd2\x84\x43\xa1\x01\x00\xa0\x40\x40"])
def test_a_bad_list_does_not_stop_the_others(house: House, bad: bytes) -> None:
    house.authority.publish()
    synced = house.gate.sync(_Mixed(source_of(house), bad))
    assert ([uri[-2:] for uri in synced.taken], len(synced.failed)) == (["/1"], 2)


def test_verifying_offline_loads_neither_the_database_nor_the_press_nor_a_client_of_servers() -> None:
    code = (
        "import sys; from rahdari.app.gate import open_gate; from rahdari.app.status_sources import HttpSource;"
        "print([one for one in ('sqlalchemy', 'typst', 'httpx', 'litestar') if one in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)  # noqa: S603
    assert told.stdout == "[]\n"


def test_the_policy_of_the_settings_decides_when_a_status_is_stale(
    house: House, tmp_path: Path, clock: WoundClock
) -> None:
    text = house.registry.get_pass(issued(house).number).text
    house.authority.publish()
    strict = Gate(
        tmp_path / "home" / "verifier", clock, make_policy(status_age_max_seconds=10, clock_skew_seconds=0)
    )
    strict.sync(source_of(house))
    clock.wind(timedelta(seconds=10))
    assert strict.examine(text).verdict is VerdictKind.VALID
    clock.wind(timedelta(seconds=1))
    assert strict.examine(text).verdict is VerdictKind.STALE
    assert house.gate.examine(text).verdict is VerdictKind.VALID
