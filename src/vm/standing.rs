//! Where fibers and coroutines stand, frame by frame: what is told of a program that runs. Nothing here runs script.

use std::sync::Arc;

use super::Vm;
use super::fiber::{Fiber, Status};
use crate::bytecode::Code;
use crate::heap::Value;
use crate::object::dict::Dict;
use crate::object::frame::{Frame, frame_flags};
use crate::object::function::Cell_;
use crate::object::generator::{Generator, State};
use crate::object::native::Def;

/// One frame, as it stood when it was looked at.
pub enum Level {
    /// A frame of script.
    Script {
        /// Its code.
        code: Arc<Code>,
        /// Word offset of the instruction at which it stands; None before the first.
        at: Option<u32>,
        /// Its first local, which in a method is `self`; or Undef.
        first: Value,
        /// The coroutine or generator that it is the frame of, by its word; 0 for a call.
        generator: i64,
    },
    /// A native frame.
    Native {
        /// The line of its table.
        def: &'static Def,
        /// What its registers hold.
        regs: Vec<Value>,
    },
}

/// A fiber, as it stood when it was looked at.
pub struct Standing {
    /// Its number.
    pub id: u64,
    /// The number of its thread.
    pub ident: u64,
    /// See `Status`.
    pub status: Status,
    /// It waits for events from outside.
    pub for_events: bool,
    /// When it wakes by itself, on the monotonic clock.
    pub deadline: Option<f64>,
    /// It is the one of the main program.
    pub is_main: bool,
    /// Its frames, innermost first.
    pub levels: Vec<Level>,
}

/// Whether code is of a module that is embedded.
pub fn is_library(code: &Code) -> bool {
    code.source.name().starts_with("<library>/")
}

/// More frames than these are not looked at.
const DEEPEST: usize = 10_000;

/// Takes the frames from `frame` outward; ends behind `last`, which may be null.
///
/// # Safety
/// `frame` is a live frame that runs, or waits, and so are its parents; or it is null.
unsafe fn levels_from(
    mut frame: *mut Frame,
    last: *mut Frame,
    at_cursor: *const u64,
) -> Vec<Level> {
    let mut found = Vec::new();
    let mut cursor = at_cursor;
    // SAFETY: parents of live frames are live; locals of a live script frame hold values, and so do all
    // registers of a native one.
    unsafe {
        while !frame.is_null() && found.len() < DEEPEST {
            if (*frame).has(frame_flags::NATIVE) {
                let regs = Frame::regs(frame);
                let count = Vm::native_registers(frame);
                found.push(Level::Native {
                    def: &*(*frame).native,
                    regs: (0..count).map(|i| (*regs.add(i)).clone()).collect(),
                });
            } else if !(*frame).function.is_null() {
                let code = (*(*frame).function).code.borrow();
                let offset = match cursor.is_null() {
                    true => code.offset((*frame).ip).checked_sub(1),
                    false => Some(code.offset(cursor)),
                };
                let first = match code.plain.nlocals {
                    0 => Value::UNDEF,
                    _ => (*Frame::regs(frame)).clone(),
                };
                let generator = match (*frame).has(frame_flags::GENERATOR) {
                    true => Generator::of_frame(frame).to_ref().into_value().word(),
                    false => 0,
                };
                found.push(Level::Script {
                    code: code.plain.clone(),
                    at: offset,
                    first: content(first),
                    generator,
                });
            }
            cursor = std::ptr::null();
            if frame == last {
                break;
            }
            frame = (*frame).parent;
        }
    }
    found
}

/// A local that inner functions share lies in a cell.
fn content(local: Value) -> Value {
    match local.get::<Cell_>() {
        Some(cell) => cell.content.get(),
        None => local,
    }
}

impl Vm {
    /// The frames in which a coroutine or generator stands that does not run, innermost first.
    pub fn standing_of(&mut self, coroutine: &Value) -> Vec<Level> {
        let Some(generator) = coroutine.get::<Generator>() else {
            return Vec::new();
        };
        self.make_leaf_whole(generator);
        let own = generator.frame_ptr();
        let leaf = generator.leaf.get();
        match generator.state.get() {
            State::Closed | State::Running => Vec::new(),
            // SAFETY: the frames of the chain are at rest, each held by a register of the next.
            State::Suspended if !leaf.is_null() => unsafe {
                levels_from(leaf, own, std::ptr::null())
            },
            // It runs: its frames are among those of its fiber.
            State::Suspended => Vec::new(),
            // SAFETY: the frame has not begun: its locals hold values.
            State::Created => unsafe { levels_from(own, own, std::ptr::null()) },
        }
    }

    /// The code of the innermost running function that is not the library's, and where it stands.
    pub fn visible_code(&self) -> Option<(Arc<Code>, u32)> {
        let mut outward = 0;
        loop {
            let frame = self.script_frame(outward);
            if frame.is_null() {
                return None;
            }
            // SAFETY: a live script frame.
            let (code, at) = unsafe {
                let code = (*(*frame).function).code.borrow();
                (code.plain.clone(), code.offset((*frame).ip))
            };
            if !is_library(&code) {
                return Some((code, at.saturating_sub(1)));
            }
            outward += 1;
        }
    }

    /// All fibers that are not over, oldest first.
    pub fn standing_fibers(&mut self) -> Vec<Standing> {
        if self.main_fiber.is_none() {
            self.current_fiber();
        }
        let all = self.fibers.all.clone();
        let main = self.main_fiber.as_ref().map_or(0, |main| main.id);
        let mut found = Vec::new();
        for (id, fiber) in all.borrow().iter() {
            // SAFETY: a fiber takes itself out of the table when it dies, and nothing dies while this looks.
            let fiber: &Fiber = unsafe { &**fiber };
            if fiber.status.get() == Status::Done {
                continue;
            }
            let levels = match fiber.saved_place() {
                // SAFETY: the stack of a fiber that waits is at rest.
                Some((frame, cursor)) => unsafe {
                    levels_from(frame, std::ptr::null_mut(), cursor)
                },
                // SAFETY: the running frame and its parents are live.
                None if fiber.status.get() == Status::Running => unsafe {
                    levels_from(self.frame, std::ptr::null_mut(), std::ptr::null())
                },
                None => Vec::new(),
            };
            found.push(Standing {
                id: *id,
                ident: fiber.ident.get(),
                status: fiber.status.get(),
                for_events: fiber.waits_for_events(),
                deadline: self.fibers.deadline_of(fiber),
                is_main: *id == main,
                levels,
            });
        }
        found
    }

    /// The attribute that an object has itself, found without asking its class; Undef if there is none.
    pub fn plain_attribute(&mut self, object: &Value, name: &str) -> Value {
        let name = self.intern(name).into_value();
        if !object.is_object() {
            return Value::UNDEF;
        }
        self.own_attribute(object, &name).unwrap_or_default()
    }

    /// A global of a module that is loaded; Undef if there is none.
    pub fn plain_global(&self, module: &str, name: &str) -> Value {
        let module = self.modules.get_name(module);
        let namespace = module
            .as_ref()
            .and_then(|m| m.get::<crate::object::module::Module>())
            .map(|m| m.namespace.clone());
        namespace
            .and_then(|names| names.get_name(name))
            .unwrap_or_default()
    }

    /// The values of a dict by their keys, as pairs; nothing for any other value.
    pub fn plain_pairs(value: &Value) -> Vec<(Value, Value)> {
        value.get::<Dict>().map_or_else(Vec::new, Dict::pairs)
    }
}
