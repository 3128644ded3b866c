"""A registry and gateways in folders, with keys that are quick to open and clocks that tests wind."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from rahdari.app.exchange.gateway_keys import GatewayKeys
from rahdari.app.exchange.home import Anchor, GatewayHome, Listener, create_home
from rahdari.app.exchange.joining import make_request
from rahdari.app.exchange.registry import Registry
from rahdari.app.exchange.registry_founding import Founding, found_registry
from rahdari.kernel import Clock
from rahdari.wire.keys import PublicKey
from rahdari.wire.ndel.acts import Change
from rahdari.wire.xroad import SecurityServerId
from tests.fakes.chance import SeededChance
from tests.fakes.clock import WoundClock

BEGIN = datetime(2027, 1, 15, 8, 0, tzinfo=UTC)
# Of scrypt: enough for tests.
QUICK = 2
OFFICERS = ("Sample One", "Sample Two")


def clock() -> WoundClock:
    return WoundClock(BEGIN)


def make_registry(folder: Path, time: Clock, *, instance: str = "PK") -> Registry:
    return found_registry(
        folder, Founding(instance, OFFICERS), {}, clock=time, chance=SeededChance(), scrypt_n=QUICK
    )


def planned_home(
    folder: Path, public: PublicKey, url: str, *, code: str = "1001", instance: str = "PK"
) -> GatewayHome:
    port = 5000 + int(code) % 1000
    return GatewayHome(
        folder=folder,
        id=SecurityServerId(instance, "GOV", code, "gw1"),
        url=f"https://127.0.0.1:{port}",
        name={"en": f"Sample Office {code}", "ur": "نمونہ دفتر"},
        subsystems=("registry",),
        edge=Listener("127.0.0.1", port + 1000),
        peer=Listener("127.0.0.1", port),
        anchor=Anchor(instance, (url,), (public,)),
    )


def make_gateway(
    folder: Path, registry: Registry, time: Clock, *, code: str = "1001", url: str = ""
) -> tuple[GatewayHome, GatewayKeys]:
    home = planned_home(
        folder,
        registry.public,
        url or f"file:{registry.public_file}",
        code=code,
        instance=registry.register().instance,
    )
    keys = create_home(home, {}, at=time.now(), chance=SeededChance(int(code)), scrypt_n=QUICK)
    return home, keys


def decide(registry: Registry, change: Change) -> None:
    """Let both officers sign a change."""
    proposal = registry.propose(change, *registry.officer(OFFICERS[0], {}))
    registry.approve(proposal.number, *registry.officer(OFFICERS[1], {}))


def enter(registry: Registry, home: GatewayHome, keys: GatewayKeys, time: Clock) -> str:
    """Let a gateway ask and both officers agree; give the request's id."""
    read = registry.receive(make_request(home, keys, time))
    for name in OFFICERS:
        registry.approve_any(read.id, *registry.officer(name, {}))
    return read.id


def elsewhere(home: GatewayHome, url: str) -> GatewayHome:
    return replace(home, anchor=replace(home.anchor, urls=(url,)))
