"""Headless Chromium, driven over the pipe of the Chrome DevTools Protocol, with every name leading to a sink.

No driver program and no client library stand between: the protocol is JSON ended by NUL on two file descriptors
(`--remote-debugging-pipe`). Every page gets a new browser with an empty profile: a browser context is like a private
window, in which Chromium makes no preconnections, and those are what a leak test wants to see. Scripts are off, as in
every mail client. What the page fetched is the sink's to tell.
"""

import base64
import fcntl
import json
import os
import select
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.render.sink import Sink

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
    "--disable-lcd-text",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--ignore-certificate-errors",
    "--remote-debugging-pipe",
)
OWN_HOSTS = (
    "accounts.google.com",
    "clients2.google.com",
    "translate.googleapis.com",
    "update.googleapis.com",
    "*.gvt1.com",
)
"""Whom Chromium calls of its own accord: these names lead nowhere, so that the sink hears only the page."""
DEADLINE = 30.0
"""Seconds until a browser that does not answer fails the test."""

FAREWELL = 120.0
"""Seconds that it has to close its windows and its log, which on a busy machine takes longest."""

Message = Mapping[str, Any]


class BrowserError(Exception):
    """Chromium refused a command, or did not answer."""


@dataclass(frozen=True, slots=True)
class View:
    """How a page is looked at: width and height in CSS pixels, device pixels to each of them, and the CSS medium."""

    width: int = 800
    height: int = 1400
    scale: float = 1.0
    medium: str = "screen"


def render(url: str, sink: Sink, view: View | None = None) -> bytes:
    """Open `url` in a new browser that sees only `sink`, wait until its network is idle, and return a PNG."""
    with chromium(sink) as pipe:
        target = pipe.call("Target.createTarget", {"url": "about:blank"})["targetId"]
        page = pipe.call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        prepare(pipe, page, view or View())
        loader = pipe.call("Page.navigate", {"url": url}, page)["loaderId"]
        pipe.wait(lambda message: _idle(message, page, loader))
        shot = pipe.call("Page.captureScreenshot", {"format": "png"}, page)
        return base64.b64decode(shot["data"])


@dataclass
class Pipe:
    """One side of the protocol. `_unread` is what Chromium said unasked and nobody has waited for yet."""

    reader: int
    writer: int
    _number: int = 0
    _buffer: bytearray = field(default_factory=bytearray)
    _unread: list[Message] = field(default_factory=list)

    def call(self, method: str, params: Message, session: str | None = None) -> Message:
        """Send one command, to the browser or to the page of `session`, and return its result."""
        number = self.send(method, params, session)
        reply = self.wait(lambda message: message.get("id") == number)
        if "error" in reply:
            raise BrowserError(f"{method}: {reply['error'].get('message')}")
        result: Message = reply["result"]
        return result

    def send(self, method: str, params: Message, session: str | None = None) -> int:
        """Send one command, and return the number that its answer will bear as `id`."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params} | ({"sessionId": session} if session else {})
        os.write(self.writer, json.dumps(message).encode() + b"\0")
        return self._number

    def wait(self, wanted: Callable[[Message], bool], seconds: float = DEADLINE) -> Message:
        """The first message that is `wanted`, of those already here and those to come within `seconds`."""
        for index, message in enumerate(self._unread):
            if wanted(message):
                return self._unread.pop(index)
        deadline = time.monotonic() + seconds
        while not wanted(message := self._receive(deadline)):
            self._unread.append(message)
        return message

    def _receive(self, deadline: float) -> Message:
        while b"\0" not in self._buffer:
            if not select.select([self.reader], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise BrowserError("no answer within the deadline")
            chunk = os.read(self.reader, 1 << 20)
            if not chunk:
                raise BrowserError("the browser closed its pipe")
            self._buffer += chunk
        line, _, rest = self._buffer.partition(b"\0")
        self._buffer = rest
        message: Message = json.loads(line)
        return message


def prepare(pipe: Pipe, page: str, view: View) -> None:
    """Make `page` tell of its network, run no scripts, and look as `view` says."""
    size = {"width": view.width, "height": view.height, "deviceScaleFactor": view.scale, "mobile": False}
    pipe.call("Page.enable", {}, page)
    pipe.call("Page.setLifecycleEventsEnabled", {"enabled": True}, page)
    pipe.call("Emulation.setScriptExecutionDisabled", {"value": True}, page)
    pipe.call("Emulation.setDeviceMetricsOverride", size, page)
    pipe.call("Emulation.setEmulatedMedia", {"media": view.medium}, page)


def _idle(message: Message, page: str, loader: str) -> bool:
    """Whether Chromium says that this load of this page has had no request under way for half a second."""
    params = message.get("params", {})
    return (
        message.get("method") == "Page.lifecycleEvent"
        and message.get("sessionId") == page
        and params.get("loaderId") == loader
        and params.get("name") == "networkIdle"
    )


@contextmanager
def chromium(sink: Sink, mapped: tuple[str, ...] = (), flags: tuple[str, ...] = ()) -> Iterator[Pipe]:
    """A Chromium with an empty profile whose every name, on any port, leads to `sink`.

    `mapped` are host resolver rules that come before the one that holds for every name.
    """
    silent = ", ".join(f"MAP {host} ~NOTFOUND" for host in OWN_HOSTS)
    rules = f"{', '.join((silent, *mapped))}, MAP *:443 127.0.0.1:{sink.https_port}, MAP * 127.0.0.1:{sink.http_port}"
    commands, answers = os.pipe(), os.pipe()
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        own = (f"--host-resolver-rules={rules}", f"--user-data-dir={profile}")
        process = _start([CHROMIUM, *FLAGS, *flags, *own, "about:blank"], commands[0], answers[1])
        os.close(commands[0])
        os.close(answers[1])
        try:
            yield Pipe(reader=answers[0], writer=commands[1])
        finally:
            os.close(commands[1])  # the end of its pipe is Chromium's order to go
            process.wait(FAREWELL)
            os.close(answers[0])


def _start(arguments: list[str], commands: int, answers: int) -> subprocess.Popen[bytes]:
    """Start Chromium reading `commands` as descriptor 3 and writing `answers` as descriptor 4, as it demands."""
    # Out of the way first, since either pipe may itself be number 3 or 4. The shell does the rest: code of ours between
    # fork and exec would not be safe beside the sink's threads.
    source, target = (fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in (commands, answers))
    shell = ["bash", "-c", f'exec "$@" 3<&{source} {source}<&- 4>&{target} {target}>&-', "chromium", *arguments]
    try:
        return subprocess.Popen(shell, pass_fds=(source, target), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    finally:
        os.close(source)
        os.close(target)
