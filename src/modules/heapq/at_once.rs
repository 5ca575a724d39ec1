//! Heaps of numbers, texts and tuples of them: no comparison has to wait, so where an item comes to lie is known before
//! anything is moved. A comparison that script could answer leaves all to the frames.

use smallvec::SmallVec;

use crate::heap::Value;
use crate::object::compare::simple_less;
use crate::object::list::List;
use crate::object::native::R;
use crate::vm::Vm;

/// `heappush`
pub(super) fn push(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let [heap, item] = args else { return None };
    let heap = heap.get_exact::<List>()?;
    let place = {
        let items = heap.items.borrow();
        let mut place = items.len();
        while place > 0 {
            let parent = (place - 1) / 2;
            if !simple_less(item, &items[parent])? {
                break;
            }
            place = parent;
        }
        place
    };
    if heap.push(item.clone()).is_err() {
        return Some(Err(vm.memory_error()));
    }
    let mut items = heap.items.borrow_mut();
    let mut at = items.len() - 1;
    while at > place {
        let parent = (at - 1) / 2;
        items.swap(at, parent);
        at = parent;
    }
    Some(Ok(Value::NONE))
}

/// The places that an item passes which sinks from the front of the first `n` items: down to a leaf along the better
/// children, and up again as far as it has to. The last one is its own.
fn way_of(items: &[Value], n: usize, item: &Value) -> Option<SmallVec<[usize; 32]>> {
    let mut way: SmallVec<[usize; 32]> = smallvec::smallvec![0];
    let mut at = 0;
    while at < n / 2 {
        let (left, right) = (2 * at + 1, 2 * at + 2);
        at = match right < n && !simple_less(&items[left], &items[right])? {
            true => right,
            false => left,
        };
        way.push(at);
    }
    while let [_, .., last] = way[..]
        && simple_less(item, &items[last])?
    {
        way.pop();
    }
    Some(way)
}

/// Moves up what lies on the way, and the item to its end. What was in front is given.
fn put(items: &mut [Value], way: &[usize], item: Value) -> Value {
    for pair in way.windows(2) {
        items.swap(pair[0], pair[1]);
    }
    // What was in front has been carried to the end.
    let end = way.last().copied().unwrap_or(0);
    std::mem::replace(&mut items[end], item)
}

/// `heappop`
pub(super) fn pop(_: &mut Vm, args: &[Value]) -> Option<R> {
    let [heap] = args else { return None };
    let heap = heap.get_exact::<List>()?;
    let way = {
        let items = heap.items.borrow();
        let (last, others) = items.split_last()?;
        match others.len() {
            0 => SmallVec::new(),
            n => way_of(&items, n, last)?,
        }
    };
    let last = heap.pop()?;
    if way.is_empty() {
        return Some(Ok(last));
    }
    Some(Ok(put(&mut heap.items.borrow_mut(), &way, last)))
}

/// `heapreplace`
pub(super) fn replace(_: &mut Vm, args: &[Value]) -> Option<R> {
    let [heap, item] = args else { return None };
    let heap = heap.get_exact::<List>()?;
    let way = {
        let items = heap.items.borrow();
        if items.is_empty() {
            return None;
        }
        way_of(&items, items.len(), item)?
    };
    Some(Ok(put(&mut heap.items.borrow_mut(), &way, item.clone())))
}

/// `heappushpop`
pub(super) fn push_pop(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let [heap, item] = args else { return None };
    let first = heap.get_exact::<List>()?.get(0);
    match first {
        Some(first) if simple_less(&first, item)? => replace(vm, args),
        _ => Some(Ok(item.clone())),
    }
}
