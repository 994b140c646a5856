"""`python -m tests.linear [MEGABYTES]`: the ratio and the nanoseconds an octet of every hostile message, as a table."""

import sys
from dataclasses import replace

from tests.invariants import rules
from tests.linear.effort import FACTOR, ratio
from tests.linear.hostile import HOSTILE

from sluis.clean import clean
from sluis.policy import POLICIES

if __name__ == "__main__":
    size = int(float(sys.argv[1]) * 1_000_000) if sys.argv[1:] else 2_400_000
    only = sys.argv[2:]
    rules()
    for name, hostile in HOSTILE.items():
        if only and name not in only:
            continue
        small, large = hostile(size // FACTOR), hostile(size)
        for fit in (False, True):
            policy = replace(POLICIES["strict" if fit else "balanced"], fit=fit)
            verdict = clean(small, policy, rules()).report.verdict
            found, seconds = ratio(
                lambda raw=small, by=policy: clean(raw, by, rules()),
                lambda raw=large, by=policy: clean(raw, by, rules()),
                0.01,
            )
            pace = seconds / len(large) * 1e9
            print(f"{found:5.1f} {pace:8.0f} ns/octet  {verdict:8} {'fit ' if fit else 'free'} {name}", flush=True)
