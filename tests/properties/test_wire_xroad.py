"""X-Road's edge: one form for each path, one meaning however often it is decoded, and round trips."""

import re
from string import ascii_letters, digits

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from rahdari.wire.errors import MalformedInput
from rahdari.wire.xroad import (
    Endpoint,
    ErrorType,
    Fault,
    ListedClient,
    ListedService,
    MemberId,
    Origin,
    PathTemplate,
    SecurityServerId,
    ServiceId,
    ServiceType,
    Spelling,
    SubsystemId,
    TemplateSet,
    canonical_path,
    forward_request,
    header_part,
    read_client,
    read_client_list,
    read_error_type,
    read_security_server,
    read_service,
    read_service_list,
    read_target,
    read_template,
    write_client_list,
    write_service_list,
)
from rahdari.wire.xroad.segments import encode

SERVICE = "/r1/PK/GOV/1001/registry/persons"
PIECES = [
    "/", "//", ".", "..", "%2e", "%2E%2e", "%2f", "%252F", "%25", "%2525", "%5c", "\\", ";", "%3b", "?", "%3F", "#",
    "%23", "%00", "%0a", "%20", "a", "B", "~", "%61", "%7e", "%c3%a9", "e%CC%81", "%C0%AF", "%EF%BC%8F",
    "%", "%zz", "41", "2F", "100%25", "persons",
]  # fmt: skip
HARMLESS = ["/", "a", "%61", "%C3%A9", "%c3%a9", "e%CC%81", ".", "~", "%20", "100%25", "B", "%E2%80%8C"]


def joined(pieces: list[str], size: int) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(pieces) | st.text(max_size=2), max_size=size).map("".join)


paths = st.builds(
    "/{}{}".format, st.lists(st.sampled_from(HARMLESS), max_size=8).map("".join), joined(PIECES, 2)
)


def decoded_once(path: str) -> list[str]:
    """Decode each segment as a simple server would: bytes that are no UTF-8 become question marks."""
    return [unescaped(one) for one in path.split("/")]


def unescaped(text: str) -> str:
    raw = re.sub(
        rb"%([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), text.encode("utf-8", "surrogatepass")
    )
    return raw.decode("utf-8", "replace")


def climbs(segments: list[str]) -> bool:
    return any(one.strip(" ") in (".", "..") for one in segments)


@given(paths)
@example("/a%25")
@example("/a%2541")
@example("/%25%32%65")
def test_an_accepted_path_means_one_thing_however_often_it_is_decoded(rest: str) -> None:
    try:
        canonical = canonical_path(rest)
    except MalformedInput:
        return
    assert canonical_path(canonical) == canonical
    once = decoded_once(rest)
    # Decoded a second time, or as a whole before it is cut, it is the same list of the same segments.
    assert [unescaped(one) for one in once] == once
    assert unescaped(rest).split("/") == once
    assert not climbs(once)
    assert "" not in once[1:-1]
    assert not set("\\;?#\x00") & set("".join(once))
    assert decoded_once(canonical_path(written_again(once))) == decoded_once(canonical)


def written_again(segments: list[str]) -> str:
    return "/".join(map(encode, segments)) or "/"


def test_the_pieces_reach_paths_that_are_accepted() -> None:
    for rest in ("/a/%7e", "/100%25/persons", "/%c3%a9%20a", "/e%CC%81"):
        assert canonical_path(rest)


@settings(max_examples=60)
@given(paths, st.none() | st.text(ascii_letters + digits + "=&%+/?.[]~", max_size=12))
def test_what_is_accepted_goes_on_byte_for_byte(rest: str, query: str | None) -> None:
    target = SERVICE + rest + ("" if query is None else f"?{query}")
    try:
        call = read_target(target.encode("utf-8", "surrogatepass"))
    except MalformedInput:
        return
    assert SERVICE + call.forwarded == call.target_raw == target
    assert call.canonical_path == canonical_path(call.rest_raw)
    assert str(call.service) == "PK/GOV/1001/registry/persons"


signs = st.characters(exclude_categories=["C", "Z"], exclude_characters="/\\:;%") | st.just(" ")
parts = st.text(signs, min_size=1, max_size=12)


@settings(max_examples=60)
@given(st.lists(parts, min_size=5, max_size=5))
def test_every_identifier_is_read_as_it_was_written(given_parts: list[str]) -> None:
    readers = ((MemberId, 3, read_client), (SubsystemId, 4, read_client), (ServiceId, 5, read_service))
    for kind, count, read in (*readers, (SecurityServerId, 4, read_security_server)):
        try:
            one = kind(*given_parts[:count])
        except MalformedInput:
            continue
        assert read(str(one)) == one
        assert str(one).count("/") == count - 1
        assert str(one).isascii()


literals = st.sampled_from(["a", "b", "c"])
shapes = st.lists(literals | st.just("*"), max_size=4).flatmap(
    lambda parts: st.sampled_from([parts, [*parts, "**"]])
)
methods = st.sampled_from(["GET", "POST", "*"])


def openness(template: PathTemplate) -> tuple[tuple[int, ...], bool]:
    return tuple({"*": 1, "**": 2}.get(one, 0) for one in template.segments), template.method == "*"


@settings(max_examples=60)
@given(
    st.lists(st.tuples(methods, shapes.map(tuple)), max_size=12, unique=True),
    st.lists(literals | st.just("d"), max_size=5),
    st.sampled_from(["GET", "POST", "PUT"]),
)
def test_the_tree_finds_what_asking_each_template_finds(
    written: list[tuple[str, tuple[str, ...]]], segments: list[str], method: str
) -> None:
    templates = [read_template(one, "/" + "/".join(shape)) for one, shape in written]
    path = "/" + "/".join(segments)
    matching = [one for one in templates if one.is_match(method, path)]
    among = TemplateSet(templates)
    assert among.find(method, path) == min(matching, key=openness, default=None)
    if matching:
        assert among.find(method, path) == min(matching, key=openness)
    # Whoever else matches has been reported as overlapping, with the same winner.
    found = {(one.chosen, one.other) for one in among.overlaps()}
    best = min(matching, key=openness, default=None)
    assert all((best, one) in found for one in matching if one != best)


names = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=10)
members = st.builds(MemberId, *[st.text(ascii_letters, min_size=1, max_size=5)] * 3)
subsystems = st.builds(SubsystemId, *[st.text(ascii_letters, min_size=1, max_size=5)] * 4)
endpoints = st.builds(Endpoint, st.sampled_from(["GET", "*"]), st.sampled_from(["/", "/a/*", "/**", "**"]))


@settings(max_examples=20)
@given(
    st.lists(st.builds(ListedClient, members, names) | st.builds(ListedClient, subsystems, names, names)),
    st.lists(
        st.builds(
            ListedService,
            st.builds(ServiceId, *[st.text(ascii_letters, min_size=1, max_size=4)] * 5),
            st.sampled_from(ServiceType),
            st.lists(endpoints, max_size=3).map(tuple),
        )
    ),
)
def test_lists_are_read_as_they_were_written(
    clients: list[ListedClient], services: list[ListedService]
) -> None:
    assert read_client_list(write_client_list(clients, accept=[b"application/json"]).body) == clients
    assert read_service_list(write_service_list(services).body) == services


@settings(max_examples=50)
@given(
    st.sampled_from(Origin),
    st.lists(st.sampled_from(Fault), min_size=1, max_size=4),
    st.sampled_from(Spelling),
)
def test_every_error_type_is_read_in_every_spelling(
    origin: Origin, faults: list[Fault], how: Spelling
) -> None:
    error = ErrorType(origin, tuple(faults))
    assert read_error_type(error.write(how)) == error


lines = st.lists(
    st.tuples(
        st.sampled_from(
            [b"x-road-client", b"X-Road-Id", b"accept", b"Connection", b"te", b"x-a", b"X_Road_Id"]
        )
        | st.binary(max_size=3),
        st.sampled_from([b"x-a", b"close, accept", b"x-road-id", b"1"]) | st.binary(max_size=4),
    ),
    max_size=8,
)


@settings(max_examples=50)
@given(lines)
def test_what_goes_on_is_part_of_what_came_and_forwarding_again_changes_nothing(
    fields: list[tuple[bytes, bytes]],
) -> None:
    try:
        sent = forward_request(fields, message_id="m", request_id="r")
    except MalformedInput:
        return
    assert all(one in fields for one in sent if one[1] not in (b"application/json", b"m", b"r"))
    again = forward_request(sent, message_id="m", request_id="r")
    assert sorted(again) == sorted(sent)
    assert forward_request(again, message_id="m", request_id="r") == again
    assert header_part("GET", "/r1", sent).count(b"\r\n") == len(sent) + 2


@settings(max_examples=40)
@given(lines, lines)
def test_two_lists_of_lines_never_share_a_header_part(
    first: list[tuple[bytes, bytes]], second: list[tuple[bytes, bytes]]
) -> None:
    try:
        sent = [forward_request(one, message_id="m", request_id="r") for one in (first, second)]
    except MalformedInput:
        return
    assume(sent[0] != sent[1])
    assert header_part("GET", "/r1", sent[0]) != header_part("GET", "/r1", sent[1])
