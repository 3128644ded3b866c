"""What the exporter's country imports that it might make at home, and what that would truly save."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rahdari.trade.errors import BadParameter, NothingTraded
from rahdari.trade.ports import FlowBook
from rahdari.trade.rules.answers import Answer, Note, Number, Scope
from rahdari.trade.rules.substitution import (
    Substitutable,
    Substitution,
    SubstitutionConventions,
    SubstitutionVerdict,
    Technology,
    substitute,
)
from rahdari.trade.service.asking import Asking, Found
from rahdari.trade.service.complexity import ComplexityWish, find_density


@dataclass(frozen=True, slots=True, kw_only=True)
class SubstituteWish:
    """How a product would be made, by code, where somebody knows it; the rest stays an open question.

    ``window_years``: imports now, and before, are means over so many years, ``conventions.years`` apart.
    """

    technologies: Mapping[str, Technology] = field(default_factory=dict)
    window_years: int = 3
    conventions: SubstitutionConventions = field(default_factory=SubstitutionConventions)
    complexity: ComplexityWish = field(default_factory=ComplexityWish)


USUAL = SubstituteWish()


def ask_substitute(book: FlowBook, scope: Scope, wish: SubstituteWish = USUAL) -> Answer:
    """Judge every product that the exporter's country imports.

    Raises:
        NothingTraded: it imports none of these products.
        BadParameter: the book does not reach back far enough, or a technology is of no product of the book.
    """
    asking = Asking(book, scope).over(wish.window_years)
    before = tuple(year - wish.conventions.years for year in asking.scope.years)
    absent = [year for year in before if year not in book.years]
    if absent:
        raise BadParameter(
            f"imports of {wish.conventions.years} years before are needed, and the book holds no {absent[0]}; take "
            "a later year or fewer years between"
        )
    facts = Substitutable(
        imports=book.imports(asking.scope.years, scope.level),
        imports_before=book.imports(before, scope.level),
        exports=book.exports(asking.scope.years, scope.level),
        technologies=wish.technologies,
        density=find_density(asking, wish.complexity),
    )
    if not facts.imports.of_row(scope.exporter).any():
        raise NothingTraded(f"{scope.exporter} imports none of these products; there is nothing to replace")
    found = substitute(scope.exporter, facts=facts, conventions=wish.conventions)
    told = Found(
        table=found.to_frame(names=asking.product_names()),
        figures=_figures(found),
        notes=_notes(wish, has_density=bool(facts.density)),
    )
    return asking.answer("substitute", wish, told)


def _figures(found: Substitution) -> dict[str, Number]:
    verdicts = [one.verdict for one in found.candidates]
    net = [one.saving.net_usd for one in found.candidates if one.saving is not None]
    return {
        "imports_usd": sum(one.imports_usd for one in found.candidates),
        "accepted": verdicts.count(SubstitutionVerdict.ACCEPTED),
        "open": verdicts.count(SubstitutionVerdict.OPEN),
        "rejected": verdicts.count(SubstitutionVerdict.REJECTED),
        "net_saving_usd": sum(net) if net else None,
    }


def _notes(wish: SubstituteWish, *, has_density: bool) -> tuple[Note, ...]:
    notes = [] if has_density else [Note("no_density")]
    if not wish.technologies:
        notes.append(Note("no_technologies"))
    return tuple(notes)
