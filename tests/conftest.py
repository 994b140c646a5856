"""On a person's machine a test may be skipped for want of a server; in CI, which can install them all, it may not."""

import os

import pytest
from hypothesis import settings

# The gate tries the same cases each time, so a change is judged by what it changes; `make search` looks for new ones.
settings.register_profile("gate", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("search", max_examples=20_000, deadline=None, print_blob=True)
settings.load_profile("gate")

ABSENT = "needs ../shared"  # mail that is not ours to commit: the one thing CI cannot have


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    outcome = yield
    report = outcome.get_result()
    reason = str(call.excinfo.value) if call.excinfo else ""
    if report.skipped and "NO_SKIPS" in os.environ and not hasattr(report, "wasxfail") and ABSENT not in reason:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, which CI does not allow: {reason}"
