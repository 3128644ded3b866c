"""Signatures over HTTP messages in general: any components, any of the three algorithms (RFC 9421, 2.3 to 4).

Above the raw signature, a request with nine components costs some 80 microseconds to sign and 120 to read and
verify; ``gateway`` does the same for our own profiles in an eighth of that, byte for byte alike.

Example:
    >>> from rahdari.wire.http_signatures import Request, component
    >>> from rahdari.wire.keys import Algorithm, SoftwareSigner
    >>> signer = SoftwareSigner.generate(Algorithm.EDDSA)
    >>> request = Request("GET", "https://gate.example/r1", {})
    >>> fields = sign(
    ...     request, [component("@method"), component("@path")], SignatureParameters(created=5), signer=signer
    ... )
    >>> signed = Request(request.method, request.target_uri, fields.as_fields())
    >>> read_signatures(signed)["sig1"].verify(signed, signer.public)
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Final

from rahdari.wire.errors import MalformedInput, TooLarge
from rahdari.wire.http_signatures import structured_fields as sf
from rahdari.wire.http_signatures.algorithms import MessageSigner, VerifyingKey, require_algorithm
from rahdari.wire.http_signatures.components import Component, read_component
from rahdari.wire.http_signatures.errors import SignatureNotInForce
from rahdari.wire.http_signatures.messages import Fields, Message

SIGNATURE, SIGNATURE_INPUT = "signature", "signature-input"
LABEL: Final = "sig1"
# The sender's, a second one by another algorithm, and those of two that stand between.
SIGNATURES_MAX: Final = 8
# Our widest profile has nine; each costs a line, and a query parameter costs a walk over the query.
COMPONENTS_MAX: Final = 32
# A key id or a nonce is a hint or a number, never a document.
PARAMETER_CHARS_MAX: Final = 256
# Clocks differ: X-Road's outages at the edges of validity taught two minutes.
SKEW_SECONDS: Final = 120


@dataclass(frozen=True, slots=True)
class SignatureParameters:
    """The metadata of a signature (2.3), written in this order; times in seconds since 1970.

    Raises:
        MalformedInput: a time before 1970 or beyond 15 digits, or a text that is too long or not ASCII.
    """

    created: int | None = None
    expires: int | None = None
    nonce: str | None = None
    alg: str | None = None
    keyid: str | None = None
    tag: str | None = None

    def __post_init__(self) -> None:
        if not _is_time(self.created) or not _is_time(self.expires):
            raise MalformedInput("created and expires are seconds since 1970 (RFC 9421, 2.3)")
        if not all(map(_is_text, (self.nonce, self.alg, self.keyid, self.tag))):
            raise MalformedInput(
                f"nonce, alg, keyid and tag are texts of up to {PARAMETER_CHARS_MAX} characters"
            )

    def as_parameters(self) -> dict[str, sf.BareItem]:
        """Give those that are set, in their order."""
        read = {name: getattr(self, name) for name in _NAMES}
        return {name: value for name, value in read.items() if value is not None}

    def require_in_force(self, at: int, *, skew_seconds: int = SKEW_SECONDS) -> None:
        """Return if the signature is in force ``at``, give or take ``skew_seconds`` (3.2, step 4).

        Raises:
            SignatureNotInForce: made in the future, or expired; without the parameter nothing is refused.
        """
        if self.created is not None and self.created > at + skew_seconds:
            raise SignatureNotInForce(f"signed {self.created - at} s in the future; set the clocks right")
        if self.expires is not None and at >= self.expires + skew_seconds:
            raise SignatureNotInForce(f"expired {at - self.expires} s ago; ask for a new one")


def _is_time(value: object) -> bool:
    # To Python true is an integer, to the format it is none.
    return value is None or (type(value) is int and 0 <= value <= sf.INTEGER_MAX)


def _is_text(value: object) -> bool:
    return value is None or (isinstance(value, str) and len(value) <= PARAMETER_CHARS_MAX)


_NAMES: Final = tuple(one.name for one in fields(SignatureParameters))


@dataclass(frozen=True, slots=True)
class SignatureFields:
    """What the two fields of a signed message say: the members of ``Signature-Input`` and ``Signature``.

    Of a signature that a profile has just made, ``base`` is what was signed (2.5) and ``raw`` its bytes, for who
    must keep both; elsewhere they are empty.
    """

    signature_input: str
    signature: str
    base: bytes = field(default=b"", repr=False, compare=False)
    raw: bytes = field(default=b"", repr=False, compare=False)

    def as_fields(self) -> dict[str, list[str]]:
        """Give the two fields with their names."""
        return {SIGNATURE_INPUT: [self.signature_input], SIGNATURE: [self.signature]}

    def beside(self, other: "SignatureFields") -> "SignatureFields":
        """Give the fields of a message with both signatures, this one first (4.3)."""
        return SignatureFields(
            f"{self.signature_input}, {other.signature_input}", f"{self.signature}, {other.signature}"
        )


@dataclass(frozen=True, slots=True)
class MessageSignature:
    """One signature as it stands in a message: nothing in it is trusted until ``verify`` returned.

    ``parameters_text`` is the value of ``@signature-params``, the one form of what ``Signature-Input`` says.
    """

    label: str
    components: tuple[Component, ...]
    parameters: SignatureParameters
    parameters_text: str = field(repr=False)
    signature: bytes = field(repr=False)

    def verify(self, message: Message, key: VerifyingKey) -> None:
        """Return if ``key`` signed the covered components of ``message``, and nothing else is promised.

        Whether they are enough, whether the time fits and whose key it is are the caller's questions (3.2).

        Raises:
            NotCovered: the message lacks a covered component.
            MalformedInput: a covered component cannot be signed.
            UnsupportedAlgorithm: ``alg`` is not accepted.
            BadSignature: ``key`` did not sign this, or ``alg`` is not the key's.
        """
        require_algorithm(self.parameters.alg, key)
        key.verify(self.signature, signature_base(message, self.components, self.parameters_text))


def signature_base(message: Message, components: Sequence[Component], parameters_text: str) -> bytes:
    """Build the signature base (2.5): a line for each component, and the parameters last, without a line break.

    Raises:
        NotCovered: the message lacks a component.
        MalformedInput: a component cannot be signed.
    """
    lines = [f"{one.identifier}: {one.value(message)}" for one in components]
    lines.append(f'"@signature-params": {parameters_text}')
    return "\n".join(lines).encode("ascii")


def sign(
    message: Message,
    components: Sequence[Component],
    parameters: SignatureParameters,
    *,
    signer: MessageSigner,
    label: str = LABEL,
) -> SignatureFields:
    """Sign ``components`` of ``message`` and write the two members under ``label`` (3.1).

    Raises:
        NotCovered: the message lacks a component.
        MalformedInput: a component stands twice or cannot be signed, or the label is none.
        BadSignature, UnsupportedAlgorithm: ``parameters`` name another algorithm than the signer's.
    """
    require_algorithm(parameters.alg, signer.public)
    _require_distinct(components)
    items = tuple(sf.Item(one.name, one.parameters) for one in components)
    text = sf.serialize_member(sf.InnerList(items, parameters.as_parameters()))
    signature = signer.sign(signature_base(message, components, text))
    return SignatureFields(
        sf.serialize_dictionary({label: sf.InnerList(items, parameters.as_parameters())}),
        sf.serialize_dictionary({label: sf.Item(signature)}),
    )


def read_signatures(message: Message) -> dict[str, MessageSignature]:
    """Read every signature of a message by its label; none gives an empty answer (4.1, 4.2).

    Raises:
        TooLarge: a field is too long, or there are more than ``SIGNATURES_MAX`` signatures.
        MalformedInput: a field is no such dictionary, a label stands in one of the two fields alone, or a
            component is unknown or stands twice.
    """
    inputs, values = _members(message.fields, SIGNATURE_INPUT), _members(message.fields, SIGNATURE)
    if inputs.keys() != values.keys():  # 4.2: each label MUST be in both
        raise MalformedInput("Signature and Signature-Input do not have the same labels (RFC 9421, 4.2)")
    if len(inputs) > SIGNATURES_MAX:
        raise TooLarge(f"a message with {len(inputs)} signatures; at most {SIGNATURES_MAX} are read")
    return {label: _read(label, inputs[label], values[label]) for label in inputs}


def read_parameters(parameters: sf.Parameters) -> SignatureParameters:
    """Read the metadata of a signature; a parameter that the registry does not have is refused.

    A parameter that is not understood could say that the signature is meant otherwise.

    Raises:
        MalformedInput: an unknown parameter, or one of another type.
    """
    if not set(_NAMES).issuperset(parameters):
        raise MalformedInput("a signature parameter that is not registered (RFC 9421, 6.3)")
    return SignatureParameters(**parameters)  # type: ignore[arg-type] # __post_init__ looks at each type


def _read(label: str, described: sf.Member, signed: sf.Member) -> MessageSignature:
    if not isinstance(described, sf.InnerList):
        raise MalformedInput("a member of Signature-Input is a list of components (RFC 9421, 4.1)")
    if not isinstance(signed, sf.Item) or not isinstance(signed.value, bytes):
        raise MalformedInput("a member of Signature is a byte sequence (RFC 9421, 4.2)")
    if len(described.items) > COMPONENTS_MAX:
        raise TooLarge(f"a signature over {len(described.items)} components; at most {COMPONENTS_MAX}")
    components = tuple(map(read_component, described.items))
    _require_distinct(components)
    parameters = read_parameters(described.parameters)
    return MessageSignature(label, components, parameters, sf.serialize_member(described), signed.value)


def _members(fields: Fields, name: str) -> dict[str, sf.Member]:
    return sf.parse_dictionary(", ".join(fields.get(name, ())))


def _require_distinct(components: Sequence[Component]) -> None:
    if len({one.identity for one in components}) != len(components):  # 2.5, step 2.3
        raise MalformedInput("a component is covered twice (RFC 9421, 2.5)")
