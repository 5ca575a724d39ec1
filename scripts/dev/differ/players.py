"""CPython and hoop as servers that play one program after another."""
import json
import os
import selectors
import subprocess
import sys

import documented

HERE = os.path.dirname(os.path.abspath(__file__))
# What a player may take for a program, and for one that is a step of making another small.
DEADLINE, SHORT = 20.0, 2.5


class Player:
    def __init__(self, command, shift=0):
        self.command = [*command, os.path.join(HERE, "play.async"), "serve", str(shift)]
        self.shift = shift
        self.child = None
        self.deadline = DEADLINE

    def start(self):
        env = dict(os.environ, PYTHONHASHSEED=str(self.shift), PYTHONWARNINGS="ignore", NO_COLOR="1", TZ="UTC")
        self.errors = open(f"/tmp/differ-{os.getpid()}-{id(self)}", "w+b") if not hasattr(self, "errors") else self.errors
        self.child = subprocess.Popen(self.command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors)
        os.unlink(self.errors.name) if os.path.exists(self.errors.name) else None
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.child.stdout, selectors.EVENT_READ)
        self.played = 0

    def send(self, source):
        if self.child is not None and self.played >= 500:
            self.stop()
        if self.child is None:
            self.start()
        self.played += 1
        try:
            self.child.stdin.write(json.dumps(source).encode() + b"\n")
            self.child.stdin.flush()
        except BrokenPipeError:
            pass

    def receive(self):
        """What the program printed, or how the player died of it."""
        parts = []
        while not parts or not parts[-1].endswith(b"\n"):
            if not self.selector.select(self.deadline):
                self.stop()
                return "# HANGS"
            part = os.read(self.child.stdout.fileno(), 1 << 20)
            if not part:
                code = self.child.wait()
                self.stop()
                return f"# DIES {code}"
            parts.append(part)
        return json.loads(b"".join(parts))

    def stop(self):
        self.child.kill()
        self.child.wait()
        self.child.stdin.close() if not self.child.stdin.closed else None
        self.child.stdout.close()
        self.selector.close()
        self.child = None


class Verdict:
    """What became of a program: "same", "hangs", "unsteady", "documented" or "differs"; and the first line that tells."""

    def __init__(self, name, at=("", ""), row=None):
        self.name, self.at, self.row = name, at, row


class Pair:
    """Both, side by side; and two more of CPython, which are asked whether it agrees with itself."""

    def __init__(self, hoop):
        command = [sys.executable, "-X", "utf8"]
        self.cpython, self.hoop = Player(command), Player([hoop, "-X", "virtual_time"])
        self.witnesses = [Player(command, 7), Player(command, 20)]

    def play(self, source):
        self.cpython.send(source)
        self.hoop.send(source)
        return self.cpython.receive(), self.hoop.receive()

    def judge(self, source):
        """Compares what both print, less what is documented and what depends on addresses, or on the order of sets."""
        a, b = self.play(source)
        if a == "# HANGS":
            # All begin anew, so that what counts by the process (names of tasks) goes on alike.
            self.stop()
            return Verdict("hangs")
        if a == b:
            return Verdict("same")
        others = []
        for witness in self.witnesses:
            witness.send(source)
            others.append(witness.receive().split("\n"))
        a, b = a.split("\n"), b.split("\n")
        found = Verdict("same")
        for number, (x, y) in enumerate(zip(a + ["(end)"], b + ["(end)"])):
            if any(other[number:number + 1] != [x] for other in others if x != "(end)"):
                # CPython does not know itself what comes here. What follows counts where it goes on line by line.
                found = Verdict("unsteady", (x, y)) if found.name == "same" else found
                if len({len(lines) for lines in (a, b, *others)}) > 1:
                    return found
            elif x != y:
                row = documented.explanation(x, y) or self.with_one_nan(source, number, y)
                if row is None:
                    return Verdict("differs", (x, y))
                found = Verdict("documented", (x, y), row)
        return found

    def with_one_nan(self, source, number, line):
        """The row of docs/differences.md that explains a line, if CPython too prints it where all NaNs are one object."""
        row, written, one = documented.ONE_NAN
        if written not in source:
            return None
        self.cpython.send(source.replace(written, one))
        return row if self.cpython.receive().split("\n")[number:number + 1] == [line] else None

    def hurry(self, seconds):
        for player in (self.cpython, self.hoop, *self.witnesses):
            player.deadline = seconds

    def stop(self):
        for player in (self.cpython, self.hoop, *self.witnesses):
            if player.child is not None:
                player.stop()
