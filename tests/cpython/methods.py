"""Runs the test methods of one of CPython's test files and tells of each how it ended.

    methods.py MODULE RECORD [--only PATTERN ...] [--without FILE]

Runs under CPython and under `hoop` alike; `run.py` starts it under both. A line of RECORD is an outcome and the id of a
test, written when the test ends; before that a line `start ID` is written, so that a crash or a hang can be put to its test.
What went wrong is printed on standard output.
"""

import fnmatch
import sys
import unittest

import web


class Recorder(unittest.TestResult):
    def __init__(self, path):
        super().__init__()
        self.record = open(path, "a", encoding="utf-8")
        self.outcome = None

    def write(self, word, test):
        self.record.write(f"{word} {test.id()}\n")
        self.record.flush()

    def startTest(self, test):
        super().startTest(test)
        self.outcome = "ok"
        self.write("start", test)

    def stopTest(self, test):
        super().stopTest(test)
        self.write(self.outcome, test)

    def complain(self, test, error, word):
        self.outcome = word
        print(f"---- {word} {test.id()}")
        text = self._exc_info_to_string(error, test)
        print(text.encode("utf-8", "backslashreplace").decode("utf-8"), flush=True)

    def addFailure(self, test, error):
        self.complain(test, error, "failed")

    def addError(self, test, error):
        self.complain(test, error, "failed")

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self.complain(test, error, "failed")

    def addSkip(self, test, reason):
        if self.outcome != "failed":
            self.outcome = "skipped"

    def addExpectedFailure(self, test, error):
        self.outcome = "expected"

    def addUnexpectedSuccess(self, test):
        self.outcome = "failed"
        print(f"---- unexpected success {test.id()}", flush=True)


def flatten(tests):
    for test in tests:
        if isinstance(test, unittest.TestSuite):
            yield from flatten(test)
        else:
            yield test


def is_of_library(test):
    """Whether a test is an example in a docstring of the library, which a test file runs along with its own."""
    example = getattr(test, "_dt_test", None)
    return example is not None and not example.globs.get("__name__", "").startswith("test.")


def main(module, record, *options):
    only = []
    without = set()
    options = list(options)
    while options:
        option = options.pop(0)
        if option == "--without":
            with open(options.pop(0), encoding="utf-8") as file:
                without.update(file.read().split("\n"))
        elif option == "--only":
            only.append(options.pop(0))
        else:
            sys.exit(f"methods.py: unknown option {option}")
    web.provide()
    found = list(flatten(unittest.defaultTestLoader.loadTestsFromName(module)))
    wanted = [
        test
        for test in found
        if test.id() not in without
        and not is_of_library(test)
        and (not only or any(fnmatch.fnmatchcase(test.id(), f"*{pattern}*") for pattern in only))
    ]
    unittest.TestSuite(wanted).run(Recorder(record))


if __name__ == "__main__":
    main(*sys.argv[1:])
