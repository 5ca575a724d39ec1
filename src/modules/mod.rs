//! Native modules: a table a file. Everyone adds a line.

pub mod asyncio;
pub mod contextvars;
pub mod functools;
pub mod itertools;
pub mod math;
pub mod thread;

use crate::object::native::{Def, ModuleDef, TypeDef};

/// All native modules.
pub static MODULES: &[&ModuleDef] = &[
    &asyncio::MODULE,
    &contextvars::MODULE,
    &functools::MODULE,
    &itertools::MODULE,
    &math::MODULE,
    &thread::MODULE,
];

/// All native types of modules, those without a name in their module included.
pub static TYPES: &[&[&TypeDef]] = &[
    asyncio::TYPES,
    contextvars::TYPES,
    functools::TYPES,
    itertools::TYPES,
    thread::TYPES,
];

/// Built-in functions that modules provide.
pub static BUILTIN_FUNCTIONS: &[&[Def]] = &[];
