"""Numbers as a person reads them: short, in English, the same in the page and in its updates."""

_UNITS = ("octets", "kB", "MB", "GB", "TB")
_SPANS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def number(count: float) -> str:
    """A count with its thousands apart."""
    return f"{count:,.0f}"


def octets(count: float) -> str:
    """A size of `count` octets, in powers of a thousand."""
    unit = 0
    while count >= 999.5 and unit < len(_UNITS) - 1:
        count, unit = count / 1000, unit + 1
    return f"{count:.0f} {_UNITS[unit]}" if unit == 0 or count >= 99.95 else f"{count:.1f} {_UNITS[unit]}"


def span(seconds: float) -> str:
    """A time in its biggest whole unit: `3 hours`."""
    for size, unit in _SPANS:
        if (count := int(seconds // size)) > 0:
            return f"{count} {unit}{'s' * (count > 1)}"
    return "a moment"


def milliseconds(seconds: float) -> str:
    """A short time, to two digits."""
    value = seconds * 1000
    return f"{value:.0f} ms" if value >= 10 else f"{value:.1f} ms"
