from dataclasses import FrozenInstanceError, dataclass, field

import pytest

from rahdari.wire.claim169 import Biometric, Identity
from rahdari.wire.cwt import Claims
from rahdari.wire.frozen import quick


@pytest.mark.parametrize("kind", [Identity, Claims])
def test_a_value_made_quickly_is_the_value_made_slowly(kind: type[Identity | Claims]) -> None:
    made = quick(kind)()
    assert type(made) is kind
    assert made == kind()
    assert repr(made) == repr(kind())


def test_fields_go_where_they_belong_and_stay() -> None:
    made = quick(Biometric)(b"data", 0, subformat=4)
    assert made == Biometric(b"data", 0, 4)
    with pytest.raises(FrozenInstanceError):
        made.format = 1  # type: ignore[misc]
    with pytest.raises(TypeError):
        quick(Biometric)()  # type: ignore[call-arg]


@dataclass(frozen=True, slots=True)
class Checked:
    number: int = 0
    seen: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.seen.append(self.number)


def test_a_class_that_checks_its_fields_is_never_made_past_its_checks() -> None:
    with pytest.raises(AssertionError):
        quick(Checked)
    with pytest.raises(AssertionError):
        quick(lambda: 1)
