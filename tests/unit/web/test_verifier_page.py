"""The page that is carried: whole in every language, its worker names every file, nothing outside is asked."""

import json
import re
from html import unescape

import pytest

from rahdari.credentials import VerdictKind
from rahdari.web.languages import LANGUAGES, catalogue
from rahdari.web.pages.frame import STATIC
from tests.unit.web.conftest import Stage


def inline(text: str, name: str) -> object:
    found = re.search(rf'<script type="application/json" id="{name}">([^<]*)</script>', text)
    assert found
    return json.loads(found[1])


def kept(stage: Stage) -> dict[str, object]:
    first = stage.client.get("/verify/worker.js").text.splitlines()[0]
    assert first.startswith("self.kept = ")
    read = json.loads(first.removeprefix("self.kept = ").rstrip(";"))
    assert isinstance(read, dict)
    return read


@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("ur", "rtl"), ("zh", "ltr")])
def test_the_page_is_whole_in_every_language(stage: Stage, language: str, direction: str) -> None:
    answer = stage.client.get(f"/verify?lang={language}")
    assert answer.status_code == 200
    assert f'<html lang="{language}" dir="{direction}">' in answer.text
    assert catalogue(language).say("verifier.heading") in unescape(answer.text)


def test_every_sentence_that_the_template_names_is_delivered_in_every_language(stage: Stage) -> None:
    text = stage.client.get("/verify").text
    words = inline(text, "words")
    assert isinstance(words, dict)
    named = set(re.findall(r'data-say(?:-label)?="([a-z_.]+)"', text))
    assert len(named) > 15
    for language in LANGUAGES:
        assert named <= set(words[language])
        assert {f"verdict.{one.value}.word" for one in VerdictKind} <= set(words[language])


def test_the_page_carries_the_root_the_policy_and_a_tone_for_every_verdict(stage: Stage) -> None:
    carried = inline(stage.client.get("/verify").text, "carried")
    assert isinstance(carried, dict)
    assert carried["root"] == stage.house.authority.root_public().as_jwk()
    assert carried["policy"] == {"max_age": 60, "clock_skew": 60}
    assert carried["prefix"] == stage.house.settings.status_prefix
    assert set(carried["tones"]) == {one.value for one in VerdictKind}


def test_no_holder_is_in_the_page(stage: Stage) -> None:
    text = stage.client.get("/verify").text
    for card in stage.cards:
        party = stage.house.registry.get_holder(card.holder).party
        assert party.name["en"] not in text
        assert party.number not in text


def test_only_this_page_may_use_the_camera_and_compile_its_reader(stage: Stage) -> None:
    mine, other = stage.client.get("/verify").headers, stage.client.get("/").headers
    assert "camera=(self)" in mine["permissions-policy"]
    assert "camera=()" in other["permissions-policy"]
    assert "script-src 'self' 'wasm-unsafe-eval'" in mine["content-security-policy"]
    assert "wasm" not in other["content-security-policy"]
    for policy in (mine["content-security-policy"], other["content-security-policy"]):
        assert "default-src 'self'" in policy
        assert "unsafe-inline" not in policy
        assert "'unsafe-eval'" not in policy
        assert "frame-ancestors 'none'" in policy


def test_the_worker_may_serve_the_page_and_is_asked_for_anew_each_time(stage: Stage) -> None:
    answer = stage.client.get("/verify/worker.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["service-worker-allowed"] == "/verify"
    assert answer.headers["cache-control"] == "no-cache"


def test_the_worker_names_every_file_and_each_of_them_answers(stage: Stage) -> None:
    read = kept(stage)
    files = read["files"]
    assert isinstance(files, list)
    assert read["page"] == "/verify"
    for address in files:
        assert stage.client.get(address).status_code == 200, address
    bare = {address.partition("?")[0] for address in files}
    assert {f"/static/fonts/{path.name}" for path in (STATIC / "fonts").glob("*.woff2")} <= bare
    built = {path for path in (STATIC / "verifier").rglob("*") if path.suffix in {".js", ".wasm"}}
    wanted = {f"/static/{path.relative_to(STATIC).as_posix()}" for path in built}
    parts = {f"/static/verifier/assets/{path.name}" for path in built if path.parent.name == "assets"}
    assert wanted - bare <= {"/static/verifier/service-worker.js", *parts}
    # What begins a worker is asked of the service worker in whose scope it lies itself.
    assert {one.replace("/static/verifier", "/verify") for one in parts} <= bare


def test_the_reader_of_codes_lies_in_the_scope_of_the_worker_that_keeps_it(stage: Stage) -> None:
    answer = stage.client.get("/verify/assets/reader.js")
    if not (STATIC / "verifier" / "assets" / "reader.js").is_file():
        pytest.skip("the verifier's scripts are not built: npm run build in frontend/")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "no-cache"
    # A worker obeys the policy of its own answer: without this it may not compile the module.
    assert "wasm-unsafe-eval" in answer.headers["content-security-policy"]
    module = stage.client.get("/verify/assets/zxing_reader.wasm")
    assert module.headers["content-type"] == "application/wasm"
    assert stage.client.get("/verify/assets/page.js").status_code == 404


def test_every_file_that_the_page_names_is_one_that_the_worker_keeps(stage: Stage) -> None:
    text = stage.client.get("/verify").text
    files = kept(stage)["files"]
    assert isinstance(files, list)
    named = {one.split("#")[0] for one in re.findall(r'(?:href|src)="(/static/[^"]+)"', text)}
    assert len(named) >= 5
    # Only the device's home screen asks for this one, while there is a network.
    assert {one for one in named - set(files) if "/icons/" not in one} == set()


def test_the_version_is_the_same_for_every_visitor_and_changes_with_the_policy(stage: Stage) -> None:
    versions = {
        stage.client.get("/verify/worker.js", headers={"accept-language": one}).text for one in LANGUAGES
    }
    assert len(versions) == 1


def test_the_manifest_says_how_the_page_is_installed(stage: Stage) -> None:
    answer = stage.client.get("/verify/app.webmanifest", headers={"accept-language": "ur"})
    assert answer.headers["content-type"].startswith("application/manifest+json")
    manifest = answer.json()
    assert manifest["start_url"] == manifest["scope"] == "/verify"
    assert manifest["dir"] == "rtl"
    assert {one["sizes"] for one in manifest["icons"]} >= {"192x192", "512x512"}
    assert any(one.get("purpose") == "maskable" for one in manifest["icons"])
    for icon in manifest["icons"]:
        drawn = stage.client.get(icon["src"])
        assert drawn.status_code == 200
        assert drawn.headers["content-type"].startswith(icon["type"])


def test_a_script_without_a_digest_in_its_address_is_never_kept_on_the_way(stage: Stage) -> None:
    path = next((STATIC / "verifier").glob("*.js"), None)
    if path is None:
        pytest.skip("the verifier's scripts are not built: npm run build in frontend/")
    answer = stage.client.get(f"/static/verifier/{path.name}")
    assert answer.headers["cache-control"] == "no-cache"
    assert "wasm-unsafe-eval" in answer.headers["content-security-policy"]
    assert "immutable" in stage.client.get(f"/static/verifier/{path.name}?v=1").headers["cache-control"]


def test_the_first_page_leads_to_it(stage: Stage) -> None:
    assert 'href="/verify' in stage.client.get("/").text
    assert "Works without a network" in unescape(stage.client.get("/verify?lang=en").text)
