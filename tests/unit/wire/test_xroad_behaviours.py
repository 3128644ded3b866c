"""What X-Road's own tests expect of a gateway (RestProxyTest), said in our words and kept by the formats alone.

Where we differ on purpose, the test says so; docs/standards/xroad-rest.md lists the differences.
"""

import msgspec
import pytest

from rahdari.wire.xroad import ServiceType, Spelling, TemplateSet, read_template, values_of
from tests.unit.wire.xroad_edge_scene import CLIENT, SERVICE, Answer, Edge


def test_a_call_without_a_client_is_an_error_of_the_exchange() -> None:
    answer = Edge().call("GET", SERVICE, [])
    assert (answer.status, answer.error) == (500, "server.clientproxy.missing_header_field")


@pytest.mark.parametrize("target", ["/r1/invalid", "/r2/PK/GOV/1001/registry/echo", f"{SERVICE}/a/../b"])
def test_a_malformed_target_is_an_error_of_the_exchange(target: str) -> None:
    edge = Edge()
    answer = edge.call("GET", target)
    assert (answer.status, answer.error) == (500, "server.clientproxy.bad_request")
    assert edge.seen == []


def test_a_simple_post_is_answered() -> None:
    edge = Edge()
    answer = edge.call("POST", SERVICE, body=b'{"value" : 42}')
    assert answer.status == 200
    assert answer.error is None
    assert msgspec.json.decode(answer.body) == {"value": 42}
    assert (edge.seen[0].method, edge.seen[0].target) == ("POST", "")


def test_the_id_of_a_message_is_kept_on_both_ways() -> None:
    edge = Edge()
    answer = edge.call("POST", SERVICE, [CLIENT, (b"X-Road-Id", b"3f6a")], body=b"{}")
    assert values_of(edge.seen[0].fields, b"x-road-id") == [b"3f6a"]
    assert answer.values("x-road-id") == ["3f6a"]


def test_a_message_without_an_id_gets_one() -> None:
    edge = Edge()
    answer = edge.call("GET", SERVICE)
    assert answer.values("x-road-id") == ["made-1"]
    assert values_of(edge.seen[0].fields, b"x-road-id") == [b"made-1"]


def test_the_length_of_the_body_is_counted_anew_by_the_sender() -> None:
    edge = Edge()
    edge.call("POST", SERVICE, [CLIENT, (b"Content-Length", b"999")], body=b"{}")
    assert values_of(edge.seen[0].fields, b"content-length") == []
    assert len(edge.seen[0].body) == 2


def test_two_equal_calls_have_two_hashes() -> None:
    edge = Edge()
    calls = [edge.call("GET", SERVICE, [CLIENT, (b"x-road-id", b"same")]) for _ in range(2)]
    first, second = [one.values("x-road-request-hash") for one in calls]
    assert first != second
    assert len(first[0]) == len(second[0]) == 88


def test_an_answer_has_one_date() -> None:
    twice = Edge(lambda _: Answer(200, [(b"date", b"a"), (b"Date", b"b")]))
    assert twice.call("GET", SERVICE).values("date") == ["b"]
    assert Edge().call("GET", SERVICE).values("date") == ["today"]


def test_identifiers_may_be_percent_encoded() -> None:
    edge = Edge()
    answer = edge.call(
        "GET",
        "/r1/PK/GOV/1001/s%20ub/%C3%B6%C3%A4%C3%A5/path%40/",
        [(b"x-road-client", b"PK/COM/2002/sub%20system")],
    )
    assert answer.status == 200
    assert edge.seen[0].target == "/path%40/"
    assert answer.values("x-road-client") == ["PK/COM/2002/sub%20system"]
    assert answer.values("x-road-service") == ["PK/GOV/1001/s%20ub/%C3%B6%C3%A4%C3%A5"]


@pytest.mark.parametrize(
    ("target", "client"),
    [
        ("/r1/PK/GOV/1001/s%2Fub/echo", b"PK/COM/2002/app"),
        (SERVICE, b"PK/COM/2002/sub%2Fsystem"),
        (f"{SERVICE}/path%3B/", b"PK/COM/2002/app"),
    ],
)
def test_encoded_slashes_and_semicolons_are_refused_unlike_there(target: str, client: bytes) -> None:
    assert Edge().call("GET", target, [(b"x-road-client", client)]).error == "server.clientproxy.bad_request"


@pytest.mark.parametrize(("rest", "target"), [("", ""), ("/", "/"), ("/?", "/?"), ("/a/", "/a/")])
def test_an_empty_path_stays_as_it_came(rest: str, target: str) -> None:
    edge = Edge()
    assert edge.call("GET", SERVICE + rest).status == 200
    assert edge.seen[0].target == target


def test_a_large_body_is_carried_and_hashed_in_parts() -> None:
    body = bytes(13 * 1024 * 1024 + 104_729)
    answer = Edge().call("POST", SERVICE, body=body)
    assert answer.body == body


def test_a_redirect_is_passed_and_not_followed() -> None:
    location = f"{SERVICE}/elsewhere".encode()
    edge = Edge(lambda _: Answer(302, [(b"Location", location)]))
    answer = edge.call("GET", SERVICE)
    assert (answer.status, answer.values("location")) == (302, [location.decode()])
    assert len(edge.seen) == 1


def test_an_error_of_the_provider_is_passed_and_is_no_error_of_the_exchange() -> None:
    edge = Edge(lambda _: Answer(500, [(b"x-road-error", b"server.serverproxy.access_denied")], b"mine"))
    answer = edge.call("GET", SERVICE)
    assert (answer.status, answer.error, answer.body) == (500, None, b"mine")


def test_a_service_of_another_kind_cannot_be_called() -> None:
    answer = Edge(kind=ServiceType.WSDL).call("GET", SERVICE)
    assert (answer.status, answer.error) == (500, "server.serverproxy.service_type")


def test_a_method_that_no_right_names_is_denied() -> None:
    edge = Edge(rights=TemplateSet([read_template("GET", "/**")]))
    assert edge.call("GET", SERVICE).status == 200
    answer = edge.call("PATCH", SERVICE)
    assert (answer.status, answer.error) == (500, "server.serverproxy.access_denied")
    assert len(edge.seen) == 1


def test_the_older_spelling_is_there_for_older_clients() -> None:
    edge = Edge(rights=TemplateSet([]), spelling=Spelling.CAPITALS)
    answer = edge.call("GET", SERVICE)
    assert answer.error == "Server.ServerProxy.AccessDenied"
    assert msgspec.json.decode(answer.body)["type"] == "Server.ServerProxy.AccessDenied"


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (b"application/json;charset=utf-8", "application/json"),
        (b"foobarbaz", "application/json"),
        (None, "application/json"),
        (b"application/xml", "application/xml;charset=utf-8"),
        (b"text/xml", "text/xml;charset=utf-8"),
        (b"application/xml, text/xml", "application/xml;charset=utf-8"),
        (b"text/xml, application/xml", "text/xml;charset=utf-8"),
        (b"text/xml-patch+xml", "application/json"),
        (b"application/xml; q=0.2", "application/xml;charset=utf-8"),
        (b"text/xml, application/xml, application/json", "text/xml;charset=utf-8"),
        (b"text/*", "text/xml;charset=utf-8"),
    ],
)
def test_accept_chooses_the_form_of_an_error(accept: bytes | None, content_type: str) -> None:
    fields = [CLIENT] if accept is None else [CLIENT, (b"Accept", accept)]
    answer = Edge(kind=ServiceType.WSDL).call("GET", SERVICE, fields)
    assert answer.status == 500
    assert answer.error is not None
    assert answer.values("content-type") == [content_type]


def test_an_error_names_itself_in_body_and_header() -> None:
    edge = Edge()
    bodies = [msgspec.json.decode(edge.call("GET", SERVICE, []).body) for _ in range(2)]
    assert [sorted(one) for one in bodies] == [["detail", "message", "type"]] * 2
    assert bodies[0]["detail"] != bodies[1]["detail"]


def test_query_and_cache_headers_and_unknown_ones_pass_unchanged() -> None:
    cached = [(b"Cache-Control", b"no-store"), (b"ETag", b'"1"'), (b"X-Powered-By", b"x")]
    edge = Edge(lambda _: Answer(200, cached))
    answer = edge.call("GET", f"{SERVICE}/a?b=%2F..%2f&c=[1]&c=2", [CLIENT, *cached])
    assert edge.seen[0].target == "/a?b=%2F..%2f&c=[1]&c=2"
    assert list(edge.seen[0].fields[1:4]) == cached
    assert list(answer.fields[:3]) == cached


def test_of_two_clients_the_last_counts_and_the_provider_sees_no_other() -> None:
    edge = Edge()
    answer = edge.call("GET", SERVICE, [(b"X-Road-Client", b"PK/COM/1/x"), CLIENT])
    assert answer.values("x-road-client") == ["PK/COM/2002/app"]
    assert values_of(edge.seen[0].fields, b"x-road-client") == [b"PK/COM/2002/app"]


def test_a_right_is_matched_on_what_the_provider_will_understand() -> None:
    edge = Edge(rights=TemplateSet([read_template("GET", "/public/**")]))
    for rest in ("/public/../private", "/public/%2e%2e/private", "/public/..%2fprivate", "/public//../private",
                 "/public/..;/private", "/public/%252e%252e/private", "/public/..%5cprivate"):  # fmt: skip
        assert edge.call("GET", SERVICE + rest).error == "server.clientproxy.bad_request", rest
    assert edge.call("GET", f"{SERVICE}/%70ublic/x").status == 200
    assert len(edge.seen) == 1
