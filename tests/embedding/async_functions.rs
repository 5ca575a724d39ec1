//! Async functions of the embedding program, awaited and blocking, under executors and without.

use hoopsnake::host::SharedBytes;
use hoopsnake::{Class, Engine, Error, Function, Limit, Limits, Raise, Script};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

fn script(text: &str) -> Script {
    Script::compile("test", text).unwrap()
}

/// Counts the futures that live.
#[derive(Clone, Default)]
struct Living(Arc<AtomicUsize>);

struct One(Arc<AtomicUsize>);

impl Living {
    fn one(&self) -> One {
        self.0.fetch_add(1, Ordering::SeqCst);
        One(self.0.clone())
    }
    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Drop for One {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A future that another thread completes after a while.
async fn later<T: Send + 'static>(time: Duration, value: T) -> T {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        std::thread::sleep(time);
        let _ = sender.send(value);
    });
    receiver.await.expect("the thread sends")
}

#[test]
fn a_script_awaits_a_future() {
    let mut engine = Engine::builder()
        .function("fetch(url, times=1)", async |url: String, times: usize| {
            later(Duration::from_millis(5), url.repeat(times)).await
        })
        .build()
        .unwrap();
    let text = "import asyncio, inspect\nassert inspect.iscoroutine(c := fetch('a')), c\nc.close()\n\
        one = await fetch('x')\nmany = await asyncio.gather(*[fetch('ab', times=n) for n in range(4)])\n\
        task = asyncio.create_task(fetch('t', 3))\nassert 'fetch' in repr(task), task\nlast = await task";
    for how in 0..3 {
        let names = match how {
            0 => engine.run(&script(text)).blocking(),
            1 => futures_lite::future::block_on(engine.run(&script(text))),
            _ => tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap()
                .block_on(engine.run(&script(text))),
        };
        let names = names.unwrap();
        assert_eq!(names.get::<String>(&mut engine, "one").unwrap(), "x");
        let many = names.get::<Vec<String>>(&mut engine, "many").unwrap();
        assert_eq!(many, ["", "ab", "abab", "ababab"]);
        assert_eq!(names.get::<String>(&mut engine, "last").unwrap(), "ttt");
    }
}

#[test]
fn errors_and_panics_become_exceptions() {
    let mut engine = Engine::builder()
        .function(
            "fail(kind)",
            async |kind: String| -> Result<i64, hoopsnake::HostError> {
                later(Duration::from_millis(1), ()).await;
                match kind.as_str() {
                    "raise" => Err(Raise::new("KeyError", "nothing there").into()),
                    "io" => Err(std::io::Error::from_raw_os_error(2).into()),
                    "panic" => panic!("out of order"),
                    _ => Ok("not a number".parse::<i64>()?),
                }
            },
        )
        .function("at_once()", async || -> Result<(), Raise> {
            Err(Raise::new("ValueError", "no"))
        })
        .build()
        .unwrap();
    let text = "found = []\nfor kind in ('raise', 'io', 'panic', 'other'):\n    try:\n        await fail(kind)\n    except Exception as e:\n        found.append(f'{type(e).__name__}: {e}')\n\
        try:\n    await at_once()\nexcept ValueError as e:\n    found.append(str(e))";
    let names = engine.run(&script(text)).blocking().unwrap();
    let found = names.get::<Vec<String>>(&mut engine, "found").unwrap();
    assert_eq!(
        found,
        [
            "KeyError: 'nothing there'",
            "FileNotFoundError: [Errno 2] No such file or directory",
            "RuntimeError: host function 'fail' panicked: out of order",
            "RuntimeError: invalid digit found in string",
            "no",
        ]
    );
}

#[test]
fn cancelling_drops_the_future() {
    let living = Living::default();
    let counted = living.clone();
    let mut engine = Engine::builder()
        .function("forever()", move || {
            let one = counted.one();
            async move {
                let _one = one;
                std::future::pending::<()>().await;
            }
        })
        .build()
        .unwrap();
    let text = "import asyncio\ntask = asyncio.create_task(forever())\nawait asyncio.sleep(0)\ntask.cancel()\n\
        try:\n    await task\nexcept asyncio.CancelledError: pass\n\
        try:\n    await asyncio.wait_for(forever(), 0.005)\nexcept TimeoutError: pass\n\
        async with asyncio.timeout(0.005) as t:\n    pass\n\
        try:\n    async with asyncio.TaskGroup() as g:\n        for _ in range(5): g.create_task(forever())\n        await asyncio.sleep(0.001)\n        1 / 0\nexcept* ZeroDivisionError: pass";
    engine.run(&script(text)).blocking().unwrap();
    assert_eq!(living.count(), 0);
    // A run that is dropped, or stopped, drops them too.
    let waits = script("import asyncio\nawait asyncio.gather(*[forever() for _ in range(10)])");
    let mut run = engine.run(&waits);
    assert!(run.step(Duration::from_millis(300)).is_none());
    assert_eq!(living.count(), 10);
    drop(run);
    assert_eq!(living.count(), 0);
    engine.set_limits(Limits::new().time(Duration::from_millis(30)));
    match engine.run(&waits).blocking() {
        Err(Error::Stopped(stopped)) => assert_eq!(stopped.limit, Limit::Time),
        _ => panic!("not stopped"),
    }
    assert_eq!(living.count(), 0);
    // And so does an engine.
    engine.set_limits(Limits::new());
    let names = engine.run(&script("c = forever()")).blocking().unwrap();
    assert_eq!(living.count(), 1);
    drop(engine);
    assert_eq!(living.count(), 0);
    drop(names);
}

#[test]
fn a_coroutine_that_nobody_awaits_is_told_of() {
    let err = SharedBytes::default();
    let mut engine = Engine::builder()
        .error(err.clone())
        .function("fetch()", async || 1)
        .build()
        .unwrap();
    engine.run(&script("fetch()")).blocking().unwrap();
    let said = String::from_utf8(err.take()).unwrap();
    assert!(
        said.contains("RuntimeWarning: coroutine 'fetch' was never awaited"),
        "{said}"
    );
}

#[test]
fn a_blocking_function_is_called_anywhere() {
    let twice = Function::blocking("twice(n)", async |n: i64| {
        later(Duration::from_millis(2), n * 2).await
    });
    let fails = Function::blocking("fails()", async || -> Result<(), Raise> {
        later(Duration::from_millis(1), ()).await;
        Err(Raise::new("LookupError", "gone"))
    });
    let rests = Function::blocking("rest()", async || {
        later(Duration::from_millis(50), ()).await
    });
    let mut engine = Engine::builder()
        .add(twice)
        .add(fails)
        .add(rests)
        .build()
        .unwrap();
    let text = "class N:\n    def __init__(self, n): self.n = n\n    def __add__(self, other): return N(twice(self.n) + other.n)\n    def __iter__(self): yield twice(self.n)\n    @property\n    def double(self): return twice(self.n)\n\
        added = (N(1) + N(2)).n\nordered = sorted([3, 1, 2], key=twice)\nmapped = list(map(twice, range(4)))\nunpacked = [*N(5)]\nprop = N(4).double\n\
        largest = max(range(5), key=lambda n: -twice(n))\n\
        try:\n    fails()\nexcept LookupError as e:\n    error = str(e)\n\
        import threading, time\nsteps = []\ndef ticks():\n    for _ in range(3):\n        time.sleep(0.0001)\n        steps.append('tick')\n\
        t = threading.Thread(target=ticks)\nt.start()\nrest()\nsteps.append('twice')\nt.join()";
    for blocking in [true, false] {
        let names = match blocking {
            true => engine.run(&script(text)).blocking().unwrap(),
            false => futures_lite::future::block_on(engine.run(&script(text))).unwrap(),
        };
        assert_eq!(names.get::<i64>(&mut engine, "added").unwrap(), 4);
        assert_eq!(
            names.get::<Vec<i64>>(&mut engine, "ordered").unwrap(),
            [1, 2, 3]
        );
        assert_eq!(
            names.get::<Vec<i64>>(&mut engine, "mapped").unwrap(),
            [0, 2, 4, 6]
        );
        assert_eq!(
            names.get::<Vec<i64>>(&mut engine, "unpacked").unwrap(),
            [10]
        );
        assert_eq!(names.get::<i64>(&mut engine, "prop").unwrap(), 8);
        assert_eq!(names.get::<i64>(&mut engine, "largest").unwrap(), 0);
        assert_eq!(names.get::<String>(&mut engine, "error").unwrap(), "gone");
        let steps = names.get::<Vec<String>>(&mut engine, "steps").unwrap();
        assert_eq!(steps.len(), 4);
        assert_eq!(steps[0], "tick", "{steps:?}");
    }
}

#[test]
fn where_a_native_is_in_the_middle_a_future_cannot_wait() {
    let slow = Function::blocking("slow()", async || later(Duration::from_millis(50), 1).await);
    let mut engine = Engine::builder().add(slow).build().unwrap();
    let text = "class K:\n    def __hash__(self): return 1\n    def __eq__(self, other):\n        slow()\n        return True\n\
        try:\n    said = {K(): 1}[K()]\nexcept RuntimeError as e:\n    said = str(e)";
    let names = futures_lite::future::block_on(engine.run(&script(text))).unwrap();
    assert_eq!(
        names.get::<String>(&mut engine, "said").unwrap(),
        "cannot block here"
    );
    // A thread of its own can.
    let names = engine.run(&script(text)).blocking().unwrap();
    assert_eq!(names.get::<i64>(&mut engine, "said").unwrap(), 1);
}

#[test]
fn ten_thousand_futures_at_once() {
    let living = Living::default();
    let counted = living.clone();
    let most = Arc::new(AtomicUsize::new(0));
    let seen = most.clone();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut engine = Engine::builder()
        .function("wait(n)", move |n: u64| {
            let one = counted.one();
            seen.fetch_max(counted.count(), Ordering::SeqCst);
            async move {
                tokio::time::sleep(Duration::from_millis(20 + n % 5)).await;
                drop(one);
                n
            }
        })
        .build()
        .unwrap();
    let text =
        "import asyncio\ntotal = sum(await asyncio.gather(*[wait(n) for n in range(10_000)]))";
    let began = Instant::now();
    let names = runtime.block_on(engine.run(&script(text))).unwrap();
    assert_eq!(names.get::<i64>(&mut engine, "total").unwrap(), 49_995_000);
    assert_eq!((living.count(), most.load(Ordering::SeqCst)), (0, 10_000));
    assert!(began.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_thousand_engines_await_host_futures() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .unwrap();
    let script =
        script("import asyncio\ntotal = sum(await asyncio.gather(*[fetch(n) for n in range(10)]))");
    let fetch = Function::new("fetch(n)", async |n: u64| {
        tokio::time::sleep(Duration::from_millis(n)).await;
        n
    });
    let total = runtime.block_on(async {
        let mut runs = tokio::task::JoinSet::new();
        for _ in 0..1000 {
            let (script, fetch) = (script.clone(), fetch.clone());
            runs.spawn(async move {
                let mut engine = Engine::builder().add(fetch).build()?;
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
}

#[test]
fn classes_have_async_methods() {
    #[derive(Clone)]
    struct Client {
        base: String,
    }
    let class = Class::<Client>::new("Client")
        .constructor("Client(base)", |base: String| Client { base })
        .method("get(path)", |client: &Client, path: String| {
            let client = client.clone();
            async move { later(Duration::from_millis(1), format!("{}/{path}", client.base)).await }
        });
    let mut engine = Engine::builder().class(class).build().unwrap();
    let names = engine
        .run(&script(
            "client = Client('http://x')\npage = await client.get('index')",
        ))
        .blocking()
        .unwrap();
    assert_eq!(
        names.get::<String>(&mut engine, "page").unwrap(),
        "http://x/index"
    );
}
