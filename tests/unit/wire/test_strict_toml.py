"""TOML is read as the library reads it, except what is nested so deeply that reading it would take the memory."""

import resource
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rahdari.wire.errors import MalformedInput, TooLarge
from rahdari.wire.strict_toml import DEPTH_MAX, read_toml

DEEP = DEPTH_MAX + 1

GOOD = [
    "",
    "a.b.c = 1.5\r\n[x.'y.z'.\"w.\"]\nd = 1979-05-27T07:32:00.5Z # a remark... with ......................",
    "say = 'a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t' # [[[[[[[[[[[[[[[[[[[[[[[[",
    'say = "[[[[[[[[[[[[[[[[[[[[[[[[ \\" ....................... \\\\"',
    'say = """[[[[[[[[[[[[\n""[[[[[[[[[[ \\""" ......................."""""\nb = 1',
    "say = '''.........\n''.........'[[[[[[[[[[[[[[[[[[[[['''''\nb = 1",
    "list = [" + "1.5, " * 500 + "]",
    "list = " + "[" * DEPTH_MAX + "]" * DEPTH_MAX,
    ".".join("a" * DEPTH_MAX) + " = 1",
]


@pytest.mark.parametrize("text", GOOD)
def test_what_people_write_is_read_as_the_library_reads_it(text: str) -> None:
    assert read_toml(text.encode(), bytes_max=10_000) == tomllib.loads(text)


@pytest.mark.parametrize(
    "text",
    [
        "a." * 100_000 + "b = 1",
        "[" + "a." * 100_000 + "b]",
        "[[" + "a." * 100_000 + "b]]",
        "ok = 1\nlist = " + "[" * 100_000,
        "t = " + "{a=" * DEEP + "1" + "}" * DEEP,
        "t = {" + "a." * DEEP + "b = 1}",
        "say = '''x'''''\nb = '#'\n" + "a . " * DEEP + "b = 1",
        'say = """x"""""\n' + '"a".' * DEEP + "b = 1",
        'say = "\\\\"\n' + "a." * DEEP + "b = 1",
        "say = 'it\\'\n" + "a." * DEEP + "b = 1",
        "say = ''\n" + "a." * DEEP + "b = 1",
        '# """\n' + "a." * DEEP + "b = 1",
    ],
)
def test_what_is_nested_deeper_than_any_file_of_ours_is_refused_unread(text: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(TooLarge, match=f"more than {DEPTH_MAX} deep, near line"):
        read_toml(text.encode(), bytes_max=1 << 20)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10


def test_the_refusal_names_the_line() -> None:
    with pytest.raises(TooLarge, match="near line 4;"):
        read_toml(b"a = 1\nb = '''\n'''\n" + b"c." * DEEP, bytes_max=1000)


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"\xff\xfea", "UTF-8"),
        (b"a = ", "not TOML"),
        (b"a = 1\na = 2", "not TOML"),
        (b"a = " + b"9" * 5000, "not TOML"),
        (b"a = 2020-02-31", "not TOML"),
        (b'a = "open', "not TOML"),
        (b"a = 1\x00", "not TOML"),
    ],
)
def test_what_is_no_toml_is_malformed(raw: bytes, told: str) -> None:
    with pytest.raises(MalformedInput, match=told):
        read_toml(raw, bytes_max=10_000)


def test_a_file_that_is_too_long_is_not_looked_at() -> None:
    with pytest.raises(TooLarge, match="has 11 bytes, at most 10"):
        read_toml(b"a = 1      ", bytes_max=10)


@given(st.text(alphabet=".[]{}=,#'\"\\\n a1", max_size=60))
def test_every_text_is_read_as_the_library_does_or_refused(text: str) -> None:
    try:
        expected = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        with pytest.raises(MalformedInput):
            read_toml(text.encode(), bytes_max=1000)
        return
    try:
        assert read_toml(text.encode(), bytes_max=1000) == expected
    except TooLarge:
        assert _depth(expected) > DEPTH_MAX


def _depth(value: object) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, inner), default=0) if isinstance(value, dict | list) else 0
