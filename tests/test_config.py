"""The configuration: what is right is read as it was meant, what is wrong is told in one line where it stands."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sluis.choice import Choice, Row
from sluis.config import Config, ConfigError, Endpoint, Imap, Lmtp, Maildir, Smtp, Upstream
from sluis.config.address import parse_imap, parse_upstream
from sluis.config.tree import keys
from sluis.policy import POLICIES
from sluis.rules.load import Kept

SHIPPED = Path(__file__).parents[1] / "config" / "sluis.yaml"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder to work in, so that messages name files as an operator would."""
    monkeypatch.chdir(tmp_path)


def load(text: str, environ: dict[str, str] | None = None) -> Config:
    Path("sluis.yaml").write_text(text)
    return Config.load(Path("sluis.yaml"), environ or {})


def refusal(text: str, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        load(text, environ)
    return str(caught.value)


class TestShippedFile:
    def test_it_says_what_runs_without_it(self) -> None:
        assert Config.load(SHIPPED, {}) == Config() == Config.load(None, {})

    def test_it_lists_every_key_and_no_other(self) -> None:
        assert set(leaves(yaml.safe_load(SHIPPED.read_text()))) == set(keys())

    def test_every_block_opens_with_a_comment(self) -> None:
        blocks = [block for block in SHIPPED.read_text().split("\n\n") if not block.lstrip().startswith("#")]
        sections = [block.splitlines() for block in blocks]
        assert [lines[0] for lines in sections] == ["smtp:", "imap:", "milter:", "cleaning:", "web:", "log:"]
        assert all(lines[1].startswith("  # ") for lines in sections)


def leaves(values: dict[str, object], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from leaves(value, (*above, name))
        else:
            yield (*above, name)


class TestReading:
    def test_a_section_replaces_only_what_it_names(self) -> None:
        config = load("smtp:\n  listen: '[::1]:25'\n  tls:\nlog: {format: json}\n")
        assert config.smtp.listen == Endpoint("::1", 25)
        assert config.smtp.model_copy(update={"listen": Endpoint("127.0.0.1", 2525)}) == Config().smtp
        assert (config.log.level, config.log.format) == ("info", "json")

    def test_an_empty_file_is_the_defaults(self) -> None:
        assert load("") == load("# nothing\n") == Config()

    def test_off_is_a_word(self) -> None:
        assert load("smtp: {upstream_tls: {mode: off}}").smtp.upstream_tls.mode == "off"

    def test_a_byte_order_mark_is_no_part_of_the_first_key(self) -> None:
        assert load("\ufeffpolicy: audit\n").policy == "audit"

    def test_the_tree_is_frozen(self) -> None:
        with pytest.raises(ValidationError, match="frozen"):
            Config().smtp.trust = True

    @pytest.mark.parametrize("name", POLICIES)
    def test_the_switches_are_laid_over_the_policy(self, name: str) -> None:
        policy = load(f"policy: {name}\nswitches: {{security_links: true}}").effective_policy
        assert policy.security_links
        assert not policy.attached
        assert (policy.name, policy.edit) == (name, POLICIES[name].edit)

    def test_domains_are_read_in_lower_case(self) -> None:
        assert load("smtp: {accept_domains: [Example.ORG., xn--p1ai]}").smtp.accept_domains == (
            "example.org",
            "xn--p1ai",
        )


class TestPolicies:
    TEXT = """\
authentication: {trust: [MX.example.org]}
switches: {attached: true}
policies:
  - {recipient: "*@Board.example.org", policy: strict}
  - {sender: news.example.com, policy: audit}
  - {list: " <Dev.lists.example>", recipient: example.org, policy: simple}
"""

    def test_they_come_to_a_choice(self) -> None:
        attached = {name: replace(policy, attached=True) for name, policy in POLICIES.items()}
        assert load(self.TEXT).choice == Choice(
            attached["balanced"],
            (
                Row(attached["strict"], recipient="*@board.example.org"),
                Row(attached["audit"], sender="news.example.com"),
                Row(attached["simple"], recipient="example.org", list_id="dev.lists.example"),
            ),
            frozenset({"mx.example.org"}),
        )

    def test_without_a_table_there_is_one_policy(self) -> None:
        assert load("policy: strict").choice == Choice(POLICIES["strict"])

    def test_a_claim_that_tightens_needs_no_trusted_server(self) -> None:
        assert len(load("policies: [{sender: a.org, policy: strict}, {list: b.org, policy: balanced}]").policies) == 2

    def test_a_claim_may_be_proven_by_what_is_found_here(self) -> None:
        config = load("authentication: {authserv_id: MX.a.org}\npolicies: [{sender: a.org, policy: audit}]")
        assert config.choice.trusted == frozenset()
        assert config.choice.trusting(config.authentication.authserv_id).trusted == {"mx.a.org"}

    def test_a_variable_holds_a_table_too(self) -> None:
        config = load("", {"SLUIS_POLICIES": "[{recipient: a.org, policy: strict}]"})
        assert config.choice.rows == (Row(POLICIES["strict"], recipient="a.org"),)
        assert refusal("", {"SLUIS_POLICIES": "[{recipient: a.org}]"}) == "SLUIS_POLICIES: policies.policy: is missing"


class TestLists:
    def test_they_are_kept_by_name(self) -> None:
        config = load("lists: [{name: a, format: adblock, path: x}, {name: b, format: clearurls, path: y}]\nstate: s")
        assert config.kept == (
            Kept("a", "adblock", Path("s/lists/a.txt")),
            Kept("b", "clearurls", Path("s/lists/b.json")),
        )

    @pytest.mark.parametrize(
        "url", ["https://a.org/x", "HTTPS://a.org/x", "http://127.0.0.1:8/x", "http://localhost/x"]
    )
    def test_an_origin(self, url: str) -> None:
        assert load(f"lists: [{{name: a, format: adblock, url: '{url}'}}]").lists[0].url == url

    @pytest.mark.parametrize(
        "url",
        [
            "http://a.org/x",
            "ftp://a.org/x",
            "file:///etc/passwd",
            "https:///x",
            "a.org",
            "https://a.org/x y",
            "https://[/",
            "http://localhost.a.org/",
            "https://a.org:99999/",
            "https://a.org/é",
        ],
    )
    def test_no_origin(self, url: str) -> None:
        line = refusal(f"lists: [{{name: a, format: adblock, url: '{url}'}}]")
        assert line == f"sluis.yaml:1: lists.url: must be an https URL, not {url!r}"


class TestEndpoints:
    @pytest.mark.parametrize(
        ("text", "endpoint", "loopback"),
        [
            ("127.0.0.1:2525", Endpoint("127.0.0.1", 2525), True),
            ("127.1.2.3:1", Endpoint("127.1.2.3", 1), True),
            ("localhost:0", Endpoint("localhost", 0), True),
            ("[::1]:25", Endpoint("::1", 25), True),
            ("[::]:25", Endpoint("::", 25), False),
            ("0.0.0.0:25", Endpoint("0.0.0.0", 25), False),
            ("MX.example.org:65535", Endpoint("mx.example.org", 65535), False),
            ("sluis_mail:25", Endpoint("sluis_mail", 25), False),
        ],
    )
    def test_reading(self, text: str, endpoint: Endpoint, loopback: bool) -> None:
        assert Endpoint.parse(text) == endpoint
        assert Endpoint.parse(str(endpoint)) == endpoint
        assert endpoint.loopback is loopback

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "25",
            ":25",
            "a b:25",
            "host:",
            "host:65536",
            "host:-1",
            "host:²",
            "::1:25",
            "[::1]",
            "[1.2.3.4]:25",
            ".:1",
        ],
    )
    def test_refusing(self, text: str) -> None:
        with pytest.raises(ValueError, match="must"):
            Endpoint.parse(text)

    @given(st.text())
    def test_no_text_raises_anything_else(self, text: str) -> None:
        for read in (Endpoint.parse, parse_upstream):
            with suppress(ValueError):
                read(text)

    @pytest.mark.parametrize(
        ("text", "upstream"),
        [
            ("smtp://mail.internal", Smtp(Endpoint("mail.internal", 25))),
            ("SMTP://[::1]:26/", Smtp(Endpoint("::1", 26))),
            ("lmtp://127.0.0.1", Lmtp(Endpoint("127.0.0.1", 24))),
            ("lmtp:///run/dovecot/lmtp", Lmtp(Path("/run/dovecot/lmtp"))),
            ("maildir:./mail", Maildir(Path("mail"))),
            ("maildir:/var/a b", Maildir(Path("/var/a b"))),
        ],
    )
    def test_upstreams(self, text: str, upstream: Upstream) -> None:
        assert parse_upstream(text) == upstream
        assert parse_upstream(str(upstream)) == upstream

    @pytest.mark.parametrize(
        "text", ["", "mail", "http://mail", "maildir:", "lmtp:///", "smtp:mail", "smtp://", "smtp:///x"]
    )
    def test_refused_upstreams(self, text: str) -> None:
        with pytest.raises(ValueError, match="must"):
            parse_upstream(text)


LISTENS = "smtp.listen or imap.listen or milter.listen or web.listen"

# What is written in sluis.yaml, and the one line that answers it.
REFUSALS = {
    "listn: x": f"sluis.yaml:1: listn: is not a key; did you mean {LISTENS}?",
    "smtp:\n  tls: {}\n  listn: x": "sluis.yaml:3: smtp.listn: is not a key; did you mean smtp.listen?",
    "listen: x": f"sluis.yaml:1: listen: is not a key; did you mean {LISTENS}?",
    "zzz: x": "sluis.yaml:1: zzz: is not a key",
    "3: x": "sluis.yaml:1: 3: is not a key",
    "smtp: 3": "sluis.yaml:1: smtp: must be a mapping of keys to values, not 3",
    "smtp: [a]": "sluis.yaml:1: smtp: must be a mapping of keys to values, not a list",
    "policy: strct": "sluis.yaml:1: policy: must be one of audit, balanced, strict, simple, not 'strct'"
    "; did you mean strict?",
    "policy:": "sluis.yaml:1: policy: must be text, not nothing",
    "fail: ajar": "sluis.yaml:1: fail: must be one of open, closed, not 'ajar'",
    "log: {level: off}": "sluis.yaml:1: log.level: must be one of debug, info, warning, error, not 'off'",
    "smtp: {trust: yes}": "sluis.yaml:1: smtp.trust: must be true or false, not 'yes'",
    "smtp: {max_recipients: true}": "sluis.yaml:1: smtp.max_recipients: must be a whole number, not true",
    "smtp: {max_recipients: 1.5}": "sluis.yaml:1: smtp.max_recipients: must be a whole number, not 1.5",
    "smtp: {max_recipients: 010}": "sluis.yaml:1: smtp.max_recipients: must be a whole number, not '010'",
    "milter: {memory_limit: 1000}": (
        "sluis.yaml:1: milter.memory_limit: must be at least twice milter.message_size_limit, or the largest message "
        "may never come in"
    ),
    "milter: {listen: 3}": "sluis.yaml:1: milter.listen: must be host:port, like 127.0.0.1:2525, not 3",
    "smtp: {memory_limit: 1000}": (
        "sluis.yaml:1: smtp.memory_limit: must be at least twice smtp.message_size_limit, or the largest message may "
        "never come in"
    ),
    "workers: 6": (
        "sluis.yaml:1: workers: 6 need a smtp.memory_limit of twice smtp.message_size_limit each, or the largest "
        "message may never come in"
    ),
    "milter: {listen: localhost:1}\nsmtp: {upstream: null}\nworkers: 6": (
        "sluis.yaml:3: workers: 6 need a milter.memory_limit of twice milter.message_size_limit each, or the largest "
        "message may never come in"
    ),
    "smtp: {max_recipients: 0}": "sluis.yaml:1: smtp.max_recipients: must be more than 0, not 0",
    "cleaning: {timeout: -1}": "sluis.yaml:1: cleaning.timeout: must be more than 0, not -1",
    "cleaning: {timeout: {a: b}}": "sluis.yaml:1: cleaning.timeout: must be a number, not a mapping",
    "web: {listen: 9125}": "sluis.yaml:1: web.listen: must be host:port, like 127.0.0.1:2525, not 9125",
    "web: {listen: 'x:y'}": "sluis.yaml:1: web.listen: must have a port from 0 to 65535, not 'y'",
    "smtp: {upstream: mail}": "sluis.yaml:1: smtp.upstream: must be smtp://host:port, lmtp://host:port, "
    "lmtp:///path/of/socket or maildir:PATH, not 'mail'",
    "smtp: {accept_domains: a.org}": "sluis.yaml:1: smtp.accept_domains: must be a list, like [one, two], not 'a.org'",
    "smtp:\n  accept_domains:\n    - a.org\n    - b@c": "sluis.yaml:4: smtp.accept_domains: must be a domain in its "
    "ASCII form, like example.org, not 'b@c'",
    "smtp: {hostname: müller.de}": "sluis.yaml:1: smtp.hostname: must be a domain in its ASCII form, like example.org, "
    "not 'müller.de'",
    "policy: audit\nfail: open\npolicy: strict": "sluis.yaml:3: policy: is given twice; first at sluis.yaml:1",
    "smtp:\n  tls: {key: a, key: b}": "sluis.yaml:2: smtp.tls.key: is given twice; first at sluis.yaml:2",
    "rules: [nope.yaml]": "sluis.yaml:1: rules: nope.yaml cannot be read: No such file or directory",
    "rules: [.]": "sluis.yaml:1: rules: . is a folder, not a file",
    "rules: ['']": "sluis.yaml:1: rules: must be the path of a file",
    "smtp:\n  tls:\n    certificate: a.crt\n    key: a.key": "sluis.yaml:3: smtp.tls.certificate: a.crt cannot be "
    "read: No such file or directory",
    "smtp:\n  tls:\n    required: true": "sluis.yaml:3: smtp.tls.required: needs smtp.tls.certificate and smtp.tls.key",
    "policies: {policy: strict}": "sluis.yaml:1: policies: must be a list, like [one, two], not a mapping",
    "policies:\n  - {policy: strict}": "sluis.yaml:2: policies: must name a recipient, a sender or a list; for all "
    "mail there is policy",
    "policies:\n  - recipient: a@b.org\n": "sluis.yaml:2: policies.policy: is missing",
    "policies:\n  - recipient: a@b.org\n    policy: strct": "sluis.yaml:3: policies.policy: must be one of audit, "
    "balanced, strict, simple, not 'strct'; did you mean strict?",
    "policies:\n  - {recipent: a@b.org, policy: strict}": "sluis.yaml:2: policies.recipent: is not a key; did you mean "
    "policies.recipient?",
    "policies:\n  - {recipient: 'a b', policy: strict}": "sluis.yaml:2: policies.recipient: must be a pattern without "
    "blanks, like *@example.org, not 'a b'",
    "policies:\n  - {recipient: [a], policy: strict}": "sluis.yaml:2: policies.recipient: must be text, not a list",
    "policies: [{sender: a.org, policy: audit}]": "sluis.yaml:1: policies: audit is weaker than balanced, "
    "which a sender or a list gets only if a server in authentication.trust has found that the message is theirs; "
    "name one there, or set authentication.authserv_id",
    "authentication: {authserv_id: a_b}": "sluis.yaml:1: authentication.authserv_id: must be a domain in its ASCII "
    "form, like example.org, not 'a_b'",
    "authentication: {resolvers: ['dns.a.org:53']}": "sluis.yaml:1: authentication.resolvers: must be the address of a "
    "DNS server, like 127.0.0.1:53, not 'dns.a.org:53'",
    "authentication: {arc: {domain: a.org}}": "sluis.yaml:1: authentication.arc.key: and authentication.arc.domain and "
    ".selector go together: set all or none",
    "authentication: {authserv_id: a.org, arc: {domain: a.org, selector: k, key: sluis.yaml}}": "sluis.yaml:1: "
    "authentication.arc: key sluis.yaml holds no private key in PEM form",
    "authentication: {arc: {domain: a.org, selector: k, key: sluis.yaml}}": "sluis.yaml:1: authentication.arc: needs "
    "authentication.authserv_id, since what is sealed is what was found here",
    "authentication: {trust: mx.org}": "sluis.yaml:1: authentication.trust: must be a list, like [one, two], not "
    "'mx.org'",
    "lists: [{name: a, format: adblock}]": "sluis.yaml:1: lists: must have a url or a path, and not both",
    "lists: [{name: a, format: adblock, url: 'https://a.org', path: b}]": "sluis.yaml:1: lists: must have a url or a "
    "path, and not both",
    "lists: [{name: A, format: adblock, path: b}]": "sluis.yaml:1: lists.name: must be a name of lower case "
    "letters, digits and dashes, like easyprivacy, not 'A'",
    "lists: [{name: ../a, format: adblock, path: b}]": "sluis.yaml:1: lists.name: must be a name of lower case "
    "letters, digits and dashes, like easyprivacy, not '../a'",
    "lists: [{name: a, format: adblok, path: b}]": "sluis.yaml:1: lists.format: must be one of adblock, clearurls, not "
    "'adblok'; did you mean adblock?",
    "lists: [{name: a, format: adblock, path: 7}]": "sluis.yaml:1: lists.path: must be a path",
    "lists: [{name: a, format: adblock, urls: b}]": "sluis.yaml:1: lists.urls: is not a key; did you mean lists.url?",
    "lists:\n  - {name: a, format: adblock, path: b}\n  - {name: a, format: clearurls, path: b}": "sluis.yaml:1: "
    "lists: must have names that differ, not a twice",
    "- policy": "sluis.yaml:1: must be a mapping of keys to values",
    "policy: audit\n\tfail: open": "sluis.yaml:2: is not YAML: found character '\\t' that cannot start any token",
    "a: &x 1\nb: *x": "sluis.yaml:1: is not YAML: anchors, aliases and tags have no use here",
    "a: !!python/object:os.system {}": "sluis.yaml:1: is not YAML: anchors, aliases and tags have no use here",
    "policy: audit\n---\nfail: open": "sluis.yaml:2: is not YAML: but found another document",
    "[" * 5000: "sluis.yaml: is nested too deep",
}


class TestRefusing:
    @pytest.mark.parametrize(("text", "line"), REFUSALS.items(), ids=range(len(REFUSALS)))
    def test_one_line_says_what_is_wrong_and_where(self, text: str, line: str) -> None:
        assert refusal(text) == line

    @pytest.mark.parametrize("module", ["cryptography", "dns", "spf"])
    def test_judging_needs_its_libraries(self, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, module, None)
        line = "sluis.yaml:1: authentication.authserv_id: needs what is not installed: pip install 'sluis[auth]'"
        assert refusal("authentication: {authserv_id: a.org}") == line

    def test_a_dns_server_has_its_own_port(self) -> None:
        config = load("authentication: {resolvers: [192.0.2.1, '[2001:db8::1]:5353']}")
        assert config.authentication.resolvers == (Endpoint("192.0.2.1", 53), Endpoint("2001:db8::1", 5353))

    def test_the_first_of_several_is_told(self) -> None:
        assert refusal("log: {level: x}\nfail: x\npolicy: x\n").startswith("sluis.yaml:1: log.level")

    def test_a_file_that_is_not_there(self) -> None:
        with pytest.raises(ConfigError) as caught:
            Config.load(Path("nope.yaml"), {})
        assert str(caught.value) == "nope.yaml: cannot be read: No such file or directory"

    def test_a_folder(self) -> None:
        with pytest.raises(ConfigError) as caught:
            Config.load(Path(), {})
        assert str(caught.value) == ".: cannot be read: Is a directory"

    def test_a_file_that_is_no_text(self) -> None:
        Path("sluis.yaml").write_bytes(b"policy: \xff")
        with pytest.raises(ConfigError) as caught:
            Config.load(Path("sluis.yaml"), {})
        assert str(caught.value) == "sluis.yaml: is not UTF-8 text (octet 8)"

    @given(st.text(alphabet="smtp:listen policy\n -[]{}'\"#&*!|>%@`\t\x00\u2028\ufeff0129.~", max_size=60))
    def test_whatever_is_written_the_answer_is_one_line(self, text: str) -> None:
        said = "sluis.yaml"
        try:
            load(text)
        except ConfigError as error:
            said = str(error)
        assert said.startswith("sluis.yaml")
        assert said.isprintable()


class TestOpenRelay:
    OPEN = "smtp:\n  listen: 0.0.0.0:25\n  upstream: smtp://mail.internal\n"

    def test_it_is_refused(self) -> None:
        assert refusal(self.OPEN).startswith("sluis.yaml:1: smtp.accept_domains: must name the domains")

    @pytest.mark.parametrize(
        "line", ["trust: true", "accept_domains: [example.org]", "listen: 127.0.0.1:25", "upstream: maildir:mail"]
    )
    def test_one_line_closes_it(self, line: str) -> None:
        kept = [row for row in self.OPEN.splitlines() if row.split(":")[0].strip() != line.split(":", maxsplit=1)[0]]
        assert load("\n".join([*kept, f"  {line}"])).smtp.listen.port == 25

    def test_logins_that_are_only_offered_do_not(self) -> None:
        secure = "  auth: offered\n  tls: {certificate: a.pem, key: b.pem}\n  upstream_tls: {mode: required}\n"
        assert refusal(self.OPEN + secure).startswith("sluis.yaml:1: smtp.accept_domains: must name the domains")
        assert "accept_domains" not in refusal(self.OPEN + secure.replace("offered", "required"))  # nor a.pem there


class TestLogins:
    ELSEWHERE = "smtp:\n  auth: required\n  listen: 0.0.0.0:587\n  upstream: smtp://mail.internal\n"
    TLS = "  tls: {certificate: a.pem, key: b.pem}\n"

    def test_clients_elsewhere_need_tls(self) -> None:
        said = "sluis.yaml:1: smtp.tls: needs a certificate, since smtp.auth has clients elsewhere log in"
        assert refusal(self.ELSEWHERE + "  upstream_tls: {mode: required}\n") == said

    def test_so_does_a_server_elsewhere(self) -> None:
        said = "smtp.upstream_tls: mode must be required, since smtp.auth passes logins on to another machine"
        assert refusal(self.ELSEWHERE + self.TLS).endswith(said)

    @pytest.mark.parametrize("upstream", ["maildir:mail", "lmtp://127.0.0.1:24"])
    def test_there_must_be_somebody_to_log_in_at(self, upstream: str) -> None:
        said = "smtp.upstream_tls: smtp.auth needs an smtp:// server behind that clients can log in to"
        assert refusal(f"smtp: {{auth: offered, upstream: '{upstream}'}}").endswith(said)

    def test_within_one_machine_nothing_is_needed(self) -> None:
        assert load("smtp: {auth: offered, upstream: smtp://127.0.0.1:10587}").smtp.auth == "offered"


class TestReaders:
    def test_there_is_no_gate_for_them_until_it_has_a_server(self) -> None:
        assert Config().imap.upstream is None
        assert load("imap: {upstream: imaps://imap.example.org}").imap.upstream == Imap(
            Endpoint("imap.example.org", 993), implicit=True
        )

    @pytest.mark.parametrize(
        ("text", "server"),
        [
            ("imaps://mail.example", Imap(Endpoint("mail.example", 993), implicit=True)),
            ("imaps://mail.example:1993/", Imap(Endpoint("mail.example", 1993), implicit=True)),
            ("IMAP://[::1]", Imap(Endpoint("::1", 143), implicit=False)),
        ],
    )
    def test_servers(self, text: str, server: Imap) -> None:
        assert parse_imap(text) == parse_imap(str(server)) == server

    @pytest.mark.parametrize("text", ["", "mail.example", "pop3://mail.example", "imap:mail.example", "imap://"])
    def test_refused_servers(self, text: str) -> None:
        with pytest.raises(ValueError, match="must be "):
            parse_imap(text)

    def test_a_gate_for_one_kind_of_mail_only(self) -> None:
        assert load("smtp: {upstream: null}").smtp.upstream is None

    def test_passwords_in_the_clear_from_elsewhere_are_refused(self) -> None:
        opened = "imap:\n  listen: 0.0.0.0:143\n"
        assert refusal(opened + "  tls: {mode: off}\n").startswith("sluis.yaml:3: imap.tls: must have mode starttls")
        assert refusal(opened).startswith("sluis.yaml:1: imap.tls: must have mode starttls")
        assert load(opened + "  tls: {plaintext: true}\n").imap.tls.plaintext
        assert load("imap: {listen: '127.0.0.1:143'}").imap.tls.mode == "off"

    def test_tls_needs_a_certificate(self) -> None:
        assert refusal("imap:\n  tls:\n    mode: implicit\n") == (
            "sluis.yaml:3: imap.tls.mode: needs imap.tls.certificate and imap.tls.key"
        )


class TestCertificates:
    @pytest.fixture(autouse=True)
    def _certificates(self, certificates: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(certificates)

    def test_a_pair(self) -> None:
        tls = load("smtp:\n  tls: {certificate: a.crt, key: a.key, required: true}").smtp.tls
        assert (tls.certificate, tls.key, tls.required) == (Path("a.crt"), Path("a.key"), True)

    @pytest.mark.parametrize(
        ("pair", "line"),
        [
            ("certificate: a.crt", "2: smtp.tls.key: and smtp.tls.certificate go together: set both or neither"),
            ("key: a.key", "3: smtp.tls.key: and smtp.tls.certificate go together: set both or neither"),
            ("certificate: a.crt\n    key: b.key", "4: smtp.tls.key: b.key is not the key of the certificate a.crt"),
            (
                "certificate: a.crt\n    key: locked.key",
                "4: smtp.tls.key: locked.key is locked by a passphrase; sluis starts unattended and needs one without",
            ),
            (
                "certificate: a.key\n    key: a.key",
                "4: smtp.tls.key: a.key and a.key are no certificate and key in PEM form",
            ),
        ],
    )
    def test_no_pair(self, pair: str, line: str) -> None:
        assert refusal(f"smtp:\n  tls:\n    {pair}\n") == f"sluis.yaml:{line}"

    def test_an_authority_that_is_none(self) -> None:
        assert refusal("smtp: {upstream_tls: {ca: a.key}}") == (
            "sluis.yaml:1: smtp.upstream_tls.ca: a.key holds no certificate in PEM form"
        )
        assert load("smtp: {upstream_tls: {ca: a.crt}}").smtp.upstream_tls.ca == Path("a.crt")


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`a.crt` with `a.key`, `b.key`, which is another's, and `locked.key`, which asks for a passphrase."""
    folder = tmp_path_factory.mktemp("certificates")

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    for name in "ab":
        curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        openssl("req", "-x509", *curve, "-subj", "/CN=mx.test", "-out", f"{name}.crt", "-keyout", f"{name}.key")
    openssl("pkey", "-in", "a.key", "-aes256", "-passout", "pass:x", "-out", "locked.key")
    return folder


class TestEnvironment:
    def test_a_variable_wins_over_the_file(self) -> None:
        environ = {
            "SLUIS_POLICY": "strict",
            "SLUIS_SMTP__LISTEN": "[::]:25",
            "SLUIS_SMTP__ACCEPT_DOMAINS": "[a.org, b.org]",
            "SLUIS_SMTP__TLS__REQUIRED": "false",
            "SLUIS_CLEANING__TIMEOUT": "2.5",
            "PATH": "/bin",
        }
        config = load("policy: audit\nsmtp: {max_recipients: 7}\ncleaning:\n", environ)
        assert (config.policy, config.cleaning.timeout) == ("strict", 2.5)
        assert config.smtp.listen == Endpoint("::", 25)
        assert config.smtp.accept_domains == ("a.org", "b.org")
        assert config.smtp.max_recipients == 7

    def test_every_key_can_be_set(self) -> None:
        for key in keys():
            with pytest.raises(ConfigError) as caught:
                Config.load(None, {"SLUIS_" + "__".join(key).upper(): "{a: b}"})
            assert caught.value.key == ".".join(key)

    @pytest.mark.parametrize(
        ("name", "value", "line"),
        [
            ("SLUIS_SMTP__LISTN", "x", "SLUIS_SMTP__LISTN: smtp.listn: is not a key; did you mean smtp.listen?"),
            (
                "SLUIS_LISTEN",
                "x",
                f"SLUIS_LISTEN: listen: is not a key; did you mean {LISTENS}?",
            ),
            ("SLUIS_WEB", "x", "SLUIS_WEB: web: is not a key; did you mean web.listen?"),
            ("SLUIS_POLICY__X", "x", "SLUIS_POLICY__X: policy.x: is not a key"),
            ("SLUIS_", "x", "SLUIS_: is not a key"),
            ("SLUIS_FAIL", "", "SLUIS_FAIL: fail: must be one of open, closed, not nothing"),
            ("SLUIS_SMTP__TRUST", "1", "SLUIS_SMTP__TRUST: smtp.trust: must be true or false, not 1"),
            (
                "SLUIS_POLICY",
                "{a: 1, a: 2}",
                "SLUIS_POLICY:1: a: is given twice; first at SLUIS_POLICY:1",
            ),
        ],
    )
    def test_a_wrong_one_is_named(self, name: str, value: str, line: str) -> None:
        assert refusal("policy: audit\n", {name: value}) == line

    def test_a_section_that_the_file_spoils(self) -> None:
        assert refusal("smtp: 3", {"SLUIS_SMTP__TRUST": "true"}) == (
            "sluis.yaml:1: smtp: must be a mapping of keys to values"
        )

    def test_the_links_of_a_service_called_sluis_are_no_keys(self) -> None:
        links = {
            "SLUIS_SERVICE_HOST": "10.0.0.1",
            "SLUIS_SERVICE_PORT_SMTP": "25",
            "SLUIS_PORT": "tcp://10.0.0.1:25",
            "SLUIS_PORT_25_TCP_ADDR": "10.0.0.1",
        }
        assert Config.load(None, links) == Config()
