"""The product space: products that the same countries export lie near one another."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rahdari.app.charts.chart import (
    BLUE,
    GREY,
    ORANGE,
    WIDTH,
    Chart,
    Labels,
    Row,
    Spec,
    axis,
    chart,
    labels_in,
    short,
    values,
)
from rahdari.app.errors import ChartFailed

Numbers = npt.NDArray[np.float64]

# Two thousand points are a grey cloud already, and the eigenproblem grows with the cube.
PRODUCTS_MAX = 2_000
# Fewer points have no plane.
PRODUCTS_MIN = 4
LINKS_MAX = 400
NAMED_MAX = 18
NAME_LETTERS = 30
# Of the picture's sides, what a name of so many letters covers.
NAME_WIDTH, NAME_HEIGHT = 0.39, 0.045


def lay_out(proximity: Numbers) -> Numbers:
    """Give each product a place in the plane: classical scaling of distances 1 - proximity, n x 2, within 0 to 1.

    Classical (Torgerson) scaling, textbook form: the two largest eigenvectors of the doubly centred squared
    distances. There is no random start and no force to settle: the same proximities give the same picture. Each
    axis is turned so that its largest place is positive, then ranked and mixed half and half with its ranks, since
    most products crowd in the middle.

    Raises:
        ChartFailed: no square of proximities within 0 to 1, too few products or too many.
    """
    count = len(proximity)
    if proximity.shape != (count, count) or not PRODUCTS_MIN <= count <= PRODUCTS_MAX:
        raise ChartFailed(
            f"a product space of {proximity.shape} proximities; {PRODUCTS_MIN} to {PRODUCTS_MAX} products are drawn"
        )
    if not (np.isfinite(proximity).all() and (proximity >= 0).all() and (proximity <= 1 + 1e-9).all()):
        raise ChartFailed("a proximity lies outside 0 to 1; no plane has such distances")
    squared = (1.0 - np.minimum((proximity + proximity.T) / 2, 1.0)) ** 2
    np.fill_diagonal(squared, 0.0)
    centred = squared - squared.mean(axis=0) - squared.mean(axis=1)[:, None] + squared.mean()
    _, vectors = np.linalg.eigh(-centred / 2)
    places = np.column_stack([_spread(vectors[:, -1]), _spread(vectors[:, -2])])
    places.flags.writeable = False
    return places


def _spread(raw: Numbers) -> Numbers:
    """Turn, stretch to 0..1 and loosen the crowd."""
    turned = raw if raw[np.argmax(np.abs(raw))] > 0 else -raw
    width = float(np.ptp(turned))
    if width < 1e-12:
        return np.full(len(raw), 0.5)
    stretched = (turned - turned.min()) / width
    ranks = np.argsort(np.argsort(turned, kind="stable"), kind="stable") / max(len(raw) - 1, 1)
    mixed: Numbers = (stretched + ranks) / 2
    return mixed


@dataclass(frozen=True, slots=True, eq=False)
class Space:
    """Products and how near each two are: ``proximity`` is 0 to 1 and symmetric, in the order of ``codes``.

    ``places`` holds what ``lay_out`` gave, for who draws the same space again; None lays it out anew.
    """

    codes: Sequence[str]
    proximity: Numbers
    places: Numbers | None = None


def product_space(
    space: Space,
    *,
    present: Collection[str],
    chosen: Collection[str] = (),
    sizes_usd: Mapping[str, float] | None = None,
    names: Mapping[str, str] | None = None,
    labels: Labels | None = None,
) -> Chart:
    """Draw products as points by proximity: filled where the exporter has an advantage, ringed where chosen.

    Args:
        space: the products and their proximities.
        present: what the exporter exports with advantage.
        chosen: what the roadmap pushes; these are named.
        sizes_usd: world trade by product, for the points' sizes.
        names: names by code.
        labels: words.

    Raises:
        ChartFailed: see ``lay_out``.
    """
    words, codes, proximity = labels or labels_in(), space.codes, space.proximity
    places = lay_out(proximity) if space.places is None else space.places
    sizes, called = sizes_usd or {}, names or {}
    kinds = {code: _kind(code, present, chosen, words) for code in codes}
    rows: list[Row] = [
        {
            "x": float(x),
            "y": float(y),
            "kind": kinds[code],
            "size": float(sizes.get(code, 0.0)),
            "text": short(called.get(code, code), NAME_LETTERS),
        }
        for code, (x, y) in zip(codes, places, strict=True)
    ]
    names_shown = _apart([row for code, row in zip(codes, rows, strict=True) if code in set(chosen)])
    bare = {"axis": None, "scale": {"domain": [-0.04, 1.12]}}
    order = [words["present"], words["absent"], words["chosen"]]
    colour: Spec = {
        "field": "kind",
        "type": "nominal",
        "scale": {"domain": order, "range": [BLUE, "#c3c8cf", ORANGE]},
        "legend": {"orient": "top", "title": None, "labelLimit": WIDTH, "symbolOpacity": 1},
    }
    layers: list[Spec] = [
        _links(proximity, places),
        {
            "data": values(rows),
            "mark": {"type": "circle", "opacity": 0.9, "stroke": "white", "strokeWidth": 0.5},
            "encoding": {
                "x": axis("x", "", **bare),
                "y": axis("y", "", **bare),
                "color": colour,
                "size": axis("size", "", legend=None, scale={"range": [35, 500]}),
            },
        },
        {
            "data": values(names_shown),
            "mark": {"type": "text", "align": "left", "dx": 9, "fontSize": 11},
            "encoding": {
                "x": axis("x", "", **bare),
                "y": axis("y", "", **bare),
                "text": {"field": "text", "type": "nominal"},
            },
        },
    ]
    counted = {kind: sum(one == kind for one in kinds.values()) for kind in order}
    told = ", ".join(f"{count} {kind}" for kind, count in counted.items())
    return chart("space", f"{told}.", {"height": 380, "layer": layers})


def _apart(rows: list[Row]) -> list[Row]:
    """Keep the names that do not run into one another, those of the largest products first."""
    kept: list[tuple[float, float, Row]] = []
    for row in sorted(rows, key=lambda one: -float(str(one["size"]))):
        x, y = float(str(row["x"])), float(str(row["y"]))
        if all(abs(x - other) > NAME_WIDTH or abs(y - above) > NAME_HEIGHT for other, above, _ in kept):
            kept.append((x, y, row))
    return [row for _, _, row in kept[:NAMED_MAX]]


def _kind(code: str, present: Collection[str], chosen: Collection[str], words: Labels) -> str:
    if code in chosen:
        return words["chosen"]
    return words["present"] if code in present else words["absent"]


def _links(proximity: Numbers, places: Numbers) -> Spec:
    """Give the strongest links, for the eye; the places tell the rest."""
    above = np.triu(proximity, k=1)
    count = min(LINKS_MAX, 2 * len(proximity))
    order = np.argsort(-above, axis=None, kind="stable")[:count]
    rows: list[Row] = [
        {
            "x": float(places[i, 0]),
            "y": float(places[i, 1]),
            "x2": float(places[j, 0]),
            "y2": float(places[j, 1]),
        }
        for i, j in zip(*np.unravel_index(order, above.shape), strict=True)
        if above[i, j] > 0
    ]
    return {
        "data": values(rows),
        "mark": {"type": "rule", "color": GREY, "opacity": 0.25, "strokeWidth": 0.7},
        "encoding": {"x": axis("x", ""), "y": axis("y", ""), "x2": {"field": "x2"}, "y2": {"field": "y2"}},
    }
