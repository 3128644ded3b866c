"""For every configuration and every act: what was written is read back, and altered text never verifies."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from rahdari.exchange.rules.renewal import is_renewal_due, renewal_due
from rahdari.wire.errors import BadSignature, MalformedInput, UnsupportedAlgorithm
from rahdari.wire.ndel.act_token import read_act, sign_act
from rahdari.wire.ndel.acts import Act, Approved, Enter, Proposed
from rahdari.wire.ndel.configuration import decode, sign
from rahdari.wire.ndel.json_members import SECONDS_MAX
from rahdari.wire.ndel.parties import Allowance, Configuration, Pin, Purpose
from rahdari.wire.xroad import MemberId, is_portable
from tests.unit.wire.ndel_scene import NOW, REGISTRY, full_configuration, member_of

WORDS = st.text("abcXYZ0189-._", min_size=1, max_size=20)
LINES = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cf", "Zl", "Zp")), min_size=1, max_size=60
).filter(lambda text: bool(text.strip()))
NAMES = st.dictionaries(st.sampled_from(["en", "ur", "zh", "zh-Hans", "ps"]), LINES, min_size=1)


def _is_code(text: str) -> bool:
    try:
        MemberId("PK", "GOV", text)
    except MalformedInput:
        return False
    return True


CODES = st.text(st.characters(categories=("L", "Nd")), min_size=1, max_size=20).filter(_is_code)
SECONDS = st.integers(0, SECONDS_MAX)


PURPOSES = st.builds(Purpose, WORDS, NAMES, LINES)
ALLOWANCES = st.builds(
    Allowance,
    st.none() | st.builds(MemberId, st.just("CN"), st.just("GOV"), CODES),
    st.none() | CODES,
    st.frozensets(WORDS, min_size=1, max_size=4),
)
PINS = st.builds(
    Pin,
    st.text("ABC", min_size=1, max_size=4),
    st.just(("https://registry.example/configuration.jws",)),
    st.just((REGISTRY.public,)),
    st.lists(ALLOWANCES, max_size=4).map(tuple),
    st.lists(ALLOWANCES, max_size=4).map(tuple),
)


@st.composite
def configurations(draw: st.DrawFn) -> Configuration:
    begins = draw(st.integers(0, SECONDS_MAX - 1))
    members = [
        replace(member_of(code), name=draw(NAMES))
        for code in draw(st.sets(st.sampled_from(["1001", "1002"])))
    ]
    return Configuration(
        instance="PK",
        version=draw(st.integers(1, 2**53 - 1)),
        issued_at=begins,
        expires=draw(st.integers(begins + 1, SECONDS_MAX)),
        refresh_seconds=draw(st.integers(1, 86_400)),
        members=tuple(replace(one, suspended_at=draw(st.none() | SECONDS)) for one in members),
        purposes=tuple(draw(st.lists(PURPOSES, max_size=4, unique_by=lambda one: one.code))),
        pins=tuple(draw(st.lists(PINS, max_size=3, unique_by=lambda one: one.instance))),
    )


@given(configurations())
@settings(max_examples=25)
def test_a_configuration_is_read_back(configuration: Configuration) -> None:
    assert decode(sign(REGISTRY, configuration)).verify_with([REGISTRY.public]) == configuration


TEXT = sign(REGISTRY, full_configuration())


@given(st.integers(0, len(TEXT) - 1), st.sampled_from("AZaz09-_.é"))
@settings(max_examples=150)
def test_no_altered_configuration_verifies(place: int, sign_put: str) -> None:
    altered = TEXT[:place] + sign_put + TEXT[place + 1 :]
    if altered == TEXT:
        return
    try:
        decode(altered).verify_with([REGISTRY.public])
    except (MalformedInput, BadSignature, UnsupportedAlgorithm):
        return
    raise AssertionError("an altered configuration was believed")


@given(st.integers(0, 2**53 - 1), st.binary(min_size=32, max_size=32), SECONDS, LINES, PURPOSES)
@settings(max_examples=60)
def test_an_act_is_read_back(number: int, previous: bytes, at: int, by: str, purpose: Purpose) -> None:
    for deed in (Proposed(Enter(purpose)), Approved(number)):
        act = Act(number, previous, at, by, deed)
        assert read_act(sign_act(REGISTRY, act)).verify_with(REGISTRY.public) == act


@given(st.integers(0, NOW), st.integers(1, NOW), st.integers(0, 2 * NOW))
def test_a_renewal_is_due_from_two_thirds_of_a_life_on(begins: int, life: int, at: int) -> None:
    due = renewal_due(begins, begins + life)
    assert begins <= due < begins + life
    assert is_renewal_due(begins, begins + life, at=at) == (at >= due)
    assert abs((due - begins) - life * 2 / 3) <= 1


@given(CODES)
def test_codes_that_x_road_takes_everywhere_are_taken_here(code: str) -> None:
    member = MemberId("PK", "GOV", code)
    assert is_portable(member) <= _is_code(code)
