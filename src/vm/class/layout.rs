//! How instances of a class are laid out: which base decides, which slots there are.

use crate::heap::{Ref, Value, shape_flags};
use crate::object::class::{Class, MOST_KEYS, class_flags};
use crate::object::kind;
use crate::object::native::R;
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::types::has_dict_field;

/// Slots beyond the attributes that the methods of a class are seen to set.
const SPARE_SLOTS: usize = 1;
/// Slots of a class whose methods set no attribute.
const UNKNOWN_SLOTS: usize = 4;

/// Whether instances of the class keep attributes in slots behind them, as their shape says: plain ones, and event
/// loops, whose methods are called all the time.
pub(crate) fn has_slots(class: &Class) -> bool {
    matches!(class.layout, kind::INSTANCE | kind::EVENT_LOOP)
}

/// The flags of the shapes of a script class's instances.
pub(crate) fn instance_shape_flags(class: &Class) -> u8 {
    let mut flags = shape_flags::OWNS_CLASS;
    if has_slots(class) {
        flags |= shape_flags::SLOTS;
    } else if has_dict_field(class.layout) {
        flags |= shape_flags::UNCACHEABLE;
    } else if class.has(class_flags::HAS_DICT) || class.reserved_slots.get() > 0 {
        flags |= shape_flags::TAIL_DICT;
        // As long as they have no dict they are all alike: one that gets its first attribute gets another shape.
        if class.reserved_slots.get() > 0 {
            flags |= shape_flags::UNCACHEABLE;
        }
    }
    if class.has(class_flags::FINALIZER) {
        flags |= shape_flags::FINALIZER;
    }
    if class.has(class_flags::GETATTRIBUTE) {
        flags |= shape_flags::UNCACHEABLE;
    }
    // Once an instance was weakly referenced, every shape of the class says so.
    let known = crate::heap::current()
        .shapes
        .get(class.root_shape.get() as usize);
    flags | known.map_or(0, |entry| entry.flags & shape_flags::WEAKLY_REFERENCED)
}

/// The class in whose manner instances of `class` are laid out: the nearest one
/// that added something to its base's layout.
fn solid_base(class: &Ref<Class>) -> Ref<Class> {
    let mut current = class.clone();
    loop {
        let Some(base) = current.base() else {
            return current;
        };
        let adds = current.layout != base.layout
            || current.reserved_slots.get() != base.reserved_slots.get();
        if adds {
            return current;
        }
        current = base;
    }
}

/// The base among `bases` whose layout the others agree with (the first if none differs).
fn best_of(bases: &[Ref<Class>]) -> Option<Ref<Class>> {
    let mut winner: Option<(Ref<Class>, Ref<Class>)> = None;
    for base in bases {
        let solid = solid_base(base);
        match &winner {
            Some((_, best)) if best.is_subclass(&solid) => {}
            _ => winner = Some((base.clone(), solid)),
        }
    }
    winner.map(|(base, _)| base)
}

impl Vm {
    /// `__base__` of a class with these bases; TypeError if their layouts exclude each other.
    pub(crate) fn best_base(&mut self, bases: &[Ref<Class>]) -> R<Option<Ref<Class>>> {
        for base in bases {
            if base.has(class_flags::BUILTIN) && !base.has(class_flags::BASE) {
                let text = format!(
                    "type '{}' is not an acceptable base type",
                    self.class_name(base)
                );
                return Err(self.type_error(text));
            }
        }
        let Some(best) = best_of(bases) else {
            return Ok(None);
        };
        let solid = solid_base(&best);
        if bases
            .iter()
            .any(|base| !solid.is_subclass(&solid_base(base)))
        {
            return Err(self.type_error("multiple bases have instance lay-out conflict"));
        }
        Ok(Some(best))
    }

    /// How many slots the instances of a class get.
    pub(super) fn slot_capacity(&mut self, class: &Ref<Class>) -> u16 {
        let reserved = class.reserved_slots.get();
        if !has_slots(class) {
            return 0;
        }
        if !class.has(class_flags::HAS_DICT) {
            return reserved;
        }
        let mut names: Vec<usize> = Vec::new();
        for owner in super::order::order_of(class) {
            if owner.has(class_flags::BUILTIN) {
                continue;
            }
            let attributes = self.static_attributes(&owner);
            names.extend(
                attributes
                    .iter()
                    .map(|name| name.word() as usize)
                    .filter(|name| !names.contains(name))
                    .collect::<Vec<_>>(),
            );
        }
        let learnt = if names.is_empty() {
            UNKNOWN_SLOTS
        } else {
            names.len() + SPARE_SLOTS
        };
        // With the header's word an odd number of slots fills the heap's 16-byte steps.
        (reserved as usize + learnt.min(MOST_KEYS)) as u16 | 1
    }

    fn static_attributes(&mut self, class: &Ref<Class>) -> Vec<Value> {
        let name = self.names.static_attributes.clone();
        let value = self.own_class_attribute(class, &name);
        value
            .as_ref()
            .and_then(|v| v.get::<Tuple>())
            .map_or_else(Vec::new, |t| t.items().to_vec())
    }

    /// The names in `__slots__`, checked and mangled; None if the class has none.
    pub(super) fn slot_names(&mut self, slots: &Value, class_name: &str) -> R<Vec<Ref<Str>>> {
        let items = if slots.is_kind::<Str>() {
            vec![slots.clone()]
        } else {
            self.collect(slots)?
        };
        let mut names = Vec::with_capacity(items.len());
        for item in items {
            let Some(name) = item.to_ref::<Str>() else {
                let given = self.type_name(&item);
                return Err(
                    self.type_error(format!("__slots__ items must be strings, not '{given}'"))
                );
            };
            if !is_identifier(&name.to_text()) {
                return Err(self.type_error("__slots__ must be identifiers"));
            }
            let mangled = mangle(&name.to_text(), class_name);
            names.push(self.intern(&mangled));
        }
        Ok(names)
    }
}

fn is_identifier(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c == '_' || c.is_alphabetic())
        && chars.all(|c| c == '_' || c.is_alphanumeric())
}

/// `__x` in class `C` is `_C__x`.
pub(super) fn mangle(name: &str, class_name: &str) -> String {
    let owner = class_name.trim_start_matches('_');
    if !name.starts_with("__") || name.ends_with("__") || owner.is_empty() {
        return name.to_string();
    }
    format!("_{owner}{name}")
}
