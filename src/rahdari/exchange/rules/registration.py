"""The registry's rules: which acts can be, and what each does. The register is its journal, replayed.

A change counts once ``approvals_min`` different officers signed it, the proposer among them; officers dismissed
meanwhile do not count. One officer is enough to decline.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from rahdari.exchange.errors import ActRefused, LogDamaged, UnknownAct
from rahdari.exchange.rules.changes import change_register, require_officer_name, require_terms
from rahdari.exchange.rules.membership import renew_gateway
from rahdari.exchange.values.registrations import Proposal, ProposalState, Register
from rahdari.kernel import Refused
from rahdari.wire.keys import PublicKey
from rahdari.wire.ndel.act_token import SignedAct
from rahdari.wire.ndel.acts import (
    NOTHING_BEFORE,
    REGISTRY,
    Act,
    Approved,
    Change,
    Declined,
    Deed,
    Founded,
    Proposed,
    Published,
    Renewed,
)

# What waits for its second officer; beyond, somebody must decide first.
PENDING_MAX: Final = 1024
# Clocks of officers' machines differ; acts are in the order of their lines, whatever their times say.
_NUMBERED = "line {} of the journal"


def replay(register: Register | None, signed: SignedAct, registry: PublicKey) -> Register:
    """Take in the next line of the journal.

    Raises:
        LogDamaged: it does not follow the last one, nobody who may signed it, or it does what cannot be done.
    """
    act = signed.unverified
    place = _NUMBERED.format(act.number)
    tip, number = (NOTHING_BEFORE, 0) if register is None else (register.tip, register.number)
    if act.number != number or act.previous != tip:
        raise LogDamaged(f"{place} does not follow the line before it; the journal was altered or cut")
    try:
        signed.verify_with(_signer_of(register, act, registry))
        changed = perform(register, act, is_new=False)
    except Refused as refusal:
        raise LogDamaged(f"{place} cannot stand there: {refusal.message}") from None
    return replace(changed, number=number + 1, tip=signed.digest, at=act.at)


def perform(register: Register | None, act: Act, *, is_new: bool = True) -> Register:
    """Do what an act says, with its author taken for granted.

    One that ``is_new`` must also leave a register that a configuration can be made of; what stands in the journal
    did so when it was written, and to ask again for each line would take a minute for a large instance.

    Raises:
        ActRefused: it cannot be done as the register stands; ``UnknownAct``: there is no such proposal.
        JoinRefused, MalformedInput: a gateway's own request does not hold together.
    """
    deed = act.deed
    if register is None:
        return _found(deed, act)
    match deed:
        case Founded():
            raise ActRefused("a registry is founded once")
        case Proposed():
            return _propose(register, act, deed.change, is_new=is_new)
        case Approved():
            return _approve(register, act, deed.proposal, is_new=is_new)
        case Declined():
            proposal = find_pending(register, deed.proposal)
            return _with_proposal(register, replace(proposal, state=ProposalState.DECLINED))
        case Renewed():
            members = renew_gateway(register.members, deed.request, at=act.at)
            return replace(register, members=members, is_changed=True)
        case Published():
            return _publish(register, act, deed)


def find_pending(register: Register, number: int) -> Proposal:
    """Find a proposal that waits. Raises ``UnknownAct``, and ``ActRefused`` where it is decided."""
    proposal = register.proposals.get(number)
    if proposal is None:
        raise UnknownAct(f"there is no proposal {number}")
    if proposal.state is not ProposalState.PENDING:
        raise ActRefused(f"proposal {number} is {proposal.state} already")
    return proposal


def missing_approvals(register: Register, proposal: Proposal) -> int:
    """Tell how many officers must still sign."""
    return max(0, register.terms.approvals_min - len(proposal.signed_by & register.officers.keys()))


def pending_of(register: Register) -> tuple[Proposal, ...]:
    """List the proposals that wait, the oldest first."""
    return tuple(one for one in register.proposals.values() if one.state is ProposalState.PENDING)


def _signer_of(register: Register | None, act: Act, registry: PublicKey) -> PublicKey:
    is_own = isinstance(act.deed, Founded | Renewed | Published)
    if is_own != (act.by == REGISTRY):
        raise ActRefused("an officer's act is signed by an officer, the registry's own by the registry")
    if is_own or register is None:
        return registry
    key = register.officers.get(act.by)
    if key is None:
        raise ActRefused(f"{act.by!r} is no officer of this registry")
    return key


def _found(deed: Deed, act: Act) -> Register:
    if not isinstance(deed, Founded):
        raise ActRefused("the first act of a registry is its founding")
    officers = {officer.name: officer.key for officer in deed.officers}
    for name in officers:
        require_officer_name(name)
    if len(set(officers.values())) != len(deed.officers):
        raise ActRefused("two officers have one name or one key; each has her own")
    require_terms(deed.terms, officers=len(officers))
    return Register(deed.instance, deed.terms, officers, at=act.at)


def _propose(register: Register, act: Act, change: Change, *, is_new: bool) -> Register:
    if len(pending_of(register)) >= PENDING_MAX:
        raise ActRefused(f"{PENDING_MAX} proposals wait already; approve or decline some first")
    # What cannot be done now is not even proposed; it is tried again when it is approved.
    if is_new:
        change_register(register, change, at=act.at, is_new=True)
    return _settle(
        register, Proposal(act.number, act.at, change, frozenset({act.by})), at=act.at, is_new=is_new
    )


def _approve(register: Register, act: Act, number: int, *, is_new: bool) -> Register:
    proposal = find_pending(register, number)
    if act.by in proposal.signed_by:
        raise ActRefused(f"{act.by} signed proposal {number} already; it needs another officer")
    return _settle(
        register, replace(proposal, signed_by=proposal.signed_by | {act.by}), at=act.at, is_new=is_new
    )


def _settle(register: Register, proposal: Proposal, *, at: int, is_new: bool) -> Register:
    if missing_approvals(register, proposal) > 0:
        return _with_proposal(register, proposal)
    changed = change_register(register, proposal.change, at=at, is_new=is_new)
    return replace(_with_proposal(changed, replace(proposal, state=ProposalState.DONE)), is_changed=True)


def _with_proposal(register: Register, proposal: Proposal) -> Register:
    proposals: Mapping[int, Proposal] = {**register.proposals, proposal.number: proposal}
    return replace(register, proposals=proposals)


def _publish(register: Register, act: Act, deed: Published) -> Register:
    if deed.version != register.version + 1:
        raise ActRefused(f"version {deed.version} does not follow {register.version}")
    return replace(
        register,
        version=deed.version,
        published_at=act.at,
        expires=deed.expires,
        digest=deed.digest,
        is_changed=False,
    )
