"""The refusals of the credentials room, each with its code."""

from typing import ClassVar

from rahdari.kernel import CounterpartFailed, Problem, Refused


class CredentialsRefused(Refused):
    """The room refuses what it was asked."""

    code: ClassVar[str] = "credentials.refused"


class NotAllowed(CredentialsRefused):
    """The actor holds none of the roles that this act needs."""

    code: ClassVar[str] = "credentials.not_allowed"


class SameOfficer(CredentialsRefused):
    """The second officer is the first one."""

    code: ClassVar[str] = "credentials.same_officer"


class WrongStage(CredentialsRefused):
    """The card does not stand where this act starts from."""

    code: ClassVar[str] = "credentials.wrong_stage"


class WrongReason(CredentialsRefused):
    """The reason is not one that this act admits."""

    code: ClassVar[str] = "credentials.wrong_reason"


class NothingProposed(CredentialsRefused):
    """No revocation was proposed for this card."""

    code: ClassVar[str] = "credentials.nothing_proposed"


class UnknownHolder(CredentialsRefused):
    """There is no such holder."""

    code: ClassVar[str] = "credentials.unknown_holder"


class UnknownCard(CredentialsRefused):
    """There is no such card."""

    code: ClassVar[str] = "credentials.unknown_card"


class UnknownProduct(CredentialsRefused):
    """There is no such card product."""

    code: ClassVar[str] = "credentials.unknown_product"


class UnknownFeature(CredentialsRefused):
    """The card carries no such verification feature, or the house has none of that kind."""

    code: ClassVar[str] = "credentials.unknown_feature"


class HolderTaken(CredentialsRefused):
    """A holder with this number is registered already."""

    code: ClassVar[str] = "credentials.holder_taken"


class CardTaken(CredentialsRefused):
    """The holder has a live card of this product already."""

    code: ClassVar[str] = "credentials.card_taken"


class BadHolder(CredentialsRefused):
    """A field of the holder is missing or wrong; ``field`` names it."""

    code: ClassVar[str] = "credentials.bad_holder"

    def __init__(self, field: str, message: str) -> None:
        """Keep the field's name beside the sentence."""
        super().__init__(message)
        self.field = field


class BadRows(CredentialsRefused):
    """A file of holders has bad rows; nothing was imported. ``rows`` lists each by line and column."""

    code: ClassVar[str] = "credentials.bad_rows"

    def __init__(self, rows: "tuple[BadRow, ...]", message: str) -> None:
        """Keep every bad row."""
        super().__init__(message)
        self.rows = rows


class BadRow:
    """One bad cell: ``line`` counts from 1 with the heading, ``column`` is the heading's word."""

    __slots__ = ("column", "line", "message")

    def __init__(self, line: int, column: str, message: str) -> None:
        """Keep the place and what is wrong there."""
        self.line = line
        self.column = column
        self.message = message


class NotEligible(CredentialsRefused):
    """The holder may not have this product."""

    code: ClassVar[str] = "credentials.not_eligible"


class BadProduct(CredentialsRefused):
    """A product's data file is not what the product schema says."""

    code: ClassVar[str] = "credentials.bad_product"


class UnknownKey(CredentialsRefused):
    """There is no such key."""

    code: ClassVar[str] = "credentials.unknown_key"


class KeyLocked(CredentialsRefused):
    """The key store cannot be opened with what was given."""

    code: ClassVar[str] = "credentials.key_locked"


class KeyStoreFailed(CounterpartFailed):
    """The key store did not answer as it must."""

    code: ClassVar[str] = "credentials.key_store_failed"


class TrustRefused(CredentialsRefused):
    """A trust list that may not be accepted."""

    code: ClassVar[str] = "credentials.trust_refused"


class TrustUnsigned(TrustRefused):
    """The trust list is not signed by a pinned root."""

    code: ClassVar[str] = "credentials.trust_unsigned"


class TrustRolledBack(TrustRefused):
    """The trust list is older than the one that is held."""

    code: ClassVar[str] = "credentials.trust_rolled_back"


class TrustExpired(TrustRefused):
    """The trust list is past its expiry."""

    code: ClassVar[str] = "credentials.trust_expired"


class NoTrust(TrustRefused):
    """No trust list is held at all."""

    code: ClassVar[str] = "credentials.no_trust"


class StatusListRefused(CredentialsRefused):
    """A status list that may not be accepted: of another authority, at another address, or older."""

    code: ClassVar[str] = "credentials.status_list_refused"


class StatusStreamRefused(CredentialsRefused):
    """A message or a copy of a status stream that may not be taken: not signed, not whole, or older."""

    code: ClassVar[str] = "credentials.status_stream_refused"


class StatusStreamForked(StatusStreamRefused):
    """A publisher has signed two histories of its status stream."""

    code: ClassVar[str] = "credentials.status_stream_forked"


class StatusSourceFailed(CounterpartFailed):
    """The place that publishes status lists did not answer as it must."""

    code: ClassVar[str] = "credentials.status_source_failed"


class BadQuestion(CredentialsRefused):
    """A question of an online verification that the house does not know."""

    code: ClassVar[str] = "credentials.bad_question"


class PassRefused(CredentialsRefused):
    """A pass did not withstand verification; the leaf says where it fell."""

    code: ClassVar[str] = "credentials.pass_refused"


class Malformed(PassRefused):
    """It is not a pass, or not a readable one."""

    code: ClassVar[str] = "credentials.malformed"


class Tampered(PassRefused):
    """Its signature does not fit its content."""

    code: ClassVar[str] = "credentials.tampered"


class UnknownIssuer(PassRefused):
    """No trusted key stands behind it."""

    code: ClassVar[str] = "credentials.unknown_issuer"


class Expired(PassRefused):
    """Its validity has ended."""

    code: ClassVar[str] = "credentials.expired"


class NotYetValid(PassRefused):
    """Its validity has not begun."""

    code: ClassVar[str] = "credentials.not_yet_valid"


class Suspended(PassRefused):
    """The card is suspended."""

    code: ClassVar[str] = "credentials.suspended"


class LockedByHolder(PassRefused):
    """The holder has locked the card for this use."""

    code: ClassVar[str] = "credentials.locked"


class Revoked(PassRefused):
    """The card is revoked, or replaced by another."""

    code: ClassVar[str] = "credentials.revoked"


class Stale(PassRefused):
    """Its status is not known, or not freshly enough for the policy. Never valid."""

    code: ClassVar[str] = "credentials.stale"


def leaves() -> tuple[type[Problem], ...]:
    """List every refusal of this room, for the table of problem codes."""
    found: list[type[Problem]] = []
    todo: list[type[Problem]] = [CredentialsRefused, KeyStoreFailed, StatusSourceFailed]
    while todo:
        one = todo.pop()
        found.append(one)
        todo.extend(one.__subclasses__())
    return tuple(sorted(found, key=lambda problem: problem.code))
