"""Which program a seed makes."""
import random

import classes
import language
import methods
import tasks

SAMPLE = 480
SAMPLE_OF_TASKS = 300


class Program:
    def __init__(self, source, used=()):
        self.source, self.used = source, list(used)


def method_program(dice, seed):
    """Goes round the table, so that every name has its turn."""
    pairs = methods.PAIRS
    kind = pairs[(seed * 7) % len(pairs)][0]
    start = (seed * 7) % len(pairs)
    wanted = [p for p in (pairs[(start + i) % len(pairs)] for i in range(7)) if p[0] == kind]
    writer = methods.Methods(dice)
    return Program(writer.program(wanted), writer.used)


def function_program(dice, seed):
    names = list(methods.FUNCTIONS)
    wanted = dice.sample(names, 10)
    return Program(methods.function_program(dice, wanted), [("function", n) for n in wanted])


def program(seed):
    """The program of a number; that of a "t" and a number is one of asyncio's order."""
    if isinstance(seed, str) and seed.startswith("t"):
        return Program(tasks.Tasks(random.Random(int(seed[1:]))).program())
    seed = int(seed)
    dice = random.Random(seed)
    match seed % 16:
        case 0 | 1 | 2 | 3 | 4 | 5 | 6:
            return method_program(dice, seed)
        case 7:
            return function_program(dice, seed)
        case 8 | 9:
            return Program(classes.Classes(dice).program())
        case 10:
            return Program(classes.call_program(dice))
        case _:
            return Program(language.Writer(dice).program())


def seeds(first, last):
    """All from the first to before the last, of the kind that the first names."""
    kind = first[:1] if first.startswith("t") else ""
    for number in range(int(first.removeprefix("t")), int(last.removeprefix("t"))):
        yield f"{kind}{number}"
