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

    def in_force(self, instance: str, at: int) -> Configuration:
        """Give the newest configuration of an instance that was in force ``at``. Raises ``EvidenceRefused``."""
        return self._ranked(instance, at)[0]

    def _ranked(self, instance: str, at: int, version: int | None = None) -> list[Configuration]:
        """Give all that were in force ``at``: that of ``version`` first, then the newest."""
        found = [
            one
            for one in self.configurations
            if one.instance == instance and one.issued_at - SKEW_SECONDS <= at < one.expires + SKEW_SECONDS
        ]
        if not found:
            raise _refused(f"no configuration of {instance} in the file was in force when this was exchanged")
        return sorted(found, key=lambda one: (one.version == version, one.version), reverse=True)

    def gateways(self, client: ClientId, at: int, *, version: int | None = None) -> tuple[Gateway, ...]:
        """Give the gateways of ``client``'s member, not suspended ``at``.

        The client's gateway names the ``version`` that it went by; one that does not know the member, and so could
        not have let it ask, gives way to the newest that does.

        Raises:
            EvidenceRefused: no configuration of that time knows the member, or it was suspended.
        """
        member_id = client.member if isinstance(client, SubsystemId) else client
        ranked = self._ranked(member_id.instance, at, version)
        knowing = [one for one in ranked if any(member.id == member_id for member in one.members)]
        member = _member((knowing or ranked)[0], member_id)
        if member.suspended_at is not None and member.suspended_at <= at:
            raise _refused(f"{member_id} was suspended when this was exchanged")
        return member.gateways

    def is_suspended(self, client: ClientId, *, by: float) -> bool:
        """Tell whether any configuration here says that this member was suspended at that time, or before."""
        member_id = client.member if isinstance(client, SubsystemId) else client
        return any(
            member.suspended_at is not None and member.suspended_at <= by
            for member in self._members(member_id)
        )

    def is_withdrawn(self, client: ClientId, keyid: str, *, by: float) -> bool:
        """Tell whether any configuration here says that this key of the member's was withdrawn by then.

        Registries list a key until it has run out (``rules.membership.prune``): one that left before, with a stolen
        machine say, was withdrawn when the configuration that lacks it was signed, if not earlier.
        """
        member_id = client.member if isinstance(client, SubsystemId) else client
        listed: dict[int, MessageKey] = {}
        lacking: list[int] = []
        for known in self.configurations:
            if known.instance != member_id.instance:
                continue
            gateways = (one for member in known.members if member.id == member_id for one in member.gateways)
            key = next((one for _, one in _keys(gateways) if one.keyid == keyid), None)
            if key is None:
                lacking.append(known.issued_at)
            elif key.withdrawn_at is not None and key.withdrawn_at <= by:
                return True
            else:
                listed[known.issued_at] = key
        return any(begun < at <= by and at < key.not_after for begun, key in listed.items() for at in lacking)

    def _members(self, member_id: MemberId) -> Iterator[Member]:
        for known in self.configurations:
            if known.instance == member_id.instance:
                yield from (one for one in known.members if one.id == member_id)

    def consent_keys(self, issuer: MemberId, at: int) -> tuple[PublicKey, ...]:
        """Give the keys of a consent issuer that were in force ``at``. Raises ``EvidenceRefused``."""
        issuers = self.in_force(issuer.instance, at).consent_issuers
        keys = (key for one in issuers if one.member == issuer for key in one.keys)
        return tuple(key.public for key in keys if is_in_force(key, at))


def verify_configurations(texts: Iterable[str], registry_keys: tuple[RegistryKey, ...]) -> Parties:
    """Give the configurations if registries that the verifier knows signed each of them.

    A key without an instance stands for whichever one the file is of, where it is of one alone: a registry's word
    on another's members is none.

    Raises:
        EvidenceRefused: one is not signed by a registry's key of its instance, or cannot be read.
    """
    read = [_read(text, registry_keys) for text in texts]
    is_one = len({one.unverified.instance for one in read}) == 1
    return Parties(tuple(_verified(one, registry_keys, is_one=is_one) for one in read))


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


def _read(text: str, registry_keys: tuple[RegistryKey, ...]) -> configuration.SignedConfiguration:
    try:
        configuration.require_signed(text, (one.key for one in registry_keys))
        return configuration.decode(text)
    except Refused as refusal:
        raise _refused(refusal.message) from refusal


def _verified(
    signed: configuration.SignedConfiguration, registry_keys: tuple[RegistryKey, ...], *, is_one: bool
) -> Configuration:
    instance = signed.unverified.instance
    trusted = [
        one.key
        for one in registry_keys
        if one.instance == instance or (one.instance is None and is_one and len(registry_keys) == 1)
    ]
    try:
        return signed.verify_with(trusted)
    except Refused as refusal:
        raise _refused(f"{instance}: {refusal.message}") from refusal


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
