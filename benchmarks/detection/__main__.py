"""How much of what tracks goes, and how much of what does not: the cleaner beside its peers on labelled real mail.

    python -m benchmarks.detection [--list FILE …] [--patterns FILE …] [--misses] LABELS FOLDER …

Every message of the CSV file LABELS is looked for by name in the folders. Shares come with Wilson's 95 % interval.
"""

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.detection.digest import form
from benchmarks.detection.labels import Label, read
from benchmarks.detection.peers import Peer, by_list, by_patterns, by_size
from benchmarks.detection.read import Address, addresses, recipients
from benchmarks.detection.score import Score, by_message, judge, outcome, wilson

from sluis.clean import clean
from sluis.envelope import Envelope
from sluis.policy import POLICIES
from sluis.report import Verdict
from sluis.rules.load import load
from sluis.rules.shape import Index


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--list", type=Path, action="append", default=[], help="a list in Adblock syntax, as a peer")
    parser.add_argument("--patterns", type=Path, action="append", default=[], help="regular expressions, as a peer")
    parser.add_argument("--guards", action="store_true", help="undo redirects that warn of dangerous sites, too")
    parser.add_argument("--bare", action="store_true", help="without any rule for a vendor's pixels or redirects")
    parser.add_argument("--misses", action="store_true", help="tell what was missed, and what went wrongly")
    given = parser.parse_args()
    labels, mails, failed = by_message(read(given.labels)), Mails(given.folders), 0
    peers: dict[str, Peer] = {"both sides ≤ 3 px": by_size}
    peers |= {f"list {path.stem}": by_list(path) for path in given.list}
    peers |= {f"patterns {path.stem}": by_patterns(path) for path in given.patterns}
    ours, theirs = Score(), {name: Score() for name in peers}
    rules, policy = load(), replace(POLICIES["balanced"], security_links=given.guards)
    if given.bare:
        rules = replace(rules, opens=Index(()), redirectors=Index(()))
    for message, judgements in labels.items():
        raw = mails.read(message)
        cleaned = clean(raw, policy, rules, Envelope(recipients=recipients(raw)))
        failed += cleaned.report.verdict is Verdict.FAILED
        before = addresses(raw)
        now = outcome(addresses(raw, people=True), addresses(cleaned.raw, people=True))
        judge(ours, judgements, before, now)
        for name, peer in peers.items():
            judge(theirs[name], _images(judgements), before, _blocked(before, peer))
    print(f"{len(labels)} messages, {sum(map(len, labels.values()))} addresses, {failed} failures")
    for name, score in {"sluis": ours, **theirs}.items():
        _print_images(name, score)
    _print_links(ours)
    if given.misses:
        _print_misses(ours)


class Mails:
    """The messages of several folders by name."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = folders

    def read(self, name: str) -> bytes:
        """The octets of a message. Raises `FileNotFoundError`."""
        for folder in self._folders:
            if (folder / name).is_file():
                return (folder / name).read_bytes()
        raise FileNotFoundError(name)


def _images(labels: Iterable[Label]) -> list[Label]:
    return [label for label in labels if label.kind != "link"]


def _blocked(before: list[Address], peer: Peer) -> dict[int, str | None]:
    return {address.index: None if address.kind != "link" and peer(address) else address.url for address in before}


def _print_images(name: str, score: Score) -> None:
    counts = score.counts
    gone, lost = counts["open-pixel gone"], counts["content-image gone"]
    print(name)
    print(f"  pixels found     {_share(gone, counts['open-pixel'])}")
    print(f"  precision        {_share(gone, gone + lost)}")
    print(f"  pictures lost    {_share(lost, counts['content-image'])}")


def _print_links(score: Score) -> None:
    counts = score.counts
    print("sluis, links")
    print(f"  decoded exactly  {_share(counts['decoded'], counts['decodable'])}; {counts['wrong']} wrong")
    print(f"  opaque redirects changed   {counts['click-redirect changed']}")
    print(f"  unsubscribe links changed  {counts['unsubscribe changed']} of {counts['unsubscribe']}")
    print(f"  plain links changed        {counts['plain-link changed']} of {counts['plain-link']}")
    print(
        f"  parameters cut             {_share(counts['tracking-params-only changed'], counts['tracking-params-only'])}"
    )


def _print_misses(score: Score) -> None:
    for label, address in score.missed:
        print(f"  {label.message[:40]} {label.place} {label.label}: {form(address.url)} {dict(_sizes(address))}")
    for label, address, now in score.wrong:
        print(f"  {label.message[:40]} {label.place} {label.label}: {form(address.url)} → {form(now)}")


def _sizes(address: Address) -> Iterable[tuple[str, str]]:
    return ((name, address.traits[name][:60]) for name in ("width", "height", "style") if name in address.traits)


def _share(hits: int, of: int) -> str:
    low, high = wilson(hits, of)
    return f"{hits}/{of} = {hits / of if of else 0:.3f} ({low:.3f} to {high:.3f})"


if __name__ == "__main__":
    main()
