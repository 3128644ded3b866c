"""A consent that is ended acts between running gateways: at once, or with the next list.

That a list counts for a minute at most is shown with a clock wound by hand (unit/app/exchange). Here lists are
made and asked for each half a second, instead of each 10 s and 20 s; nothing else is different.
"""

import pytest

from tests.contract.exchange_corridor import REGISTRY
from tests.fakes.gateway_homes import start_gateway
from tests.journeys.test_exchange_evidence import PERSON, Story, given, soon, story

pytestmark = [pytest.mark.loopback, pytest.mark.slow]

__all__ = ["story"]
AT_ONCE = "/private/now"
NOW = f"""
[[service.operation]]
method = "GET"
path = "{AT_ONCE}/{{id}}"
consent = "required-now"
subject = {{ in = "path", name = "id" }}
purposes = ["kyc"]
"""


@pytest.fixture(scope="module")
def quick(story: Story, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """The registry's gateway with an operation that asks each time, and with lists that are renewed quickly."""
    file = story.corridor.registry.home.services_file
    text = file.read_text(encoding="utf-8")
    before, mark, after = text.partition("[[service.operation]]")
    text = before + NOW.lstrip() + mark + after
    text = text.replace("'GET /private/{id}'", f"'GET /private/{{id}}', 'GET {AT_ONCE}/{{id}}'")
    file.write_text(text, encoding="utf-8")
    clock = tmp_path_factory.mktemp("quick") / "clock"
    clock.write_text("0", encoding="ascii")
    assert story.corridor.stop(REGISTRY) == 0
    words = ("tests.fakes.moved_gateway", "--clock", str(clock), "--lists-seconds", "0.5")
    story.corridor.processes[REGISTRY] = start_gateway(story.corridor.registry, words=words)
    return story


def _ask(story: Story, token: str, path: str = "/private") -> tuple[int, str]:
    got = story.corridor.persons(f"{path}/{PERSON}", headers=[("ndel-consent", token)])
    return got.status, "".join(got.all("x-road-error"))


DENIED = (500, "server.serverproxy.access_denied")


def test_a_revocation_acts_at_the_next_call_where_the_service_asks_each_time(
    quick: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    consent, token = given(quick, monkeypatch)
    for _ in range(3):
        assert _ask(quick, token, AT_ONCE)[0] == 200
    assert quick.about(monkeypatch, "consent", "revoke", consent).code == 0
    assert _ask(quick, token, AT_ONCE) == DENIED


def test_a_revocation_acts_with_the_next_list_where_the_service_does_not(
    quick: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    consent, token = given(quick, monkeypatch)
    assert _ask(quick, token)[0] == 200
    assert quick.about(monkeypatch, "consent", "revoke", consent).code == 0
    soon(lambda: _ask(quick, token) == DENIED, 8.0)
    assert _ask(quick, token, AT_ONCE) == DENIED


def test_a_pause_acts_and_ends(quick: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    consent, token = given(quick, monkeypatch)
    assert quick.about(monkeypatch, "consent", "pause", consent).code == 0
    assert _ask(quick, token, AT_ONCE) == DENIED
    assert quick.about(monkeypatch, "consent", "resume", consent).code == 0
    assert _ask(quick, token, AT_ONCE)[0] == 200
