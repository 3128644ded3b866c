"""The keeper of a gateway looks at its log: shown, verified, its particulars erased, and damage found."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_socket
from cryptography.hazmat.primitives.serialization import Encoding

from rahdari.app.clock import SystemChance, SystemClock
from rahdari.app.exchange.keeping import CheckpointKeeper
from rahdari.app.exchange.log import EvidenceLogFiles, LogReader, LogSecrets, LogSigners
from rahdari.app.exchange.stamping import StampAge, Stamper
from rahdari.app.exchange.timestamper import TimestampingAuthority, create_timestamper
from rahdari.app.exchange.witnessing import WitnessCalls, WitnessDesk
from rahdari.wire.ndel.parties import Timestamper, Witness
from rahdari.wire.xroad import MemberId
from tests.fakes.gateway_homes import ENVIRONMENT, MadeGateway, add_gateway, make_instance
from tests.journeys.commands import CommandLine
from tests.unit.app.exchange_log.log_scene import request_of
from tests.unit.app.exchange_log.vouching_scene import Network

BANK = MemberId("PK", "COM", "2001")
AUTHORITY = MemberId("PK", "GOV", "1001")
TSA = "http://tsa.example/"
# Homes look for free ports.
pytestmark = pytest.mark.loopback


class Keeper:
    """A gateway of two, with a log of forty records that the other one witnessed and a court stamped."""

    def __init__(self, folder: Path) -> None:
        clock, chance = SystemClock(), SystemChance()
        instance = make_instance(folder)
        self.bank = add_gateway(instance, BANK, "kyc")
        self.authority = add_gateway(instance, AUTHORITY, "registry")
        create_timestamper(folder / "court", {}, name="court", clock=clock, chance=chance, scrypt_n=2)
        court = TimestampingAuthority(folder / "court", {}, clock=clock, chance=chance)
        certificate = court.certificate.public_bytes(Encoding.DER)
        self.timestamper = Timestamper("court", TSA, certificate)
        instance.publish(timestampers=(self.timestamper,))
        cosigner = self.authority.keys.cosigner
        self.witness = Witness("authority", "https://authority.example", (cosigner.key,))
        name = self.signers(self.bank).name
        desk = WitnessDesk(
            folder / "witness", [cosigner], {name.origin: name.keys}.get, clock=clock, alarm=print
        )
        self.network = Network()
        self.network.add_timestamper(court, TSA)
        self.network.add_witness(desk, "https://authority.example/add-checkpoint")
        asyncio.run(self.exchange())
        self.rahdari = CommandLine(self.bank.home.folder)
        self.rahdari.environment.update(ENVIRONMENT)
        self.instance = instance

    def signers(self, made: MadeGateway) -> LogSigners:
        return LogSigners(made.keys.origin, made.keys.log_signers)

    async def exchange(self) -> None:
        clock, chance = SystemClock(), SystemChance()
        secrets = LogSecrets(self.signers(self.bank), self.bank.keys.particulars_key)
        folder = self.bank.home.log_folder
        log = EvidenceLogFiles(folder, secrets, clock=clock, chance=chance, request_of=request_of)
        async with log:
            await asyncio.gather(*(log.append(b"request-%d record" % at, b"particulars") for at in range(40)))
        keeper = CheckpointKeeper(
            LogReader(folder, secrets.signers.name, request_of=request_of),
            stampers=lambda: [Stamper(self.timestamper, self.network.post, clock=clock, chance=chance)],
            witnesses=lambda: [WitnessCalls(self.witness, self.network.post)],
            chance=chance,
            alarm=print,
            age=StampAge(clock),
        )
        await keeper.round()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Keeper:
    pytest_socket.enable_socket()  # before the tests' own mark does
    return Keeper(tmp_path_factory.mktemp("instance"))


@pytest.fixture
def keeper(made: Keeper) -> Keeper:
    return made


def test_the_log_is_shown(keeper: Keeper) -> None:
    told = keeper.rahdari.json("exchange", "log", "show").document
    assert (told["records"], told["checkpoints_kept"], told["checkpoints_stamped"]) == (40, 1, 1)
    assert told["origin"] == keeper.bank.keys.origin
    words = keeper.rahdari("exchange", "log", "show").out
    assert "40 records" in words
    assert "Particulars: kept since" in words


def test_the_whole_log_is_verified_with_its_stamp_and_cosignature(keeper: Keeper) -> None:
    ended = keeper.rahdari.json("exchange", "log", "verify")
    assert (ended.code, ended.document) == (
        0,
        {
            "intact": True, "records": 40, "checkpoints": 1, "stamps": 1, "stamps_of_known": 1,
            "cosignatures_of_known": 1, "faults": [],
        },
    )  # fmt: skip
    assert "The log is intact: 40 records" in keeper.rahdari("exchange", "log", "verify").out


def test_a_stamp_of_an_authority_that_is_known_no_more_is_no_fault(keeper: Keeper) -> None:
    keeper.instance.publish(timestampers=())
    told = keeper.rahdari.json("exchange", "log", "verify").document
    keeper.instance.publish(timestampers=(keeper.timestamper,))
    assert (told["intact"], told["stamps"], told["stamps_of_known"]) == (True, 1, 0)


def test_the_particulars_of_running_hours_are_not_erased(keeper: Keeper) -> None:
    now = SystemClock().now()
    told = keeper.rahdari.json(
        "exchange", "log", "erase-particulars", "--before", f"{now:%Y-%m-%dT%H:%M}"
    ).document
    assert told["hours"] == 0
    assert keeper.rahdari("exchange", "log", "erase-particulars", "--before", "yesterday").code == 2


@pytest.mark.parametrize("suffix", ["tst", "note"])
def test_a_stamp_or_cosignature_that_was_altered_is_a_fault(keeper: Keeper, suffix: str) -> None:
    (path,) = (keeper.bank.home.log_folder / "kept").rglob(f"*.{suffix}")
    raw = path.read_bytes()
    # The last byte but a few: in the signature of the token, or of the line that the witness added.
    altered = raw[:-20] + bytes([raw[-20] ^ 1]) + raw[-19:]
    path.write_bytes(altered)
    ended = keeper.rahdari("exchange", "log", "verify")
    path.write_bytes(raw)
    assert ended.code == 1
    assert "NOT INTACT: 1 fault" in ended.out


def test_a_checkpoint_that_was_altered_is_a_fault_like_any_other(keeper: Keeper) -> None:
    path = keeper.bank.home.log_folder / "checkpoint"
    raw = path.read_bytes()
    path.write_bytes(raw.replace(b"\n40\n", b"\n39\n"))
    ended = keeper.rahdari("exchange", "log", "verify")
    shown = keeper.rahdari.json("exchange", "log", "show")
    path.write_bytes(raw)
    assert ended.code == 1
    assert "NOT INTACT" in ended.out
    assert (shown.code, shown.problem) == (6, "exchange.log_damaged")


def test_where_there_is_no_log_nothing_is_verified(keeper: Keeper) -> None:
    path = keeper.bank.home.log_folder / "checkpoint"
    raw = path.read_bytes()
    path.unlink()
    ended = keeper.rahdari.json("exchange", "log", "verify")
    path.write_bytes(raw)
    assert (ended.code, ended.problem) == (6, "exchange.log_damaged")


def test_particulars_are_erased_and_the_log_stays_intact(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path)
    later = SystemClock().now() + timedelta(hours=2)
    ended = keeper.rahdari("exchange", "log", "erase-particulars", "--before", later.isoformat())
    assert ended.out.strip() == "Particulars of 1 hour erased."
    assert keeper.rahdari.json("exchange", "log", "show").document["particulars_since"] is None
    assert keeper.rahdari("exchange", "log", "verify").code == 0
    bundle = next((keeper.bank.home.log_folder / "tile" / "entries").rglob("40"))
    bundle.write_bytes(bundle.read_bytes().replace(b"request-7", b"request-8"))
    assert keeper.rahdari("exchange", "log", "verify").code == 1


def test_the_hour_that_a_running_gateway_writes_is_never_erased(keeper: Keeper) -> None:
    later = SystemClock().now() + timedelta(days=2)
    secrets = LogSecrets(keeper.signers(keeper.bank), keeper.bank.keys.particulars_key)
    running = EvidenceLogFiles(
        keeper.bank.home.log_folder,
        secrets,
        clock=SystemClock(),
        chance=SystemChance(),
        request_of=request_of,
    )
    try:
        ended = keeper.rahdari.json("exchange", "log", "erase-particulars", "--before", later.isoformat())
    finally:
        running.close()
    assert ended.document["hours"] == 0


def test_without_a_gateway_there_is_no_log(tmp_path: Path) -> None:
    rahdari = CommandLine(tmp_path)
    assert rahdari.json("exchange", "log", "verify").problem == "app.not_initialised"
    assert rahdari("exchange", "log", "show").code != 0
