//! Frame objects: the names and values of their locals, who called them, and how they are cleared.

use super::Vm;
use crate::bytecode::code::flags as code_flags;
use crate::heap::{Ref, Value};
use crate::object::dict::Dict;
use crate::object::frame::frame_flags;
use crate::object::frame_object::{FrameObject, next_script_frame};
use crate::object::function::{Cell_, Code};
use crate::object::generator::{Flavour, Generator, State};
use crate::object::native::R;
use crate::object::str::Str;

/// Where a local of a frame lies.
enum Place {
    /// In this register.
    Register(usize),
    /// In a cell.
    Cell(Ref<Cell_>),
}

impl Vm {
    /// `f_locals` of a module's or a class's frame: the namespace itself.
    pub(crate) fn frame_namespace(&mut self, object: &FrameObject) -> R {
        if object.code.flags & code_flags::NAMESPACE != 0 {
            let namespace = object.local(0);
            return Ok(if namespace.is_undef() {
                Dict::new().into_value()
            } else {
                namespace
            });
        }
        Ok(object.globals())
    }

    /// The names that scripts see of a frame's locals, with the place of each: parameters and other
    /// locals, then names of functions around.
    fn local_places(&mut self, object: &FrameObject) -> Vec<(Value, Place)> {
        let code = object.code.clone();
        let names = self.local_names(&code);
        let mut places = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let hidden = name
                .get::<Str>()
                .is_none_or(|name| name.bytes().starts_with(b"."));
            if !hidden {
                places.push((name.clone(), place_of_local(object, &code, index)));
            }
        }
        let around = match &object.function.closure {
            Some(cells) if !object.is_cleared() => cells.items(),
            _ => &[],
        };
        for (name, cell) in code.plain.free_names.iter().zip(around) {
            if let Some(cell) = cell.to_ref::<Cell_>() {
                places.push((self.intern(name).into_value(), Place::Cell(cell)));
            }
        }
        places
    }

    /// The frame's locals that are bound, and what was put beside them through `f_locals`.
    pub fn local_pairs(&mut self, object: &FrameObject) -> Vec<(Value, Value)> {
        let mut pairs: Vec<(Value, Value)> = self
            .local_places(object)
            .into_iter()
            .map(|(name, place)| (name, read(object, &place)))
            .filter(|(_, value)| !value.is_undef())
            .collect();
        if let Some(extra) = object.extra().get::<Dict>() {
            pairs.extend(extra.pairs());
        }
        pairs
    }

    /// The names of the frame's locals that are bound.
    pub fn bound_locals(&mut self, object: &FrameObject) -> Vec<Value> {
        let pairs = self.local_pairs(object);
        pairs.into_iter().map(|(name, _)| name).collect()
    }

    fn local_place(&mut self, object: &FrameObject, wanted: &Value) -> Option<Place> {
        let wanted = wanted.get::<Str>()?;
        self.local_places(object)
            .into_iter()
            .find(|(name, _)| {
                name.get::<Str>()
                    .is_some_and(|name| name.bytes() == wanted.bytes())
            })
            .map(|(_, place)| place)
    }

    /// The local of that name; None if there is none, or it is not bound.
    pub fn read_local(&mut self, object: &FrameObject, name: &Value) -> R<Option<Value>> {
        if let Some(place) = self.local_place(object, name) {
            let value = read(object, &place);
            return Ok((!value.is_undef()).then_some(value));
        }
        match object.extra().get::<Dict>() {
            Some(_) => {
                let extra = object.extra();
                self.mapping_get_default(&extra, name)
            }
            None => Ok(None),
        }
    }

    /// Binds the local of that name; a name that is no local is kept beside them.
    pub fn write_local(&mut self, object: &FrameObject, name: &Value, value: Value) -> R<()> {
        match self.local_place(object, name) {
            Some(Place::Register(index)) => object.set_local(index, value),
            Some(Place::Cell(cell)) => cell.content.set(value),
            None => {
                if object.extra().is_undef() {
                    object.set_extra(Dict::new().into_value());
                }
                let extra = object.extra();
                if let Some(extra) = extra.to_ref::<Dict>() {
                    self.dict_set(&extra, name, value)?;
                }
            }
        }
        Ok(())
    }

    /// `f_back`: of a frame that runs who called it, of one that has ended who had.
    pub fn frame_back(&mut self, object: &FrameObject) -> Value {
        let frame = object.frame();
        if frame.is_null() {
            return object.back.get();
        }
        // SAFETY: the frame is alive, and so are its parents while it runs.
        unsafe {
            if (*frame).has(frame_flags::GENERATOR) && !self.is_running(Generator::of_frame(frame))
            {
                return Value::NONE;
            }
            let outward = next_script_frame((*frame).parent);
            if outward.is_null() {
                return Value::NONE;
            }
            FrameObject::of(outward).into_value()
        }
    }

    /// The line at which the frame stands, or stood last; 0 if it has none.
    pub fn frame_line(&self, object: &FrameObject) -> u32 {
        let frame = object.frame();
        // SAFETY: the frame is alive.
        let unborn = !frame.is_null()
            && unsafe {
                (*frame).has(frame_flags::GENERATOR)
                    && Generator::of_frame(frame).state.get() == State::Created
            };
        if unborn {
            return object.code.plain.first_line;
        }
        let (code, at) = (&object.code.plain, object.at());
        match code.line_at(at) {
            // What the compiler has added stands in the line of what runs before it.
            0 => (0..at)
                .rev()
                .map(|word| code.position(word).line)
                .find(|line| *line != 0)
                .unwrap_or(0),
            line => line,
        }
    }

    /// `frame.clear()`
    pub fn clear_frame(&mut self, object: &FrameObject) -> R<()> {
        let frame = object.frame();
        if !frame.is_null() {
            // SAFETY: the frame is alive; a generator that has not begun may be ended.
            unsafe {
                if !(*frame).has(frame_flags::GENERATOR)
                    || self.is_running(Generator::of_frame(frame))
                {
                    return Err(self.runtime_error("cannot clear an executing frame"));
                }
                let generator = Generator::of_frame(frame).to_ref();
                if generator.state.get() == State::Suspended {
                    return Err(self.runtime_error("cannot clear a suspended frame"));
                }
                if generator.flavour == Flavour::Coroutine {
                    let value = generator.clone().into_value();
                    self.warn_never_awaited(&value, &generator);
                }
                generator.discard_frame();
            }
        }
        object.clear_locals();
        Ok(())
    }

    /// `gi_frame`, `cr_frame`, `ag_frame`: None when it has ended, or is native.
    pub(crate) fn generator_frame_object(&mut self, value: &Value) -> Value {
        let Some(generator) = value.get::<Generator>() else {
            return Value::NONE;
        };
        if generator.state.get() == State::Closed || generator.function().is_none() {
            return Value::NONE;
        }
        // SAFETY: the frame of a generator of script that has not ended.
        unsafe { FrameObject::of(generator.frame_ptr()).into_value() }
    }
}

/// A local that functions inside share lies in a cell, once the frame has made that.
fn place_of_local(object: &FrameObject, code: &Code, index: usize) -> Place {
    if code.plain.cells.contains(&(index as u16))
        && let Some(cell) = object.local(index).to_ref::<Cell_>()
    {
        return Place::Cell(cell);
    }
    Place::Register(index)
}

fn read(object: &FrameObject, place: &Place) -> Value {
    match place {
        Place::Register(index) => object.local(*index),
        Place::Cell(cell) => cell.content.get(),
    }
}
