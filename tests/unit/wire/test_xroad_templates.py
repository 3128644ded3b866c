"""Path templates: the operation that a call is, chosen by the most specific template."""

import pytest

from rahdari.wire.errors import MalformedInput, TooLarge
from rahdari.wire.xroad import AddressRefused, PathTemplate, TemplateSet, canonical_path, read_template
from rahdari.wire.xroad.segments import SEGMENTS_MAX
from rahdari.wire.xroad.templates import TEMPLATE_CHARS_MAX, TEMPLATES_MAX


def templates(*written: str) -> TemplateSet:
    return TemplateSet([read_template(*one.split(" ")) for one in written])


def name_of(found: PathTemplate | None) -> str | None:
    return None if found is None else found.name


@pytest.mark.parametrize(
    ("template", "matching", "others"),
    [
        ("/persons", ["/persons", "/persons/"], ["/", "/person", "/persons/7", "/persons,"]),
        ("/persons/{id}", ["/persons/7", "/persons/%C3%A9"], ["/persons", "/persons/", "/persons/7/a"]),
        ("/persons/*/status", ["/persons/7/status"], ["/persons/status", "/persons/7/8/status"]),
        ("/files/**", ["/files", "/files/", "/files/a", "/files/a/b/c"], ["/file", "/files2", "/"]),
        ("/", ["/"], ["/a"]),
        ("/**", ["/", "/a", "/a/b"], []),
        ("/%61/é".replace("é", "%c3%a9"), ["/a/%C3%A9"], ["/%61/%C3%A9", "/a/e"]),
    ],
)
def test_a_template_matches_whole_segments(template: str, matching: list[str], others: list[str]) -> None:
    one = read_template("GET", template)
    alone = TemplateSet([one])
    for path in matching:
        assert one.is_match("GET", path)
        assert alone.find("GET", path) == one
        assert alone.find("POST", path) is None
        assert not one.is_match("POST", path)
    for path in others:
        assert not one.is_match("GET", path)
        assert alone.find("GET", path) is None


def test_the_most_specific_template_is_chosen_whatever_the_order() -> None:
    written = [
        "GET /a/mine",
        "GET /a/{id}",
        "GET /a/{id}/c",
        "GET /a/b/{x}",
        "GET /a/**",
        "* /a/mine",
        "GET /**",
    ]
    expected = {
        "/a/mine": "GET /a/mine",
        "/a/7": "GET /a/{id}",
        "/a/7/c": "GET /a/{id}/c",
        "/a/b/c": "GET /a/b/{x}",
        "/a": "GET /a/**",
        "/a/7/8/9": "GET /a/**",
        "/z": "GET /**",
    }
    for order in (written, written[::-1], sorted(written)):
        among = templates(*order)
        assert {path: name_of(among.find("GET", path)) for path in expected} == expected


def test_a_template_of_another_method_is_no_match_and_the_next_is_asked() -> None:
    among = templates("GET /a/mine", "DELETE /a/{id}", "* /a/**")
    assert name_of(among.find("DELETE", "/a/mine")) == "DELETE /a/{id}"
    assert name_of(among.find("PUT", "/a/mine")) == "* /a/**"
    assert among.find("PUT", "/b") is None


def test_a_dead_end_among_literals_is_left_again() -> None:
    among = templates("GET /a/b/c", "GET /a/{x}/d", "GET /{y}/b/e")
    assert name_of(among.find("GET", "/a/b/d")) == "GET /a/{x}/d"
    assert name_of(among.find("GET", "/a/b/e")) == "GET /{y}/b/e"
    assert among.find("GET", "/a/b/f") is None


def test_an_escaped_spelling_does_not_escape_the_specific_template() -> None:
    among = templates("GET /persons/secret", "GET /persons/{id}")
    for rest in ("/persons/%73ecret", "/persons/secre%74/", "/%70ersons/secret"):
        assert name_of(among.find("GET", canonical_path(rest))) == "GET /persons/secret"


def test_an_empty_set_matches_nothing() -> None:
    assert TemplateSet([]).find("GET", "/") is None


def test_the_name_of_an_operation_holds_nothing_of_the_path() -> None:
    found = templates("GET /persons/{id}/status").find("GET", "/persons/35202-1/status")
    assert found is not None
    assert (found.name, found.glob) == ("GET /persons/{id}/status", "/persons/*/status")


def test_overlaps_are_reported_with_who_wins() -> None:
    among = templates(
        "GET /a/{x}/c",
        "GET /a/b/{y}",
        "GET /a/**",
        "POST /a/b/c",
        "* /q/{z}",
        "GET /q/r",
        "GET /r",
        "GET /r/**",
    )
    found = {(one.chosen.name, one.other.name): one.is_nested for one in among.overlaps()}
    assert found == {
        ("GET /a/b/{y}", "GET /a/{x}/c"): False,
        ("GET /a/{x}/c", "GET /a/**"): True,
        ("GET /a/b/{y}", "GET /a/**"): True,
        ("GET /q/r", "* /q/{z}"): True,
        ("GET /r", "GET /r/**"): True,
    }


@pytest.mark.parametrize(
    ("first", "second", "nested"),
    [
        ("GET /a/**", "GET /{x}/**", True),
        ("GET /a/**", "GET /{x}/{y}", False),
        ("GET /a/b", "* /a/b", True),
        ("* /a/b", "GET /a/{x}", False),
        ("GET /a/**", "GET /**", True),
    ],
)
def test_nested_is_only_what_lies_wholly_within(first: str, second: str, nested: bool) -> None:  # noqa: FBT001
    for order in ((first, second), (second, first)):
        (overlap,) = templates(*order).overlaps()
        assert (overlap.chosen.name, overlap.other.name, overlap.is_nested) == (first, second, nested)


def test_templates_apart_do_not_overlap() -> None:
    assert templates("GET /a", "GET /a/b", "POST /a", "GET /{x}/c/d", "GET /a/{y}/e").overlaps() == []


@pytest.mark.parametrize("pair", [("GET /a/{x}", "GET /a/*"), ("GET /a", "GET /a/"), ("* /**", "* /**")])
def test_two_templates_of_the_same_calls_are_refused(pair: tuple[str, str]) -> None:
    with pytest.raises(MalformedInput, match="same calls"):
        templates(*pair)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/a"),
        ("TRACE", "/a"),
        ("", "/a"),
        ("GET", ""),
        ("GET", "a"),
        ("GET", "/a//b"),
        ("GET", "/a/../b"),
        ("GET", "/%2e%2e"),
        ("GET", "/a%2Fb"),
        ("GET", "/a b"),
        ("GET", "/a?b"),
        ("GET", "/**/a"),
        ("GET", "/a*"),
        ("GET", "/***"),
        ("GET", "/{}"),
        ("GET", "/{a}.json"),
        ("GET", "/{a}/{a}"),
        ("GET", "/{9}"),
        ("GET", "/a" * (SEGMENTS_MAX + 1)),
        ("GET", "/" + "a" * TEMPLATE_CHARS_MAX),
    ],
)
def test_what_is_no_template_is_refused(method: str, path: str) -> None:
    with pytest.raises(MalformedInput):
        read_template(method, path)


def test_a_set_ends_at_its_limit() -> None:
    many = [read_template("GET", f"/a{n}") for n in range(TEMPLATES_MAX + 1)]
    assert name_of(TemplateSet(many[1:]).find("GET", f"/a{TEMPLATES_MAX}")) == f"GET /a{TEMPLATES_MAX}"
    with pytest.raises(TooLarge):
        TemplateSet(many)


def test_a_template_is_refused_for_the_same_reasons_as_a_path() -> None:
    with pytest.raises(AddressRefused):
        read_template("GET", "/a;b")
