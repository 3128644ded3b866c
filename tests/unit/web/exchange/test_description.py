"""The descriptions of the exchange's servers: valid, and about what there is, no less and no more."""

import ast
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from openapi_spec_validator import validate

import rahdari
from rahdari.web.exchange import catalogue, own, sending, serving
from rahdari.web.exchange.description import edge, faults, peer, registry, timestamper
from rahdari.web.exchange.description.operations import Operation
from rahdari.web.exchange.mounts import make_mounts
from rahdari.web.exchange.status_page import Standing
from rahdari.wire.xroad import ErrorType, Fault, Origin

SOURCES = Path(rahdari.__file__).parent
ROOMS = ("exchange", "app/exchange", "web/exchange")
DESCRIBING = (
    edge.describe_edge,
    peer.describe_peer,
    registry.describe_registry,
    timestamper.describe_timestamper,
)


@pytest.mark.parametrize("describe", DESCRIBING)
def test_a_description_is_openapi_3_1_and_names_each_operation_once(
    describe: Callable[[], dict[str, object]],
) -> None:
    document = describe()
    validate(document)
    assert document["openapi"] == "3.1.0"
    paths = document["paths"]
    assert isinstance(paths, dict)
    names = [one["operationId"] for methods in paths.values() for one in methods.values()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("table", [edge.EDGE, peer.PEER, registry.REGISTRY, timestamper.TIMESTAMPER])
def test_no_operation_stands_twice(table: tuple[Operation, ...]) -> None:
    assert len({(one.method, one.path) for one in table}) == len(table)


def test_the_standing_is_described_member_by_member() -> None:
    described = edge.describe_edge()["components"]["schemas"]["Standing"]["properties"]  # type: ignore[index]
    assert set(described) == set(Standing.__dataclass_fields__)


def nodes() -> Iterator[ast.Call]:
    for room in ROOMS:
        for path in sorted((SOURCES / room).rglob("*.py")):
            if "description" not in path.parts:
                yield from (
                    one
                    for one in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
                    if isinstance(one, ast.Call)
                )


def fault_of(node: ast.expr) -> Fault | None:
    """``Fault.X``, or None for what is only known as the program runs."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Fault":
        return Fault[node.attr]
    return None


def written() -> Iterator[str]:
    """Every type that the code of the exchange writes down, and those that an unreached gateway adds."""
    unreached: set[Fault] = set()
    open_ended: set[Origin] = set()
    for call in nodes():
        name = ast.unparse(call.func)
        if name in {"UpstreamFailed", "Late", "Unreached"}:
            unreached |= {one for one in map(fault_of, call.args) if one is not None}
        origin = {"consumer_fault": Origin.CLIENT_PROXY, "provider_fault": Origin.SERVER_PROXY}.get(name)
        listed = call.args
        if name == "ErrorType" and isinstance(call.args[1], ast.Tuple):
            origin, listed = Origin[ast.unparse(call.args[0]).split(".")[1]], call.args[1].elts
        if origin is None:
            continue
        if any(isinstance(one, ast.Starred) for one in listed):
            open_ended.add(origin)
        else:
            told = [fault_of(one) for one in listed]
            assert None not in told, ast.unparse(call)
            yield ErrorType(origin, tuple(one for one in told if one is not None)).write()
    assert open_ended == {Origin.CLIENT_PROXY, Origin.SERVER_PROXY}
    for origin in open_ended:
        for one in unreached:
            yield ErrorType(origin, (Fault.SERVICE_FAILED, one)).write()


def test_the_types_of_errors_that_are_described_are_those_that_the_code_writes() -> None:
    # Nobody is there to be told that he went away; and a missing client has its type in wire.xroad.
    elsewhere = {"server.clientproxy.missing_header_field"}
    assert set(written()) - {"client.network_error"} | elsewhere == set(faults.TYPES)


def test_each_type_is_described_once() -> None:
    assert len(set(faults.TYPES)) == len(faults.TYPES)


def enum_of(answer: Mapping[str, object]) -> object:
    return answer["headers"]["X-Road-Error"]["schema"]["enum"]  # type: ignore[index]


def test_no_answer_of_a_gateway_has_a_status_above_499_without_saying_why() -> None:
    for path, methods in edge.describe_edge()["paths"].items():  # type: ignore[attr-defined]
        for operation in methods.values():
            for status, answer in operation["responses"].items():
                if status.startswith("5") and path not in {"/health", "/ndel/consents/{number}"}:
                    assert enum_of(answer) == list(faults.TYPES), (path, status)


def keys_of(module: ModuleType, wanted: Callable[[ast.AST], ast.expr | None]) -> set[str]:
    """The keys of the one dictionary that ``wanted`` finds in a module, as the module knows them."""
    tree = ast.parse(Path(module.__file__ or "").read_text(encoding="utf-8"))
    [found] = [one for one in map(wanted, ast.walk(tree)) if isinstance(one, ast.Dict)]
    return {
        eval(ast.unparse(key), vars(module)).decode()  # noqa: S307 - the module's own words
        for key in found.keys
        if key is not None
    }


def test_every_page_of_the_gateways_own_is_described() -> None:
    described = {one.path for one in edge.EDGE}
    pages = keys_of(
        own,
        lambda one: (
            one.value if isinstance(one, ast.AnnAssign) and ast.unparse(one.target) == "self._pages" else None
        ),
    )
    others = keys_of(
        serving,
        lambda one: (
            one.args[0] if isinstance(one, ast.Call) and ast.unparse(one.func) == "own.also.update" else None
        ),
    )
    for beginning in others:
        assert any(path.startswith(beginning) for path in described), beginning
    # The way in is no page, and leads to one.
    elsewhere = ("/r1/", "/listClients", "/ndel/consents/", *others)
    assert {one for one in described if not one.startswith(elsewhere)} == {*pages, "/"}


def test_every_door_of_the_peer_side_is_described() -> None:
    described = {one.path for one in peer.PEER}
    mounted = make_mounts(SimpleNamespace())  # type: ignore[arg-type]
    for beginning in (*mounted, catalogue.PATH, sending.TARGET, b"/r1/"):
        assert any(path.startswith(beginning.decode()) for path in described), beginning
