"""The whole job as one pure function: a message in, the same message without its trackers out.

    raw octets → parts → decoded octets → readings → proposals → edits → wire edits → raw octets

No I/O, no clock, no state. The output is the input with a list of spans replaced; every octet outside them is the
input's own, and without an edit the output *is* the input. Whatever goes wrong, the whole original goes on.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from sluis.detect.bases import bases
from sluis.detect.external import external
from sluis.detect.identity import Identity, identity
from sluis.detect.page import Page
from sluis.detect.proposal import Cut, Proposal
from sluis.detect.readers import Reader, reader
from sluis.detect.receipts import receipts
from sluis.detect.settle import apply
from sluis.detect.simple import Propose, rebuild
from sluis.envelope import Envelope
from sluis.message.body import Body
from sluis.message.charset import Text
from sluis.message.mime import Message, Part, parse
from sluis.message.splice import splice
from sluis.message.transfer import decode, taken_for
from sluis.policy import Policy
from sluis.report import Action, Cleaned, Edit, Finding, Kind, Report, Span, Verdict
from sluis.rules.table import Rules
from sluis.scan.budget import Budget, Overrun

_HTML = "text/html"

Found = tuple[list[Finding], list[Edit]]
Wanted = tuple[Proposal, Edit]


def clean(raw: bytes, policy: Policy, rules: Rules, envelope: Envelope | None = None) -> Cleaned:
    """`raw`, an RFC 5322 message, without its trackers as `policy` has it, and the report of what was done.

    Deterministic and idempotent: the output comes back as it is, with nothing edited. Never raises: a message that
    cannot be cleaned comes back whole, `SKIPPED` or `FAILED` with the reason.
    """
    try:
        return _clean(raw, policy, rules, identity((envelope or Envelope()).recipients))
    except Overrun as overrun:
        return _whole(raw, Verdict.FAILED, f"more than linear work to read ({overrun})")
    except Exception as error:  # nothing a sender writes may stop the mail
        return _whole(raw, Verdict.FAILED, f"internal error: {type(error).__name__}")


def reads(part: Part) -> bool:
    """Whether octets of the body of `part` can have a say in how a message comes out: any text may turn out signed."""
    return part.media_type.startswith("text/") or reader(part) is not None


def _clean(raw: bytes, policy: Policy, rules: Rules, who: Identity) -> Cleaned:
    message = parse(raw)
    if message.protected:
        return _whole(raw, Verdict.SKIPPED, message.protected)
    findings, edits = _headers(message, raw, policy)
    for part in message.parts:
        how = reader(part)
        if how and not part.protected and (policy.attached or not part.attached):
            bodies = (decode(raw, part.body, encoding) for encoding in taken_for(part.encoding))
            more_findings, more_edits = _together(_part(raw, part, how, body, policy, rules, who) for body in bodies)
            findings += more_findings
            edits += more_edits
    findings.sort(key=lambda finding: finding.span)
    if not edits:
        return Cleaned(raw, Report(Verdict.CLEAN, None, len(raw), len(raw), tuple(findings)))
    cleaned = splice(raw, sorted(edits, key=lambda edit: edit.start))
    return Cleaned(cleaned, Report(Verdict.CLEANED, None, len(raw), len(cleaned), tuple(findings)))


def _whole(raw: bytes, verdict: Verdict, reason: str) -> Cleaned:
    return Cleaned(raw, Report(verdict, reason, len(raw), len(raw)))


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


def _part(raw: bytes, part: Part, how: Reader, body: Body, policy: Policy, rules: Rules, who: Identity) -> Found:
    texts = how.texts(body.octets, part.charset)
    rebuild = policy.rebuild and not policy.fit and part.media_type == _HTML
    wanted: list[Wanted] = []
    for text in texts[:1] if rebuild else texts:
        page = Page(text.text, rules, policy, Budget(len(text.text)), who, text.native)
        wanted += _wanted(text, how.propose(page, part))
    if rebuild:

        def propose(html: str) -> Iterable[Proposal]:
            return how.propose(Page(html, rules, policy, Budget(len(html)), who), part)

        wanted = list(_rebuilt(texts[0], wanted, propose, "\r\n" if b"\r\n" in raw else "\n"))
    return _made(wanted, body, part, policy) if wanted else ([], [])


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


def _rebuilt(text: Text, wanted: list[Wanted], propose: Propose, line_end: str) -> Iterator[Wanted]:
    """One edit of the whole text, which all findings share."""
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
    acted = policy.edit and [edit for proposal, edit in wanted if proposal.cut.replacement is not None]
    edits = _disjoint(acted or [])
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
