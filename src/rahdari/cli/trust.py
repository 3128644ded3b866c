"""``rahdari trust``: trust lists and keys."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from rich.console import RenderableType

from rahdari.app.authority import fingerprint
from rahdari.app.files import read_limited, write_whole
from rahdari.app.gate import ROOT_BYTES_MAX, TRUST_BYTES_MAX, Gate
from rahdari.cli.authority import Given
from rahdari.cli.documents import key_document
from rahdari.cli.errors import BadUsage
from rahdari.cli.instants import instant
from rahdari.cli.session import Session
from rahdari.cli.terminal import pairs, table_of
from rahdari.credentials import KeyUse, Trust
from rahdari.kernel import Problem
from rahdari.wire.keys import Algorithm


def export(
    *,
    out: Path | None = None,
    current: bool = False,
    days: int = 90,
    session: Given,
) -> None:
    """Sign the next trust list with the offline root.

    Args:
        out: Write it to this file too; it always stands in public/trust.jwt.
        current: Sign nothing; give the newest list.
        days: How long the list holds.
        session: This run.
    """
    house = session.house()
    if not 1 <= days <= _DAYS_MAX:
        raise BadUsage(f"--days must lie between 1 and {_DAYS_MAX}")
    if current:
        text = house.authority.current_trust_list()
        if out is None and not session.terminal.is_json:
            session.terminal.write(text + "\n")
            return
    else:
        session.require_own_address()
        text = house.authority.sign_trust_list(actor=session.actor(), life=timedelta(days=days))
        _take_over(session, text)
    if out is not None:
        write_whole(out, text.encode())
    trust = session.house().gate.trust()
    document = {
        "sequence": trust.listed.sequence,
        "expires": instant(trust.expires),
        "root_fingerprint": fingerprint(house.authority.root_public()),
        "file": str(out or house.authority.public_folder / "trust.jwt"),
    }
    session.terminal.answer({**document, "trust_list": text}, pairs(document), _NEXT)


# A list that holds longer than a year hides a withdrawal for as long from who has only the old one.
_DAYS_MAX = 366
_NEXT = "Verifiers take it over with: rahdari trust import trust.jwt"


def _take_over(session: Session, text: str) -> None:
    """Let the verifier of the same folder hold the new list, where it trusts this root."""
    try:
        session.house().gate.import_trust(text)
    except Problem as problem:
        session.terminal.note(f"The verifier in this folder did not take the list over: {problem.message}")


def import_list(
    file: Path, /, *, root: Path | None = None, verifier: Path | None = None, session: Given
) -> None:
    """Take over a signed trust list into the verifier.

    Lists that are unsigned, expired, or older than the one held are refused.

    Args:
        file: The trust list, trust.jwt.
        root: The root's public key, root.jwk, to be pinned. Compare its fingerprint by voice first.
        verifier: The verifier folder, else the one in the home folder.
        session: This run.
    """
    gate = session.gate(verifier)
    text = read_limited(file, size_bytes_max=TRUST_BYTES_MAX).decode("utf-8", errors="replace").strip()
    if root is not None:
        pinned = gate.pin_root(read_limited(root, size_bytes_max=ROOT_BYTES_MAX))
        session.terminal.note(
            f"Pinned the root {fingerprint(pinned)}; compare it with what the authority says."
        )
    trust = gate.import_trust(text)
    document = _trust_document(trust, gate)
    session.terminal.answer(document, "The trust list was taken over.", *_tables(trust, gate))


def show(*, verifier: Path | None = None, session: Given) -> None:
    """Show whom the verifier trusts.

    Args:
        verifier: The verifier folder, else the one in the home folder.
        session: This run.
    """
    gate = session.gate(verifier)
    trust = gate.trust()
    session.terminal.answer(_trust_document(trust, gate), *_tables(trust, gate))


def _trust_document(trust: Trust, gate: Gate) -> dict[str, object]:
    return {
        "root_fingerprint": fingerprint(gate.root()),
        "sequence": trust.listed.sequence,
        "issued_at": instant(datetime.fromtimestamp(trust.listed.issued_at, UTC)),
        "expires": instant(trust.expires),
        "issuers": [
            {
                "id": issuer.id,
                "name": dict(issuer.name),
                "products": sorted(issuer.products),
                "status_uris": list(issuer.status_uris),
                "keys": [
                    {
                        "kid": key.public.kid.hex(),
                        "algorithm": key.public.algorithm.value,
                        "uses": sorted(key.uses),
                        "not_before": instant(datetime.fromtimestamp(key.not_before, UTC)),
                        "not_after": instant(datetime.fromtimestamp(key.not_after, UTC)),
                        "withdrawn": key.withdrawn_at is not None,
                    }
                    for key in issuer.keys
                ],
            }
            for issuer in trust.listed.issuers
        ],
    }


def _tables(trust: Trust, gate: Gate) -> tuple[RenderableType, ...]:
    head = {
        "root fingerprint": fingerprint(gate.root()),
        "sequence": trust.listed.sequence,
        "expires": instant(trust.expires),
        "issuers": ", ".join(f"{one.name.get('en', '')} ({one.id})" for one in trust.listed.issuers),
    }
    rows = (
        (
            issuer.id,
            key.public.kid.hex(),
            key.public.algorithm,
            " ".join(sorted(key.uses)),
            instant(datetime.fromtimestamp(key.not_before, UTC)),
            instant(datetime.fromtimestamp(key.not_after, UTC)),
            "withdrawn" if key.withdrawn_at else "",
        )
        for issuer in trust.listed.issuers
        for key in issuer.keys
    )
    columns = ("issuer", "key", "algorithm", "signs", "from", "until", "")
    return pairs(head), "", table_of(columns, rows, spare=("issuer", "algorithm"))


def rotate(
    *,
    use: Literal["pass", "status", "answer", "audit"],
    algorithm: Literal["ES256", "EdDSA"] | None = None,
    session: Given,
) -> None:
    """Make a new key; what the old one signed stays good.

    Args:
        use: What the key signs.
        algorithm: Algorithm of the new key, else the one of the settings.
        session: This run.
    """
    record, text = session.house().authority.rotate(
        KeyUse(use), actor=session.actor(), algorithm=Algorithm(algorithm) if algorithm else None
    )
    _take_over(session, text)
    session.terminal.answer(
        key_document(record),
        f"Key {record.public.kid.hex()} signs {use} from now on; a new trust list says so. {_NEXT}",
        "Hand the new list to verifiers before the first pass of the new key reaches them."
        if use == "pass"
        else "Hand the new list to verifiers now.",
    )


def withdraw(kid: str, /, *, session: Given) -> None:
    """Withdraw a key: whatever it signed is dead.

    For a key that was stolen; every holder of a pass that it signed needs a new one.

    Args:
        kid: The key's id, 16 hexadecimal digits, as rahdari trust show tells.
        session: This run.
    """
    try:
        raw = bytes.fromhex(kid)
    except ValueError:
        raise BadUsage("a key's id has 16 hexadecimal digits; see rahdari trust show") from None
    withdrawn, text = session.house().authority.withdraw(raw, actor=session.actor())
    _take_over(session, text)
    session.terminal.answer(
        {"withdrawn": [key_document(one) for one in withdrawn]},
        f"Key {kid} is withdrawn; whatever it signed is refused once verifiers hold the new list. {_NEXT}",
    )
