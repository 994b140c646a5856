"""Draws `docs/before-after.png`: the bundled newsletter as it was sent and as Sluis hands it on, side by side.

    python -m docs.before_after

Both halves are the real message in a real Chromium, with what tells on the reader painted over. The numbers under them
are of requests that really arrived, links as the report has them, and lines that really differ.
"""

import difflib
import tempfile
from collections.abc import Mapping
from html import escape
from pathlib import Path

from tests.fixtures.catalogue import TRACKED
from tests.render.browser import View, render
from tests.render.sink import Resource, Sink, running
from tests.render.webmail import ORIGIN, open_message, page

from sluis.clean import clean
from sluis.explain import whose
from sluis.policy import POLICIES
from sluis.report import Kind, Report
from sluis.rules.load import load

PICTURE = Path(__file__).parent / "before-after.png"
VIEW = View(width=1000, height=1085, scale=2)
RED, GREEN = "#c8102e", "#2e7d4f"
FRAME = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; padding: 26px 30px; background: #fff; color: #1d2a30; font: 16px/27px sans-serif }}
body {{ display: flex; gap: 36px }}
section {{ flex: 1; min-width: 0 }}
h2 {{ margin: 0 0 12px; font-size: 19px }}
div {{ height: 896px; overflow: hidden; border: 1px solid #d8d2c6; border-radius: 10px; background: #efe6d8 }}
iframe {{ width: 738px; height: 1470px; border: 0; transform: scale(.61); transform-origin: 0 0 }}
p {{ margin: 14px 0 0 }} b {{ font-size: 22px }}
.sent b, .sent h2 {{ color: {red} }} .on b, .on h2 {{ color: {green} }}
</style>
<section class="sent"><h2>As it was sent</h2><div><iframe src="sent"></iframe></div>
<p><b>{calls}</b> trackers are told that it was opened,<br><b>{links}</b> links report the click before they lead on</p>
</section>
<section class="on"><h2>As Sluis hands it on</h2><div><iframe src="on"></iframe></div>
<p><b>{calls_on}</b> trackers are told, <b>{links_on}</b> links report the click,<br>
<b>{same}</b> of {lines} lines are octet for octet as sent</p>
</section>
"""
MARKS = """<style>
a[href^="http"]:not([href*="/u/"]) {{ outline: 3px solid {colour}; outline-offset: 3px; position: relative }}
a[style*="inline-block"]::after {{
  content: attr(href); position: absolute; left: 0; top: 58px; width: 500px; padding: 0 12px; overflow: hidden;
  background: {colour}; color: #fff; font: 17px/32px sans-serif; white-space: nowrap; text-overflow: ellipsis
}}
.mark {{ margin: 0 auto; width: 576px; padding: 0 12px; font: 20px/33px sans-serif; color: {colour} }}
.mark i {{ display: inline-block; width: 14px; height: 14px; margin: 0 12px -1px 0; background: {colour} }}
</style><div class="mark">{notes}</div>"""


def draw(sink: Sink) -> bytes:
    """The picture, as PNG."""
    fixture = next(fixture for fixture in TRACKED if fixture.name == "newsletter")
    rules = load()
    done = clean(fixture.raw, POLICIES["balanced"], rules)
    again = clean(done.raw, POLICIES["balanced"], rules).report
    trackers = set(fixture.trackers)
    lines = fixture.raw.splitlines()
    numbers = {
        "calls": len(open_message(fixture.raw, sink).urls & trackers),
        "calls_on": len(open_message(done.raw, sink).urls & trackers),
        "links": _links(done.report),
        "links_on": _links(again),
        "same": sum(block.size for block in _matching(lines, done.raw.splitlines())),
        "lines": len(lines),
    }
    sink.forget()
    sink.resources.update(_marked(page(fixture.raw), "sent", RED, _notes(done.report)))
    sink.resources.update(_marked(page(done.raw), "on", GREEN, []))
    frame = FRAME.format(red=RED, green=GREEN, **numbers)
    sink.resources[f"{ORIGIN}/"] = Resource("text/html", frame.encode())
    return render(f"{ORIGIN}/", sink, VIEW)


def _links(report: Report) -> int:
    return sum(finding.kind is Kind.CLICK_REDIRECT for finding in report.findings)


def _matching(before: list[bytes], after: list[bytes]) -> list[difflib.Match]:
    return difflib.SequenceMatcher(a=before, b=after, autojunk=False).get_matching_blocks()


def _notes(report: Report) -> list[str]:
    pixels = [finding for finding in report.findings if finding.kind is Kind.OPEN_PIXEL]
    return [f"<i></i>{escape(whose(pixel))}: {escape(_hidden(pixel.why))}" for pixel in pixels]


def _hidden(why: str) -> str:
    """Of what gives a pixel away, rather how it was hidden than whose address it has."""
    clauses = why.split("; ")
    return next((clause for clause in clauses if not clause.startswith("its address")), clauses[0])


def _marked(served: Mapping[str, Resource], name: str, colour: str, notes: list[str]) -> dict[str, Resource]:
    """The page under `name`, its links outlined and `notes` below it; what it shows beside stays where it is."""
    marks = MARKS.format(colour=colour, notes="<br>".join(notes))
    body = served[f"{ORIGIN}/"]
    marked = Resource(body.media_type, body.octets.replace(b"</body>", marks.encode() + b"</body>"))
    return {address: each for address, each in served.items() if address != f"{ORIGIN}/"} | {f"{ORIGIN}/{name}": marked}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as sink:
        PICTURE.write_bytes(draw(sink))
