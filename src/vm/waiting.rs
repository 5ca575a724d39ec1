//! Waiting for files: a fiber parks, the others go on.

use std::sync::Arc;

use super::Vm;
use crate::host::{Direction, File, poll_now};
use crate::object::native::{Input, Step};

/// How long a wait for what the poller cannot watch sleeps between two looks, in seconds.
const PAUSE: f64 = 0.01;

/// Parks the running fiber until one of these is ready, or the deadline is there. What cannot be
/// watched is looked at again and again.
pub fn park_for(vm: &mut Vm, watches: &[(i32, Direction)], deadline: Option<f64>) -> Step {
    let owner = vm.fiber_owner();
    let mut unwatched = watches.is_empty() && deadline.is_none();
    for (fd, direction) in watches {
        unwatched |= vm.host.poller.watch(*fd, *direction, owner).is_err();
    }
    let next_look = vm.host.clock.monotonic() + PAUSE;
    let deadline = match deadline {
        _ if !unwatched => deadline,
        Some(deadline) => Some(deadline.min(next_look)),
        None if watches.is_empty() => None,
        None => Some(next_look),
    };
    vm.park(deadline, true);
    Step::Park
}

/// Ends what `park_for` began.
pub fn stop_watching(vm: &mut Vm, watches: &[(i32, Direction)]) {
    let owner = vm.fiber_owner();
    for (fd, direction) in watches {
        vm.host.poller.unwatch(*fd, *direction, owner);
    }
}

/// Parks until a file is ready in a direction; None when it is, or need not be waited for.
pub fn wait_for_file(
    vm: &mut Vm,
    file: &Arc<File>,
    direction: Direction,
    input: Input,
) -> Option<Step> {
    let watches = [(file.fileno(), direction)];
    let first = matches!(input, Input::Start);
    if let Input::Raised(raised) = input {
        stop_watching(vm, &watches);
        return Some(Step::Raise(raised));
    }
    let bits = match direction {
        Direction::Read => 0x1,
        Direction::Write => 0x4,
    };
    let ready = poll_now(&[(file.clone(), bits)]).map_or(true, |bits| bits != [0]);
    if ready || !file.may_wait(direction) {
        if !first {
            stop_watching(vm, &watches);
        }
        return None;
    }
    Some(park_for(vm, &watches, None))
}
