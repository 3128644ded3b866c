"""Renews a gateway's message key and certificate at two thirds of their life, before anybody has to think of it.

New keys are made and kept first, then asked for, and used only once the configuration has them; until the old ones
run out both are good. A gateway that was stopped in between finds the keys that it asked for, and asks again.
"""

import asyncio
from collections.abc import Callable
from typing import Final
from urllib.parse import urljoin

import structlog

from rahdari.app.exchange.fetching import Unfetched, post_text
from rahdari.app.exchange.gateway_keys import GatewayKeys
from rahdari.app.exchange.home import GatewayHome
from rahdari.app.files import write_whole
from rahdari.exchange.errors import ConfigurationRefused
from rahdari.exchange.rules.directory import Directory
from rahdari.exchange.rules.renewal import is_renewal_due
from rahdari.kernel import Chance, Clock, Problem
from rahdari.wire.ndel.joining import RenewalRequest, sign_renewal

# Thirty days are left when a renewal is due: an hour more or less is nothing.
PAUSE_SECONDS: Final = 3600
# Until the registry has taken it in, asked each minute; an hour after ten failures.
_ASK_AGAIN_SECONDS: Final = 60
_FAILURES_MAX: Final = 10
_FORGOTTEN_AFTER_SECONDS: Final = 7 * 86_400
_ANSWER_CHARS_MAX: Final = 16 * 1024
REQUEST_TYPE: Final = "application/ndel-renewal+jwt"

_LOG = structlog.get_logger("rahdari.exchange.renewing")


class Renewing:
    """Renews the keys of one gateway. Used by one event loop."""

    def __init__(
        self,
        home: GatewayHome,
        keys: GatewayKeys,
        directory: Callable[[], Directory],
        *,
        clock: Clock,
        chance: Chance,
    ) -> None:
        """Renew ``keys``; ``directory`` gives the one in use."""
        self._home, self._keys, self._directory = home, keys, directory
        self._clock, self._chance = clock, chance
        self._failures = 0

    def is_waiting(self) -> bool:
        """Tell whether the newest keys are not in the configuration yet."""
        directory, at = self._directory(), int(self._clock.now().timestamp())
        message, held = self._keys.messages[-1], self._keys.held_certificates[-1]
        return (
            directory.message_key(message.key.keyid, at, instance=directory.instance) is None
            or directory.gateway_by_certificate(held.certificate.der) is None
        )

    def is_due(self) -> bool:
        """Tell whether the newest message key or certificate has lived two thirds of its life."""
        at = int(self._clock.now().timestamp())
        key, held = self._keys.messages[-1].key, self._keys.held_certificates[-1].certificate
        windows = ((key.not_before, key.not_after), (held.not_before, held.not_after))
        return any(is_renewal_due(*window, at=at) for window in windows)

    async def step(self) -> bool:
        """Do what is due: make new keys, ask for them, forget old ones. Tell whether the registry was asked.

        Raises:
            ConfigurationRefused: no key of this gateway is in force, so that nobody can ask for another.
            Unfetched: the registry was not reached, or refused.
        """
        now = self._clock.now()
        directory = self._directory()
        if directory.is_expired(int(now.timestamp())):
            # Nobody knows what it would say now; a newer one comes first. Or the clock is wrong.
            return False
        if not self.is_waiting():
            # While newer keys wait, the older ones are all that there is to sign and to ask with.
            named = directory.gateway(self._home.id)
            self._keys.forget(int(now.timestamp()) - _FORGOTTEN_AFTER_SECONDS, named=named)
            if not self.is_due():
                return False
            await asyncio.to_thread(self._keys.renew, now)
        await self._ask(self.make_request())
        return True

    def make_request(self) -> str:
        """Sign the request for the newest keys by the key in force. Raises ``ConfigurationRefused``."""
        at = int(self._clock.now().timestamp())
        message, held = self._keys.messages[-1], self._keys.held_certificates[-1]
        _, in_force = self._keys.signer_for(self._directory(), at)
        asked = RenewalRequest(at, self._home.id, message.key, held.certificate.der)
        return sign_renewal(asked, in_force, message=message.signer, tls=held.signer)

    async def run(self) -> None:
        """Renew until cancelled."""
        while True:
            pause: float = PAUSE_SECONDS
            try:
                if await self.step():
                    pause = _ASK_AGAIN_SECONDS
                self._failures = 0
            except (Unfetched, Problem) as failure:
                self._failures += 1
                if self._failures <= _FAILURES_MAX:
                    pause = _ASK_AGAIN_SECONDS
                _LOG.warning("keys_not_renewed", why=str(failure), failed=self._failures)
            await asyncio.sleep(pause * (1.0 - self._chance.below(200) / 1000))

    async def _ask(self, request: str) -> None:
        write_whole(self._home.folder / "renewal.jws", request.encode())
        urls = [url for url in self._home.anchor.urls if not url.startswith("file:")]
        if not urls:
            raise ConfigurationRefused(
                f"the registry is reached by files alone; bring it {self._home.folder / 'renewal.jws'}"
            )
        failure: Unfetched | None = None
        for url in urls:
            try:
                status, answer = await post_text(
                    urljoin(url, "renew"), request, media_type=REQUEST_TYPE, chars_max=_ANSWER_CHARS_MAX
                )
            except Unfetched as refusal:
                failure = refusal
                continue
            if status < 300:
                return
            failure = Unfetched(f"the registry answered {status}: {answer[:300]!r}")
        if failure is not None:
            raise failure
