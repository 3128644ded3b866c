"""Structured fields: the one form of each value, and the many texts that are none."""

from decimal import Decimal

import pytest

from rahdari.wire.errors import MalformedInput, TooLarge
from rahdari.wire.http_signatures import structured_fields as sf
from rahdari.wire.http_signatures.structured_fields import InnerList, Item, Token

BARE: list[tuple[str, sf.BareItem]] = [
    ("1", 1), ("-15", -15), ("0", 0), ("999999999999999", sf.INTEGER_MAX),
    ("-999999999999999", -sf.INTEGER_MAX),
    ("1.5", Decimal("1.5")), ("-0.125", Decimal("-0.125")), ("999999999999.0", Decimal(999999999999)),
    ('""', ""), ('"a b"', "a b"), ('"q\\"b\\\\"', 'q"b\\'), ('"~!"', "~!"),
    ("gzip", Token("gzip")), ("*a/b:c", Token("*a/b:c")), ("A!#$%&'*+-.^_`|~", Token("A!#$%&'*+-.^_`|~")),
    ("::", b""), (":AAE=:", b"\0\1"), (":+/+/:", b"\xfb\xff\xbf"), ("?1", True), ("?0", False),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), BARE)
def test_a_bare_item_is_read_and_written(text: str, value: sf.BareItem) -> None:
    read = sf.parse_item(text)
    assert (read.value, type(read.value)) == (value, type(value))
    assert sf.serialize_member(read) == text
    assert sf.parse_list(text) == [read]
    assert sf.parse_dictionary(f"k={text}") == {"k": read}


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("  5  ", "5"), ("007", "7"), ("-0", "0"), ("01.50", "1.5"), ("-0.0", "0.0"), ("5.000", "5.0"),
        ("a;  b;c=?1;d=?0", "a;b;c;d=?0"),
    ],
)  # fmt: skip
def test_an_item_that_may_be_written_otherwise_has_one_form(text: str, canonical: str) -> None:
    assert sf.serialize_member(sf.parse_item(text)) == canonical


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "\t1", "1\t", "1 2", "1,", "-", "--1", "+1", "1.", ".5", "1.2345", "1.2.3",
        "1234567890123.0",
        "1000000000000000", "1e5", '"', '"a', 'a"', '"\\a"', '"\x7f"', '"\n"', '"ü"', "'a'", "ü", "\u0661",
        ":", ":A:", ":AA:", ":AAE:", ":AAF=:", ":AA E=:", ":AAE=", ":AA==\n:", ":====:", ":-_-_:",
        "?2", "?", "?true", "@1659578233", '%"f%c3%bc"', "a b", "a;", "a;A", "a;=1", "a;b=", "a;b;b",
        "a ;b", "(1)",
        "{}", "\x00", "1\r\n",
    ],
)  # fmt: skip
def test_what_is_no_item_is_refused(text: str) -> None:
    with pytest.raises(MalformedInput):
        sf.parse_item(text)


def test_a_dictionary_keeps_its_order_its_parameters_and_its_flags() -> None:
    text = 'b=2, a;x;y="z", c=(1 "two";q :AA==:);p=?0, *d=()'
    read = sf.parse_dictionary(text)
    assert list(read) == ["b", "a", "c", "*d"]
    assert read["a"] == Item(value=True, parameters={"x": True, "y": "z"})
    assert read["c"] == InnerList((Item(1), Item("two", {"q": True}), Item(b"\0")), {"p": False})
    assert read["*d"] == InnerList(())
    assert sf.serialize_dictionary(read) == text


@pytest.mark.parametrize("text", ["a=1,b=2", "a=1\t,\tb=2", " a=1 ,  b=2 ", "a=1 \t, b=2"])
def test_white_space_around_a_comma_does_not_count(text: str) -> None:
    assert sf.serialize_dictionary(sf.parse_dictionary(text)) == "a=1, b=2"


@pytest.mark.parametrize("text", ["c=( a   b )", "c=(a b )", "c=(  a b)"])
def test_spaces_within_an_inner_list_do_not_count(text: str) -> None:
    assert sf.serialize_dictionary(sf.parse_dictionary(text)) == "c=(a b)"


@pytest.mark.parametrize("text", ["", "   "])
def test_an_empty_text_is_an_empty_dictionary_and_an_empty_list(text: str) -> None:
    assert sf.parse_dictionary(text) == {}
    assert sf.parse_list(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "a=1,", ",a=1", "a=1,,b=2", "a=1 b=2", "A=1", "1=1", "a =1", "a= 1", "a=", "a=1;", "a=(1", "a=1)",
        "a=(1,2)",
        "a=((1))", "a=(1\t2)", "a=(1)b", 'a=("x""y")', "a;b=", "=1", "a=1\n, b=2", "a=1, b=2,", "ä=1",
        "a=1,\t",
    ],
)  # fmt: skip
def test_what_is_no_dictionary_is_refused(text: str) -> None:
    with pytest.raises(MalformedInput):
        sf.parse_dictionary(text)


def test_a_name_given_twice_is_refused_unless_the_caller_takes_the_last() -> None:
    with pytest.raises(MalformedInput, match="twice"):
        sf.parse_dictionary("a=1, a=2")
    assert sf.parse_dictionary("a=1, b=3, a=2", repeats_allowed=True) == {"a": Item(2), "b": Item(3)}
    with pytest.raises(MalformedInput, match="twice"):
        sf.parse_dictionary("a=1;x=1;x=2", repeats_allowed=True)


def test_a_list_is_read_and_written() -> None:
    text = '"a";b=1, (c "d");e, ?0, -1.25'
    read = sf.parse_list(text)
    assert read[1] == InnerList((Item(Token("c")), Item("d")), {"e": True})
    assert sf.serialize_list(read) == text
    with pytest.raises(MalformedInput):
        sf.parse_list("1, ")


def test_a_field_that_is_too_long_is_refused_and_the_longest_is_read() -> None:
    longest = '"' + "x" * (sf.FIELD_CHARS_MAX - 2) + '"'
    assert sf.parse_item(longest).value == longest[1:-1]
    for read in (sf.parse_item, sf.parse_list, sf.parse_dictionary):
        with pytest.raises(TooLarge):
            read(longest + " ")


@pytest.mark.parametrize(
    "value", ["ü", "a\nb", "\x00", Token(""), Token("1a"), Token("a b"), sf.INTEGER_MAX + 1, Decimal("NaN"),
              Decimal("Infinity"), Decimal(10) ** 12, Decimal("999999999999.9999")],
)  # fmt: skip
def test_what_no_field_can_hold_is_not_written(value: sf.BareItem) -> None:
    with pytest.raises(MalformedInput):
        sf.serialize_bare(value)


@pytest.mark.parametrize("key", ["", "A", "1a", "a b", "a=", "ü", "a\n"])
def test_a_name_that_no_dictionary_can_hold_is_not_written(key: str) -> None:
    with pytest.raises(MalformedInput):
        sf.serialize_dictionary({key: Item(1)})
    with pytest.raises(MalformedInput):
        sf.serialize_member(Item(1, {key: 1}))


@pytest.mark.parametrize(
    ("value", "text"), [("1.0004", "1.0"), ("1.0005", "1.0"), ("1.0015", "1.002"), ("-2", "-2.0")]
)
def test_a_decimal_is_rounded_half_to_even(value: str, text: str) -> None:
    assert sf.serialize_bare(Decimal(value)) == text


def test_a_long_junk_text_costs_its_length_and_not_its_square() -> None:
    for junk in (
        "(" * 16_000,
        "a;" * 8_000,
        "a=(" + "b " * 7_000,
        '"' + "\\\\" * 8_000,
        ":" + "A" * 16_000,
        "a=1," * 4_000,
    ):
        with pytest.raises(MalformedInput):
            sf.parse_dictionary(junk)
