"""An instance on this machine: a registry's key, and homes of gateways that are entered in its configuration."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, TypeVar

from rahdari.app.clock import SystemChance
from rahdari.app.exchange.configuration_files import ConfigurationFiles
from rahdari.app.exchange.gateway_keys import GatewayKeys
from rahdari.app.exchange.home import (
    Anchor,
    GatewayHome,
    GatewaySettings,
    Listener,
    create_home,
    subsystem_of,
)
from rahdari.exchange.values.services import ClientProof, LocalClient
from rahdari.wire.keys import Algorithm, SoftwareSigner
from rahdari.wire.ndel.configuration import sign
from rahdari.wire.ndel.parties import Configuration, Member, Purpose
from rahdari.wire.xroad import MemberId, SecurityServerId
from tests.fakes.programs import GATEWAY, Program

INSTANCE = "PK"
PURPOSES = (
    Purpose("kyc", {"en": "Know your customer", "ur": "صارف کی پہچان", "zh": "了解客户"}, "Banking law"),
    Purpose("tax", {"en": "Taxation", "ur": "محصول", "zh": "税务"}, "Tax law"),
)
GatewayProcess = TypeVar("GatewayProcess", subprocess.Popen[str], Program)
ENVIRONMENT = {"RAHDARI_PASSPHRASE": "a passphrase of tests"}


@dataclass(slots=True)
class MadeGateway:
    """A home with its keys."""

    home: GatewayHome
    keys: GatewayKeys

    @property
    def edge_url(self) -> str:
        return f"http://127.0.0.1:{self.home.edge.port}"


@dataclass(slots=True)
class MadeInstance:
    """A registry and its gateways; ``publish`` signs a new version and lays it into every home."""

    folder: Path
    registry: SoftwareSigner
    name: str = INSTANCE
    gateways: dict[MemberId, MadeGateway] = field(default_factory=dict)
    seconds: dict[MemberId, MadeGateway] = field(default_factory=dict)
    version: int = 0
    configuration: Configuration | None = None

    def publish(
        self,
        *,
        at: datetime | None = None,
        lifetime: timedelta = timedelta(days=1),
        suspended: Iterable[MemberId] = (),
        **changes: object,
    ) -> Configuration:
        at = at or datetime.now(UTC)
        self.version += 1
        seconds = int(at.timestamp())
        gone = set(suspended)
        members = tuple(
            Member(
                member,
                made.home.name,
                made.home.subsystems,
                tuple(
                    one.keys.as_gateway(one.home.id)
                    for one in (made, self.seconds.get(member))
                    if one is not None
                ),
                seconds if member in gone else None,
            )
            for member, made in self.gateways.items()
        )
        configuration = Configuration(
            self.name,
            self.version,
            seconds,
            seconds + int(lifetime.total_seconds()),
            1,
            members=members,
            purposes=PURPOSES,
        )
        configuration = replace(configuration, **changes)  # type: ignore[arg-type]
        text = sign(self.registry, configuration)
        (self.folder / "configuration.jws").write_text(text, encoding="ascii")
        for made in (*self.gateways.values(), *self.seconds.values()):
            ConfigurationFiles(made.home.configuration_folder).keep(self.name, self.version, text)
        self.configuration = configuration
        return configuration


def make_instance(folder: Path, name: str = INSTANCE) -> MadeInstance:
    folder.mkdir(parents=True, exist_ok=True)
    return MadeInstance(folder, SoftwareSigner.generate(Algorithm.EDDSA), name)


def add_gateway(  # noqa: PLR0913 - all that a home may differ in
    instance: MadeInstance,
    member: MemberId,
    subsystem: str,
    *,
    offer: str = "",
    settings: GatewaySettings | None = None,
    ports: tuple[int, int] | None = None,
    at: datetime | None = None,
) -> MadeGateway:
    """Add a gateway; a member's second one, where it has one already."""
    is_second = member in instance.gateways
    edge, peer = ports or (free_port(), free_port())
    client = subsystem_of(member, subsystem)
    home = GatewayHome(
        folder=instance.folder / (member.member_code + ("-second" if is_second else "")),
        id=SecurityServerId(
            member.instance, member.member_class, member.member_code, "gw2" if is_second else "gw1"
        ),
        url=f"https://127.0.0.1:{peer}",
        name={"en": f"Member {member.member_code}"},
        subsystems=(subsystem,),
        edge=Listener("127.0.0.1", edge),
        peer=Listener("127.0.0.1", peer),
        anchor=Anchor(
            instance.name, (f"file:{instance.folder / 'configuration.jws'}",), (instance.registry.public,)
        ),
        clients={client: LocalClient(client, ClientProof.NETWORK, purposes={"": "kyc"})},
        settings=settings or GatewaySettings(),
    )
    keys = create_home(home, ENVIRONMENT, at=at or datetime.now(UTC), chance=SystemChance(), scrypt_n=1 << 10)
    if offer:
        home.services_file.write_text(offer, encoding="utf-8")
    made = MadeGateway(home, keys)
    (instance.seconds if is_second else instance.gateways)[member] = made
    return made


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def of_programs() -> dict[str, str]:
    """What programs need in their environment: the sources that the tests have, which may be a copy with a bug."""
    sources = os.environ.get("PYTHONPATH")
    return {"PYTHONUNBUFFERED": "1", **({} if sources is None else {"PYTHONPATH": sources})}


def start_gateway(
    made: MadeGateway,
    environment: Mapping[str, str] | None = None,
    *,
    words: Iterable[str] = ("rahdari.web.exchange",),
    journal: IO[bytes] | None = None,
) -> "subprocess.Popen[str]":
    """Start a gateway as the program that it is, and wait until it serves. Its lines go to ``journal``, or ours."""
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own words
        [sys.executable, "-m", *words, "--home", str(made.home.folder)],
        env={**ENVIRONMENT, **of_programs(), **(environment or {})},
        stdout=journal,
        stderr=subprocess.PIPE,
        text=True,
    )
    return serving(process)


def fork_gateway(made: MadeGateway) -> Program:
    """Start a gateway as a process that has its modules already, and wait until it serves.

    Its memory is not a gateway's: whoever measures that starts the program.
    """
    return serving(Program(GATEWAY, "--home", made.home.folder, environment=ENVIRONMENT | of_programs()))


def serving(process: GatewayProcess) -> GatewayProcess:
    """Wait until a gateway serves."""
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if line.startswith("Serving"):
            return process
    process.wait(5)
    raise AssertionError(f"the gateway did not begin: {''.join(said)}")
