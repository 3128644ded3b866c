"""``rahdari exchange … add``: what stands in the configuration beside its members. Each needs a second officer."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from rahdari.app.clock import SystemClock
from rahdari.app.exchange.certificate_files import read_certificate_file
from rahdari.app.files import read_limited
from rahdari.cli.authority import Given
from rahdari.cli.errors import BadUsage
from rahdari.cli.exchange.opened import Acting
from rahdari.cli.exchange.registry import propose
from rahdari.wire import jws, strict_json
from rahdari.wire.errors import MalformedInput
from rahdari.wire.ndel.acts import Enter, EntryKind, Remove
from rahdari.wire.ndel.configuration import read_registry_key
from rahdari.wire.ndel.parties import (
    Allowance,
    ConsentIssuer,
    MessageKey,
    Pin,
    Purpose,
    Timestamper,
    Witness,
)
from rahdari.wire.ndel.parties_as_json import read_member_id
from rahdari.wire.tlog import read_key

_KEY_BYTES_MAX = 16 * 1024


def purpose_add(code: str, /, *, title: tuple[str, ...], basis: str, acting: Acting, session: Given) -> None:
    """Enter a purpose for which may be asked.

    Counts once another officer agrees.

    Args:
        code: Its code, such as passport-issue.
        title: Its title in a language, as en=Passport issue; may be repeated.
        basis: The law or contract that it rests on.
        acting: Which officer signs.
        session: This run.
    """
    propose(session, acting, Enter(Purpose(code, _titles(title), basis)))


def consent_issuer_add(
    member: str, /, *, key: tuple[Path, ...], days: int = 366, acting: Acting, session: Given
) -> None:
    """Enter a member whose signature makes consents valid.

    Counts once another officer agrees.

    Args:
        member: The member, as PK/GOV/1001.
        key: File with a public key, as JWK; may be repeated.
        days: How long the keys are good.
        acting: Which officer signs.
        session: This run.
    """
    begins = SystemClock().now() - timedelta(hours=1)
    window = int(begins.timestamp()), int((begins + timedelta(days=days)).timestamp())
    keys = []
    for file in key:
        raw = read_limited(file, size_bytes_max=_KEY_BYTES_MAX)
        public = jws.read_public_jwk(strict_json.decode(raw, size_bytes_max=_KEY_BYTES_MAX))
        # As the tokens of the issuer name it (wire.jws).
        keys.append(MessageKey(jws.kid_text(public), public, *window))
    propose(session, acting, Enter(ConsentIssuer(read_member_id(member), tuple(keys))))


def timestamper_add(name: str, /, *, url: str, certificate: Path, acting: Acting, session: Given) -> None:
    """Enter a time-stamping authority.

    Counts once another officer agrees.

    Args:
        name: Its name.
        url: Where it is asked (RFC 3161, 3.4).
        certificate: File with the certificate it signs with, PEM or DER.
        acting: Which officer signs.
        session: This run.
    """
    propose(session, acting, Enter(Timestamper(name, url, certificate=read_certificate_file(certificate))))


def witness_add(name: str, /, *, url: str, key: tuple[str, ...], acting: Acting, session: Given) -> None:
    """Enter a witness of checkpoints.

    Counts once another officer agrees.

    Args:
        name: Its name.
        url: Where it is asked (c2sp.org/tlog-witness).
        key: A key of it (c2sp.org/signed-note), as name+id+key; may be repeated.
        acting: Which officer signs.
        session: This run.
    """
    propose(session, acting, Enter(Witness(name, url, tuple(read_key(text) for text in key))))


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Agreement:
    """What two instances agreed on."""

    url: Annotated[
        tuple[str, ...], Parameter(help="Where the other's configuration stands; may be repeated.")
    ]
    registry_key: Annotated[
        tuple[str, ...], Parameter(help="Key of its registry, told by another way; may be repeated.")
    ]
    inbound: Annotated[
        tuple[str, ...],
        Parameter(
            help="What its members may ask here: PURPOSE, PURPOSE@PK/GOV/1001 or PURPOSE@PK/GOV/1001/SERVICE."
        ),
    ] = ()
    outbound: Annotated[
        tuple[str, ...], Parameter(help="What our members may ask there, in the same form.")
    ] = ()


def pin_add(instance: str, /, *, agreement: Agreement, acting: Acting, session: Given) -> None:
    """Federate with another instance.

    Counts once another officer agrees. What is not allowed stays forbidden.

    Args:
        instance: Name of the other instance.
        agreement: What was agreed on.
        acting: Which officer signs.
        session: This run.
    """
    pin = Pin(
        instance,
        agreement.url,
        tuple(read_registry_key(text) for text in agreement.registry_key),
        tuple(_allowance(text) for text in agreement.inbound),
        tuple(_allowance(text) for text in agreement.outbound),
    )
    propose(session, acting, Enter(pin))


def remove(
    what: Literal["purpose", "consent-issuer", "timestamper", "witness", "pin"],
    name: str,
    /,
    *,
    acting: Acting,
    session: Given,
) -> None:
    """Take an entry out of the configuration.

    Counts once another officer agrees.

    Args:
        what: Its kind.
        name: Its name.
        acting: Which officer signs.
        session: This run.
    """
    propose(session, acting, Remove(EntryKind(what), name))


def _titles(given: tuple[str, ...]) -> dict[str, str]:
    titles = {}
    for text in given:
        language, sign, title = text.partition("=")
        if not sign:
            raise BadUsage(f"--title {text!r} names no language; write --title en=…")
        titles[language] = title
    return titles


def _allowance(text: str) -> Allowance:
    purposes, _, place = text.partition("@")
    parts = place.split("/") if place else []
    if len(parts) not in {0, 3, 4}:
        raise MalformedInput(f"{text!r} is no allowance; write PURPOSE@INSTANCE/CLASS/CODE/SERVICE")
    provider = read_member_id("/".join(parts[:3])) if parts else None
    return Allowance(provider, parts[3] if len(parts) == 4 else None, frozenset(purposes.split(",")))
