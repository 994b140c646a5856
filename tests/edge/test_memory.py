"""The room for messages under way: what is taken comes back, and nobody takes more than there is."""

from hypothesis import given
from hypothesis import strategies as st

from sluis.edge.memory import Memory


def test_what_a_message_held_comes_back_when_it_is_gone() -> None:
    memory = Memory(160)
    with memory.share() as one, memory.share() as other:
        assert one.hold(100)
        assert not other.hold(61)
        assert other.held == 0
        assert other.hold(55)
        assert memory.full
        assert one.hold(10)  # less than before
        assert not memory.full
    with memory.share() as all_of_it:
        assert all_of_it.hold(160)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 100))))
def test_never_more_than_the_limit_is_held(wishes: list[tuple[int, int]]) -> None:
    memory = Memory(100)
    with memory.share() as a, memory.share() as b, memory.share() as c, memory.share() as d:
        shares = (a, b, c, d)
        for index, octets in wishes:
            others = sum(share.held for share in shares) - shares[index].held
            assert shares[index].hold(octets) == (others + octets <= 100)
            assert sum(share.held for share in shares) <= 100
