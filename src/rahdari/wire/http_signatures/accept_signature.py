"""Accept-Signature: asking the other side to sign its next message (RFC 9421, 5).

Example:
    >>> wanted = read_accept_signature('sig1=("@status" "content-digest");created;tag="ndel-rsp-v1"')
    >>> wanted["sig1"].tag, wanted["sig1"].created
    ('ndel-rsp-v1', True)
    >>> write_accept_signature(wanted)
    'sig1=("@status" "content-digest");created;tag="ndel-rsp-v1"'
"""

from collections.abc import Mapping
from dataclasses import dataclass

from rahdari.wire.errors import MalformedInput, TooLarge
from rahdari.wire.http_signatures import structured_fields as sf
from rahdari.wire.http_signatures.components import Component, read_component
from rahdari.wire.http_signatures.signatures import COMPONENTS_MAX, PARAMETER_CHARS_MAX, SIGNATURES_MAX


@dataclass(frozen=True, slots=True)
class WantedSignature:
    """A signature that is asked for: its components, and what its parameters must be (5.1).

    ``created`` and ``expires`` ask that the parameter be there; the others give its value.
    """

    components: tuple[Component, ...]
    created: bool = False
    expires: bool = False
    nonce: str | None = None
    alg: str | None = None
    keyid: str | None = None
    tag: str | None = None


_FLAGS, _TEXTS = ("created", "expires"), ("nonce", "alg", "keyid", "tag")


def read_accept_signature(field: str) -> dict[str, WantedSignature]:
    """Read the signatures that are asked for, by the label that each shall have.

    Raises:
        TooLarge: more than ``SIGNATURES_MAX``, or than ``COMPONENTS_MAX`` components in one.
        MalformedInput: not a dictionary of component lists, or an unknown component or parameter.
    """
    members = sf.parse_dictionary(field)
    if len(members) > SIGNATURES_MAX:
        raise TooLarge(f"{len(members)} signatures are asked for; at most {SIGNATURES_MAX} are given")
    return {label: _read(member) for label, member in members.items()}


def write_accept_signature(wanted: Mapping[str, WantedSignature]) -> str:
    """Write what is asked for, in its one form."""
    return sf.serialize_dictionary({label: _write(one) for label, one in wanted.items()})


def _read(member: sf.Member) -> WantedSignature:
    if not isinstance(member, sf.InnerList):
        raise MalformedInput("a member of Accept-Signature is a list of components (RFC 9421, 5.1)")
    if len(member.items) > COMPONENTS_MAX:
        raise TooLarge(f"{len(member.items)} components are asked for; at most {COMPONENTS_MAX}")
    for name, value in member.parameters.items():
        is_text = isinstance(value, str) and len(value) <= PARAMETER_CHARS_MAX
        if not (value is True if name in _FLAGS else name in _TEXTS and is_text):
            raise MalformedInput(
                "created and expires stand alone, nonce, alg, keyid and tag with a text (5.1)"
            )
    components = tuple(map(read_component, member.items))
    if len({one.identity for one in components}) != len(components):
        raise MalformedInput("a component is asked for twice (RFC 9421, 2.5)")
    return WantedSignature(components, **member.parameters)  # type: ignore[arg-type] # looked at above


def _write(wanted: WantedSignature) -> sf.InnerList:
    values = {name: getattr(wanted, name) for name in (*_FLAGS, *_TEXTS)}
    parameters = {name: value for name, value in values.items() if value is not None and value is not False}
    return sf.InnerList(tuple(sf.Item(one.name, one.parameters) for one in wanted.components), parameters)
