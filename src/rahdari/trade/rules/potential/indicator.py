"""The Export Potential Indicator of one exporter, or of all one after the other."""

from collections.abc import Iterator

from rahdari.trade.errors import BadTable
from rahdari.trade.rules.potential.factors import factors_of, multiply
from rahdari.trade.rules.potential.groundwork import Groundwork
from rahdari.trade.rules.potential.result import Potential
from rahdari.trade.values import Amounts, CountryCode, Matrix


def potential_of(ground: Groundwork, exporter: str, actual: Matrix | None = None) -> Potential:
    """Give what an exporter could sell to each market of each product: supply times demand times ease.

    Args:
        ground: the groundwork that was laid over the world's margins.
        exporter: whose potential.
        actual: what it sold, importers by products, as a mean of years (five are usual); needed for what is
            untapped.

    Raises:
        UnknownCountry: the data have no such exporter.
        NothingTraded: it exports nothing.
        BadTable: ``actual`` has other markets or products.
    """
    world = ground.world
    check_actual(ground, actual)
    values = multiply(factors_of(ground, exporter), (len(world.importers), len(world.products)))
    return Potential.of(world, exporter, values, actual)


def all_potentials(ground: Groundwork) -> Iterator[tuple[CountryCode, Amounts]]:
    """Give the potential of each exporter that sells something, one array of importers by products at a time.

    Nothing is kept: the next array is made when it is asked for, so that memory stays that of one exporter.
    """
    world = ground.world
    shape = (len(world.importers), len(world.products))
    for place, exporter in enumerate(world.exporters):
        if world.exports.values[place].any():
            yield CountryCode(exporter), multiply(factors_of(ground, exporter), shape)


def check_actual(ground: Groundwork, actual: Matrix | None) -> None:
    """Check that actual sales are told of the same markets and products."""
    if actual is not None and (actual.rows, actual.columns) != (
        ground.world.importers,
        ground.world.products,
    ):
        raise BadTable(
            "what was sold is told of other markets or products than the potential, or in another order"
        )
