"""For every run of changes, failures, crashes and replays: each stream hears all of its own, in order."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from rahdari import signals
from rahdari.signals import (
    USUAL,
    Ahead,
    Became,
    Delivery,
    Ending,
    Happening,
    Method,
    Outcome,
    Slots,
    Stream,
    StreamId,
    Wanted,
    is_reachable,
    read_endpoint,
    read_networks,
)
from rahdari.signals.errors import BadEndpoint
from tests.fakes.chance import SeededChance
from tests.fakes.clock import WoundClock
from tests.fakes.signals import HappeningsInMemory, SignalsInMemory

CARDS = ("CARD-A", "CARD-B", "CARD-C")
OWNERS = ("first", "second")


class Deliveries(RuleBasedStateMachine):
    """Two deliverers, three receivers that fail at will, a register that goes on."""

    @initialize()
    def begin(self) -> None:
        self.store, self.clock, self.chance = SignalsInMemory(), WoundClock(), SeededChance()
        self.register = HappeningsInMemory()
        self.streams: list[Stream] = []
        self.heard: dict[StreamId, list[int]] = {}
        self.expected: dict[StreamId, int] = {}
        for number, method in enumerate((Method.WEBHOOK, Method.PUSH, Method.WEBHOOK)):
            wanted = Wanted(Delivery(method, "https://bank.example/"))
            made = signals.create_stream(
                self.store, wanted, f"institution-{number}", clock=self.clock, chance=self.chance
            ).stream
            self.streams.append(made)
            self.heard[made.id], self.expected[made.id] = [], 0
            for card in CARDS[: number + 1]:
                signals.add_subject(self.store, made.id, card, made.institution, chance=self.chance)

    @rule(card=st.sampled_from(CARDS), became=st.sampled_from(Became))
    def happen(self, card: str, became: Became) -> None:
        position = len(self.register.all) + 1
        self.register.all.append(Happening(position, self.clock.now(), card, became))
        for number, stream in enumerate(self.streams):
            if card in CARDS[: number + 1]:
                told = 1 if stream.delivery.method is Method.WEBHOOK or became is Became.GOOD else 2
                self.expected[stream.id] += told

    @rule(stale=st.integers(0, 3))
    def fan_out(self, stale: int) -> None:
        """A server may have read before another one wrote: it sees happenings that were fanned out already."""
        after = max(self.store.get_position() - stale, 0)
        ahead = Ahead(self.register.read(after=after, limit=7), self.store.find_watchers(CARDS))
        signals.fan_out(self.store, ahead, clock=self.clock)

    @rule(owner=st.sampled_from(OWNERS), arrives=st.integers(0, 4), is_killed=st.booleans())
    def deliver(self, owner: str, arrives: int, is_killed: bool) -> None:  # noqa: FBT001
        due = signals.find_due(self.store, clock=self.clock, slots=Slots(9, 9))
        until = signals.claim(self.store, due, owner, clock=self.clock, patience=USUAL)
        for claimed in signals.read_claimed(self.store, owner, until):
            if claimed.stream.id not in due:
                continue
            orders = [one.order for one in claimed.notices][:arrives]
            self.heard[claimed.stream.id] += orders
            if is_killed:
                continue
            ending = Ending.TAKEN if len(orders) == len(claimed.notices) else Ending.FAILED
            outcome = Outcome(claimed.stream.id, tuple(orders), ending, "sample")
            judged = signals.judge(
                self.store, [outcome], clock=self.clock, patience=USUAL, chance=self.chance
            )
            signals.write_down(self.store, judged, owner, clock=self.clock)

    @rule(number=st.integers(0, 2), back=st.integers(0, 5))
    def replay(self, number: int, back: int) -> None:
        stream = self.streams[number]
        last = self.store.get_progress(stream.id).last_order
        signals.replay(self.store, stream.id, after=max(0, last - back))

    @rule(seconds=st.integers(0, 40))
    def wait(self, seconds: int) -> None:
        self.clock.wind(timedelta(seconds=seconds))

    @invariant()
    def nobody_hears_a_later_notice_before_an_earlier_one(self) -> None:
        for stream in self.streams:
            newest = 0
            for order in self.heard[stream.id]:
                assert order <= newest + 1, "a gap: something was passed over"
                newest = max(newest, order)

    def teardown(self) -> None:  # type: ignore[explicit-override]
        """In the end everything arrives, numbered without gaps."""
        if not hasattr(self, "streams"):
            return
        while (ahead := signals.read_ahead(self.store, self.register)).happenings:
            signals.fan_out(self.store, ahead, clock=self.clock)
        for _ in range(200):
            self.clock.wind(USUAL.longest)
            self.deliver("first", 99, is_killed=False)
        for stream in self.streams:
            assert set(self.heard[stream.id]) == set(range(1, self.expected[stream.id] + 1))
            assert self.store.count_pending(stream.id) == 0


TestDeliveries = Deliveries.TestCase


@given(st.ip_addresses())
def test_an_address_of_a_named_network_is_reached_and_any_other_only_if_it_is_the_worlds(
    address: object,
) -> None:
    assert is_reachable(str(address), read_networks("0.0.0.0/0, ::/0"))
    if is_reachable(str(address)):
        assert getattr(address, "is_global", False)
        assert not getattr(address, "is_private", True)


@given(st.one_of(st.text(max_size=60), st.from_regex(r"https?://[^\s]{1,40}", fullmatch=True)))
def test_any_text_is_an_endpoint_or_refused(text: str) -> None:
    try:
        read = read_endpoint(text)
    except BadEndpoint:
        return
    assert read.is_secure
    assert text.isascii()
    assert not set(text) & set("\r\n \t#@") or "@" in read.target
