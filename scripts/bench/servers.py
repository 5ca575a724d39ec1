"""Servers under load: what a request costs the process that answers it."""
import contextlib
import json
import os
import statistics
import subprocess
import sys

import measure

HERE = os.path.dirname(os.path.abspath(__file__))
# Each server, and what the generator says to it.
SERVERS = {"echo": "line", "echo_records": "record", "echo_protocol": "line", "http": "http"}
LOAD = os.path.join(HERE, "load", "target", "release", "load")


def cpu_seconds(pid):
    """Processor time of a process so far, in user and system mode."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def serving(command):
    """A server's process and its port."""
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        line = server.stdout.readline()
        if not line:
            raise measure.Failed(f"{' '.join(command)} told no port")
        yield server.pid, line.strip()
    finally:
        server.kill()
        server.communicate()


def drive(load, port, kind, connections, requests):
    """Plays the requests and says how many were answered in a second."""
    done = subprocess.run([load, "drive", port, kind, str(connections), str(requests)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=600)
    if done.returncode:
        raise measure.Failed(done.stderr.strip())
    result = json.loads(done.stdout)
    return result["requests"] / result["seconds"]


def measure_server(command, load, kind, connections, requests):
    """Microseconds of the server's processor time for a request, and requests per second."""
    with serving(command) as (pid, port):
        drive(load, port, kind, connections, max(requests // 10, connections))
        before = cpu_seconds(pid)
        rate = drive(load, port, kind, connections, requests)
        return {"cpu_us": (cpu_seconds(pid) - before) / requests * 1e6, "rate": rate}


def compare(interpreters, names, rounds, load, connections, requests):
    """The medians for each server and interpreter; the floor is an echo server of system calls alone."""
    if not os.path.exists(load):
        raise SystemExit("the load generator is not built: cargo build --release --manifest-path scripts/bench/load/Cargo.toml")
    measured = {name: {} for name in names}
    for turn in range(rounds):
        for name in names:
            commands = {who: interpreters.command(who, "servers", name) for who in interpreters.commands}
            if SERVERS[name] == "line":
                commands["floor"] = [load, "floor"]
            for who, command in commands.items():
                if command is not None:
                    try:
                        found = measure_server(command, load, SERVERS[name], connections, requests)
                    except measure.Failed as error:
                        raise SystemExit(f"{name} under {who}: {error}") from None
                    measured[name].setdefault(who, []).append(found)
        print(f"servers: round {turn + 1} of {rounds} is done", file=sys.stderr)
    return {name: {who: summary(found, by_interpreter["CPython"]) for who, found in by_interpreter.items()}
            for name, by_interpreter in measured.items()}


def summary(ours, theirs):
    each = sorted(a["cpu_us"] / b["cpu_us"] for a, b in zip(theirs, ours))
    return {
        "cpu_us": statistics.median(found["cpu_us"] for found in ours),
        "rate": statistics.median(found["rate"] for found in ours),
        "ratio": {"median": statistics.median(each), "low": each[0], "high": each[-1]},
    }
