"""A visit is known by its token alone, and ends by itself."""

from rahdari.web.exchange.citizen_visits import VISIT_SECONDS, Visits
from tests.fakes.chance import SeededChance


class Ticks:
    """Seconds that a test counts."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_token_finds_whose_visit_it_is_until_it_ends() -> None:
    visits = Visits(SeededChance(), Ticks())
    mine, hers = visits.begin("1"), visits.begin("2")
    found = visits.find(hers)
    assert found is not None
    assert found.identifier == "2"
    visits.end(hers)
    assert visits.find(hers) is None
    assert visits.find(mine) is not None
    assert visits.find("") is None


def test_a_visit_ends_by_itself_and_is_forgotten() -> None:
    ticks = Ticks()
    visits = Visits(SeededChance(), ticks)
    token = visits.begin("1")
    ticks.now += VISIT_SECONDS - 1
    assert visits.find(token) is not None
    ticks.now += 1
    assert visits.find(token) is None
    visits.begin("2")
    assert len(visits) == 1


def test_the_oldest_makes_room_for_the_newest() -> None:
    visits = Visits(SeededChance(), Ticks(), most=2)
    first, second, third = (visits.begin(str(one)) for one in range(3))
    assert visits.find(first) is None
    assert all(visits.find(one) is not None for one in (second, third))


def test_what_she_chose_stays_with_her_visit_and_makes_it_no_longer() -> None:
    ticks = Ticks()
    visits = Visits(SeededChance(), ticks)
    token = visits.begin("1")
    ends = getattr(visits.find(token), "ends", None)
    ticks.now += 5
    visits.choose(token, days=30, before=7)
    found = visits.find(token)
    assert found is not None
    assert (found.identifier, found.days, found.before, found.ends) == ("1", 30, 7, ends)
    visits.choose("nobody's", days=30, before=None)
    assert len(visits) == 1


def test_neither_token_nor_person_is_shown_by_mistake() -> None:
    visits = Visits(SeededChance(), Ticks())
    token = visits.begin("3520212345671")
    assert "3520212345671" not in repr(visits.find(token))
