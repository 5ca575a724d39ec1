//! Attributes and items.

use super::at::{a, b, c, copy_of, flags, lose, take_b, take_c};
use super::{At, Exit};
use crate::bytecode::op::{Special as WithSpecial, TEMP_A, TEMP_C};
use crate::heap::{Header, Value, shape_flags};
use crate::object::class::Class;
use crate::object::descriptor::Property;
use crate::object::dict::Dict;
use crate::object::frame::{Frame, frame_flags};
use crate::object::function::{BoundMethod, Function};
use crate::object::list::List;
use crate::object::module::Module;
use crate::object::native::{Native, NativeCode, Step};
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::attr::{Cached, CachedStore, Site};
use crate::vm::dispatch::{
    doing_ops, go, go_on, leaf_ops, op, plain_ops, store, store_and_lose_b, store_in,
};
use crate::vm::special::Special;

/// The slots of a plain instance lie right behind its header.
#[inline(always)]
unsafe fn slot(object: *mut Header, n: usize) -> *mut Value {
    unsafe { object.cast::<Value>().add(1 + n) }
}

op! {
    fn get_attr(ip, regs, k, vm) {
        // Word 1: shape low, type epoch high. Word 2: slot number + 1, or see `get_attr_of_class`.
        let object = &*regs.add(b(ip));
        let cached = *ip.add(1);
        if object.is_object() && (*object.header()).shape == cached as u32
            && vm.heap.type_epoch == (cached >> 32) as u32
        {
            if *ip.add(2) > u32::MAX as u64 { return get_attr_of_class(ip, regs, k, vm); }
            let value = &*slot(object.header(), *ip.add(2) as usize - 1);
            if !value.is_undef() {
                store_and_lose_b!(ip, regs, k, vm, copy_of(value), 2)
            }
        }
        return get_attr_shared(ip, regs, k, vm);
    }
    fn get_attr_in(ip, regs, k, vm) {
        let object = &*regs.add(b(ip));
        let cached = *ip.add(1);
        if object.is_object() && (*object.header()).shape == cached as u32
            && vm.heap.type_epoch == (cached >> 32) as u32
        {
            if *ip.add(2) > u32::MAX as u64 { return get_attr_of_class(ip, regs, k, vm); }
            let value = &*slot(object.header(), *ip.add(2) as usize - 1);
            if !value.is_undef() { store_in!(ip, regs, k, vm, copy_of(value), 2) }
        }
        return get_attr_shared(ip, regs, k, vm);
    }
    fn get_attr_shared(ip, regs, k, vm) {
        // The site has seen another shape before: what it found then may be known still.
        if !recall(ip, regs, vm, Site::Get, b(ip), c(ip), 1) { return get_attr_slow(ip, regs, k, vm); }
        return get_attr(ip, regs, k, vm);
    }
    fn get_attr_of_class(ip, regs, k, vm) {
        // Word 2: `CLASS_VALUE`, position in the namespace, address of the class (and `OF_ITSELF`); or `PROPERTY` and the
        // address of its getter.
        let cached = *ip.add(2);
        if cached & CLASS_VALUE == 0 {
            if cached & MODULE_VALUE != 0 { return get_attr_of_module(ip, regs, k, vm); }
            if cached & IN_DICT != 0 { return get_attr_in_dict(ip, regs, k, vm); }
            if cached & ITEM != 0 { return get_attr_of_tuple(ip, regs, k, vm); }
            if cached & METHOD != 0 { return get_bound_method(ip, regs, k, vm); }
            return get_property(ip, regs, k, vm);
        }
        let owner = (cached & ADDRESS) as *const Class;
        if cached & OF_ITSELF != 0 && !std::ptr::eq((*regs.add(b(ip))).header().cast(), owner) {
            return get_attr_slow(ip, regs, k, vm);
        }
        let value = (*(*owner).namespace.as_ptr()).value_at((cached >> 48 & 0x7FFF) as usize);
        let Some(value) = value else { return get_attr_slow(ip, regs, k, vm) };
        store_and_lose_b!(ip, regs, k, vm, copy_of(value), 2)
    }
    fn get_attr_in_dict(ip, regs, k, vm) {
        // Word 2: `IN_DICT`, which word of the object holds its dict, where in it the attribute was last.
        let cached = *ip.add(2);
        let object = &*regs.add(b(ip));
        let found = match object.word_of_shape((cached >> 32) as usize & MOST_WORDS).get_exact::<Dict>() {
            Some(dict) => dict.value_of_name(running_name(regs, c(ip)), cached as u32 as usize),
            None => None,
        };
        let Some((position, value)) = found else { return get_attr_slow(ip, regs, k, vm) };
        *ip.add(2) = cached >> 32 << 32 | position as u64;
        store_and_lose_b!(ip, regs, k, vm, copy_of(value), 2)
    }
    fn get_attr_of_tuple(ip, regs, k, vm) {
        let tuple = &*(*regs.add(b(ip))).header().cast::<Tuple>();
        let Some(item) = tuple.items().get(*ip.add(2) as u32 as usize) else {
            return get_attr_slow(ip, regs, k, vm)
        };
        store_and_lose_b!(ip, regs, k, vm, copy_of(item), 2)
    }
    fn get_bound_method(ip, regs, k, vm) {
        let method = bound_method(&*regs.add(b(ip)), *ip.add(2));
        store_and_lose_b!(ip, regs, k, vm, method, 2)
    }
    fn get_attr_of_module(ip, regs, k, vm) {
        let value = module_value(&*regs.add(b(ip)), *ip.add(2));
        if value.is_undef() { value.forget(); return get_attr_slow(ip, regs, k, vm); }
        store_and_lose_b!(ip, regs, k, vm, value, 2)
    }
    fn load_special(ip, regs, k, vm) {
        let bound = bound_special(vm, &*regs.add(b(ip)), c(ip));
        if bound.is_undef() { bound.forget(); return load_special_slow(ip, regs, k, vm); }
        store!(ip, regs, k, vm, bound, 0)
    }
    fn set_attr(ip, regs, k, vm) {
        // Word 1: old shape low, slot number + 1 in 16 bits, then unused. Word 2: new shape low, type epoch high.
        let object = &*regs.add(a(ip));
        let (first, second) = (*ip.add(1), *ip.add(2));
        if object.is_object() && (*object.header()).shape == first as u32
            && vm.heap.type_epoch == (second >> 32) as u32
        {
            if flags(ip) & TEMP_A != 0 { return set_attr_of_temporary(ip, regs, k, vm); }
            let header = object.header();
            let place = slot(header, (first >> 32) as usize - 1);
            (*header).shape = second as u32;
            let old = std::ptr::replace(place, take_b(ip, regs));
            if lose(vm, old) { return crate::vm::dispatch::values::free_and_go(ip.add(3), regs, k, vm); }
            go!(ip.add(3), regs, k, vm)
        }
        return set_attr_shared(ip, regs, k, vm);
    }
    fn set_attr_of_temporary(ip, regs, k, vm) {
        store_in_temporary(ip, regs);
        if vm.heap.wants_attention() {
            return crate::vm::dispatch::values::finalize_and_go(ip.add(3), regs, k, vm);
        }
        go!(ip.add(3), regs, k, vm)
    }
    fn set_attr_shared(ip, regs, k, vm) {
        if !recall(ip, regs, vm, Site::Set, a(ip), c(ip), 1) { return set_attr_slow(ip, regs, k, vm); }
        return set_attr(ip, regs, k, vm);
    }
    fn set_item(ip, regs, k, vm) {
        let (object, index) = (&*regs.add(a(ip)), &*regs.add(b(ip)));
        if flags(ip) & TEMP_A == 0
            && let Some(i) = index.as_small_int()
            && let Some(list) = object.get_exact::<List>()
            && let Some(place) = list.place_at(i)
        {
            let old = std::ptr::replace(place, take_c(ip, regs));
            if lose(vm, old) { return crate::vm::dispatch::values::free_and_go(ip.add(1), regs, k, vm); }
            go!(ip.add(1), regs, k, vm)
        }
        return set_item_leaf(ip, regs, k, vm);
    }
}

/// As `set_attr`, where the caches hold for the object, which goes then.
#[inline(never)]
unsafe fn store_in_temporary(ip: *mut u64, regs: *mut Value) {
    // SAFETY: the instruction's temporary is whole, and its own; the words are those of its shape.
    unsafe {
        let object = regs.add(a(ip)).read();
        let header = object.header();
        let place = slot(header, (*ip.add(1) >> 32) as usize - 1);
        (*header).shape = *ip.add(2) as u32;
        let old = std::ptr::replace(place, take_b(ip, regs));
        drop((old, object));
    }
}

/// `B[C]` with C in a register or among the constants.
macro_rules! get_item {
    ($($name:ident, $of_str:ident, $of_tuple:ident, $of_dict:ident: |$ip:ident, $regs:ident, $k:ident| $key:expr;)+) => {
        op! { $(
            fn $name($ip, $regs, $k, vm) {
                let (object, key) = (&*$regs.add(b($ip)), $key);
                if let Some(list) = object.get_exact::<List>() {
                    if let Some(i) = key.as_small_int()
                        && let Some(value) = list.item_at(i)
                    {
                        store_and_lose_b!($ip, $regs, $k, vm, value, 0)
                    }
                    return get_item_leaf($ip, $regs, $k, vm);
                }
                if object.is_exact::<Dict>() { return $of_dict($ip, $regs, $k, vm); }
                if object.is_exact::<Str>() { return $of_str($ip, $regs, $k, vm); }
                if object.is_exact::<Tuple>() { return $of_tuple($ip, $regs, $k, vm); }
                return get_item_leaf($ip, $regs, $k, vm);
            }
            fn $of_str($ip, $regs, $k, vm) {
                let text = &*(*$regs.add(b($ip))).header().cast::<Str>();
                if let Some(i) = ($key).as_small_int()
                    && let Some(character) = text.known_char(i, &vm.heap)
                {
                    store_and_lose_b!($ip, $regs, $k, vm, copy_of(character), 0)
                }
                return get_item_leaf($ip, $regs, $k, vm);
            }
            fn $of_tuple($ip, $regs, $k, vm) {
                let items = (*(*$regs.add(b($ip))).header().cast::<Tuple>()).items();
                if let Some(i) = ($key).as_small_int()
                    && let Some(item) = items.get((if i < 0 { i + items.len() as i64 } else { i }) as usize)
                {
                    store_and_lose_b!($ip, $regs, $k, vm, copy_of(item), 0)
                }
                return get_item_leaf($ip, $regs, $k, vm);
            }
            fn $of_dict($ip, $regs, $k, vm) {
                let dict = &*(*$regs.add(b($ip))).header().cast::<Dict>();
                let key = $key;
                if (flags($ip) & TEMP_C == 0 || key.is_small_int())
                    && let Some(value) = dict.value_at_a_glance(key)
                {
                    store_and_lose_b!($ip, $regs, $k, vm, copy_of(value), 0)
                }
                return get_item_leaf($ip, $regs, $k, vm);
            }
        )+ }
    };
}

get_item! {
    get_item, get_char, get_tuple_item, get_dict_item: |ip, regs, k| &*regs.add(c(ip));
    get_item_const, get_char_const, get_tuple_item_const, get_dict_item_const: |ip, regs, k| &*k.add(c(ip));
}

leaf_ops! {
    get_item_leaf = item, else get_item_slow;
}

doing_ops! {
    set_item_leaf = set_item, else set_item_slow;
    delete_item = delete_item, else delete_item_slow;
}

/// A name of the code that runs, by its number.
#[inline(always)]
unsafe fn running_name<'a>(regs: *mut Value, number: usize) -> &'a Value {
    // SAFETY: the dispatch loop's contract: the frame keeps its function and code alive.
    unsafe {
        let function = (*Frame::of(regs)).function;
        let code = (*(*function).code.as_ptr()).as_ptr();
        &*(*code).running().names.as_ptr().add(number)
    }
}

/// What another site found for a shape and a name goes into the words of this instruction, from `first` on; false if there is
/// nothing new. `object` is the register of the object, `name` the number of the name.
#[inline(always)]
pub(super) unsafe fn recall(
    ip: *mut u64,
    regs: *mut Value,
    vm: &mut Vm,
    site: Site,
    object: usize,
    name: usize,
    first: usize,
) -> bool {
    // SAFETY: the dispatch loop's contract; the two words are caches of the instruction.
    unsafe {
        let object = &*regs.add(object);
        if !object.is_object() {
            return false;
        }
        let name = running_name(regs, name);
        let shape = (*object.header()).shape;
        let Some(words) = vm.sites.get(site, name, shape, vm.heap.type_epoch) else {
            return false;
        };
        let (place, next) = (ip.add(first), ip.add(first + 1));
        if *place == words.0 && *next == words.1 {
            return false;
        }
        (*place, *next) = words;
        true
    }
}

/// The object whose address a cache holds, which the epoch says to live.
#[inline]
pub(crate) fn found_at(address: u64) -> Value {
    // SAFETY: a class that holds the object has not changed since; the borrowed count is not given back.
    let borrowed = unsafe { std::mem::ManuallyDrop::new(Value::from_header(address as *mut _)) };
    (*borrowed).clone()
}

/// Marks a cached place in a class.
const CLASS_VALUE: u64 = 1 << 63;
/// Marks a property's getter, whose address alone may be as small as the number of a slot: in programs that do not move their
/// code about, the heap begins low.
const PROPERTY: u64 = 1 << 61;
/// Marks the number of an item of a tuple.
const ITEM: u64 = 1 << 59;
/// Marks the address of a method that objects of the shape do not hide: a script's function or a native one.
const METHOD: u64 = 1 << 58;
/// Marks an attribute in an object's dict.
const IN_DICT: u64 = 1 << 60;
/// The bits of the number of the word that holds the dict.
const MOST_WORDS: usize = (1 << 12) - 1;
/// Marks a cached place in a module, of an instruction that knows its shape to be the modules'.
pub(super) const MODULE_VALUE: u64 = 1 << 62;

/// What a word says of a place in a module's namespace: the version of its keys in the bits from 1
/// on, the position from 33 on. Bit 0 is set, as in no address.
pub(super) fn module_word(module: &Module, name: &Str) -> Option<u64> {
    let position = module
        .namespace
        .index_of_str(name)
        .filter(|&at| at < 1 << 28)?;
    let version = module.namespace.keys_version();
    (version != 0).then_some(MODULE_VALUE | (position as u64) << 33 | (version as u64) << 1 | 1)
}

/// The value in the place that the word says; Undef if the module's names have changed. The object is a module.
#[inline(always)]
pub(super) unsafe fn module_value(module: &Value, word: u64) -> Value {
    // SAFETY: the shape was compared.
    let namespace = unsafe { &(*module.header().cast::<Module>()).namespace };
    if namespace.known_keys_version() != (word >> 1) as u32 {
        return Value::UNDEF;
    }
    namespace.value_or_undef((word >> 33 & 0xFFF_FFFF) as usize)
}

/// The bits of an address.
const ADDRESS: u64 = (1 << 48) - 1 - OF_ITSELF;

/// Marks a value that is asked for of the class that has it: another class of the same metaclass has the same shape.
const OF_ITSELF: u64 = 1;

/// The special method that a LoadSpecial with this operand looks for.
#[inline(always)]
fn special_of_with(operand: usize) -> Special {
    const ENTER: usize = WithSpecial::Enter as usize;
    const EXIT: usize = WithSpecial::Exit as usize;
    const AENTER: usize = WithSpecial::AEnter as usize;
    match operand {
        ENTER => Special::Enter,
        EXIT => Special::Exit,
        AENTER => Special::AEnter,
        _ => Special::AExit,
    }
}

/// The bound method that LoadSpecial gives, if a plain function is at hand; else Undef.
#[inline(never)]
fn bound_special(vm: &Vm, object: &Value, operand: usize) -> Value {
    match vm.special_at_hand(object, special_of_with(operand)) {
        Some(method) if binds_plainly(method) => {
            BoundMethod::alloc(method.clone(), object.clone()).into_value()
        }
        _ => Value::UNDEF,
    }
}

plain_ops! {
    get_attr_slow = op_get_attr;
    get_property = op_get_property;
    set_attr_slow = op_set_attr;
    delete_attr = op_delete_attr;
    get_item_slow = op_get_item;
    set_item_slow = op_set_item;
    delete_item_slow = op_delete_item;
    load_special_slow = op_load_special;
}

/// What the second of a GetAttr's words says of what was found, and the shape it is said of.
fn words_of(found: Cached) -> Option<(u32, u64)> {
    match found {
        Cached::Slot { shape, slot } => Some((shape, slot as u64 + 1)),
        Cached::ClassValue {
            shape,
            owner,
            position,
        } if position < 0x8000 => Some((
            shape,
            CLASS_VALUE | (position as u64) << 48 | owner.as_ptr() as u64,
        )),
        Cached::InDict(place) => Some((
            place.shape,
            IN_DICT | (place.word as u64) << 32 | place.position as u64,
        )),
        Cached::Item { shape, index } => Some((shape, ITEM | index as u64)),
        Cached::Property { shape, getter } => Some((shape, PROPERTY | getter.header() as u64)),
        Cached::Method { shape, function } => Some((shape, METHOD | function.header() as u64)),
        Cached::ClassValue { .. } | Cached::No => None,
    }
}

impl Vm {
    /// `object.name`, for functions: what is found is remembered as for the instructions.
    pub(crate) fn get_attr_by_name(&mut self, object: &Value, name: &Value) -> Step {
        let (step, cached) = self.resolve_attr(object, name);
        if let (Some((shape, word)), Ok(name)) = (words_of(cached), self.interned(name)) {
            let epoch = self.heap.type_epoch;
            let guard = shape as u64 | (epoch as u64) << 32;
            self.sites
                .put(Site::Get, &name, shape, epoch, (guard, word));
        }
        step
    }

    /// The same, where a site or a function has seen the name with an object of this shape and no script code is to be asked.
    pub(crate) fn known_attribute(&self, object: &Value, name: &Value) -> Option<Value> {
        if !object.is_object() {
            return None;
        }
        let epoch = self.heap.type_epoch;
        let (_, word) = self.sites.get(Site::Get, name, object.shape(), epoch)?;
        if word <= u32::MAX as u64 {
            // SAFETY: objects of the shape have the slot.
            let value = unsafe { &*slot(object.header(), word as usize - 1) };
            return (!value.is_undef()).then(|| value.clone());
        }
        if word & METHOD != 0 && word & CLASS_VALUE == 0 {
            return Some(bound_method(object, word));
        }
        if word & CLASS_VALUE == 0 || word & OF_ITSELF != 0 {
            return None;
        }
        // SAFETY: the epoch says that the class lives, and that its namespace is as it was.
        unsafe {
            let owner = (word & ADDRESS) as *const Class;
            let namespace = &*(*owner).namespace.as_ptr();
            namespace.value_at((word >> 48 & 0x7FFF) as usize).cloned()
        }
    }
}

/// The method that a cache holds, bound to an object of the shape it holds for.
#[inline(never)]
fn bound_method(object: &Value, word: u64) -> Value {
    let function = found_at(word & ADDRESS);
    match function.get_exact::<Native>() {
        Some(native) => native.bound_to(object.clone()).into_value(),
        None => BoundMethod::alloc(function, object.clone()).into_value(),
    }
}

/// Whether a special method is a function or a native coroutine function: only the call of it that
/// follows sees what it is bound by.
fn binds_plainly(method: &Value) -> bool {
    let native = method.get_exact::<Native>();
    method.is_exact::<Function>()
        || native.is_some_and(|native| matches!(native.def.code, NativeCode::Coroutine(..)))
}

impl Vm {
    fn op_get_attr(&mut self, at: At) {
        at.save(self);
        let name = at.name(at.c());
        let object = at.take_b();
        if let Some(class) = self.known_own_class(&object, name) {
            drop(object);
            return at.done(self, class);
        }
        let is_class = object.is_kind::<Class>();
        if is_class && let Some((value, own)) = self.known_class_value(&object, name) {
            if let Some(place) = own.filter(|place| *place < 0x8000) {
                let guard = object.shape() as u64 | (self.heap.type_epoch as u64) << 32;
                let address = object.header() as u64;
                // SAFETY: the words behind the instruction are its caches.
                unsafe {
                    *at.ip.add(1) = guard;
                    *at.ip.add(2) = CLASS_VALUE | (place as u64) << 48 | address | OF_ITSELF;
                }
            }
            drop(object);
            return at.done(self, value);
        }
        if let Some(value) = self.plain_attr(&object, name) {
            if is_class && !value.is_exact::<Function>() {
                self.note_class_value(&object, name);
            }
            if let (Some(module), Some(text)) = (object.get_exact::<Module>(), name.get::<Str>())
                && let Some(word) = module_word(module, text)
            {
                // SAFETY: the words behind the instruction are its caches.
                unsafe {
                    *at.ip.add(1) = object.shape() as u64 | (self.heap.type_epoch as u64) << 32;
                    *at.ip.add(2) = word;
                }
            }
            drop(object);
            return at.done(self, value);
        }
        let (step, cached) = self.resolve_attr(&object, name);
        let found = words_of(cached);
        self.note_own_class(&object, name);
        if is_class
            && let Step::Return(value) = &step
            && !value.is_exact::<Function>()
            && !value.is_exact::<BoundMethod>()
        {
            self.note_class_value(&object, name);
        }
        if let Some((shape, word)) = found {
            let guard = shape as u64 | (self.heap.type_epoch as u64) << 32;
            self.remember(at, Site::Get, (shape, name), 1, (guard, word));
        }
        drop(object);
        at.follow(self, step);
    }

    /// Calls the getter that the cache names; the epoch says that the property still holds it.
    fn op_get_property(&mut self, at: At) {
        at.save(self);
        let mut object = std::mem::ManuallyDrop::new(at.take_b());
        // SAFETY: the getter is alive; the object passes to the call.
        unsafe {
            let getter = (at.word(2) & ADDRESS) as *const Function;
            (*getter).retain();
            let callee = Value::from_header(getter as *mut _);
            self.invoke(
                callee,
                &mut *object,
                1,
                None,
                at.frame(),
                at.a() as u16,
                at.result_flags(),
            );
        }
    }

    /// Puts what was found for a shape and a name into the instruction's words, and where other sites find it.
    pub(super) fn remember(
        &mut self,
        at: At,
        site: Site,
        (shape, name): (u32, &Value),
        first: usize,
        words: (u64, u64),
    ) {
        // SAFETY: the two words are caches of the instruction.
        unsafe { *at.ip.add(first).cast::<[u64; 2]>() = [words.0, words.1] };
        self.sites
            .put(site, name, shape, self.heap.type_epoch, words);
    }

    fn op_set_attr(&mut self, at: At) {
        at.save(self);
        let name = at.name(at.c());
        let (object, value) = (at.take_a(), at.take_b());
        if let Some(setter) = self.known_setter(&object, name) {
            let mut args = std::mem::ManuallyDrop::new([object, value]);
            // SAFETY: the two values pass to the call.
            return unsafe {
                let frame = at.frame();
                self.invoke(
                    setter,
                    args.as_mut_ptr(),
                    2,
                    None,
                    frame,
                    0,
                    frame_flags::DISCARD,
                )
            };
        }
        let value = match self.replace_class_value(&object, name, value) {
            Ok(()) => {
                drop(object);
                return at.go_on(self);
            }
            Err(value) => value,
        };
        let value = match self.store_in_known_dict(&object, name, value) {
            Ok(()) => {
                drop(object);
                return at.go_on(self);
            }
            Err(value) => value,
        };
        let (step, cached) = self.resolve_store(&object, name, &value);
        let cached = match cached {
            CachedStore::Replace { shape, slot } => Some((shape, slot, shape)),
            CachedStore::Add { old, slot, new } => Some((old, slot, new)),
            CachedStore::Property(property) => {
                let (shape, epoch) = (object.shape(), self.heap.type_epoch);
                let words = (0, property.header() as u64);
                self.sites.put(Site::Property, name, shape, epoch, words);
                None
            }
            CachedStore::InDict(place) => {
                let words = (place.word as u64, place.position as u64);
                let epoch = self.heap.type_epoch;
                self.sites
                    .put(Site::InDict, name, place.shape, epoch, words);
                None
            }
            CachedStore::No => None,
        };
        if let Some((old, slot, new)) = cached {
            let first = old as u64 | (slot as u64 + 1) << 32;
            let second = new as u64 | (self.heap.type_epoch as u64) << 32;
            self.remember(at, Site::Set, (old, name), 1, (first, second));
        }
        drop((object, value));
        at.follow_discarding(self, step);
    }

    /// Sets an attribute that is in the object's dict already, where another store found the dict of an object of this
    /// shape; gives the value back if it could not be done so.
    fn store_in_known_dict(&self, obj: &Value, name: &Value, value: Value) -> Result<(), Value> {
        let (shape, epoch) = (obj.shape(), self.heap.type_epoch);
        let Some((word, position)) = self.sites.get(Site::InDict, name, shape, epoch) else {
            return Err(value);
        };
        // SAFETY: the shape is that of the object in which the dict was found there.
        let dict = unsafe { obj.word_of_shape(word as usize) }.get_exact::<Dict>();
        match dict.map(|dict| (dict, dict.value_of_name(name, position as usize))) {
            Some((dict, Some((position, _)))) => {
                drop(dict.set_entry_value(position, value));
                Ok(())
            }
            _ => Err(value),
        }
    }

    /// The setter of a property that the object's class has, a script's function, if it was called before.
    fn known_setter(&self, object: &Value, name: &Value) -> Option<Value> {
        let shape = object.shape();
        let words = self
            .sites
            .get(Site::Property, name, shape, self.heap.type_epoch)?;
        let property = found_at(words.1);
        let setter = property.get_exact::<Property>()?.setter.get();
        setter.is_exact::<Function>().then_some(setter)
    }

    /// Whether instances of a shape may be found by an inline cache.
    pub(crate) fn shape_is_cacheable(&self, shape: u32) -> bool {
        match self.heap.shapes.get(shape as usize) {
            Some(entry) => entry.flags & (shape_flags::DICT_MODE | shape_flags::UNCACHEABLE) == 0,
            None => false,
        }
    }

    fn op_delete_attr(&mut self, at: At) {
        at.save(self);
        let object = at.take_a();
        let name = at.name(at.c());
        if self.delete_known_slot(&object, name) {
            drop(object);
            return at.go_on(self);
        }
        let step = self.delete_attr_step(&object, name);
        drop(object);
        at.follow_discarding(self, step);
    }

    fn op_get_item(&mut self, at: At) {
        at.save(self);
        let operands = [at.take_b(), at.take_c_or_const()];
        let result = (at.a() as u16, at.result_flags());
        // SAFETY: the frame's place is saved.
        let begun = unsafe { self.begin_special(Special::GetItem, operands, at.frame(), result) };
        let Err([object, key]) = begun else { return };
        let step = self.get_item_step(&object, &key);
        drop((object, key));
        at.follow(self, step);
    }

    fn op_set_item(&mut self, at: At) {
        at.save(self);
        let operands = [at.take_a(), at.take_b(), at.take_c()];
        let result = (0, frame_flags::DISCARD);
        // SAFETY: the frame's place is saved.
        let begun = unsafe { self.begin_special(Special::SetItem, operands, at.frame(), result) };
        let Err([object, key, value]) = begun else {
            return;
        };
        let step = self.set_item_step(&object, &key, &value);
        drop((object, key, value));
        at.follow_discarding(self, step);
    }

    fn op_delete_item(&mut self, at: At) {
        at.save(self);
        let (object, key) = (at.take_a(), at.take_b());
        let step = self.delete_item_step(&object, &key);
        drop((object, key));
        at.follow_discarding(self, step);
    }

    fn op_load_special(&mut self, at: At) {
        at.save(self);
        let object = at.reg(at.b()).clone();
        let special = special_of_with(at.c());
        match self.special_of(&object, special) {
            Some(method) if binds_plainly(&method) => {
                if let Some(native) = method.get_exact::<Native>() {
                    // Its calls ask how many arguments it takes, and nothing else.
                    self.signature(native);
                }
                let bound = BoundMethod::alloc(method, object).into_value();
                at.done(self, bound);
            }
            Some(method) => {
                let result = self.bind_special(&method, &object);
                at.result(self, result);
            }
            None => {
                let raised = self.no_context_manager(&object, special);
                at.raise(self, raised);
            }
        }
    }

    fn no_context_manager(
        &mut self,
        object: &Value,
        special: Special,
    ) -> crate::object::native::Raised {
        let name = self.type_name(object);
        let is_async = matches!(special, Special::AEnter | Special::AExit);
        let kind = if is_async {
            "asynchronous context manager"
        } else {
            "context manager"
        };
        let mut message = format!("'{name}' object does not support the {kind} protocol");
        let exit = matches!(special, Special::Exit | Special::AExit);
        if exit {
            message.push_str(&format!(" (missed {} method)", special.text()));
        }
        self.type_error(message)
    }
}
