"""One client's session, from its greeting to its end.

    client ─▶ Requests ─▶ server        commands: FETCH may ask for more than the client did, some are refused
    client ◀─ Replies ◀── server        responses: messages are cleaned

Both share an `Exchange`, which knows what is under way. The session ends with whichever side ends first, when a clock
runs out, or when the gate closes.
"""

import asyncio
import secrets
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import structlog

from sluis.edge.admission import network_of
from sluis.imap.exchange import Exchange
from sluis.imap.known import Known
from sluis.imap.link import Gone, Link
from sluis.imap.reader import Reader
from sluis.imap.replies import Replies
from sluis.imap.requests import Requests
from sluis.imap.room import Portion
from sluis.imap.service import EDGE, Service
from sluis.imap.upstream import UpstreamError
from sluis.imap.wire import Line

_log = structlog.get_logger()

_FULL = {"connections": "too many connections", "connections-per-address": "too many connections from your address"}


class Session:
    """A session from greeting to end."""

    def __init__(self, service: Service, client: Link) -> None:
        self._service = service
        self._client = client
        self._id = secrets.token_hex(4)
        self._exchange = Exchange(Known(service.shelf), Portion(service.room, network_of(client.address)))
        self._closing = asyncio.Event()

    def turn_out(self) -> None:
        """Part as soon as the commands under way are answered."""
        self._closing.set()

    async def run(self) -> None:
        """Serve the client to its end. Never raises, but for being cancelled."""
        service = self._service
        with service.metrics.session(EDGE), service.admission.admit(self._client.address) as full:
            try:
                if full:
                    service.metrics.refused(EDGE, full)
                    await self._client.write(b"* BYE [LIMIT] %s\r\n" % _FULL[full].encode())
                else:
                    await self._connected()
            except (Gone, OSError):
                pass  # TimeoutError is an OSError too: nobody is left to tell
            except Exception:
                _log.exception("a session broke", edge=EDGE, session=self._id)
            finally:
                self._client.close()

    async def _connected(self) -> None:
        try:
            server, greeting = await self._service.upstream.open()
        except UpstreamError as error:
            self._service.metrics.failure(EDGE, "upstream-connect")
            _log.warning("the mail server cannot be reached", edge=EDGE, session=self._id, reason=error.reason)
            await self._client.write(b"* BYE [UNAVAILABLE] the mail server cannot be reached\r\n")
            return
        try:
            await self._converse(server, greeting)
        finally:
            server.drop()

    async def _converse(self, server: Link, greeting: Line) -> None:
        exchange, client = self._exchange, self._client
        service = self._service.of(Reader())
        replies = Replies(service, exchange, server, client, self._id)
        requests = Requests(service, exchange, server, client, replies)
        exchange.authenticated = greeting.octets[:9].upper() == b"* PREAUTH"
        await replies.response(greeting)
        await _first(replies.run, requests.run, partial(self._watch, replies, server), partial(self._leave, replies))

    async def _watch(self, replies: Replies, server: Link) -> None:
        """Return when the client took too long to log in, or nothing was heard from either side for too long."""
        loop, imap = asyncio.get_running_loop(), self._service.imap
        end = loop.time() + imap.login_timeout
        while (now := loop.time()) < end:
            await asyncio.sleep(end - now)
            if self._exchange.authenticated:
                end = max(self._client.moved, server.moved) + imap.idle_timeout
        self._service.metrics.refused(EDGE, "timeout")
        await replies.say(b"* BYE you took too long\r\n")

    async def _leave(self, replies: Replies) -> None:
        """Return when the gate closes and nothing is under way."""
        await self._closing.wait()
        await self._exchange.restful()
        await replies.say(b"* BYE Sluis is closing\r\n")


async def _first(*works: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Do all of it at once until one is done or fails, and give up the rest. Raises what that one raised."""
    tasks = [asyncio.create_task(work()) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
