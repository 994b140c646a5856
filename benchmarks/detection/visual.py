"""Whether anybody would see that a mail was cleaned: both versions in Chromium, from one cache of images.

    python -m benchmarks.detection.visual LABELS FOLDER …

Each mail is opened before and after, at three widths, in light and dark, and the screenshots are compared to the pixel.
No real server is asked: whatever a person labelled a pixel answers with a transparent dot, everything else with a
picture of its own colour. Text and links are compared too, in the tree that html5lib builds.
"""

import argparse
import base64
import colorsys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import islice, product
from pathlib import Path
from urllib.parse import unquote

import can_ada
from benchmarks.detection.__main__ import Mails
from benchmarks.detection.labels import Label, read
from benchmarks.detection.read import addresses, documents, recipients
from benchmarks.detection.score import by_message, wilson
from tests.render.browser import BrowserError, Message, Pipe, View, chromium, prepare
from tests.render.sink import TRANSPARENT_GIF, Resource, Sink, running
from tests.render.webmail import ORIGIN, page

import html5lib
from sluis.clean import clean
from sluis.envelope import Envelope
from sluis.policy import POLICIES
from sluis.rules.load import load

WIDTHS, HEIGHT = (360, 600, 1000), 3000
SCHEMES = ("light", "dark")
_MAILS_A_BROWSER = 25
_LONGEST = 12  # screenshots of one view
_DOT = Resource("image/gif", TRANSPARENT_GIF)


class Cache(dict[str, Resource]):
    """Answers by URL. What is not a page and not one of `pixels` is a picture of its own colour."""

    def __init__(self, pixels: Iterable[str]) -> None:
        super().__init__()
        self._pixels = {_plain(url) for url in pixels}

    def get(self, url: str, default: object = None) -> Resource:
        """What is served at `url`; anything is."""
        return self[url] if url in self else _DOT if _plain(url) in self._pixels else _picture(url)


def _plain(url: str) -> str:
    """A URL as both a mail and the browser that asks for it may spell it; the scheme does not count."""
    url = "http:" + url if url.startswith("//") else url
    try:
        url = str(can_ada.parse(url))
    except ValueError:
        return url
    return unquote(url.partition("#")[0]).partition(":")[2]


def _picture(url: str) -> Resource:
    hue = sha256(url.encode("utf-8", "replace")).digest()[0] / 256
    red, green, blue = (round(255 * part) for part in colorsys.hsv_to_rgb(hue, 0.6, 0.8))
    size = 'width="240" height="90"'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {size}><rect {size} fill="rgb({red},{green},{blue})"/></svg>'
    return Resource("image/svg+xml", svg.encode())


def views(pipe: Pipe, sink: Sink, raw: bytes, cache: Cache, patience: int) -> Iterator[str]:
    """The screenshots of one version of a mail, each as a digest of its PNG.

    Chromium may paint an image late: with `patience` a view is taken until that many in a row are the same.
    """
    cache.clear()
    cache.update(page(raw))
    sink.requests.clear()
    target = pipe.call("Target.createTarget", {"url": "about:blank"})["targetId"]
    session = pipe.call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
    prepare(pipe, session, View(WIDTHS[0], HEIGHT))
    pipe.call("Animation.enable", {}, session)
    pipe.call("Animation.setPlaybackRate", {"playbackRate": 0}, session)
    loader = pipe.call("Page.navigate", {"url": f"{ORIGIN}/"}, session)["loaderId"]
    pipe.wait(lambda message: _loaded(message, session, loader))
    for width, scheme in product(WIDTHS, SCHEMES):
        size = {"width": width, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
        pipe.call("Emulation.setDeviceMetricsOverride", size, session)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        pipe.call("Emulation.setEmulatedMedia", {"features": features}, session)
        shots: list[str] = []
        while len(shots) < patience or (len(set(shots[-patience:])) > 1 and len(shots) < _LONGEST):
            shot = pipe.call("Page.captureScreenshot", {"format": "png", "optimizeForSpeed": True}, session)
            shots.append(sha256(base64.b64decode(shot["data"])).hexdigest())
        yield shots[-1]
    pipe.call("Target.closeTarget", {"targetId": target})


def _loaded(message: Message, session: str, loader: str) -> bool:
    params = message.get("params", {})
    named = message.get("method") == "Page.lifecycleEvent" and message.get("sessionId") == session
    return named and params.get("loaderId") == loader and params.get("name") == "load"


def text(raw: bytes) -> list[str]:
    """The words of a mail's HTML, style sheets and the like left out."""
    words: list[str] = []
    for html in documents(raw):
        for element in html5lib.parse(html, treebuilder="etree", namespaceHTMLElements=False).iter():
            if isinstance(element.tag, str) and element.tag not in {"style", "script", "title"}:
                words += (element.text or "").split()
            words += (element.tail or "").split()
    return words


def links(raw: bytes) -> int:
    """How many addresses a person can follow."""
    return sum(address.kind == "link" for address in addresses(raw))


def compare(messages: dict[str, list[Label]], mails: Mails) -> None:
    """Print how many mails look, read and link alike. Only a mail that was changed is opened."""
    rules, policy = load(), POLICIES["balanced"]
    count: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as sink:
        waiting = iter(messages.items())
        while batch := list(islice(waiting, _MAILS_A_BROWSER)):
            with chromium(sink) as pipe:
                for message, labels in batch:
                    raw = mails.read(message)
                    cleaned = clean(raw, policy, rules, Envelope(recipients=recipients(raw))).raw
                    count["read"] += text(raw) == text(cleaned)
                    count["linked"] += links(raw) == links(cleaned)
                    if cleaned != raw:
                        places = {label.place for label in labels if label.label == "open-pixel"}
                        cache = Cache(each.url for each in addresses(raw) if each.index in places)
                        count[_looks(pipe, sink, cache, message, (raw, cleaned))] += 1
    shown = count["alike"] + count["different"]
    low, high = wilson(count["alike"], shown)
    print(f"{shown} cleaned mails opened, {count['alike']} alike in all {len(WIDTHS) * len(SCHEMES)} views")
    print(f"  = {count['alike'] / max(1, shown):.3f} ({low:.3f} to {high:.3f})")
    print(f"text alike in {count['read']}, as many links in {count['linked']} of {len(messages)}")


def _looks(pipe: Pipe, sink: Sink, cache: Cache, message: str, versions: tuple[bytes, bytes]) -> str:
    """What to count for a mail. A difference counts when it is seen again with more patience."""
    sink.resources = cache
    same: list[bool] = []
    for patience in (1, 3):
        try:
            before, after = (list(views(pipe, sink, version, cache, patience)) for version in versions)
        except (AssertionError, LookupError, ValueError, BrowserError) as error:
            print(f"  not shown: {message[:40]} {type(error).__name__}", flush=True)
            return "not shown"
        same = [one == other for one, other in zip(before, after, strict=True)]
        if all(same):
            return "alike"
    print(f"  differs: {message[:40]} in {same.count(False)} of {len(same)} views", flush=True)
    return "different"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("folders", type=Path, nargs="+")
    given = parser.parse_args()
    compare(by_message(read(given.labels)), Mails(given.folders))


if __name__ == "__main__":
    main()
