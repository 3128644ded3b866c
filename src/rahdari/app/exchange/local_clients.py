"""The tables ``[[client]]`` of ``gateway.toml``: whose information systems may call, and how each proves itself."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from rahdari.app.errors import BadFile, FolderFailed
from rahdari.app.exchange.certificate_files import read_certificate_file
from rahdari.app.exchange.edge_tls import EdgeTlsSettings
from rahdari.app.exchange.toml_fields import Fields
from rahdari.exchange.values.services import ClientProof, LocalClient
from rahdari.wire.errors import MalformedInput
from rahdari.wire.ndel.json_members import require_word
from rahdari.wire.xroad import ClientId, SecurityServerId, read_client

CLIENTS_MAX: Final = 1024
_SECRETS_MAX: Final = 16
_DIGEST_BYTES: Final = 32


class LocalClients(NamedTuple):
    """The clients of a gateway, and the files that hold the certificates of some."""

    clients: Mapping[ClientId, LocalClient]
    files: Mapping[ClientId, tuple[str, ...]]


def read_clients(
    found: Fields, gateway: SecurityServerId, folder: Path, *, tls: EdgeTlsSettings | None
) -> LocalClients:
    """Read every client; the files of certificates stand in ``folder`` unless their paths say otherwise.

    Raises:
        MalformedInput: something cannot be; the sentence names it.
    """
    clients: dict[ClientId, LocalClient] = {}
    files: dict[ClientId, tuple[str, ...]] = {}
    for one in found.tables("client", most=CLIENTS_MAX):
        named = one.list_of_texts("certificates", most=_SECRETS_MAX)
        client = _read(one, [_digest_of(folder / name) for name in named], tls=tls, is_issued=not named)
        if client.id.parts[:3] != gateway.parts[:3]:
            raise MalformedInput(f"client {client.id} is no subsystem of this gateway's member")
        if client.id in clients:
            raise MalformedInput(f"client {client.id} stands twice")
        clients[client.id] = client
        if named:
            files[client.id] = named
    return LocalClients(clients, files)


def _read(
    found: Fields, shown: Iterable[bytes], *, tls: EdgeTlsSettings | None, is_issued: bool
) -> LocalClient:
    kinds = {one.value: one for one in ClientProof}
    proof = kinds.get(found.text("proof"))
    if proof is None:
        raise MalformedInput(f"a client's proof is one of {sorted(kinds)}")
    by_certificate = proof is ClientProof.CERTIFICATE
    if by_certificate and tls is None:
        # No certificate would ever reach the edge, and every call would be refused.
        raise MalformedInput(
            "a client that proves itself by certificate needs an edge with TLS: add the table [edge.tls]"
        )
    if by_certificate and is_issued and not (tls and tls.authorities):
        raise MalformedInput(
            "a client that proves itself by certificate names its files in certificates; digests alone are enough "
            "where the authorities of edge.tls issue them"
        )
    tokens = _digests(found, "secret_digests")
    certificates = {*shown, *_digests(found, "certificate_digests")}
    client = LocalClient(
        id=read_client(found.text("id")),
        proof=proof,
        secret_digests=frozenset(certificates if by_certificate else tokens),
        purposes=found.table("purposes").texts(),
    )
    found.require_nothing_else()
    _require_fitting(client, tokens if by_certificate else certificates)
    for purpose in client.purposes.values():
        require_word(purpose)
    return client


def _require_fitting(client: LocalClient, unused: Iterable[bytes]) -> None:
    if client.proof is not ClientProof.NETWORK and not client.secret_digests:
        names = (
            "certificates and certificate_digests are"
            if client.proof is ClientProof.CERTIFICATE
            else "secret_digests is"
        )
        raise MalformedInput(f"client {client.id} proves itself by {client.proof}, and {names} empty")
    if any(unused):
        raise MalformedInput(
            f"client {client.id} proves itself by {client.proof}: secret_digests are of tokens, certificates and "
            "certificate_digests of certificates"
        )


def _digests(found: Fields, name: str) -> frozenset[bytes]:
    return frozenset(_digest(text, name) for text in found.list_of_texts(name, most=_SECRETS_MAX))


def _digest(text: str, name: str) -> bytes:
    try:
        # openssl writes fingerprints with colons.
        raw = bytes.fromhex(text.replace(":", ""))
    except ValueError:
        raw = b""
    if len(raw) != _DIGEST_BYTES:
        raise MalformedInput(f"{name} are SHA-256 in 64 hexadecimal digits")
    return raw


def _digest_of(file: Path) -> bytes:
    try:
        return sha256(read_certificate_file(file)).digest()
    except (BadFile, FolderFailed) as refusal:
        raise MalformedInput(refusal.message) from None
