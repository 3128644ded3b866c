"""Who was who when an exchange was made, by the configurations in its evidence: never without a registry's key."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from rahdari.exchange.errors import EvidenceRefused
from rahdari.exchange.values.evidence import RegistryKey
from rahdari.kernel import Refused
from rahdari.wire.keys import PublicKey
from rahdari.wire.ndel import configuration
from rahdari.wire.ndel.parties import Configuration, Gateway, Member, MessageKey
from rahdari.wire.xroad import ClientId, MemberId, SubsystemId

# As where it was made (``wire.http_signatures``): clocks differ by two minutes.
SKEW_SECONDS: Final = 120


@dataclass(frozen=True, slots=True)
class Parties:
    """The verified configurations of the instances that took part."""

    configurations: tuple[Configuration, ...]

    def in_force(self, instance: str, at: int, *, version: int | None = None) -> Configuration:
        """Give the configuration of an instance that was in force ``at``; that of ``version`` before others.

        Raises:
            EvidenceRefused: there is none.
        """
        found = [
            one
            for one in self.configurations
            if one.instance == instance and one.issued_at - SKEW_SECONDS <= at < one.expires + SKEW_SECONDS
        ]
        if not found:
            raise _refused(f"no configuration of {instance} in the file was in force when this was exchanged")
        return max(found, key=lambda one: (one.version == version, one.version))

    def gateways(self, client: ClientId, at: int, *, version: int | None = None) -> tuple[Gateway, ...]:
        """Give the gateways of ``client``'s member, not suspended ``at``. Raises ``EvidenceRefused``."""
        member_id = client.member if isinstance(client, SubsystemId) else client
        member = _member(self.in_force(member_id.instance, at, version=version), member_id)
        if member.suspended_at is not None and member.suspended_at <= at:
            raise _refused(f"{member_id} was suspended when this was exchanged")
        return member.gateways

    def consent_keys(self, issuer: MemberId, at: int) -> tuple[PublicKey, ...]:
        """Give the keys of a consent issuer that were in force ``at``. Raises ``EvidenceRefused``."""
        issuers = self.in_force(issuer.instance, at).consent_issuers
        keys = (key for one in issuers if one.member == issuer for key in one.keys)
        return tuple(key.public for key in keys if is_in_force(key, at))


def verify_configurations(texts: Iterable[str], registry_keys: tuple[RegistryKey, ...]) -> Parties:
    """Give the configurations if registries that the verifier knows signed each of them.

    Raises:
        EvidenceRefused: one is not signed by a registry's key of its instance, or cannot be read.
    """
    return Parties(tuple(_verified(text, registry_keys) for text in texts))


def find_key(gateways: Iterable[Gateway], keyid: str, at: int) -> tuple[Gateway, PublicKey]:
    """Find the message key ``keyid`` among the gateways', in force ``at``. Raises ``EvidenceRefused``."""
    for gateway, key in _keys(gateways):
        if key.keyid == keyid:
            if not is_in_force(key, at):
                raise _refused(f"the key {keyid} was not in force when it signed")
            return gateway, key.public
    raise _refused(f"no gateway of this member signs with the key {keyid}")


def is_in_force(key: MessageKey, at: int) -> bool:
    """Tell whether a key was in force ``at``: within its window, give or take the clocks, and not withdrawn."""
    is_withdrawn = key.withdrawn_at is not None and key.withdrawn_at <= at
    return not is_withdrawn and key.not_before - SKEW_SECONDS <= at < key.not_after + SKEW_SECONDS


def _verified(text: str, registry_keys: tuple[RegistryKey, ...]) -> Configuration:
    try:
        signed = configuration.decode(text)
        instance = signed.unverified.instance
        return signed.verify_with(one.key for one in registry_keys if one.instance in (None, instance))
    except Refused as refusal:
        raise _refused(refusal.message) from refusal


def _member(found: Configuration, member_id: MemberId) -> Member:
    for member in found.members:
        if member.id == member_id:
            return member
    raise _refused(f"the configuration of {found.instance} knows no member {member_id}")


def _keys(gateways: Iterable[Gateway]) -> Iterator[tuple[Gateway, MessageKey]]:
    for gateway in gateways:
        for key in gateway.keys:
            yield gateway, key


def _refused(message: str) -> EvidenceRefused:
    return EvidenceRefused(message)
