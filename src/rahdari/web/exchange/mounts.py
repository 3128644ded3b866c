"""What a gateway shows other gateways beside calls: its log's hashes, and its witness."""

import asyncio
from collections.abc import Mapping

from rahdari.app.exchange.gateway import ServedGateway
from rahdari.app.exchange.log.serving import show
from rahdari.app.exchange.vouching import WITNESS_PATH
from rahdari.web.exchange import asgi
from rahdari.web.exchange.asgi import ClientGone, Receive, Scope, Send, arrive
from rahdari.web.exchange.bodies import BodyTooLarge, SpoolFailed, take_request
from rahdari.wire.tlog import ADDITION_BYTES_MAX

_ADD_CHECKPOINT = f"{WITNESS_PATH}/add-checkpoint".encode("ascii")


def make_mounts(gateway: ServedGateway) -> Mapping[bytes, asgi.App]:
    """Give the applications by the beginnings of their paths."""

    def is_member(arrived: asgi.Arrived) -> bool:
        certificate = arrived.socket.certificate
        return certificate is not None and gateway.directory().gateway_by_certificate(certificate) is not None

    async def log(scope: Scope, receive: Receive, send: Send) -> None:
        arrived = arrive(scope, receive, send)
        if not is_member(arrived) or arrived.head.method not in {"GET", "HEAD"}:
            await asgi.answer(arrived, 403, [], b"")
            return
        path = arrived.path.decode("ascii", "replace")
        shown = await asyncio.to_thread(show, gateway.home.log_folder, path)
        fields = [
            (b"content-type", shown.media_type.encode("ascii")),
            (b"cache-control", shown.cache_control.encode("ascii")),
        ]
        await asgi.answer(arrived, shown.status, fields, shown.body)

    async def witness(scope: Scope, receive: Receive, send: Send) -> None:
        arrived = arrive(scope, receive, send)
        if not is_member(arrived) or arrived.head.method != "POST" or arrived.path != _ADD_CHECKPOINT:
            await asgi.answer(arrived, 403, [asgi.CLOSE], b"")
            return
        try:
            body = await take_request(
                receive, bytes_max=ADDITION_BYTES_MAX, folder=gateway.home.folder, wants_sha512=False
            )
        except (BodyTooLarge, SpoolFailed):
            await asgi.answer(arrived, 413, [asgi.CLOSE], b"")
            return
        except ClientGone:
            return
        cosigned = await asyncio.to_thread(gateway.vouching.desk.answer, body.held or b"")
        fields = [(b"content-type", cosigned.media_type.encode("ascii"))]
        await asgi.answer(arrived, cosigned.status, fields, cosigned.body)

    return {b"/log/": log, WITNESS_PATH.encode("ascii"): witness}
