from . import name
from .nested import marker
deep = "deep in " + name + " " + marker


def thing():
    return "thing"
