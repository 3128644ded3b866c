"""Standard Webhooks: what is signed, and what a receiver must refuse."""

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rahdari.wire import standard_webhooks
from rahdari.wire.errors import BadSignature, MalformedInput

SECRET, FORMER = b"s" * 32, b"f" * 24
AT = 1_800_000_000


def verify(headers: dict[str, str], body: bytes = b"{}", *, at: int = AT, secret: bytes = SECRET) -> str:
    return standard_webhooks.verify(headers, body, secrets=[secret], at=at)


def test_the_published_example_is_signed_as_the_reference_libraries_sign_it() -> None:
    """Secret, id, time and body of the reference libraries' own test (github.com/standard-webhooks, Apache-2.0)."""
    secret = standard_webhooks.read_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = standard_webhooks.sign(
        [secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b'{"test": 2432232314}'
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_signature_is_an_hmac_over_id_time_and_body() -> None:
    headers = standard_webhooks.sign([SECRET], "evt-1", AT, b"{}")
    signed = hmac.new(SECRET, b"evt-1.1800000000.{}", hashlib.sha256).digest()
    assert headers == {
        "webhook-id": "evt-1",
        "webhook-timestamp": "1800000000",
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }
    assert verify(headers) == "evt-1"


def test_either_of_two_secrets_verifies_while_one_is_exchanged() -> None:
    headers = standard_webhooks.sign([SECRET, FORMER], "evt-1", AT, b"{}")
    assert headers["webhook-signature"].count("v1,") == 2
    assert verify(headers) == verify(headers, secret=FORMER) == "evt-1"
    headers["webhook-signature"] = f"v1a,AAAA {headers['webhook-signature']}"
    assert verify(headers) == "evt-1"


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_whatever_is_altered_or_missing_is_refused(name: str) -> None:
    headers = standard_webhooks.sign([SECRET], "evt-1", AT, b"{}")
    altered = {"webhook-id": "evt-2", "webhook-timestamp": str(AT + 1), "webhook-signature": "v1,AAAA"}
    with pytest.raises(BadSignature):
        verify(headers | {name: altered[name]})
    with pytest.raises((BadSignature, MalformedInput)):
        verify({key: value for key, value in headers.items() if key != name})
    with pytest.raises(BadSignature):
        verify(headers, b"{ }")
    with pytest.raises(BadSignature):
        standard_webhooks.verify(headers, b"{}", secrets=[], at=AT)


@pytest.mark.parametrize("seconds", [-301, 301, 86_400])
def test_an_attempt_of_another_time_is_refused(seconds: int) -> None:
    headers = standard_webhooks.sign([SECRET], "evt-1", AT, b"{}")
    with pytest.raises(BadSignature, match="replay"):
        verify(headers, at=AT + seconds)


@pytest.mark.parametrize("message_id", ["", "a.b", "a b", "a\n", "ü", "x" * 257])
def test_an_id_that_could_blur_what_is_signed_is_not_signed(message_id: str) -> None:
    with pytest.raises(MalformedInput):
        standard_webhooks.sign([SECRET], message_id, AT, b"{}")


@pytest.mark.parametrize("size", [24, 32, 64])
def test_a_secret_is_written_and_read(size: int) -> None:
    text = standard_webhooks.write_secret(bytes(range(size)))
    assert text.startswith("whsec_")
    assert standard_webhooks.read_secret(text) == bytes(range(size))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "whsec_",
        "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3",
        "whsec_AAAA",
        "whsec_!",
        "whsec_" + "A" * 88,
        "whsec_ü",
    ],
)
def test_what_is_no_secret_is_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(MalformedInput) as refused:
        standard_webhooks.read_secret(text)
    assert len(text) <= 6 or text not in refused.value.message


@given(st.dictionaries(st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature"]), st.text()))
def test_any_headers_are_refused_by_name(headers: dict[str, str]) -> None:
    with pytest.raises((BadSignature, MalformedInput)):
        verify(headers)
