"""What a plan gives beside the flows: growth, distances, elasticities, wages - as files beside the plan."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from rahdari.app.series_files import EvidenceFiles, SeriesFiles, with_evidence, with_series
from rahdari.trade import Exponent, PotentialWish, RelocateWish, Terms
from rahdari.trade.ports import FlowBook
from rahdari.trade.rules.answers import Answer, Scope
from rahdari.trade.service.asking import find_country

_File = Annotated[str, Meta(min_length=1, max_length=300)]
_Year = Annotated[int, Meta(ge=1800, le=2200)]
_Elasticity = Annotated[float, Meta(ge=0, le=50)]


class TermKeys(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The terms of the indicator; a file switches its term on, its path is relative to the plan.

    ``growth_from`` and ``growth_to`` are the years of growth, else the year asked about and five later. The tariff
    terms take the tariffs of the plan.
    """

    growth: _File | None = None
    growth_from: _Year | None = None
    growth_to: _Year | None = None
    distances: _File | None = None
    elasticities: _File | None = None
    income_elasticity: _Elasticity = 1.0
    sigma: _Elasticity = 1.0
    supply_tariff: bool = False
    demand_tariff: bool = False

    @property
    def is_any(self) -> bool:
        """Whether a term is on, so that the potential no longer sums to what is traded."""
        return (
            self.growth is not None or self.distances is not None or self.supply_tariff or self.demand_tariff
        )


class EvidenceKeys(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the relocation screen is told of work; paths are relative to the plan."""

    wages: _File | None = None
    labour: _File | None = None
    incomes: _File | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """The wishes of a plan with its files read into them; levers and rates come on top."""

    potential: PotentialWish
    relocate: RelocateWish


def read_known(
    terms: TermKeys, evidence: EvidenceKeys, folder: Path, *, scope: Scope, wishes: tuple[Terms, RelocateWish],
    book: FlowBook,
) -> Known:  # fmt: skip
    """Read every file that a plan names, before anything is asked.

    Raises:
        BadTradeFile, DataMissing, BadParameter, BadFile, FolderFailed: as ``with_series`` and ``with_evidence``.
    """
    base, relocate = wishes
    on = replace(
        base,
        supply_tariff=terms.supply_tariff,
        demand_tariff=terms.demand_tariff,
        sigma=Exponent(terms.sigma),
        income_elasticity=Exponent(terms.income_elasticity),
    )
    donor = find_country(book, relocate.donor) if relocate.donor else scope.market
    return Known(
        with_series(PotentialWish(terms=on), _series(terms, folder), scope),
        with_evidence(relocate, _evidence(evidence, folder), donor=donor, scope=scope),
    )


def files_used(answers: Mapping[str, Answer]) -> list[dict[str, object]]:
    """List the files that answers were made from, each once, as JSON holds them: what for, name, SHA-256."""
    found: dict[tuple[str, str], dict[str, object]] = {}
    for answer in answers.values():
        for one in _listed(answer.parameters):
            found.setdefault((str(one["role"]), str(one["sha256"])), one)
    return [found[key] for key in sorted(found)]


def _listed(parameters: Mapping[str, object]) -> list[dict[str, object]]:
    told = parameters.get("files", [])
    files = [dict(one) for one in told if isinstance(one, Mapping)] if isinstance(told, list | tuple) else []
    for key, role in (("rates", "tariffs"), ("after", "tariffs_supposed")):
        rates = parameters.get(key)
        if isinstance(rates, Mapping) and rates.get("sha256"):
            files.append({"role": role, "name": rates["name"], "sha256": rates["sha256"], "years": []})
    return files


def _series(keys: TermKeys, folder: Path) -> SeriesFiles:
    return SeriesFiles(
        growth=_beside(folder, keys.growth),
        growth_from=keys.growth_from,
        growth_to=keys.growth_to,
        distances=_beside(folder, keys.distances),
        elasticities=_beside(folder, keys.elasticities),
    )


def _evidence(keys: EvidenceKeys, folder: Path) -> EvidenceFiles:
    return EvidenceFiles(
        wages=_beside(folder, keys.wages),
        labour=_beside(folder, keys.labour),
        incomes=_beside(folder, keys.incomes),
    )


def _beside(folder: Path, name: str | None) -> Path | None:
    return None if name is None else folder / name
