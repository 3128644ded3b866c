"""What the exporter's country imports that it might make at home, and what that would truly save."""

from collections.abc import Mapping, Sequence
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
from rahdari.trade.service.asking import Asking, Found, window
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
        BadParameter: the book does not reach back far enough (the message says how far it does), or a technology
            is of no product of the book.
    """
    asking = Asking(book, scope).over(wish.window_years)
    before = tuple(year - wish.conventions.years for year in asking.scope.years)
    _check_years(book, before, wish)
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


def _check_years(book: FlowBook, before: Sequence[int], wish: SubstituteWish) -> None:
    """Refuse a year for which the book does not reach back; say which years can be asked about."""
    if set(before) <= set(book.years):
        return
    back = wish.conventions.years
    # The window of "before" may be cut at the book's first year, as the one of "now" is.
    able = [year for year in book.years if _before(book, year, wish) <= set(book.years)]
    told = (
        f"from {able[0]} to {able[-1]} can be asked about (--year {able[0]})"
        if able
        else f"no year of it has another {back} years before; fetch a longer release"
    )
    raise BadParameter(
        f"imports of {back} years before are needed ({before[0]} to {before[-1]}), and {book.source.name} begins "
        f"with {book.years[0]}: {told}"
    )


def _before(book: FlowBook, year: int, wish: SubstituteWish) -> set[int]:
    return {one - wish.conventions.years for one in window(book, year, wish.window_years)}


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
