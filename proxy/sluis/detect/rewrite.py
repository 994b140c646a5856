"""The text an edit puts in place of another: small, unseen, and inert in whatever state a parser is.

A cut must not make something new. Taking `<img …>` out of `<scr<img …>ipt>` would write a script tag, and taking a
stray quote along would open an attribute of a tag around it. So cuts leave a blank where characters could join, and
quotes that are not their own.
"""

import re
from bisect import bisect_left, bisect_right
from functools import lru_cache

from sluis.detect.proposal import Cut
from sluis.scan.budget import Budget
from sluis.scan.html import Attribute, Tag, enclosing

_BLANKS = " \t\n\r\f"
_PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"  # 1×1, transparent
_SANDBOX = "sandbox"
_ENTITY = re.compile(r"&(?:#|[A-Za-z][A-Za-z0-9]*+;)")
_ASSIGNMENT = re.compile(r"[ \t\n\r\f]*+=")
_OPENING, _CLOSING = re.compile("<!--"), re.compile("-->")
_UNSAFE = {'"': "%22", "'": "%27", "<": "%3C", ">": "%3E", "`": "%60", " ": "%20"}


def cut_tag(tag: Tag, budget: Budget, *, fit: bool) -> Cut | None:
    """`tag` gone; None where that would change what stands around it: cut its attributes instead.

    Its `>` may also end a tag in which it stands, and its quotes may be those of an attribute around it. To keep a
    length it becomes a comment, which unlike blanks shows nowhere; within a comment it becomes blanks.
    """
    if tag.stray_quote or not tag.closed or enclosing(tag.text, tag.start, budget):
        return None
    if not fit:
        return Cut(tag.start, tag.end, _joint(tag.text, tag.start, tag.end), 0)
    if in_comment(tag.text, tag.start):
        return Cut(tag.start, tag.end, "", 0)
    return Cut(tag.start, tag.end, "<!---->", 4)


def cut_attribute(text: str, attribute: Attribute) -> Cut:
    """The attribute gone, name and value. What is left of `a b=c =d` must not read `a=d`."""
    joint = "/" if _ASSIGNMENT.match(text, attribute.end) else _joint(text, attribute.start, attribute.end)
    return Cut(attribute.start, attribute.end, joint, len(joint))


def empty_frame(text: str, attribute: Attribute, *, fit: bool) -> Cut:
    """The address of a frame gone, and the frame as far from its page as one of another site, where that has room.

    Browsers draw those in layers of their own, and an empty one must not change by a shade how the rest is drawn.
    """
    cut = cut_attribute(text, attribute)
    after = text[attribute.end : attribute.end + 1]
    sandbox = _SANDBOX if after in _BLANKS + "/>" else _SANDBOX + " "
    if cut.replacement == "/" or (fit and len(sandbox) > cut.end - cut.start):
        return cut
    return cut._replace(replacement=sandbox, pad=len(sandbox))


def blank_image(text: str, attribute: Attribute, *, fit: bool) -> Cut:
    """The source of an image replaced by a transparent pixel that takes the image's box; cut where that has no room.

    A stray quote behind an unquoted value is part of it to a client; as a fragment it does no harm.
    """
    if not room_for_blank(attribute, fit=fit):
        return cut_attribute(text, attribute)
    stray = not attribute.quote and text[attribute.end : attribute.end + 1] in {'"', "'"}
    return new_value(attribute, _PIXEL + "#" * stray)


def room_for_blank(attribute: Attribute, *, fit: bool) -> bool:
    """Whether a transparent pixel can stand in place of the value."""
    return not fit or attribute.value_end - attribute.value_start > len(_PIXEL)


def new_value(attribute: Attribute, value: str) -> Cut:
    """Another value for `attribute`, escaped as the old one was. Blanks go behind its closing quote."""
    replacement = escaped(value, attribute.raw, attribute.quote) + attribute.quote
    return Cut(attribute.value_start, attribute.end, replacement, len(replacement))


def escaped(value: str, like: str, quote: str = "") -> str:
    """An address as HTML has it within `quote`, its ampersands as in `like`, which stood there before."""
    for mark, escape in _UNSAFE.items():
        if mark in value and (mark != "'" or quote != '"'):
            value = value.replace(mark, escape)
    if "&" in value and ("&" not in like or _ENTITY.search(like) or _ENTITY.search(value)):
        value = value.replace("&", "&amp;")
    return value if value.isascii() else value.encode("ascii", "xmlcharrefreplace").decode()


def in_comment(text: str, position: int) -> bool:
    """Whether a comment that opened before `position` has not closed by then."""
    opened, closed = _comments(text)
    index = bisect_right(opened, position - 4) - 1
    if index < 0:
        return False
    end = bisect_left(closed, opened[index] + 4)
    return end == len(closed) or closed[end] > position - 3


@lru_cache(maxsize=2)
def _comments(text: str) -> tuple[list[int], list[int]]:
    """Where comments open and where they close, found once for all the tags of a text."""
    return [each.start() for each in _OPENING.finditer(text)], [each.start() for each in _CLOSING.finditer(text)]


def _joint(text: str, start: int, end: int) -> str:
    """Nothing where the characters around a cut cannot become one token, else a blank."""
    before, after = text[start - 1 : start], text[end : end + 1]
    return "" if before in _BLANKS + ">" or after == "<" else " "
