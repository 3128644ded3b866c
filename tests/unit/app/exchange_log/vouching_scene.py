"""Witnesses and time-stamping authorities without a network: a post that hands bodies to them, and can fail."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from rahdari.app.exchange.posting import NotAnswered, Posted
from rahdari.app.exchange.stamping import REPLY_TYPE
from rahdari.app.exchange.timestamper import TimestampingAuthority, create_timestamper
from rahdari.app.exchange.witnessing import WitnessDesk
from rahdari.wire.ndel.parties import Timestamper, Witness
from rahdari.wire.tlog import KeyKind
from tests.fakes.chance import SeededChance
from tests.fakes.clock import WoundClock
from tests.unit.app.exchange_log.log_scene import ORIGIN, SIGNERS
from tests.unit.wire.tlog_world import ed25519, ml_dsa

BANK = "ndel/PK/COM/2001/gw1/witness"
BANK_SIGNERS = (ed25519(BANK, KeyKind.COSIGNATURE), ml_dsa(BANK))
BANK_KEYS = tuple(one.key for one in BANK_SIGNERS)
WITNESS = Witness("bank", "https://bank.example/witness/", BANK_KEYS)


@dataclass
class Network:
    """Answers by address; what is ``down`` does not answer."""

    handlers: dict[str, Callable[[bytes], Posted]] = field(default_factory=dict)
    down: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    async def post(self, url: str, body: bytes, media_type: str, bytes_max: int) -> Posted:
        self.asked.append(url)
        if url in self.down or url not in self.handlers:
            raise NotAnswered(f"{url} did not answer")
        return self.handlers[url](body)

    def add_witness(
        self, desk: WitnessDesk, url: str = "https://bank.example/witness/add-checkpoint"
    ) -> None:
        def handle(body: bytes) -> Posted:
            answer = desk.answer(body)
            return Posted(answer.status, answer.media_type, answer.body)

        self.handlers[url] = handle

    def add_timestamper(self, authority: TimestampingAuthority, url: str) -> None:
        self.handlers[url] = lambda body: Posted(200, REPLY_TYPE, authority.answer(body))


def desk(folder: Path, clock: WoundClock, alarms: list[str] | None = None) -> WitnessDesk:
    keys = {ORIGIN: SIGNERS.name.keys}
    return WitnessDesk(
        folder, BANK_SIGNERS, keys.get, clock=clock, alarm=(alarms if alarms is not None else []).append
    )


class Ticks:
    """Seconds that go by with the wound clock, or without it."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at

    def pass_by(self, clock: WoundClock, seconds: float) -> None:
        self.at += seconds
        clock.wind(timedelta(seconds=seconds))


def authority(folder: Path, clock: WoundClock, ticks: Ticks, name: str = "court") -> TimestampingAuthority:
    if not folder.exists():
        create_timestamper(folder, {}, name=name, clock=clock, chance=SeededChance(5), scrypt_n=2)
    return TimestampingAuthority(folder, {}, clock=clock, chance=SeededChance(6), tick=ticks)


def timestamper(one: TimestampingAuthority, url: str, name: str = "court") -> Timestamper:
    return Timestamper(name, url, one.certificate.public_bytes(Encoding.DER))
