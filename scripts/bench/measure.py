"""Runs a program and says what it took: its own seconds, processor time, peak memory."""
import dataclasses
import json
import os
import subprocess
import sys
import tempfile

# The kernel counts to a process's peak what its parent had when it was forked, so that a small parent of its own starts
# each program: after the fork only the few pages that belong to it alone are counted.
LAUNCHER = """
import os, sys, time
start = time.perf_counter()
pid = os.fork()
if not pid:
    try:
        os.execv(sys.argv[2], sys.argv[2:])
    finally:
        os._exit(127)
_, status, usage = os.wait4(pid, 0)
wall = time.perf_counter() - start
line = f'[{os.waitstatus_to_exitcode(status)}, {wall}, {usage.ru_utime + usage.ru_stime}, {usage.ru_maxrss}]'
os.write(int(sys.argv[1]), line.encode())
"""

# Runs a program as ever, with uvloop's loops in the place of asyncio's.
WITH_UVLOOP = """
import asyncio, runpy, sys, uvloop
asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name='__main__')
"""


@dataclasses.dataclass
class Run:
    """What one run of a command took."""

    out: str
    wall: float
    cpu: float
    peak_kib: int

    @property
    def seconds(self):
        """What the program says that its main part took: the number after its name."""
        return float(self.out.split()[1])


class Failed(Exception):
    """A program ended with an error, which is the message."""


def run(command, environment=None, timeout=60):
    """Runs a command to its end."""
    report, written = os.pipe()
    with tempfile.TemporaryFile("w+") as errors:
        launcher = [sys.executable, "-I", "-S", "-c", LAUNCHER, str(written), *command]
        child = subprocess.Popen(launcher, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True,
                                 pass_fds=(written,), env=environment, start_new_session=True)
        os.close(written)
        try:
            out, _ = child.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, 9)
            child.wait()
            raise Failed(f"{' '.join(command)}: not ended after {timeout} s") from None
        with open(report) as pipe:
            status, wall, cpu, peak = json.loads(pipe.read())
        if status:
            errors.seek(0)
            raise Failed(f"{' '.join(command)}: exit status {status}\n{errors.read()[-2000:]}")
    return Run(out, wall, cpu, peak)
