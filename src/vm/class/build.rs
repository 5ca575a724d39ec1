//! `type.__new__`: a class from its name, bases and namespace.

use super::layout::{has_slots, instance_shape_flags};
use crate::heap::{self, Ref, Value};
use crate::object::class::{Class, class_flags};
use crate::object::descriptor::{ClassMethod, SlotDescriptor, StaticMethod};
use crate::object::dict::{Dict, DictTable};
use crate::object::function::{Cell_, Function};
use crate::object::kind;
use crate::object::native::{
    Args, Attribute, AttributeDescriptor, Def, Input, NativeFrame, R, Raised, Step,
};
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::attr::Nature;
use crate::vm::special::Special;
use crate::vm::types::Known;

/// `type.__new__`. Registers: metaclass, name, bases, namespace, keywords; then the class
/// and the list of what still wants `__set_name__`.
pub const TYPE_NEW: Def = Def::frame(
    "__new__(metacls, name, bases, dict, /, **kwds)",
    2,
    type_new,
)
.stat();

const CLASS: usize = 5;
const PENDING: usize = 6;

pub(super) const METACLASS_CONFLICT: &str = "metaclass conflict: the metaclass of a derived class must be a (non-strict) subclass of the metaclasses of all its bases";

/// States of `type_new` after the first.
const NAMING: u8 = 1;
const INITIALISING: u8 = 2;

fn type_new(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match (frame.state, input) {
        (0, _) => match vm.begin_class(frame) {
            Ok(Some(step)) => step,
            Ok(None) => vm.next_set_name(frame),
            Err(raised) => Step::Raise(raised),
        },
        (NAMING, Input::Raised(raised)) => {
            vm.note_set_name(frame, &raised);
            Step::Raise(raised)
        }
        (NAMING, _) => {
            vm.drop_pending(frame);
            vm.next_set_name(frame)
        }
        (_, Input::Raised(raised)) => Step::Raise(raised),
        _ => Step::Return(frame.regs[CLASS].clone()),
    }
}

impl Vm {
    /// The type of an argument as errors show it.
    fn shown_type_name(&mut self, value: &Value) -> String {
        match value.is_none() {
            true => "None".to_string(),
            false => self.type_name(value),
        }
    }

    /// Makes the class; a step if the metaclass's own `__new__` is to do it.
    fn begin_class(&mut self, frame: &mut NativeFrame<'_>) -> R<Option<Step>> {
        let metaclass = self.checked_metaclass(&frame.regs[0])?;
        let name = frame.regs[1].clone();
        if !name.is_kind::<Str>() {
            let given = self.shown_type_name(&name);
            return Err(self.type_error(format!(
                "type.__new__() argument 1 must be str, not {given}"
            )));
        }
        let Some(bases) = frame.regs[2].to_ref::<Tuple>() else {
            let given = self.shown_type_name(&frame.regs[2]);
            return Err(self.type_error(format!(
                "type.__new__() argument 2 must be tuple, not {given}"
            )));
        };
        let Some(namespace) = frame.regs[3].to_ref::<Dict>() else {
            let given = self.shown_type_name(&frame.regs[3]);
            return Err(self.type_error(format!(
                "type.__new__() argument 3 must be dict, not {given}"
            )));
        };
        let bases = self.checked_bases(&bases)?;
        let winner = self.calculate_metaclass(&metaclass, &bases)?;
        if !winner.is(&metaclass)
            && let Some(new) = self.special(&winner, Special::New)
            && !self.is_type_new(&new)
        {
            return self.hand_to_winner(frame, &winner, new).map(Some);
        }
        let class = self.make_class(&winner, &name, &bases, &namespace)?;
        frame.regs[CLASS] = class.value();
        frame.regs[PENDING] = self.wanting_names(&class)?;
        Ok(None)
    }

    fn checked_metaclass(&mut self, metaclass: &Value) -> R<Ref<Class>> {
        if let Some(class) = metaclass.to_ref::<Class>() {
            return Ok(class);
        }
        let given = self.type_name(metaclass);
        Err(self.type_error(format!("type.__new__(X): X is not a type object ({given})")))
    }

    fn checked_bases(&mut self, bases: &Tuple) -> R<Vec<Ref<Class>>> {
        if bases.is_empty() {
            return Ok(vec![self.known_class(Known::Object)]);
        }
        let mut checked: Vec<Ref<Class>> = Vec::with_capacity(bases.len());
        for base in bases.items() {
            let Some(class) = base.to_ref::<Class>() else {
                return Err(if self.special_of(base, Special::MroEntries).is_some() {
                    self.type_error(
                        "type() doesn't support MRO entry resolution; use types.new_class()",
                    )
                } else if self.class_of(base).is(&self.known_class(Known::Object)) {
                    self.type_error("bases must be types")
                } else {
                    // The class of what is no class is no metaclass.
                    self.type_error(METACLASS_CONFLICT)
                });
            };
            if checked.iter().any(|c| c.is(&class)) {
                let text = format!("duplicate base class {}", class.name_str());
                return Err(self.type_error(text));
            }
            checked.push(class);
        }
        Ok(checked)
    }

    /// The most derived of `metaclass` and the metaclasses of the bases.
    pub(super) fn calculate_metaclass(
        &mut self,
        metaclass: &Ref<Class>,
        bases: &[Ref<Class>],
    ) -> R<Ref<Class>> {
        let mut winner = metaclass.clone();
        for base in bases {
            let candidate = self.class_of(base.as_value());
            if winner.is_subclass(&candidate) {
                continue;
            }
            if !candidate.is_subclass(&winner) {
                return Err(self.type_error(METACLASS_CONFLICT));
            }
            winner = candidate;
        }
        Ok(winner)
    }

    fn is_type_new(&mut self, new: &Value) -> bool {
        let ty = self.known_class(Known::Type);
        self.special(&ty, Special::New)
            .is_some_and(|own| own.is(new))
    }

    fn hand_to_winner(
        &mut self,
        frame: &NativeFrame<'_>,
        winner: &Ref<Class>,
        new: Value,
    ) -> R<Step> {
        let callee = self.finish_special_get(&new, winner)?;
        let args: Args = std::iter::once(winner.value())
            .chain(frame.regs[1..4].iter().cloned())
            .collect();
        let keywords = frame.regs[4].clone();
        self.call_with_keywords(callee, args, &keywords)
    }

    fn finish_special_get(&mut self, new: &Value, class: &Ref<Class>) -> R<Value> {
        let step = self.descriptor_get_on_class(new, class);
        self.finish(step)
    }

    /// A call whose keywords are the entries of a dict (or Undef).
    pub(crate) fn call_with_keywords(
        &mut self,
        callee: Value,
        mut args: Args,
        keywords: &Value,
    ) -> R<Step> {
        let pairs = keywords.get::<Dict>().map_or_else(Vec::new, |d| d.pairs());
        if pairs.is_empty() {
            return Ok(Step::TailCall(callee, args));
        }
        let mut names = Vec::with_capacity(pairs.len());
        for (name, value) in pairs {
            names.push(name);
            args.push(value);
        }
        Ok(Step::TailCallKw(callee, args, self.new_tuple(names)?))
    }

    /// The class itself, before `__set_name__` and `__init_subclass__`.
    fn make_class(
        &mut self,
        metaclass: &Ref<Class>,
        name: &Value,
        bases: &[Ref<Class>],
        namespace: &Ref<Dict>,
    ) -> R<Ref<Class>> {
        let Some(name) = name.to_ref::<Str>() else {
            return Err(self.type_error("type name must be a string"));
        };
        if name.has_surrogates() {
            return Err(self.surrogates_error(&name));
        }
        if name.bytes().contains(&0) {
            return Err(self.value_error("type name must not contain null characters"));
        }
        let Some(base) = self.best_base(bases)? else {
            return Err(self.type_error("a new-style class can't have only classic bases"));
        };
        let name = self.interner.intern_str(&name);
        let table = namespace.table.borrow().copy();
        let mut table = self.lift(table)?;
        let slots = self.take_slots(&table, &name, &base, bases)?;
        let mut flags = inherited_flags(bases);
        if slots.as_ref().is_none_or(|s| s.dict) {
            flags |= class_flags::HAS_DICT;
        }
        if slots.as_ref().is_none_or(|s| s.weakref) {
            flags |= class_flags::WEAKREF;
        }
        let shape = metaclass.root_shape.get();
        let class = Class::new(&name, base.layout, flags | class_flags::BASE, base.def);
        let class = if shape == kind::CLASS as u32 {
            heap::alloc(class)
        } else {
            heap::alloc_shaped(class, 0, shape)
        };
        class.populated.set(true);
        self.name_class(&class, &mut table)?;
        self.adjust_namespace(&class, &mut table)?;
        let cell = self.take_class_cell(&mut table)?;
        let names = slots.map_or_else(Vec::new, |s| s.names);
        self.add_slots(&class, &base, &names, &mut table)?;
        self.add_dict_descriptors(&class, &base, &mut table)?;
        self.add_defaults(&mut table)?;
        drop(std::mem::replace(&mut *class.namespace.borrow_mut(), table));
        class.replace_bases(bases.to_vec(), &base);
        let order = self.order_for(metaclass, &class, bases)?;
        *class.ancestors.borrow_mut() = order;
        for base in bases {
            base.subclasses.borrow_mut().push(&raw const *class);
        }
        self.refresh_class(&class);
        // As in CPython only the collector finds a class that nobody needs any more.
        class.itself.set(class.value());
        if let Some(cell) = cell {
            cell.content.set(class.value());
        }
        Ok(class)
    }

    /// A metaclass may have a `mro` of its own.
    fn order_for(
        &mut self,
        metaclass: &Ref<Class>,
        class: &Ref<Class>,
        bases: &[Ref<Class>],
    ) -> R<Vec<Ref<Class>>> {
        let order = self.linearise(bases)?;
        let Some(method) = self
            .special(metaclass, Special::Mro)
            .filter(|m| m.is_exact::<Function>())
        else {
            return Ok(order);
        };
        *class.ancestors.borrow_mut() = order;
        let result = self.call(&method, &[class.value()])?;
        let listed = self.collect(&result)?;
        // What was looked up in the class meanwhile went by another order.
        self.bump_type_epoch();
        let mut classes = Vec::with_capacity(listed.len());
        for item in listed {
            let Some(listed) = item.to_ref::<Class>() else {
                let given = self.type_name(&item);
                return Err(self.type_error(format!("mro() returned a non-class ('{given}')")));
            };
            if !listed.is(class) {
                classes.push(listed);
            }
        }
        Ok(classes)
    }

    fn name_class(&mut self, class: &Ref<Class>, table: &mut DictTable) -> R<()> {
        let key = self.names.qualname.clone();
        if let Some(position) = table.index_of_str(&key)
            && let Some((_, qualname)) = table.remove_at(position)
        {
            if !qualname.is_kind::<Str>() {
                let given = self.type_name(&qualname);
                return Err(
                    self.type_error(format!("type __qualname__ must be a str, not {given}"))
                );
            }
            class.qualname.set(qualname);
        }
        let module = self.names.module.clone();
        if table.index_of_str(&module).is_none()
            && let Some(name) = self.calling_module_name()
        {
            self.put_in(table, &module, name)?;
        }
        Ok(())
    }

    pub(super) fn put_in(&mut self, table: &mut DictTable, name: &Ref<Str>, value: Value) -> R<()> {
        let old = table.insert_str(name, value);
        self.lift(old).map(drop)
    }

    /// What a class body's functions of special names become.
    fn adjust_namespace(&mut self, class: &Ref<Class>, table: &mut DictTable) -> R<()> {
        let wrap: [(Special, fn(Value) -> Value); 3] = [
            (Special::New, |f| {
                StaticMethod::alloc(f, Value::UNDEF).into_value()
            }),
            (Special::InitSubclass, |f| {
                ClassMethod::alloc(f, Value::UNDEF).into_value()
            }),
            (Special::ClassGetItem, |f| {
                ClassMethod::alloc(f, Value::UNDEF).into_value()
            }),
        ];
        for (special, wrapper) in wrap {
            let name = self.names.of(special).clone();
            let function = table
                .index_of_str(&name)
                .and_then(|at| table.value_at(at))
                .filter(|v| v.is_exact::<Function>())
                .cloned();
            if let Some(function) = function {
                self.put_in(table, &name, wrapper(function))?;
            }
        }
        let _ = class;
        Ok(())
    }

    /// What a class has in its namespace though its body did not say so, behind all else.
    fn add_defaults(&mut self, table: &mut DictTable) -> R<()> {
        let doc = self.names.doc.clone();
        if table.index_of_str(&doc).is_none() {
            self.put_in(table, &doc, Value::NONE)?;
        }
        let (eq, hash) = (self.names.eq.clone(), self.names.hash_.clone());
        if table.index_of_str(&eq).is_some() && table.index_of_str(&hash).is_none() {
            self.put_in(table, &hash, Value::NONE)?;
        }
        Ok(())
    }

    fn take_class_cell(&mut self, table: &mut DictTable) -> R<Option<Ref<Cell_>>> {
        let key = self.names.classcell.clone();
        let Some(position) = table.index_of_str(&key) else {
            return Ok(None);
        };
        let Some((_, cell)) = table.remove_at(position) else {
            return Ok(None);
        };
        match cell.to_ref::<Cell_>() {
            Some(cell) => Ok(Some(cell)),
            None => {
                let class = self.class_of(&cell);
                let shown = self.repr_text(class.as_value())?;
                Err(self.type_error(format!(
                    "__classcell__ must be a nonlocal cell, not {shown}"
                )))
            }
        }
    }

    /// Sets flags and shapes by what the class and its ancestors define.
    pub(crate) fn refresh_class(&mut self, class: &Ref<Class>) {
        self.bump_if_cached(class);
        let derived = class_flags::GETATTR
            | class_flags::GETATTRIBUTE
            | class_flags::SETATTR
            | class_flags::FINALIZER
            | class_flags::NEW;
        let mut flags = class.flags.get() & !derived;
        let mut set = |flag: u32, yes: bool| {
            if yes {
                flags |= flag;
            }
        };
        let is_script = |value: Option<Value>| {
            value.is_some_and(|v| !v.is_exact::<crate::object::native::Native>())
        };
        set(
            class_flags::GETATTR,
            is_script(self.special(class, Special::GetAttr)),
        );
        set(
            class_flags::GETATTRIBUTE,
            is_script(self.special(class, Special::GetAttribute)),
        );
        let stores = is_script(self.special(class, Special::SetAttr))
            || is_script(self.special(class, Special::DelAttr));
        set(class_flags::SETATTR, stores);
        set(
            class_flags::FINALIZER,
            self.special(class, Special::Del).is_some(),
        );
        let new = self.special(class, Special::New);
        let object = self.known_class(Known::Object);
        let object_new = self.special(&object, Special::New);
        set(
            class_flags::NEW,
            !matches!((&new, &object_new), (Some(a), Some(b)) if a.is(b)),
        );
        class.flags.set(flags);
        let shape_flags = instance_shape_flags(class);
        let root = class.root_shape.get();
        // Rust knows the instances of a native class by their shape.
        let keeps = class.has(class_flags::BUILTIN);
        if root == 0 || !keeps && heap::current().shapes[root as usize].flags != shape_flags {
            let capacity = if root == 0 {
                self.slot_capacity(class)
            } else {
                heap::current().shapes[root as usize].capacity
            };
            let id = self.shapes.new_root(class, shape_flags, capacity);
            class.root_shape.set(id);
            class.dict_shape.set(0);
        }
    }

    /// A new class starts with nothing cached; an old one voids what was.
    fn bump_if_cached(&mut self, class: &Ref<Class>) {
        if class.root_shape.get() != 0 {
            self.bump_type_epoch();
        }
    }

    /// Pairs of name and object for all attributes with a `__set_name__`.
    fn wanting_names(&mut self, class: &Ref<Class>) -> R<Value> {
        let pairs: Vec<(Value, Value)> = class
            .namespace
            .borrow()
            .iter()
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect();
        let mut pending = Vec::new();
        for (name, value) in pairs {
            if matches!(self.nature(&value), Nature::Function) || !value.is_object() {
                continue;
            }
            if self.special_of(&value, Special::SetName).is_some() {
                pending.push(name);
                pending.push(value);
            }
        }
        // They are taken from the end.
        pending.reverse();
        Ok(crate::object::list::List::from_vec(pending).into_value())
    }

    fn pending_pair(&mut self, frame: &NativeFrame<'_>) -> Option<(Value, Value)> {
        let list = frame.regs[PENDING].get::<crate::object::list::List>()?;
        let n = list.len();
        Some((list.get(n.checked_sub(1)?)?, list.get(n.checked_sub(2)?)?))
    }

    fn drop_pending(&mut self, frame: &NativeFrame<'_>) {
        if let Some(list) = frame.regs[PENDING].get::<crate::object::list::List>() {
            drop((list.pop(), list.pop()));
        }
    }

    fn next_set_name(&mut self, frame: &mut NativeFrame<'_>) -> Step {
        let Some((name, value)) = self.pending_pair(frame) else {
            return self.call_init_subclass(frame);
        };
        frame.state = NAMING;
        match self.special_of(&value, Special::SetName) {
            Some(method) => {
                let step = self.call_special(method, &value, &[frame.regs[CLASS].clone(), name]);
                step.then_go_on()
            }
            None => {
                self.drop_pending(frame);
                self.next_set_name(frame)
            }
        }
    }

    fn note_set_name(&mut self, frame: &NativeFrame<'_>, raised: &Raised) {
        let Some((name, value)) = self.pending_pair(frame) else {
            return;
        };
        let kind = self.type_name(&value);
        let owner = frame.regs[CLASS]
            .get::<Class>()
            .map_or_else(String::new, Class::name_str);
        let name = name
            .get::<Str>()
            .map_or_else(String::new, |s| s.to_text().into_owned());
        let note = format!("Error calling __set_name__ on '{kind}' instance '{name}' in '{owner}'");
        // A note that cannot be added is left out.
        let _ = self.add_note(&raised.0, &note);
    }

    fn call_init_subclass(&mut self, frame: &mut NativeFrame<'_>) -> Step {
        frame.state = INITIALISING;
        let Some(class) = frame.regs[CLASS].to_ref::<Class>() else {
            return Step::Return(Value::NONE);
        };
        let name = self.names.of(Special::InitSubclass).clone();
        let Some(method) = self.lookup_behind(&class, &class, &name) else {
            return Step::Return(class.into_value());
        };
        let keywords = frame.regs[4].clone();
        let none_given = keywords.get::<Dict>().is_none_or(|d| d.is_empty());
        if none_given && method.is_exact::<crate::object::native::Native>() {
            return Step::Return(class.into_value());
        }
        let bound = self.finish_special_get(&method, &class);
        match bound.and_then(|callee| self.call_with_keywords(callee, Args::new(), &keywords)) {
            Ok(step) => step.then_go_on(),
            Err(raised) => Step::Raise(raised),
        }
    }
}

/// What `__slots__` says.
pub(super) struct Slots {
    names: Vec<Ref<Str>>,
    dict: bool,
    weakref: bool,
}

/// `__dict__` of instances, as it lies in the class that introduces it.
pub const DICT: Attribute = Attribute::get_set("__dict__", get_dict, set_dict);

/// `__weakref__`, for the tables of native types that show it.
pub const WEAKREF: Attribute = Attribute::get("__weakref__", |_, obj| {
    let first = crate::object::weakref::references(obj).into_iter().next();
    Ok(first.map_or(Value::NONE, Ref::into_value))
});

/// The `__dict__` of an instance.
pub fn get_dict(vm: &mut Vm, obj: &Value) -> R {
    match vm.object_dict(obj) {
        Some(dict) => Ok(dict.into_value()),
        None => {
            let text = format!("'{}' object has no attribute '__dict__'", vm.type_name(obj));
            Err(vm.attribute_error_plain(text))
        }
    }
}

fn set_dict(vm: &mut Vm, obj: &Value, value: &Value) -> R<()> {
    if value.is_undef() {
        vm.set_object_dict(obj, &Dict::new());
        return Ok(());
    }
    let Some(dict) = value.to_ref::<Dict>() else {
        let given = vm.type_name(value);
        return Err(vm.type_error(format!(
            "__dict__ must be set to a dictionary, not a '{given}'"
        )));
    };
    vm.set_object_dict(obj, &dict);
    Ok(())
}

impl Vm {
    fn take_slots(
        &mut self,
        table: &DictTable,
        name: &Str,
        base: &Ref<Class>,
        bases: &[Ref<Class>],
    ) -> R<Option<Slots>> {
        let key = self.names.slots.clone();
        let Some(value) = table
            .index_of_str(&key)
            .and_then(|at| table.value_at(at))
            .cloned()
        else {
            return Ok(None);
        };
        let all = self.slot_names(&value, &name.to_text())?;
        if !all.is_empty()
            && matches!(
                base.layout,
                kind::TUPLE | kind::INT | kind::BYTES | kind::CLASS
            )
        {
            let base = self.class_name(base);
            return Err(self.type_error(format!(
                "nonempty __slots__ not supported for subtype of '{base}'"
            )));
        }
        // Native types of modules may be more generous than CPython's.
        let counts = |b: &Ref<Class>| {
            b.def
                .is_none_or(|d| d.module == "builtins" || !b.has(class_flags::BUILTIN))
        };
        let inherits = |flag: u32| bases.iter().any(|b| b.has(flag) && counts(b));
        let mut slots = Slots {
            names: Vec::new(),
            dict: false,
            weakref: false,
        };
        for slot in all {
            let text = slot.to_text().into_owned();
            let (seen, flag) = match text.as_str() {
                "__dict__" => (&mut slots.dict, class_flags::HAS_DICT),
                "__weakref__" => (&mut slots.weakref, class_flags::WEAKREF),
                _ => {
                    if table.index_of_str(&slot).is_some()
                        && !matches!(text.as_str(), "__qualname__" | "__classcell__")
                    {
                        return Err(self.value_error(format!(
                            "'{text}' in __slots__ conflicts with class variable"
                        )));
                    }
                    if !slots.names.iter().any(|n| n.is(&slot)) {
                        slots.names.push(slot);
                    }
                    continue;
                }
            };
            if *seen || inherits(flag) {
                return Err(self.type_error(format!("{text} slot disallowed: we already got one")));
            }
            *seen = true;
        }
        Ok(Some(slots))
    }

    fn add_slots(
        &mut self,
        class: &Ref<Class>,
        base: &Ref<Class>,
        names: &[Ref<Str>],
        table: &mut DictTable,
    ) -> R<()> {
        let first = base.reserved_slots.get();
        if names.len() > (u16::MAX / 2) as usize {
            return Err(self.value_error("too many slots"));
        }
        class.reserved_slots.set(first + names.len() as u16);
        for (i, name) in names.iter().enumerate() {
            let slot = if has_slots(class) {
                first + i as u16
            } else {
                crate::vm::attr::HIDDEN
            };
            let descriptor = SlotDescriptor::alloc(slot, class.value(), name.value());
            self.put_in(table, name, descriptor.into_value())?;
        }
        Ok(())
    }

    fn add_dict_descriptors(
        &mut self,
        class: &Ref<Class>,
        base: &Ref<Class>,
        table: &mut DictTable,
    ) -> R<()> {
        let (dict, weakref) = (self.names.dict.clone(), self.names.weakref.clone());
        let wants = |flag: u32| class.has(flag) && !base.has(flag);
        // Classes and modules have a `__dict__` of another kind.
        let has_own = matches!(class.layout, kind::CLASS | kind::MODULE);
        if wants(class_flags::HAS_DICT) && !has_own && table.index_of_str(&dict).is_none() {
            self.put_in(
                table,
                &dict,
                AttributeDescriptor::alloc(const { &DICT }, class.value()).into_value(),
            )?;
        }
        if wants(class_flags::WEAKREF) && table.index_of_str(&weakref).is_none() {
            self.put_in(
                table,
                &weakref,
                AttributeDescriptor::alloc(&WEAKREF, class.value()).into_value(),
            )?;
        }
        Ok(())
    }
}

/// Flags that a class has because a base has them.
fn inherited_flags(bases: &[Ref<Class>]) -> u32 {
    let kept = class_flags::HAS_DICT | class_flags::WEAKREF | class_flags::MATCH_SELF;
    // Of sequence and mapping a class is what its first base is that is one of them.
    let collection = class_flags::SEQUENCE | class_flags::MAPPING;
    bases.iter().fold(0, |flags, base| {
        let own = base.flags.get();
        let more = if flags & collection == 0 {
            own & collection
        } else {
            0
        };
        flags | own & kept | more
    })
}
