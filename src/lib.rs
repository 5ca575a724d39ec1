//! Hoopsnake: an interpreter for a small async scripting language that mirrors
//! Python's `async`/`await`.
//!
//! A Rust program makes an [`Engine`], runs a [`Script`] in it, and gives it functions, modules and
//! classes; [`engine`] has all of that. The page `docs/embedding.md` tells how it goes together.
//!
//! ```
//! use hoopsnake::{Engine, Error, Script};
//!
//! let mut engine = Engine::builder()
//!     .function("fetch(place)", async |place: String| format!("it rains in {place}"))
//!     .build()?;
//! let script = Script::compile("weather", "
//! import asyncio
//! news = await asyncio.gather(fetch('Rome'), fetch('Oslo'))
//! ")?;
//! let names = engine.run(&script).blocking()?;
//! let news: Vec<String> = names.get(&mut engine, "news")?;
//! assert_eq!(news, ["it rains in Rome", "it rains in Oslo"]);
//! # Ok::<(), Error>(())
//! ```

#[doc(hidden)]
pub mod builtins;
#[cfg(feature = "capi")]
pub mod capi;
#[doc(hidden)]
pub mod cli;
pub mod engine;
#[doc(hidden)]
pub mod event_loop;
#[doc(hidden)]
pub mod heap;
pub mod host;
#[doc(hidden)]
pub mod modules;
#[doc(hidden)]
pub mod object;
#[doc(hidden)]
pub mod vm;

#[doc(hidden)]
pub use hoopsnake_front::{bytecode, compiler, source, syntax};

pub use engine::{
    Builder, Bytes, Class, Constructed, Conversion, Engine, Error, Exception, FromScript, Function,
    Handle, HostError, HostFunction, HostMethod, HostMethodMut, Instance, Interrupt, IntoArguments,
    IntoScript, Items, Limit, Limits, Local, Module, ModuleText, Modules, Namespace, Op, Parameter,
    Place, Raise, Ref, RefMut, Returned, Run, Scope, Script, Stopped, SyntaxError,
};
pub use host::Permissions;

/// The programs on the page about embedding, which are tested with the examples of the items.
#[cfg(doctest)]
#[doc = include_str!("../docs/embedding.md")]
pub struct EmbeddingPage;

/// The program in the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
