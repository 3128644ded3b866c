"""The small servers end as they are told to: in good order, with what their programs have to close after them."""

import os
import signal
from threading import Thread
from time import sleep

import pytest
import uvicorn

from rahdari.web.exchange.announced import AnnouncedServer, run_announced
from rahdari.web.exchange.asgi import Receive, Scope, Send


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError("nobody asks")


def config(port: int) -> uvicorn.Config:
    return uvicorn.Config(application, port=port, lifespan="off", log_config=None, access_log=False)


@pytest.mark.loopback
@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_one_signal_ends_it_and_not_its_program(
    told: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[AnnouncedServer] = []

    class Noted(AnnouncedServer):
        def __init__(self, config: uvicorn.Config, words: str) -> None:
            super().__init__(config, words)
            begun.append(self)

    def tell() -> None:
        while not begun or not begun[0].started:
            sleep(0.01)
        os.kill(os.getpid(), told)

    monkeypatch.setattr("rahdari.web.exchange.announced.AnnouncedServer", Noted)
    raised: list[int] = []
    before = signal.signal(told, lambda number, _: raised.append(number))
    try:
        Thread(target=tell, daemon=True).start()
        assert run_announced(config(0), "nothing") == 0
    finally:
        signal.signal(told, before)
    assert raised == []
