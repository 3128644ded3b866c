"""What each refusal means: the pages that the ``type`` of a problem leads to."""

from inspect import getdoc

from litestar import MediaType, Request, Response, get
from litestar.datastructures import State
from litestar.params import FromPath

from rahdari.kernel import Problem
from rahdari.web.doors import TheHouse
from rahdari.web.errors import NotFound
from rahdari.web.pages.frame import render
from rahdari.web.problems import STATUSES, find_problems
from rahdari.web.visit import visit_of


@get("/problems", operation_id="showProblems", sync_to_thread=False)
def show_problems(request: Request[None, None, State], house: TheHouse) -> Response[bytes]:
    """List every kind of refusal."""
    body = render(
        "problems.html",
        visit_of(request.scope),
        path="/problems",
        rows=[(code, STATUSES[code]) for code in sorted(STATUSES)],
        issuer=house.settings.name,
    )
    return Response(body, media_type=MediaType.HTML)


@get("/problems/{code:str}", operation_id="showProblem", sync_to_thread=False)
def show_problem(
    request: Request[None, None, State], house: TheHouse, code: FromPath[str]
) -> Response[bytes]:
    """Explain one kind of refusal."""
    if code not in STATUSES:
        raise NotFound("no refusal of this server has such a code; /problems lists them all")
    kinds: dict[str, type[Problem]] = {one.code: one for one in find_problems()}
    body = render(
        "problem.html",
        visit_of(request.scope),
        path=f"/problems/{code}",
        code=code,
        status=STATUSES[code],
        explained=_plain(getdoc(kinds[code]) or "") if code in kinds else "",
        issuer=house.settings.name,
    )
    return Response(body, media_type=MediaType.HTML)


def _plain(text: str) -> str:
    return " ".join(text.split()).replace("``", "")
