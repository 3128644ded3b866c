"""Who is who: the verified configurations of this instance and of those that it pinned, for quick looking up.

A suspended member and a withdrawn key are gone at once, whatever the clock here says; the windows of keys are read
with ``SKEW_SECONDS`` of tolerance. Nothing of an instance is found once its configuration has expired.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from rahdari.exchange.errors import ConfigurationRefused
from rahdari.wire.keys import PublicKey
from rahdari.wire.ndel.parties import (
    Allowance,
    Configuration,
    Gateway,
    Member,
    MessageKey,
    Pin,
    Purpose,
    Timestamper,
    Witness,
)
from rahdari.wire.sealed import RecipientKey
from rahdari.wire.xroad import ClientId, MemberId, SecurityServerId, ServiceId, SubsystemId

# As with signatures (``wire.http_signatures``): clocks of two gateways may differ so much.
SKEW_SECONDS: Final = 120


class FoundKey(NamedTuple):
    """A message key in force, whose gateway it is, and whose member."""

    public: PublicKey
    gateway: Gateway
    member: Member


class _Holder(NamedTuple):
    key: MessageKey
    found: FoundKey
    expires: int


@dataclass(frozen=True, slots=True)
class Directory:
    """All that one gateway may know of others. Made by ``build_directory``; each look-up is one or two of a dict.

    ``home`` is the own instance's configuration, ``others`` those of pinned instances by name (one that is pinned
    but not known here yet is missing). ``digests`` holds the SHA-256 of each signed configuration, by instance.
    """

    home: Configuration
    others: Mapping[str, Configuration] = field(default_factory=dict)
    digests: Mapping[str, bytes] = field(default_factory=dict)
    pins: Mapping[str, Pin] = field(default_factory=dict)
    purposes: Mapping[str, Purpose] = field(default_factory=dict)
    _members: Mapping[MemberId, Member] = field(default_factory=dict, repr=False)
    _subsystems: frozenset[SubsystemId] = field(default=frozenset(), repr=False)
    _gateways: Mapping[SecurityServerId, Gateway] = field(default_factory=dict, repr=False)
    _certificates: Mapping[bytes, Gateway] = field(default_factory=dict, repr=False)
    _keys: Mapping[tuple[str, str], _Holder] = field(default_factory=dict, repr=False)
    _all_keys: Mapping[str, _Holder] = field(default_factory=dict, repr=False)
    _expiries: Mapping[str, int] = field(default_factory=dict, repr=False)

    @property
    def instance(self) -> str:
        """The own instance."""
        return self.home.instance

    @property
    def version(self) -> int:
        """The version of the own instance's configuration."""
        return self.home.version

    def is_expired(self, at: int, *, instance: str | None = None) -> bool:
        """Tell whether nothing may be exchanged any more on the word of this configuration (the own one: None)."""
        return at >= self._expiries.get(self.home.instance if instance is None else instance, 0)

    def member(self, member: MemberId) -> Member | None:
        """Find a member, suspended ones too."""
        return self._members.get(member)

    def is_client(self, client: ClientId) -> bool:
        """Tell whether this member or subsystem is registered and its member not suspended."""
        if isinstance(client, MemberId):
            found = self._members.get(client)
            return found is not None and found.suspended_at is None
        return client in self._subsystems

    def gateway(self, gateway: SecurityServerId) -> Gateway | None:
        """Find a gateway of a member that is not suspended."""
        return self._gateways.get(gateway)

    def gateways_of(self, member: MemberId) -> tuple[Gateway, ...]:
        """Give the gateways that speak for a member, in the registry's order; none for a suspended one."""
        found = self._members.get(member)
        return () if found is None or found.suspended_at is not None else found.gateways

    def gateway_by_certificate(self, der: bytes) -> Gateway | None:
        """Find whose TLS certificate (DER) this is; the member is not suspended."""
        return self._certificates.get(hashlib.sha256(der).digest())

    def message_key(self, keyid: str, at: int, *, instance: str | None = None) -> FoundKey | None:
        """Find a message key in force ``at`` (seconds since 1970), of a member that is not suspended.

        Without ``instance``, one of the own instance comes before all others.
        """
        holder = self._all_keys.get(keyid) if instance is None else self._keys.get((instance, keyid))
        if holder is None or at >= holder.expires:
            return None
        key = holder.key
        is_in_force = key.not_before - SKEW_SECONDS <= at < key.not_after + SKEW_SECONDS
        return holder.found if is_in_force else None

    def recipients(self, member: MemberId) -> tuple[RecipientKey, ...]:
        """Give the keys that bodies for a member are sealed to, of all its gateways."""
        return tuple(key for gateway in self.gateways_of(member) for key in gateway.recipients)

    def consent_keys(self, issuer: MemberId, at: int) -> tuple[PublicKey, ...]:
        """Give the keys in force ``at`` of a consent issuer in good standing; none of anybody else."""
        configuration = self._configuration_of(issuer.instance)
        if configuration is None or at >= configuration.expires or not self.is_client(issuer):
            return ()
        return tuple(
            key.public
            for one in configuration.consent_issuers
            if one.member == issuer
            for key in one.keys
            if is_key_in_force(key, at)
        )

    @property
    def timestampers(self) -> tuple[Timestamper, ...]:
        """The time-stamping authorities of the own instance."""
        return self.home.timestampers

    @property
    def witnesses(self) -> tuple[Witness, ...]:
        """The witnesses of the own instance."""
        return self.home.witnesses

    def may_ask(self, client: ClientId, service: ServiceId, purpose: str) -> bool:
        """Tell whether the two instances' agreement lets ``client`` ask ``service`` for ``purpose``.

        Inside the own instance the purpose must be one of its list; the provider's grants decide the rest. Between
        instances there must be an allowance: of the pin's ``outbound`` where our members ask, of its ``inbound``
        where theirs do. Two others: never.
        """
        home = self.home.instance
        asks_home, answers_home = client.instance == home, service.instance == home
        if asks_home and answers_home:
            return purpose in self.purposes
        if asks_home:
            pin = self.pins.get(service.instance)
            return pin is not None and _is_allowed(pin.outbound, service, purpose)
        if answers_home:
            pin = self.pins.get(client.instance)
            return pin is not None and _is_allowed(pin.inbound, service, purpose)
        return False

    def why_not(self, client: ClientId, service: ServiceId, purpose: str) -> str:
        """Say which part of the agreement is missing where ``may_ask`` said no."""
        home = self.home.instance
        if client.instance == service.instance == home:
            listed = ", ".join(sorted(self.purposes)) or "none"
            return f"{purpose!r} is no purpose of {home}; those are {listed}"
        if home not in {client.instance, service.instance}:
            return f"{home} carries nothing between two others"
        other = service.instance if client.instance == home else client.instance
        pin = self.pins.get(other)
        if pin is None:
            return f"{home} has no agreement with {other}"
        allowances = pin.outbound if client.instance == home else pin.inbound
        known = frozenset[str]().union(*(one.purposes for one in allowances if _is_of(one, service)))
        if not known:
            return (
                f"the agreement of {home} with {other} does not name the service {service}, for any purpose"
            )
        return (
            f"the agreement of {home} with {other} has the service {service} for {', '.join(sorted(known))}, "
            f"not for {purpose!r}"
        )

    def may_see(self, client: ClientId, service: ServiceId) -> bool:
        """Tell whether ``client`` may know of ``service``: of another instance, only what was agreed on with it."""
        home = self.home.instance
        if client.instance == home:
            return True
        pin = self.pins.get(client.instance)
        return (
            pin is not None and service.instance == home and any(_is_of(one, service) for one in pin.inbound)
        )

    def members(self) -> tuple[Member, ...]:
        """List the members that are not suspended, the own instance's first."""
        return tuple(one for one in self._members.values() if one.suspended_at is None)

    def _configuration_of(self, instance: str) -> Configuration | None:
        return self.home if instance == self.home.instance else self.others.get(instance)


def is_key_in_force(key: MessageKey, at: int) -> bool:
    """Tell whether a key may be believed now: not withdrawn, and in its window give or take ``SKEW_SECONDS``."""
    return key.withdrawn_at is None and key.not_before - SKEW_SECONDS <= at < key.not_after + SKEW_SECONDS


def build_directory(
    home: Configuration, others: Iterable[Configuration] = (), *, digests: Mapping[str, bytes] | None = None
) -> Directory:
    """Index verified configurations. Those of instances that ``home`` does not pin are left out.

    About 3 us for each gateway.
    """
    pins = {pin.instance: pin for pin in home.pins}
    kept = {one.instance: one for one in others if one.instance in pins}
    every = (home, *kept.values())
    standing = [
        (configuration, member)
        for configuration in every
        for member in configuration.members
        if member.suspended_at is None
    ]
    gateways = [gateway for _, member in standing for gateway in member.gateways]
    keys = _index_keys(standing)
    return Directory(
        home=home,
        others=kept,
        digests=dict(digests or {}),
        pins=pins,
        purposes={one.code: one for one in home.purposes},
        _members={member.id: member for one in every for member in one.members},
        _subsystems=frozenset(
            SubsystemId(*(*member.id.parts, code)) for _, member in standing for code in member.subsystems
        ),
        _gateways={one.id: one for one in gateways},
        # The own instance's stand last, so that no other can put its gateway in the place of one of ours.
        _certificates={
            hashlib.sha256(der).digest(): one for one in reversed(gateways) for der in one.certificates
        },
        _keys=keys,
        _all_keys={keyid: holder for (_, keyid), holder in reversed(keys.items())},
        _expiries={one.instance: one.expires for one in every},
    )


def require_successor(known: Configuration | None, offered: Configuration, *, at: int) -> None:
    """Return if ``offered`` may take the place of ``known``.

    Raises:
        ConfigurationRefused: another instance's, of a version that is older, of the same version with another
            content (the registry signed two: keep both as evidence), or expired.
    """
    if offered.expires <= at:
        raise ConfigurationRefused(
            f"the configuration of {offered.instance}, version {offered.version}, expired; ask the registry for "
            "a newer one, and compare the clock here with another"
        )
    if known is None:
        return
    if offered.instance != known.instance:
        raise ConfigurationRefused(
            f"a configuration of {offered.instance} where {known.instance} is followed"
        )
    if offered.version < known.version:
        raise ConfigurationRefused(
            f"version {offered.version} of {offered.instance} is older than {known.version}, which is in use; "
            "somebody offers an old configuration"
        )
    if offered.version == known.version and offered != known:
        raise ConfigurationRefused(
            f"two configurations of {offered.instance} bear the version {offered.version}; the registry, or "
            "whoever has its key, signed two. Keep both and ask"
        )


def _index_keys(standing: Iterable[tuple[Configuration, Member]]) -> dict[tuple[str, str], _Holder]:
    return {
        (configuration.instance, key.keyid): _Holder(
            key, FoundKey(key.public, gateway, member), configuration.expires
        )
        for configuration, member in standing
        for gateway in member.gateways
        for key in gateway.keys
        if key.withdrawn_at is None
    }


def _is_allowed(allowances: Iterable[Allowance], service: ServiceId, purpose: str) -> bool:
    return any(purpose in one.purposes and _is_of(one, service) for one in allowances)


def _is_of(allowance: Allowance, service: ServiceId) -> bool:
    return allowance.provider in (None, service.provider.member) and allowance.service_code in (
        None,
        service.service_code,
    )
