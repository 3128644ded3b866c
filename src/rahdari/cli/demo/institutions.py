"""An instance of the exchange for the demonstration: a registry and three gateways, made and run here."""

import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import httpx
from cryptography.hazmat.primitives.serialization import Encoding

from rahdari.access import Enrolment, Role
from rahdari.app.clock import SystemChance, SystemClock
from rahdari.app.exchange.citizen_door import DoorAddress, DoorHome, create_door
from rahdari.app.exchange.consent_desk import key_name, make_issuer
from rahdari.app.exchange.home import Anchor, GatewayHome, GatewaySettings, Listener, create_home
from rahdari.app.exchange.identity_offer import (
    BEARER_FILE,
    IdentityOffer,
    describe_identity,
    write_identity_offer,
)
from rahdari.app.exchange.joining import make_request
from rahdari.app.exchange.registry import Registry
from rahdari.app.exchange.registry_founding import Founding, found_registry
from rahdari.app.exchange.timestamper import CERTIFICATE_NAME, create_timestamper
from rahdari.app.files import SECRET_MODE, write_whole
from rahdari.app.house import House
from rahdari.cli.demo.server import HOST, Server, find_free_port
from rahdari.cli.errors import ServerFailed
from rahdari.cli.exchange.doors import door_words
from rahdari.cli.exchange.serving import gateway_words
from rahdari.cli.exchange.timestampers import timestamper_words
from rahdari.exchange import ClientProof, LocalClient
from rahdari.kernel import ActorKind
from rahdari.wire.ndel.acts import Enter
from rahdari.wire.ndel.configuration import write_registry_key
from rahdari.wire.ndel.parties import ConsentIssuer, MessageKey, Purpose, Timestamper
from rahdari.wire.tlog import NoteKey
from rahdari.wire.xroad import SecurityServerId, SubsystemId

OFFICERS: Final = ("registry-officer-1", "registry-officer-2")
REGISTER: Final = SubsystemId("PK", "GOV", "1001", "register")
BANK: Final = SubsystemId("PK", "COM", "2002", "accounts")
TELECOM: Final = SubsystemId("PK", "COM", "3003", "sim-sales")
NAMES: Final = {
    REGISTER: {"en": "Sample Identity Authority", "ur": "نمونہ شناختی ادارہ", "zh": "样例身份机构"},
    BANK: {"en": "Sample Bank", "ur": "نمونہ بینک", "zh": "样例银行"},
    TELECOM: {"en": "Sample Telecom", "ur": "نمونہ ٹیلی کام", "zh": "样例电信"},
}
PURPOSES: Final = (
    Purpose(
        "account-opening",
        {"en": "Opening a bank account", "ur": "بینک کھاتہ کھولنا", "zh": "开立银行账户"},
        "sample: banking rules",
    ),
    Purpose(
        "sim-registration",
        {"en": "Registering a SIM card", "ur": "سم کارڈ کی رجسٹریشن", "zh": "登记电话卡"},
        "sample: telecom rules",
    ),
)
_READY_SECONDS_MAX: Final = 60.0
_ENDING_SECONDS_MAX: Final = 25
_CHARS_MAX: Final = 600
_LOG: Final = "gateway.log"
# Nobody waits a minute for a time stamp at a demonstration.
_VOUCHING_SECONDS: Final = 1


@dataclass(frozen=True, slots=True)
class Institution:
    """A member with its gateway, and the client by which it asks."""

    client: SubsystemId
    home: GatewayHome

    @property
    def url(self) -> str:
        """Where its own information systems call."""
        return self.home.edge_url


@dataclass(frozen=True, slots=True)
class Stamps:
    """A time-stamping authority: its folder, and the port where it is asked."""

    folder: Path
    port: int

    @property
    def certificate(self) -> Path:
        """What a court verifies its stamps by."""
        return self.folder / CERTIFICATE_NAME


@dataclass(frozen=True, slots=True)
class Instance:
    """The whole of it.

    ``witness`` is the key by which the bank's gateway cosigns the others' logs, ``door`` the page on which persons
    read who asked about them.
    """

    registry: Registry
    register: Institution
    bank: Institution
    telecom: Institution
    stamps: Stamps
    witness: NoteKey
    door: DoorHome

    @property
    def registry_key(self) -> str:
        """The key that verifiers trust."""
        return write_registry_key(self.registry.public)


def make_instance(house: House, server: Server, environment: Mapping[str, str]) -> Instance:
    """Make an instance anew, with the identity authority as its first provider."""
    folder = house.settings.home / "exchange"
    shutil.rmtree(folder, ignore_errors=True)
    founding = Founding("PK", OFFICERS)
    registry = found_registry(
        folder / "registry", founding, environment, clock=SystemClock(), chance=SystemChance()
    )
    # Opening a key costs a third of a second on purpose; the two officers sit here for all of it.
    first, second = (registry.officer(name, environment, None) for name in OFFICERS)
    made, witnesses = {}, {}
    for client in (REGISTER, BANK, TELECOM):
        made[client], request, witnesses[client] = _ask_to_join(
            registry, folder / client.member_code, client, environment
        )
        for officer in (first, second):
            registry.approve_any(request, *officer)
    stamps, timestamper = _make_stamps(folder / "timestamper", environment)
    for entry in (*PURPOSES, _consent_issuer(made[REGISTER], environment), timestamper):
        proposal = registry.propose(Enter(entry), *first)
        registry.approve(proposal.number, *second)
    _offer(house, made[REGISTER].home, server)
    port = find_free_port()
    address = DoorAddress(Listener(HOST, port), f"http://{HOST}:{port}")
    door = create_door(
        folder / "citizens", made[REGISTER].home.folder, environment, address=address, chance=SystemChance()
    )
    return Instance(registry, made[REGISTER], made[BANK], made[TELECOM], stamps, witnesses[BANK], door)


@contextmanager
def serving_gateways(instance: Instance, environment: Mapping[str, str]) -> Iterator[None]:
    """Run the gateways, the time-stamping authority and the page for citizens until the block ends.

    Raises:
        ServerFailed: one of them ended, or was not ready in time.
    """
    with ExitStack() as until_end:
        words = timestamper_words(instance.stamps.folder, port=instance.stamps.port)
        until_end.enter_context(_running(words, instance.stamps.folder, environment))
        gateways = [one.home for one in (instance.register, instance.bank, instance.telecom)]
        door = instance.door
        wanted = [(gateway_words(str(one.folder)), one.folder, f"{one.edge_url}/health") for one in gateways]
        wanted.append(
            (door_words(door.folder, door.listener.host, door.listener.port), door.folder, door.url)
        )
        started = [
            (url, folder, until_end.enter_context(_running(words, folder, environment)))
            for words, folder, url in wanted
        ]
        for url, folder, process in started:
            _wait(url, process, folder / _LOG)
        yield


def _ask_to_join(
    registry: Registry, folder: Path, client: SubsystemId, environment: Mapping[str, str]
) -> tuple[Institution, str, NoteKey]:
    """Make a gateway's home and hand its request to the registry; give the request's id and the witness's key."""
    peer = find_free_port()
    home = GatewayHome(
        folder=folder,
        id=SecurityServerId(client.instance, client.member_class, client.member_code, "gw1"),
        url=f"https://{HOST}:{peer}",
        name=NAMES[client],
        subsystems=(client.subsystem_code,),
        edge=Listener(HOST, find_free_port()),
        peer=Listener(HOST, peer),
        anchor=Anchor("PK", (f"file:{registry.public_file.absolute()}",), (registry.public,)),
        clients={client: LocalClient(client, ClientProof.NETWORK)},
        settings=GatewaySettings(vouching_seconds=_VOUCHING_SECONDS),
    )
    keys = create_home(home, environment, at=SystemClock().now(), chance=SystemChance())
    request = registry.receive(make_request(home, keys, SystemClock()))
    return Institution(client, home), request.id, keys.cosigner.key


def _make_stamps(folder: Path, environment: Mapping[str, str]) -> tuple[Stamps, Timestamper]:
    """Make a time-stamping authority, and its entry in the configuration."""
    certificate = create_timestamper(
        folder, environment, name="Sample time stamps", clock=SystemClock(), chance=SystemChance()
    )
    stamps = Stamps(folder, find_free_port())
    entry = Timestamper("sample", f"http://{HOST}:{stamps.port}/", certificate.public_bytes(Encoding.DER))
    return stamps, entry


def _consent_issuer(institution: Institution, environment: Mapping[str, str]) -> ConsentIssuer:
    home = institution.home
    public, _ = make_issuer(
        home.folder, environment, lists=f"{institution.url}/ndel/consents", chance=SystemChance()
    )
    begins = SystemClock().now() - timedelta(hours=1)
    ends = begins + timedelta(days=366)
    key = MessageKey(key_name(public), public, int(begins.timestamp()), int(ends.timestamp()))
    return ConsentIssuer(home.member, (key,))


def _offer(house: House, home: GatewayHome, server: Server) -> None:
    """Put the authority's services behind its gateway, which proves itself to the server by a token of today."""
    enrolment = Enrolment(ActorKind.INSTITUTION, "Exchange gateway", frozenset({Role.EXCHANGE.value}))
    principal = house.officers.find_named(enrolment.name) or house.officers.enrol(enrolment)
    token = house.officers.issue_token(principal.id, lifetime=timedelta(days=1)).text
    offer = IdentityOffer(REGISTER, server.url, tuple(one.code for one in PURPOSES), (BANK, TELECOM))
    write_whole(home.folder / BEARER_FILE, token.encode(), mode=SECRET_MODE)
    for name, described in describe_identity(REGISTER).items():
        write_whole(home.folder / name, described)
    write_whole(home.services_file, write_identity_offer(offer).encode())


@contextmanager
def _running(
    words: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> Iterator["subprocess.Popen[bytes]"]:
    with (folder / _LOG).open("wb") as written:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter with our own words, no shell
            words,
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            # Ctrl-C comes to us, and we end the gateway in order.
            start_new_session=True,
        )
        try:
            yield process
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(_ENDING_SECONDS_MAX)
            # Of one that has ended, this does nothing.
            process.kill()
            process.wait()


def _wait(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + _READY_SECONDS_MAX
    with httpx.Client(timeout=2) as asking:
        while time.monotonic() < until:
            if process.poll() is not None:
                said = log.read_text(encoding="utf-8", errors="replace").strip()[-_CHARS_MAX:]
                raise ServerFailed(
                    f"what serves {url} ended with {process.returncode}: {said or 'it said nothing'}"
                )
            with suppress(httpx.HTTPError):
                if asking.get(url).status_code == httpx.codes.OK:
                    return
            time.sleep(0.05)
    raise ServerFailed(f"nothing served {url} after {_READY_SECONDS_MAX:.0f} seconds; see {log}")
