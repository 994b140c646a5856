"""What the findings of an audit are called: facts about a message, in words that judge nobody."""

from collections.abc import Mapping

from sluis.audit.record import Aim

AIMS: Mapping[Aim, str] = {
    Aim.OPEN: "reports an opening",
    Aim.CLICK: "reports a click",
    Aim.NAME: "names the reader",
    Aim.LOAD: "loads from elsewhere",
}

TECHNIQUES: Mapping[str, str] = {
    "vendor-path": "its address is one for counting opens",
    "vendor-shape": "its address is shaped like those for counting opens",
    "listed": "its address is on a list of trackers",
    "size": "an image of hardly a pixel",
    "size-zero": "an image without a size",
    "small": "an image of a few pixels",
    "one-sided-size": "an image as thin as a line",
    "hidden-style": "an image hidden by its style",
    "closing": "an image behind the last word",
    "kindred": "an image that is asked for as the links are",
    "alike": "an image whose address is made as the links are",
    "counting": "an image whose page is named for counting",
    "blank": "an image that leads to a picture of nothing",
    "recipient": "an image that names its reader",
    "visible-image": "a visible image at an address for counting",
    "background-attribute": "a background image",
    "redirect": "a link by way of a counter, its destination written in it",
    "redirect-opaque": "a link whose destination only the counter knows",
    "parameter": "a link with marks of the mailing or the reader",
    "link": "a link",
    "return-receipt-to": "a request for a receipt",
    "disposition-notification-to": "a request for a read receipt",
    "x-confirm-reading-to": "a request for a read receipt",
    "iframe": "a page within the message",
    "script": "a script",
    "inline-script": "a script within the message",
    "script-type": "a script within the message",
    "link-stylesheet": "a style sheet",
    "css-import": "a style sheet",
    "css-font": "a font",
    "image": "an image",
    "property": "a calendar’s or a card’s property",
}

DKIM: Mapping[str, str] = {
    "pass": "pass",
    "fail": "fail",
    "none": "no signature",
    "neutral": "neutral",
    "policy": "refused by policy",
    "temperror": "could not be checked",
    "permerror": "could not be checked",
    "": "not recorded",
}
_MONTHS = ("", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def technique(name: str) -> str:
    """How it was done."""
    return TECHNIQUES.get(name, name.replace("-", " "))


def verdict(dkim: str, signer: str, sender: str) -> str:
    """What the header records of a signature, and whose it was where that is not the sender."""
    told = DKIM[dkim]
    return f"{told}, signed by {signer}" if signer and signer != sender else told


def day(date: str) -> str:
    """'2026-11-23' as '23 Nov 2026', '2026-11' as 'Nov 2026', a year as itself, '' as a dash."""
    parts = [int(part) for part in date.split("-") if part]
    match parts:
        case [year, month, number]:
            return f"{number} {_MONTHS[month]} {year}"
        case [year, month]:
            return f"{_MONTHS[month]} {year}"
        case [year]:
            return str(year)
    return "–"
