"""Many messages opened in one Chromium, and for each what left the machine: names looked up, connections, requests.

Every message speaks of a host of its own, and every host has a loopback address of its own: whoever is contacted, by
whatever means and however late, is known by that address. Requests are the sink's to tell; what never becomes one (a
name looked up ahead, a connection made in reserve) stands in Chromium's own log of its network.
"""

import json
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from tests.render.browser import BrowserError, Message, Pipe, View, chromium, prepare
from tests.render.sink import Request, Sink
from tests.render.webmail import ORIGIN, page

TABS = 48
"""Pages open at once: most of the time of each is waiting for its network to rest."""
BATCH = 250
"""Exhibits to one browser, which is told of every host on its command line."""
PATIENCE = 6.0
"""Seconds after which a page whose network never rests is left."""
AFTERMATH = 2.0
"""Seconds that a page has after the pointer was pressed on it."""
_LOOPBACK = re.compile(r"\b127\.1\.0\.\d+\b")
_LOG = {"HOST_RESOLVER_MANAGER_REQUEST": "dns", "TCP_CONNECT_ATTEMPT": "socket"}


class Channel(StrEnum):
    """How a message calls home, the most telling first. `NAVIGATION`: a whole document is asked for."""

    NAVIGATION = "navigation"
    REQUEST = "request"
    SOCKET = "socket"
    DNS = "dns"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A message to open, and the only host that it could contact. `click`: the pointer is pressed once on it."""

    name: str
    raw: bytes
    host: str
    medium: str = "screen"
    click: bool = False


@dataclass(slots=True)
class _Tab:
    """One page of the browser. `spent` are the loads of earlier exhibits, whose events come late."""

    session: str
    frame: str
    medium: str = "screen"
    click: bool = False
    left: float = 0.0
    loaders: set[str] = field(default_factory=set)
    spent: set[str] = field(default_factory=set)


def contacts(exhibits: Sequence[Exhibit], sink: Sink, folder: Path) -> dict[str, Channel]:
    """By name of the exhibit, how opening it contacted its host. Chromium's network log is written to `folder`."""
    found: dict[str, Channel] = {}
    for start in range(0, len(exhibits), BATCH):
        found |= _batch(exhibits[start : start + BATCH], sink, folder / "netlog.json")
    return found


def _batch(exhibits: Sequence[Exhibit], sink: Sink, log: Path) -> dict[str, Channel]:
    sink.forget()
    addresses = {exhibit.host: f"127.1.0.{number + 1}" for number, exhibit in enumerate(exhibits)}
    for number, exhibit in enumerate(exhibits):
        sink.resources.update(page(exhibit.raw, _address(number)))
    with chromium(sink, tuple(_rules(addresses, sink)), (f"--log-net-log={log}",)) as pipe:
        _open_all(pipe, exhibits)
    seen = _logged(log)
    for host, channels in _asked(sink.requests).items():
        seen.setdefault(addresses.get(host, ""), set()).update(channels)
    return {
        exhibit.name: min(seen.get(addresses[exhibit.host], {Channel.NONE}), key=list(Channel).index)
        for exhibit in exhibits
    }


def _address(number: int) -> str:
    return f"{ORIGIN}/{number}"


def _rules(addresses: dict[str, str], sink: Sink) -> Iterator[str]:
    for host, address in addresses.items():
        yield f"MAP {host}:443 {address}:{sink.https_port}"
        yield f"MAP {host} {address}:{sink.http_port}"


def _open_all(pipe: Pipe, exhibits: Sequence[Exhibit]) -> None:
    """Lead every tab from exhibit to exhibit until all were opened and all tabs rest."""
    waiting = list(enumerate(exhibits))[::-1]
    pipe.call("Browser.setDownloadBehavior", {"behavior": "deny"})
    tabs = {tab.session: tab for tab in (_tab(pipe) for _ in range(min(TABS, len(exhibits))))}
    busy = [tab for tab in tabs.values() if _next(pipe, tab, waiting)]
    while busy:
        try:
            message = pipe.wait(lambda _: True, 0.5)
        except BrowserError:
            message = {}
        tab = tabs.get(message.get("sessionId", ""))
        done = [each for each in busy if (each is tab and _rests(each, message)) or time.monotonic() > each.left]
        for each in done:
            if each.click:
                _click(pipe, each)
            elif not _next(pipe, each, waiting):
                busy.remove(each)


def _tab(pipe: Pipe) -> _Tab:
    target = pipe.call("Target.createTarget", {"url": "about:blank", "newWindow": True})["targetId"]
    session = pipe.call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
    prepare(pipe, session, View())
    blank = pipe.call("Page.getFrameTree", {}, session)["frameTree"]["frame"]
    return _Tab(session, blank["id"], spent={blank["loaderId"]})


def _next(pipe: Pipe, tab: _Tab, waiting: list[tuple[int, Exhibit]]) -> bool:
    """Lead `tab` to the next exhibit; False if there is none left."""
    if not waiting:
        return False
    number, exhibit = waiting.pop()
    tab.spent |= tab.loaders
    tab.loaders.clear()
    if exhibit.medium != tab.medium:
        tab.medium = exhibit.medium
        pipe.send("Emulation.setEmulatedMedia", {"media": exhibit.medium}, tab.session)
    tab.click = exhibit.click
    pipe.send("Page.navigate", {"url": f"{_address(number)}/"}, tab.session)
    tab.left = time.monotonic() + PATIENCE
    return True


def _click(pipe: Pipe, tab: _Tab) -> None:
    """Press the pointer amid the page, and give it time to act."""
    for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
        where = {"type": kind, "x": View().width // 2, "y": View().height // 2, "button": "left", "clickCount": 1}
        pipe.send("Input.dispatchMouseEvent", where, tab.session)
    tab.click = False
    tab.left = time.monotonic() + AFTERMATH


def _rests(tab: _Tab, message: Message) -> bool:
    """Whether `message` says that the network of the tab's exhibit, or of the page it led to, has come to rest."""
    params = message.get("params", {})
    if message.get("method") != "Page.lifecycleEvent" or params["frameId"] != tab.frame:
        return False
    if params["loaderId"] in tab.spent:
        return False
    tab.loaders.add(params["loaderId"])
    return bool(params["name"] == "networkIdle")


def _asked(requests: Sequence[Request]) -> dict[str, set[Channel]]:
    """How each host was asked for something: documents with `Accept: text/html`, unless it is for later."""
    asked: dict[str, set[Channel]] = {}
    for request in requests:
        document = request.headers.get("accept", "").startswith("text/html") and "sec-purpose" not in request.headers
        host = (urlsplit(request.url).hostname or "").rstrip(".")
        asked.setdefault(host, set()).add(Channel.NAVIGATION if document else Channel.REQUEST)
    return asked


def _logged(log: Path) -> dict[str, set[Channel]]:
    """By loopback address, the names that were looked up and the connections that were tried."""
    events = json.loads(log.read_text())
    kinds = {events["constants"]["logEventTypes"][name]: Channel(kind) for name, kind in _LOG.items()}
    logged: dict[str, set[Channel]] = {}
    for event in events["events"]:
        if event["type"] in kinds:
            for address in _LOOPBACK.findall(json.dumps(event.get("params", {}))):
                logged.setdefault(address, set()).add(kinds[event["type"]])
    return logged
