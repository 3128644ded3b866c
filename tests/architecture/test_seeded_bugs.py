"""The seeded bugs still fit the code; that each is caught is what ``make seeded-bugs`` shows."""

import pytest

from tests.conftest import REPOSITORY
from tests.plant_bugs import seeded_bugs


@pytest.mark.parametrize("bug", seeded_bugs(), ids=lambda bug: f"{bug['file']}: {bug['new'][:40]}")
def test_each_seeded_bug_fits_one_line(bug: dict[str, str]) -> None:
    text = (REPOSITORY / "src" / "rahdari" / bug["file"]).read_text(encoding="utf-8")
    assert text.count(bug["old"]) == 1
    for place in bug["found_by"].split():
        assert (REPOSITORY / place).exists()
