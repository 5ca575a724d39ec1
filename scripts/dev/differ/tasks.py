"""Random programs of asyncio: whatever can wait, wake, fail and be cancelled, in virtual time.

A program logs what happens through `show`, with the loop's time. Functions call only functions of a
higher number, so every program ends; what waits for ever is cancelled by `main`, in order.
"""
PRELUDE = r'''\
import contextlib, contextvars, gc, re, socket, weakref
var = contextvars.ContextVar("var", default=0)
numbers = iter(range(10000))
L, C, S, E, Q, B, F, T, H, P, R, A, G, late, origin = ([] for _ in range(15))
born = weakref.WeakKeyDictionary()
def words(x):
    if isinstance(x, asyncio.Future):
        state = "pending" if not x.done() else "cancelled" if x.cancelled() else failure(x.exception()) if x.exception() else words(x.result())
        return f"<{x.get_name() if isinstance(x, asyncio.Task) and x.get_name()[:4] != 'Task' else type(x).__name__} {state}>"
    if isinstance(x, BaseException):
        return failure(x)
    if isinstance(x, (set, frozenset)):
        return "{" + ", ".join(sorted(map(words, x))) + "}"
    if isinstance(x, (list, tuple)):
        return "(" + ", ".join(map(words, x)) + ")"
    return str(x) if x is None or type(x) in (int, str, bytes, bool, float) else type(x).__name__
def show(*what):
    what_for = re.sub(" at (/|<library>)[^ \])>]*|(?<=Task-)[0-9]+|(?<= fd=)[0-9]+", "", " ".join(map(words, what)))
    print(round((asyncio.get_running_loop().time() - origin[0]) * 1000, 3), what_for)
    return what[0]
def handler(loop, context):
    words = [re.sub(":[0-9]+|(?<=Task-)[0-9]+", "", context["message"]), sorted(context), failure(context["exception"]) if "exception" in context else ""]
    if "never retrieved" in words[0] or "destroyed" in words[0]:
        late.append(str(words))  # when such a thing is forgotten hangs on frames of asyncio, which are native here
    else:
        show("handler", *words)
def forgotten():
    for kept in (L, C, S, E, Q, B, F, T, H, P, R, A, G):
        kept.clear()
    gc.collect()
    print("forgotten", *sorted(late))
def attempt(label, call, *args):
    try:
        show(label, call(*args))
    except Exception as error:
        show(label, error)
def name():
    return f"n{next(numbers)}"
def counting(factory, order=itertools.count()):
    def make(loop, coro, **more):
        task = factory(loop, coro, **more)
        born[task] = next(order)
        return task
    return make
def rank(task):
    # With a factory, all that nobody names are called "None".
    return len(task.get_name()), task.get_name(), born.get(task, -1)
def spawn(coro):
    task = asyncio.create_task(coro, name=name())
    T.append(task)
    return task
def pick(items, n):
    return items[n % len(items)]
def other(n):
    return pick(T, n) if T else F[0]
def keep(agen):
    A.append(agen)  # when one is dropped hangs on frames of asyncio, too
    return agen
class Mine:
    def __init__(self, *steps):
        self.steps = steps
    def __await__(self):
        for step in self.steps:
            show("resumed", (yield step))
        return len(self.steps)
async def guarded(label, coro):
    try:
        return show(label, await coro)
    except Exception as error:
        return show(label, error)
    finally:
        show(label, "over")
'''

CLOSING = '''\
async def main():
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(handler)
    origin.append(loop.time())
{setup}
    for number in range({starts}):
        spawn(w0(number))
    await asyncio.wait(list(T), timeout={patience})
    show("main", T)
    for turn in range(30):
        alive = sorted(asyncio.all_tasks() - {{asyncio.current_task()}}, key=rank)
        if not alive:
            break
        for task in alive:
            with contextlib.suppress(RecursionError):
                task.cancel()
        await asyncio.wait(alive, timeout=0.05)
        show("cancelled", turn, [task.done() for task in alive])
    for delay in range(1, 5):
        # Some wait for each other whatever happens, or for ever in a `finally`. The end of the run must not wait for them.
        loop.call_later(delay, loop.stop)
    show("end", T, F, [lines_of(t.exception()) for t in T if t.done() and not t.cancelled() and t.exception()])
    for reader, writer in P:
        writer.close()
    for end in R:
        end.close()
{start}
forgotten()
'''

STARTS = ["asyncio.run(main(){debug})"] * 8 + [
    "with asyncio.Runner() as runner:\n    runner.run(main())\n    T.clear()\n    runner.run(after(), context=contextvars.copy_context())",
    "loop = asyncio.new_event_loop()\nloop.run_until_complete(main())\nloop.run_until_complete(loop.shutdown_asyncgens())\nloop.close()",
    "asyncio.run(main(), loop_factory=asyncio.new_event_loop)",
    "loop = asyncio.new_event_loop()\ntask = loop.create_task(main())\ntask.add_done_callback(lambda task: loop.stop())\nloop.run_forever()\nloop.close()\nprint(words(task))\ndel task",
]
AFTER = '''\
async def after():
    show("after", var.get(), len(asyncio.all_tasks()))
    for agen in A:
        attempt("left", agen.aclose().send, None)
    spawn(asyncio.sleep(1))
'''

DELAYS = ["0", "0", "0.001", "0.001", "0.002", "0.003", "0.005", "0.01"]
LIMITS = ["0", "0.001", "0.001", "0.002", "0.003", "0.005", "0.008", "-1", "None"]
CAUGHT = ["asyncio.CancelledError", "ValueError", "TimeoutError", "Exception", "BaseException", "(ValueError, asyncio.CancelledError)",
          "RuntimeError", "asyncio.QueueEmpty", "asyncio.QueueFull", "asyncio.QueueShutDown", "asyncio.BrokenBarrierError", "asyncio.InvalidStateError"]


class Tasks:
    def __init__(self, dice):
        self.dice = dice
        self.functions = dice.randint(3, 7)
        self.generators = dice.choice([0, 1, 2])
        self.streams = dice.choice([0, 0, 0, 1, 2])
        self.sockets = dice.random() < 0.15
        self.eager = dice.random() < 0.12
        self.first_generator = 0
        self.labels = 0

    def program(self):
        dice = self.dice
        parts = [PRELUDE]
        for number in range(self.functions - 1, -1, -1):
            self.at = number
            parts.append(self.function(number))
        for number in range(self.generators):
            self.at, self.first_generator = self.functions - 1, number + 1
            parts.append(self.generator(number))
        parts.append(CLOSING.format(
            setup="\n".join("    " + line for line in self.setup()), patience=dice.choice(["0.02", "0.05", "0.2"]), starts=dice.randint(1, 4),
            start=dice.choice(STARTS).format(debug=dice.choice([", debug=True"] + [""] * 20))))
        if "after()" in parts[-1]:
            parts.insert(1, AFTER)
        return "".join(parts)

    def setup(self):
        dice = self.dice
        yield f"L.extend(asyncio.Lock() for _ in range({dice.randint(1, 2)}))"
        yield f"C.append(asyncio.Condition({dice.choice(['', '', 'L[0]'])}))"
        yield f"S.extend([asyncio.Semaphore({dice.randint(0, 2)}), asyncio.BoundedSemaphore({dice.randint(1, 2)})])"
        yield "E.extend([asyncio.Event(), asyncio.Event()])"
        yield f"Q.extend([asyncio.Queue({dice.randint(0, 2)}), asyncio.{dice.choice(['LifoQueue', 'PriorityQueue', 'Queue'])}({dice.randint(0, 2)}), asyncio.PriorityQueue()][:{dice.randint(2, 3)}])"
        yield f"B.append(asyncio.Barrier({dice.randint(1, 3)}))"
        yield "F.extend([loop.create_future(), loop.create_future()])"
        if self.eager:
            yield f"loop.set_task_factory(counting(asyncio.{dice.choice(['eager_task_factory', 'eager_task_factory', 'create_eager_task_factory(asyncio.Task)'])}))"
        elif dice.random() < 0.05:
            yield "loop.set_task_factory(counting(lambda loop, coro, **more: show(asyncio.Task(coro, loop=loop, **more), 'made')))"
        for _ in range(self.streams):
            yield "for end in socket.socketpair():"
            yield "    end.setblocking(False)"
            yield f"    P.append(await asyncio.open_connection(sock=end, limit={dice.choice([8, 64, 65536])}))"
            if dice.random() < 0.3:
                yield f"    P[-1][1].transport.set_write_buffer_limits({dice.choice(['0', '10', '100, 5'])})"
        if self.sockets:
            yield "R.extend(socket.socketpair())"
            yield "for end in R:"
            yield "    end.setblocking(False)"

    def label(self):
        self.labels += 1
        return f'"{chr(97 + self.labels % 26)}{self.labels}"'

    def function(self, number):
        body = self.block(1, self.dice.randint(2, 6) if number else self.dice.randint(5, 9))
        if self.dice.random() < 0.5:
            body += [f"return {self.dice.choice(['k', self.label(), 'k + 1', 'await ' + self.awaitable(1)])}"]
        if self.dice.random() < 0.4:
            body = ["try:", *indent(body), "finally:", f"    show({self.label()}, {number}, 'ends')"]
        return f"async def w{number}(k):\n" + "\n".join(indent([f"show('w{number}', k)", *body])) + "\n"

    def generator(self, number):
        dice = self.dice
        inner = [*self.block(3, 1), f"got = yield {self.label()}", "show('sent', got)", *self.block(3, dice.randint(0, 1))]
        body = [f"for i in range({dice.randint(1, 3)}):", "    tick()", *indent(inner)]
        match dice.randint(0, 3):
            case 0:
                body = ["try:", *indent(body), "finally:", f"    show({self.label()})", *indent(self.block(3, 1))]
            case 1:
                body = ["try:", *indent(body), f"except {dice.choice(CAUGHT)} as error:", f"    show({self.label()}, error)", *indent(dice.choice([["raise"], ["yield 9"], []]))]
        return f"async def g{number}(k):\n" + "\n".join(indent(body)) + "\n"

    def block(self, depth, length):
        lines = []
        for _ in range(length):
            lines += self.statement(depth)
        return lines or ["pass"]

    def delay(self):
        return self.dice.choice(DELAYS)

    def index(self):
        return self.dice.randint(0, 9)

    def call(self):
        """A coroutine of a function with a higher number, or a sleep."""
        if self.at + 1 >= self.functions or self.dice.random() < 0.2:
            return f"asyncio.sleep({self.delay()}, {self.label()})"
        return f"w{self.dice.randint(self.at + 1, self.functions - 1)}({self.index()})"

    def coroutine(self, depth):
        dice = self.dice
        choices = [self.call] * 6 + [
            lambda: f"asyncio.sleep({self.delay()}, {self.label()})",
            lambda: f"pick(Q, {self.index()}).get()",
            lambda: f"pick(Q, {self.index()}).put({self.index()})",
            lambda: f"pick(E, {self.index()}).wait()",
            lambda: f"pick(L, {self.index()}).acquire()",
            lambda: f"pick(S, {self.index()}).acquire()",
            lambda: "B[0].wait()",
            lambda: f"pick(Q, {self.index()}).join()",
            lambda: f"guarded({self.label()}, {self.coroutine(depth + 1)})",
        ]
        if depth < 4:
            choices += [
                lambda: f"asyncio.wait_for({self.awaitable(depth + 1)}, {dice.choice(LIMITS)})",
                lambda: f"asyncio.wait_for({self.coroutine(depth + 1)}, {dice.choice(LIMITS)})",
                lambda: f"asyncio.wait([{self.tasks(depth + 1)}], timeout={dice.choice(LIMITS)}, return_when=asyncio.{dice.choice(['ALL_COMPLETED', 'FIRST_COMPLETED', 'FIRST_EXCEPTION'])})",
            ]
        return dice.choice(choices)()

    def tasks(self, depth, others=0.2):
        return ", ".join(f"spawn({self.coroutine(depth)})" if self.dice.random() >= others else f"other({self.index()})" for _ in range(self.dice.randint(1, 3)))

    def awaitable(self, depth):
        dice = self.dice
        if depth >= 4 or dice.random() < 0.45:
            return self.coroutine(depth)
        return dice.choice([
            lambda: f"other({self.index()})",
            lambda: f"pick(F, {self.index()})",
            lambda: f"spawn({self.coroutine(depth + 1)})",
            lambda: f"asyncio.shield({self.awaitable(depth + 1)})",
            lambda: f"asyncio.shield(spawn({self.coroutine(depth + 1)}))",
            lambda: f"asyncio.gather({self.several(depth + 1)})",
            lambda: f"asyncio.gather({self.several(depth + 1, 1)}, return_exceptions=True)",
            lambda: f"asyncio.ensure_future({self.coroutine(depth + 1)})",
            lambda: f"Mine({', '.join(dice.choice(['None', 'None', '7', 'pick(F, 1)', 'other(1)']) for _ in range(dice.randint(0, 3)))})",
            lambda: f"asyncio.wrap_future(asyncio.run_coroutine_threadsafe({self.coroutine(depth + 1)}, asyncio.get_running_loop()))",
        ])()

    def several(self, depth, least=0):
        return ", ".join(self.awaitable(depth) for _ in range(self.dice.randint(least, 3)))

    def statement(self, depth):
        dice = self.dice
        if depth == 1 and dice.random() < 0.4:
            return self.attempt(depth)
        plain = [self.wait, self.wait, self.wait, self.turn, self.turn, self.turn, self.start, self.start, self.start, self.act, self.act, self.act, self.callback, self.fail, self.cancel]
        deep = [self.attempt, self.attempt, self.attempt, self.attempt, self.timeout, self.timeout, self.group, self.group, self.hold, self.hold, self.condition,
                self.loop, self.context]
        if not self.eager:
            # It asks what has ended already in the order of a set.
            deep += [self.completed]
        if self.generators > self.first_generator:
            deep += [self.iterate, self.iterate]
        if self.streams:
            deep += [self.stream] * 5
        if self.sockets:
            deep += [self.socket] * 3
        return dice.choice(plain + deep if depth < 4 else plain)(depth)

    def wait(self, depth):
        return [f"show({self.label()}, await {self.awaitable(depth)})"]

    def turn(self, depth):
        return [f"await asyncio.sleep({self.delay()})", f"show({self.label()})"]

    def start(self, depth):
        return [f"spawn({self.coroutine(depth)})"]

    def act(self, depth):
        """Something that does not wait."""
        n, dice = self.index(), self.dice
        return [dice.choice([
            f"pick(E, {n}).set()", f"pick(E, {n}).clear()", f"attempt({self.label()}, pick(Q, {n}).put_nowait, {n})",
            f"attempt({self.label()}, pick(Q, {n}).get_nowait)", f"attempt({self.label()}, pick(Q, {n}).task_done)",
            f"attempt({self.label()}, pick(S, {n}).release)", f"attempt({self.label()}, pick(L, {n}).release)",
            f"attempt({self.label()}, pick(F, {n}).set_result, {n})", f"attempt({self.label()}, pick(F, {n}).set_exception, KeyError({n}))",
            f"show({self.label()}, pick(F, {n}).cancel({self.label()}))", f"pick(F, {n}).add_done_callback(lambda f: show({self.label()}, f))",
            f"other({n}).add_done_callback(lambda f: show({self.label()}, f, var.get()))",
            f"F[{n % 2}] = asyncio.get_running_loop().create_future()",
            f"pick(Q, {n}).shutdown({dice.choice(['', 'True'])})" if dice.random() < 0.3 else f"show(pick(Q, {n}).qsize(), pick(Q, {n}).full())",
            f"var.set({n})", f"show({self.label()}, var.get())", f"show({self.label()}, asyncio.current_task().cancelling(), asyncio.current_task().uncancel())",
            f"show({self.label()}, len(asyncio.all_tasks()))", f"show({self.label()}, repr(pick({dice.choice('LSEQ')}, {n})).split('[')[-1])",
            "show(B[0].n_waiting, B[0].broken)", f"show({self.label()}, other({n}))",
            f"show({self.label()}, pick(F, {n}).remove_done_callback(show))", f"other({n}).add_done_callback(show)", f"pick(F, {n}).add_done_callback(show, context=contextvars.copy_context())",
            f"attempt({self.label()}, other({n}).exception)", f"attempt({self.label()}, pick(F, {n}).result)",
            f"attempt({self.label()}, pick(F, {n}).set_exception, {dice.choice(['StopIteration(1)', 'asyncio.CancelledError(2)', 'TimeoutError'])})",
            f"await B[0].{dice.choice(['reset', 'abort'])}()", f"show({self.label()}, asyncio.current_task().get_name(), asyncio.current_task().done())",
            f"show({self.label()}, other({n}).cancelling(), other({n}).uncancel())", f"other({n}).set_name(name())",
            f"show(asyncio.isfuture(other({n})), pick(L, {n}).locked(), pick(S, {n}).locked(), pick(E, {n}).is_set(), pick(Q, {n}).empty())",
            *([f"attempt({self.label()}, pick(G, {n}).create_task, {self.call()})"] if dice.random() < 0.5 else []),
        ])]

    def callback(self, depth):
        dice, n = self.dice, self.index()
        call = dice.choice([f"show, {self.label()}", f"lambda: show({self.label()}, var.get())", f"spawn, {self.call()}", f"lambda: 1 // 0",
                            f"other({n}).cancel", f"pick(E, {n}).set", f"lambda: spawn({self.call()})", f"pick(F, {n}).cancel"])
        how = dice.choice(["call_soon(", "call_soon_threadsafe(", f"call_later({self.delay()}, ", f"call_at(asyncio.get_running_loop().time() + {self.delay()}, "])
        lines = [f"H.append(asyncio.get_running_loop().{how}{call}))"]
        if dice.random() < 0.3:
            lines.append(f"pick(H, {n}).cancel()")
        if dice.random() < 0.2:
            lines.append(f"show({self.label()}, [handle.cancelled() for handle in H])")
        if dice.random() < 0.1:
            lines[0] = lines[0][:-2] + ", context=contextvars.copy_context()))"
        return lines

    def fail(self, depth):
        if self.dice.random() < 0.5:
            return self.turn(depth)
        what = self.dice.choice([f"ValueError({self.label()})", f"KeyError({self.label()})", f"asyncio.CancelledError({self.label()})", f"TimeoutError({self.label()})", "asyncio.QueueEmpty",
                                 f"ExceptionGroup({self.label()}, [ValueError(1), TypeError(2)])", "StopAsyncIteration(5)"])
        return [f"if k % {self.dice.randint(1, 3)} == 0:", f"    raise {what}"]

    def cancel(self, depth):
        dice, n = self.dice, self.index()
        message = dice.choice(["", "", self.label()])
        return [dice.choice([f"show({self.label()}, other({n}).cancel({message}))"] * 3 + [f"asyncio.current_task().cancel({message})"])]

    def attempt(self, depth):
        dice = self.dice
        lines = ["try:", *indent(self.block(depth + 1, dice.randint(1, 3)))]
        for caught in dice.sample(CAUGHT, dice.randint(0, 2)):
            after = dice.choice([["raise"], ["raise"], [], [f"raise ValueError({self.label()})"], [f"raise KeyError({self.label()}) from error"], self.block(depth + 1, 1)])
            lines += [f"except {caught} as error:", f"    show({self.label()}, error)", *indent(after)]
        if lines[-1] and not any(line.startswith("except") for line in lines) or dice.random() < 0.3:
            lines += ["finally:", f"    show({self.label()})", *indent(self.block(depth + 1, dice.randint(0, 1)))]
        return lines

    def timeout(self, depth):
        dice = self.dice
        limit = dice.choice(LIMITS)
        kind = f"timeout({limit})" if dice.random() < 0.7 or limit == "None" else f"timeout_at(asyncio.get_running_loop().time() + {limit})"
        body = self.block(depth + 1, dice.randint(1, 2))
        if dice.random() < 0.3:
            body.insert(0, f"scope.reschedule(asyncio.get_running_loop().time() + {self.delay()})")
        lines = [f"async with asyncio.{kind} as scope:", *indent(body), f"show({self.label()}, scope.expired())"]
        if dice.random() < 0.1:
            lines.append(f"attempt({self.label()}, scope.reschedule, None)")
        if dice.random() < 0.6:
            lines = ["try:", *indent(lines), "except TimeoutError as error:", f"    show({self.label()}, error)"]
        return lines

    def group(self, depth):
        dice = self.dice
        body = []
        for _ in range(dice.randint(1, 3)):
            body += [f"group.create_task({self.coroutine(depth + 1)}, name=name())"]
        if dice.random() < 0.4:
            body.insert(0, "G.append(group)")
        body += self.block(depth + 1, dice.randint(0, 2))
        lines = ["async with asyncio.TaskGroup() as group:", *indent(body), f"show({self.label()})"]
        match dice.randint(0, 3):
            case 0:
                lines = ["try:", *indent(lines), "except* (ValueError, KeyError) as error:", f"    show({self.label()}, error)"]
            case 1 | 2:
                lines = ["try:", *indent(lines), f"except {dice.choice(['ExceptionGroup', 'BaseException', 'BaseExceptionGroup'])} as error:", f"    show({self.label()}, error)", *indent(dice.choice([["raise"], []]))]
        return lines

    def hold(self, depth):
        return [f"async with pick({self.dice.choice('LLLSSCB')}, {self.index()}):", f"    show({self.label()})", *indent(self.block(depth + 1, self.dice.randint(1, 2)))]

    def condition(self, depth):
        dice = self.dice
        inside = dice.choice(["show(await C[0].wait())", "C[0].notify()", f"C[0].notify({dice.randint(0, 3)})", "C[0].notify_all()",
                              f"show(await C[0].wait_for(lambda: len(T) > {self.index()}))", f"show(await asyncio.wait_for(C[0].wait(), {dice.choice(LIMITS)}))"])
        if dice.random() < 0.1:
            return [f"attempt({self.label()}, C[0].notify)"]
        return ["async with C[0]:", f"    {inside}", f"    show({self.label()})"]

    def completed(self, depth):
        dice = self.dice
        # What has ended already comes in the order of a set: these have not.
        tasks = f"[{self.tasks(depth + 1, others=0)}]"
        limit = dice.choice(["", "", f", timeout={dice.choice(LIMITS)}"])
        if dice.random() < 0.5:
            lines = [f"async for task in asyncio.as_completed({tasks}{limit}):", f"    show({self.label()}, task)"]
        else:
            lines = [f"for job in asyncio.as_completed({tasks}{limit}):", f"    show({self.label()}, await job)"]
        if dice.random() < 0.3:
            lines += ["    break"]
        return lines

    def loop(self, depth):
        return [f"for i in range({self.dice.randint(2, 3)}):", "    tick()", *indent(self.block(depth + 1, 1))]

    def context(self, depth):
        """A context manager made of a generator, or a stack of them."""
        return self.dice.choice([
            ["async with contextlib.AsyncExitStack() as stack:", f"    stack.callback(show, {self.label()})",
             f"    await stack.enter_async_context(pick({self.dice.choice('LS')}, {self.index()}))", *indent(self.block(depth + 1, 1))],
            [f"with contextlib.suppress({self.dice.choice(CAUGHT)}):", *indent(self.block(depth + 1, self.dice.randint(1, 2)))],
            [f"task = asyncio.create_task({self.call()}, name=name(), context=contextvars.copy_context())", "T.append(task)"],
            [f"token = var.set({self.index()})", *self.block(depth + 1, 1), f"attempt({self.label()}, var.reset, token)"],
            ["context = contextvars.copy_context()", f"context.run(var.set, {self.index()})", f"asyncio.get_running_loop().call_soon(lambda: show({self.label()}, var.get()), context=context)"],
        ])

    def iterate(self, depth):
        dice = self.dice
        which = f"keep(g{dice.randint(self.first_generator, self.generators - 1)}({self.index()}))"
        match dice.randint(0, 6):
            case 6:
                return [which, f"show({self.label()}, await anext(pick(A, {self.index()})))"]
            case 0 | 1:
                return [f"async for item in {which}:", f"    show({self.label()}, item)", *indent(self.block(depth + 1, 1)), *indent(dice.choice([["break"], []]))]
            case 2:
                return [f"async with contextlib.aclosing({which}) as items:", "    async for item in items:", f"        show({self.label()}, item)", *indent(indent(dice.choice([["break"], []])))]
            case 3:
                step = dice.choice(["items.asend(5)", f"items.athrow(ValueError({self.label()}))", "items.aclose()", "anext(items, 7)", "items.__anext__()"])
                return [f"items = {which}", "show(await anext(items))", f"show({self.label()}, await {step})"]
            case 4:
                return [f"items = {which}", f"spawn(anext(items, None))", f"spawn({dice.choice(['items.aclose()', 'anext(items, 3)', 'items.asend(None)'])})"]
            case _:
                return [f"show({self.label()}, [item async for item in {which}])"]

    def stream(self, depth):
        dice, n = self.dice, self.index()
        reader, writer = f"pick(P, {n})[0]", f"pick(P, {dice.choice([n, n + 1])})[1]"
        return dice.choice([
            [f"{writer}.write({dice.choice([b'ab', b'line' + bytes([10]), b'x' * 20, b'one' + bytes([10]) + b'two' + bytes([10])])!r})"],
            [f"{writer}.write({dice.choice([b'ab', b'line' + bytes([10]), b'yz' * 7])!r})", f"await {writer}.drain()", f"show({self.label()})"],
            [f"show({self.label()}, await {reader}.{dice.choice(['readline()', 'read(3)', 'read(100)', 'readexactly(4)', 'readuntil(b' + chr(39) + 'e' + chr(39) + ')', 'readline()', 'read()'])})"],
            [f"show({self.label()}, await asyncio.wait_for({reader}.{dice.choice(['readline()', 'read(3)', 'readexactly(4)', 'read()'])}, {dice.choice(LIMITS)}))"],
            [f"spawn({reader}.{dice.choice(['readline()', 'read(2)', 'read()', 'readexactly(5)'])})"],
            [f"show({reader}.at_eof(), {writer}.is_closing())"],
            [dice.choice([f"{writer}.close()", f"attempt({self.label()}, {writer}.write_eof)", f"{writer}.transport.abort()"])] if dice.random() < 0.4 else ["show(7)"],
            [f"spawn({writer}.wait_closed())"],
            [f"async for line in {reader}:", "    tick()", f"    show({self.label()}, line)", *indent(self.block(depth + 1, 1))],
            [f"show({self.label()}, await asyncio.wait_for({reader}.readuntil({dice.choice(['(b' + chr(39) + 'o' + chr(39) + ', b' + chr(39) + 'ine' + chr(39) + ')', 'b' + chr(39) + 'tw' + chr(39), 'b' + chr(39) * 2])}), {dice.choice(LIMITS)}))"],
            [f"if not {writer}.is_closing():", f"    {writer}.writelines([b'ab', b'', bytearray(b'li\\\\nne'), memoryview(b'z')])", f"show({self.label()}, {writer}.transport.get_write_buffer_size())"],
            [f"{writer}.write(b'q' * {dice.choice([70000, 300000, 1000000])})", f"await {writer}.drain()", f"show({self.label()})"],
            [f"show({self.label()}, len(await {reader}.{dice.choice(['read(50000)', 'read(1000000)', 'read()', 'readexactly(70000)'])}))"],
            [f"{dice.choice(['async with asyncio.timeout(0.003)', 'with contextlib.suppress(Exception)'])}:", "    while data := await " + reader + ".read(100000):", "        tick()", f"        show({self.label()}, len(data))"],
            [f"show(repr({reader}).split(chr(32), 1)[1], {reader}.exception())"] if dice.random() < 0.3 else [f"show({reader}.at_eof())"],
            [f"{dice.choice([reader, reader, reader])}.{dice.choice(['feed_data(b' + chr(39) + 'fed' + chr(39) + ')', 'feed_eof()', 'set_exception(ValueError(' + self.label() + '))'])}"] if dice.random() < 0.4 else ["show(8)"],
            [f"{writer}.close()", f"attempt({self.label()}, {writer}.write, b'more')"] if dice.random() < 0.3 else ["show(9)"],
            [f"transport = {writer}.transport", f"transport.{dice.choice(['pause_reading', 'resume_reading', 'close'])}()"] if dice.random() < 0.5 else ["show(6)"],
        ])

    def socket(self, depth):
        """Calls of the loop that take a bare socket."""
        dice, end = self.dice, f"pick(R, {self.index()})"
        loop = "asyncio.get_running_loop()"
        return dice.choice([
            [f"show({self.label()}, await {loop}.sock_recv({end}, {dice.choice([2, 100])}))"],
            [f"await {loop}.sock_sendall({end}, b'sent')"],
            [f"spawn({loop}.sock_recv({end}, 10))"],
            [f"buffer = bytearray(3)", f"show({self.label()}, await asyncio.wait_for({loop}.sock_recv_into({end}, buffer), {dice.choice(LIMITS)}), bytes(buffer))"],
            [f"show({self.label()}, await asyncio.gather({loop}.sock_sendall(R[0], b'x' * {dice.choice([5, 400000])}), {loop}.sock_recv(R[1], 100), return_exceptions=True))"],
            [f"end = {end}", f"{loop}.add_reader(end, lambda: show({self.label()}, {loop}.remove_reader(end)))"],
            [f"end = {end}", f"{loop}.add_writer(end, lambda: show({self.label()}, {loop}.remove_writer(end)))"],
            [f"show({self.label()}, {loop}.remove_reader({end}), {loop}.remove_writer({end}))"],
            [f"attempt({self.label()}, {end}.send, b'plain')"],
            [f"attempt({self.label()}, {end}.shutdown, socket.SHUT_WR)"] if dice.random() < 0.3 else ["show(5)"],
        ])


def indent(lines):
    return ["    " + line for line in lines]
