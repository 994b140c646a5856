"""Records counted: what was sent, what of it tracks, since when; and that parts add up to the whole."""

from hypothesis import given
from hypothesis import strategies as st

from sluis.audit import tally as module
from sluis.audit.record import Aim, Record, State, Way
from sluis.audit.tally import Days, Tally
from sluis.report import Kind

PIXEL = Way(Kind.OPEN_PIXEL, "size", "vendor", "https://vendor.example/open?id=‹7 characters›")
LINK = Way(Kind.CLICK_REDIRECT, "redirect", "vendor", "https://vendor.example/c/‹7 digits›")
STYLE = Way(Kind.REMOTE_STYLE, "css-font", "fonts.example", "https://fonts.example/")


def sent(sender: str, date: str, *ways: Way, dkim: str = "") -> Record:
    return Record(sender, date, dkim, sender if dkim else "", State.READ, tuple((way, 2) for way in ways))


def tallied(*records: Record) -> Tally:
    made = Tally()
    for record in records:
        made.add(record)
    return made


def test_since_when_is_the_first_message_that_tracks() -> None:
    shop = tallied(
        sent("shop.example", "2021-03-04", STYLE),
        sent("shop.example", "2024-05-06", PIXEL, LINK, dkim="pass"),
        sent("shop.example", "2023-01-02", PIXEL, dkim="fail"),
        sent("shop.example", "", PIXEL),
    ).senders["shop.example"]
    assert shop.all == Days(4, "2021-03-04", "2024-05-06")
    assert shop.tracking == Days(3, "2023-01-02", "2024-05-06")
    assert shop.aims == {Aim.OPEN: 3, Aim.CLICK: 1, Aim.LOAD: 1}
    assert shop.dkim == {"": 2, "pass": 1, "fail": 1}


def test_a_ways_example_is_its_newest_message() -> None:
    use = (
        tallied(
            sent("shop.example", "2024-05-06", PIXEL, dkim="pass"),
            sent("shop.example", "2023-01-02", PIXEL, dkim="fail"),
        )
        .senders["shop.example"]
        .ways[Kind.OPEN_PIXEL, "size", "vendor", ""]
    )
    assert (use.days, use.times) == (Days(2, "2023-01-02", "2024-05-06"), 4)
    assert (use.example.date, use.example.dkim, use.example.url) == ("2024-05-06", "pass", PIXEL.url)


def test_a_vendor_counts_messages_and_loads_are_no_tracking() -> None:
    made = tallied(sent("a.example", "2024-05-06", PIXEL, LINK, STYLE), sent("b.example", "2024-06-07", LINK))
    assert {name: vendor.days.messages for name, vendor in made.vendors.items()} == {"vendor": 2}
    assert made.vendors["vendor"].kinds == {Kind.OPEN_PIXEL: 1, Kind.CLICK_REDIRECT: 2}
    assert made.months["2024-05"] == {None: 1, Kind.OPEN_PIXEL: 1, Kind.CLICK_REDIRECT: 1, Kind.REMOTE_STYLE: 1}
    assert made.tracking.messages == 2


RECORDS = st.lists(
    st.builds(
        sent,
        st.sampled_from(("", "a.example", "b.example")),
        st.sampled_from(("", "2021-03-04", "2024-05-06")),
        st.sampled_from((PIXEL, LINK, STYLE)),
        dkim=st.sampled_from(("", "pass")),
    ),
    max_size=12,
)


@given(RECORDS, RECORDS)
def test_parts_add_up(first: list[Record], second: list[Record]) -> None:
    whole, part, rest = tallied(*first, *second), tallied(*first), tallied(*second)
    part.merge(rest)
    assert part == whole == tallied(*reversed(second), *reversed(first))
    assert rest == tallied(*second)


def test_merging_holds_on_to_nothing() -> None:
    whole, part = Tally(), tallied(sent("a.example", "2024-05-06", PIXEL))
    whole.merge(part)
    whole.add(sent("a.example", "2024-05-07", PIXEL))
    assert part == tallied(sent("a.example", "2024-05-06", PIXEL))


def test_any_number_of_senders_takes_bounded_space(monkeypatch) -> None:
    monkeypatch.setattr(module, "SENDERS", 10)
    made = tallied(*(sent(f"{number}.example", "2024-05-06", STYLE) for number in range(50)))
    for _ in range(2):
        made.add(sent("often.example", "2024-05-06", PIXEL))
    for number in range(50, 100):
        made.add(sent(f"{number}.example", "2024-05-06", Way(Kind.OPEN_PIXEL, "size", f"{number}.example", "")))
    assert len(made.senders) <= 20
    assert len(made.vendors) <= 20
    assert made.senders["often.example"].tracking.messages == 2
    assert len(made.senders) + made.others == 101
    assert (
        sum(sender.all.messages for sender in made.senders.values()) + made.rest.all.messages
        == made.all.messages
        == 102
    )


def test_any_number_of_ways_takes_bounded_space() -> None:
    shop = tallied(
        *(sent("shop.example", "", Way(Kind.OPEN_PIXEL, "size", f"{number}.example", "")) for number in range(99))
    ).senders["shop.example"]
    assert (len(shop.ways), shop.more) == (module.WAYS, 2 * (99 - module.WAYS))
