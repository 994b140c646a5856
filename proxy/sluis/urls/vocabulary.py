"""The words by which a redirect that no rule names is told, and those of what looks like one and is good for itself.

They were gathered from mail, and from lists of redirects that others keep (Brave's debouncing, ClearURLs, uBlock
Origin's `urlskip`, Sublime's rules for open redirects). Words are regular expressions without blanks.
"""

import re

from sluis.rules.words import any_of


def _any(words: str) -> re.Pattern[str]:
    return any_of(words.split())


def _whole(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z0-9])(?:{'|'.join(words.split())})(?![a-z0-9])")


def _begun(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z])(?:{'|'.join(words.split())})")


def _name(words: str, before: str = "") -> re.Pattern[str]:
    return re.compile(rf"{before}(?:{'|'.join(words.split())})", re.IGNORECASE)


# Of pages and hosts, in lower case: what is said of nothing but redirects,
REDIRECT = _whole(r"""
    [a-z]*click(?:s|ed|er|thro?u(?:gh)?|out|url|to|time|serv\w*|log|count\w*|track\w*|here|proxy|mate|link|from)?
    [a-z]*(?:clics?|cliks?|clique|klic?ks?|klikni\w*|track(?:ers?|ing)?) [a-z]*redir\w* trk\w{0,3} tr?ck clk rdr
    deref\w* trace goto outbound outgoing urlopener leaving (?:link|url|exit)_?(?:out|filter|shim)
    (?:exit|out)_?link weiterleitung umleitung doorsturen przejdz perehod
""")
# and what is said of other things too.
PERHAPS = _whole(r"""
    [celrtu] rd\d? rt cl ck ctt? cc [des]l elt et emt? c?l\d lk lnks? links? urls? out go\d? away exit jump
    leave thru hop counter stats\w* analytics visit forward fwd resolve deep[-_]?links? aff(?:iliates?|_\w+)?
    partners? banners? ads? promo lead ref bounce cta cread campaigns? rover bc (?:set|change|switch)\w*
    (?!index|default|home)\w{1,32}\.(?:php\d?|aspx?|cgi|cfm|jsp|phtml|ashx|dll)
""")
# Labels of hosts that mail is sent and clicks are counted by.
HOST = _name(r"""
    e?mail\w* em? news(?:letters?)? mkt\w* marketing [mlrct] go ads? adv promo\w* info msg links? lnk\w* ct\w?
    crm engage campaigns? response resp elq cmp edm notif\w* reply comms? communications?
""")
# Of parameters, and fields of objects: what only a destination is called, mostly, and at times; and what says nothing.
_PREFIX = r"_?(?:[a-z0-9]{1,12}[_-])*"
ONLY = _name(r"redir goto dest(?:_?ur[il])? deep_?link(?:_?url)? rdu? [rmo]url adurl lpurl", _PREFIX)
MOSTLY = _name(
    r"(?:redirect|destination|landing_?page|fallback|click|track(?:ing)?|target|lp)(?:[_-]?(?:ur[il]|to|link))?",
    _PREFIX,
)
AT_TIMES = _name(r"""
    _?(?:[a-z]{1,8}[_-])?(?:ur[il]|forward|fwd|link|href|trg|to|go|location)(?:[_-]?(?:ur[il]|to|link))? [lqru] ru
    [a-z]{1,12}(?:ur[il]|link|target)
""")
NOTHING = _name(r"[a-z]{1,2}\d?")
# What comes back to where one was, or is shown, is no destination.
BACK = _name(r"""
    return contin next (?<!fall)back cancel success fail error relay service refer (?<![a-z])ref(?:url)?\Z
    origin(?!al) redirect_?uri canonical ima?ge? pic icon logo photo media feed so?u?rce?\Z
""")
# Of what is good for something itself: anywhere in a host or path,
PERSONAL = _any(r"""
    sign-?_?in sign-?_?up log-?_?in log-?_?out oauth saml passw verif confirm activat reset magic-?_?link invit unsub
    subscri opt-?out prefer consent checkout regist rsvp abmeld afmeld uitschrij desinscri
""")
# where a word begins,
USEFUL = _begun(r"""
    shar submit bookmark intent tweet compose pin/ saves?(?![a-z]) add(?!r) transl valid preview render embed
    player proxy camo imag img thumb resiz archiv calend auth sso pay cart friend mailto dodaj teilen partage compart
    condivi
""")
# or as a word of a path, where not all says that it is a redirect.
OWN = _whole(r"""
    messages? posts? view(?:er)? cdn search cache rss feeds? accounts? orders? download lang\w* sessions? apply
    print pdf convert qr repl(?:y|ies) comments? reviews? vote rat(?:e|ing)s? survey poll contact support
    tickets? quote compare reportabuse abuse spam sign esign approve accept decline reject join meet room lookup
    whois check test analy[sz]e\w* play watch listen maps? edit create new send tell recommend read docs? files?
    attachment follow like plugins? frame scan siteinfo msg feedback evaluat\w* donate
    wishlist backlink topic activities
""")
# Parameters that tell what a page is to do, in words as of its path.
DOES = frozenset(("action", "act", "op", "do", "cmd", "mode", "option", "task", "func", "method"))
# What is told along with an address to a page that shows or shares it; and what opens doors.
TOLD = frozenset(("title", "text", "body", "summary", "description", "media", "via", "hashtags", "status", "subject"))
KEYS = frozenset(("token", "access_token", "code", "otp", "key", "ticket", "session", "state", "nonce", "auth"))
DOORS = KEYS - {"token", "code", "key", "session"}
# Who clicks, and on what: tokens and numbers, and what they are called.
TOKEN = _name(r"(?=[a-z.-]*\d)[\w.~=-]{6,} \d{5,}")
COUNTED = _name(r"""
    \w*id \w*aff\w* camp\w* subid\d? publisher\w* merchant\w* e?mail contact recipient user\w* member\w*
    sig(?:nature)?
""")
# What a page that is not surely a redirect fetches for another, as proxies do.
PICTURE = re.compile(r"\.(?:png|jpe?g|gif|webp|svg|avif|bmp|ico)\Z", re.IGNORECASE)
# Of those that warn of dangerous sites.
GUARD = _any("safe protect defen[cs]e secur guard threat phish scan sandbox inky")
