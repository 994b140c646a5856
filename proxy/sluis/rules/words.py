"""Many words looked for at once: the engine tries branches one by one at every letter, so they branch at the first.

A word is a regular expression that opens with a letter or mark of its own. Case is the caller's: text and words have
their ASCII letters in lower case, since ignoring it would cost the engine ten times as much.
"""

import re
from collections.abc import Iterable


def any_of(words: Iterable[str]) -> re.Pattern[str]:
    """A pattern for any of `words`, to be searched for in text of lower case; it finds nothing where there are none."""
    rests: dict[str, list[str]] = {}
    for word in words:
        rests.setdefault(word[0], []).append(word[1:])
    return re.compile("|".join(f"{first}(?:{'|'.join(rest)})" for first, rest in sorted(rests.items())) or r"(?!)")
