"""The gate's window: metrics for Prometheus, health for whoever restarts it, and a page for a person.

It reads the counts and answers; it changes nothing and knows no mail. Every page stands alone: no font, script or
picture from elsewhere, and a policy that lets the browser fetch none.
"""

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from importlib.resources import files

import uvicorn
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sluis.config import Endpoint
from sluis.edge.port import listen
from sluis.metrics import Metrics
from sluis.status.snapshot import Snapshot, snapshot

NotReady = Callable[[], str | None]
"""Why no mail can be taken just now, in a few words; None if it can."""

_STATIC = {"page.css": "text/css", "page.js": "text/javascript", "mark.svg": "image/svg+xml"}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", _POLICY.encode()),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)


def app(metrics: Metrics, not_ready: NotReady, about: Mapping[str, str] | None = None) -> ASGIApp:
    """The application. `about` are facts for the status page that do not change, by their names."""
    pages = Environment(loader=PackageLoader("sluis", "status"), autoescape=True, undefined=StrictUndefined)
    template = pages.get_template("page.html")

    def now() -> Snapshot:
        return snapshot(metrics.samples(), time.time(), not_ready())

    def page(_: Request) -> Response:
        return HTMLResponse(template.render(page=now(), about=about or {}))

    def status(_: Request) -> Response:
        return JSONResponse(now().to_json())

    def exposition(request: Request) -> Response:
        text, media_type = metrics.exposition(",".join(request.headers.getlist("accept")))
        return Response(text, media_type=media_type)

    def alive(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    def ready(_: Request) -> Response:
        reason = not_ready()
        return PlainTextResponse(f"{reason or 'ok'}\n", 503 if reason else 200)

    routes: list[BaseRoute] = [
        Route("/", page),
        Route("/status.json", status),
        Route("/metrics", exposition),
        Route("/healthz", alive),
        Route("/readyz", ready),
        *(_static(name, media_type) for name, media_type in _STATIC.items()),
    ]
    return _WithHeaders(Starlette(routes=routes))


async def serve(app: ASGIApp, endpoint: Endpoint) -> None:
    """Serve `app` at `endpoint` until cancelled. Raises OSError if the endpoint cannot be had."""
    await serve_on(app, listen(endpoint))


async def serve_on(app: ASGIApp, listening: socket.socket) -> None:
    """Serve `app` on a listening socket, which is then ours, until cancelled."""
    settings = uvicorn.Config(
        app,
        access_log=False,
        log_config=None,
        lifespan="off",
        server_header=False,
        proxy_headers=False,
        limit_concurrency=100,
        timeout_graceful_shutdown=1,
    )
    server = _Server(settings)
    serving = asyncio.create_task(server.serve([listening]))
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.should_exit = True
        await serving
        raise


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the command line, which has more than this server to close."""
        yield


class _WithHeaders:
    """Adds the same headers to every answer, errors included."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_HEADERS]
            await send(message)

        await self._app(scope, receive, with_headers)


def _static(name: str, media_type: str) -> Route:
    octets = (files("sluis.status") / name).read_bytes()

    def static(_: Request) -> Response:
        return Response(octets, media_type=media_type)

    return Route(f"/{name}", static, name=name)
