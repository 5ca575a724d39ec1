//! The example `server`, as its clients see it.

#[path = "../../docs/embedding/server.rs"]
#[allow(dead_code)]
mod program;

use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server has logged.
static LOG: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn logged(text: &str) -> bool {
    LOG.lock().unwrap().iter().any(|line| line.contains(text))
}

/// Starts the server with one engine and its own handlers, which have time.
async fn start() -> SocketAddr {
    start_with(program::HANDLERS, 1, 600.0).await
}

/// Starts a server on a port of its own: its address.
async fn start_with(
    handlers: &[(&'static str, &str)],
    workers: usize,
    patience: f64,
) -> SocketAddr {
    let settings = program::Settings {
        workers,
        patience,
        log: |text| LOG.lock().unwrap().push(text.to_string()),
    };
    let app = program::app(handlers, settings).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    address
}

/// Sends a request: the status, and the body of the response.
async fn ask(address: SocketAddr, request: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let text = format!(
        "{request} HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_string())
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let limited = async { tokio::time::timeout(Duration::from_secs(60), test).await };
    runtime.block_on(limited).expect("the server answers");
}

#[test]
fn handlers_are_scripts() {
    run(async {
        let address = start_with(program::HANDLERS, 2, 600.0).await;
        let (status, body) = ask(address, "GET /hello?name=Ada%20L", "").await;
        assert_eq!((status, &*body), (200, r#"{"hello": "Ada L"}"#));
        // What is counted is the program's, whichever engine counts.
        for count in 1..=4 {
            let (status, body) = ask(address, "POST /visits", r#"["x", "y"]"#).await;
            let counts = format!(r#"{{"x": {count}, "y": {count}}}"#);
            assert_eq!((status, body), (201, counts));
        }
        let (status, body) = ask(address, "GET /visits?x&z", "").await;
        assert_eq!((status, &*body), (200, r#"{"x": 4, "z": null}"#));
        let (status, body) = ask(address, "GET /nowhere", "").await;
        assert_eq!(
            (status, &*body),
            (404, r#"{"error": "there is no such page"}"#)
        );
        let (status, _) = ask(address, "GET /os", "").await;
        assert_eq!(status, 404);
        let (status, body) = ask(address, "PUT /hello", "").await;
        assert_eq!(
            (status, &*body),
            (405, r#"{"error": "put does not work here"}"#)
        );
        let (status, body) = ask(address, "GET /status", "").await;
        assert_eq!((status, &*body), (200, r#"{"requests": 0}"#));
    });
}

#[test]
fn a_handler_that_fails_is_the_only_one_that_does() {
    run(async {
        let address = start_with(program::HANDLERS, 1, 1.0).await;
        let began = Instant::now();
        let slow = tokio::spawn(async move { ask(address, "GET /slow", "").await });
        // There is such a file, but not for scripts.
        let (status, body) = ask(address, "GET /wrong?file=Cargo.toml", "").await;
        assert_eq!((status, &*body), (500, r#"{"error": "it failed"}"#));
        let log = "File \"wrong\", line 3, in get\n    return open(request.query['file']).read()\n";
        assert!(logged(log));
        assert!(logged("PermissionError: "));
        let (status, _) = ask(address, "GET /hello", "").await;
        assert_eq!(status, 200);
        let (status, body) = slow.await.unwrap();
        assert_eq!((status, &*body), (504, r#"{"error": "it took too long"}"#));
        assert!(began.elapsed() < Duration::from_secs(20));
    });
}

#[test]
fn a_handler_that_never_ends_is_stopped() {
    run(async {
        let address = start().await;
        for _ in 0..2 {
            let slow = tokio::spawn(async move { ask(address, "GET /slow", "").await });
            while ask(address, "GET /status", "").await.1 != r#"{"requests": 1}"# {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            let endless = ask(address, "GET /endless", "").await;
            assert_eq!(endless, (503, r#"{"error": "try again"}"#.to_string()));
            // It was in the same engine.
            assert_eq!(slow.await.unwrap().0, 503);
            let (status, _) = ask(address, "GET /hello", "").await;
            assert_eq!(status, 200);
        }
        assert!(logged("an engine ends: stopped (step) in endless, line "));
    });
}

#[test]
fn a_request_is_cancelled_when_its_client_goes_away() {
    let waits = "
import asyncio, store

async def get(request):
    await store.add('began')
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        await store.add('cancelled')
        raise
";
    let handlers = [("waits", waits), program::HANDLERS[1]];
    run(async move {
        let address = start_with(&handlers, 1, 600.0).await;
        let mut clients = Vec::new();
        for _ in 0..10 {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let text = "GET /waits HTTP/1.1\r\nhost: test\r\n\r\n";
            stream.write_all(text.as_bytes()).await.unwrap();
            clients.push(stream);
        }
        let visits = async || ask(address, "GET /visits?began&cancelled", "").await.1;
        while visits().await != r#"{"began": 10, "cancelled": null}"# {}
        let (_, status) = ask(address, "GET /status", "").await;
        assert_eq!(status, r#"{"requests": 10}"#);
        // Nothing else would end them.
        drop(clients);
        while visits().await != r#"{"began": 10, "cancelled": 10}"# {}
    });
}

#[test]
fn a_thousand_requests_wait_in_one_engine() {
    run(async {
        let address = start().await;
        let began = Instant::now();
        let mut requests = tokio::task::JoinSet::new();
        for number in 0..1000 {
            requests.spawn(async move {
                let names = format!(r#"["all", "n{number}"]"#);
                ask(address, "POST /visits", &names).await
            });
        }
        while let Some(answer) = requests.join_next().await {
            let (status, body) = answer.unwrap();
            assert_eq!(status, 201, "{body}");
        }
        let (_, body) = ask(address, "GET /visits?all&n7", "").await;
        assert_eq!(body, r#"{"all": 1000, "n7": 1}"#);
        eprintln!("a thousand requests: {:?}", began.elapsed());
    });
}
