//! What `functools.lru_cache` makes: a callable that remembers the results of its last calls.
//!
//! Results lie in a dict in the order in which they were last asked for, the oldest first.

use std::cell::Cell;

use crate::builtins::arguments::{LASTING_DICT, shape_of_class, tuple};
use crate::heap::{Field, Ref, Value};
use crate::object::class::class_flags;
use crate::object::dict::{Dict, Probe};
use crate::object::function::BoundMethod;
use crate::object::int::{self, IntView};
use crate::object::kind;
use crate::object::native::{Args, Def, Input, NativeFrame, R, Raised, Step, TypeDef};
use crate::object::str::Str;
use crate::object::traced::traced_object;
use crate::object::tuple::Tuple;
use crate::vm::Vm;

traced_object! {
    /// `functools._lru_cache_wrapper`
    pub struct LruCache: LRU_CACHE {
        /// What is called for results that are not known.
        function: Field,
        /// What makes `cache_info` of the four counts.
        info: Field,
        /// Stands between positional arguments and named ones in a key.
        mark: Field,
        /// Results by key.
        results: Ref<Dict>,
        /// How many results are kept; None for all.
        most: Option<usize>,
        /// Whether arguments of different types are different though they are equal.
        typed: bool,
        /// Calls that were answered from `results`.
        hits: Cell<i64>,
        /// Calls that were not.
        misses: Cell<i64>,
    }
}

impl LruCache {
    fn of(value: &Value) -> &LruCache {
        value.get::<LruCache>().expect("the receiver was checked")
    }

    /// The result at a position, which becomes the one that was asked for last.
    fn hit(&self, vm: &mut Vm, position: usize) -> R {
        self.hits.set(self.hits.get() + 1);
        let mut table = self.results.table.borrow_mut();
        let result = table.value_at(position).cloned().unwrap_or(Value::NONE);
        if self.most.is_some() && position + 1 < table.end() {
            let moved = table.move_entry(position, true);
            drop(table);
            vm.lift(moved)?;
        }
        Ok(result)
    }

    /// Keeps a result, for which the oldest one may have to go.
    fn remember(&self, vm: &mut Vm, key: &Value, hash: i64, result: &Value) -> R<()> {
        if let Some(most) = self.most {
            // The function may have called itself with the same arguments.
            if vm.dict_find_hashed(&self.results, key, hash)?.is_some() {
                return Ok(());
            }
            let oldest = {
                let mut table = self.results.table.borrow_mut();
                match table.position_from(0) {
                    Some(first) if table.len() >= most => table.remove_at(first),
                    _ => None,
                }
            };
            drop(oldest);
        }
        vm.dict_set_hashed(&self.results, key, hash, result.clone())
    }
}

/// Arguments: cls, user_function, maxsize, typed, info, mark.
fn new(vm: &mut Vm, args: &[Value]) -> R {
    let [class, function, size, typed, info, mark] = args else {
        return Ok(Value::NONE);
    };
    if !vm.is_callable(function) {
        return Err(vm.type_error("the first argument must be callable"));
    }
    let most = match IntView::of(size) {
        Some(size) => Some(size.clamped().max(0) as usize),
        None if size.is_none() => None,
        None => return Err(vm.type_error("maxsize should be integer or None")),
    };
    let typed = vm.truth(typed)?;
    let made = LruCache::alloc(
        shape_of_class(class),
        Field::new(function.clone()),
        Field::new(info.clone()),
        Field::new(mark.clone()),
        Dict::new(),
        most,
        typed,
        Cell::new(0),
        Cell::new(0),
    );
    Ok(made.into_value())
}

/// Whether one argument alone is a key: equal ones are of one type.
fn is_key(value: &Value) -> bool {
    value.is_exact::<Str>() || value.is_small_int() || value.shape() == kind::INT as u32
}

/// Answers a call of plain arguments whose result is known.
fn call_at_once(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let cache = args[0].get::<LruCache>()?;
    let args = &args[1..];
    if cache.typed || cache.most == Some(0) {
        return None;
    }
    let found = match args {
        [key] if is_key(key) => cache.results.find_at_once(key)?,
        _ => {
            let key = tuple(vm, args.to_vec()).ok()?;
            cache.results.find_at_once(&key)?
        }
    };
    match found {
        (Probe::Hit(position), _) => Some(cache.hit(vm, position)),
        _ => None,
    }
}

/// What a call is remembered by.
fn key_of(vm: &mut Vm, cache: &LruCache, args: &Value, named: &Value) -> R {
    let given = args.get::<Tuple>().map_or(&[][..], Tuple::items);
    let named = named.get::<Dict>().map_or_else(Vec::new, Dict::pairs);
    if named.is_empty() && !cache.typed {
        return Ok(match given {
            [key] if is_key(key) => key.clone(),
            _ => args.clone(),
        });
    }
    let mut key = given.to_vec();
    if !named.is_empty() {
        key.push(cache.mark.get());
        for (name, value) in &named {
            key.extend([name.clone(), value.clone()]);
        }
    }
    if cache.typed {
        let values = given.iter().chain(named.iter().map(|(_, value)| value));
        key.extend(values.map(|value| vm.class_of(value).into_value()));
    }
    tuple(vm, key)
}

const KEY: usize = 3;
const HASH: usize = 4;

/// Registers: self, args, kwargs, key, its hash. State 1: the function's result comes.
fn call(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let cache = frame.regs[0].clone();
    let cache = LruCache::of(&cache);
    match input {
        Input::Raised(raised) => Step::Raise(raised),
        Input::Start => match look_up(vm, cache, frame) {
            Ok(Some(result)) => Step::Return(result),
            Ok(None) => {
                cache.misses.set(cache.misses.get() + 1);
                frame.state = 1;
                call_function(vm, cache, frame)
            }
            Err(raised) => Step::Raise(raised),
        },
        Input::Value(result) | Input::Yielded(result) => {
            let (key, hash) = (frame.regs[KEY].clone(), frame.regs[HASH].clone());
            let Some(hash) = IntView::of(&hash).and_then(|hash| hash.as_i64()) else {
                return Step::Return(result);
            };
            match cache.remember(vm, &key, hash, &result) {
                Ok(()) => Step::Return(result),
                Err(raised) => Step::Raise(raised),
            }
        }
    }
}

/// The result if it is known; else key and hash are put into the frame, if the result is to be kept.
fn look_up(
    vm: &mut Vm,
    cache: &LruCache,
    frame: &mut NativeFrame<'_>,
) -> Result<Option<Value>, Raised> {
    if cache.most == Some(0) {
        return Ok(None);
    }
    let key = key_of(vm, cache, &frame.regs[1], &frame.regs[2])?;
    let hash = vm.hash(&key)?;
    if let Some(position) = vm.dict_find_hashed(&cache.results, &key, hash)? {
        return cache.hit(vm, position).map(Some);
    }
    frame.regs[KEY] = key;
    frame.regs[HASH] = int::from_i64(hash);
    Ok(None)
}

fn call_function(vm: &mut Vm, cache: &LruCache, frame: &NativeFrame<'_>) -> Step {
    let function = cache.function.get();
    let mut args = Args::from(frame.regs[1].get::<Tuple>().map_or(&[][..], Tuple::items));
    let named = frame.regs[2]
        .get::<Dict>()
        .map_or_else(Vec::new, Dict::pairs);
    if named.is_empty() {
        return Step::Call(function, args);
    }
    let (names, values): (Vec<_>, Vec<_>) = named.into_iter().unzip();
    args.extend(values);
    match tuple(vm, names) {
        Ok(names) => Step::CallKw(function, args, names),
        Err(raised) => Step::Raise(raised),
    }
}

fn cache_info(_: &mut Vm, frame: &mut NativeFrame<'_>, _: Input) -> Step {
    let cache = LruCache::of(&frame.regs[0]);
    let most = cache.most.map_or(Value::NONE, int::from_usize);
    let counts = [cache.hits.get(), cache.misses.get()].map(int::from_i64);
    let [hits, misses] = counts;
    let held = int::from_usize(cache.results.len());
    Step::TailCall(
        cache.info.get(),
        smallvec::smallvec![hits, misses, most, held],
    )
}

fn cache_clear(_: &mut Vm, args: &[Value]) -> R {
    let cache = LruCache::of(&args[0]);
    cache.hits.set(0);
    cache.misses.set(0);
    drop(cache.results.take());
    Ok(Value::NONE)
}

fn get(_: &mut Vm, args: &[Value]) -> R {
    Ok(match args[1].is_none() {
        true => args[0].clone(),
        false => BoundMethod::alloc(args[0].clone(), args[1].clone()).into_value(),
    })
}

fn itself(_: &mut Vm, args: &[Value]) -> R {
    Ok(args[0].clone())
}

fn reduce(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match input {
        Input::Start => {
            let name = vm.interner.intern("__qualname__").into_value();
            let receiver = frame.regs[0].clone();
            vm.get_attr_step(&receiver, &name)
        }
        Input::Value(value) | Input::Yielded(value) => Step::Return(value),
        Input::Raised(raised) => Step::Raise(raised),
    }
}

/// `functools._lru_cache_wrapper`
pub static LRU_CACHE: TypeDef = TypeDef {
    flags: class_flags::HAS_DICT | class_flags::WEAKREF,
    doc: "A function that remembers the results of its last calls.",
    new: Some(Def::leaf(
        "__new__(cls, user_function, maxsize, typed, info, mark, /)",
        new,
    )),
    methods: &[
        Def::frame("__call__(self, /, *args, **kwargs)", 2, call).at_once(call_at_once),
        Def::leaf("__get__(self, instance, owner=None, /)", get),
        Def::frame("cache_info(self, /)", 0, cache_info).doc("Report cache statistics"),
        Def::leaf("cache_clear(self, /)", cache_clear).doc("Clear the cache and cache statistics"),
        Def::leaf("__copy__(self, /)", itself),
        Def::leaf("__deepcopy__(self, memo, /)", itself),
        Def::frame("__reduce__(self, /)", 0, reduce),
    ],
    attributes: &[LASTING_DICT],
    ..TypeDef::new("functools", "_lru_cache_wrapper", kind::LRU_CACHE)
};
