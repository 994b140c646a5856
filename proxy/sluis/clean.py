"""The whole job as one pure function: a message in, the same message without its trackers out.

    raw octets → parts → decoded octets → readings → proposals → edits → wire edits → raw octets

No I/O, no clock, no state. The output is the input with a list of spans replaced; every octet outside them is the
input's own, and without an edit the output *is* the input.

Whoever sends a message may want the cleaner to fail on it, since what fails goes on as it came. So nothing that a part
holds bears on the others. Each is cleaned whole or not at all; one that would take more than linear work is disarmed
(`detect.disarm`), which is no failure; one on which a detector breaks passes as it came, and so does what stands behind
a cap of `message.mime`. Then the verdict is `FAILED`, which a gate counts, and with `fail: closed` does not let in.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial

from sluis.detect.bases import BASES, bases
from sluis.detect.external import external
from sluis.detect.identity import Identity, identity
from sluis.detect.page import Known, Page
from sluis.detect.proposal import Cut, Proposal, difference
from sluis.detect.readers import Reader, is_markup, reader
from sluis.detect.receipts import RECEIPTS, receipts
from sluis.detect.settle import apply
from sluis.detect.simple import rebuild
from sluis.envelope import Envelope
from sluis.message.body import Body
from sluis.message.charset import Text
from sluis.message.fields import fields
from sluis.message.mime import Message, Part, parse
from sluis.message.splice import splice
from sluis.message.transfer import decode, taken_for
from sluis.policy import Policy
from sluis.report import UNREAD, Action, Cleaned, Edit, Finding, Flaw, Kind, Report, Span, Verdict
from sluis.rules.table import Rules
from sluis.scan.budget import Budget

_HTML = "text/html"
_ASKING = (*RECEIPTS, *BASES, b"external-body")  # what `_headers` looks for
_ROUNDS = 4  # readings of octets that several charsets make different texts of

Found = tuple[list[Finding], list[Edit]]
Wanted = tuple[Proposal, Edit]


def clean(raw: bytes, policy: Policy, rules: Rules, envelope: Envelope | None = None) -> Cleaned:
    """`raw`, an RFC 5322 message, without its trackers as `policy` has it, and the report of what was done.

    Deterministic and idempotent: the output comes back as it is, with nothing edited. Never raises: what cannot be
    cleaned stays as it is, and the message is `SKIPPED` or `FAILED` with the reason.
    """
    try:
        return _clean(raw, policy, rules, identity((envelope or Envelope()).recipients))
    except Exception as error:  # nothing a sender writes may stop the mail
        return _whole(raw, Verdict.FAILED, _broken(error))


def reads(part: Part) -> bool:
    """Whether octets of the body of `part` can have a say in how a message comes out: any text may turn out signed."""
    return part.media_type.startswith("text/") or reader(part) is not None


def silent(header: bytes) -> bool:
    """Whether cleaning surely leaves a header as it is that stands alone, told at a glance: clients list thousands."""
    lower = header.lower()
    if any(name in lower for name in _ASKING):
        return False
    _, body, _ = fields(header, 0, len(header))
    return not header[body:].strip(b"\r\n")


def _clean(raw: bytes, policy: Policy, rules: Rules, who: Identity) -> Cleaned:
    message = parse(raw)
    if message.protected:
        return _whole(raw, Verdict.SKIPPED, message.protected, message.flaws)
    findings: list[Finding] = []
    edits: list[Edit] = []
    failures = [str(flaw) for flaw in message.flaws if flaw in UNREAD]
    for place, work in _works(message, raw, policy, rules, who):
        try:
            more_findings, more_edits = work()
        except Exception as error:  # this one part passes as it came, and hides no other
            failures.append(f"{_broken(error)} in {place}")
        else:
            findings += more_findings
            edits += more_edits
    findings.sort(key=lambda finding: finding.span)
    cleaned = splice(raw, sorted(edits, key=lambda edit: edit.start)) if edits else raw
    verdict = Verdict.FAILED if failures else Verdict.CLEANED if edits else Verdict.CLEAN
    reason = next(iter(failures), None)
    return Cleaned(cleaned, Report(verdict, reason, len(raw), len(cleaned), tuple(findings), message.flaws))


def _works(
    message: Message, raw: bytes, policy: Policy, rules: Rules, who: Identity
) -> Iterator[tuple[str, Callable[[], Found]]]:
    """What is to be done, place by place, each without regard to how another comes out."""
    yield "the header", partial(_headers, message, raw, policy)
    sole = _sole(message, policy)
    page = partial(Page, rules=rules, policy=policy, identity=who, known=Known(), sole=sole)
    for part in message.parts:
        how = reader(part)
        if how and not part.protected and (policy.attached or not part.attached):
            yield f"part {part.path}", partial(_part, raw, part, how, policy, page)


def _sole(message: Message, policy: Policy) -> bool:
    """Whether no client shows two parts as one page. With `fit` parts may be cleaned before others have come, so there
    it holds of a message that is one part.
    """
    alone = sum(map(is_markup, message.parts)) == 1 and not message.flaws
    return alone and not (policy.fit and message.parts[0].header[0])


def _broken(error: Exception) -> str:
    return f"internal error: {type(error).__name__}"


def _whole(raw: bytes, verdict: Verdict, reason: str, flaws: tuple[Flaw, ...] = ()) -> Cleaned:
    return Cleaned(raw, Report(verdict, reason, len(raw), len(raw), flaws=flaws))


def _headers(message: Message, raw: bytes, policy: Policy) -> Found:
    """What the header of the message asks of a client, and the headers of its parts."""
    found = [
        *receipts(message.fields, raw, fit=policy.fit),
        *bases(message, raw, attached=policy.attached, fit=policy.fit),
    ]
    for part in message.parts:
        if not part.protected and (policy.attached or not part.attached):
            found += external(part, raw, fit=policy.fit)
    if policy.edit:
        return [finding for finding, _ in found], [edit for _, edit in found]
    return [replace(finding, action=Action.KEPT) for finding, _ in found], []


def _together(found: Iterable[Found]) -> Found:
    """What is found in a part however its octets are taken; where two ways would edit the same place, one is enough."""
    ways = list(found)
    if len(ways) == 1:
        return ways[0]
    edits: list[Edit] = []
    for edit in sorted((edit for _, more in ways for edit in more), key=lambda edit: (edit.start, edit.end)):
        if not edits or edit.start >= edits[-1].end:
            edits.append(edit)
    made = {(edit.start, edit.end) for edit in edits}
    return [each for more, _ in ways for each in more if each.span in made or each.action is Action.KEPT], edits


def _part(raw: bytes, part: Part, how: Reader, policy: Policy, page: Callable[..., Page]) -> Found:
    encodings = dict.fromkeys(taken for encoding in part.encodings for taken in taken_for(encoding))
    bodies = (decode(raw, part.body, encoding) for encoding in encodings)
    return _together(_body(raw, part, how, body, policy, page) for body in bodies)


def _body(raw: bytes, part: Part, how: Reader, body: Body, policy: Policy, page: Callable[..., Page]) -> Found:
    def propose(html: str, native: Callable[[str], str] = str) -> Iterable[Proposal]:
        return how.propose(page(html, budget=Budget(len(html)), native=native), part)

    if policy.rebuild and not policy.fit and part.media_type == _HTML:
        with suppress(Exception):  # what no parser makes a document of is cleaned like any other part
            first = _texts(part, how, body.octets)[0]
            return _made(list(_rebuilt(first, propose, "\r\n" if b"\r\n" in raw else "\n")), body, part, policy)

    def read(octets: bytes) -> list[Wanted]:
        texts = _texts(part, how, octets)
        return [each for text in texts for each in _wanted(text, propose(text.text, text.native))]

    wanted = _agreed(body.octets, read)
    return _made(wanted, body, part, policy) if wanted else ([], [])


def _agreed(octets: bytes, read: Callable[[bytes], list[Wanted]]) -> list[Wanted]:
    """What all readings want. Where two want overlapping edits and one would be left out, they are made in turn, on
    octets that are read anew, and all become one edit; octets on which readings never agree go whole.
    """
    wanted = read(octets)
    edits = _acted(wanted)
    chosen = _disjoint(edits)
    if len(chosen) == len(dict.fromkeys(edits)):
        return wanted
    after, found = octets, wanted
    for _ in range(_ROUNDS):
        after = splice(after, chosen)
        more = read(after)
        chosen = _disjoint(_acted(more))
        if not chosen:
            break
        found = found + more
    else:
        after = b""
    if found is wanted:
        return wanted
    whole = _difference(octets, after, edits[0].blank)
    return [(proposal, whole) for proposal, _ in found if proposal.cut.replacement is not None]


def _acted(wanted: list[Wanted]) -> list[Edit]:
    return [edit for proposal, edit in wanted if proposal.cut.replacement is not None]


def _difference(before: bytes, after: bytes, blank: bytes) -> Edit:
    start, end, replacement, _ = difference(before.decode("latin-1"), after.decode("latin-1"))
    return Edit(start, end, (replacement or "").encode("latin-1"), None, blank)


def _texts(part: Part, how: Reader, octets: bytes) -> list[Text]:
    """The body in all charsets that are declared, each reading once."""
    found = [text for charset in part.charsets for text in how.texts(octets, charset)]
    return list({text.text: text for text in reversed(found)}.values())[::-1] if len(found) > 1 else found


def _wanted(text: Text, proposals: Iterable[Proposal]) -> Iterator[Wanted]:
    """The proposals for one reading, each with its edit of the decoded octets."""
    found = tuple(proposals)
    cuts = sorted({(cut[0], cut[1], cut[2], cut[3]) for cut in (each.cut for each in found) if cut[2] is not None})
    edits = dict(zip(cuts, text.edits(cuts), strict=True))
    for proposal in found:
        start, end, replacement, pad = proposal.cut
        kept = replacement is None
        edit = text.edit(start, end, "", pad) if kept else edits[start, end, replacement or "", pad]
        if edit is not None:
            yield proposal, edit


def _rebuilt(text: Text, propose: Callable[..., Iterable[Proposal]], line_end: str) -> Iterator[Wanted]:
    """One edit of the whole text, which all findings share. Raises whatever the parsers do."""
    wanted = list(_wanted(text, propose(text.text, text.native)))
    clipped = text.native(apply(text.text, [proposal for proposal, _ in wanted]))
    mark = "\ufeff" if clipped.startswith("\ufeff") else ""  # a byte order mark is no text, and stays
    html = (mark + rebuild(clipped.removeprefix(mark), propose, line_end)).encode(text.codec)
    if html != text.octets:
        edit = Edit(0, len(text.octets), html)
        cut = Cut(0, len(text.text), "")
        why = "the policy keeps what a letter needs: text, structure, links and images that came along"
        yield Proposal(Kind.ACTIVE_CONTENT, Action.REMOVED, "simple-html", cut, why), edit
        yield from ((proposal, edit) for proposal, _ in wanted)


def _made(wanted: list[Wanted], body: Body, part: Part, policy: Policy) -> Found:
    """The findings with their spans on the wire, and the wire edits. What cannot be edited is kept, and says so."""
    edits = _disjoint(_acted(wanted) if policy.edit else [])
    rewired = body.wire(edits, fit=policy.fit)
    spans = dict(zip(edits, rewired.spans, strict=True))
    findings = [
        _finding(proposal, part, made)
        if (made := spans.get(edit))
        else _kept(proposal, part, body.locate(edit.start, edit.end), refused=edit in spans)
        for proposal, edit in wanted
    ]
    return findings, list(rewired.edits)


def _disjoint(edits: list[Edit]) -> list[Edit]:
    """The edits by place, each once. Two readings of the same octets may want overlapping ones: the first stands."""
    chosen: list[Edit] = []
    for edit in sorted(dict.fromkeys(edits), key=lambda edit: (edit.start, -edit.end)):
        if not chosen or edit.start >= chosen[-1].end:
            chosen.append(edit)
    return chosen


def _kept(proposal: Proposal, part: Part, place: Span, *, refused: bool) -> Finding:
    """What was found and left; where the change was refused, it says so."""
    why = proposal.why + "; kept, since there is no room for the change" if refused else proposal.why
    return _finding(proposal, part, place, Action.KEPT, why)


def _finding(
    proposal: Proposal, part: Part, span: Span, action: Action | None = None, why: str | None = None
) -> Finding:
    return Finding(
        proposal.kind,
        action or proposal.action,
        proposal.technique,
        proposal.vendor,
        proposal.rule,
        proposal.url,
        proposal.destination,
        part.path,
        span,
        proposal.confidence,
        why or proposal.why,
    )
