"""``rahdari exchange service identity``: the identity authority's services, behind its gateway."""

import sys
from pathlib import Path

from rahdari.app.errors import BadFile
from rahdari.app.exchange.home import GatewayHome, read_home
from rahdari.app.exchange.identity_offer import (
    BEARER_FILE,
    IdentityOffer,
    describe_identity,
    identity_services,
    write_identity_offer,
)
from rahdari.app.exchange.offers import FILE_BYTES_MAX, read_offer_file
from rahdari.app.files import SECRET_MODE, read_limited, write_whole
from rahdari.cli.authority import Given
from rahdari.cli.errors import BadUsage
from rahdari.cli.exchange.opened import gateway_home
from rahdari.cli.terminal import pairs
from rahdari.wire.xroad import SubsystemId, read_client

_TOKEN_CHARS_MAX = 4096


def service_identity(
    *,
    server: str,
    subsystem: str,
    purpose: tuple[str, ...],
    grant: tuple[str, ...] = (),
    token_from_stdin: bool = False,
    session: Given,
) -> None:
    """Offer the identity authority's three services: person-status, attribute-match, age-over.

    They are added to the services.toml that is there.

    Args:
        server: Where the authority's own server is, as http://127.0.0.1:8440.
        subsystem: Subsystem of the member that offers them.
        purpose: Code of a purpose for which may be asked; may be repeated.
        grant: Client that may call all three, as PK/COM/2002/loans; may be repeated.
        token_from_stdin: Must stand here; the token of an institution with the role exchange is read from stdin.
        session: This run.
    """
    if not token_from_stdin:
        raise BadUsage("--token-from-stdin is needed; the token is read from stdin, never from the command")
    home = read_home(gateway_home(session))
    provider = _subsystem(f"{home.member}/{subsystem}")
    offer = IdentityOffer(provider, server, purpose, tuple(_subsystem(one) for one in grant))
    kept = _kept(home, provider)
    token = sys.stdin.readline(_TOKEN_CHARS_MAX).strip()
    write_whole(home.folder / BEARER_FILE, token.encode(), mode=SECRET_MODE)
    for name, described in describe_identity(provider).items():
        write_whole(home.folder / name, described)
    _write_checked(home.services_file, kept + write_identity_offer(offer), provider)
    document = {
        "file": str(home.services_file),
        "services": list(identity_services(provider)),
        "purposes": list(purpose),
        "granted_to": list(grant),
    }
    session.terminal.answer(
        document, pairs(document), "Sample purposes and rules, until counsel has checked them."
    )


def _kept(home: GatewayHome, provider: SubsystemId) -> str:
    """Give the text of the offer that is there, before which nothing of ours may stand yet; else none."""
    if not home.services_file.exists():
        return ""
    offered = {str(one) for one in read_offer_file(home.services_file, home.member).offer.services}
    there = [one for one in identity_services(provider) if one in offered]
    if there:
        raise BadFile(
            f"{home.services_file} offers {', '.join(there)} already, and nothing was changed: set purposes and "
            "grants there by hand, or take these tables out and run this again"
        )
    return read_limited(home.services_file, size_bytes_max=FILE_BYTES_MAX).decode().rstrip("\n") + "\n\n"


def _write_checked(path: Path, text: str, provider: SubsystemId) -> None:
    """Write an offer only if a gateway could read it."""
    trial = path.with_suffix(".trial")
    write_whole(trial, text.encode())
    try:
        read_offer_file(trial, provider.member)
        trial.replace(path)
    finally:
        trial.unlink(missing_ok=True)


def _subsystem(text: str) -> SubsystemId:
    client = read_client(text)
    if not isinstance(client, SubsystemId):
        raise BadUsage(f"{text} is a member; a subsystem has four parts, as PK/COM/2002/loans")
    return client
