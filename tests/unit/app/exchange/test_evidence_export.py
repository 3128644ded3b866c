"""Evidence gathered from a home: the best checkpoint, the configuration of that time, and what is left of it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rahdari.app.exchange.configuration_files import ConfigurationFiles
from rahdari.app.exchange.evidence_export import export_evidence, open_reader
from rahdari.app.exchange.log import EvidenceLogFiles, LogReader, LogSecrets, LogSigners
from rahdari.exchange.errors import ConfigurationRefused, UnknownExchange
from rahdari.wire.keys import Algorithm, SoftwareSigner
from rahdari.wire.ndel import configuration, evidence_file
from rahdari.wire.ndel.record_bytes import encode_entry, encode_particulars, request_id_of
from rahdari.wire.ndel.records import ExchangeRecord, LogEntry, Particulars, ReceiptRecord
from rahdari.wire.tlog import Ed25519NoteSigner, KeyKind, read_proof, sign_checkpoint
from rahdari.wire.xroad import MemberId, SubsystemId
from tests.fakes.chance import SeededChance
from tests.fakes.clock import WoundClock
from tests.fakes.gateway_homes import MadeGateway, MadeInstance, add_gateway, make_instance
from tests.unit.exchange.evidence_scene import stamp
from tests.unit.exchange.exchange_scene import AT as SCENE_AT
from tests.unit.wire.test_ndel_record_bytes import FULL, MARK

pytestmark = pytest.mark.loopback
AT = datetime(2027, 3, 20, 9, 0, tzinfo=UTC)
WITNESS = Ed25519NoteSigner("w.example", SoftwareSigner.generate(Algorithm.EDDSA), KeyKind.COSIGNATURE)
PARTICULARS = Particulars("asked", "answered", b"GET", "consent")
Kept = Callable[[LogReader], None]


@dataclass
class Place:
    """A gateway's home whose log is written to in steps, with a checkpoint after each."""

    instance: MadeInstance
    made: MadeGateway

    def record(self, **changes: object) -> ExchangeRecord:
        milliseconds = int(AT.timestamp() * 1000)
        made = replace(
            FULL,
            request_id="r-1",
            began=milliseconds,
            ended=milliseconds,
            client=SubsystemId("PK", "COM", "2002", "app"),
            configuration_version=1,
        )
        return replace(made, **changes)  # type: ignore[arg-type]

    def write(self, *entries: LogEntry, then: Kept = lambda _: None) -> None:
        async def told() -> None:
            keys = self.made.keys
            secrets = LogSecrets(LogSigners(keys.origin, keys.log_signers), keys.particulars_key)
            log = EvidenceLogFiles(
                self.made.home.log_folder,
                secrets,
                clock=WoundClock(AT),
                chance=SeededChance(),
                request_of=request_id_of,
            )
            async with log:
                for entry in entries:
                    raw = encode_particulars(PARTICULARS) if isinstance(entry, ExchangeRecord) else b""
                    await log.append(encode_entry(entry), raw)

        asyncio.run(told())
        then(self.reader)

    @property
    def reader(self) -> LogReader:
        return open_reader(self.made.home, self.made.keys)

    def export(self, request_id: str = "r-1") -> evidence_file.EvidenceFile:
        file = export_evidence(self.made.home, self.reader, request_id)
        assert evidence_file.decode(evidence_file.encode(file)) == file
        return file


@pytest.fixture
def place(tmp_path: Path) -> Place:
    instance = make_instance(tmp_path)
    made = add_gateway(instance, MemberId("PK", "GOV", "1001"), "registry", at=AT)
    instance.publish(at=AT - timedelta(hours=1))
    return Place(instance, made)


def stamped(reader: LogReader) -> None:
    note, _ = reader.checkpoint()
    reader.checkpoints.keep_stamp(note, b"a stamp")


def cosigned(reader: LogReader) -> None:
    note, checkpoint = reader.checkpoint()
    reader.checkpoints.keep_signatures(note, [sign_checkpoint(WITNESS, checkpoint, at=1)])


def both(reader: LogReader) -> None:
    stamped(reader)
    cosigned(reader)


def size_of(file: evidence_file.EvidenceFile) -> str:
    return read_proof(file.records[0].logged.proof).note.text.split("\n")[1]


def test_a_record_is_exported_with_all_that_belongs_to_it(place: Place) -> None:
    place.write(place.record(), ReceiptRecord("r-1", 1, MARK), place.record(request_id="r-2"))
    file = place.export()
    (kept,) = file.records
    assert kept.particulars == PARTICULARS
    assert len(kept.receipts) == 1
    assert kept.stamp is None
    assert configuration.decode(file.configurations[0]).unverified.version == 1


def test_the_first_stamped_and_countersigned_checkpoint_is_taken_before_all_others(place: Place) -> None:
    place.write(place.record())
    assert size_of(place.export()) == "1"
    place.write(place.record(request_id="r-2"), then=stamped)
    assert (size_of(place.export()), place.export().records[0].stamp) == ("2", b"a stamp")
    place.write(place.record(request_id="r-3"), then=both)
    place.write(place.record(request_id="r-4"), then=both)
    place.write(place.record(request_id="r-5"))
    file = place.export()
    assert (size_of(file), file.records[0].stamp) == ("3", b"a stamp")
    assert any(one.name == "w.example" for one in read_proof(file.records[0].logged.proof).note.signatures)
    assert size_of(place.export("r-5")) == "5"


@pytest.mark.parametrize(("hours", "size"), [(3, "2"), (5, "1")])
def test_a_stamp_in_time_goes_before_a_countersignature_whose_stamp_came_too_late(
    place: Place, hours: int, size: str
) -> None:
    """In a quiet log the next checkpoint comes a day later."""
    ended = int((SCENE_AT + timedelta(seconds=1)).timestamp() * 1000)
    began = int(AT.timestamp() * 1000)

    def in_time(reader: LogReader) -> None:
        note, _ = reader.checkpoint()
        reader.checkpoints.keep_stamp(note, stamp(note))

    def later(reader: LogReader) -> None:
        note, _ = reader.checkpoint()
        reader.checkpoints.keep_stamp(note, stamp(note, seconds=hours * 3600))
        cosigned(reader)

    place.write(place.record(began=began, ended=ended), then=in_time)
    place.write(place.record(request_id="r-2"), then=later)
    assert size_of(place.export()) == size


def test_particulars_that_were_erased_are_not_there(place: Place) -> None:
    place.write(place.record())
    # The journal's segment is given up at the next start.
    place.write(place.record(request_id="r-2"))
    assert place.reader.erase_particulars(before=AT + timedelta(hours=2)) == 1
    assert place.export().records[0].particulars is None


def test_what_the_log_does_not_hold_cannot_be_proved(place: Place) -> None:
    place.write(place.record(), ReceiptRecord("r-9", 1, MARK))
    for unknown in ("r-0", "r-9"):
        with pytest.raises(UnknownExchange):
            place.export(unknown)


def test_a_consumer_has_no_receipts_and_a_gateway_of_both_sides_two_records(place: Place) -> None:
    from rahdari.wire.ndel.records import Role  # noqa: PLC0415

    place.write(place.record(role=Role.CONSUMER, subject=None), place.record(), ReceiptRecord("r-1", 1, MARK))
    consumer, provider = place.export().records
    assert consumer.receipts == ()
    assert len(provider.receipts) == 1


def test_the_configuration_that_the_request_named_goes_with_the_newest_of_its_time(place: Place) -> None:
    place.instance.publish(at=AT - timedelta(minutes=1))
    place.instance.publish(at=AT + timedelta(hours=1))
    place.write(place.record(), place.record(request_id="r-2", configuration_version=9))

    def versions(request_id: str) -> list[int]:
        texts = place.export(request_id).configurations
        return [configuration.decode(text).unverified.version for text in texts]

    assert versions("r-1") == [1, 2]
    assert versions("r-2") == [2], "the newest that had been issued by then"


def test_another_exchange_under_the_same_id_is_not_mixed_into_it(place: Place) -> None:
    mine = place.record()
    other = replace(mine, request=replace(mine.request, signature=bytes(64)), request_base=bytes(32))
    place.write(mine, other)
    assert [one.logged.record for one in place.export().records] == [encode_entry(mine)]


def test_without_the_configuration_of_that_time_nobody_could_verify(place: Place) -> None:
    at = int((AT + timedelta(days=9)).timestamp() * 1000)
    place.write(place.record(began=at, ended=at, configuration_version=7))
    with pytest.raises(ConfigurationRefused):
        place.export()


def test_both_instances_of_a_call_across_the_border_are_in_the_file(place: Place) -> None:
    files = ConfigurationFiles(place.made.home.configuration_folder)
    other = SoftwareSigner.generate(Algorithm.EDDSA)
    assert place.instance.configuration is not None
    theirs = replace(place.instance.configuration, instance="CN", version=41, members=())
    files.keep("CN", 41, configuration.sign(other, theirs))
    client = SubsystemId("CN", "GOV", "8", "customs")
    place.write(place.record(client=client, configuration_version=41))
    found = [configuration.decode(text).unverified for text in place.export().configurations]
    assert [(one.instance, one.version) for one in found] == [("CN", 41), ("PK", 1)]
