"""``rahdari exchange configuration``: what a signed configuration says."""

from pathlib import Path

from rahdari.app.clock import SystemClock
from rahdari.app.errors import NotInitialised
from rahdari.app.exchange.home import FILE_NAME, read_home
from rahdari.app.exchange.registry_founding import FILE_NAME as REGISTRY_FILE
from rahdari.app.files import read_limited
from rahdari.cli.authority import Given
from rahdari.cli.exchange.opened import gateway_home, open_home, registry_home
from rahdari.cli.exchange.showing import configuration_document, moment, witness_rows
from rahdari.cli.session import Session
from rahdari.cli.terminal import count_of, pairs, table_of
from rahdari.wire.keys import PublicKey
from rahdari.wire.ndel.configuration import TEXT_CHARS_MAX, decode, read_registry_key, write_registry_key


def show(file: Path | None = None, /, *, registry_key: tuple[str, ...] = (), session: Given) -> None:
    """Show a signed configuration, and whether its signature was verified.

    Args:
        file: The configuration; else that of the registry or gateway in the home folder.
        registry_key: Key of its registry; else the one that the home folder pins.
        session: This run.
    """
    path, pinned = _where(session)
    path = file or path
    if path is None:
        raise NotInitialised("there is no registry and no gateway in the home folder; give a file")
    keys = tuple(read_registry_key(text) for text in registry_key) or pinned
    text = read_limited(path, size_bytes_max=TEXT_CHARS_MAX).decode("ascii", errors="replace").strip()
    signed = decode(text)
    configuration = signed.verify_with(keys) if keys else signed.unverified
    is_expired = configuration.expires <= SystemClock().now().timestamp()
    document = {
        "file": str(path),
        "verified": bool(keys),
        "expired": is_expired,
        "digest": signed.digest.hex(),
        "registry_keys": [write_registry_key(one) for one in keys],
        **configuration_document(configuration),
    }
    told = ("instance", "version", "issued", "expires", "verified", "expired", "registry_keys")
    shown = {name: document[name] for name in told}
    witnesses = witness_rows(configuration)
    gateways = [(member, gateway) for member in configuration.members for gateway in member.gateways]
    session.terminal.answer(
        document,
        pairs(shown),
        table_of(
            ["gateway", "url", "suspended"],
            ([str(one.id), one.url, member.suspended_at is not None] for member, one in gateways),
        ),
        table_of(
            ["message key", "of", "until", "withdrawn"],
            (
                [key.keyid, str(one.id), moment(key.not_after), moment(key.withdrawn_at) or "no"]
                for _, one in gateways
                for key in one.keys
            ),
        ),
        # Whole lines: a key that is bent could not be copied.
        *(["Keys of witnesses (exchange evidence verify --witness):"] if witnesses else []),
        *(f"  {key}   {name}" for name, key in witnesses),
        f"{count_of(len(configuration.members), 'member')}, {count_of(len(configuration.purposes), 'purpose')}.",
        "" if keys else "Nobody vouches for this: give --registry-key, told by another way than its address.",
    )


def _where(session: Session) -> tuple[Path | None, tuple[PublicKey, ...]]:
    if (gateway_home(session) / FILE_NAME).is_file():
        home = read_home(gateway_home(session))
        return home.configuration_folder / f"{home.anchor.instance}.jws", home.anchor.keys
    if (registry_home(session) / REGISTRY_FILE).is_file():
        registry = open_home(session)
        return registry.public_file, (registry.public,)
    return None, ()
