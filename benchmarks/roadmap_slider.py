"""Claim: a second after a slider of ``/roadmap`` moved, the whole page is there again, its charts drawn.

``python -m benchmarks.roadmap_slider`` serves the page in this process, over ASGI and without a socket. The first
view is asked for once, as a visitor does who opens the page; then each slider is moved in turn to places where it
has not been, and the page of each is read to its last byte. Two figures a move: the wall clock, which the visitor
sees and a busy machine lengthens, and CPU seconds of the server and of the process that draws together. Judged is
the worst of the moves, each the median of its places, by the clock where the machine is idle enough to tell, which
the rows of CPU seconds say.

``carried`` are the 74 raw materials that the package brings; ``world`` is a synthetic release of 225 countries and
5,000 products, five years of half a million flows, where the choice is among a thousand gains and more.
"""

import os
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from litestar.testing import TestClient

from benchmarks.trade_flows import RELEASE, write_release
from rahdari.app.house import found_house
from rahdari.app.settings import read_settings
from rahdari.app.trade_data import import_baci
from rahdari.web.server import Site, build_app

SECONDS_MAX: Final = 1.0
WORLD_YEARS, WORLD_ROWS = 5, 500_000
PLACES: Final = {
    "ease": (88, 84, 77),
    "growth": (5, 15, 35),
    "cut": (90, 70, 45),
    "tariff": (4, 6, 11),
    "land": (5_900, 5_500, 4_100),
    "capital": (1_900, 1_700, 1_100),
    "slots": (11, 9, 7),
    "years": (9, 11, 14),
    "multiple": (4, 4.5, 7),
}


@dataclass(frozen=True, slots=True)
class Took:
    """What one page took, in seconds."""

    wall: float
    server: float
    drawing: float

    @property
    def cpu(self) -> float:
        """Sum what the server and the process that draws took."""
        return self.server + self.drawing


def main() -> None:
    """Print the rows of both releases."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        measure("carried", folder / "carried", "PAK")
        world = folder / "world"
        write_world(folder / "baci")
        import_baci(folder / "baci", world / "trade")
        measure("world", world, "PAK")


def write_world(folder: Path) -> None:
    """Write a release as CEPII's zip unpacks to; two of its countries are Pakistan and China."""
    write_release(folder, WORLD_YEARS, WORLD_ROWS)
    listed = folder / f"country_codes_V{RELEASE}.csv"
    head, *rows = listed.read_text(encoding="utf-8").splitlines()
    codes = ["CHN", "PAK", *(f"X{chr(65 + at // 26)}{chr(65 + at % 26)}" for at in range(len(rows) - 2))]
    told = [f"{row}{code}" for row, code in zip(rows, codes, strict=True)]
    listed.write_text("\n".join([head, *told, ""]), encoding="utf-8")


def measure(name: str, home: Path, exporter: str) -> None:
    """Move every slider of a house whose releases are in its folder, and print what the moves took."""
    settings = {"RAHDARI_RATE_PER_MINUTE": "100000", "RAHDARI_TRADE_FOLDER": str(home / "trade")}
    os.environ.update(settings)
    house, _ = found_house(read_settings(home / "house", settings), scrypt_n=2)
    with TestClient(build_app(house)) as client:
        first = page(client, f"exporter={exporter}")
        print(f"# {name}: first view {first.wall:.2f} s, {first.cpu:.2f} s of CPU time")
        moves = {
            slider: [page(client, f"exporter={exporter}&{slider}={place}") for place in places]
            for slider, places in PLACES.items()
        }
    house.close()
    for slider, taken in moves.items():
        each = ", ".join(f"{one.wall:.2f} ({one.server:.2f} + {one.drawing:.2f})" for one in taken)
        print(f"# {name} {slider}: {each} s: wall (CPU of the server + of drawing)")
    for clock in ("wall", "cpu"):
        worst = max(statistics.median(getattr(one, clock) for one in taken) for taken in moves.values())
        print_row(f"roadmap_slider_{name}_{clock}_s", worst)


def page(client: TestClient[Site], query: str) -> Took:
    """Ask for a view and read all of it."""
    wall, server, drawing = time.perf_counter(), time.process_time(), children_seconds()
    answer = client.get(f"/roadmap?{query}", headers={"accept": "text/html"})
    assert answer.status_code == 200, answer.text[:400]
    assert answer.text.count('class="chart"') >= 5, "a page without its charts is no answer"
    return Took(time.perf_counter() - wall, time.process_time() - server, children_seconds() - drawing)


def children_seconds() -> float:
    """Sum the CPU seconds of the processes that this one started; 0 where the system does not tell (no /proc)."""
    ticks = 0
    for listed in Path("/proc/self/task").glob("*/children"):
        for child in listed.read_text().split():
            # proc(5): the name may hold spaces and ends with a bracket; utime and stime are fields 14 and 15.
            fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def print_row(name: str, figure: float) -> None:
    """Print the row that ``make bench`` collects; here less is better."""
    print(f"{name} {figure:.2f} {SECONDS_MAX:.2f} {'ok' if figure <= SECONDS_MAX else 'short'}", flush=True)


if __name__ == "__main__":
    main()
