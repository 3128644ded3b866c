"""Configurations, members and proposals as documents and as words."""

from datetime import UTC, datetime

from rahdari.cli.instants import instant
from rahdari.exchange import Proposal, Register, missing_approvals
from rahdari.wire.ndel.act_token import change_as_json
from rahdari.wire.ndel.acts import Join
from rahdari.wire.ndel.joining import read_join
from rahdari.wire.ndel.parties import Allowance, Configuration, Gateway, Member


def moment(seconds: int | None) -> str | None:
    """Write seconds since 1970 as ISO 8601; None stays None."""
    return None if seconds is None else instant(datetime.fromtimestamp(seconds, UTC))


def proposal_document(register: Register, proposal: Proposal) -> dict[str, object]:
    """Tell a proposal: what it changes, who signed, how many are missing."""
    details = change_as_json(proposal.change)
    if isinstance(proposal.change, Join):
        details = {"kind": "join", "gateway": str(read_join(proposal.change.request).request.gateway.id)}
    is_open = proposal.state == "pending"
    return {
        "proposal": proposal.number,
        "change": details["kind"],
        "details": {name: value for name, value in details.items() if name != "kind"},
        "state": proposal.state.value,
        "signed_by": sorted(proposal.signed_by),
        "missing": missing_approvals(register, proposal) if is_open else 0,
    }


def configuration_document(configuration: Configuration) -> dict[str, object]:
    """Tell a configuration: its message keys by their names, those of logs and witnesses whole."""
    return {
        "instance": configuration.instance,
        "version": configuration.version,
        "issued": moment(configuration.issued_at),
        "expires": moment(configuration.expires),
        "refresh_seconds": configuration.refresh_seconds,
        "members": [_member(one) for one in configuration.members],
        "purposes": [
            {"code": one.code, "title": dict(one.title), "basis": one.basis} for one in configuration.purposes
        ],
        "consent_issuers": [str(one.member) for one in configuration.consent_issuers],
        "timestampers": [{"name": one.name, "url": one.url} for one in configuration.timestampers],
        "witnesses": [
            {"name": one.name, "url": one.url, "keys": [key.text for key in one.keys]}
            for one in configuration.witnesses
        ],
        "pins": [
            {
                "instance": one.instance,
                "urls": list(one.urls),
                "inbound": [_allowance(each) for each in one.inbound],
                "outbound": [_allowance(each) for each in one.outbound],
            }
            for one in configuration.pins
        ],
    }


def witness_rows(configuration: Configuration) -> list[tuple[str, str]]:
    """List who cosigns checkpoints, each with a key as ``evidence verify --witness`` takes it.

    Gateways cosign each other's, beside the witnesses that officers entered.
    """
    gateways = [gateway for member in configuration.members for gateway in member.gateways]
    return [
        *((one.name, key.text) for one in configuration.witnesses for key in one.keys),
        *((str(one.id), key.text) for one in gateways for key in one.log.witness_keys),
    ]


def _allowance(allowance: Allowance) -> dict[str, object]:
    return {
        "provider": None if allowance.provider is None else str(allowance.provider),
        "service": allowance.service_code,
        "purposes": sorted(allowance.purposes),
    }


def _member(member: Member) -> dict[str, object]:
    return {
        "id": str(member.id),
        "name": dict(member.name),
        "subsystems": list(member.subsystems),
        "suspended": moment(member.suspended_at),
        "gateways": [_gateway(one) for one in member.gateways],
    }


def _gateway(gateway: Gateway) -> dict[str, object]:
    return {
        "id": str(gateway.id),
        "url": gateway.url,
        "certificates": len(gateway.certificates),
        "log": gateway.log.origin,
        "log_keys": [one.text for one in gateway.log.keys],
        "witness_keys": [one.text for one in gateway.log.witness_keys],
        "recipients": [one.kem.name for one in gateway.recipients],
        "keys": [
            {"keyid": one.keyid, "until": moment(one.not_after), "withdrawn": moment(one.withdrawn_at)}
            for one in gateway.keys
        ],
    }
