"""Lists of consents that cannot be read are another answer than a member who signs none."""

import asyncio
from types import SimpleNamespace
from typing import cast

import pytest

from rahdari.app.exchange.gateway import OpenGateway
from rahdari.exchange.errors import KeysLocked
from rahdari.web.exchange.consent_lists import LOOK_SECONDS, ConsentLists
from tests.fakes.clock import WoundClock
from tests.unit.web.exchange.in_memory import ask


class _Keys:
    """The keys of a home: a damaged one, until it is mended by taking it away."""

    def __init__(self) -> None:
        self.looked = 0
        self.is_damaged = True

    def secret(self, name: str) -> bytes | None:
        assert name == "consent-issuer"
        self.looked += 1
        if self.is_damaged:
            raise KeysLocked("the passphrase does not open the keys, or a file of them was altered")
        return None


def test_a_damaged_key_is_told_and_looked_at_again(capsys: pytest.CaptureFixture[str]) -> None:
    keys, tick = _Keys(), [0.0]
    gateway = SimpleNamespace(keys=keys, tick=lambda: tick[0], clock=WoundClock())
    lists = ConsentLists(cast("OpenGateway", gateway))

    def status() -> int:
        return asyncio.run(ask(lists, "/ndel/consents/0")).status

    assert [status(), status()] == [503, 503]
    assert keys.looked == 1
    assert capsys.readouterr().out.count("consent_lists_not_opened") == 1
    keys.is_damaged = False
    assert status() == 503
    tick[0] += LOOK_SECONDS
    assert status() == 404
