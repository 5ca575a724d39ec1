//! Load for the servers of the benchmark suite: so many connections, on each of them one request after the other, every
//! reply of which is checked.
//!
//!     load drive PORT line|record|http CONNECTIONS REQUESTS
//!     load floor
//!
//! The first prints how many requests were answered and in how many seconds, as JSON; the second is an echo server with
//! nothing around the system's calls, which prints its port.

mod drive;
mod floor;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words[..] {
        ["floor"] => floor::serve(),
        ["drive", port, kind, connections, requests] => {
            drive::Load::parse(port, kind, connections, requests).and_then(|load| {
                let seconds = load.run()?.as_secs_f64();
                println!(
                    "{{\"requests\": {}, \"seconds\": {seconds:.6}}}",
                    load.requests
                );
                Ok(())
            })
        }
        _ => {
            Err("usage: load drive PORT line|record|http CONNECTIONS REQUESTS | load floor".into())
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("load: {error}");
            ExitCode::FAILURE
        }
    }
}
