"""Whether anybody would see that a mail was cleaned: both versions in Chromium, from one cache of images.

    python -m benchmarks.detection.visual LABELS FOLDER …

LABELS is a file, or a folder of them. Each mail is opened before and after, at three widths, in light and dark, and
screenshots of the whole page are compared to the pixel. A mail that comes out octet for octet is alike by construction
and not opened. No real server is asked: whatever a person labelled a pixel answers with a transparent dot, everything
else with a picture made up from its address, of one of several sizes and in a colour of its own. Text and links are
compared too, in the tree that html5lib builds.
"""

import argparse
import base64
import colorsys
import re
import struct
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from itertools import islice, product, starmap
from pathlib import Path
from urllib.parse import unquote

import can_ada
from benchmarks.detection.__main__ import Mails
from benchmarks.detection.labels import Label, read
from benchmarks.detection.read import addresses, documents, recipients
from benchmarks.detection.score import by_message, wilson
from tests.render.browser import BrowserError, Message, Pipe, View, chromium, prepare
from tests.render.sink import TRANSPARENT_GIF, Resource, Sink, empty, running
from tests.render.webmail import ORIGIN, page

import html5lib
from sluis.clean import clean
from sluis.envelope import Envelope
from sluis.policy import POLICIES
from sluis.rules.load import load

WIDTHS = (360, 600, 1000)
SCHEMES = ("light", "dark")
STEP, TALLEST = 1000, 15_000
"""Pages are looked at down to their end, in whole steps of so many pixels: nobody sees where the blank below ends."""
SIZES = ((16, 16), (32, 32), (48, 48), (120, 40), (150, 150), (240, 90), (300, 200), (600, 40), (600, 240), (1200, 500))
"""Of made-up pictures, in pixels: icons, logos, products, rules, banners, and photographs for dense screens."""
_MAILS_A_BROWSER = 25
_VIEWS = len(WIDTHS) * len(SCHEMES)
_OPENINGS = (1, 3, 3)  # how patient each is
_LONGEST = 12  # screenshots of one view
_REDACTED = re.compile(rb"phishing@pot(?=[A-Za-z0-9])")
_SLASHES = re.compile(r"(?<=^//)([^/]*+/)/+")  # ahead of a path, of which the library's server keeps one
_UNSEEN = frozenset({"style", "script", "title", "iframe", "noembed", "noframes"})
_ALONE = ("--disable-site-isolation-trials",)  # a frame in a process of its own is blended a shade differently
_DOT = Resource("image/gif", TRANSPARENT_GIF)


class World:
    """What is behind every address: a dot that cannot be seen for `pixels`, a picture for any other image.

    Frames and style sheets from elsewhere are empty, as in mail clients, and so is what a mail asks of itself.
    """

    def __init__(self, pixels: Iterable[str]) -> None:
        self._pixels = {_plain(url) for url in pixels}

    def __call__(self, url: str, accept: str) -> Resource:
        """The answer to a request for `url` that says what it would take."""
        if "image/" not in accept or "text/html" in accept or url.startswith(f"{ORIGIN}/"):
            return empty(accept)
        return _DOT if _plain(url) in self._pixels else _picture(url)


def _plain(url: str) -> str:
    """A URL as both a mail and the browser that asks for it may spell it; the scheme does not count."""
    url = "http:" + url if url.startswith("//") else url
    try:
        url = str(can_ada.parse(url))
    except ValueError:
        return url
    return _SLASHES.sub(r"\1", unquote(url.partition("#")[0]).partition(":")[2], count=1)


def _picture(url: str) -> Resource:
    """A PNG (ISO 15948) of one colour, which and how large by the hash of its address.

    One colour, since two of them come out a shade different from one opening to the next where they are scaled.
    """
    hue, value, size, *_ = sha256(url.encode("utf-8", "replace")).digest()
    width, height = SIZES[size % len(SIZES)]
    colour = bytes(round(255 * part) for part in colorsys.hsv_to_rgb(hue / 256, 0.6, 0.4 + value / 512))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress((b"\0" + colour * width) * height, 1)
    chunks = ((b"IHDR", head), (b"IDAT", data), (b"IEND", b""))
    return Resource("image/png", b"\x89PNG\r\n\x1a\n" + b"".join(starmap(_chunk, chunks)))


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def views(pipe: Pipe, sink: Sink, raw: bytes, patience: int, tallest: int) -> Iterator[tuple[int, str]]:
    """The screenshots of one version of a mail: the height of the window, and a digest of the PNG.

    No window is lower than `tallest`. Chromium may paint an image late: with `patience` a view is taken until that many
    in a row are the same.
    """
    sink.forget()
    sink.resources.update(page(raw))
    target = pipe.call("Target.createTarget", {"url": "about:blank"})["targetId"]
    session = pipe.call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
    prepare(pipe, session, View(WIDTHS[0], STEP))
    pipe.call("Animation.enable", {}, session)
    pipe.call("Animation.setPlaybackRate", {"playbackRate": 0}, session)
    loader = pipe.call("Page.navigate", {"url": f"{ORIGIN}/"}, session)["loaderId"]
    pipe.wait(lambda message: _loaded(message, session, loader))
    for width, scheme in product(WIDTHS, SCHEMES):
        height = _unroll(pipe, session, width, tallest)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        pipe.call("Emulation.setEmulatedMedia", {"features": features}, session)
        shots: list[str] = []
        while len(shots) < patience or (len(set(shots[-patience:])) > 1 and len(shots) < _LONGEST):
            shot = pipe.call("Page.captureScreenshot", {"format": "png", "optimizeForSpeed": True}, session)
            shots.append(sha256(base64.b64decode(shot["data"])).hexdigest())
        yield height, shots[-1]
    pipe.call("Target.closeTarget", {"targetId": target})


def _unroll(pipe: Pipe, session: str, width: int, tallest: int) -> int:
    """Make the window so wide, and tall enough for all of the page; its height."""
    size = {"width": width, "height": STEP, "deviceScaleFactor": 1, "mobile": False}
    pipe.call("Emulation.setDeviceMetricsOverride", size, session)
    content = pipe.call("Page.getLayoutMetrics", {}, session)["cssContentSize"]["height"]
    size["height"] = min(TALLEST, max(tallest, -(-round(content) // STEP) * STEP))
    if size["height"] > STEP:
        pipe.call("Emulation.setDeviceMetricsOverride", size, session)
    return int(size["height"])


def _loaded(message: Message, session: str, loader: str) -> bool:
    params = message.get("params", {})
    named = message.get("method") == "Page.lifecycleEvent" and message.get("sessionId") == session
    return named and params.get("loaderId") == loader and params.get("name") == "load"


def unredacted(raw: bytes) -> bytes:
    """The mail without its recipient's address amid other words: there the corpus wrote it over what it took for one.

    A sender does not name files so, and a picture that is blanked for its recipient's address is no accident of layout.
    """
    return _REDACTED.sub(b"phishing-pot", raw)


def text(raw: bytes) -> list[str]:
    """The words of a mail's HTML, without style sheets, what stands within frames, and the like."""
    words: list[str] = []
    for html in documents(raw):
        for element in html5lib.parse(html, treebuilder="etree", namespaceHTMLElements=False).iter():
            if isinstance(element.tag, str) and element.tag not in _UNSEEN:
                words += (element.text or "").split()
            words += (element.tail or "").split()
    return words


def links(raw: bytes) -> int:
    """How many addresses a person can follow."""
    return sum(address.kind == "link" for address in addresses(raw, people=True))


def compare(messages: Mapping[str, list[Label]], mails: Mails) -> None:
    """Print how many mails look, read and link alike. Only a mail that was changed is opened."""
    rules, policy = load(), POLICIES["balanced"]
    count: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as sink:
        waiting = iter(messages.items())
        while batch := list(islice(waiting, _MAILS_A_BROWSER)):
            with chromium(sink, flags=_ALONE) as pipe:
                for message, labels in batch:
                    raw = unredacted(mails.read(message))
                    cleaned = clean(raw, policy, rules, Envelope(recipients=recipients(raw))).raw
                    count["read"] += text(raw) == text(cleaned)
                    count["linked"] += links(raw) == links(cleaned)
                    looks = "unchanged"
                    if cleaned != raw:
                        places = {label.place for label in labels if label.label == "open-pixel"}
                        sink.otherwise = World(each.url for each in addresses(raw) if each.index in places)
                        looks = _looks(pipe, sink, message, (raw, cleaned))
                    count[looks] += 1
    print("\n".join(_summary(count, len(messages))))


def _summary(count: Counter[str], of: int) -> Iterator[str]:
    opened = count["alike"] + count["different"]
    yield f"{of} mails: {count['unchanged']} came out octet for octet, {count['not shown']} could not be shown"
    yield f"{opened} were changed and opened: {_share(count['alike'], opened)} alike in all {_VIEWS} views"
    yield f"of all that are shown: {_share(count['alike'] + count['unchanged'], opened + count['unchanged'])} alike"
    yield f"text alike in {_share(count['read'], of)}, as many links in {_share(count['linked'], of)}"


def _share(hits: int, of: int) -> str:
    low, high = wilson(hits, of)
    return f"{hits} of {of} = {hits / max(1, of):.4f} ({low:.4f} to {high:.4f})"


def _looks(pipe: Pipe, sink: Sink, message: str, versions: tuple[bytes, bytes]) -> str:
    """What to count for a mail: alike, once every view of one version has come out as the other's has.

    Where they differ both are opened again, with more patience and in windows as tall: Chromium may draw one and the
    same version a shade different from one opening to the next.
    """
    seen: list[list[set[tuple[int, str]]]] = [[set() for _ in range(_VIEWS)] for _ in versions]
    tallest = STEP
    for patience in _OPENINGS:
        try:
            opened = [list(views(pipe, sink, version, patience, tallest)) for version in versions]
        except (AssertionError, LookupError, ValueError, BrowserError) as error:
            print(f"  not shown: {message} {type(error).__name__}", flush=True)
            return "not shown"
        for each, shots in zip(seen, opened, strict=True):
            for view, shot in zip(each, shots, strict=True):
                view.add(shot)
        unlike = sum(map(set.isdisjoint, *seen))
        if not unlike:
            return "alike"
        tallest = max(height for shots in opened for height, _ in shots)
    print(f"  differs: {message} in {unlike} of {_VIEWS} views", flush=True)
    return "different"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path, help="a file, or a folder of them")
    parser.add_argument("folders", type=Path, nargs="+")
    given = parser.parse_args()
    files = sorted(given.labels.glob("*.csv")) if given.labels.is_dir() else [given.labels]
    compare(by_message([label for file in files for label in read(file)]), Mails(given.folders))


if __name__ == "__main__":
    main()
