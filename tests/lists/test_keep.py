"""The kept lists: what is there is good, whatever comes; and what comes is in its place at once or not at all."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.lists.server import Server, answer, server

from sluis.config import Config, ListSection
from sluis.lists.keep import Outcome, replace, update

OLD = b"||a.example^\n||b.example^\n||c.example^\n||d.example^\n"
NEW = OLD + b"||e.example^\n"
CATALOGUE = json.dumps({"providers": {"all": {"urlPattern": ".*", "rules": ["kt_id", "kt_more"]}}}).encode()


@pytest.fixture
def web() -> Iterator[Server]:
    with server() as serving:
        yield serving


@pytest.fixture
def config(web: Server, tmp_path: Path) -> Config:
    lists = (ListSection(name="kade", format="adblock", url=f"{web.url}/list.txt"),)
    return Config(lists=lists, state=tmp_path / "state")


def brought(config: Config) -> Outcome:
    [outcome] = update(config.lists, config.kept)
    return outcome


def kept(config: Config) -> bytes:
    return config.kept[0].path.read_bytes()


def test_the_first_time(web: Server, config: Config, tmp_path: Path) -> None:
    web.answers["/list.txt"] = answer(OLD, 'ETag: "one"')
    assert brought(config) == Outcome(True, "kade: 4 rules")
    path = tmp_path / "state" / "lists" / "kade.txt"
    assert config.kept[0].path == path
    assert path.read_bytes() == OLD
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert sorted(each.name for each in path.parent.iterdir()) == ["kade.txt", "kade.txt.note"]


def test_a_new_one_takes_the_place_of_the_old(web: Server, config: Config) -> None:
    web.answers["/list.txt"] = answer(OLD)
    brought(config)
    web.answers["/list.txt"] = answer(NEW)
    assert brought(config) == Outcome(True, "kade: 5 rules (before: 4)")
    assert kept(config) == NEW


def test_the_tag_is_sent_back_only_for_what_is_kept(web: Server, config: Config) -> None:
    web.answers["/list.txt"] = answer(OLD, 'ETag: "one"')
    brought(config)
    web.answers["/list.txt"] = b"HTTP/1.1 304 Not Modified\r\n\r\n"
    assert brought(config) == Outcome(True, "kade: unchanged, 4 rules")
    assert brought(config) == Outcome(True, "kade: unchanged, 4 rules")
    assert 'If-None-Match: "one"' in web.asked[-1]
    config.kept[0].path.write_bytes(NEW)
    assert not brought(config).good
    assert "If-None-Match" not in web.asked[-1]


def test_another_origin_is_asked_without_the_tag(web: Server, config: Config) -> None:
    web.answers |= {"/list.txt": answer(OLD, 'ETag: "one"'), "/other.txt": answer(OLD)}
    brought(config)
    other = config.lists[0].model_copy(update={"url": f"{web.url}/other.txt"})
    assert update((other,), config.kept) == [Outcome(True, "kade: unchanged, 4 rules")]
    assert "If-None-Match" not in web.asked[-1]


BAD = {
    "gone": (answer(b"", status="404 Not Found"), "the server answered 404"),
    "cut short": (answer(NEW[:40], length=len(NEW)), f"ended after 40 of {len(NEW)} octets"),
    "a page": (answer(b"<html>Log in</html>"), "is a web page, no Adblock list"),
    "no text": (answer(b"\xff\xfe||a.example^"), "is not UTF-8 text (octet 0)"),
    "empty": (answer(b""), "holds no filter for requests"),
    "huge": (answer(b"", length=1 << 40), "is larger than 33554432 octets"),
    "everything": (answer(NEW + b"*$image\n"), "would stop every picture: kade/*$image"),
}


@pytest.mark.parametrize(("response", "words"), BAD.values(), ids=BAD)
def test_what_is_bad_leaves_the_last_good_one(web: Server, config: Config, response: bytes, words: str) -> None:
    web.answers["/list.txt"] = response
    assert brought(config) == Outcome(False, f"kade: {web.url}/list.txt: {words}; there is no earlier one")
    assert not config.kept[0].path.exists()
    web.answers["/list.txt"] = answer(OLD)
    brought(config)
    web.answers["/list.txt"] = response
    assert brought(config) == Outcome(False, f"kade: {web.url}/list.txt: {words}; the last good one stays, 4 rules")
    assert kept(config) == OLD
    assert sorted(path.name for path in config.kept[0].path.parent.iterdir()) == ["kade.txt", "kade.txt.note"]


def test_a_list_that_lost_most_of_itself_is_taken_for_a_piece(web: Server, config: Config) -> None:
    web.answers["/list.txt"] = answer(OLD)
    brought(config)
    web.answers["/list.txt"] = answer(OLD[:13])
    outcome = brought(config)
    assert not outcome.good
    assert f"holds 1 rules only; remove {config.kept[0].path} to take it nevertheless" in outcome.told
    assert kept(config) == OLD
    config.kept[0].path.unlink()
    assert brought(config) == Outcome(True, "kade: 1 rules")


@pytest.mark.parametrize("note", [b"", b"[]", b"{}", b'{"origin": 7}', b'{"more": ""}', b"\xff"])
def test_a_note_that_is_none_costs_a_fetch(web: Server, config: Config, note: bytes) -> None:
    web.answers["/list.txt"] = answer(OLD, 'ETag: "one"')
    brought(config)
    path = config.kept[0].path
    path.with_name(path.name + ".note").write_bytes(note)
    assert brought(config) == Outcome(True, "kade: unchanged, 4 rules")
    assert "If-None-Match" not in web.asked[-1]


def test_what_is_kept_but_bad_is_replaced(web: Server, config: Config) -> None:
    web.answers["/list.txt"] = answer(OLD, 'ETag: "one"')
    brought(config)
    config.kept[0].path.write_bytes(b"<html>")
    assert brought(config) == Outcome(True, "kade: 4 rules")


def test_each_list_by_itself_from_files_too(web: Server, tmp_path: Path) -> None:
    (tmp_path / "links.json").write_bytes(CATALOGUE)
    lists = (
        ListSection(name="gone", format="adblock", path=tmp_path / "nowhere.txt"),
        ListSection(name="links", format="clearurls", path=tmp_path / "links.json"),
        ListSection(name="wrong", format="clearurls", path=tmp_path),
    )
    config = Config(lists=lists, state=tmp_path / "state")
    assert update(config.lists, config.kept) == [
        Outcome(False, f"gone: {tmp_path}/nowhere.txt: No such file or directory; there is no earlier one"),
        Outcome(True, "links: 3 rules"),
        Outcome(False, f"wrong: {tmp_path}: Is a directory; there is no earlier one"),
    ]
    assert config.kept[1].path.read_bytes() == CATALOGUE


def test_a_replacement_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "kade.txt").mkdir()
    with pytest.raises(OSError, match="Is a directory"):
        replace(tmp_path / "kade.txt", NEW)
    assert [path.name for path in tmp_path.iterdir()] == ["kade.txt"]


def test_a_place_that_cannot_be_taken_is_that_list_s_own_fault(web: Server, config: Config) -> None:
    web.answers["/list.txt"] = answer(OLD)
    note = config.kept[0].path.with_name("kade.txt.note")
    note.mkdir(parents=True)
    outcome = brought(config)
    assert not outcome.good
    assert "Is a directory" in outcome.told
