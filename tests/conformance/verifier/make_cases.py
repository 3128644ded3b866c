"""Make the folders of this conformance suite: ``python -m tests.conformance.verifier.make_cases``.

Each case states its verdict and the step at which it must fall, by hand; what else it expects (as_of, attributes)
is what the Python verifier answers, once it answered that very verdict and step. Making it again changes nothing.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from tests.conformance.verifier.case import Case
from tests.conformance.verifier.cases_of_reading import algorithms, dialects, disagreeing, good, unreadable
from tests.conformance.verifier.cases_of_status import status, streams
from tests.conformance.verifier.cases_of_trust import signers, terms
from tests.conformance.verifier.cases_of_wallets import contexts_refused, wallets
from tests.conformance.verifier.sides import PythonSide
from tests.conformance.verifier.workshop import (
    DAY,
    LISTED,
    NOW,
    POLICY,
    REVOKED_PLACE,
    SUSPENDED_PLACE,
    context,
    list_entry,
    listed,
)

HERE: Final = Path(__file__).parent


def shared_contexts() -> dict[str, dict[str, Any]]:
    """The contexts that many cases share, by name."""
    lists = [
        list_entry(listed(f"{LISTED}1", [(REVOKED_PLACE, 1), (SUSPENDED_PLACE, 2), (12, 3)])),
        list_entry(listed(f"{LISTED}2", [(REVOKED_PLACE, 1)], expires=NOW + 2 * DAY), as_jwt=True),
    ]
    offline = POLICY | {"status_age_max": DAY}
    return {
        "stream": context(),
        "lists": context(bundle=None, prefix=None, lists=lists, policy=offline),
        "not_asked": context(bundle=None, prefix=None, ask_status=False),
    }


def cases() -> list[Case]:
    """Every case, in the order of the steps."""
    parts: tuple[Callable[[], list[Case]], ...] = (
        good, dialects, unreadable, disagreeing, algorithms, signers, terms,
        status, streams, wallets, contexts_refused,
    )  # fmt: skip
    return [case for part in parts for case in part()]


def write(case: Case, shared: dict[str, dict[str, Any]], verifier: PythonSide) -> None:
    """Write one folder, after the Python verifier gave the verdict and the step that the case states."""
    whole = shared[case.shared] | case.changes
    told = verifier.define("case", whole)
    answer = verifier.ask("case", case.raw, case.at)
    stated = [case.verdict] if "refused" in answer else [case.verdict, case.step]
    found = [answer["refused"]] if "refused" in answer else [answer["verdict"], answer["step"]]
    assert found == stated, f"{case.name}: {found} where {stated} was stated"
    folder = HERE / case.name
    folder.mkdir()
    (folder / "input.txt").write_bytes(case.raw.encode("utf-8"))
    context_file = {"shared": case.shared, "at": case.at} | (
        {"changes": case.changes} if case.changes else {}
    )
    _dump(folder / "context.json", context_file)
    _dump(folder / "expected.json", told | answer)


def _dump(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True) + "\n", "utf-8")


def main() -> None:
    """Write every folder anew."""
    for old in HERE.iterdir():
        if (old / "input.txt").exists():
            shutil.rmtree(old)
    shared, verifier = shared_contexts(), PythonSide()
    (HERE / "contexts").mkdir(exist_ok=True)
    for name, one in shared.items():
        _dump(HERE / "contexts" / f"{name}.json", one)
    made = cases()
    assert len({case.name for case in made}) == len(made)
    for case in made:
        write(case, shared, verifier)
    print(f"{len(made)} cases")  # noqa: T201 - a tool


if __name__ == "__main__":
    main()
