//! Native modules: a table a file. Everyone adds a line.

pub mod abc;
pub mod asyncio;
pub mod binary;
pub mod bisect;
pub mod cmath;
pub mod codecs;
pub mod collections;
pub mod contextvars;
pub mod decimal;
pub mod functools;
pub mod greenlet;
#[cfg(feature = "hashes")]
pub mod hashes;
pub mod heapq;
pub mod host_work;
pub mod html;
pub mod imp;
pub mod io;
pub mod itertools;
pub mod json;
#[cfg(feature = "terminal")]
pub mod line_editor;
pub mod math;
pub mod namespace;
pub mod operator;
pub mod os;
pub mod random;
pub mod re;
pub mod report;
pub mod select;
pub mod signal;
pub mod small;
pub mod socket;
#[cfg(feature = "tls")]
pub mod ssl;
pub mod struct_sequence;
pub mod subprocess;
pub mod sys;
pub mod thread;
pub mod time;
pub mod type_params;
pub mod unicodedata;
pub mod waits;
pub mod weakref;
pub mod workers;
#[cfg(feature = "compression")]
pub mod zlib;

use crate::object::native::{Def, ModuleDef, TypeDef};

/// All native modules.
pub static MODULES: &[&ModuleDef] = &[
    &asyncio::MODULE,
    &cmath::MODULE,
    &codecs::MODULE,
    &unicodedata::MODULE,
    &contextvars::MODULE,
    &decimal::MODULE,
    &functools::MODULE,
    &io::MODULE,
    &itertools::MODULE,
    &bisect::MODULE,
    &heapq::MODULE,
    &collections::MODULE,
    &math::MODULE,
    &thread::MODULE,
    &greenlet::MODULE,
    &sys::MODULE,
    &time::MODULE,
    &time::dates::MODULE,
    &socket::MODULE,
    &re::MODULE,
    &json::MODULE,
    &random::MODULE,
    &operator::MODULE,
    &os::MODULE,
    &os::system::MODULE,
    &signal::MODULE,
    &html::MODULE,
    &imp::MODULE,
    &imp::OPCODE,
    &small::GC,
    &small::ATEXIT,
    &small::ERRNO,
    &report::MODULE,
    &weakref::MODULE,
    &binary::structs::MODULE,
    &subprocess::MODULE,
    &workers::MODULE,
    &select::MODULE,
    &binary::array::MODULE,
    &binary::bases::MODULE,
    &binary::binascii::MODULE,
    &binary::compare::MODULE,
    #[cfg(feature = "terminal")]
    &line_editor::MODULE,
    #[cfg(feature = "compression")]
    &zlib::MODULE,
    #[cfg(feature = "hashes")]
    &hashes::MODULE,
    #[cfg(feature = "hashes")]
    &hashes::BLAKE2,
    #[cfg(feature = "tls")]
    &ssl::MODULE,
    &abc::MODULE,
    &type_params::MODULE,
];

/// All native types of modules, those without a name in their module included.
pub static TYPES: &[&[&TypeDef]] = &[
    asyncio::TYPES,
    contextvars::TYPES,
    decimal::TYPES,
    functools::TYPES,
    io::TYPES,
    itertools::TYPES,
    thread::TYPES,
    greenlet::TYPES,
    collections::TYPES,
    namespace::TYPES,
    type_params::TYPES,
    sys::TYPES,
    time::TYPES,
    socket::TYPES,
    signal::TYPES,
    re::TYPES,
    json::TYPES,
    random::TYPES,
    operator::TYPES,
    os::TYPES,
    weakref::TYPES,
    binary::structs::TYPES,
    subprocess::TYPES,
    select::TYPES,
    binary::array::TYPES,
    binary::binascii::TYPES,
    #[cfg(feature = "compression")]
    zlib::TYPES,
    #[cfg(feature = "hashes")]
    hashes::TYPES,
    #[cfg(feature = "tls")]
    ssl::TYPES,
];

/// Built-in functions that modules provide.
pub static BUILTIN_FUNCTIONS: &[&[Def]] = &[io::BUILTINS, sys::BUILTINS];
