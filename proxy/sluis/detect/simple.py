"""The `simple` policy: the HTML built anew from a short list of what a letter needs, and nothing of what a page can do.

The one place where a message is re-serialised, because the operator asked for it. Structure, text, links and images
that came along stay; styles, scripts, remote images and everything unnamed go. Parsed as lxml does, written by
BeautifulSoup in ASCII with character references, which every charset of mail can hold.
"""

import re
import warnings
from collections.abc import Callable, Iterable

from bs4 import BeautifulSoup, MarkupResemblesLocatorWarning, Tag, XMLParsedAsHTMLWarning
from bs4.element import PreformattedString

from sluis.detect.proposal import Proposal
from sluis.detect.remote import is_document, is_remote
from sluis.detect.settle import apply

warnings.filterwarnings("ignore", category=MarkupResemblesLocatorWarning)  # a short mail may look like an address
warnings.filterwarnings("ignore", category=XMLParsedAsHTMLWarning)  # as which a client reads it, whatever it says

_KEPT = {
    **dict.fromkeys(("a",), ("href",)),
    **dict.fromkeys(("img",), ("src", "alt", "width", "height")),
    **dict.fromkeys(("td", "th"), ("colspan", "rowspan", "align", "valign")),
    **dict.fromkeys(("p", "div", "span", "br", "hr", "b", "strong", "i", "em", "u", "s", "sub", "sup", "small"), ()),
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd", "center"), ()),
    **dict.fromkeys(("blockquote", "pre", "code", "table", "thead", "tbody", "tfoot", "tr", "caption"), ()),
    **dict.fromkeys(("html", "body"), ()),
}
_EVERYWHERE = ("dir", "lang")
_DROPPED = frozenset(
    {"script", "style", "title", "head", "template", "noscript", "iframe", "object", "svg", "math", "video", "audio"}
)
_LINE_END = re.compile(r"\r\n|\r|\n")
_SURROGATE = re.compile("[\ud800-\udfff]")  # half a character, as UTF-7 can write it
_ROUNDS = 4  # one is enough for HTML that a parser reads the same way twice

Propose = Callable[[str], Iterable[Proposal]]


def rebuild(text: str, propose: Propose, line_end: str = "\n") -> str:
    """`text`, an HTML document, as simple HTML whose lines end in `line_end`; itself if it is that already.

    What goes may have stood between two halves of something: what `propose` finds in the new text goes as well. Raises
    ValueError if it never settles.
    """
    if not text.strip():
        return text
    for _ in range(_ROUNDS):
        built = _build(text).replace("\n", line_end)
        built = apply(built, propose(built))
        if built == text:
            return text
        text = built
    raise ValueError("HTML that reads differently each time")


def _build(text: str) -> str:
    soup = BeautifulSoup(_SURROGATE.sub("\ufffd", _LINE_END.sub("\n", text)), "lxml")
    for element in soup.find_all(_DROPPED):
        element.decompose()
    for comment in soup.find_all(string=lambda string: isinstance(string, PreformattedString)):
        comment.extract()
    for element in soup.find_all(lambda element: isinstance(element, Tag)):
        if element.name in _KEPT:
            _strip(element)
        else:
            element.unwrap()
    html = soup.decode(formatter="minimal").strip().encode("ascii", "xmlcharrefreplace").decode()
    html = html.replace("\r", "&#13;")  # as it was written, or it would not have come through the parser
    return html.replace("\n--", "\n&#45;-") + "\n"  # two dashes that begin a line could delimit a part


def _strip(element: Tag) -> None:
    """Leave an element the attributes it needs; an image that would be fetched keeps its text alone."""
    names = (*_KEPT[element.name], *_EVERYWHERE)
    element.attrs = {name: value for name, value in element.attrs.items() if name in names}
    address = str(element.get("src", "")) or str(element.get("href", ""))
    picture = address.startswith("data:image/")
    if (element.name == "img" and is_remote(address)) or (is_document(address) and not picture):
        element.attrs = {name: value for name, value in element.attrs.items() if name not in {"src", "href"}}
