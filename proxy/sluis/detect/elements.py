"""Which attributes of which elements lead off the message: the tables that detection goes by.

Element names stand without a namespace prefix, since `v:fill` and `svg:image` load as `fill` and `image` do.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sluis.report import Kind

# Images of the page's content, and the attributes that hold their sources (`lowsrc`, `dynsrc`: old Outlook).
SOURCES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "img": ("src", "srcset", "lowsrc", "dynsrc"),
        "image": ("src", "srcset", "lowsrc", "dynsrc"),
        "input": ("src", "srcset"),
        "source": ("srcset",),
        "amp-img": ("src", "srcset"),
        "amp-anim": ("src", "srcset"),
    }
)


@dataclass(frozen=True, slots=True)
class Load:
    """Attributes of an element that make a client load something, and what kind of thing that is.

    They too stand without a prefix, which in XML is the sender's to choose: `xlink:href`, `o:href` and `x:href`.
    """

    kind: Kind
    attributes: frozenset[str]
    documents: bool = False  # whether data: and javascript: addresses count as well


def _load(kind: Kind, attributes: str, *, documents: bool = False) -> Load:
    return Load(kind, frozenset(attributes.split()), documents)


_ACTIVE, _MEDIA = Kind.ACTIVE_CONTENT, Kind.MEDIA
_DRAWING = _load(Kind.REMOTE_IMAGE, "src href althref pict")
_SHAPE = _load(Kind.REMOTE_IMAGE, "href")  # a part of another drawing
_WORD = _load(_ACTIVE, "src href id moniker downloadurl")
_ANIMATION = _load(_ACTIVE, "to from by values href")

LOADS: Mapping[str, Load] = MappingProxyType(
    {
        "script": _load(_ACTIVE, "src href", documents=True),
        "iframe": _load(_ACTIVE, "src srcdoc longdesc", documents=True),
        "frame": _load(_ACTIVE, "src longdesc", documents=True),
        "fencedframe": _load(_ACTIVE, "src", documents=True),
        "portal": _load(_ACTIVE, "src", documents=True),
        "webview": _load(_ACTIVE, "src", documents=True),
        "vmlframe": _load(_ACTIVE, "src", documents=True),
        "layer": _load(_ACTIVE, "src", documents=True),
        "ilayer": _load(_ACTIVE, "src", documents=True),
        "xml": _load(_ACTIVE, "src"),
        "import": _load(_ACTIVE, "implementation"),
        "object": _load(_ACTIVE, "data movie classid codebase archive code", documents=True),
        "embed": _load(_ACTIVE, "src code pluginspage", documents=True),
        "applet": _load(_ACTIVE, "code codebase archive object", documents=True),
        "param": _load(_ACTIVE, "value"),
        "base": _load(_ACTIVE, "href"),
        "use": _load(_ACTIVE, "href", documents=True),
        "animate": _ANIMATION,
        "animatetransform": _ANIMATION,
        "set": _ANIMATION,
        "handler": _load(_ACTIVE, "href"),
        "oleobject": _WORD,
        "attachedtemplate": _WORD,
        "smarttagtype": _WORD,
        "video": _load(_MEDIA, "src poster href"),
        "audio": _load(_MEDIA, "src href"),
        "media": _load(_MEDIA, "src"),
        "ref": _load(_MEDIA, "src"),
        "animation": _load(_MEDIA, "src href"),
        "source": _load(_MEDIA, "src"),
        "track": _load(_MEDIA, "src"),
        "bgsound": _load(_MEDIA, "src"),
        "amp-pixel": _load(Kind.REMOTE_IMAGE, "src"),
        "isindex": _load(Kind.REMOTE_IMAGE, "src"),
        "menuitem": _load(Kind.REMOTE_IMAGE, "icon"),
        "command": _load(Kind.REMOTE_IMAGE, "icon"),
        "math": _load(Kind.REMOTE_IMAGE, "altimg"),
        "annotation": _load(Kind.REMOTE_IMAGE, "src"),
        "annotation-xml": _load(Kind.REMOTE_IMAGE, "src"),
        "image": _load(Kind.REMOTE_IMAGE, "href"),
        "feimage": _DRAWING,
        "mglyph": _DRAWING,
        "fill": _DRAWING,
        "stroke": _DRAWING,
        "imagedata": _DRAWING,
        "background": _DRAWING,
        **dict.fromkeys(("altglyph", "glyphref", "font-face-uri", "definition-src", "tref", "textpath"), _SHAPE),
        **dict.fromkeys(("lineargradient", "radialgradient", "pattern", "filter", "cursor", "color-profile"), _SHAPE),
        **dict.fromkeys(("mpath", "discard", "prefetch"), _SHAPE),
    }
)
# Attributes that load wherever they stand.
ANYWHERE: Mapping[str, Kind] = MappingProxyType(
    {
        "ping": _ACTIVE,
        "attributionsrc": _ACTIVE,
        "srcdoc": _ACTIVE,
        "manifest": Kind.PREFETCH,
        "imagesrcset": Kind.PREFETCH,
        "xml:base": _ACTIVE,
    }
)
ELEMENTS = frozenset({*SOURCES, *LOADS, "link", "meta"})
