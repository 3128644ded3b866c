"""What a purpose was called, and which law it rested on, when an exchange was made: by its evidence file."""

from collections.abc import Mapping
from pathlib import Path

from rahdari.app.files import read_limited
from rahdari.exchange.rules.evidence_parties import Parties, verify_configurations
from rahdari.exchange.values.evidence import Anchors, Proven
from rahdari.kernel import Refused
from rahdari.wire.ndel import evidence_file
from rahdari.wire.ndel.evidence_file import FILE_BYTES_MAX
from rahdari.wire.ndel.parties import Purpose
from rahdari.wire.ndel.records import ExchangeRecord


def find_purposes(path: Path, anchors: Anchors, proven: Proven) -> Mapping[str, Purpose]:
    """Give the purposes of the proven records by their codes, by configurations that ``anchors`` vouch for.

    A purpose that none of them has is left out: a log can be right about a code that nobody entered.

    Raises:
        EvidenceRefused, MalformedInput, FolderFailed: the file is not the one that was proved.
    """
    file = evidence_file.decode(read_limited(path, size_bytes_max=FILE_BYTES_MAX))
    parties = verify_configurations((*file.configurations, *anchors.configurations), anchors.registry_keys)
    found = (_purpose_of(parties, record) for record in proven.records)
    return {one.code: one for one in found if one is not None}


def _purpose_of(parties: Parties, record: ExchangeRecord) -> Purpose | None:
    instance = record.service.provider.instance
    try:
        listed = parties.in_force(instance, record.began // 1000).purposes
    except Refused:
        return None
    return next((one for one in listed if one.code == record.purpose), None)
