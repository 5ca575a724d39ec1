"""Writes down which public names CPython's modules have: scripts/dev/library_names.txt.

    python3.13 scripts/dev/library_names.py

A line is a module, a colon and its names. The names are those of `__all__`; a module without one counts what it defines
itself. `library_pages.async` compares the interpreter with the list.
"""

import importlib
import os
import sys
import types
import warnings

# Modules of other systems, of windows and sounds, or of CPython itself; those that do something when they are imported.
LEFT_OUT = set(
    "antigravity idlelib this tkinter turtle turtledemo lib2to3 msvcrt winreg winsound nt ntpath _winapi winapi "
    "ensurepip venv pydoc_data __hello__ __phello__ test xxlimited xxsubtype".split()
)
INSIDE = """
    asyncio.events asyncio.subprocess collections.abc concurrent.futures concurrent.futures.thread
    concurrent.futures.process ctypes.util dbm.dumb dbm.sqlite3 email.message email.mime email.parser email.policy
    email.utils encodings.aliases encodings.idna html.entities html.parser http.client http.cookiejar http.cookies
    http.server importlib.abc importlib.machinery importlib.metadata importlib.resources importlib.resources.abc
    importlib.util json.decoder json.encoder json.scanner json.tool logging.config logging.handlers
    multiprocessing.managers multiprocessing.pool os.path unittest.mock urllib.error urllib.parse urllib.request
    urllib.response urllib.robotparser wsgiref.simple_server xml.dom xml.etree.ElementTree xml.parsers.expat xml.sax
    xmlrpc.client xmlrpc.server
""".split()


def names_of(module):
    if hasattr(module, "__all__"):
        return sorted(set(module.__all__))
    found = []
    for name, value in vars(module).items():
        if name.startswith("_") or isinstance(value, types.ModuleType):
            continue
        home = getattr(value, "__module__", None)
        if isinstance(value, (type, types.FunctionType)) and home not in (None, module.__name__, "_" + module.__name__):
            continue
        found.append(name)
    return sorted(found)


def main():
    warnings.simplefilter("ignore")
    modules = [name for name in sys.stdlib_module_names if not name.startswith("_") and name not in LEFT_OUT]
    lines = []
    for name in sorted(modules + INSIDE + ["__future__"]):
        try:
            module = importlib.import_module(name)
        except ImportError:
            # Nothing is known of a module that this CPython was built without.
            lines.append(f"{name}:")
            continue
        lines.append(f"{name}: {' '.join(names_of(module))}".rstrip())
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "library_names.txt")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
