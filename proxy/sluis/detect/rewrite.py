"""The text an edit puts in place of another: small, unseen, and inert in whatever state a parser is.

A cut must not make something new. Taking `<img …>` out of `<scr<img …>ipt>` would write a script tag, and taking a
stray quote along would open an attribute of a tag around it. So cuts leave a blank where characters could join, and
quotes that are not their own.
"""

import re

from sluis.detect.page import Page
from sluis.detect.proposal import Cut
from sluis.scan.html import Attribute, Tag, enclosing

_BLANKS = " \t\n\r\f"
_PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"  # 1×1, transparent
_SANDBOX = "sandbox"
_ENTITY = re.compile(r"&(?:#|[A-Za-z][A-Za-z0-9]*+;)")
_ASSIGNMENT = re.compile(r"[ \t\n\r\f]*+=")
_UNSAFE = {'"': "%22", "'": "%27", "<": "%3C", ">": "%3E", "`": "%60", " ": "%20"}


def cut_tag(page: Page, tag: Tag) -> Cut | None:
    """`tag` gone; None where that would change what stands around it: cut its attributes instead.

    Its `>` may also end a tag in which it stands, and its quotes may be those of an attribute around it. To keep a
    length it becomes a comment, which unlike blanks shows nowhere; within a comment it becomes blanks.
    """
    if tag.stray_quote or not tag.closed or enclosing(page.text, tag.start, page.budget):
        return None
    if not page.policy.fit:
        return Cut(tag.start, tag.end, _joint(page.text, tag.start, tag.end), 0)
    if page.in_comment(tag.start):
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


def _joint(text: str, start: int, end: int) -> str:
    """Nothing where the characters around a cut cannot become one token, else a blank."""
    before, after = text[start - 1 : start], text[end : end + 1]
    return "" if before in _BLANKS + ">" or after == "<" else " "
