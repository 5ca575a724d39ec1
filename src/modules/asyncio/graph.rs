//! Who awaits a future: `_awaiters`, for `asyncio.graph`.

use super::taskgroups::TaskGroup;
use super::waiting::Waiting;
use super::{reactions, script};
use crate::heap::Value;
use crate::object::native::R;
use crate::object::task::Future;
use crate::vm::Vm;

/// The tasks and futures that wait for `value`, in the order in which they came. What stands between them (the
/// future of a `gather`, that of a `shield`, a `wait`) is passed over.
fn collect(value: &Value, found: &mut Vec<Value>, depth: usize) {
    /// How many `gather`s and the like may lie in each other.
    const DEEPEST: usize = 64;
    let Some(future) = Future::of(value).filter(|_| depth < DEEPEST) else {
        return;
    };
    for waiter in future.waiters() {
        let number = waiter.how.as_small_int().map(|n| n as u8);
        let target = match number {
            Some(reactions::WAKE) => Some(waiter.target),
            Some(reactions::GROUP) => {
                let group = waiter.target.get::<TaskGroup>();
                group.map(|group| group.parent.get())
            }
            Some(reactions::GATHERED | reactions::SHIELD_INNER) => {
                collect(&waiter.target, found, depth + 1);
                None
            }
            Some(reactions::WAITED) => {
                if let Some(waiting) = waiter.target.get::<Waiting>() {
                    collect(&waiting.waiter.get(), found, depth + 1);
                }
                None
            }
            _ => None,
        };
        if let Some(target) = target.filter(|t| Future::of(t).is_some())
            && !found.iter().any(|known| known.is(&target))
        {
            found.push(target);
        }
    }
}

/// The tasks and futures that wait for `value`.
pub fn awaiters_of(value: &Value) -> Vec<Value> {
    let mut found = Vec::new();
    collect(value, &mut found, 0);
    found
}

/// `_awaiters(future, /)`
pub(super) fn awaiters(vm: &mut Vm, args: &[Value]) -> R {
    script::list(vm, awaiters_of(&args[0]))
}
