"""The evidence of one exchange, gathered from a gateway's home into one file that needs nothing else."""

from collections.abc import Iterable, Iterator
from typing import Final

from rahdari.app.exchange.configuration_files import ConfigurationFiles
from rahdari.app.exchange.gateway_keys import GatewayKeys
from rahdari.app.exchange.home import GatewayHome
from rahdari.app.exchange.log import Kept, LogName, LogReader
from rahdari.exchange.errors import ConfigurationRefused, EvidenceRefused, UnknownExchange
from rahdari.exchange.rules.evidence_log import STAMPED_WITHIN_SECONDS
from rahdari.kernel import Refused
from rahdari.wire.ndel import configuration
from rahdari.wire.ndel.evidence_file import CONFIGURATIONS_MAX, EvidenceFile, KeptEvidence, LoggedBytes
from rahdari.wire.ndel.parties import Configuration
from rahdari.wire.ndel.record_bytes import read_entry, read_particulars, request_id_of
from rahdari.wire.ndel.records import ExchangeRecord, ReceiptRecord
from rahdari.wire.timestamps import read_token
from rahdari.wire.tlog import LogProof

# As the verifier has it (``rules.evidence_parties``).
_SKEW_SECONDS: Final = 120


def open_reader(home: GatewayHome, keys: GatewayKeys) -> LogReader:
    """Open the log of a home for reading, whether its gateway runs or not."""
    name = LogName(keys.origin, tuple(one.key for one in keys.log_signers))
    return LogReader(home.log_folder, name, request_of=request_id_of, particulars_key=keys.particulars_key)


def export_evidence(home: GatewayHome, reader: LogReader, request_id: str) -> EvidenceFile:
    """Gather all that this gateway has of an exchange.

    Of the checkpoints that hold the record, the first that was stamped and countersigned is taken, else (or where
    that was hours later) the first that was stamped, else the latest.

    Raises:
        UnknownExchange: the log has no record of it, or none that a checkpoint covers yet.
        LogDamaged: the log is not what was signed.
        ConfigurationRefused: the configuration of that time is not kept here.
    """
    entries = [(index, read_entry(reader.entry(index))) for index in reader.find(request_id)]
    records = [(index, entry) for index, entry in entries if isinstance(entry, ExchangeRecord)]
    receipts = [index for index, entry in entries if isinstance(entry, ReceiptRecord)]
    if not records:
        raise UnknownExchange(
            f"the log has no exchange {request_id} that a checkpoint covers; a new one takes a second"
        )
    # One id is one exchange (rules.replay). What else a log of before may hold under it is another exchange's.
    first = records[0][1]
    records = [(index, record) for index, record in records if record.request == first.request]
    return EvidenceFile(
        request_id,
        tuple(_configurations(home, [record for _, record in records])),
        tuple(_kept(reader, index, record, receipts) for index, record in records),
    )


def join_evidence(mine: EvidenceFile, other: EvidenceFile) -> EvidenceFile:
    """Put the evidence of both parties' gateways into one file; nothing is believed by that.

    Raises:
        EvidenceRefused: they are of different exchanges.
    """
    if mine.request_id != other.request_id:
        raise EvidenceRefused("the two files are evidence of different exchanges; they are not joined")
    return EvidenceFile(
        mine.request_id,
        tuple(dict.fromkeys((*mine.configurations, *other.configurations))),
        tuple(dict.fromkeys((*mine.records, *other.records))),
    )


def _kept(reader: LogReader, index: int, record: ExchangeRecord, receipts: Iterable[int]) -> KeptEvidence:
    checkpoint = _checkpoint_of(reader, index, record.ended)
    opened = reader.particulars(index)
    # A receipt is the consumer's word to the provider: it stands in the provider's log.
    mine = receipts if record.role == "provider" else ()
    return KeptEvidence(
        _logged(reader, index, checkpoint),
        stamp=checkpoint.stamp,
        particulars=None if opened is None else read_particulars(opened),
        receipts=tuple(_logged(reader, at, _checkpoint_of(reader, at, record.ended)) for at in mine),
    )


def _checkpoint_of(reader: LogReader, index: int, ended: int) -> Kept:
    """Choose the checkpoint that proves most of record ``index``, of an exchange that ended then (milliseconds)."""
    checkpoints = reader.checkpoints
    chosen = checkpoints.find_vouched(index)
    if chosen is None or _is_late(chosen, ended):
        # A stamp in time proves more than a signature with a stamp that came too late for a proof of time.
        first = checkpoints.find_stamped(index)
        chosen = first if chosen is None or (first is not None and not _is_late(first, ended)) else chosen
    if chosen is not None:
        return chosen
    note, checkpoint = reader.checkpoint()
    return checkpoints.find_kept(checkpoint.head.size) or Kept(note, checkpoint)


def _is_late(kept: Kept, ended: int) -> bool:
    try:
        stamp = read_token(kept.stamp or b"").unverified
    except Refused:
        return False
    return stamp.at.timestamp() > ended / 1000 + STAMPED_WITHIN_SECONDS


def _logged(reader: LogReader, index: int, kept: Kept) -> LoggedBytes:
    hashes = reader.proof(index, kept.checkpoint.head.size)
    return LoggedBytes(reader.entry(index), LogProof(index, hashes, kept.note).encode())


def _configurations(home: GatewayHome, records: Iterable[ExchangeRecord]) -> Iterator[str]:
    """Give the configurations of the instances of both parties that were in force, each once."""
    files = ConfigurationFiles(home.configuration_folder)
    found: dict[str, None] = {}
    for record in records:
        at, client = record.began // 1000, record.client.instance
        # The version that the request names is that of the client's instance; it is the client's gateway's word, so
        # that the newest of that time goes with it.
        found[_in_force(files, client, at, version=record.configuration_version)] = None
        found[_in_force(files, client, at)] = None
        if record.service.instance != client:
            found[_in_force(files, record.service.instance, at)] = None
    yield from list(found)[:CONFIGURATIONS_MAX]


def _in_force(files: ConfigurationFiles, instance: str, at: int, *, version: int | None = None) -> str:
    """Find the version that was named, else the newest one that was in force then."""
    others: str | None = None
    for number, text in files.past(instance):
        if number == version:
            return text
        if others is None and _is_in_force(configuration.decode(text).unverified, at):
            others = text
            if version is None:
                break
    if others is None:
        raise ConfigurationRefused(
            f"no configuration of {instance} that was in force then is kept here; ask its registry for it"
        )
    return others


def _is_in_force(known: Configuration, at: int) -> bool:
    return known.issued_at - _SKEW_SECONDS <= at < known.expires + _SKEW_SECONDS
