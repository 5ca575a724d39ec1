//! `sorted`, `list.sort`, `min`, `max`. Keys are computed in native frames, so
//! that `key=` may wait; comparing is nested (`docs/internals/calls.md`).

use std::cmp::Ordering;

use super::sort_words::{Uniform, places_in_order, taken_in_order, uniform};
use super::{at_once, outcome, pull};
use crate::heap::{Buffer, Header, Value};
use crate::object::compare::{simple_cmp, simple_eq};
use crate::object::float;
use crate::object::function::Function;
use crate::object::list::List;
use crate::object::native::{Def, Input, NativeFrame, R, Step};
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::compare::CompareOp;
use crate::vm::special::Special;

/// See the module's text.
pub static FUNCTIONS: &[Def] = &[
    Def::frame("sorted(iterable, /, *, key=None, reverse=False)", 4, sorted)
        .at_once(at_once::sorted)
        .takes(3, take_sortable)
        .recalls(|state, regs, function, key| {
            take_key(state == 2, regs, (ITEMS, KEYS), function, key)
        })
        .doc("A list of the items in ascending order."),
    Def::frame("min(*args, key=None, default=<unset>)", 4, min)
        .at_once(|vm, args| at_once::extreme(vm, args, false))
        .takes(3, |_, state, regs, item| {
            take_extreme(state, regs, item, false)
        })
        .doc("With a single iterable argument, return its smallest item."),
    Def::frame("max(*args, key=None, default=<unset>)", 4, max)
        .at_once(|vm, args| at_once::extreme(vm, args, true))
        .takes(3, |_, state, regs, item| {
            take_extreme(state, regs, item, true)
        })
        .doc("With a single iterable argument, return its biggest item."),
];

/// `list.sort`, for the table of `list`.
pub const LIST_SORT: Def = Def::frame("sort(self, /, *, key=None, reverse=False)", 3, list_sort)
    .recalls(|_, regs, function, key| take_key(true, regs, (3, 4), function, key))
    .doc("Puts the items in order, in the list itself; equal ones stay as they were.");

/// Registers: iterable, key, reverse, then the iterator, the items, the keys, unused.
/// States: 0 the iterator comes, 1 an item comes, 2 a key comes.
fn sorted(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    const ITERATOR: usize = 3;
    if frame.state == 2 {
        return sort_with_keys(vm, frame, input, ITEMS, KEYS, true);
    }
    let mut incoming = match input {
        Input::Start => {
            if let Some(list) = frame.regs[0].get_exact::<List>() {
                let items = vm.lift(list.copy());
                frame.regs[ITEMS] = match items {
                    Ok(items) => List::new(items).into_value(),
                    Err(raised) => return Step::Raise(raised),
                };
                frame.state = 2;
                return sort_with_keys(vm, frame, Input::Start, ITEMS, KEYS, true);
            }
            frame.regs[ITEMS] = List::empty().into_value();
            match outcome(vm.iter_step(&frame.regs[0])) {
                Ok(iterator) => Some(iterator),
                Err(wait) => return wait,
            }
        }
        Input::Value(value) | Input::Yielded(value) => Some(value),
        Input::Raised(raised) => return Step::Raise(raised),
    };
    if frame.state == 0 {
        if let Err(raised) = vm.ask_length(&frame.regs[0]) {
            return Step::Raise(raised);
        }
        frame.regs[ITERATOR] = incoming.take().unwrap_or(Value::NONE);
        frame.state = 1;
    }
    loop {
        let item = match incoming.take() {
            Some(item) => item,
            None => match pull(vm, &frame.regs[ITERATOR]) {
                Ok(item) => item,
                Err(wait) => return wait,
            },
        };
        if item.is_undef() {
            break;
        }
        if let Some(Err(lacking)) = frame.regs[ITEMS].get::<List>().map(|l| l.push(item)) {
            return Step::Raise(vm.fault(lacking));
        }
    }
    frame.state = 2;
    sort_with_keys(vm, frame, Input::Start, ITEMS, KEYS, true)
}

/// Where `sorted` has its items and their keys.
const ITEMS: usize = 4;
const KEYS: usize = 5;

/// See `Def::takes`.
fn take_sortable(_: &mut Vm, state: u8, regs: &mut [Value], item: Value) -> Result<(), Value> {
    match regs[ITEMS].get::<List>() {
        Some(list) if state == 1 => list.push_or_return(item),
        _ => Err(item),
    }
}

/// Registers: self, key, reverse, then the items taken out of the list, the keys, unused.
fn list_sort(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    const ITEMS: usize = 3;
    const KEYS: usize = 4;
    if matches!(input, Input::Start) {
        // While it is sorted the list is empty, so that a change is noticed.
        let items = frame.regs[0]
            .get::<List>()
            .map_or_else(Buffer::new, List::take);
        frame.regs[ITEMS] = List::new(items).into_value();
    }
    let step = sort_with_keys(vm, frame, input, ITEMS, KEYS, false);
    if !matches!(step, Step::Return(_) | Step::Raise(_)) {
        return step;
    }
    let (Some(list), Some(sorted)) = (frame.regs[0].get::<List>(), frame.regs[ITEMS].get::<List>())
    else {
        return step;
    };
    // Whatever was put into it and taken out again left room behind.
    let changed = list.items.borrow().capacity() > 0;
    let old = list.items.replace(sorted.take());
    drop(old);
    match step {
        Step::Return(_) if changed => Step::Raise(vm.value_error("list modified during sort")),
        Step::Return(_) => Step::Return(Value::NONE),
        step => step,
    }
}

/// See `Def::recalls`: the key of one item is there, and that of the next is wanted.
fn take_key(
    makes_keys: bool,
    regs: &mut [Value],
    (items, keys): (usize, usize),
    function: &Header,
    key: Value,
) -> Result<Value, Value> {
    let (Some(items), Some(keys)) = (regs[items].get::<List>(), regs[keys].get::<List>()) else {
        return Err(key);
    };
    let is_function = regs[1].is_object() && std::ptr::eq(regs[1].header(), function);
    match items.get(keys.len() + 1) {
        Some(next) if makes_keys && is_function => keys.push_or_return(key).map(|()| next),
        _ => Err(key),
    }
}

/// Computes the keys (register 1 is the key function, 2 says whether to reverse) and
/// sorts the list in register `items`, which is the result.
fn sort_with_keys(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    input: Input,
    items: usize,
    keys: usize,
    _fresh: bool,
) -> Step {
    match input {
        Input::Start => {
            match vm.truth(&frame.regs[2]) {
                Ok(reverse) => frame.regs[2] = Value::bool(reverse),
                Err(raised) => return Step::Raise(raised),
            }
            if !frame.regs[1].is_none() {
                frame.regs[keys] = List::empty().into_value();
            }
        }
        Input::Value(key) | Input::Yielded(key) => {
            if let Some(Err(lacking)) = frame.regs[keys].get::<List>().map(|l| l.push(key)) {
                return Step::Raise(vm.fault(lacking));
            }
        }
        Input::Raised(raised) => return Step::Raise(raised),
    }
    let Some(list) = frame.regs[items].to_ref::<List>() else {
        return Step::Return(Value::NONE);
    };
    let key_list = frame.regs[keys].to_ref::<List>();
    if let Some(key_list) = &key_list
        && let Err(step) = keys_at_hand(vm, &frame.regs[1], &list, key_list)
    {
        return step;
    }
    let values = list.take().into_vec();
    let (values, done) = match key_list {
        None => sort_values(vm, values, frame.regs[2].is_true()),
        Some(keys) => {
            let keys = keys.take().into_vec();
            sort_by_keys(vm, keys, values, frame.regs[2].is_true())
        }
    };
    drop(list.items.replace(Buffer::from_vec(values)));
    match done {
        Ok(()) => Step::Return(frame.regs[items].clone()),
        Err(raised) => Step::Raise(raised),
    }
}

/// Computes keys as long as that needs no frame; the step is the call that does.
fn keys_at_hand(vm: &mut Vm, function: &Value, items: &List, keys: &List) -> Result<(), Step> {
    while let Some(item) = items.get(keys.len()) {
        match vm.call_at_once(function, std::slice::from_ref(&item)) {
            Some(Ok(key)) => {
                let pushed = keys.push(key);
                let counted = vm.lift(pushed).and_then(|()| vm.count_one());
                counted.map_err(Step::Raise)?;
            }
            Some(Err(raised)) => return Err(Step::Raise(raised)),
            None => return Err(Step::Call(function.clone(), smallvec::smallvec![item])),
        }
    }
    Ok(())
}

/// Sorts values by their keys, which lie elsewhere. When a comparison raises, all values come back in some order.
fn sort_by_keys(
    vm: &mut Vm,
    keys: Vec<Value>,
    mut values: Vec<Value>,
    reverse: bool,
) -> (Vec<Value>, R<()>) {
    let plan = uniform(keys.iter());
    if !matches!(plan, Uniform::Strs | Uniform::Tuples(_)) {
        let pairs: Vec<(Value, Value)> = keys.into_iter().zip(values).collect();
        let (pairs, done) = sort_pairs(vm, pairs, reverse);
        return (pairs.into_iter().map(|(_, value)| value).collect(), done);
    }
    match places_in_order(vm, plan, reverse, keys.len(), |i| &keys[i]) {
        Ok(places) => (taken_in_order(&mut values, &places), Ok(())),
        Err(raised) => (values, Err(raised)),
    }
}

/// Sorts values by themselves. When a comparison raises, all of them come back in some order.
pub fn sort_values(vm: &mut Vm, values: Vec<Value>, reverse: bool) -> (Vec<Value>, R<()>) {
    sort_any(vm, values, reverse, |value| value)
}

/// Sorts pairs by their first parts, as `sort_values`.
pub fn sort_pairs(
    vm: &mut Vm,
    pairs: Vec<(Value, Value)>,
    reverse: bool,
) -> (Vec<(Value, Value)>, R<()>) {
    sort_any(vm, pairs, reverse, |pair| &pair.0)
}

/// Sorts stably; reversed means that equal ones keep their order, as in CPython.
fn sort_any<T: Default>(
    vm: &mut Vm,
    mut values: Vec<T>,
    reverse: bool,
    key: fn(&T) -> &Value,
) -> (Vec<T>, R<()>) {
    let order = |o: Ordering| if reverse { o.reverse() } else { o };
    match uniform(values.iter().map(key)) {
        Uniform::Ints => {
            let compare = |a: &T, b: &T| order(key(a).word().cmp(&key(b).word()));
            let done = sort_in_stretches(vm, &mut values, compare);
            (values, done)
        }
        Uniform::Floats => {
            let f = |v: &T| float::as_float(key(v)).unwrap_or(0.0);
            let compare = |a: &T, b: &T| order(f(a).partial_cmp(&f(b)).unwrap_or(Ordering::Equal));
            let done = sort_in_stretches(vm, &mut values, compare);
            (values, done)
        }
        plan @ (Uniform::Strs | Uniform::Tuples(_)) => {
            match places_in_order(vm, plan, reverse, values.len(), |i| key(&values[i])) {
                Ok(places) => (taken_in_order(&mut values, &places), Ok(())),
                Err(raised) => (values, Err(raised)),
            }
        }
        Uniform::No => {
            let asked = own_less(vm, values.iter().map(key));
            let mut less =
                |vm: &mut Vm, a: &T, b: &T| less_of_one_class(vm, asked.as_ref(), key(a), key(b));
            // Turned round before and after, so that the comparisons are CPython's too.
            if reverse {
                values.reverse();
            }
            let (mut values, result) = merge_sort(vm, values, &mut less);
            if reverse && !cfg!(hoop_mutant = "8") {
                values.reverse();
            }
            (values, result)
        }
    }
}

/// So many values are sorted in less than a millisecond.
const STRETCH: usize = 1 << 14;

/// Sorts values by an order that asks nobody: first short stretches, then two neighbours at a time, which are merged.
pub(super) fn sort_in_stretches<T>(
    vm: &mut Vm,
    values: &mut [T],
    compare: impl Fn(&T, &T) -> Ordering,
) -> R<()> {
    let mut length = STRETCH;
    for stretch in values.chunks_mut(STRETCH) {
        vm.tick(stretch.len() / 4)?;
        stretch.sort_by(&compare);
    }
    while length < values.len() {
        length *= 2;
        for two in values.chunks_mut(length) {
            vm.tick_elements(two.len())?;
            // Finds that both are sorted already.
            two.sort_by(&compare);
        }
    }
    Ok(())
}

/// The `__lt__` of a script that all keys have because they are of one class.
fn own_less<'a>(vm: &mut Vm, mut keys: impl Iterator<Item = &'a Value>) -> Option<Value> {
    let class = vm.class_of(keys.next()?);
    let less = vm.special(&class, Special::Lt)?;
    let one_class = less.is_exact::<Function>() && keys.all(|key| vm.class_of(key).is(&class));
    one_class.then_some(less)
}

/// As `less_than`. Keys of one class are asked directly first, and in the usual way if they do not
/// know: script code sees that it is asked twice then.
fn less_of_one_class(vm: &mut Vm, asked: Option<&Value>, a: &Value, b: &Value) -> R<bool> {
    if let Some(method) = asked {
        let answer = vm.call(method, &[a.clone(), b.clone()])?;
        if !answer.is_not_implemented() {
            return vm.truth(&answer);
        }
    }
    less_than(vm, a, b)
}

/// `a < b`, nested if script code decides.
pub fn less_than(vm: &mut Vm, a: &Value, b: &Value) -> R<bool> {
    vm.count_one()?;
    if let Some(order) = simple_cmp(a, b) {
        return Ok(order == Ordering::Less);
    }
    if let (Some(a), Some(b)) = (a.get_exact::<Tuple>(), b.get_exact::<Tuple>()) {
        for (x, y) in a.items().iter().zip(b.items()) {
            let same = x.is(y)
                || match simple_eq(x, y) {
                    Some(known) => known,
                    None => vm.eq(x, y)?,
                };
            if !same {
                return less_than(vm, x, y);
            }
        }
        return Ok(a.len() < b.len());
    }
    vm.lt(a, b)
}

type Less<'a, T> = &'a mut dyn FnMut(&mut Vm, &T, &T) -> R<bool>;

/// How short a stretch is made longer by insertion: between 32 and 64, so that about a power of two of them
/// are merged.
fn shortest_run(mut len: usize) -> usize {
    let mut rest = 0;
    while len >= 64 {
        rest |= len & 1;
        len >>= 1;
    }
    len + rest
}

/// A merge sort over a comparison that may raise. Stretches that are sorted already are found first.
fn merge_sort<T>(vm: &mut Vm, values: Vec<T>, less: Less<'_, T>) -> (Vec<T>, R<()>) {
    let mut slots: Vec<Option<T>> = values.into_iter().map(Some).collect();
    let result = merge_runs(vm, &mut slots, less);
    // A merge that stopped half-way has put all its values back.
    (slots.into_iter().flatten().collect(), result)
}

fn merge_runs<T>(vm: &mut Vm, slots: &mut [Option<T>], less: Less<'_, T>) -> R<()> {
    let mut runs = Vec::new();
    let mut start = 0;
    let shortest = shortest_run(slots.len());
    while start < slots.len() {
        let end = extend_run(vm, slots, start, shortest, less)?;
        runs.push((start, end));
        start = end;
        // Neighbours of about one length are merged, so that the work is n log n.
        while let [.., (a, _), (b, c)] = runs[..] {
            if b - a > (c - b) * 2 && start < slots.len() {
                break;
            }
            merge(vm, &mut slots[a..c], b - a, less)?;
            runs.truncate(runs.len() - 2);
            runs.push((a, c));
        }
    }
    Ok(())
}

/// The end of the run at `start`; one shorter than `shortest` is made longer by insertion.
fn extend_run<T>(
    vm: &mut Vm,
    slots: &mut [Option<T>],
    start: usize,
    shortest: usize,
    less: Less<'_, T>,
) -> R<usize> {
    let mut end = natural_run(vm, slots, start, less)?;
    let most = (start + shortest).min(slots.len());
    while end < most {
        let (mut low, mut high) = (start, end);
        while low < high {
            let middle = (low + high) / 2;
            if compare(vm, slots, end, middle, less)? {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        slots[low..=end].rotate_right(1);
        end += 1;
    }
    Ok(end)
}

/// The end of the stretch at `start` that is sorted, or falls and is turned round: stably, so that equal
/// ones among the falling keep their order. Script code sees which two are compared: those that CPython compares.
fn natural_run<T>(
    vm: &mut Vm,
    slots: &mut [Option<T>],
    start: usize,
    less: Less<'_, T>,
) -> R<usize> {
    let mut end = rising(vm, slots, start + 1, less)?;
    if end == slots.len() {
        return Ok(end);
    }
    if end - start > 1 {
        if compare(vm, slots, start, end - 1, less)? {
            return Ok(end);
        }
        // All equal so far: they are turned round twice.
        slots[start..end].reverse();
    }
    end += 1;
    let mut equal = 0;
    while end < slots.len() {
        if compare(vm, slots, end, end - 1, less)? {
            slots[end - 1 - equal..end].reverse();
            equal = 0;
        } else if compare(vm, slots, end - 1, end, less)? {
            break;
        } else {
            equal += 1;
        }
        end += 1;
    }
    slots[end - 1 - equal..end].reverse();
    slots[start..end].reverse();
    rising(vm, slots, end, less)
}

/// The end of the rising stretch that goes on at `end`.
fn rising<T>(vm: &mut Vm, slots: &[Option<T>], mut end: usize, less: Less<'_, T>) -> R<usize> {
    while end < slots.len() && !compare(vm, slots, end, end - 1, less)? {
        end += 1;
    }
    Ok(end)
}

fn compare<T>(vm: &mut Vm, slots: &[Option<T>], a: usize, b: usize, less: Less<'_, T>) -> R<bool> {
    match (&slots[a], &slots[b]) {
        (Some(a), Some(b)) => less(vm, a, b),
        _ => Ok(false),
    }
}

/// Merges `slots[..middle]` and `slots[middle..]`, each sorted.
fn merge<T>(vm: &mut Vm, slots: &mut [Option<T>], middle: usize, less: Less<'_, T>) -> R<()> {
    if !compare(vm, slots, middle, middle - 1, less)? {
        return Ok(());
    }
    let mut left: std::collections::VecDeque<T> = slots[..middle]
        .iter_mut()
        .filter_map(Option::take)
        .collect();
    let mut right = middle;
    let mut out = 0;
    let mut result = Ok(());
    vm.tick_elements(middle)?;
    while let Some(first) = left.front() {
        let take_right = match slots.get(right) {
            Some(Some(second)) if result.is_ok() => match less(vm, second, first) {
                Ok(answer) => answer,
                Err(raised) => {
                    result = Err(raised);
                    false
                }
            },
            _ => false,
        };
        if take_right {
            slots[out] = slots[right].take();
            right += 1;
        } else {
            slots[out] = left.pop_front();
        }
        out += 1;
    }
    result
}

fn min(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    extreme(vm, frame, input, false)
}

fn max(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    extreme(vm, frame, input, true)
}

const KEY: usize = 0;
const DEFAULT: usize = 1;
const ARGS: usize = 2;
const ITERATOR: usize = 3;
const BEST: usize = 4;
const BEST_KEY: usize = 5;
const ITEM: usize = 6;

/// States: 0 the iterator comes, 1 an item comes, 2 its key comes.
fn extreme(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input, largest: bool) -> Step {
    if matches!(input, Input::Start)
        && frame.regs[KEY].is_none()
        && frame.regs[DEFAULT].is_undef()
        && let Some(best) = extreme_of_plain(&frame.regs[ARGS], largest)
    {
        return Step::Return(best);
    }
    let mut incoming = match input {
        Input::Start => match begin_extreme(vm, frame, largest) {
            Ok(iterator) => Some(iterator),
            Err(step) => return step,
        },
        Input::Value(value) | Input::Yielded(value) => Some(value),
        Input::Raised(raised) => return Step::Raise(raised),
    };
    if frame.state == 0 {
        frame.regs[ITERATOR] = incoming.take().unwrap_or(Value::NONE);
        frame.state = 1;
    }
    loop {
        if frame.state == 1 {
            let item = match incoming.take() {
                Some(item) => item,
                None => match pull(vm, &frame.regs[ITERATOR]) {
                    Ok(item) => item,
                    Err(wait) => return wait,
                },
            };
            if item.is_undef() {
                return end_extreme(vm, frame, largest);
            }
            frame.regs[ITEM] = item.clone();
            frame.state = 2;
            if !frame.regs[KEY].is_none() {
                return Step::Call(frame.regs[KEY].clone(), smallvec::smallvec![item]);
            }
            incoming = Some(item);
        }
        let key = incoming.take().unwrap_or(Value::NONE);
        frame.state = 1;
        let better = frame.regs[BEST_KEY].is_undef() || {
            let (a, b) = (&key, &frame.regs[BEST_KEY].clone());
            match if largest {
                greater_than(vm, a, b)
            } else {
                less_than(vm, a, b)
            } {
                Ok(answer) => answer,
                Err(raised) => return Step::Raise(raised),
            }
        };
        if better {
            frame.regs[BEST] = std::mem::take(&mut frame.regs[ITEM]);
            frame.regs[BEST_KEY] = key;
        }
    }
}

/// See `Def::takes`: items that have an order of their own, without a key.
fn take_extreme(state: u8, regs: &mut [Value], item: Value, largest: bool) -> Result<(), Value> {
    if state != 1 || !regs[KEY].is_none() {
        return Err(item);
    }
    if !regs[BEST_KEY].is_undef() {
        let wanted = if largest {
            Ordering::Greater
        } else {
            Ordering::Less
        };
        match simple_cmp(&item, &regs[BEST_KEY]) {
            Some(order) if order == wanted => {}
            Some(_) => return Ok(()),
            None => return Err(item),
        }
    }
    regs[BEST] = item.clone();
    regs[BEST_KEY] = item;
    Ok(())
}

/// The extreme one of several arguments, if all comparisons are those of built-in types.
fn extreme_of_plain(args: &Value, largest: bool) -> Option<Value> {
    let (first, rest) = args.get::<Tuple>()?.items().split_first()?;
    if rest.is_empty() {
        return None;
    }
    let wanted = if largest {
        Ordering::Greater
    } else {
        Ordering::Less
    };
    let mut best = first;
    for item in rest {
        if simple_cmp(item, best)? == wanted {
            best = item;
        }
    }
    Some(best.clone())
}

fn greater_than(vm: &mut Vm, a: &Value, b: &Value) -> R<bool> {
    if let Some(order) = simple_cmp(a, b) {
        return Ok(order == Ordering::Greater);
    }
    let step = vm.compare_step(CompareOp::Gt, a, b);
    let result = vm.finish(step)?;
    vm.truth(&result)
}

fn begin_extreme(vm: &mut Vm, frame: &mut NativeFrame<'_>, largest: bool) -> Result<Value, Step> {
    let name = if largest { "max" } else { "min" };
    let args = frame.regs[ARGS].clone();
    let source = match args.get::<Tuple>().map_or(&[][..], Tuple::items) {
        [] => {
            return Err(Step::Raise(
                vm.type_error(format!("{name} expected at least 1 argument, got 0")),
            ));
        }
        [iterable] => iterable.clone(),
        _ if !frame.regs[DEFAULT].is_undef() => {
            let text =
                format!("Cannot specify a default for {name}() with multiple positional arguments");
            return Err(Step::Raise(vm.type_error(text)));
        }
        _ => args.clone(),
    };
    outcome(vm.iter_step(&source))
}

fn end_extreme(vm: &mut Vm, frame: &mut NativeFrame<'_>, largest: bool) -> Step {
    if !frame.regs[BEST_KEY].is_undef() {
        return Step::Return(std::mem::take(&mut frame.regs[BEST]));
    }
    if !frame.regs[DEFAULT].is_undef() {
        return Step::Return(frame.regs[DEFAULT].clone());
    }
    let name = if largest { "max" } else { "min" };
    Step::Raise(vm.value_error(format!("{name}() iterable argument is empty")))
}
