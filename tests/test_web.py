"""The gate's window, looked through over a real socket, and the page in a real browser."""

import asyncio
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import httpx
import pytest
from lxml import html
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from sluis import web
from sluis.config import Endpoint
from sluis.metrics import Metrics
from sluis.report import Action, Finding, Kind, Report, Verdict

LOOPBACK = Endpoint("127.0.0.1", 0)
PIXEL = Finding(Kind.OPEN_PIXEL, Action.REMOVED, "vendor-path", "sendgrid", None, None, None, "1", (0, 1), 1.0, "why")
PATHS = ("/", "/status.json", "/metrics", "/healthz", "/readyz", "/page.css", "/page.js", "/mark.svg")


@dataclass
class Gate:
    """Metrics and readiness as a running gate would have them."""

    metrics: Metrics = field(default_factory=Metrics)
    trouble: str | None = None

    def __post_init__(self) -> None:
        report = Report(Verdict.CLEANED, None, 4_000, 3_000, (PIXEL, PIXEL))
        self.metrics.message("smtp", report, "news@shop.example", 0.002)


@asynccontextmanager
async def served(gate: Gate, not_ready: web.NotReady | None = None) -> AsyncIterator[str]:
    """The address at which the application of `gate` answers."""
    listening = web.listen(LOOPBACK)
    host, port = listening.getsockname()[:2]
    app = web.app(
        gate.metrics, not_ready or (lambda: gate.trouble), {"Policy": "balanced", "Delivers to": "maildir:<a & b>"}
    )
    serving = asyncio.create_task(web.serve_on(app, listening))
    try:
        yield f"http://{host}:{port}"
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
async def client(gate: Gate) -> AsyncIterator[httpx.AsyncClient]:
    async with served(gate) as address, httpx.AsyncClient(base_url=address) as client:
        yield client


class TestHealth:
    async def test_the_process_lives(self, client: httpx.AsyncClient, gate: Gate) -> None:
        gate.trouble = "the mail server does not answer"
        answer = await client.get("/healthz")
        assert (answer.status_code, answer.text) == (200, "ok\n")

    async def test_the_gate_is_ready_or_says_why_not(self, client: httpx.AsyncClient, gate: Gate) -> None:
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.text) == (200, "ok\n")
        gate.trouble = "the mail server does not answer"
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.text) == (503, "the mail server does not answer\n")


class TestMetrics:
    async def test_text_by_default(self, client: httpx.AsyncClient) -> None:
        answer = await client.get("/metrics")
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert 'sluis_messages_total{edge="smtp",verdict="cleaned"} 1.0\n' in answer.text
        assert 'technique="vendor-path",vendor="sendgrid"} 2.0\n' in answer.text

    async def test_open_metrics_when_asked(self, client: httpx.AsyncClient) -> None:
        accept = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2"
        answer = await client.get("/metrics", headers={"accept": accept})
        assert answer.headers["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
        families = {family.name: family for family in text_string_to_metric_families(answer.text)}
        assert families["sluis_octets"].samples[0].value == 4_000


class TestAnswers:
    @pytest.mark.parametrize("path", [*PATHS, "/nothing-here", "/status", "/%00"])
    async def test_every_one_is_fresh_and_confined(self, client: httpx.AsyncClient, path: str) -> None:
        answer = await client.get(path)
        assert answer.status_code == (200 if path in PATHS else 404)
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        policy = answer.headers["content-security-policy"].split("; ")
        assert policy[0] == "default-src 'none'"
        assert {source for directive in policy for source in directive.split()[1:]} == {"'none'", "'self'"}

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "TRACE"])
    async def test_nothing_can_be_changed(self, client: httpx.AsyncClient, method: str) -> None:
        assert [(await client.request(method, path)).status_code for path in PATHS] == [405] * len(PATHS)

    async def test_head_is_answered_without_a_body(self, client: httpx.AsyncClient) -> None:
        answer = await client.head("/metrics")
        assert (answer.status_code, answer.content) == (200, b"")

    async def test_the_software_does_not_introduce_itself(self, client: httpx.AsyncClient) -> None:
        assert "server" not in (await client.get("/")).headers


class TestPage:
    async def test_it_shows_the_counts_without_a_script(self, client: httpx.AsyncClient, gate: Gate) -> None:
        gate.metrics.failure("smtp", "upstream-connect")
        gate.metrics.refused("smtp", "size")
        page = html.fromstring((await client.get("/")).text)
        lock = " ".join(page.find_class("lock")[0].text_content().split())
        assert lock == ("Messages in 1 4.0 kB Trackers stopped 2 Messages cleaned 1 3.0 kB went on")
        assert rows(page) == {
            "kinds": [["tracking pixels", "2"]],
            "vendors": [["sendgrid", "2"]],
            "senders": [["shop.example", "2"]],
            "troubles": [["reaching the mail server", "1", "a moment ago"]],
            "refused": [["too big", "1"]],
        }

    async def test_the_state_is_said_in_words(self, client: httpx.AsyncClient, gate: Gate) -> None:
        gate.trouble = "<b>down</b>"
        text = (await client.get("/")).text
        assert "Not taking mail: &lt;b&gt;down&lt;/b&gt;" in text
        assert 'data-ready="false"' in text

    async def test_facts_are_told_as_they_are(self, client: httpx.AsyncClient) -> None:
        assert "<dd>maildir:&lt;a &amp; b&gt;</dd>" in (await client.get("/")).text

    async def test_it_stands_alone_under_its_own_policy(self, client: httpx.AsyncClient) -> None:
        page = html.fromstring((await client.get("/")).text)
        links = {value for _, name, value, _ in page.iterlinks()}
        assert links == {"page.css", "page.js", "mark.svg", "metrics", "status.json", "healthz", "readyz"}
        assert page.xpath("//style | //@style | //script[not(@src)] | //@*[starts-with(name(), 'on')]") == []
        assert not re.search(r"url\(|@import|https?:", (await client.get("/page.css")).text)

    async def test_an_error_of_ours_is_confined_too(self) -> None:
        async with served(Gate(), lambda: str(1 // 0)) as address, httpx.AsyncClient() as client:
            answer = await client.get(f"{address}/readyz")
        assert (answer.status_code, answer.text) == (500, "Internal Server Error")
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")

    async def test_every_table_and_heading_can_be_heard(self, client: httpx.AsyncClient) -> None:
        page = html.fromstring((await client.get("/")).text)
        assert page.get("lang") == "en"
        assert len(page.xpath("//h1")) == 1
        titles = {heading.get("id"): heading.text for heading in page.xpath("//h2[@id]")}
        assert all(titles[table.get("aria-labelledby")] for table in page.xpath("//main//table"))
        assert all(cell.get("scope") in {"row", "col"} for cell in page.xpath("//th"))
        assert all(image.get("alt") is not None for image in page.xpath("//img"))

    async def test_data_for_its_updates(self, client: httpx.AsyncClient, gate: Gate) -> None:
        gate.trouble = "starting"
        data = (await client.get("/status.json")).json()
        assert (data["ready"], data["text"]["state"]) == (False, "Not taking mail: starting")
        assert (data["messages"], data["stopped"]) == (1, 2)
        assert data["senders"] == [{"name": "shop.example", "count": 2, "share": 1.0}]


def rows(page: html.HtmlElement) -> dict[str, list[list[str]]]:
    """The words of each list of the page, row by row."""
    return {
        body.get("data-rows"): [[text for cell in row if (text := cell.text_content())] for row in body.iter("tr")]
        for body in page.xpath("//main//tbody")
    }


class TestInChromium:
    FLAGS = (
        *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
        *("--disable-background-networking", "--disable-component-update", "--enable-logging=stderr"),
    )

    async def look(self, address: str, *flags: str) -> tuple[html.HtmlElement, str]:
        """The page as it stands after seven seconds of its own time, and what the browser complained of."""
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            command = ["chromium", *self.FLAGS, *flags, f"--user-data-dir={profile}", "--dump-dom", address]
            run = await asyncio.to_thread(
                subprocess.run, command, capture_output=True, text=True, timeout=60, check=True
            )
        return html.fromstring(run.stdout), run.stderr

    async def test_it_keeps_itself_up_to_date(self) -> None:
        gate = Gate()
        message = Report(Verdict.CLEANED, None, 1_000, 900, (PIXEL,))

        class Busy(Metrics):
            """Every look at it costs a message."""

            def samples(self):  # type: ignore[no-untyped-def]
                self.message("smtp", message, "news@shop.example", 0.002)
                if self.registry.get_sample_value("sluis_messages_total", {"edge": "smtp", "verdict": "cleaned"}) == 3:
                    self.failure("smtp", "store")
                return super().samples()

        gate.metrics = Busy()
        async with served(gate) as address:
            page, complaints = await self.look(address, "--virtual-time-budget=7000")
        assert int(page.xpath("string(//*[@data-text='messages'])")) >= 3
        shown = rows(page)
        assert int(shown["senders"][0][1]) >= 3
        assert shown["troubles"][0][:2] == ["writing into the Maildir", "1"]
        assert "Refused to" not in complaints
        assert "Uncaught" not in complaints

    async def test_it_says_when_its_counts_are_old(self) -> None:
        asked = iter([None])  # the page is given; whatever is asked after that breaks
        async with served(Gate(), lambda: next(asked)) as address:
            page, _ = await self.look(address, "--virtual-time-budget=7000")
        (state,) = page.find_class("state")
        assert (state.text_content(), state.get("data-ready")) == ("No answer; these counts are old", "false")


class TestServing:
    async def test_a_port_that_is_taken_is_an_error_of_ours_to_tell(self) -> None:
        with web.listen(LOOPBACK) as taken:
            endpoint = Endpoint(*taken.getsockname()[:2])
            with pytest.raises(OSError, match="in use"):
                await web.serve(web.app(Metrics(), lambda: None), endpoint)

    async def test_a_name_that_leads_nowhere_too(self) -> None:
        with pytest.raises(socket.gaierror):
            await web.serve(web.app(Metrics(), lambda: None), Endpoint("nowhere.invalid", 0))

    async def test_ipv6(self) -> None:
        with web.listen(Endpoint("::1", 0)) as listening:
            assert listening.family is socket.AF_INET6

    async def test_cancelling_closes_the_door(self, gate: Gate) -> None:
        async with served(gate) as address, httpx.AsyncClient() as client:
            assert (await client.get(f"{address}/healthz")).is_success
        async with httpx.AsyncClient() as client:
            with pytest.raises(httpx.ConnectError):
                await client.get(f"{address}/healthz")

    async def test_signals_stay_with_the_command_line(self, gate: Gate) -> None:
        before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
        async with served(gate) as address, httpx.AsyncClient() as client:
            await client.get(f"{address}/healthz")
            assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
        assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before

    async def test_no_request_is_logged(self) -> None:
        run = await asyncio.to_thread(
            subprocess.run, [sys.executable, "-c", LOUD], capture_output=True, text=True, check=True
        )
        assert run.stdout == "200\n"
        assert "uvicorn" in run.stderr
        assert "secret" not in run.stderr


LOUD = """
import asyncio, logging, urllib.request
from sluis import web
from sluis.config import Endpoint
from sluis.metrics import Metrics

async def main():
    listening = web.listen(Endpoint("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listening.getsockname()[1]}/status.json?token=secret"
    serving = asyncio.create_task(web.serve_on(web.app(Metrics(), lambda: None), listening))
    print((await asyncio.to_thread(urllib.request.urlopen, address)).status)
    serving.cancel()

logging.basicConfig(level=logging.DEBUG)
asyncio.run(main())
"""
