"""What is fuzzed: each target takes any octets at all and asserts what holds for them.

A target is a plain function, so that a find is replayed without the fuzzer. The first `HEAD` octets steer (a policy, a
charset, places of edits), the rest is what a sender would send: a corpus file can be read and written by hand.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from html5lib._tokenizer import HTMLTokenizer
from html5lib.constants import tokenTypes
from tests.fuzz.dialogue import dialogue, telling
from tests.invariants import beacons, check, rules
from tests.linear.hostile import PIXEL

from sluis import clean as cleaner
from sluis.authentication import arc, dkim, dmarc, spf
from sluis.authentication.question import Answer, Known, Question, Wanting
from sluis.authentication.results import NO_FIELD, findings, marked
from sluis.authentication.verdict import Verdicts
from sluis.clean import reads
from sluis.detect.elements import ELEMENTS
from sluis.edge.pool import CleaningError
from sluis.envelope import Envelope
from sluis.imap.capability import offered
from sluis.imap.command import ask
from sluis.imap.fetch import answer
from sluis.imap.structure import structure
from sluis.imap.wire import Framer, Line, Octets
from sluis.message.body import Encoding
from sluis.message.charset import readings
from sluis.message.mime import parse
from sluis.message.skim import Skim
from sluis.message.splice import splice
from sluis.message.transfer import decode
from sluis.milter.changes import changes
from sluis.milter.collected import Collected
from sluis.milter.packet import Framer as PacketFramer
from sluis.milter.packet import Packet, ProtocolError, agreed
from sluis.policy import POLICIES, Policy
from sluis.report import Action, Edit, Verdict
from sluis.scan.budget import Budget, Overrun
from sluis.scan.css import references
from sluis.scan.fold import fold
from sluis.scan.html import AttributeScanner, Tag, TagScanner, enclosing, lower
from sluis.smtp.framing import Framing, Refused, Whole, flaw, stuffed
from sluis.urls.resolve import resolve

HEAD = 8
TRANSFERS = (Encoding.QUOTED_PRINTABLE, Encoding.BASE64, Encoding.IDENTITY)
CHARSETS = (
    *("utf-8", "windows-1252", "shift_jis", "gbk", "big5", "euc-kr", "utf-7", "utf-16", "utf-16-le", "utf-32"),
    *("iso-2022-jp", "iso-2022-kr", "hz", "cp037", "x-unknown"),
)
ASCII = ("utf-8", "windows-1252", "shift_jis", "gbk", "big5", "euc-kr")
TYPES = ("text/html", "text/plain", "text/calendar", "text/vcard", "image/svg+xml", "text/css", "text/x-amp-html")
WRITTEN = ("7bit", "quoted-printable", "base64")
STATES = ("dataState", "rcdataState", "rawtextState", "scriptDataState", "plaintextState", "cdataSectionState")
_KEY = (Path(__file__).parent / "key.txt").read_bytes()  # a public key as DNS has it, of whom the corpus is signed
_SCANNER = TagScanner(ELEMENTS)
_ANYWHERE = AttributeScanner({"background", "srcdoc", "ping"})

_RECORDS = (b"192.0.2.7", b"mx.a.example", b"v=spf1 a mx ptr include:%{d}.x -all", _KEY, b"v=DMARC1; p=reject")

Target = Callable[[bytes], None]
T = TypeVar("T")


def split(data: bytes) -> tuple[bytes, bytes]:
    """The octets that steer, as many as there have to be, and the rest."""
    return data[:HEAD].ljust(HEAD, b"\0"), data[HEAD:]


def message(data: bytes) -> None:
    """Parts lie apart, in order and within the message, and so do their headers."""
    position = 0
    for part in parse(data).parts:
        assert position <= part.body[0] <= part.body[1] <= len(data)
        assert 0 <= part.header[0] <= part.header[1] <= part.body[0]
        position = part.body[1]


def edits(head: bytes, length: int) -> list[Edit]:
    """Up to three edits of a text of `length` octets, apart from each other."""
    points = sorted({octet * length // 255 for octet in head[:6]})
    texts = (b"", b"x", b"https://shop.example/'", b"=\xe9-->")
    return [
        Edit(start, end, texts[head[6] >> (2 * index) & 3], None)
        for index, (start, end) in enumerate(list(pairwise(points))[::2])
    ]


def transfer(data: bytes) -> None:
    """What is decoded after edits is what was ordered, blanks aside, within the spans that were said."""
    head, wire = split(data)
    encoding = TRANSFERS[head[7] % len(TRANSFERS)]
    body = decode(wire, (0, len(wire)), encoding)
    ordered = edits(head, len(body.octets))
    free = body.wire(ordered, fit=False)
    after = decode(splice(wire, free.edits), (0, len(splice(wire, free.edits))), encoding).octets
    made = [edit for edit, span in zip(ordered, free.spans, strict=True) if span]
    if encoding is not Encoding.IDENTITY:
        assert _dense(after) == _dense(splice(body.octets, made))
    fitted = splice(wire, body.wire(ordered, fit=True).edits)
    assert (len(fitted), fitted.count(b"\n")) == (len(wire), wire.count(b"\n"))
    for start, end in pairwise(sorted({octet * len(body.octets) // 255 for octet in head})):
        first, last = body.locate(start, end)
        assert 0 <= first <= last <= len(wire)


def _dense(octets: bytes) -> bytes:
    return octets.translate(None, b" \t")


def charset(data: bytes) -> None:
    """An edit of a reading changes what it says and nothing else."""
    head, octets = split(data)
    declared = CHARSETS[head[7] % len(CHARSETS)]
    for reading in readings(octets, declared):
        start, end = sorted(octet * len(reading.text) // 255 for octet in head[:2])
        edit = reading.edit(start, end, "x")
        if edit is None or any(reading.text.startswith("\r\n", at - 1) for at in (start, end)):
            continue  # no edit takes half a line end along
        assert 0 <= edit.start <= edit.end <= len(octets)
        again = readings(splice(octets, [edit]), declared)
        wanted = reading.text[:start] + "x" + reading.text[end:]
        if reading.places and again[0].codec == reading.codec and start:  # a byte order mark may be cut
            assert wanted in {each.text for each in again}


def html(data: bytes) -> None:
    """Offsets are true, and every start tag that a tokeniser yields in any state is seen with its attributes."""
    head, octets = split(data)
    text = octets.decode("latin-1")
    lowered = lower(text)
    try:
        budget = Budget(len(text))
        tags = list(_SCANNER.tags(text, lowered, budget))
        for attribute in _ANYWHERE.attributes(text, lowered, budget):
            assert lowered[attribute.start :].startswith(attribute.name)
        around = enclosing(text, len(text) // 2, budget)
        assert around is None or around.start < len(text) // 2 < around.end
    except Overrun:
        return
    for tag in tags:
        _placed(tag)
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    seen = [(tag.name, tag) for tag in _SCANNER.tags(plain, lower(plain), Budget(len(plain)))]
    for name, attributes in standard(plain, STATES[head[0] % len(STATES)]):
        assert any(name == ours and _holds(tag, attributes) for ours, tag in seen), (name, attributes)


def _placed(tag: Tag) -> None:
    assert tag.text[tag.start] == "<"
    assert tag.start < tag.inner <= tag.end <= len(tag.text)
    position = tag.inner
    for attribute in tag.attributes:
        assert position <= attribute.start < attribute.end <= tag.end
        assert tag.text[attribute.value_start : attribute.value_end] == attribute.raw
        position = attribute.end


def standard(text: str, state: str) -> list[tuple[str, dict[str, str]]]:
    """The start tags of what loads, as the standard's tokeniser sees them from `state` on."""
    tokeniser = HTMLTokenizer(text)
    tokeniser.state = getattr(tokeniser, state)
    return [
        (token["name"], dict(token["data"]))
        for token in tokeniser
        if token["type"] == tokenTypes["StartTag"] and token["name"] in ELEMENTS
    ]


def _holds(tag: Tag, attributes: Mapping[str, str]) -> bool:
    """A raw value of ours may stop at a stray quote; NUL is replaced by the standard."""
    ours = {attribute.name.lower(): attribute.value.replace("\0", "\ufffd") for attribute in reversed(tag.attributes)}
    names = {name.replace("\0", "\ufffd") for name in ours}
    return all(
        name.lower() in names
        and value.startswith(ours.get(name.lower(), ours.get(name.lower().replace("\ufffd", "\0"), "")))
        for name, value in attributes.items()
    )


def css(data: bytes) -> None:
    """References lie within the text, and folding keeps the way back."""
    text = data.decode("latin-1")
    try:
        for reference in references(text, Budget(len(text))):
            assert 0 <= reference.start <= reference.end <= len(text)
    except Overrun:
        return
    if folded := fold(text):
        origins = [folded.origin(offset) for offset in range(len(folded.text) + 1)]
        assert origins == sorted(origins)
        assert 0 <= origins[0] <= origins[-1] <= len(text)


def clean(data: bytes) -> None:
    """The invariants, for a message as it stands, or for a part that the head describes.

    A part may have a known beacon planted into it, anywhere: of that, and of all others, none may be left to load.
    """
    head, octets = split(data)
    policy = replace(POLICIES[sorted(POLICIES)[head[0] % len(POLICIES)]], fit=bool(head[1] & 1))
    envelope = Envelope("", ("reader@home.example", "a.b+c@gmail.com")) if head[2] & 2 else None
    if head[2] & 1:
        check(octets, policy, envelope)
        return
    if head[6] & 2:
        planted(head, octets, policy, envelope)
        return
    kind, written = TYPES[head[3] % len(TYPES)], WRITTEN[head[4] % len(WRITTEN)]
    text, name = octets, CHARSETS[head[5] % len(CHARSETS)]
    if head[6] & 1 and name != "x-unknown":
        text = octets.decode("latin-1").encode(name, "xmlcharrefreplace")
    header = f"Content-Type: {kind}; charset={name}\r\nContent-Transfer-Encoding: {written}\r\n\r\n"
    check(header.encode() + transferred(text, written), policy, envelope)


def planted(head: bytes, octets: bytes, policy: Policy, envelope: Envelope | None) -> None:
    """HTML with a beacon in it, at a place that the head tells: whatever stands around it, no browser loads one."""
    name, written = ASCII[head[5] % len(ASCII)], WRITTEN[head[4] % len(WRITTEN)]
    place = head[7] * len(octets) // 255
    text = octets[:place] + PIXEL.encode() + octets[place:]
    header = f"Content-Type: text/html; charset={name}\r\nContent-Transfer-Encoding: {written}\r\n\r\n"
    done = check(header.encode() + transferred(text, written), policy, envelope)
    refused = any(finding.action is Action.KEPT and "no room" in finding.why for finding in done.report.findings)
    if done.report.verdict is Verdict.SKIPPED or not policy.edit or refused:
        return
    (part,) = parse(done.raw).parts
    page = decode(done.raw, part.body, part.encodings[0]).octets.decode(name, "replace")
    assert list(beacons(page)) == []


def transferred(text: bytes, written: str) -> bytes:
    """`text` in a transfer encoding, with CR LF."""
    from base64 import encodebytes
    from quopri import encodestring

    lines = text.replace(b"\r\n", b"\n")
    if written == "base64":
        return encodebytes(text).replace(b"\n", b"\r\n")
    return (encodestring(lines) if written == "quoted-printable" else lines).replace(b"\n", b"\r\n")


def urls(data: bytes) -> None:
    """Where a link leads is a fixed point, and nothing raises."""
    text = data.decode("utf-8", "surrogateescape")
    for security in (False, True):
        found = resolve(text, rules(), security=security)
        if found is not None:
            assert resolve(found.destination, rules(), security=security) is None, found


def framing(data: bytes) -> None:
    """Cuts change nothing, what is sent comes out as it was, and only CR LF . CR LF ends a message."""
    head, wire = split(data)
    whole, cut = _fed(wire, ()), _fed(wire, tuple(octet * len(wire) // 255 for octet in head))
    assert whole == cut or (isinstance(whole, Refused) and isinstance(cut, Refused))  # of two flaws either is named
    if isinstance(whole, Whole):
        end = len(wire) - len(whole.rest)
        assert (b"\r\n" + wire[:end]).endswith(b"\r\n.\r\n")
        assert flaw(whole.message) is None
    if flaw(wire) is None:
        ended = wire if not wire or wire.endswith(b"\r\n") else wire + b"\r\n"
        assert _fed(b"".join(stuffed(wire)), ()) == Whole(ended, b"")


def _fed(wire: bytes, cuts: tuple[int, ...]) -> Whole | Refused | None:
    framing = Framing(len(wire) + 16)
    for start, end in pairwise([0, *sorted(cuts), len(wire)]):
        if event := framing.feed(wire[start:end]):
            if event.rest is None:
                return event
            return replace(event, rest=event.rest + wire[end:])
    return None


def imap(data: bytes) -> None:
    """Cuts change nothing, what comes out put end to end is what went in, and nothing that is read raises."""
    head, wire = split(data)
    server = bool(head[0] & 1)
    whole, cut = _framed(wire, (), server), _framed(wire, tuple(octet * len(wire) // 255 for octet in head), server)
    assert whole == cut
    assert wire.startswith(b"".join(octets for octets, _ in whole))
    ask(wire, 0)
    offered(wire)
    structure(wire)
    if found := answer(wire):
        assert found.with_texts({}) == wire
        assert all(wire[slice(*item.span)].upper().startswith(item.name) for item in found.items)


def _framed(wire: bytes, cuts: tuple[int, ...], server: bool) -> list[tuple[bytes, bool]]:
    """The lines of a stream and its literals, each whole, and which of them end a command or response."""
    framer, found, literal = Framer(server=server), list[tuple[bytes, bool]](), False
    for start, end in pairwise([0, *sorted(cuts), len(wire)]):
        framer.feed(wire[start:end])
        while (event := framer.next()) is not None:
            if isinstance(event, Line):
                found.append((event.octets, event.last))
            elif literal:
                found[-1] = (found[-1][0] + event.octets, False)
            else:
                found.append((event.octets, False))
            literal = isinstance(event, Octets) and event.left > 0
    return found


def milter(data: bytes) -> None:
    """Cuts change nothing, packets put end to end are what went in, and any packets are a message or none."""
    head, wire = split(data)
    whole = _packets(wire, ())
    assert whole == _packets(wire, tuple(octet * len(wire) // 255 for octet in head))
    assert wire.startswith(b"".join(packet.wire() for packet in whole))
    told = Collected(limit=1 + 16 * head[0])
    for packet in whole:
        told.hear(packet)
        with suppress(ProtocolError):
            agreed(packet)
    with suppress(CleaningError):
        raw = told.take()
        cleaned = cleaner.clean(raw, POLICIES["strict"], rules(), told.envelope).raw
        for order in changes(told.fields, raw, cleaned):
            assert order.command in b"mb"
        assert [*changes(told.fields, raw, raw)] == []


def _packets(wire: bytes, cuts: tuple[int, ...]) -> list[Packet]:
    """The packets of a stream, up to where it is none any more."""
    framer, found = PacketFramer(), list[Packet]()
    with suppress(ProtocolError):
        for start, end in pairwise([0, *sorted(cuts), len(wire)]):
            framer.feed(wire[start:end])
            while (packet := framer.next()) is not None:
                found.append(packet)
    return found


def skim(data: bytes) -> None:
    """A message as it streams comes out as it does whole."""
    head, raw = split(data)
    policy = replace(POLICIES["balanced"], fit=True)
    skimmed, out, done = Skim(reads, least=1 + head[0]), b"", 0
    step = 1 + head[1]
    for start in range(0, len(raw), step):
        if passing := skimmed.feed(raw[start : start + step]):
            settled = cleaner.clean(bytes(skimmed.kept[: skimmed.settled]), policy, rules()).raw
            out, done = out + settled[done:] + passing, skimmed.settled
    rest = skimmed.end()
    cleaned = cleaner.clean(raw, policy, rules())
    if cleaned.report.verdict is not Verdict.FAILED:
        assert out + cleaner.clean(bytes(skimmed.kept), policy, rules()).raw[done:] + rest == cleaned.raw


def authentication(data: bytes) -> None:
    """Any message has a verdict by any DNS, and but for fields of our name it is whole below what is put on top."""
    head, octets = split(data)
    texts, _, raw = octets.partition(b"\0\0")
    answers = (None, (), (texts,), (texts, b"v=DMARC1; p=none"), *((record,) for record in _RECORDS))
    chosen = {kind: answers[head[at] % len(answers)] for at, kind in enumerate(("TXT", "A", "AAAA", "MX", "PTR"))}

    def asked(work: Callable[[Known], T]) -> T:
        known: dict[Question, Answer] = {}
        while True:
            try:
                return work(known)
            except Wanting as wanting:
                known |= {question: chosen[question.kind] for question in wanting.questions}
                assert len(known) <= 200

    signatures = asked(partial(dkim.judged, raw, head[5] << 24))
    chain = asked(partial(arc.judged, raw))
    sent = asked(partial(spf.judged, ("192.0.2.7", "2001:db8::7", "")[head[6] % 3], "mx.a.example", "a@a.example"))
    policy = asked(partial(dmarc.published, "mail.a.example"))
    verdicts = Verdicts(sent, signatures, dmarc.judged("mail.a.example", policy, sent, signatures), chain)
    out = marked(raw, "mx.a.example", verdicts)
    field = (
        b"" if raw.startswith(NO_FIELD) else b"Authentication-Results: " + findings("mx.a.example", verdicts) + b"\r\n"
    )
    assert out.startswith(field)
    assert max(map(len, field.split(b"\r\n"))) <= 998
    if b"mx.a.example" not in raw.lower():
        assert out == field + raw
    assert marked(out, "mx.a.example", verdicts) == out


_EACH: tuple[Target, ...] = (message, transfer, charset, html, css, clean, urls, framing, skim, authentication)
_EACH += (imap, telling, dialogue, milter)
TARGETS: Mapping[str, Target] = MappingProxyType({each.__name__: each for each in _EACH})
