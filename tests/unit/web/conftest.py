"""A house with a few synthetic holders, and clients of its site."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path

import httpx
import pytest
from litestar.testing import TestClient

from rahdari.access import Enrolment, Role
from rahdari.app.clock import SeededChance
from rahdari.app.house import House, found_house
from rahdari.app.portraits import derivatives
from rahdari.app.settings import Settings
from rahdari.app.synthetic import as_person, draw_portrait, synthetic_people
from rahdari.credentials import Card, CardNumber, Person, Portrait
from rahdari.kernel import ActorKind
from rahdari.web.server import Site, build_app
from tests.fakes.clock import WoundClock
from tests.fakes.homes import copied_house, keep

HOLDERS = 6


@dataclass(slots=True)
class Ticker:
    """Seconds that tests let pass."""

    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


@dataclass(slots=True)
class Stage:
    """A house, its clock, its site, and the tokens of those who may come in."""

    house: House
    clock: WoundClock
    ticker: Ticker
    app: Site
    tokens: dict[str, str]
    cards: list[Card]
    client: TestClient[Site] = field(repr=False)

    def headers(self, name: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.tokens[name]}"}

    def text(self, card: Card) -> str:
        return self.house.registry.get_pass(card.number).text

    def check(self, text: str) -> httpx.Response:
        return self.client.post("/api/v1/checks", json={"pass": text})

    def act(self, card: Card, act: str, *, by: str = "officer", reason: str | None = None) -> httpx.Response:
        body = {"act": act} | ({"reason": reason} if reason else {})
        return self.client.post(f"/api/v1/cards/{card.number}/acts", json=body, headers=self.headers(by))


def make_entries(clock: WoundClock, count: int) -> list[tuple[Person, Portrait | None, str]]:
    entries: list[tuple[Person, Portrait | None, str]] = []
    for one in synthetic_people(count, chance=SeededChance(1), today=clock.now().date()):
        drawn = derivatives(draw_portrait(one.portrait_seed))
        party = as_person(one)
        pictures = {profile.value: picture for profile, picture in drawn.qr.items()}
        portrait = Portrait(drawn.card, pictures) if one.captured else None
        entries.append((party, portrait, one.product))
    return entries


def enrol(house: House, name: str, *roles: Role, attributes: frozenset[str] = frozenset()) -> str:
    kind = ActorKind.INSTITUTION if {Role.VERIFIER, Role.EXCHANGE} & set(roles) else ActorKind.OFFICER
    made = house.officers.enrol(Enrolment(kind, name, frozenset(one.value for one in roles), attributes))
    return house.officers.issue_token(made.id, lifetime=timedelta(days=300)).text


@dataclass(frozen=True, slots=True)
class Prepared:
    """What every stage begins with."""

    home: Path
    tokens: dict[str, str]
    cards: tuple[CardNumber, ...]


@cache
def prepare_stage() -> Prepared:
    """Found the house of the stages, once."""
    tokens, cards = dict[str, str](), list[CardNumber]()

    def make(home: Path) -> None:
        clock = WoundClock()
        house, _ = found_house(Settings(home=home, name="Sample Authority"), clock=clock, scrypt_n=2)
        officer = house.officers.authenticate_named("officer")
        made = house.registry.add_holders(make_entries(clock, HOLDERS), actor=officer)
        house.registry.issue_waiting(actor=officer)
        house.authority.publish()
        for one in ("officer", "supervisor"):
            tokens[one] = (home / "officers" / f"{one}.token").read_text()
        for role in Role:
            if role is not Role.VERIFIER:
                tokens[role.value] = enrol(house, f"Sample {role.value}", role)
        tokens["bank"] = enrol(house, "Sample bank", Role.VERIFIER, attributes=frozenset({"name"}))
        cards.extend(card.number for _, card in made)
        house.close()

    return Prepared(keep(make), tokens, tuple(cards))


def make_stage(
    home: Path,
    *,
    rate_per_minute: int = 100_000,
    lock_wait_seconds: int = 5,
    streams_max: int = 5000,
    caller_streams_max: int = 2000,
) -> Stage:
    clock, ticker = WoundClock(), Ticker()
    settings = Settings(
        home=home,
        rate_per_minute=rate_per_minute,
        lock_wait_seconds=lock_wait_seconds,
        name="Sample Authority",
        streams_max=streams_max,
        caller_streams_max=caller_streams_max,
    )
    prepared = prepare_stage()
    house = copied_house(settings, clock, prepared.home)
    tokens, cards = dict(prepared.tokens), [house.registry.get_card(number) for number in prepared.cards]
    app = build_app(house, tick=ticker)
    # No context: there is nothing to start or stop, and each test may use it.
    return Stage(house, clock, ticker, app, tokens, cards, TestClient(app, raise_server_exceptions=False))


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    made = make_stage(tmp_path_factory.mktemp("house"))
    with made.client:
        yield made
    made.house.close()


@pytest.fixture(autouse=True)
def _no_cookies(request: pytest.FixtureRequest) -> None:
    """A client forgets the language that the test before it chose."""
    if "stage" in request.fixturenames:
        request.getfixturevalue("stage").client.cookies.clear()


@pytest.fixture
def strict_stage(tmp_path: Path) -> Iterator[Stage]:
    """A house of its own that gives up on a locked database at once, with a rate limit that a test can reach."""
    made = make_stage(tmp_path, rate_per_minute=10, lock_wait_seconds=0)
    with made.client:
        yield made
    made.house.close()
