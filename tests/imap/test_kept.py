"""What is remembered: within its bound, the most useful of it, whatever is put in."""

from hypothesis import given
from hypothesis import strategies as st

from sluis.imap.kept import Kept


def numbers(limit: int) -> Kept[str, int]:
    return Kept(limit, lambda value: value)


def has(kept: Kept[str, int], names: str) -> str:
    return "".join(name for name in names if name in kept)


def test_what_was_not_asked_for_longest_is_forgotten() -> None:
    kept = numbers(3)
    for name in "abc":
        kept.put(name, 1)
    assert kept["a"] == 1
    kept.put("d", 1)
    assert has(kept, "abcd") == "acd"


def test_what_was_asked_for_again_outlasts_what_was_not() -> None:
    kept = numbers(10)
    for name in "abcdefgh":
        kept.put(name, 1)
        assert kept.again(name) == 1
    for number in range(1000):
        kept.put(f"{number}", 1)
        assert kept[f"{number}"] == 1
    assert has(kept, "abcdefgh") == "abcdefgh"
    kept.put("i", 1)
    assert kept.again("i") == 1
    kept.put("j", 1)
    assert has(kept, "abcdefghij") == "abcdefghij"  # the first is on trial again
    kept.put("k", 1)
    kept.put("l", 1)
    assert has(kept, "abcdefghijkl") == "bcdefghikl"


def test_the_last_is_kept_however_big_it_is() -> None:
    kept = numbers(3)
    for name in "ab":
        kept.put(name, 1)
        kept.again(name)
    kept.put("c", 9)
    assert has(kept, "abc") == "c"
    assert kept.again("c") == 9
    kept.put("d", 1)
    assert has(kept, "abcd") == "d"
    kept.put("d", 2)
    assert kept["d"] == 2


def test_all_of_it_can_be_forgotten() -> None:
    kept = numbers(3)
    kept.put("a", 1)
    kept.clear()
    assert "a" not in kept
    for name in "bcd":
        kept.put(name, 1)
    assert has(kept, "bcd") == "bcd"


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 12), st.booleans())))
def test_it_never_takes_more_than_it_may(acts: list[tuple[str, int, bool]]) -> None:
    kept, values = numbers(10), dict[str, int]()
    for name, value, again in acts:
        if name in kept and again:
            assert kept.again(name) == values[name]
        else:
            kept.put(name, value)
            values[name] = value
            assert name in kept
        there = [values[each] for each in "abcdef" if each in kept]
        assert sum(there) <= 10 or len(there) == 1
