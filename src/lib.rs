//! Hoopsnake: an interpreter for a small async scripting language that mirrors
//! Python's `async`/`await`.

pub mod builtins;
pub mod bytecode;
#[cfg(feature = "capi")]
pub mod capi;
pub mod cli;
pub mod compiler;
pub mod engine;
pub mod event_loop;
pub mod heap;
pub mod host;
pub mod modules;
pub mod object;
pub mod source;
pub mod syntax;
pub mod vm;

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
