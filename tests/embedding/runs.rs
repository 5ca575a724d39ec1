//! Runs: by blocking, under executors, step by step; what ends them before they are over.

use hoopsnake::host::{ManualClock, SharedBytes};
use hoopsnake::{Engine, Error, Limit, Limits, Script};
use std::time::{Duration, Instant};

fn engine() -> Engine {
    Engine::builder().build().unwrap()
}

fn script(text: &str) -> Script {
    Script::compile("test", text).unwrap()
}

/// An engine whose output is kept.
fn with_output() -> (Engine, SharedBytes) {
    let out = SharedBytes::default();
    let engine = Engine::builder().output(out.clone()).build().unwrap();
    (engine, out)
}

#[track_caller]
fn stopped(result: Result<hoopsnake::Namespace, Error>) -> hoopsnake::Stopped {
    match result {
        Err(Error::Stopped(stopped)) => stopped,
        Err(other) => panic!("not stopped: {other:?}"),
        Ok(_) => panic!("not stopped"),
    }
}

#[test]
fn a_program_binds_names() {
    let (mut engine, out) = with_output();
    let names = engine
        .run(&script("x = 6\nprint('x is', x)"))
        .blocking()
        .unwrap();
    assert_eq!(names.get::<i64>(&mut engine, "x").unwrap(), 6);
    assert_eq!(out.take(), b"x is 6\n");
    names.set(&mut engine, "x", 7).unwrap();
    assert_eq!(names.get::<i64>(&mut engine, "x").unwrap(), 7);
    let error = names.get::<i64>(&mut engine, "y").unwrap_err();
    assert_eq!(error.to_string(), "KeyError: 'y'");
}

#[test]
fn each_run_has_names_of_its_own() {
    let mut engine = engine();
    let first = script("try:\n    x += 1\nexcept NameError:\n    x = 1");
    for _ in 0..3 {
        let names = engine.run(&first).blocking().unwrap();
        assert_eq!(names.get::<i64>(&mut engine, "x").unwrap(), 1);
    }
}

#[test]
fn functions_of_a_program_are_called_later() {
    let mut engine = engine();
    let text = "import asyncio\ncount = 0\n\
        def add(n):\n    global count\n    count += n\n    return count\n\
        async def later(n):\n    await asyncio.sleep(0.001)\n    return add(n)";
    let names = engine.run(&script(text)).blocking().unwrap();
    let add = names.handle(&mut engine, "add").unwrap();
    let later = names.handle(&mut engine, "later").unwrap();
    assert_eq!(engine.call::<i64>(&add, (2,)).blocking().unwrap(), 2);
    assert_eq!(engine.call::<i64>(&later, (3,)).blocking().unwrap(), 5);
    assert_eq!(engine.call::<i64>(&later, (4,)).blocking().unwrap(), 9);
    let error = engine.call::<i64>(&add, ()).blocking().unwrap_err();
    assert_eq!(
        error.to_string(),
        "TypeError: add() missing 1 required positional argument: 'n'"
    );
}

#[test]
fn an_expression_may_await() {
    let mut engine = engine();
    let value = engine.eval::<Vec<i64>>(
        "[n async for n in (i async for i in __import__('asyncio').sleep(0, 1) or [])]",
    );
    assert!(matches!(value.blocking(), Err(Error::Exception(_))));
    let value = engine.eval::<i64>("await __import__('asyncio').sleep(0.001, 42)");
    assert_eq!(value.blocking().unwrap(), 42);
    let error = engine.eval::<i64>("1 +").blocking().unwrap_err();
    assert!(matches!(error, Error::Syntax(_)));
}

#[test]
fn any_executor_drives_a_run() {
    let mut engine = engine();
    let text = "import asyncio, time\nbegan = time.monotonic()\nawait asyncio.sleep(0.02)\ntook = time.monotonic() - began";
    let names = futures_lite::future::block_on(engine.run(&script(text))).unwrap();
    let took = names.get::<f64>(&mut engine, "took").unwrap();
    assert!((0.02..5.0).contains(&took), "{took}");
}

#[test]
fn threads_of_a_script_run_in_a_future() {
    let mut engine = engine();
    let text = "import threading, time, queue\nq = queue.Queue()\n\
        def work(n):\n    time.sleep(0.03 * n)\n    q.put(n)\n\
        threads = [threading.Thread(target=work, args=(n,)) for n in (3, 1, 2)]\n\
        for t in threads: t.start()\nfor t in threads: t.join()\n\
        found = [q.get() for _ in threads]";
    let names = futures_lite::future::block_on(engine.run(&script(text))).unwrap();
    assert_eq!(
        names.get::<Vec<i64>>(&mut engine, "found").unwrap(),
        [1, 2, 3]
    );
}

#[test]
fn a_busy_script_lets_others_have_the_thread() {
    let mut engine = engine();
    let busy =
        script("import time\nend = time.monotonic() + 0.2\nwhile time.monotonic() < end: pass");
    let other = async {
        let began = Instant::now();
        for _ in 0..3 {
            futures_lite::future::yield_now().await;
        }
        began.elapsed()
    };
    let (names, took) =
        futures_lite::future::block_on(futures_lite::future::zip(engine.run(&busy), other));
    names.unwrap();
    assert!(took < Duration::from_millis(150), "{took:?}");
}

#[test]
fn a_thousand_scripts_on_one_runtime() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let script = script(
        "import asyncio\nasync def part(n):\n    await asyncio.sleep(0.001 * (n % 7))\n    return n\n\
         total = sum(await asyncio.gather(*[part(n) for n in range(10)]))",
    );
    let began = Instant::now();
    let total = runtime.block_on(async {
        let mut runs = tokio::task::JoinSet::new();
        for _ in 0..1000 {
            let script = script.clone();
            runs.spawn(async move {
                let mut engine = Engine::builder().build()?;
                let names = engine.run(&script).await?;
                names.get::<i64>(&mut engine, "total")
            });
        }
        let mut total = 0;
        while let Some(done) = runs.join_next().await {
            total += done.unwrap().unwrap();
        }
        total
    });
    assert_eq!(total, 45_000);
    eprintln!("a thousand scripts: {:?}", began.elapsed());
}

#[test]
fn a_game_steps_its_scripts() {
    let mut engine = engine();
    let mut run = engine.run(
        &Script::compile(
            "level",
            "import asyncio\nfor _ in range(5): await asyncio.sleep(0.002)",
        )
        .unwrap(),
    );
    let mut frames = 0;
    let result = loop {
        if let Some(result) = run.step(Duration::from_millis(1)) {
            break result;
        }
        frames += 1;
        std::thread::sleep(Duration::from_millis(1));
    };
    drop(run);
    result.unwrap();
    assert!(frames >= 5, "{frames}");
    // A script that never waits is left in the middle.
    let endless = script("while True: pass");
    let mut run = engine.run(&endless);
    for _ in 0..3 {
        let began = Instant::now();
        assert!(run.step(Duration::from_millis(2)).is_none());
        assert!(began.elapsed() < Duration::from_millis(200));
    }
    drop(run);
    assert_eq!(engine.eval::<i64>("1 + 1").blocking().unwrap(), 2);
}

#[test]
fn time_is_simulated() {
    let mut engine = Engine::builder().clock(ManualClock::new()).build().unwrap();
    let began = Instant::now();
    let text = "import asyncio, time\nbegan = time.monotonic()\nawait asyncio.sleep(3600)\ntime.sleep(60)\ntook = time.monotonic() - began";
    for _ in 0..2 {
        let names = futures_lite::future::block_on(engine.run(&script(text))).unwrap();
        assert_eq!(names.get::<f64>(&mut engine, "took").unwrap(), 3660.0);
        let names = engine.run(&script(text)).blocking().unwrap();
        assert_eq!(names.get::<f64>(&mut engine, "took").unwrap(), 3660.0);
    }
    assert!(began.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_dropped_run_is_taken_down() {
    let (mut engine, out) = with_output();
    let text = "import asyncio\nasync def waits():\n    try:\n        print('waits')\n        await asyncio.sleep(1000)\n    finally:\n        print('never')\n\
        try:\n    await asyncio.gather(waits(), waits())\nfinally:\n    print('never')";
    for _ in 0..3 {
        let mut run = engine.run(&script(text));
        assert!(run.step(Duration::from_millis(500)).is_none());
        drop(run);
        assert_eq!(out.take(), b"waits\nwaits\n");
        assert_eq!(
            engine
                .eval::<i64>("await __import__('asyncio').sleep(0, 3)")
                .blocking()
                .unwrap(),
            3
        );
    }
}

#[test]
fn fuel_ends_a_run_where_it_is_used_up() {
    let (mut engine, out) = with_output();
    let text = "def f():\n    try:\n        while True:\n            pass\n    finally:\n        print('never')\nf()";
    let mut places = Vec::new();
    for _ in 0..3 {
        engine.set_limits(Limits::new().fuel(12_345));
        let stopped = stopped(engine.run(&script(text)).blocking());
        assert_eq!(stopped.limit, Limit::Fuel);
        places.push(stopped.at.unwrap());
    }
    assert_eq!((places[0].file.as_str(), places[0].line), ("test", 3));
    assert!(out.take().is_empty());
    engine.set_limits(Limits::new());
    assert_eq!(
        engine.eval::<i64>("sum(range(100))").blocking().unwrap(),
        4950
    );
}

#[test]
fn the_same_run_takes_the_same_fuel() {
    let mut engine = engine();
    let text = "n = 0\nwhile n < 1000: n += 1";
    let enough = |engine: &mut Engine, fuel: u64| {
        engine.set_limits(Limits::new().fuel(fuel));
        engine.run(&script(text)).blocking().is_ok()
    };
    let least = (1..3000).find(|&fuel| enough(&mut engine, fuel)).unwrap();
    assert!((900..1200).contains(&least), "{least}");
    for _ in 0..3 {
        assert!(enough(&mut engine, least));
        assert!(!enough(&mut engine, least - 1));
    }
}

#[test]
fn time_ends_a_run_that_waits_or_works() {
    let mut engine = engine();
    for text in [
        "while True: pass",
        "import asyncio\nawait asyncio.sleep(1000)",
        "import time\ntime.sleep(1000)",
        "import threading\nthreading.Lock().acquire() and threading.Event().wait()",
        "import asyncio\nasync def f():\n    while True: await asyncio.sleep(0)\nawait asyncio.gather(*[f() for _ in range(10)])",
        "class A:\n    def __eq__(self, other):\n        while True: pass\n    __hash__ = lambda self: 1\n{A(): 1}[A()]",
        "class A:\n    def __lt__(self, other):\n        import time\n        time.sleep(1000)\nsorted([A(), A()])",
        "def g():\n    while True: yield\nfor _ in g(): pass",
        "import threading\nthreading.Thread(target=lambda: threading.Event().wait()).start()\nwhile True: pass",
    ] {
        engine.set_limits(Limits::new().time(Duration::from_millis(30)));
        let began = Instant::now();
        let stopped = stopped(engine.run(&script(text)).blocking());
        let took = began.elapsed();
        assert_eq!(stopped.limit, Limit::Time, "{text}");
        assert!(took < Duration::from_millis(1500), "{took:?}: {text}");
        engine.set_limits(Limits::new());
        let fine = "import asyncio, threading\nt = threading.Thread(target=lambda: None)\nt.start()\nt.join()\nx = await asyncio.sleep(0, 1)";
        let names = engine.run(&script(fine)).blocking().unwrap();
        assert_eq!(names.get::<i64>(&mut engine, "x").unwrap(), 1);
    }
}

#[test]
fn what_a_result_asks_of_the_script_is_limited_too() {
    let mut engine = engine();
    let failing = "class E(Exception):\n    def __str__(self):\n        while True: pass\nraise E";
    let large = "class E(Exception):\n    def __str__(self): return str(7 ** 10 ** 9)\nraise E";
    for limits in [
        Limits::new().fuel(100_000),
        Limits::new().time(Duration::from_millis(50)),
    ] {
        for text in [failing, large] {
            engine.set_limits(limits.clone());
            let began = Instant::now();
            stopped(engine.run(&script(text)).blocking());
            assert!(began.elapsed() < Duration::from_secs(5), "{text}");
        }
        let endless = "iter(int, 1)";
        match engine.eval::<Vec<i64>>(endless).blocking() {
            Err(Error::Stopped(_)) => {}
            other => panic!("{other:?}"),
        }
        engine.set_limits(Limits::new());
        assert_eq!(engine.eval::<i64>("6 * 7").blocking().unwrap(), 42);
    }
}

#[test]
fn memory_ends_a_run_of_many_small_things() {
    let mut engine = engine();
    for (text, error) in [
        (
            "class N: pass\nfirst = last = N()\nwhile True:\n    last.next = N()\n    last = last.next",
            None,
        ),
        ("x = 'x' * 10**10", Some("MemoryError")),
        ("x = [0] * 10**9", Some("MemoryError")),
        ("x = []\nwhile True: x.append(len(x))", Some("MemoryError")),
        (
            "x = bytearray()\nwhile True: x += b'1234567890' * 100",
            Some("MemoryError"),
        ),
        ("x = None\nwhile True: x = [x]", None),
    ] {
        engine.set_limits(Limits::new().memory(64 << 20).time(Duration::from_secs(20)));
        match (engine.run(&script(text)).blocking(), error) {
            (Err(Error::Stopped(stopped)), None) => {
                assert_eq!(stopped.limit, Limit::Memory, "{text}")
            }
            (Err(Error::Exception(exception)), Some(class)) => {
                assert_eq!(exception.class(), class, "{text}")
            }
            (Err(other), _) => panic!("{text}: {other}"),
            (Ok(_), _) => panic!("{text}: nothing happened"),
        }
        assert_eq!(
            engine.eval::<i64>("len('x' * 1000)").blocking().unwrap(),
            1000
        );
    }
}

#[test]
fn tasks_without_end_take_no_more_than_they_may() {
    let mut engine = engine();
    let text = "import asyncio\nasync def spawn():\n    while True: asyncio.create_task(asyncio.sleep(1))\nawait spawn()";
    for _ in 0..2 {
        engine.set_limits(Limits::new().memory(64 << 20).time(Duration::from_secs(20)));
        match engine.run(&script(text)).blocking() {
            Err(Error::Stopped(stopped)) => assert_eq!(stopped.limit, Limit::Memory),
            // Where it is the loop's table that does not fit.
            Err(Error::Exception(exception)) => {
                assert!(exception.traceback().contains("MemoryError"))
            }
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("nothing happened"),
        }
        let text = "await __import__('asyncio').sleep(0, 1000)";
        assert_eq!(engine.eval::<i64>(text).blocking().unwrap(), 1000);
    }
}

#[test]
fn tasks_and_output_have_limits() {
    let (mut engine, out) = with_output();
    engine.set_limits(Limits::new().tasks(100));
    let text = "import asyncio\nasync def f():\n    for _ in range(2): asyncio.create_task(f())\n    await asyncio.sleep(10)\nawait f()";
    assert_eq!(
        stopped(engine.run(&script(text)).blocking()).limit,
        Limit::Tasks
    );
    let text = "import threading, time\ndef f():\n    for _ in range(2): threading.Thread(target=f).start()\n    time.sleep(10)\nf()";
    assert_eq!(
        stopped(engine.run(&script(text)).blocking()).limit,
        Limit::Tasks
    );
    engine.set_limits(Limits::new().output(1000));
    let text =
        "while True:\n    try:\n        print('x' * 99)\n    except BaseException:\n        pass";
    assert_eq!(
        stopped(engine.run(&script(text)).blocking()).limit,
        Limit::Output
    );
    let written = out.take();
    assert!(
        written.len() <= 1000 && written.len() >= 800,
        "{}",
        written.len()
    );
    for last in [
        "print('x' * 1001)",
        "try: print('x' * 1001)\nexcept OSError: pass",
    ] {
        let stopped = stopped(engine.run(&script(last)).blocking());
        assert_eq!(stopped.limit, Limit::Output, "{last}");
    }
    engine.set_limits(Limits::new());
    let text =
        "import asyncio\nx = await asyncio.gather(*[asyncio.sleep(0, n) for n in range(300)])";
    engine.run(&script(text)).blocking().unwrap();
}

#[test]
fn what_an_engine_was_built_with_stays() {
    let mut engine = Engine::builder()
        .path("/plugins")
        .function("len(items)", |_: hoopsnake::Handle| 42)
        .build()
        .unwrap();
    engine.set_global("name", 1).unwrap();
    let text = "import sys\npath = sys.path\nlength = len('abc')";
    let names = engine.run(&script(text)).blocking().unwrap();
    let path: Vec<String> = names.get(&mut engine, "path").unwrap();
    assert_eq!(path, ["/plugins"]);
    assert_eq!(names.get::<i64>(&mut engine, "length").unwrap(), 42);
    // Arguments of a type of one's own, any number of them.
    let total = engine.global::<hoopsnake::Handle>("max").unwrap();
    let largest: i64 = engine.call(&total, vec![1, 7, 3]).blocking().unwrap();
    assert_eq!(largest, 7);
}

#[test]
fn an_interrupt_comes_at_once() {
    let mut engine = engine();
    for text in [
        "while True: pass",
        "import time\ntime.sleep(1000)",
        "import asyncio\nawait asyncio.sleep(1000)",
    ] {
        let interrupt = engine.interrupt();
        let watchdog = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(20));
            let asked = Instant::now();
            interrupt.stop();
            asked
        });
        let stopped = stopped(engine.run(&script(text)).blocking());
        let over = Instant::now();
        assert_eq!(stopped.limit, Limit::Interrupt);
        let took = over.duration_since(watchdog.join().unwrap());
        assert!(took < Duration::from_millis(100), "{took:?}");
    }
    // In a future too.
    let interrupt = engine.interrupt();
    let watchdog = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(20));
        interrupt.stop();
    });
    let waits = script("import asyncio\nawait asyncio.sleep(1000)");
    let ended = futures_lite::future::block_on(engine.run(&waits));
    assert_eq!(stopped(ended).limit, Limit::Interrupt);
    watchdog.join().unwrap();
}

#[test]
fn nothing_of_a_stopped_run_is_left() {
    let (mut engine, out) = with_output();
    let text = "import asyncio, sys\n\
        class Loud:\n    def __init__(self, name): self.name = name\n    def __del__(self): print('del', self.name)\n\
        async def gen():\n    keep = Loud('in a generator')\n    try:\n        while True: yield 1\n    finally:\n        print('never')\n\
        class Manager:\n    async def __aenter__(self): return self\n    async def __aexit__(self, *a): print('never')\n\
        async def task(n):\n    keep = Loud('in a task')\n    async with Manager():\n        async for _ in gen():\n            await asyncio.sleep(1000)\n\
        cycle = Loud('in a cycle')\ncycle.self = cycle\n\
        async with asyncio.TaskGroup() as group:\n    for n in range(5): group.create_task(task(n))\n    await asyncio.sleep(0.01)\n    while True: pass";
    engine.set_limits(Limits::new().time(Duration::from_millis(60)));
    assert_eq!(
        stopped(engine.run(&script(text)).blocking()).limit,
        Limit::Time
    );
    engine.set_limits(Limits::new());
    let rest = engine.eval::<Vec<String>>("[type(o).__name__ for o in __import__('gc').get_objects() if type(o).__name__ in ('Loud', 'Task', 'Manager')]");
    let rest = rest.blocking();
    assert_eq!(out.take(), b"");
    assert!(
        !matches!(rest, Ok(ref left) if !left.is_empty()),
        "{rest:?}"
    );
}

#[test]
fn an_engine_goes_from_thread_to_thread() {
    let mut engine = engine();
    let names = engine
        .run(&script(
            "x = [1]\ndef grow():\n    x.append(len(x))\n    return len(x)",
        ))
        .blocking()
        .unwrap();
    let grow = names.handle(&mut engine, "grow").unwrap();
    for n in 2..6 {
        let handle = grow.clone();
        engine = std::thread::spawn(move || {
            assert_eq!(engine.call::<i64>(&handle, ()).blocking().unwrap(), n);
            engine
        })
        .join()
        .unwrap();
    }
}

#[test]
fn sockets_wake_a_run_in_a_future() {
    let mut engine = Engine::builder()
        .permissions(hoopsnake::Permissions::all())
        .build()
        .unwrap();
    let text = "import asyncio\n\
        async def serve(r, w):\n    while line := await r.readline():\n        w.write(line.upper())\n        await w.drain()\n    w.close()\n\
        server = await asyncio.start_server(serve, '127.0.0.1', 0)\nport = server.sockets[0].getsockname()[1]\n\
        async def client(n):\n    r, w = await asyncio.open_connection('127.0.0.1', port)\n    got = []\n    for i in range(20):\n        w.write(f'line {n} {i}\\n'.encode())\n        got.append(await r.readline())\n    w.close()\n    return len(got)\n\
        total = sum(await asyncio.gather(*[client(n) for n in range(10)]))\nserver.close()";
    let names = futures_lite::future::block_on(engine.run(&script(text))).unwrap();
    assert_eq!(names.get::<i64>(&mut engine, "total").unwrap(), 200);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let names = runtime.block_on(engine.run(&script(text))).unwrap();
    assert_eq!(names.get::<i64>(&mut engine, "total").unwrap(), 200);
    let names = engine.run(&script(text)).blocking().unwrap();
    assert_eq!(names.get::<i64>(&mut engine, "total").unwrap(), 200);
}

#[test]
fn one_step_may_take_no_longer() {
    let mut engine = engine();
    for text in [
        "while True: pass",
        "import asyncio\nawait asyncio.sleep(0.01)\nwhile True: pass",
        "import asyncio, time\nawait asyncio.sleep(0.01)\ntime.sleep(1000)",
        "import asyncio\nasync def f():\n    while True: pass\nasync with asyncio.TaskGroup() as g:\n    for n in range(20): g.create_task(asyncio.sleep(0.001 * n))\n    g.create_task(f())",
        "import asyncio\nasyncio.get_running_loop().call_later(0.01, lambda: [0 for _ in iter(int, 1)])\nawait asyncio.sleep(1000)",
        // Work that runs no script.
        "import asyncio\nawait asyncio.sleep(0.01)\n7 ** 10 ** 9",
        "import asyncio\nawait asyncio.sleep(0.01)\nsorted(range(10**8))",
        // What another thread does is no step of this loop.
        "import asyncio, threading, time\nasync def ticks():\n    while True: await asyncio.sleep(0.001)\nthreading.Thread(target=asyncio.run, args=(ticks(),)).start()\nawait asyncio.sleep(0.01)\nwhile True: pass",
        // What comes behind the loop.
        "import asyncio\nasyncio.run(asyncio.sleep(0.1))\nwhile True: pass",
    ] {
        engine.set_limits(
            Limits::new()
                .step(Duration::from_millis(50))
                .memory(1 << 30),
        );
        for blocking in [true, false] {
            let began = Instant::now();
            let ended = match blocking {
                true => engine.run(&script(text)).blocking(),
                false => futures_lite::future::block_on(engine.run(&script(text))),
            };
            let took = began.elapsed();
            assert_eq!(stopped(ended).limit, Limit::Step, "{text}");
            assert!(took < Duration::from_millis(1500), "{took:?}: {text}");
        }
        engine.set_limits(Limits::new());
        assert_eq!(engine.eval::<i64>("6 * 7").blocking().unwrap(), 42);
    }
}

#[test]
fn many_steps_may_take_longer_than_one() {
    let mut engine = engine();
    engine.set_limits(Limits::new().step(Duration::from_millis(200)));
    for text in [
        "import asyncio\nfor _ in range(3): await asyncio.sleep(0.15)",
        "import asyncio, time\nend = time.monotonic() + 0.6\nasync def busy():\n    while time.monotonic() < end:\n        n = 0\n        while n < 1000: n += 1\n        await asyncio.sleep(0)\nawait asyncio.gather(*[busy() for _ in range(20)])",
        "import threading, asyncio, time\nend = time.monotonic() + 0.6\ndef busy():\n    while time.monotonic() < end: pass\nawait asyncio.to_thread(busy)",
    ] {
        engine.run(&script(text)).blocking().expect(text);
        futures_lite::future::block_on(engine.run(&script(text))).expect(text);
    }
    // How long others have the thread does not count.
    let busy = script(
        "import time\nend = time.monotonic() + 0.6\nasync def f():\n    n = 0\n    while n < 100_000: n += 1\nawait f()",
    );
    let mut run = engine.run(&busy);
    while run.step(Duration::from_micros(100)).is_none() {
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn scripts_see_the_lines_of_their_tracebacks() {
    let shop = "def price(n):\n    return 100 / n";
    let modules =
        std::collections::HashMap::from([("shop", Script::module("shop", shop).unwrap())]);
    let mut engine = Engine::builder().modules(modules).build().unwrap();
    let text = "import traceback, shop\n\
        def f(): return shop.price(0)\n\
        try:\n    f()\nexcept ZeroDivisionError:\n    told = traceback.format_exc()";
    let expected = "\
Traceback (most recent call last):
  File \"test\", line 4, in <module>
    f()
    ~^^
  File \"test\", line 2, in f
    def f(): return shop.price(0)
                    ~~~~~~~~~~^^^
  File \"shop\", line 2, in price
    return 100 / n
           ~~~~^~~
ZeroDivisionError: division by zero
";
    for _ in 0..2 {
        let names = engine.run(&script(text)).blocking().unwrap();
        assert_eq!(names.get::<String>(&mut engine, "told").unwrap(), expected);
    }
    // The text is that of the script that runs, not of an earlier one of that name.
    let other = script(
        "import traceback\ntry:\n    1 // 0\nexcept ZeroDivisionError:\n    told = traceback.format_exc()",
    );
    let names = engine.run(&other).blocking().unwrap();
    let told = names.get::<String>(&mut engine, "told").unwrap();
    assert!(told.contains("line 3, in <module>\n    1 // 0\n"), "{told}");
}
