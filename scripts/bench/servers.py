"""Requests per CPU second of small servers: `hoop` against a CPython that has uvloop, interleaved in one run.

    python3.13 scripts/bench/servers.py [--hoop target/release/hoop] [--python PYTHON] [--rounds 3] [--requests 40000] [--connections 50]

PYTHON is an interpreter with uvloop (its own package).  A server of `servers/` runs in a
process of its own; this one is its client, over so many connections at once, each with one request
on its way.  What counts is the processor time of the server alone, in user and system mode.
"""
import argparse
import os
import selectors
import socket
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
LINE = b"a line of some forty bytes for the echo\n"
GET = b"GET /items/7 HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n"
SERVERS = {"echo": (LINE, lambda got: got.endswith(b"\n")),
           "echo_protocol": (LINE, lambda got: got.endswith(b"\n")),
           "http": (GET, lambda got: got.endswith(b"}"))}


def drive(port, request, complete, connections, requests):
    """Plays so many requests, one at a time on each connection."""
    selector = selectors.DefaultSelector()
    for _ in range(connections):
        peer = socket.create_connection(("127.0.0.1", port))
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(peer, selectors.EVENT_READ, bytearray())
        peer.sendall(request)
    sent, done = connections, 0
    while done < requests:
        for key, _ in selector.select():
            data = key.fileobj.recv(65536)
            if not data:
                raise SystemExit("the server has closed a connection")
            key.data.extend(data)
            if complete(key.data):
                key.data.clear()
                done += 1
                if sent < requests:
                    sent += 1
                    key.fileobj.sendall(request)
    for key in list(selector.get_map().values()):
        key.fileobj.close()


def cpu_seconds(pid):
    """Processor time of a process so far."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(interpreter, name, connections, requests):
    """Requests per CPU second and per second of one server."""
    request, complete = SERVERS[name]
    server = subprocess.Popen([interpreter, os.path.join(HERE, "servers", name + ".async")], stdout=subprocess.PIPE)
    try:
        port = int(server.stdout.readline())
        drive(port, request, complete, connections, requests // 10)
        cpu, start = cpu_seconds(server.pid), time.perf_counter()
        drive(port, request, complete, connections, requests)
        return requests / (cpu_seconds(server.pid) - cpu), requests / (time.perf_counter() - start)
    finally:
        server.kill()
        server.wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--hoop", default=os.path.join(ROOT, "target", "release", "hoop"))
    parser.add_argument("--python", default=sys.executable, help="a CPython with uvloop")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--requests", type=int, default=40_000)
    parser.add_argument("--connections", type=int, default=50)
    parser.add_argument("--only", default=",".join(SERVERS))
    options = parser.parse_args()
    print(f"{'server':<16}{'CPython, uvloop':>17}{'hoop':>10}  requests per CPU second; ratio, lowest to highest; hoop's per second")
    for name in options.only.split(","):
        rows = [(measure(options.python, name, options.connections, options.requests), measure(options.hoop, name, options.connections, options.requests))
                for _ in range(options.rounds)]
        ratios = sorted(ours[0] / theirs[0] for theirs, ours in rows)
        print(f"{name:<16}{statistics.median(theirs[0] for theirs, _ in rows):>17.0f}{statistics.median(ours[0] for _, ours in rows):>10.0f}"
              f"  {statistics.median(ratios):.2f}, {ratios[0]:.2f} to {ratios[-1]:.2f}; {statistics.median(ours[1] for _, ours in rows):.0f}", flush=True)


main()
