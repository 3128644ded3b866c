"""A gateway asks its registry to be taken in: makes the request, sends it, and looks what became of it."""

import asyncio
import json
from typing import Final
from urllib.parse import urljoin

from rahdari.app.clock import tell_seconds
from rahdari.app.exchange.fetching import Unfetched, fetch_text, post_text
from rahdari.app.exchange.gateway_keys import GatewayKeys
from rahdari.app.exchange.home import GatewayHome
from rahdari.app.files import read_limited, write_whole
from rahdari.exchange.errors import ConfigurationRefused, JoinRefused
from rahdari.kernel import Clock
from rahdari.wire.errors import BadSignature, MalformedInput
from rahdari.wire.ndel import configuration
from rahdari.wire.ndel.configuration import TEXT_CHARS_MAX as CONFIGURATION_CHARS_MAX
from rahdari.wire.ndel.joining import TEXT_CHARS_MAX, JoinRequest, read_join, sign_join
from rahdari.wire.ndel.parties import Member

REQUEST_TYPE: Final = "application/ndel-join+jwt"
_ANSWER_CHARS_MAX: Final = 16 * 1024
_ASK_AGAIN_SECONDS: Final = 2.0
STATES: Final = ("waiting", "proposed", "entered", "declined")


async def verify_registry(home: GatewayHome) -> str:
    """Hold the registry's configuration against the keys that a home names; give why it was not to be had, else "".

    Nothing is asked of a registry, and no key made for it, before it is the one that was meant.

    Raises:
        ConfigurationRefused: what stands at its address is another registry's, or none of a registry.
    """
    why = ""
    for url in home.anchor.urls:
        try:
            found = await fetch_text(url, etag="", chars_max=CONFIGURATION_CHARS_MAX)
        except Unfetched as failure:
            why = why or str(failure)
            continue
        _require_registry(home, url, found.text if found else "")
        return ""
    return why


def _require_registry(home: GatewayHome, url: str, text: str) -> None:
    try:
        signed = configuration.decode(text)
        if signed.unverified.instance != home.anchor.instance:
            raise ConfigurationRefused(
                f"{url} is the configuration of {signed.unverified.instance}, not of {home.anchor.instance}; "
                "nothing was asked of it"
            )
        signed.verify_with(home.anchor.keys)
    except BadSignature:
        known = ", ".join(configuration.write_registry_key(one) for one in home.anchor.keys)
        raise ConfigurationRefused(
            f"{url} is not signed by the registry key {known}; nothing was asked of it. Ask the registry by "
            "another way than its address which key it signs with"
        ) from None
    except MalformedInput as refusal:
        raise ConfigurationRefused(
            f"what stands at {url} is no configuration of a registry ({refusal.message}); nothing was asked of it"
        ) from None


def make_request(home: GatewayHome, keys: GatewayKeys, clock: Clock) -> str:
    """Sign the request for the newest keys of a home, and keep it as ``join.jws``. Raises ``FolderFailed``."""
    member = Member(home.member, home.name, home.subsystems, (keys.as_gateway(home.id),))
    asked = JoinRequest(int(clock.now().timestamp()), member)
    notes = (*keys.log_signers, keys.cosigner)
    tls = keys.held_certificates[-1].signer
    text = sign_join(asked, keys.messages[-1].signer, tls=tls, notes=notes)
    write_whole(home.request_file, text.encode("ascii"))
    return text


def kept_request(home: GatewayHome) -> str | None:
    """Give the request that was made; None, if there is none. Raises ``FolderFailed``."""
    if not home.request_file.is_file():
        return None
    text = (
        read_limited(home.request_file, size_bytes_max=TEXT_CHARS_MAX)
        .decode("ascii", errors="replace")
        .strip()
    )
    read_join(text)
    return text


async def send_request(home: GatewayHome, text: str) -> tuple[str, str]:
    """Send a request to the registry; give its id and its state there.

    Raises:
        JoinRefused: the registry refused it, and why.
        Unfetched: no address of it was reached.
    """
    failure = Unfetched("the registry is reached by files alone")
    for url in _reachable(home):
        try:
            status, answer = await post_text(
                urljoin(url, "join"), text, media_type=REQUEST_TYPE, chars_max=_ANSWER_CHARS_MAX
            )
        except Unfetched as refusal:
            failure = refusal
            continue
        if status >= 500 or status == 429:
            failure = Unfetched(f"{url} answered {status}")
            continue
        told = _read(answer)
        if status != 202:
            raise JoinRefused(f"the registry refused the request: {told.get('detail') or status}")
        return _word(told, "id"), _word(told, "state")
    raise failure


async def ask_state(home: GatewayHome, request: str) -> str:
    """Ask the registry what became of a request. Raises ``Unfetched``."""
    failure = Unfetched("the registry is reached by files alone")
    for url in _reachable(home):
        try:
            found = await fetch_text(urljoin(url, f"join/{request}"), etag="", chars_max=_ANSWER_CHARS_MAX)
        except Unfetched as refusal:
            failure = refusal
            continue
        return _word(_read(found.text if found else ""), "state")
    raise failure


async def wait_for_entry(home: GatewayHome, request: str, *, seconds: float) -> str:
    """Ask until the officers have decided, or ``seconds`` have gone by; give the last state."""
    until = tell_seconds() + seconds
    state = await ask_state(home, request)
    while state not in {"entered", "declined"} and tell_seconds() < until:
        await asyncio.sleep(min(_ASK_AGAIN_SECONDS, max(0.0, until - tell_seconds())))
        state = await ask_state(home, request)
    return state


def _reachable(home: GatewayHome) -> list[str]:
    return [url for url in home.anchor.urls if not url.startswith("file:")]


def _read(answer: str) -> dict[str, object]:
    try:
        told = json.loads(answer)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise JoinRefused("the registry answered what is no answer of one; is its address right?")
    return told


def _word(told: dict[str, object], name: str) -> str:
    word = told.get(name)
    if not isinstance(word, str) or not (
        word in STATES or (name == "id" and word.isalnum() and len(word) < 65)
    ):
        raise JoinRefused("the registry answered what is no answer of one; is its address right?")
    return word
