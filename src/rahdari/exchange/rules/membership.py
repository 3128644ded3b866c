"""Members and gateways of a register: how they come in, change, and leave."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Final

from rahdari.exchange.errors import ActRefused, JoinRefused, UnknownAct
from rahdari.wire.ndel.certificates import read_certificate_of
from rahdari.wire.ndel.joining import read_join, read_renewal
from rahdari.wire.ndel.parties import Gateway, Member, MessageKey
from rahdari.wire.ndel.parties_as_json import CERTIFICATES_MAX, MESSAGE_KEYS_MAX
from rahdari.wire.xroad import MemberId, SecurityServerId

# The clocks of a gateway and its registry may differ by an hour, and a request waits in a file for officers.
RENEWAL_AGE_MAX_SECONDS: Final = 3600
# What ran out stays known so long: answers that were on their way are read to the end.
KEPT_AFTER_SECONDS: Final = 86_400

Members = Mapping[MemberId, Member]


def join_member(members: Members, request: str, *, instance: str) -> dict[MemberId, Member]:
    """Enter a gateway by its own request: with its member, or beside that member's others, or in its own place.

    A member that is known keeps its name where the request says none.

    Raises:
        JoinRefused: another instance's, or a name, address or key that another gateway has.
        MalformedInput, BadSignature: the request does not hold together.
    """
    joined = read_join(request).request.member
    if joined.id.instance != instance:
        raise JoinRefused(
            f"{joined.id} asks to join {instance}; a member's identifier begins with its instance"
        )
    gateway = joined.gateways[0]
    known = members.get(joined.id)
    kept = () if known is None else tuple(one for one in known.gateways if one.id != gateway.id)
    others = [one for member in members.values() for one in member.gateways if one.id != gateway.id]
    _require_no_double(gateway, others)
    codes = dict.fromkeys((*(() if known is None else known.subsystems), *joined.subsystems))
    entered = replace(
        joined,
        name=joined.name if known is None or is_named(joined) else known.name,
        subsystems=tuple(codes),
        gateways=(*kept, gateway),
        suspended_at=None if known is None else known.suspended_at,
    )
    return {**members, joined.id: entered}


def is_named(member: Member) -> bool:
    """Tell whether a request says how its member is called; where nobody does, its identifier stands there."""
    return dict(member.name) != {"en": str(member.id)}


def renew_gateway(members: Members, request: str, *, at: int) -> dict[MemberId, Member]:
    """Enter a gateway's next keys by a request that a key in force signed. What is entered already changes nothing.

    Raises:
        JoinRefused: nobody in good standing signed it, it is old, or a key in it is another's.
        MalformedInput, BadSignature: the request does not hold together.
    """
    read = read_renewal(request)
    member, gateway, key = _find_key(members, read.keyid)
    if member.suspended_at is not None or not _is_in_force(key, at):
        raise JoinRefused(f"{gateway.id} asks with a key that is not in force; its member is to join anew")
    renewal, certificate = read.verify_with(key.public, url=gateway.url)
    if renewal.gateway != gateway.id:
        raise JoinRefused(f"{gateway.id} asks for keys of {renewal.gateway}")
    if abs(at - renewal.created) > RENEWAL_AGE_MAX_SECONDS:
        raise JoinRefused("this renewal is older than an hour, or the clocks differ so much; sign it again")
    if not certificate.not_before <= at < certificate.not_after:
        raise JoinRefused("the new certificate is not in force by the registry's clock")
    renewed = _with_keys(gateway, renewal.key, renewal.certificate, at=at)
    others = [one for each in members.values() for one in each.gateways if one.id != gateway.id]
    _require_no_double(renewed, others)
    return _with_gateway(members, member, renewed)


def withdraw_key(members: Members, keyid: str, *, at: int) -> dict[MemberId, Member]:
    """Withdraw a message key for ever. Raises ``UnknownAct``, ``ActRefused``."""
    try:
        member, gateway, key = _find_key(members, keyid)
    except JoinRefused:
        raise UnknownAct(f"no gateway has the message key {keyid}") from None
    if key.withdrawn_at is not None:
        raise ActRefused(f"the key {keyid} is withdrawn already")
    keys = tuple(replace(one, withdrawn_at=at) if one.keyid == keyid else one for one in gateway.keys)
    return _with_gateway(members, member, replace(gateway, keys=keys))


def remove_gateway(members: Members, gateway: SecurityServerId) -> dict[MemberId, Member]:
    """Take a gateway out. Raises ``UnknownAct``."""
    for member in members.values():
        left = tuple(one for one in member.gateways if one.id != gateway)
        if len(left) < len(member.gateways):
            return {**members, member.id: replace(member, gateways=left)}
    raise UnknownAct(f"there is no gateway {gateway}")


def suspend_member(members: Members, member: MemberId, *, at: int) -> dict[MemberId, Member]:
    """Suspend a member. Raises ``UnknownAct``, ``ActRefused``."""
    found = _find(members, member)
    if found.suspended_at is not None:
        raise ActRefused(f"{member} is suspended already")
    return {**members, member: replace(found, suspended_at=at)}


def reinstate_member(members: Members, member: MemberId) -> dict[MemberId, Member]:
    """End a member's suspension. Raises ``UnknownAct``, ``ActRefused``."""
    found = _find(members, member)
    if found.suspended_at is None:
        raise ActRefused(f"{member} is not suspended")
    return {**members, member: replace(found, suspended_at=None)}


def prune(member: Member, *, at: int) -> Member:
    """Leave out keys and certificates that ran out a day ago; a withdrawn key stays until then, marked."""
    return replace(member, gateways=tuple(_prune_gateway(one, at) for one in member.gateways))


def _prune_gateway(gateway: Gateway, at: int) -> Gateway:
    keys = tuple(one for one in gateway.keys if at < one.not_after + KEPT_AFTER_SECONDS)
    certificates = tuple(
        one for one in gateway.certificates if at < _ends(one, gateway.url) + KEPT_AFTER_SECONDS
    )
    return replace(gateway, keys=keys, certificates=certificates)


@lru_cache(maxsize=8192)
def _ends(der: bytes, url: str) -> int:
    return read_certificate_of(der, url=url).not_after


def _with_keys(gateway: Gateway, key: MessageKey, certificate: bytes, *, at: int) -> Gateway:
    kept = _prune_gateway(gateway, at)
    keys = kept.keys if key.keyid in {one.keyid for one in kept.keys} else (*kept.keys, key)
    certificates = tuple(dict.fromkeys((*kept.certificates, certificate)))
    if len(keys) > MESSAGE_KEYS_MAX or len(certificates) > CERTIFICATES_MAX:
        raise JoinRefused(f"{gateway.id} renewed its keys too often; wait until older ones run out")
    return replace(kept, keys=keys, certificates=certificates)


def _find(members: Members, member: MemberId) -> Member:
    found = members.get(member)
    if found is None:
        raise UnknownAct(f"{member} is no member of this instance")
    return found


def _find_key(members: Members, keyid: str) -> tuple[Member, Gateway, MessageKey]:
    for member in members.values():
        for gateway in member.gateways:
            for key in gateway.keys:
                if key.keyid == keyid:
                    return member, gateway, key
    raise JoinRefused("nobody here has the key that signed this renewal; the gateway is to join first")


def _is_in_force(key: MessageKey, at: int) -> bool:
    return key.withdrawn_at is None and key.not_before <= at < key.not_after


def _with_gateway(members: Members, member: Member, gateway: Gateway) -> dict[MemberId, Member]:
    gateways = tuple(gateway if one.id == gateway.id else one for one in member.gateways)
    return {**members, member.id: replace(member, gateways=gateways)}


def _require_no_double(gateway: Gateway, others: Iterable[Gateway]) -> None:
    keyids = {key.keyid for key in gateway.keys}
    for other in others:
        what = (
            ("address", other.url == gateway.url),
            ("message key", not keyids.isdisjoint(key.keyid for key in other.keys)),
            ("certificate", not set(gateway.certificates).isdisjoint(other.certificates)),
            ("log", other.log.origin == gateway.log.origin),
        )
        for name, is_same in what:
            if is_same:
                raise JoinRefused(f"{gateway.id} has the {name} of {other.id}; each gateway has its own")
