import pytest

from rahdari.wire import base45
from rahdari.wire.errors import MalformedInput, TooLarge


# RFC 9285, 4.3 and 4.4: the standard's own examples.
@pytest.mark.parametrize(
    ("data", "text"),
    [(b"AB", "BB8"), (b"Hello!!", "%69 VD92EX0"), (b"base-45", "UJCLQE7W581"), (b"ietf!", "QED8WEX0")],
)
def test_the_examples_of_the_standard_hold_in_both_directions(data: bytes, text: str) -> None:
    assert base45.encode(data) == text
    assert base45.decode(text) == data


@pytest.mark.parametrize("size", [*range(80), 255, 256, 1392, 1393, 70_001])
def test_every_length_comes_back(size: int) -> None:
    data = bytes((i * 37 + size) % 256 for i in range(size))
    text = base45.encode(data)
    assert len(text) == size // 2 * 3 + size % 2 * 2
    assert base45.decode(text) == data


@pytest.mark.parametrize("size", [2, 100])
def test_the_extremes_of_a_group_come_back_on_the_short_and_the_long_road(size: int) -> None:
    for pair in (b"\x00\x00", b"\xff\xff", b"\x00\xff", b"\xff\x00"):
        assert base45.decode(base45.encode(pair * size)) == pair * size


@pytest.mark.parametrize("padding", ["", "000" * 40])
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("GGX", "group at character"),  # 65536, one more than two bytes hold (RFC 9285, 4.2)
        (":::", "group at character"),
        ("U5", None),  # 255, the largest last byte
        ("V5", "group at character"),
        ("::", "group at character"),
        ("A", "cut"),
        ("AAAA", "cut"),
        ("aB8", "capital letters"),
        ("B_8", r"U\+005F"),
        ("BB\n", r"U\+000A"),
        ("BBé", r"U\+00E9"),
        ("BB\x00", r"U\+0000"),
        ("BB\ud800", r"U\+D800"),
    ],
)
def test_a_text_that_no_bytes_have_is_refused_with_its_place(
    padding: str, text: str, says: str | None
) -> None:
    if says is None:
        assert base45.decode(padding + text)[-1] == 255
        return
    with pytest.raises(MalformedInput, match=says):
        base45.decode(padding + text)


@pytest.mark.parametrize("groups", [2, 60])
def test_the_place_of_the_first_fault_is_told(groups: int) -> None:
    with pytest.raises(MalformedInput, match=f"character {groups * 3 + 2} of"):
        base45.decode("BB8" * groups + "B!8" + "BB8" * groups + "!!!")
    with pytest.raises(MalformedInput, match=f"group at character {groups * 3 + 1} is"):
        base45.decode("BB8" * groups + ":::" + "BB8" * groups)


def test_a_text_beyond_the_limit_is_refused_before_it_is_looked_at() -> None:
    with pytest.raises(TooLarge):
        base45.decode("!" * (base45.TEXT_CHARS_MAX + 1))
