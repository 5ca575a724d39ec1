//! The embedding API as a Rust program uses it.

mod async_functions;
#[cfg(unix)]
mod capi;
mod classes;
mod data;
mod functions;
mod handles;
mod leaks;
#[cfg(target_os = "linux")]
mod permissions;
mod programs;
mod runaways;
mod runs;
mod server;
mod values;
