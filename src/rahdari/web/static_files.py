"""Styles, marks and fonts: files of this package and nothing beside them."""

from functools import cache

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.params import FromPath

from rahdari.web.errors import NotFound
from rahdari.web.pages.frame import READING_POLICY, STATIC
from rahdari.web.pages.verifier import PARTS, PATH

_KINDS = {
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".js": "text/javascript",
    ".wasm": "application/wasm",
    ".png": "image/png",
}
# Their addresses carry a digest; a changed file has another address.
_FOR_EVER = "public, max-age=31536000, immutable"
_BUILT = "verifier/"


@cache
def _files() -> dict[str, tuple[bytes, str]]:
    """Read them once: a few hundred kilobytes, and no path from outside ever meets the file system."""
    return {
        path.relative_to(STATIC).as_posix(): (path.read_bytes(), _KINDS[path.suffix])
        for path in STATIC.rglob("*")
        if path.suffix in _KINDS
    }


@get("/static/{name:path}", operation_id="getStatic", sync_to_thread=False)
def get_static(request: Request[None, None, State], name: FromPath[str]) -> Response[bytes]:
    """Get a static file."""
    return _answer(name.removeprefix("/"), has_digest="v" in request.query_params)


@get(f"{PATH}/assets/{{name:str}}", operation_id="getVerifierPart", sync_to_thread=False)
def get_part(name: FromPath[str]) -> Response[bytes]:
    """Get the reader of codes, or the module that it compiles, at an address in the service worker's scope."""
    return _answer(f"{PARTS}{name}", has_digest=False)


def _answer(name: str, *, has_digest: bool) -> Response[bytes]:
    """Answer with a file of this package; it is kept for ever only at an address with a digest.

    Raises:
        NotFound: The package has no file of this name.
    """
    found = _files().get(name)
    if found is None:
        raise NotFound("there is no such file")
    headers = {"cache-control": _FOR_EVER}
    if name.startswith(_BUILT):
        headers["content-security-policy"] = READING_POLICY
        if not has_digest:
            # Scripts name one another without a digest; the page's worker keeps them, and none but it.
            headers["cache-control"] = "no-cache"
    return Response(found[0], media_type=found[1], headers=headers)
