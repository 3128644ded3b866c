"""Whose data a call is about: found where the operation says, or nothing is exchanged."""

import hmac

import pytest

from rahdari.exchange.errors import SubjectUnreadable
from rahdari.exchange.rules.subjects import (
    BODY_BYTES_MAX,
    BODY_VALUES_MAX,
    find_subject,
    is_period,
    normalise,
    period_of,
    subject_index,
)
from rahdari.exchange.values.services import SubjectPlace, SubjectSource


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("3520212345671", "3520212345671"),
        (" 35202-1234567-1 ", "3520212345671"),
        ("35202\u20111234567\u20131", "3520212345671"),
        ("35202\u00ad1234567\u200b1", "3520212345671"),
        ("３５２０２", "35202"),
        ("۳۵۲۰۲", "35202"),
        ("३५२०२", "35202"),
        ("pk36 scbl/0000.0011", "PK36SCBL00000011"),
        ("ﬁx", "FIX"),
        ("ß", "SS"),
    ],
)
def test_one_person_has_one_form_however_her_number_is_written(written: str, plain: str) -> None:
    assert normalise(written) == plain
    assert normalise(plain) == plain


@pytest.mark.parametrize("written", ["", "  ", "--", "a\x00b", "\u202e12", "x" * 129, "ﷺ" * 20])
def test_what_is_no_identifier_is_refused(written: str) -> None:
    with pytest.raises(SubjectUnreadable):
        normalise(written)


def place(source: SubjectSource, name: str = "") -> SubjectPlace:
    return SubjectPlace(source, name)


def test_an_operation_about_nobody_has_no_subject() -> None:
    assert find_subject(place(SubjectSource.NOBODY), variables={}) is None


def test_the_path_tells_by_its_variable() -> None:
    assert find_subject(place(SubjectSource.PATH, "id"), variables={"id": "35-2"}) == "352"
    with pytest.raises(SubjectUnreadable):
        find_subject(place(SubjectSource.PATH, "id"), variables={"other": "352"})


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("id=352", "352"),
        ("a=1&id=35%2d2&b=2", "352"),
        ("i%64=35+2", "352"),
        ("id=%DB%B3%DB%B5", "35"),
    ],
)
def test_the_query_tells_by_its_parameter(query: str, found: str) -> None:
    assert find_subject(place(SubjectSource.QUERY, "id"), variables={}, query=query) == found


@pytest.mark.parametrize(
    "query",
    [
        "",
        "id",
        "id=",
        "ID=352",
        "id=352&id=353",
        "id=352&i%64=353",
        "id=%zz",
        "id=%ff",
        "id=%f",
        "a&" * 300 + "id=1",
    ],
)
def test_a_query_that_hides_or_doubles_its_person_is_refused(query: str) -> None:
    with pytest.raises(SubjectUnreadable):
        find_subject(place(SubjectSource.QUERY, "id"), variables={}, query=query)


@pytest.mark.parametrize(
    ("pointer", "body", "found"),
    [
        ("/id", b'{"id":"35-2"}', "352"),
        ("/id", b'{"id":352}', "352"),
        ("/a/0/b~1c~0d", b'{"a":[{"b/c~d":"x"}]}', "X"),
        ("", b'"352"', "352"),
        ("/", b'{"":"352"}', "352"),
    ],
)
def test_the_body_tells_by_a_json_pointer(pointer: str, body: bytes, found: str) -> None:
    assert find_subject(place(SubjectSource.BODY, pointer), variables={}, body=body) == found


@pytest.mark.parametrize(
    ("pointer", "body"),
    [
        ("/id", None),
        ("/id", b""),
        ("/id", b'{"id":true}'),
        ("/id", b'{"id":1.5}'),
        ("/id", b'{"id":null}'),
        ("/id", b'{"id":["352"]}'),
        ("/id", b'{"id":"352","id":"353"}'),
        ("/a/00", b'{"a":["352"]}'),
        ("/a/-", b'{"a":["352"]}'),
        ("/a/1", b'{"a":["352"]}'),
        ("id", b'{"id":"352"}'),
        ("/a" * 17, b'{"a":1}'),
        ("/id", b'{"id":"352"}' + b" " * BODY_BYTES_MAX),
        ("/id", b'{"id":"352","x":[' + b",".join([b"1"] * BODY_VALUES_MAX) + b"]}"),
        ("/id", b'{"id":"352","x":[' + b",".join([b"[[]]"] * (BODY_VALUES_MAX // 2)) + b"]}"),
        ("/id", b"\xff"),
    ],
)
def test_a_body_that_hides_its_person_is_refused(pointer: str, body: bytes | None) -> None:
    with pytest.raises(SubjectUnreadable):
        find_subject(place(SubjectSource.BODY, pointer), variables={}, body=body)


def test_the_answer_tells_by_a_field_of_its_own() -> None:
    told = find_subject(
        place(SubjectSource.ANSWER), variables={}, answer_fields=[(b"x", b"1"), (b"Ndel-Subject", b"35-2")]
    )
    assert told == "352"


@pytest.mark.parametrize(
    "fields",
    [
        [],
        [(b"ndel-subject", b"1"), (b"ndel-subject", b"2")],
        [(b"ndel-subject", b"\xff")],
        [(b"ndel-subject", b"")],
    ],
)
def test_an_answer_that_does_not_tell_or_tells_twice_is_refused(fields: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(SubjectUnreadable):
        find_subject(place(SubjectSource.ANSWER), variables={}, answer_fields=fields)


def test_a_pseudonym_is_the_months_own() -> None:
    key = bytes(range(32))
    index = subject_index("352", key, period="2027-03")
    assert index.digest == hmac.digest(key, b"352", "sha256")
    assert index.digest != subject_index("352", bytes(32), period="2027-04").digest
    assert index.digest != subject_index("353", key, period="2027-03").digest
    with pytest.raises(AssertionError):
        subject_index("352", b"short", period="2027-03")


@pytest.mark.parametrize(
    ("milliseconds", "period"),
    [(0, "1970-01"), (1_803_859_199_999, "2027-02"), (1_803_859_200_000, "2027-03")],
)
def test_a_period_is_a_month_in_utc(milliseconds: int, period: str) -> None:
    assert period_of(milliseconds) == period
    assert is_period(period)


@pytest.mark.parametrize("text", ["2027-13", "2027-3", "../x", "2027-03\n", "", "٢٠٢٧-٠٣"])
def test_nothing_else_is_a_period(text: str) -> None:
    assert not is_period(text)


def test_a_body_of_many_values_costs_little_though_it_is_looked_into() -> None:
    values = BODY_VALUES_MAX // 2
    body = b'{"id":"352","x":[' + b",".join([b"1"] * values) + b"]}"
    assert len(body) < BODY_BYTES_MAX
    assert find_subject(place(SubjectSource.BODY, "/id"), variables={}, body=body) == "352"
