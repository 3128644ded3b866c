"""The peers' side: economic complexity as other people's packages compute it, in their own environment.

Speaks JSON, one line a request: ``{"peer", "table", "into", "threshold", "more"}``. ``table`` is a NumPy file of
exports, countries by products, and ``into`` the file that the answer is written to (``eci``, ``pci``, ``density``,
``coi``, ``cog`` and, with ``more``, what else the peer has). The line that answers is ``{"ok", "seconds",
"peak_mb"}`` or ``{"ok": false, "error"}``; ``seconds`` is CPU time of the peer's own work, ``peak_mb`` of the
process so far. Imports nothing of the project.
"""

import contextlib
import json
import resource
import sys
import time
import warnings
from typing import Any

import econcomplex
import economic_complexity
import numpy as np
import pandas as pd
from ecomplexity import ecomplexity

Answer = dict[str, Any]


def long_table(table: Any) -> Any:  # noqa: ANN401 - the peers have no types
    """Write the amounts above zero as rows, names in the order of the places."""
    rows, columns = np.nonzero(table)
    return pd.DataFrame(
        {
            "year": 2000,
            "loc": [f"C{row:03d}" for row in rows],
            "prod": [f"P{column:05d}" for column in columns],
            "val": table[rows, columns],
        }
    )


def squared(found: Any) -> Answer:  # noqa: ANN401
    """Turn a peer's long answer into matrices and sides."""
    answer: Answer = {}
    for name in ("density", "cog"):
        answer[name] = found.pivot_table(index="loc", columns="prod", values=name).to_numpy()
    for name, side in (("eci", "loc"), ("coi", "loc"), ("pci", "prod")):
        answer[name] = found.groupby(side)[name].first().sort_index().to_numpy()
    return answer


def whole_grid(rows: Any, table: Any) -> Any:  # noqa: ANN401
    """Add the amounts of zero to a long table, which econcomplex needs to answer for those places."""
    places = pd.MultiIndex.from_product(
        [
            [f"C{row:03d}" for row in range(table.shape[0])],
            [f"P{column:05d}" for column in range(table.shape[1])],
        ],
        names=["loc", "prod"],
    )
    return rows.drop(columns="year").set_index(["loc", "prod"]).reindex(places, fill_value=0.0).reset_index()


def ask_ecomplexity(table: Any, threshold: float, *, more: bool) -> tuple[float, Answer]:  # noqa: ANN401, ARG001
    """Call PyPI ecomplexity, without its check for log-supermodularity."""
    rows = long_table(table)
    began = time.process_time()
    found = ecomplexity(
        rows,
        {"time": "year", "loc": "loc", "prod": "prod", "val": "val"},
        rca_mcp_threshold=threshold,
        check_logsupermodularity=False,
        verbose=False,
    )
    return time.process_time() - began, squared(found)


def ask_econcomplex(table: Any, threshold: float, *, more: bool) -> tuple[float, Answer]:  # noqa: ANN401
    """Call PyPI econcomplex."""
    rows = long_table(table)
    rows = whole_grid(rows, table) if more else rows
    began = time.process_time()
    found = econcomplex.compute_complexity(
        rows, {"loc": "loc", "act": "prod", "val": "val"}, threshold=threshold
    )
    seconds = time.process_time() - began
    answer = squared(found)
    if more:
        answer["relative"] = econcomplex.relative_relatedness(table, threshold=threshold)
        answer["fitness"], answer["complexity"] = econcomplex.eci_pci(
            table, method="fitness", threshold=threshold, tol=0.0
        )
        answer["reflected"], answer["reflected_pci"] = econcomplex.eci_pci(
            table, method="reflections", threshold=threshold, iterations=18, tol=0.0
        )
        answer["continuous"] = econcomplex.continuous_proximity(econcomplex.rca(table))
    return seconds, answer


def ask_economic_complexity(table: Any, threshold: float, *, more: bool) -> tuple[float, Answer]:  # noqa: ANN401
    """Call PyPI economic-complexity function by function, as its documentation shows."""
    wide = pd.DataFrame(table)
    began = time.process_time()
    rca = economic_complexity.rca(wide)
    eci, pci = economic_complexity.complexity(rca, cutoff=threshold)
    proximities = economic_complexity.proximity(rca, cutoff=threshold)
    density = economic_complexity.relatedness(rca, cutoff=threshold, proximities=proximities)
    cog = economic_complexity.opportunity_gain(rca, pci=pci, cutoff=threshold, proximities=proximities)
    seconds = time.process_time() - began
    answer: Answer = {"eci": eci, "pci": pci, "density": density, "cog": cog}
    if more:
        answer["proximity"] = proximities
        answer["relative"] = economic_complexity.relative_relatedness(rca, cutoff=threshold)
    return seconds, {name: np.asarray(values, dtype=float) for name, values in answer.items()}


PEERS = {
    "ecomplexity": ask_ecomplexity,
    "econcomplex": ask_econcomplex,
    "economic-complexity": ask_economic_complexity,
}


def answer(request: Answer) -> Answer:
    """Compute one table and write what was found."""
    try:
        seconds, found = PEERS[request["peer"]](
            np.load(request["table"]), request["threshold"], more=request["more"]
        )
        np.savez(request["into"], **found)
    except Exception as error:  # noqa: BLE001 - whatever the peer raises is its answer
        return {"ok": False, "error": f"{type(error).__name__}: {error}"}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"ok": True, "seconds": seconds, "peak_mb": peak}


def main() -> None:
    """Answer until the input ends; what the peers print goes to the other stream."""
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        with contextlib.redirect_stdout(sys.stderr):
            said = answer(json.loads(line))
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
