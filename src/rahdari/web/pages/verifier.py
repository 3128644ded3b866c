"""The offline verifier that anyone can carry: one page with everything in it, its worker, its manifest.

The page is the same for everybody, so that a device may keep it: all three languages, the root's public key and
the policy stand in it as JSON. The worker keeps it and every file of it; its text changes with any of them.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import cache

import msgspec
from litestar import MediaType, Request, Response, get
from litestar.datastructures import State
from markupsafe import Markup

from rahdari.app.house import House
from rahdari.web.doors import TheHouse
from rahdari.web.languages import LANGUAGES, catalogue
from rahdari.web.pages.frame import READING_POLICY, STATIC, render, static_address
from rahdari.web.pages.verify import TONES
from rahdari.web.visit import Visit, visit_of

PATH = "/verify"
WORKER = "verifier/service-worker.js"
# The reader of codes and its module. A worker's script is asked of the service worker in whose scope its own
# address lies (Fetch, 2.2.5: a request for a worker is a non-subresource request), so these lie below the page.
PARTS = "verifier/assets/"
# What the page says: its own sentences, and those of verdicts and claims.
_FAMILIES = (
    "verifier.",
    "verdict.",
    "field.",
    "gender.",
    "step.",
    "outcome.",
    "site.",
    "problem.credentials.",
)
# The first 128 bits of SHA-256: two versions never share a name.
_VERSION_CHARS = 32
# What the page draws with; the fonts too, since the language may change with the network off.
_SHOWN = ("tokens.css", "pages.css", "verifier.css", "signs.svg", "mark.svg", "guilloche.svg")
_HEADERS = {
    "content-security-policy": READING_POLICY,
    "permissions-policy": "camera=(self), geolocation=(), microphone=()",
}


class Policy(msgspec.Struct, frozen=True):
    """How old a status may be, and how far clocks may differ; seconds."""

    max_age: int
    clock_skew: int


class Carried(msgspec.Struct, frozen=True):
    """What the page needs to know: what it trusts, where it asks, and how strict it is."""

    prefix: str
    source: str
    trust: str
    root: Mapping[str, str]
    policy: Policy
    products: Mapping[str, Mapping[str, str]]
    marks: Mapping[str, Mapping[str, str]]
    tones: Mapping[str, str]
    signs: str


@get(PATH, operation_id="showVerifier", sync_to_thread=True)
def show_verifier(request: Request[None, None, State], house: TheHouse) -> Response[bytes]:
    """Show the offline verifier."""
    body = _page(house, visit_of(request.scope))
    return Response(body, media_type=MediaType.HTML, headers=_HEADERS)


@get(f"{PATH}/worker.js", operation_id="getVerifierWorker", sync_to_thread=True)
def get_worker(house: TheHouse) -> Response[bytes]:
    """Get the worker that keeps the page and its files on the device."""
    # Its own address lies below the page's; W3C Service Workers, 4.1 wants the wider scope allowed.
    headers = {
        "service-worker-allowed": PATH,
        "cache-control": "no-cache",
        "content-security-policy": READING_POLICY,
    }
    return Response(_worker(house), media_type="text/javascript", headers=headers)


@get(f"{PATH}/app.webmanifest", operation_id="getVerifierManifest", sync_to_thread=False)
def get_manifest(request: Request[None, None, State]) -> Response[bytes]:
    """Get what a device needs to install the page (W3C Web Application Manifest)."""
    words = visit_of(request.scope).catalogue
    icons = [
        {"src": static_address("icons/verifier.svg"), "sizes": "any", "type": "image/svg+xml"},
        *(
            {
                "src": static_address(f"icons/verifier-{size}.png"),
                "sizes": f"{size}x{size}",
                "type": "image/png",
            }
            for size in (192, 512)
        ),
        {
            "src": static_address("icons/verifier-maskable-512.png"),
            "sizes": "512x512",
            "type": "image/png",
            "purpose": "maskable",
        },
    ]
    manifest = {
        "id": PATH,
        "name": f"{words.say('site.name')}: {words.say('verifier.title')}",
        "short_name": words.say("site.name"),
        "description": words.say("verifier.lead"),
        "lang": words.language,
        "dir": words.direction,
        "start_url": PATH,
        "scope": PATH,
        "display": "standalone",
        "background_color": "#f7f5ef",
        "theme_color": "#0b5345",
        "icons": icons,
    }
    return Response(json.dumps(manifest).encode(), media_type="application/manifest+json")


def _page(house: House, visit: Visit) -> bytes:
    carried = Carried(
        prefix=house.settings.status_prefix,
        source="/s/",
        trust="/trust.jwt",
        root=house.authority.root_public().as_jwk(),
        policy=Policy(house.settings.verifier_age_max_seconds, house.settings.clock_skew_seconds),
        products={one.ref.id: one.title for one in house.products},
        marks={
            one.id: one.text for product in house.products for one in (*product.marks, *product.inscriptions)
        },
        tones={kind.value: tone for kind, tone in TONES.items()},
        signs=static_address("signs.svg"),
    )
    return render(
        "verifier.html",
        visit,
        path=PATH,
        issuer=house.settings.name,
        is_built=(STATIC / "verifier" / "page.js").is_file(),
        carried=_inline(msgspec.json.encode(carried)),
        words=_inline(_words()),
    )


@cache
def _words() -> bytes:
    spoken = {
        language: {
            key: text for key, text in catalogue(language).messages.items() if key.startswith(_FAMILIES)
        }
        for language in LANGUAGES
    }
    return json.dumps(spoken, ensure_ascii=False, separators=(",", ":")).encode()


def _inline(document: bytes) -> Markup:
    """Write JSON so that no text in it can end the element it stands in (HTML, 4.12.1.3)."""
    text = document.decode()
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704 - no character of markup is left in it


def _worker(house: House) -> bytes:
    """Write the list of files in front of the worker: whatever changes, the worker's text changes with it."""
    files = list_files()
    told = hashlib.sha256("\n".join(files).encode())
    for language in LANGUAGES:
        told.update(_page(house, Visit(language=language)))
    kept = {"version": told.hexdigest()[:_VERSION_CHARS], "page": PATH, "files": files}
    path = STATIC / WORKER
    body = path.read_bytes() if path.is_file() else b""
    return b"self.kept = " + json.dumps(kept).encode() + b";\n" + body


@cache
def list_files() -> tuple[str, ...]:
    """List the addresses of every file that the page can ask for."""
    built = sorted(
        path.relative_to(STATIC).as_posix()
        for path in (STATIC / "verifier").rglob("*")
        if path.suffix in {".js", ".css", ".wasm"} and path.relative_to(STATIC).as_posix() != WORKER
    )
    fonts = sorted(path.relative_to(STATIC).as_posix() for path in (STATIC / "fonts").glob("*.woff2"))
    parts = [one for one in built if one.startswith(PARTS)]
    scripts = [one for one in built if not one.startswith(PARTS)]
    # Style sheets name the fonts, and scripts name one another, without a digest.
    return (
        *(static_address(name) for name in (*_SHOWN, *scripts)),
        *(f"/static/{one}" for one in (*scripts, *fonts)),
        *(f"{PATH}/assets/{one.removeprefix(PARTS)}" for one in parts),
    )
