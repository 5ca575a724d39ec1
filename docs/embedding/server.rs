//! A web server whose handlers are scripts. Each worker is a task of tokio with an engine of its own, and each engine has
//! thousands of requests at once: a request is a task of the script, which awaits the program's async functions.
//!
//! `cargo run --release -p hoopsnake-examples --bin server`, then `curl -i 'localhost:8080/hello?name=Ada'`

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hoopsnake::{Class, Engine, Error, IntoScript, Limits, Local, Module, Scope, Script};
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit, mpsc, oneshot};

/// The handlers: `/hello` is served by the functions `get`, `post` and so on of the module `hello`. None of them can open a
/// file or a socket, since no engine here has permissions: the module `store` is the one way out that they have.
pub const HANDLERS: &[(&str, &str)] = &[
    (
        "hello",
        "
async def get(request):
    return {'hello': request.query.get('name', 'world')}
",
    ),
    (
        "visits",
        "
import asyncio, json, store

async def get(request):
    return {name: await store.read(name) for name in request.query}

async def post(request):
    names = json.loads(request.body)
    counts = await asyncio.gather(*[store.add(name) for name in names])
    return 201, dict(zip(names, counts))
",
    ),
    (
        "slow",
        "
import asyncio

async def get(request):
    await asyncio.sleep(60)
",
    ),
    (
        "wrong",
        "
async def get(request):
    return open(request.query['file']).read()
",
    ),
    (
        "endless",
        "
async def get(request):
    while True:
        pass
",
    ),
];

/// What each engine runs. One handler may fail or wait too long, and the other requests go on. Only what neither awaits nor
/// ends holds up the others; the limit of a step is for that.
const SERVE: &str = "
import asyncio, importlib, json, traceback, gate

tasks = {}

async def answer(request):
    try:
        async with asyncio.timeout(gate.PATIENCE):
            status, reply = await handle(request)
        reply = json.dumps(reply)
    except asyncio.CancelledError:
        raise  # The client has gone.
    except TimeoutError:
        status, reply = 504, '{\"error\": \"it took too long\"}'
    except BaseException:
        gate.log(traceback.format_exc())
        status, reply = 500, '{\"error\": \"it failed\"}'
    finally:
        tasks.pop(request.number, None)
    request.respond(status, reply)

async def handle(request):
    if request.handler is None:
        return 404, {'error': 'there is no such page'}
    module = importlib.import_module(request.handler)
    function = getattr(module, request.method, None)
    if function is None:
        return 405, {'error': f'{request.method} does not work here'}
    reply = await function(request)
    return reply if isinstance(reply, tuple) else (200, reply)

while events := await gate.next_events():
    for event in events:
        if isinstance(event, gate.Request):
            tasks[event.number] = asyncio.create_task(answer(event))
        elif task := tasks.pop(event, None):
            task.cancel()
";

/// So many requests an engine has at most. Tasks that handlers make, or that do not end when they are cancelled, may be as many.
const PLACES: usize = 10_000;

/// How the server is to be.
#[derive(Clone, Copy)]
pub struct Settings {
    /// How many engines serve.
    pub workers: usize,
    /// How many seconds a handler has.
    pub patience: f64,
    /// What is told of failures.
    pub log: fn(&str),
}

/// A request, as scripts see it.
struct Request {
    number: u64,
    handler: Option<String>,
    method: String,
    query: BTreeMap<String, String>,
    body: String,
    /// Where the reply goes. Dropped without one, it tells the client's side that there will be none.
    reply: Option<oneshot::Sender<(u16, String)>>,
}

/// What an engine learns of.
enum Event {
    Came(Request),
    /// Nobody waits for the reply to the request of this number any more.
    Left(u64),
}

impl IntoScript for Event {
    fn into_script<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, Error> {
        match self {
            Event::Came(request) => scope.wrap(request),
            Event::Left(number) => number.into_script(scope),
        }
    }
}

/// The way to a worker.
struct Worker {
    events: mpsc::UnboundedSender<Event>,
    places: Semaphore,
}

struct Pool {
    workers: Vec<Worker>,
    scripts: HashMap<&'static str, Script>,
    last: AtomicU64,
}

/// A request whose reply is waited for.
struct Waiting<'p> {
    worker: &'p Worker,
    number: u64,
    over: bool,
    _place: SemaphorePermit<'p>,
}

impl Drop for Waiting<'_> {
    /// The server drops it together with the handler's future when a client goes away.
    fn drop(&mut self) {
        if !self.over {
            let _ = self.worker.events.send(Event::Left(self.number));
        }
    }
}

/// What goes to and fro between the server and the script of an engine.
fn gate(
    events: Arc<tokio::sync::Mutex<mpsc::UnboundedReceiver<Event>>>,
    settings: Settings,
) -> Module {
    let request = Class::<Request>::new("Request")
        .getter("number", |request: &Request| request.number)
        .getter("handler", |request: &Request| request.handler.clone())
        .getter("method", |request: &Request| request.method.clone())
        .getter("query", |request: &Request| request.query.clone())
        .getter("body", |request: &Request| request.body.clone())
        .method_mut(
            "respond(status, text)",
            |request: &mut Request, status: u16, text: String| {
                let reply = request.reply.take().ok_or("this was answered before")?;
                // A client that has gone needs none.
                let _ = reply.send((status, text));
                Ok::<(), &str>(())
            },
        );
    Module::new("gate")
        .constant("PATIENCE", settings.patience)
        .class(request)
        .function("log(text)", move |text: String| (settings.log)(&text))
        .function("next_events()", move || {
            let events = events.clone();
            async move {
                let mut batch = Vec::new();
                events.lock().await.recv_many(&mut batch, 256).await;
                batch
            }
        })
}

/// What stands for a database: numbers by name. Each access takes a millisecond.
fn store(numbers: &Arc<Mutex<BTreeMap<String, i64>>>) -> Module {
    let (read, add) = (numbers.clone(), numbers.clone());
    Module::new("store")
        .function("read(name)", move |name: String| {
            let numbers = read.clone();
            async move {
                tokio::time::sleep(Duration::from_millis(1)).await;
                numbers.lock().unwrap().get(&name).copied()
            }
        })
        .function("add(name, by=1)", move |name: String, by: i64| {
            let numbers = add.clone();
            async move {
                tokio::time::sleep(Duration::from_millis(1)).await;
                let mut numbers = numbers.lock().unwrap();
                let number = numbers.entry(name).or_default();
                *number += by;
                *number
            }
        })
}

/// Keeps an engine going. What ends one ends all the requests that it has, which get no reply; those that it has not taken yet
/// are for the next. That one is new, since nobody knows what the scripts left half done in the old.
async fn work(make: impl Fn() -> Result<Engine, Error>, serve: Script, log: fn(&str)) {
    loop {
        let ended = match make() {
            Ok(mut engine) => engine.run(&serve).await.map(drop),
            Err(error) => Err(error),
        };
        match ended {
            // There is no server any more.
            Ok(()) => return,
            Err(error) => log(&format!("an engine ends: {error}")),
        }
        // One that cannot even begin must not keep a processor busy.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The server with these handlers. Its engines end when it is dropped.
pub fn app(handlers: &[(&'static str, &str)], settings: Settings) -> Result<Router, Error> {
    let mut scripts = HashMap::new();
    for (name, text) in handlers {
        scripts.insert(*name, Script::module(name, text)?);
    }
    let serve = Script::compile("serve", SERVE)?;
    let numbers = Arc::default();
    let limits = Limits::new()
        .step(Duration::from_millis(250))
        .tasks(2 * PLACES)
        .memory(512 << 20);
    let workers = (0..settings.workers).map(|_| {
        let (sender, receiver) = mpsc::unbounded_channel();
        let receiver = Arc::new(tokio::sync::Mutex::new(receiver));
        let (scripts, limits) = (scripts.clone(), limits.clone());
        let numbers = Arc::clone(&numbers);
        let make = move || {
            Engine::builder()
                .limits(limits.clone())
                .modules(scripts.clone())
                .module(gate(receiver.clone(), settings))
                .module(store(&numbers))
                .build()
        };
        tokio::spawn(work(make, serve.clone(), settings.log));
        Worker {
            events: sender,
            places: Semaphore::new(PLACES),
        }
    });
    let pool = Arc::new(Pool {
        workers: workers.collect(),
        scripts,
        last: AtomicU64::new(0),
    });
    Ok(Router::new()
        .route("/status", get(status))
        .fallback(answer)
        .with_state(pool))
}

/// A page that is not a script's: how many requests the engines have.
async fn status(State(pool): State<Arc<Pool>>) -> Response {
    let free = |worker: &Worker| worker.places.available_permits();
    let taken: usize = pool
        .workers
        .iter()
        .map(|worker| PLACES - free(worker))
        .sum();
    json(200, format!("{{\"requests\": {taken}}}"))
}

async fn answer(
    State(pool): State<Arc<Pool>>,
    method: Method,
    uri: Uri,
    Query(query): Query<BTreeMap<String, String>>,
    body: String,
) -> Response {
    // The engine that has the fewest.
    let free = |worker: &&Worker| worker.places.available_permits();
    let worker = pool.workers.iter().max_by_key(free);
    let Some((worker, place)) =
        worker.and_then(|worker| Some((worker, worker.places.try_acquire().ok()?)))
    else {
        return unavailable("there are too many requests");
    };
    let (reply, replied) = oneshot::channel();
    let number = pool.last.fetch_add(1, Ordering::Relaxed);
    let name = uri.path().trim_start_matches('/');
    let _ = worker.events.send(Event::Came(Request {
        number,
        handler: pool.scripts.contains_key(name).then(|| name.to_string()),
        method: method.as_str().to_lowercase(),
        query,
        body,
        reply: Some(reply),
    }));
    let mut waiting = Waiting {
        worker,
        number,
        over: false,
        _place: place,
    };
    let replied = replied.await;
    waiting.over = true;
    match replied {
        Ok((status, text)) => json(status, text),
        // Its engine was stopped, be it for another request.
        Err(_) => unavailable("try again"),
    }
}

fn json(status: u16, text: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, "application/json")], text).into_response()
}

fn unavailable(why: &str) -> Response {
    let text = format!("{{\"error\": \"{why}\"}}");
    let mut response = json(503, text);
    let after = header::HeaderValue::from_static("1");
    response.headers_mut().insert(header::RETRY_AFTER, after);
    response
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let settings = Settings {
        workers: std::thread::available_parallelism()?.get(),
        patience: 1.0,
        log: |text| eprintln!("{text}"),
    };
    let app = app(HANDLERS, settings)?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}
