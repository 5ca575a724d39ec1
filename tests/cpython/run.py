#!/usr/bin/env python3
"""Holds `hoop` to CPython's own test files, which lie with a CPython 3.13 on this machine and are not part of this project.

    run.py --hoop HOOP [--python PYTHON3.13] [--only PATTERN] [--show] [--jobs N] [TEST ...]

TEST is a name such as test_list or, in a package, test_asyncio.test_locks; without one, all of TESTS, two at a time. Every test method that PYTHON passes is run by HOOP with the same
driver, `methods.py`, less those that `skips.txt` leaves out; the counts are printed. `--show` prints what failed, and how.
"""

import argparse
import concurrent.futures
import fnmatch
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = """
    test_list test_dict test_set test_tuple test_int test_float test_str test_bytes test_range test_slice test_enumerate
    test_generators test_coroutines test_asyncgen test_with test_except_star test_exception_group test_contextlib
    test_contextlib_async test_dataclasses test_functools test_itertools test_collections test_patma test_scope test_grammar
    test_unpack test_fstring test_json test_heapq test_bisect
    test_asyncio.test_taskgroups test_asyncio.test_timeouts test_asyncio.test_waitfor test_asyncio.test_threads
    test_asyncio.test_pep492 test_asyncio.test_protocols test_asyncio.test_context test_asyncio.test_subprocess
    test_asyncio.test_locks test_asyncio.test_queues test_asyncio.test_futures test_asyncio.test_futures2
    test_asyncio.test_eager_task_factory test_asyncio.test_streams test_asyncio.test_server test_asyncio.test_transports
    test_asyncio.test_buffered_proto test_asyncio.test_sock_lowlevel test_asyncio.test_tasks test_asyncio.test_runners
    test_asyncio.test_staggered test_asyncio.test_sslproto test_asyncio.test_ssl
""".split()
GOAL = 90  # per cent
MOST_SKIPPED = 15  # per cent
PATIENCE = 60  # seconds a single test method may take


def read_skips():
    """Lines `FILE PATTERN  # reason`; a reason that begins with "twin" does not count against MOST_SKIPPED."""
    skips = []
    with open(os.path.join(HERE, "skips.txt"), encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            text, _, reason = line.partition("#")
            if not text.strip():
                continue
            if len(text.split()) != 2 or not reason.strip():
                sys.exit(f"skips.txt:{number}: a line is: FILE PATTERN  # reason")
            name, pattern = text.split()
            skips.append((name, pattern, reason.strip()))
    return skips


def read_record(path):
    """What each test came to, and the test that was running at the end of the record, if one was."""
    outcomes = {}
    running = None
    with open(path, encoding="utf-8") as file:
        for line in file:
            word, _, test = line.rstrip("\n").partition(" ")
            if word == "start":
                running = test
            else:
                outcomes[test] = word
                running = None
    return outcomes, running


def watch(process, record):
    """Waits for the process; ends it when its record has not grown for PATIENCE seconds. Returns whether it had to."""
    size, since = -1, time.monotonic()
    while process.poll() is None:
        time.sleep(0.05)
        now = os.path.getsize(record)
        if now != size:
            size, since = now, time.monotonic()
        elif time.monotonic() - since > PATIENCE:
            process.kill()
            process.wait()
            return True
    return False


def run(command, test, only, folder, environment):
    """Runs one test file to its end, starting anew behind a method that crashed or hung."""
    outcomes, output = {}, ""
    without = os.path.join(folder, "without")
    while True:
        record = os.path.join(folder, "record")
        open(record, "w").close()
        with open(without, "w", encoding="utf-8") as file:
            file.write("\n".join(outcomes))
        arguments = [*command, os.path.join(HERE, "methods.py"), f"test.{test}", record, "--without", without]
        if only:
            arguments += ["--only", only]
        with open(os.path.join(folder, "output"), "w+", encoding="utf-8", errors="replace") as printed:
            process = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=printed, stderr=subprocess.STDOUT,
                cwd=folder, env={**os.environ, **environment},
            )
            hung = watch(process, record)
            printed.seek(0)
            output += printed.read()
        more, running = read_record(record)
        outcomes.update(more)
        if running is not None:
            outcomes[running] = "hung" if hung else "crashed"
            output += f"---- {outcomes[running]} {running} (status {process.returncode})\n"
        elif process.returncode != 0 or hung:
            output += f"---- {test} ended with status {process.returncode}\n"
            return outcomes, output
        else:
            return outcomes, output


class File:
    """One test file: what Python made of it, and what `hoop` did."""

    def __init__(self, name, options, library):
        self.name = name
        hoop = os.path.abspath(options.hoop)
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(os.path.join(folder, "path"))
            os.symlink(library, os.path.join(folder, "path", "test"))
            # test_bytes imports it at its head, for a few methods only.
            open(os.path.join(folder, "path", "_testlimitedcapi.py"), "w").close()
            path = [os.path.join(folder, "path"), *filter(None, [os.environ.get("HOOPPATH")])]
            self.expected, _ = run([options.python], name, options.only, folder, {})
            began = time.monotonic()
            self.outcomes, self.output = run([hoop], name, options.only, folder, {"HOOPPATH": os.pathsep.join(path)})
            self.seconds = time.monotonic() - began

    def judge(self, skips):
        """Sorts the methods that Python passes into those wanted of `hoop` and those left out."""
        self.wanted, self.skipped, self.twins = [], 0, 0
        for method, outcome in self.expected.items():
            if outcome not in ("ok", "expected"):
                continue
            reasons = [r for file, pattern, r in skips if file == self.name and fnmatch.fnmatchcase(method, f"*{pattern}")]
            if reasons:
                twin = any(reason.startswith("twin") for reason in reasons)
                self.twins, self.skipped = self.twins + twin, self.skipped + (not twin)
            else:
                self.wanted.append(method)
        self.passed = [method for method in self.wanted if self.outcomes.get(method) == self.expected[method]]

    def report(self, show):
        """Prints the counts; returns whether they are good enough."""
        share = 100 * len(self.passed) / max(len(self.wanted), 1)
        too_many = 100 * self.skipped > MOST_SKIPPED * (len(self.wanted) + self.skipped)
        notes = " too few pass" * (share < GOAL) + " too many left out" * too_many
        print(
            f"{self.name:36}{len(self.passed):8}{len(self.wanted):6}{share:4.0f}%{self.skipped:8}{self.twins:7}"
            f"{self.seconds:8.0f}{notes}", flush=True,
        )
        if show:
            print(self.output)
            for method in self.wanted:
                if method not in self.passed:
                    print(f"not passed: {method}: {self.outcomes.get(method, 'not run')}")
        return share >= GOAL and not too_many


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hoop", required=True)
    parser.add_argument("--python", default="python3.13")
    parser.add_argument("--only", help="run the methods whose id has this in it")
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--jobs", type=int, default=2, help="how many files are run at a time")
    parser.add_argument("tests", nargs="*", default=TESTS)
    options = parser.parse_args()
    library = subprocess.run(
        [options.python, "-c", "import os, test; print(os.path.dirname(test.__file__))"],
        check=True, capture_output=True, text=True,
    ).stdout.strip()
    skips = read_skips()
    enough = True
    totals = [0, 0]
    print(f"{'file':36}{'passed':>8}{'of':>6}{'':4}{'left out':>9}{'twins':>7}{'seconds':>8}")
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for file in pool.map(lambda test: File(test, options, library), options.tests):
            file.judge(skips)
            enough = file.report(options.show) and enough
            totals = [totals[0] + len(file.passed), totals[1] + len(file.wanted)]
    print(f"{'all':36}{totals[0]:8}{totals[1]:6}{100 * totals[0] / max(totals[1], 1):4.0f}%")
    sys.exit(not enough)


if __name__ == "__main__":
    main()
