"""CPython's loop in virtual time, and without the accidents of addresses, as `hoop -X virtual_time` has it.

`install()` makes every new event loop one whose clock stands still while anything can run, and
gives the sets that asyncio goes through in the order of addresses the order of insertion.
"""
import asyncio
import asyncio.taskgroups
import heapq
import itertools
import math
import weakref


class InsertionSet(dict):
    """A set that is gone through in the order in which its members came."""

    def add(self, member):
        self[member] = None

    def discard(self, member):
        self.pop(member, None)


class WeakInsertionSet:
    """The same, of members that may go away."""

    def __init__(self):
        self.members = {}

    def add(self, member):
        mark = id(member)
        self.members[mark] = weakref.ref(member, lambda _: self.members.pop(mark, None))

    def discard(self, member):
        self.members.pop(id(member), None)

    def clear(self):
        self.members.clear()

    def __len__(self):
        return len(self.members)

    def __iter__(self):
        return iter([m for m in (ref() for ref in list(self.members.values())) if m is not None])


class TimerHandle(asyncio.TimerHandle):
    """Of two with one deadline, the one made first comes first."""

    __slots__ = ("number",)
    numbers = itertools.count()

    def __init__(self, *args):
        super().__init__(*args)
        self.number = next(self.numbers)

    def __lt__(self, other):
        return (self._when, self.number) < (other._when, other.number)


class Loop(asyncio.SelectorEventLoop):
    """A loop whose time, in nanoseconds, moves only when nothing can run."""

    nanoseconds = 0  # one time for all loops

    def __init__(self):
        super().__init__()
        self._clock_resolution = 1e-9
        self._asyncgens = WeakInsertionSet()
        self.really_select, self._selector.select = self._selector.select, self.select

    def time(self):
        return self.nanoseconds / 1e9

    def call_at(self, when, callback, *args, context=None):
        self._check_closed()
        timer = TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._scheduled, timer)
        timer._scheduled = True
        return timer

    def select(self, timeout):
        events = self.really_select(None if timeout is None else 0)
        if not events and timeout:
            self.jump_to(self._scheduled[0]._when)
        return events

    def jump_to(self, deadline):
        target, step = math.ceil(deadline * 1e9), 1
        while target / 1e9 + 1e-9 <= deadline:
            target += step
            step *= 2
        Loop.nanoseconds = max(Loop.nanoseconds, target)


class TaskGroup(asyncio.TaskGroup):
    """Forgets what it has gathered when its block is left, as that of CPython 3.13.1 does: else it lies in cycles."""

    async def __aexit__(self, et, exc, tb):
        tb = None
        try:
            return await super().__aexit__(et, exc, tb)
        except BaseException as error:
            # The variables of the frame that raised it hold it too.
            own = error.__traceback__.tb_next
            error.__traceback__ = own and own.tb_next
            del own
            raise
        finally:
            self._errors = self._base_error = self._parent_task = exc = None


class Policy(asyncio.DefaultEventLoopPolicy):
    _loop_factory = Loop


def align(base, step):
    """Goes on to the next multiple of so many nanoseconds, not before `base`."""
    Loop.nanoseconds = max(Loop.nanoseconds, base)
    Loop.nanoseconds += -Loop.nanoseconds % step


def install():
    asyncio.set_event_loop_policy(Policy())
    asyncio.taskgroups.set = InsertionSet
    asyncio.TaskGroup = asyncio.taskgroups.TaskGroup = TaskGroup
