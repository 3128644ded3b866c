"""Ladders of value: chains from a raw material to what is made of it, and the strict reading of their files."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter
from types import MappingProxyType

import msgspec

from rahdari.trade.errors import BadTradeFile
from rahdari.trade.values import Revision
from rahdari.wire.errors import MalformedInput
from rahdari.wire.strict_toml import read_toml

# A ladder is a page of text; anything longer is a mistake.
LADDER_BYTES_MAX = 64 * 1024
# The longest chain that an analyst can read on one screen.
TIERS_MAX = 20
STEPS_MAX = 40
# A tier is a handful of subheadings; a whole section of the tariff is no tier.
CODES_MAX = 60
# A tonne cannot become much more than a tonne; what it gains by other inputs is theirs.
YIELD_MAX = 1.5
# How a yield begins its source where nobody has looked it up yet.
SAMPLE = "sample, to be checked"
LANGUAGES = ("en", "ur", "zh")
_ID = re.compile(r"[a-z][a-z0-9-]{0,31}")
_CODE = re.compile(r"(?:0[1-9]|[1-9][0-9])(?:[0-9]{2}){1,2}")


class Activity(StrEnum):
    """What is done at a tier."""

    RAW = "raw"
    REFINED = "refined"
    SEMI_MADE = "semi_made"
    MADE = "made"


@dataclass(frozen=True, slots=True)
class Tier:
    """One rung: headings (4 digits) or subheadings (6) of the ladder's revision that belong to it."""

    id: str
    titles: Mapping[str, str]
    codes: tuple[str, ...]
    activity: Activity
    source: str

    def columns(self, products: Collection[str]) -> tuple[str, ...]:
        """List those of the products that belong to this tier: the tier's codes and all that lie under them."""
        return tuple(code for code in products if code.startswith(self.codes))


@dataclass(frozen=True, slots=True)
class Conversion:
    """One step: ``tonnes_out`` of the upper tier from one tonne of the lower.

    ``imported_share`` is that part of the output's value which is paid abroad for other inputs.
    """

    lower: str
    upper: str
    tonnes_out: float
    yield_source: str
    imported_share: float
    inputs_source: str
    inputs: tuple[str, ...]

    @property
    def is_sample(self) -> bool:
        """Tell whether the yield, or the share of imported inputs, is a sample nobody has checked yet."""
        return self.yield_source.startswith(SAMPLE) or self.inputs_source.startswith(SAMPLE)


@dataclass(frozen=True, slots=True)
class Ladder:
    """A chain: tiers from raw to made, and the steps between them. Steps never lead back."""

    id: str
    revision: Revision
    titles: Mapping[str, str]
    source: str
    tiers: tuple[Tier, ...]
    steps: tuple[Conversion, ...]

    def tier(self, name: str) -> Tier:
        """Give one tier by its id; each step of this ladder names two that are here."""
        return next(tier for tier in self.tiers if tier.id == name)


class _TierFile(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    title: dict[str, str]
    codes: tuple[str, ...]
    activity: Activity
    source: str


class _StepFile(msgspec.Struct, forbid_unknown_fields=True):
    lower: str = msgspec.field(name="from")
    upper: str = msgspec.field(name="to")
    tonnes_out: float = msgspec.field(name="yield")
    yield_source: str
    imported_share: float
    inputs_source: str
    inputs: tuple[str, ...] = ()


class LadderFile(msgspec.Struct, forbid_unknown_fields=True):
    """What a ladder's file may say; its keys are those of the TOML."""

    id: str
    revision: Revision
    title: dict[str, str]
    source: str
    tiers: tuple[_TierFile, ...]
    steps: tuple[_StepFile, ...]


def read_ladder(raw: bytes, *, name: str, known: Collection[str] | None = None) -> Ladder:
    """Read a ladder's file (TOML 1.0), strictly: an unknown word is an error, not a comment.

    Args:
        raw: the file.
        name: the file's name, for the sentence of a refusal.
        known: the headings and subheadings of the file's revision; without them only the form of a code is
            looked at.

    Raises:
        BadTradeFile: names file, place and reason: an unknown or missing key, a code that is none or stands at two
            tiers, a source that is missing, a yield outside 0 to 1.5, a step from or to nowhere, steps in a circle.
    """
    if len(raw) > LADDER_BYTES_MAX:
        raise BadTradeFile(f"ladder {name} is larger than {LADDER_BYTES_MAX} bytes; shorten it")
    try:
        file = msgspec.convert(read_toml(raw, bytes_max=LADDER_BYTES_MAX), LadderFile, strict=True)
    except (MalformedInput, ValueError, OverflowError) as error:
        raise BadTradeFile(f"ladder {name}: {error}") from None
    faults = [*_whole(file), *_tiers(file, known), *_steps(file), *_circles(file)]
    if faults:
        raise BadTradeFile(f"ladder {name}: {'; '.join(faults)}")
    return _ladder(file)


def _whole(file: LadderFile) -> list[str]:
    checks = [
        (_ID.fullmatch(file.id), "id: small letters, digits and hyphens, at most 32"),
        (file.source.strip(), "source: tell where the chain comes from"),
        (_is_titled(file.title), f"title: one in each of {', '.join(LANGUAGES)}"),
        (2 <= len(file.tiers) <= TIERS_MAX, f"tiers: 2 to {TIERS_MAX}, not {len(file.tiers)}"),
        (1 <= len(file.steps) <= STEPS_MAX, f"steps: 1 to {STEPS_MAX}, not {len(file.steps)}"),
    ]
    return [words for is_right, words in checks if not is_right]


def _tiers(file: LadderFile, known: Collection[str] | None) -> list[str]:
    faults: list[str] = []
    names: set[str] = set()
    codes: dict[str, str] = {}
    for at, tier in enumerate(file.tiers[:TIERS_MAX]):
        place = f"tiers[{at}]"
        checks = [
            (_ID.fullmatch(tier.id), "id: small letters, digits and hyphens, at most 32"),
            (tier.id not in names, f"id: {tier.id!r} stands twice"),
            (_is_titled(tier.title), f"title: one in each of {', '.join(LANGUAGES)}"),
            (tier.source.strip(), "source: tell where the codes come from"),
            (1 <= len(tier.codes) <= CODES_MAX, f"codes: 1 to {CODES_MAX}, not {len(tier.codes)}"),
        ]
        names.add(tier.id)
        faults += [f"{place}.{words}" for is_right, words in checks if not is_right]
        for code in tier.codes[:CODES_MAX]:
            faults += [f"{place}.codes: {words}" for words in _code(code, codes, file.revision, known)]
            codes[code] = tier.id
    return faults


def _code(
    code: str, taken: Mapping[str, str], revision: Revision, known: Collection[str] | None
) -> list[str]:
    if not _CODE.fullmatch(code):
        return [f"{code[:16]!r} is no heading or subheading, as '2603' or '720241'"]
    if known is not None and code not in known:
        return [f"{revision.value} has no {code}"]
    # An amount that belongs to two rungs would be counted on both.
    return [
        f"{code} overlaps {other} of {tier}"
        for other, tier in taken.items()
        if code.startswith(other) or other.startswith(code)
    ]


def _steps(file: LadderFile) -> list[str]:
    names = {tier.id for tier in file.tiers}
    faults: list[str] = []
    seen: set[tuple[str, str]] = set()
    for at, step in enumerate(file.steps[:STEPS_MAX]):
        checks = [
            (step.lower in names, f"from: there is no tier {step.lower[:32]!r}"),
            (step.upper in names, f"to: there is no tier {step.upper[:32]!r}"),
            ((step.lower, step.upper) not in seen, f"{step.lower[:32]} to {step.upper[:32]} stands twice"),
            (
                0 < step.tonnes_out <= YIELD_MAX,
                f"yield: {step.tonnes_out} is not above 0 and up to {YIELD_MAX}",
            ),
            (0 <= step.imported_share <= 1, f"imported_share: {step.imported_share} is no share from 0 to 1"),
            (step.yield_source.strip(), "yield_source: tell where the yield comes from"),
            (step.inputs_source.strip(), "inputs_source: tell where the share comes from"),
        ]
        seen.add((step.lower, step.upper))
        faults += [f"steps[{at}].{words}" for is_right, words in checks if not is_right]
    return faults


def _circles(file: LadderFile) -> list[str]:
    above: dict[str, set[str]] = {}
    for step in file.steps[:STEPS_MAX]:
        above.setdefault(step.upper, set()).add(step.lower)
    try:
        TopologicalSorter(above).prepare()
    except CycleError as error:
        return [f"steps: they lead in a circle, {' from '.join(error.args[1])}"]
    return []


def _is_titled(titles: Mapping[str, str]) -> bool:
    return set(titles) == set(LANGUAGES) and all(title.strip() for title in titles.values())


def _ladder(file: LadderFile) -> Ladder:
    return Ladder(
        id=file.id,
        revision=file.revision,
        titles=MappingProxyType(file.title),
        source=file.source,
        tiers=tuple(
            Tier(tier.id, MappingProxyType(tier.title), tier.codes, tier.activity, tier.source)
            for tier in file.tiers
        ),
        steps=tuple(msgspec.convert(step, Conversion, from_attributes=True) for step in file.steps),
    )
