"""Components of a message: what each is worth, and which are refused before anything is signed."""

import pytest

from rahdari.wire.errors import MalformedInput, TooLarge
from rahdari.wire.http_signatures import Component, NotCovered, Request, Response, component, fields_of
from rahdari.wire.http_signatures.components import read_component
from rahdari.wire.http_signatures.messages import TARGET_CHARS_MAX, split_target
from rahdari.wire.http_signatures.structured_fields import Item

TARGET = "https://gate.example/r1/PK?id=7"


def request(target: str = TARGET, **fields: list[str]) -> Request:
    return Request("GET", target, {name.replace("_", "-"): lines for name, lines in fields.items()})


@pytest.mark.parametrize(
    ("target", "authority"),
    [
        ("HTTPS://Gate.EXAMPLE/", "gate.example"),
        ("https://gate.example:443/", "gate.example"),
        ("http://gate.example:80", "gate.example"),
        ("https://gate.example:80/", "gate.example:80"),
        ("https://gate.example:8443/", "gate.example:8443"),
        ("https://[2001:DB8::1]:443/", "[2001:db8::1]"),
    ],
)
def test_the_authority_is_in_small_letters_without_its_default_port(target: str, authority: str) -> None:
    assert component("@authority").value(request(target)) == authority
    assert component("@target-uri").value(request(target)) == target


def test_method_path_and_query_stay_as_they_are() -> None:
    one = Request("patch", "https://gate.example/A%2fb/?B=%7e&", {})
    assert component("@method").value(one) == "patch"
    assert component("@path").value(one) == "/A%2fb/"
    assert component("@query").value(one) == "?B=%7e&"
    assert component("@request-target").value(one) == "/A%2fb/?B=%7e&"
    assert component("@scheme").value(request("HTTPS://gate.example")) == "https"


@pytest.mark.parametrize(
    ("target", "given", "value"),
    [("https://g.example", "", "/"), ("https://g.example/a?", "", "/a?"), ("https://g.example/", "*", "*"),
     ("https://g.example/a", "https://g.example/a", "https://g.example/a")],
)  # fmt: skip
def test_the_request_target_is_what_stood_in_the_request_line(target: str, given: str, value: str) -> None:
    assert component("@request-target").value(Request("GET", target, {}, given)) == value


@pytest.mark.parametrize(
    "target",
    ["", "/r1", "gate.example/r1", "https:///r1", "https://user@gate.example/", "https://gate.example/#a",
     "https://g/ a",
     "https://g/a\nb", "https://g/ü", "https://g?a#b", "1https://g/", "https://g/\x7f"],
)  # fmt: skip
@pytest.mark.parametrize(
    "name", ["@target-uri", "@authority", "@scheme", "@path", "@query", "@request-target"]
)
def test_a_target_that_is_not_absolute_is_refused(name: str, target: str) -> None:
    with pytest.raises(MalformedInput):
        component(name).value(request(target))


def test_a_target_that_is_too_long_is_refused() -> None:
    longest = "https://g/".ljust(TARGET_CHARS_MAX, "a")
    assert len(split_target(longest).path) == TARGET_CHARS_MAX - len("https://g")
    with pytest.raises(TooLarge):
        split_target(longest + "a")


def test_lines_of_one_field_are_stripped_and_joined_in_their_order() -> None:
    one = request(accept=[" a ", "\tb", "c\t d"])
    assert component("accept").value(one) == "a, b, c\t d"


@pytest.mark.parametrize("line", ["a\r\n b", "a\nb", "a\rb", "a\x00", "a\x1b", "\x7f", "ü", "\u0661"])
def test_a_folded_line_a_control_and_what_is_not_ascii_are_refused(line: str) -> None:
    with pytest.raises(MalformedInput):
        component("x-a").value(request(x_a=["fine", line]))


@pytest.mark.parametrize("line", ["a\r\n b", "a\nb", "\x00", "\u0661"])
def test_bytes_of_a_field_may_be_any_but_folded_or_a_control(line: str) -> None:
    assert component("x-a", bs=True).value(request(x_a=[" \xfc", "b "])) == ":/A==:, :Yg==:"
    with pytest.raises(MalformedInput):
        component("x-a", bs=True).value(request(x_a=[line]))


@pytest.mark.parametrize("name", ["x-missing", "@status"])
def test_what_the_request_does_not_have_is_not_covered(name: str) -> None:
    with pytest.raises(NotCovered):
        component(name).value(request())
    with pytest.raises(NotCovered):
        component("x-empty").value(Request("GET", TARGET, {"x-empty": []}))


@pytest.mark.parametrize("name", ["@method", "@path", "@query-param"])
def test_a_response_has_what_is_a_requests_only_by_its_request(name: str) -> None:
    parameters = {"name": "id"} if name == "@query-param" else {}
    answered = Response(200, {}, request())
    with pytest.raises(NotCovered):
        Component(name, parameters).value(answered)
    assert Component(name, {**parameters, "req": True}).value(answered) in {"GET", "/r1/PK", "7"}
    with pytest.raises(NotCovered):
        Component(name, {**parameters, "req": True}).value(Response(200, {}))
    with pytest.raises(NotCovered):
        Component(name, {**parameters, "req": True}).value(request())


@pytest.mark.parametrize("status", [0, 99, 1000, -200])
def test_a_status_has_three_digits(status: int) -> None:
    assert component("@status").value(Response(404, {})) == "404"
    with pytest.raises(NotCovered):
        component("@status").value(Response(status, {}))


def test_a_trailer_is_no_header() -> None:
    one = Response(200, {"a": ["header"]}, trailers={"a": ["trailer"], "b": ["x"]})
    assert (component("a").value(one), component("a", tr=True).value(one)) == ("header", "trailer")
    with pytest.raises(NotCovered):
        component("b").value(one)


def test_a_field_is_written_strictly_where_sf_asks_for_it() -> None:
    one = request(
        priority=[" u=1,  i "], content_digest=["sha-256=:AAE=:,  x=5"], x_a=["1"], signature=["a=("]
    )
    assert component("priority", sf=True).value(one) == "u=1, i"
    assert component("content-digest", sf=True).value(one) == "sha-256=:AAE=:, x=5"
    assert component("client-cert", sf=True).value(request(client_cert=[" :AA==:;a "])) == ":AA==:;a"
    assert (
        component("client-cert-chain", sf=True).value(request(client_cert_chain=[":AA==:", ":AQ==:"]))
        == ":AA==:, :AQ==:"
    )
    for name in ("x-a", "signature"):
        with pytest.raises(MalformedInput):
            component(name, sf=True).value(one)


def test_a_member_of_a_dictionary_is_chosen_by_key() -> None:
    one = request(signature=["sig1=:AAE=:", "b=2"])
    assert component("signature", key="sig1").value(one) == ":AAE=:"
    assert component("signature", key="b").value(one) == "2"
    with pytest.raises(NotCovered):
        component("signature", key="c").value(one)
    with pytest.raises(MalformedInput):
        component("signature", key="a").value(request(signature=["a=1", "a=2"]))


@pytest.mark.parametrize(
    ("query", "name", "value"),
    [("?a=1&b=2", "b", "2"), ("?a", "a", ""), ("?a=%41+b", "a", "A%20b"), ("?%61=x", "a", "x"),
     ("?a=%2B%", "a", "%2B%25"),
     ("?&&a=*-._~&", "a", "*-._%7E"), ("?a==b", "a", "%3Db"), ("?a=%C3%BC", "a", "%C3%BC")],
)  # fmt: skip
def test_a_query_parameter_has_one_form(query: str, name: str, value: str) -> None:
    assert component("@query-param", name=name).value(request(f"https://g/{query}")) == value


@pytest.mark.parametrize("query", ["", "?", "?b=1", "?a=1&a=1", "?a=1&%61=2", "?A=1"])
def test_a_query_parameter_that_does_not_stand_once_is_not_covered(query: str) -> None:
    with pytest.raises(NotCovered):
        component("@query-param", name="a").value(request(f"https://g/{query}"))


def test_a_query_parameter_that_is_no_utf8_is_refused() -> None:
    with pytest.raises(MalformedInput):
        component("@query-param", name="a").value(request("https://g/?a=%FF"))


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("Date", {}), ("", {}), ("a b", {}), ("ü", {}), ("a:", {}), ('a"', {}), ("a\n", {}), ("a" * 257, {}),
        ("@signature-params", {}), ("@nonsense", {}), ("@", {}), ("@Method", {}),
        ("@method", {"sf": True}), ("@method", {"key": "a"}), ("@method", {"tr": True}),
        ("@method", {"req": False}),
        ("@method", {"name": "a"}), ("@status", {"req": True}), ("@query-param", {}),
        ("@query-param", {"name": True}),
        ("@query-param", {"name": 5}), ("date", {"name": "a"}), ("date", {"unknown": True}),
        ("date", {"sf": False}),
        ("date", {"sf": 1}), ("date", {"req": "x"}), ("date", {"key": True}),
        ("date", {"bs": True, "sf": True}),
        ("date", {"bs": True, "key": "a"}),
    ],
)  # fmt: skip
def test_a_component_that_the_rfc_does_not_know_is_refused(
    name: str, parameters: dict[str, str | bool]
) -> None:
    with pytest.raises(MalformedInput):
        Component(name, parameters)


def test_a_component_is_the_same_in_any_order_of_its_parameters() -> None:
    one, other = (
        Component("signature", {"key": "a", "req": True}),
        Component("signature", {"req": True, "key": "a"}),
    )
    assert one.identity == other.identity
    assert (one.identifier, other.identifier) == ('"signature";key="a";req', '"signature";req;key="a"')
    assert one.identity != Component("signature", {"key": "a"}).identity


def test_a_component_is_named_by_a_string() -> None:
    assert read_component(Item("date", {"bs": True})) == component("date", bs=True)
    for value in (5, True, b"date"):
        with pytest.raises(MalformedInput):
            read_component(Item(value))


def test_field_lines_are_collected_by_name() -> None:
    pairs = [(b"Accept", b"a"), (b"X-\xfc", b"\xfc"), (b"ACCEPT", b"b")]
    assert fields_of(pairs) == {"accept": ["a", "b"], "x-ü": ["ü"]}
