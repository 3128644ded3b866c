"""Signed notes and the keys of their lines: what is read, what is kept, what is refused."""

import base64

import pytest

from rahdari.wire.errors import BadSignature, MalformedInput, TooLarge, UnsupportedAlgorithm
from rahdari.wire.keys import Algorithm, SoftwareSigner
from rahdari.wire.tlog import (
    NOTE_BYTES_MAX,
    SIGNATURES_MAX,
    Ed25519NoteSigner,
    KeyKind,
    Note,
    NoteKey,
    NoteSignature,
    read_key,
    read_note,
)
from tests.unit.wire.tlog_world import COURT, COURT_ML_DSA, LOG, ml_dsa

LINE = "\u2014 warden.example AQIDBAU=\n"


def note(text: str = "Roads are open.\n", lines: str = LINE) -> bytes:
    return f"{text}\n{lines}".encode()


def test_a_note_is_its_text_and_its_lines() -> None:
    read = read_note(note("Roads\n\n\u06c1\u06cc\u06ba\n", LINE + "\u2014 \u067e\u0644 " + "/+8AAAD/\n"))
    assert read.text == "Roads\n\n\u06c1\u06cc\u06ba\n"
    assert read.signatures == (
        NoteSignature("warden.example", b"\1\2\3\4", b"\5"),
        NoteSignature("\u067e\u0644", b"\xff\xef\0\0", b"\0\xff"),
    )


def test_lines_of_unknown_keys_are_kept_in_their_order() -> None:
    lines = "".join(f"\u2014 unknown{number} AQIDBAU=\n" for number in range(SIGNATURES_MAX))
    read = read_note(note(lines=lines))
    assert len(read.signatures) == SIGNATURES_MAX >= 16
    assert read.encode() == note(lines=lines)


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"\n", b"\n\n", b"text\n", b"text\n\n", b"text\n\n\n", note(lines=LINE[:-1]), note("no newline", LINE),
        note() + b"\n", note(lines=LINE + "stray\n"), note(lines="\n" + LINE + "\n"),
        b"\x00" + note(), b"\xff" + note(),
        note("tab\there\n"), note("return\r\n"), note("escape\x1b\n"), note(lines=LINE.replace("\n", "\r\n")),
        note(lines="-- warden.example AQIDBAU=\n"), note(lines="\u2014warden.example AQIDBAU=\n"),
        note(lines="\u2014 AQIDBAU=\n"), note(lines="\u2014  AQIDBAU=\n"), note(lines="\u2014 a+b AQIDBAU=\n"),
        note(lines="\u2014 a b AQIDBAU=\n"), note(lines="\u2014 a\u00a0b AQIDBAU=\n"),
        note(lines="\u2014 a\u2003b AQIDBAU=\n"), note(lines="\u2014 a\u2028 AQIDBAU=\n"),
        note(lines="\u2014 warden.example AQIDBA==\n"), note(lines="\u2014 warden.example \n"),
        note(lines="\u2014 warden.example\n"), note(lines="\u2014 warden.example AQIDBAU\n"),
        note(lines="\u2014 warden.example AQIDBAV=\n"), note(lines="\u2014 warden.example AQIDBAU= \n"),
        note(lines="\u2014 warden.example AQID-_U=\n"), note(lines="\u2014 warden.example AQ\u0661DBAU=\n"),
        note(lines=f"\u2014 {'n' * 256} AQIDBAU=\n"),
        "text\n\n\u2014 warden.example AQIDBAU=\n".encode("utf-16"),
    ],
)  # fmt: skip
def test_nothing_else_is_a_note(raw: bytes) -> None:
    with pytest.raises(MalformedInput):
        read_note(raw)


def test_a_note_may_be_long_but_not_endless() -> None:
    with pytest.raises(TooLarge, match="bytes"):
        read_note(note("x" * NOTE_BYTES_MAX + "\n"))
    with pytest.raises(TooLarge, match="signatures"):
        read_note(note(lines=LINE * (SIGNATURES_MAX + 1)))


def test_an_added_line_takes_the_place_of_an_older_one_of_the_same_key() -> None:
    first, second = NoteSignature("a", b"1234", b"x"), NoteSignature("b", b"1234", b"x")
    newer, other_id = NoteSignature("a", b"1234", b"y"), NoteSignature("a", b"5678", b"x")
    assert Note("t\n", (first, second)).signed_also(newer, other_id).signatures == (second, newer, other_id)


@pytest.mark.parametrize("signer", [LOG, COURT, COURT_ML_DSA], ids=lambda one: one.key.kind.name)
def test_a_key_is_written_and_read(signer: Ed25519NoteSigner) -> None:
    key = read_key(signer.key.text)
    assert key == signer.key
    assert key.text == signer.key.text
    key.verify(signer.sign(b"message"), b"message")
    for signature, message in (
        (signer.sign(b"message"), b"massage"),
        (signer.sign(b"message")[:-1], b"message"),
    ):
        with pytest.raises(BadSignature):
            key.verify(signature, message)


def test_the_id_of_a_key_depends_on_name_kind_and_key() -> None:
    public = LOG.key.public
    ids = {
        NoteKey("a.example", KeyKind.ED25519, public).key_id,
        NoteKey("b.example", KeyKind.ED25519, public).key_id,
        NoteKey("a.example", KeyKind.COSIGNATURE, public).key_id,
        NoteKey("a.example", KeyKind.ED25519, COURT.key.public).key_id,
    }
    assert len(ids) == 4
    assert all(len(one) == 4 for one in ids)


def test_a_key_in_which_anything_was_altered_is_refused() -> None:
    text = LOG.key.text
    for at in range(len(text)):
        for other in ("A", "b", "0", "+", ""):
            altered = text[:at] + other + text[at + 1 :]
            if altered != text:
                with pytest.raises((MalformedInput, UnsupportedAlgorithm)):
                    read_key(altered)


@pytest.mark.parametrize("kind", [0x00, 0x02, 0x03, 0x05, 0x07, 0xFF])
def test_a_key_of_another_kind_is_refused_by_name(kind: int) -> None:
    body = base64.b64encode(bytes((kind,)) + bytes(32)).decode()
    with pytest.raises(UnsupportedAlgorithm, match=f"0x{kind:02x}"):
        read_key(f"a.example+00000000+{body}")


@pytest.mark.parametrize("text", ["", "+", "++", "a", "a+b", "a++", "a+00000000+", "+00000000+AQ=="])
def test_other_texts_are_no_keys(text: str) -> None:
    with pytest.raises(MalformedInput):
        read_key(text)


def test_a_key_is_not_read_beyond_its_length() -> None:
    longest = ml_dsa("n" * 255).key.text
    assert read_key(longest).name == "n" * 255
    with pytest.raises(TooLarge):
        read_key(longest + "A")


@pytest.mark.parametrize("kind", KeyKind)
@pytest.mark.parametrize("count", [0, 31, 33, 1311, 1313])
def test_a_key_of_another_length_is_none(kind: KeyKind, count: int) -> None:
    with pytest.raises(MalformedInput):
        NoteKey("a.example", kind, bytes(count))


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\n", "a\x01", "n" * 256, "\ud800", "a\u3000"])
def test_a_name_that_no_note_can_carry_makes_no_key(name: str) -> None:
    with pytest.raises(MalformedInput):
        NoteKey(name, KeyKind.ED25519, LOG.key.public)


def test_a_note_is_signed_with_ed25519_alone() -> None:
    with pytest.raises(UnsupportedAlgorithm):
        Ed25519NoteSigner("a.example", SoftwareSigner.generate(Algorithm.ES256))
    with pytest.raises(UnsupportedAlgorithm):
        Ed25519NoteSigner("a.example", SoftwareSigner.generate(Algorithm.EDDSA), KeyKind.ML_DSA_44)


def test_a_key_shows_itself_without_its_bytes() -> None:
    assert LOG.key.public.hex() not in repr(LOG.key)
    assert "private" not in repr(COURT_ML_DSA).lower()
