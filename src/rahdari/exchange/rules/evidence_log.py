"""Whom to believe about a gateway's log: its keys by the configuration, and others that are not its own member."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from rahdari.exchange.rules.evidence_parties import Parties
from rahdari.exchange.values.evidence import Anchors
from rahdari.wire.errors import MalformedInput
from rahdari.wire.ndel.parties import Gateway
from rahdari.wire.ndel.records import ExchangeRecord
from rahdari.wire.timestamps import Imprint, Stamp, Trust, read_token
from rahdari.wire.timestamps import verify as verify_stamp
from rahdari.wire.tlog import Note, NoteKey, Policy

# What a gateway without its stampers goes on for (``stamp_age_max_seconds``, X-Road's four hours): what an honest
# log holds is stamped by then.
STAMPED_WITHIN_SECONDS: Final = 4 * 3600


def log_policy(gateways: tuple[Gateway, ...], note: Note, anchors: Anchors) -> Policy:
    """Give the policy for a log of one of these gateways, which are all of one member.

    A witness among them is no other: whoever keeps the log has its keys too, so it is not counted.

    Raises:
        MalformedInput: none of them keeps this log.
    """
    origin = note.text.partition("\n")[0]
    mine = [one for one in gateways if one.log.origin == origin]
    if not mine:
        raise MalformedInput(f"no gateway of this member keeps the log {origin}")
    return Policy(
        origin,
        mine[0].log.keys,
        tuple(one for one in anchors.witnesses if not _is_own(one, gateways)),
        anchors.quorum,
        anchors.is_post_quantum,
    )


def verify_stamped(raw: bytes, note: Note, anchors: Anchors) -> Stamp:
    """Give the time stamp over a checkpoint's text. Raises ``MalformedInput`` and kin: it is none that counts."""
    token = read_token(raw)
    policies = anchors.stamp_policies
    accepted = frozenset({token.unverified.policy}) if policies is None else policies
    trust = Trust(anchors.stampers, accepted, anchors.stampers)
    imprint = Imprint.of(note.text.encode(), token.unverified.imprint.digest)
    return verify_stamp(token, trust, imprint=imprint).stamp


def why_no_time(record: ExchangeRecord, latest: datetime, parties: Parties) -> str:
    """Tell why a stamp of ``latest`` proves no time of this record; empty, where it does.

    Honest logs are stamped each minute, and stop where nobody stamps them for hours: what was stamped much later
    than it is said to have been may have been made later too. So may what was stamped when one of the parties was
    suspended already.
    """
    if latest.timestamp() * 1000 > record.ended + STAMPED_WITHIN_SECONDS * 1000:
        return f"the log was stamped at {latest:%Y-%m-%d %H:%M:%S} UTC, hours after this is said to have been"
    for client in (record.client, record.service.provider):
        if parties.is_suspended(client, by=latest.timestamp()):
            return f"{client} was suspended when the log was stamped"
    return ""


def _is_own(witness: NoteKey, gateways: Iterable[Gateway]) -> bool:
    for one in gateways:
        if witness.name in {one.log.origin, f"{one.log.origin}/witness"}:
            return True
        if any(witness.public == key.public for key in (*one.log.witness_keys, *one.log.keys)):
            return True
    return False
