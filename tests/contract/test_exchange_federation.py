"""Two instances that pinned each other: what was agreed on is asked across the border, and nothing else."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_socket

from rahdari.app.exchange.configuration_files import ConfigurationFiles
from rahdari.wire.ndel.parties import Allowance, Pin, Purpose
from rahdari.wire.ndel.records import ExchangeRecord, Role
from rahdari.wire.xroad import MemberId
from tests.contract.exchange_corridor import Corridor, entries_of
from tests.fakes.gateway_homes import MadeGateway, MadeInstance, add_gateway, make_instance
from tests.fakes.peer_calls import Got
from tests.fakes.provider_system import ProviderSystem, serving_system

pytestmark = pytest.mark.loopback

CUSTOMS_PK = MemberId("PK", "GOV", "1004")
CUSTOMS_CN = MemberId("CN", "GOV", "7001")
PURPOSES = (
    Purpose("customs-clearance", {"en": "Customs clearance"}, "sample agreement"),
    Purpose("statistics", {"en": "Statistics"}, "sample agreement"),
)
ASKED = "/r1/CN/GOV/7001/declarations/manifests/seen"


def offer_of(url: str) -> str:
    return f"""
[[service]]
id = "CN/GOV/7001/declarations/manifests"
title = {{ en = "Manifests", zh = "舱单" }}
base_url = "{url}"
[[service.operation]]
method = "GET"
path = "/seen"
purposes = ["customs-clearance", "statistics"]
[[service]]
id = "CN/GOV/7001/declarations/tariffs"
title = {{ en = "Tariffs" }}
base_url = "{url}"
[[service.operation]]
method = "GET"
path = "/seen"
purposes = ["customs-clearance"]
[[grant]]
client = "PK/GOV/1004/clearance"
service = "CN/GOV/7001/declarations/manifests"
operations = ["GET /seen"]
[[grant]]
client = "PK/GOV/1004/clearance"
service = "CN/GOV/7001/declarations/tariffs"
operations = ["GET /seen"]
"""


def allow(member: MemberId, code: str | None) -> Allowance:
    return Allowance(member, code, frozenset({"customs-clearance"}))


@dataclass(slots=True)
class Border:
    """Two instances, a customs authority in each."""

    pakistan: MadeInstance
    china: MadeInstance
    asking: Corridor
    answering: MadeGateway

    def publish(self, *, china_allows: tuple[Allowance, ...], pakistan_allows: tuple[Allowance, ...]) -> None:
        """Sign both configurations, each with its pin of the other."""
        self.publish_china(china_allows)
        self.pakistan.publish(purposes=PURPOSES, pins=(self.pin(self.china, (), pakistan_allows),))
        self.exchange_configurations()

    def publish_china(self, allows: tuple[Allowance, ...], suspended: tuple[MemberId, ...] = ()) -> None:
        """Sign China's configuration."""
        pins = (self.pin(self.pakistan, allows, ()),)
        self.china.publish(purposes=PURPOSES, pins=pins, suspended=suspended)

    def pin(
        self, other: MadeInstance, inbound: tuple[Allowance, ...], outbound: tuple[Allowance, ...]
    ) -> Pin:
        """Pin another instance; nobody listens at the address, what is fetched lies in the caches."""
        keys = (other.registry.public,)
        return Pin(other.name, ("http://127.0.0.1:9/configuration.jws",), keys, inbound, outbound)

    def exchange_configurations(self) -> None:
        """Lay each instance's configuration into the caches of the other's gateways."""
        for one, other in ((self.china, self.pakistan), (self.pakistan, self.china)):
            text = (other.folder / "configuration.jws").read_text(encoding="ascii")
            for made in one.gateways.values():
                ConfigurationFiles(made.home.configuration_folder).keep(other.name, other.version, text)

    def agree(self, *, china: tuple[Allowance, ...], pakistan: tuple[Allowance, ...]) -> None:
        """Sign what is agreed on now, and have the asking gateway begin with it."""
        self.publish(china_allows=china, pakistan_allows=pakistan)
        self.asking.stop(CUSTOMS_PK)
        self.asking.start(self.asking.bank)

    def ask(self, path: str = ASKED, purpose: str = "customs-clearance") -> Got:
        headers = [("ndel-purpose", purpose)]
        return self.asking.call(path, client="PK/GOV/1004/clearance", headers=headers)


AGREED = allow(CUSTOMS_CN, "manifests")


@pytest.fixture(scope="module")
def border(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Border]:
    pytest_socket.enable_socket()
    folder = tmp_path_factory.mktemp("border")
    with serving_system() as system:
        made = _made(folder, system)
        made.publish(china_allows=(AGREED,), pakistan_allows=(AGREED,))
        try:
            made.asking.start(made.answering)
            made.asking.start(made.asking.bank)
            yield made
        finally:
            system.release.set()
            for member, process in made.asking.processes.items():
                if process.poll() is None:
                    made.asking.stop(member)


def _made(folder: Path, system: ProviderSystem) -> Border:
    pakistan, china = make_instance(folder / "pk"), make_instance(folder / "cn", "CN")
    asking = add_gateway(pakistan, CUSTOMS_PK, "clearance")
    answering = add_gateway(china, CUSTOMS_CN, "declarations", offer=offer_of(system.url))
    corridor = Corridor(pakistan, answering, asking, system, {})
    return Border(pakistan, china, corridor, answering)


def test_what_both_agreed_on_is_answered_and_recorded_on_both_sides(border: Border) -> None:
    got = border.ask()
    assert got.status == 200, got
    assert json.loads(got.body)
    border.asking.stop(CUSTOMS_PK)
    border.asking.stop(CUSTOMS_CN)
    for made, role in ((border.asking.bank, Role.CONSUMER), (border.answering, Role.PROVIDER)):
        kept = entries_of(made, got.one("x-road-request-id"))
        assert [one.role for one in kept if isinstance(one, ExchangeRecord)] == [role]
    border.asking.start(border.answering)
    border.asking.start(border.asking.bank)


@pytest.mark.parametrize(
    ("path", "purpose"),
    [
        (ASKED, "statistics"),
        (ASKED.replace("manifests", "tariffs"), "customs-clearance"),
        (ASKED.replace("/CN/", "/AF/"), "customs-clearance"),
    ],
)
def test_what_was_not_agreed_on_does_not_leave_the_country(border: Border, path: str, purpose: str) -> None:
    error = border.ask(path, purpose).one("x-road-error")
    assert error in {"server.clientproxy.access_denied", "server.clientproxy.unknown_member"}


def test_what_the_other_country_does_not_allow_it_refuses_itself(border: Border) -> None:
    border.agree(china=(AGREED,), pakistan=(allow(CUSTOMS_CN, None),))
    got = border.ask(ASKED.replace("manifests", "tariffs"))
    assert got.one("x-road-error") == "server.serverproxy.access_denied"
    border.agree(china=(AGREED,), pakistan=(AGREED,))


def test_a_member_that_the_other_country_suspended_is_gone(border: Border) -> None:
    border.publish_china((AGREED,), suspended=(CUSTOMS_CN,))
    border.exchange_configurations()
    border.asking.stop(CUSTOMS_PK)
    border.asking.start(border.asking.bank)
    assert border.ask().one("x-road-error") == "server.clientproxy.unknown_member"
    border.agree(china=(AGREED,), pakistan=(AGREED,))
