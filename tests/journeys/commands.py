"""The command line as a story's hero: runs commands on a small authority and keeps what they said."""

import contextlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rahdari.app.clock import SeededChance, SystemClock
from rahdari.app.house import House, found_house, open_house
from rahdari.app.settings import read_settings
from rahdari.app.synthetic import as_person, synthetic_people
from rahdari.cli import run
from rahdari.credentials import Card, Party, Stage


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, object]:
        read = json.loads(self.out)
        assert isinstance(read, dict)
        return read

    @property
    def problem(self) -> str:
        told = self.document["problem"]
        assert isinstance(told, dict)
        return str(told["code"])


class CommandLine:
    """Runs commands in one home folder."""

    def __init__(self, home: Path) -> None:
        self.home = home
        # The small authority is made once for all stories, so what its verifier holds is older than a minute.
        # A server beside writes into the same file, on a busy machine for longer than a person would wait.
        self.environment: dict[str, str] = {
            "RAHDARI_LOCK_WAIT_SECONDS": "60", "RAHDARI_STATUS_AGE_MAX_SECONDS": "86400",
            # Forecasts of a test are kept beside its home, not among the user's own.
            "RAHDARI_TRADE_FOLDER": str(home / "trade"),
        }  # fmt: skip

    def __call__(self, *words: object, home: Path | None = None) -> Ended:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run([*map(str, words), "--home", str(home or self.home)], environment=self.environment)
        return Ended(code, out.getvalue(), err.getvalue())

    def json(self, *words: object, home: Path | None = None) -> Ended:
        return self(*words, "--json", home=home)

    @contextlib.contextmanager
    def house(self) -> Iterator[House]:
        """The same house from within, to look at what a command left behind."""
        house = open_house(read_settings(self.home, {}))
        try:
            yield house
        finally:
            house.close()

    def card(self, *, stage: Stage = Stage.ACTIVE, product: str = "nic") -> Card:
        """Some card at a stage."""
        with self.house() as house:
            for holder in house.registry.list_holders(limit=1000):
                for card in house.registry.find_cards_of(holder.id):
                    if card.stage is stage and card.product.id == product:
                        return card
        raise AssertionError(f"no {product} is {stage}")

    def text(self, card: Card) -> str:
        with self.house() as house:
            return house.registry.get_pass(card.number).text


def people(count: int, *, seed: int = 5) -> list[tuple[Party, None, str]]:
    """Synthetic people as the register takes them, without portraits."""
    return [
        (
            as_person(one),
            None,
            one.product,
        )
        for one in synthetic_people(count, chance=SeededChance(seed), today=SystemClock().now().date())
    ]


def found(home: Path) -> House:
    """Found a house with cheap key derivation; everything else is as ``rahdari init`` makes it."""
    house, _ = found_house(read_settings(home, {}), scrypt_n=2)
    return house
