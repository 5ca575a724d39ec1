"""CPython and hoop as servers that play one program after another."""
import json
import os
import selectors
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
DEADLINE = 20.0


class Player:
    def __init__(self, command):
        self.command = [*command, os.path.join(HERE, "play.async"), "serve"]
        self.child = None

    def start(self):
        env = dict(os.environ, PYTHONHASHSEED="0", PYTHONWARNINGS="ignore", NO_COLOR="1", TZ="UTC")
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
            if not self.selector.select(DEADLINE):
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


class Pair:
    """Both, side by side."""

    def __init__(self, hoop):
        self.cpython, self.hoop = Player([sys.executable, "-X", "utf8"]), Player([hoop])

    def play(self, source):
        self.cpython.send(source)
        self.hoop.send(source)
        return self.cpython.receive(), self.hoop.receive()

    def stop(self):
        for player in (self.cpython, self.hoop):
            if player.child is not None:
                player.stop()
