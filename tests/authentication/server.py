"""A DNS server on this machine, over UDP and TCP, whose zone is a dictionary; where that has None, it never answers."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseRequestHandler, ThreadingTCPServer, ThreadingUDPServer
from threading import Thread

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
from tests.authentication.zone import Zone
from tests.integration.process import free_port

from sluis.authentication.question import Kind, Question
from sluis.config import Endpoint

_PLAIN = 1_232  # octets of a datagram; what is longer is asked for by TCP
_TTL = 60


class Server:
    """What `zone` says. It may be changed while the server runs. `asked` are the questions that came."""

    def __init__(self, zone: Zone, endpoint: Endpoint) -> None:
        self.zone = zone
        self.endpoint = endpoint
        self.asked: list[Question] = []

    def reply(self, wire: bytes) -> dns.message.Message | None:
        """The reply to a query; None for silence."""
        query = dns.message.from_wire(wire)
        name, kind = query.question[0].name, query.question[0].rdtype
        question = Question(name.to_text(omit_final_dot=True).lower(), _kind(kind.name))
        self.asked.append(question)
        answer = self.zone.get(question, ())
        if answer is None:
            return None
        reply = dns.message.make_response(query)
        if answer:
            reply.answer = [
                dns.rrset.from_text_list(name, _TTL, "IN", kind, [_text(kind.name, each) for each in answer])
            ]
        elif not any(each.name == question.name for each in self.zone):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        return reply


@contextmanager
def server(zone: Zone, address: str = "127.0.0.1", port: int = 0) -> Iterator[Server]:
    """A running server with the zone `zone`, at a port that is free unless one is named."""
    place = address, port or free_port()
    serving = Server(zone, Endpoint(*place))

    class Datagram(BaseRequestHandler):
        def handle(self) -> None:
            wire, socket = self.request
            if reply := serving.reply(wire):
                if len(reply.to_wire()) > _PLAIN:
                    reply.answer.clear()
                    reply.flags |= dns.flags.TC
                socket.sendto(reply.to_wire(), self.client_address)

    class Connection(BaseRequestHandler):
        def handle(self) -> None:
            (length,) = struct.unpack("!H", self.request.recv(2))
            if reply := serving.reply(self.request.recv(length)):
                octets = reply.to_wire(max_size=65_535)
                self.request.sendall(struct.pack("!H", len(octets)) + octets)

    with ThreadingUDPServer(place, Datagram) as udp, ThreadingTCPServer(place, Connection) as tcp:
        for each in (udp, tcp):
            Thread(target=each.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield serving
        finally:
            udp.shutdown()
            tcp.shutdown()


def _kind(name: str) -> Kind:
    assert name in {"TXT", "A", "AAAA", "MX", "PTR"}
    return name  # type: ignore[return-value]


def _text(kind: str, record: bytes) -> str:
    """A record as a zone file has it."""
    match kind:
        case "TXT":
            pieces = [record[at : at + 255] for at in range(0, len(record), 255)] or [b""]
            return " ".join('"' + "".join(f"\\{octet:03d}" for octet in piece) + '"' for piece in pieces)
        case "MX":
            return f"10 {record.decode()}."
        case "PTR":
            return f"{record.decode()}."
    return record.decode()
