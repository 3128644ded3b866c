"""The API of UN Comtrade: asked slowly, its cut answers seen through, its key told to nobody."""

import json
import logging
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from rahdari.app import comtrade_api
from rahdari.app.comtrade_api import ComtradeApi, Question
from rahdari.trade import BadParameter, DownloadFailed
from rahdari.wire.comtrade import Side
from tests.fakes.publisher import Publisher, publishing
from tests.unit.wire.comtrade_tables import row

KEY = "0123456789abcdef0123456789abcdef"
QUESTION = Question(586, 2023, Side.EXPORTS)
Answer = tuple[int, dict[str, str], bytes]


def rows(count: int) -> bytes:
    return json.dumps({"elapsedTime": "1", "count": count, "data": [row()] * count, "error": ""}).encode()


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with publishing() as one:
        one.answer = lambda *_: (200, {}, rows(2))
        yield one


def in_turn(*answers: Answer) -> Callable[[str, dict[str, str]], Answer]:
    left = iter(answers)
    return lambda *_: next(left)


def api(publisher: Publisher, key: str = KEY, pauses: list[float] | None = None) -> ComtradeApi:
    client = httpx.Client(timeout=2, trust_env=False)
    kept = [] if pauses is None else pauses
    return ComtradeApi(key, address=f"{publisher.url}/", client=client, pause=kept.append)


@pytest.mark.loopback
def test_a_question_asks_only_for_rows_that_stand_for_a_whole_flow(publisher: Publisher) -> None:
    with api(publisher) as one:
        raw = one.ask(Question(586, 2023, Side.IMPORTS, (156, 699), "740311,740319", "H6"))
    assert raw == rows(2)
    asked = urlsplit(publisher.paths[0])
    assert asked.path == "/data/v1/get/C/A/H6"
    assert {name: values[0] for name, values in parse_qs(asked.query).items()} == {
        "reporterCode": "586", "period": "2023", "flowCode": "M", "cmdCode": "740311,740319", "customsCode": "C00",
        "motCode": "0", "partner2Code": "0", "maxRecords": "250000", "includeDesc": "true",
        "partnerCode": "156,699",
    }  # fmt: skip
    assert publisher.asked[0]["ocp-apim-subscription-key"] == KEY


@pytest.mark.loopback
def test_without_a_key_the_public_preview_is_asked(publisher: Publisher) -> None:
    with api(publisher, key="") as one:
        one.ask(QUESTION)
    assert urlsplit(publisher.paths[0]).path == "/public/v1/preview/C/A/HS"
    assert "ocp-apim-subscription-key" not in publisher.asked[0]
    assert "maxRecords=500&" in publisher.paths[0]


@pytest.mark.loopback
def test_the_key_stands_in_no_address_no_log_and_no_refusal(
    publisher: Publisher, caplog: pytest.LogCaptureFixture
) -> None:
    publisher.answer = in_turn((200, {}, rows(1)), (403, {}, b"denied"))
    with caplog.at_level(logging.DEBUG), api(publisher) as one:
        one.ask(QUESTION)
        with pytest.raises(DownloadFailed) as refusal:
            one.ask(QUESTION)
        told = [repr(one), str(refusal.value), *publisher.paths]
    assert KEY not in "".join(told) + caplog.text
    assert "the key is not accepted" in refusal.value.message


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "ключ", "x" * 200])
def test_a_key_that_could_break_a_header_is_never_sent(key: str) -> None:
    with pytest.raises(BadParameter) as refusal:
        ComtradeApi(key)
    assert key not in refusal.value.message


@pytest.mark.loopback
def test_who_is_told_to_wait_waits_as_long_and_asks_again(publisher: Publisher) -> None:
    pauses: list[float] = []
    publisher.answer = in_turn(
        (429, {"retry-after": "7"}, b""),
        (429, {}, b'{"statusCode":429,"message":"Rate limit is exceeded. Try again in 2 seconds."}'),
        (503, {"retry-after": "Sun, 06 Nov 1994 08:49:37 GMT"}, b""),
        (200, {}, rows(1)),
    )
    with api(publisher, pauses=pauses) as one:
        assert one.ask(QUESTION) == rows(1)
    assert pauses == [7.0, 2.0, 5.0]


@pytest.mark.loopback
def test_a_wait_of_hours_is_told_not_waited(publisher: Publisher) -> None:
    pauses: list[float] = []
    publisher.answer = lambda *_: (429, {"retry-after": "40000"}, b"")
    with api(publisher, pauses=pauses) as one, pytest.raises(DownloadFailed, match="wait for 40000 seconds"):
        one.ask(QUESTION)
    assert pauses == []


@pytest.mark.loopback
def test_waits_come_to_an_end(publisher: Publisher) -> None:
    publisher.answer = lambda *_: (429, {"retry-after": "1"}, b"")
    with api(publisher) as one, pytest.raises(DownloadFailed, match="5 times in a row"):
        one.ask(QUESTION)
    assert len(publisher.asked) == comtrade_api.ATTEMPTS_MAX


@pytest.mark.loopback
def test_an_answer_as_long_as_an_answer_can_be_is_not_taken_for_whole(publisher: Publisher) -> None:
    publisher.answer = in_turn((200, {}, rows(499)), (200, {}, rows(500)))
    with api(publisher, key="") as one:
        assert one.ask(QUESTION) is not None
        assert one.ask(QUESTION) is None


@pytest.mark.loopback
@pytest.mark.parametrize("raw", [b"<html>", b"{}", b'{"data":[],"error":"no such period"}'])
def test_what_is_no_answer_is_told(publisher: Publisher, raw: bytes) -> None:
    publisher.answer = lambda *_: (200, {}, raw)
    with api(publisher) as one, pytest.raises(DownloadFailed, match="UN Comtrade: "):
        one.ask(QUESTION)


@pytest.mark.loopback
def test_an_answer_without_end_ends_at_the_limit(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comtrade_api, "BYTES_MAX", 10_000)
    publisher.answer, publisher.is_endless = None, True
    with api(publisher) as one, pytest.raises(DownloadFailed, match="more than 10000 bytes"):
        one.ask(QUESTION)


@pytest.mark.loopback
def test_nobody_there_and_other_answers_are_told(publisher: Publisher) -> None:
    publisher.answer = lambda *_: (404, {}, b"")
    with api(publisher) as one, pytest.raises(DownloadFailed, match="answered 404"):
        one.ask(QUESTION)
    client = httpx.Client(timeout=1, trust_env=False)
    with (
        ComtradeApi(KEY, address="http://127.0.0.1:1/", client=client) as one,
        pytest.raises(DownloadFailed, match="ConnectError"),
    ):
        one.ask(QUESTION)


def test_halves_ask_for_all_partners_between_them() -> None:
    first, second = QUESTION.halves()
    assert set(first.partners).isdisjoint(second.partners)
    assert {156, 699, 842, 490} <= {*first.partners, *second.partners}
    assert 0 not in first.partners
    assert first.digest != second.digest != QUESTION.digest
    assert Question(586, 2023, Side.EXPORTS, (156, 699, 842)).halves()[0].partners == (156,)


def test_one_partner_cannot_be_halved() -> None:
    with pytest.raises(DownloadFailed, match="586 with 156 in 2023 has more rows"):
        Question(586, 2023, Side.EXPORTS, (156,)).halves()


@pytest.mark.parametrize(
    "wrong",
    [
        {"classification": "S3"},
        {"classification": "../H6"},
        {"products": "7403"},
        {"products": "740311&x=1"},
        {"products": ",".join(["740311"] * 600)},
        {"reporter": 0},
        {"year": 23},
    ],
)
def test_what_would_spoil_an_address_is_refused(wrong: dict[str, object]) -> None:
    usual: dict[str, object] = {"reporter": 586, "year": 2023, "side": Side.EXPORTS}
    with pytest.raises(BadParameter):
        Question(**(usual | wrong))  # type: ignore[arg-type]
