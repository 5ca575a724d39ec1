//! `_bisect`: binary search. Items, keys and comparisons may be script, so that it runs in frames.

use crate::builtins::arguments::int;
use crate::builtins::functions::{outcome, received};
use crate::heap::Value;
use crate::object::compare::simple_less;
use crate::object::int::IntView;
use crate::object::list::List;
use crate::object::native::{Args, Def, Input, ModuleDef, NativeFrame, R, Step};
use crate::vm::Vm;
use crate::vm::compare::CompareOp;

/// `_bisect`
pub static MODULE: ModuleDef = ModuleDef {
    name: "_bisect",
    doc: "Finds the place of an item in a sorted list.",
    functions: &[
        RIGHT,
        LEFT,
        Def {
            sig: "bisect(a, x, lo=0, hi=None, *, key=None)",
            ..RIGHT
        },
        INSORT_RIGHT,
        INSORT_LEFT,
        Def {
            sig: "insort(a, x, lo=0, hi=None, *, key=None)",
            ..INSORT_RIGHT
        },
    ],
    types: &[],
    setup: None,
};

const RIGHT: Def = Def::frame(
    "bisect_right(a, x, lo=0, hi=None, *, key=None)",
    EXTRA,
    |vm, f, i| {
        search(
            vm,
            f,
            i,
            Wanted {
                left: false,
                insert: false,
            },
        )
    },
)
.at_once(|vm, args| {
    search_at_once(
        vm,
        args,
        Wanted {
            left: false,
            insert: false,
        },
    )
})
.doc(
    "The last place at which x can be put in without a breach of the order: behind what is equal.",
);
const LEFT: Def = Def::frame("bisect_left(a, x, lo=0, hi=None, *, key=None)", EXTRA, |vm, f, i| {
    search(vm, f, i, Wanted { left: true, insert: false })
})
.at_once(|vm, args| search_at_once(vm, args, Wanted { left: true, insert: false }))
.doc("The first place at which x can be put in without a breach of the order: in front of what is equal.");
const INSORT_RIGHT: Def = Def::frame(
    "insort_right(a, x, lo=0, hi=None, *, key=None)",
    EXTRA,
    |vm, f, i| {
        search(
            vm,
            f,
            i,
            Wanted {
                left: false,
                insert: true,
            },
        )
    },
)
.at_once(|vm, args| {
    search_at_once(
        vm,
        args,
        Wanted {
            left: false,
            insert: true,
        },
    )
})
.doc("Puts x in where the order asks for it, behind what is equal.");
const INSORT_LEFT: Def = Def::frame(
    "insort_left(a, x, lo=0, hi=None, *, key=None)",
    EXTRA,
    |vm, f, i| {
        search(
            vm,
            f,
            i,
            Wanted {
                left: true,
                insert: true,
            },
        )
    },
)
.at_once(|vm, args| {
    search_at_once(
        vm,
        args,
        Wanted {
            left: true,
            insert: true,
        },
    )
})
.doc("Puts x in where the order asks for it, in front of what is equal.");

/// Searches a list whose items can be compared without script code; None where they cannot, or what else is given is not
/// just a list and an item.
fn search_at_once(vm: &mut Vm, args: &[Value], wanted: Wanted) -> Option<R> {
    let [list, x] = args else { return None };
    let list = list.get_exact::<List>()?;
    let place = {
        let items = list.items.borrow();
        let (mut lo, mut hi) = (0, items.len());
        while lo < hi {
            let middle = lo + (hi - lo) / 2;
            let goes_behind = match wanted.left {
                true => simple_less(&items[middle], x)?,
                false => !simple_less(x, &items[middle])?,
            };
            match goes_behind {
                true => lo = middle + 1,
                false => hi = middle,
            }
        }
        lo
    };
    if !wanted.insert {
        return Some(Ok(int(place as i64)));
    }
    let inserted = list.items.borrow_mut().insert(place, x.clone());
    Some(vm.lift(inserted).map(|()| Value::NONE))
}

/// Which of the four functions it is.
#[derive(Clone, Copy)]
struct Wanted {
    left: bool,
    insert: bool,
}

// Registers: the parameters, then what is searched for (its key, for `insort`).
const LIST: usize = 0;
const X: usize = 1;
const LO: usize = 2;
const HI: usize = 3;
const KEY: usize = 4;
const RANK: usize = 5;
const EXTRA: u16 = 1;

/// Where the frame goes on.
mod stage {
    pub const RANK: u8 = 1;
    pub const ITEM: u8 = 2;
    pub const KEY: u8 = 3;
    pub const ANSWER: u8 = 4;
    pub const TRUTH: u8 = 5;
    pub const INSERT: u8 = 6;
    pub const INSERTED: u8 = 7;
}

fn search(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input, wanted: Wanted) -> Step {
    let mut value = match received(input) {
        Ok(Some(value)) => value,
        Ok(None) => {
            frame.state = stage::RANK;
            frame.regs[RANK] = frame.regs[X].clone();
            if wanted.insert && !frame.regs[KEY].is_none() {
                return call_key(frame, stage::RANK, frame.regs[X].clone());
            }
            frame.regs[RANK].clone()
        }
        Err(end) => return end,
    };
    loop {
        let step = match advance(vm, frame, value, wanted) {
            Ok(step) => step,
            Err(raised) => return Step::Raise(raised),
        };
        if frame.state == 0 {
            return step;
        }
        value = match outcome(step) {
            Ok(value) => value,
            Err(wait) => return wait,
        };
    }
}

fn call_key(frame: &mut NativeFrame<'_>, state: u8, item: Value) -> Step {
    frame.state = state;
    let mut args = Args::new();
    args.push(item);
    Step::Call(frame.regs[KEY].clone(), args)
}

/// Takes what the stage waited for; state 0 afterwards means that the step is the result.
fn advance(vm: &mut Vm, frame: &mut NativeFrame<'_>, value: Value, wanted: Wanted) -> R<Step> {
    match frame.state {
        stage::RANK => {
            frame.regs[RANK] = value;
            bounds(vm, frame)?;
            next(vm, frame, wanted)
        }
        stage::ITEM if !frame.regs[KEY].is_none() => Ok(call_key(frame, stage::KEY, value)),
        stage::ITEM | stage::KEY => {
            frame.state = stage::ANSWER;
            let (a, b) = match wanted.left {
                true => (&value, &frame.regs[RANK]),
                false => (&frame.regs[RANK], &value),
            };
            Ok(vm.compare_step(CompareOp::Lt, a, b))
        }
        stage::ANSWER => {
            frame.state = stage::TRUTH;
            Ok(vm.truth_step(&value))
        }
        stage::TRUTH => {
            let (lo, hi) = range(frame);
            let middle = lo + (hi - lo) / 2;
            if value.is_true() == wanted.left {
                frame.regs[LO] = int(middle + 1);
            } else {
                frame.regs[HI] = int(middle);
            }
            next(vm, frame, wanted)
        }
        stage::INSERT => {
            frame.state = stage::INSERTED;
            let args: Args = smallvec::smallvec![frame.regs[LO].clone(), frame.regs[X].clone()];
            Ok(Step::Call(value, args))
        }
        _ => {
            frame.state = 0;
            Ok(Step::Return(Value::NONE))
        }
    }
}

fn range(frame: &NativeFrame<'_>) -> (i64, i64) {
    let at = |i: usize| {
        IntView::of(&frame.regs[i])
            .and_then(|n| n.as_i64())
            .unwrap_or(0)
    };
    (at(LO), at(HI))
}

fn bounds(vm: &mut Vm, frame: &mut NativeFrame<'_>) -> R<()> {
    let lo = vm.index(&frame.regs[LO])?;
    let hi = match frame.regs[HI].is_none() {
        true => -1,
        false => vm.index(&frame.regs[HI])?,
    };
    if lo < 0 {
        return Err(vm.value_error("lo must be non-negative"));
    }
    let hi = if hi == -1 {
        vm.len(&frame.regs[LIST])? as i64
    } else {
        hi
    };
    frame.regs[LO] = int(lo);
    frame.regs[HI] = int(hi);
    Ok(())
}

/// Asks for the item in the middle; or it is found.
fn next(vm: &mut Vm, frame: &mut NativeFrame<'_>, wanted: Wanted) -> R<Step> {
    let (lo, hi) = range(frame);
    if lo < hi {
        frame.state = stage::ITEM;
        let middle = lo + (hi - lo) / 2;
        if let Some(list) = frame.regs[LIST].get_exact::<List>() {
            return match list.get(middle as usize) {
                Some(item) => Ok(Step::Return(item)),
                None => Err(vm.index_error("list index out of range")),
            };
        }
        return Ok(vm.get_item_step(&frame.regs[LIST], &int(middle)));
    }
    if !wanted.insert {
        frame.state = 0;
        return Ok(Step::Return(frame.regs[LO].clone()));
    }
    if let Some(list) = frame.regs[LIST].to_ref::<List>()
        && frame.regs[LIST].is_exact::<List>()
    {
        frame.state = 0;
        let mut items = list.items.borrow_mut();
        let at = (lo as usize).min(items.len());
        let done = items.insert(at, frame.regs[X].clone());
        drop(items);
        return match done {
            Ok(()) => Ok(Step::Return(Value::NONE)),
            Err(_) => Err(vm.memory_error()),
        };
    }
    frame.state = stage::INSERT;
    let name = vm.intern("insert").into_value();
    Ok(vm.get_attr_step(&frame.regs[LIST], &name))
}
