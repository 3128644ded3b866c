"""The lines of the forecast ledger: each bound to the one before it by SHA-256, so that no past can be bettered.

A line is a JSON object (RFC 8259) with sorted keys and no white space, in UTF-8, ended by one line feed. Its member
``digest`` is SHA-256 over the same object without that member; ``previous`` is the digest of the line before. A
line that is not byte for byte what its values would be written as is no line of ours.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from rahdari.trade.errors import BadTradeFile, TradeRefused
from rahdari.trade.rules.forecasts import Chance, Claim, Forecast, Goods, Known, Quantiles
from rahdari.trade.values import Level

# What the first line names as the one before it.
GENESIS: Final = "0" * 64
# The first version did not note of which goods an amount is; its lines are read and bound as they are.
_VERSION_WITHOUT_GOODS, _VERSION = 1, 2
# 199 quantiles of 24 digits and their levels are 10 kB; a longer line is no forecast.
LINE_BYTES_MAX: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Head:
    """How far the ledger reached at some moment; noted elsewhere, it shows a tail that was cut off later."""

    count: int
    digest: str


@dataclass(frozen=True, slots=True)
class Chain:
    """What a ledger holds: its forecasts, and the bytes up to the end of the last whole line."""

    forecasts: tuple[Forecast, ...]
    whole_bytes: int

    @property
    def head(self) -> Head:
        """Tell how far it reaches."""
        last = self.forecasts[-1] if self.forecasts else None
        return Head(len(self.forecasts), last.digest if last else GENESIS)

    def require(self, noted: Head) -> None:
        """Refuse a ledger that no longer holds what it held when ``noted`` was written down.

        Raises:
            BadTradeFile: its tail was cut off, or it was written anew.
        """
        if noted.count == 0:
            return
        if len(self.forecasts) < noted.count:
            raise BadTradeFile(
                f"the ledger held {noted.count} forecasts and now holds {len(self.forecasts)}; its end was cut off"
            )
        if self.forecasts[noted.count - 1].digest != noted.digest:
            raise BadTradeFile(
                f"forecast {noted.count} of the ledger is another one than was noted; the ledger was written anew"
            )


def chain(claims: Iterable[Claim], head: Head, *, at: datetime) -> tuple[Forecast, ...]:
    """Number, date and bind claims behind ``head``."""
    forecasts: list[Forecast] = []
    for claim in claims:
        number, previous = head.count + 1, head.digest
        body = _body(claim, number=number, previous=previous, at=at)
        head = Head(number, _digest(body))
        forecasts.append(Forecast(number, at.astimezone(UTC), claim, previous, head.digest))
    return tuple(forecasts)


def encode(forecast: Forecast) -> bytes:
    """Write a forecast as its line, the line feed included."""
    body = _body(forecast.claim, number=forecast.number, previous=forecast.previous, at=forecast.made_at)
    return _json({**body, "digest": forecast.digest}) + b"\n"


def read_chain(raw: bytes) -> Chain:
    """Read a ledger from its first line, checking every link.

    What follows the last line feed was never acknowledged (the power went while it was written) and is passed over,
    as is a last line with a NUL in it: a file system may keep the length of what it lost.

    Raises:
        BadTradeFile: with the line, where one was changed, removed, moved or put in.
    """
    forecasts: list[Forecast] = []
    head, whole = Head(0, GENESIS), 0
    lines = raw.split(b"\n")[:-1]
    for at, line in enumerate(lines, start=1):
        if at == len(lines) and b"\0" in line:
            break
        forecast = _read_line(line, at)
        if (forecast.number, forecast.previous) != (head.count + 1, head.digest):
            raise BadTradeFile(
                f"line {at} of the ledger does not follow the line before it; a line was removed, moved or put in"
            )
        forecasts.append(forecast)
        head = Head(forecast.number, forecast.digest)
        whole += len(line) + 1
    return Chain(tuple(forecasts), whole)


def _read_line(line: bytes, at: int) -> Forecast:
    if len(line) > LINE_BYTES_MAX:
        raise BadTradeFile(f"line {at} of the ledger is longer than {LINE_BYTES_MAX} bytes")
    try:
        forecast = _forecast(json.loads(line))
        written = encode(forecast)
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError, TradeRefused):
        raise BadTradeFile(f"line {at} of the ledger is no forecast; the ledger was changed") from None
    body = _body(forecast.claim, number=forecast.number, previous=forecast.previous, at=forecast.made_at)
    if written != line + b"\n" or _digest(body) != forecast.digest:
        raise BadTradeFile(
            f"line {at} of the ledger does not fit its digest; it was changed after it was written"
        )
    return forecast


def _body(claim: Claim, *, number: int, previous: str, at: datetime) -> dict[str, object]:
    said, known = claim.said, claim.known
    told: dict[str, object]
    if isinstance(said, Chance):
        told = {"probability": float(said.probability), "at_least_usd": float(said.at_least_usd)}
    else:
        told = {"levels": _floats(said.levels), "values_usd": _floats(said.values_usd)}
    goods = {} if claim.goods is None else {"goods": _told(claim.goods)}
    return {
        "v": _VERSION_WITHOUT_GOODS if claim.goods is None else _VERSION,
        **goods,
        "number": number,
        "previous": previous,
        "made_at": at.astimezone(UTC).isoformat(),
        "exporter": claim.exporter,
        "market": claim.market,
        "what": claim.what,
        "target_year": claim.target_year,
        "said": told,
        "known": {
            "last_year": known.last_year,
            "last_usd": float(known.last_usd),
            "earlier_year": known.earlier_year,
            "earlier_usd": None if known.earlier_usd is None else float(known.earlier_usd),
        },
        "release_digest": claim.release_digest,
        "parameters_digest": claim.parameters_digest,
    }


def _forecast(told: Mapping[str, object]) -> Forecast:
    """Take a line apart; a member of another type shows when it is written again, or is a ``TypeError`` here."""
    claim = Claim(
        exporter=_text(told["exporter"]),
        market=_text(told["market"]),
        what=_text(told["what"]),
        target_year=_whole(told["target_year"]),
        said=_said(_members(told["said"])),
        known=_known(_members(told["known"])),
        release_digest=_text(told["release_digest"]),
        parameters_digest=_text(told["parameters_digest"]),
        goods=_goods(_members(told["goods"])) if "goods" in told else None,
    )
    made_at = datetime.fromisoformat(_text(told["made_at"]))
    return Forecast(
        number=_whole(told["number"]),
        made_at=made_at,
        claim=claim,
        previous=_text(told["previous"]),
        digest=_text(told["digest"]),
    )


def _told(goods: Goods) -> dict[str, object]:
    told: dict[str, object] = {"level": goods.level.value, "count": goods.count, "digest": goods.digest}
    return told | ({"codes": list(goods.codes)} if goods.codes else {})


def _goods(told: Mapping[str, object]) -> Goods:
    codes = told.get("codes", [])
    if not isinstance(codes, list):
        raise TypeError
    count, digest = _whole(told["count"]), _text(told["digest"])
    return Goods(Level(_text(told["level"])), count, digest, tuple(map(_text, codes)))


def _said(told: Mapping[str, object]) -> Quantiles | Chance:
    if "probability" in told:
        return Chance(_amount(told["probability"]), _amount(told["at_least_usd"]))
    levels, values = told["levels"], told["values_usd"]
    if not isinstance(levels, list) or not isinstance(values, list):
        raise TypeError
    return Quantiles(tuple(map(_amount, levels)), tuple(map(_amount, values)))


def _known(told: Mapping[str, object]) -> Known:
    earlier = told["earlier_usd"]
    return Known(
        last_year=_whole(told["last_year"]),
        last_usd=_amount(told["last_usd"]),
        earlier_year=_whole(told["earlier_year"]),
        earlier_usd=None if earlier is None else _amount(earlier),
    )


def _members(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise TypeError
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _whole(value: object) -> int:
    if type(value) is not int:
        raise TypeError
    return value


def _amount(value: object) -> float:
    if type(value) is not float:
        raise TypeError
    return value


def _floats(values: Sequence[float]) -> list[float]:
    return [float(value) for value in values]


def _digest(body: Mapping[str, object]) -> str:
    return hashlib.sha256(_json(body)).hexdigest()


def _json(members: Mapping[str, object]) -> bytes:
    return json.dumps(members, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")
