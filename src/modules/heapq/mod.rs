//! `_heapq`: priority queues in lists. What compares items may be script, so that all of it runs
//! in frames; between two comparisons the heap lies in its list as CPython would have it.

mod at_once;

use crate::builtins::arguments::shown_type;
use crate::builtins::functions::{outcome, received};
use crate::heap::{Ref, Value};
use crate::object::list::List;
use crate::object::native::{Def, Input, ModuleDef, NativeFrame, R, Step};
use crate::vm::Vm;
use crate::vm::compare::CompareOp;

/// `_heapq`
pub static MODULE: ModuleDef = ModuleDef {
    name: "_heapq",
    doc: "A list that has its smallest item in front.",
    functions: FUNCTIONS,
    types: &[],
    setup: None,
};

static FUNCTIONS: &[Def] = &[
    Def::frame("heappush(heap, item, /)", EXTRA + 2, |vm, f, i| run(vm, f, i, Task::Push))
        .at_once(at_once::push)
        .doc("Puts an item in; the list remains a heap."),
    Def::frame("heappushpop(heap, item, /)", EXTRA + 2, |vm, f, i| run(vm, f, i, Task::PushPop))
        .at_once(at_once::push_pop)
        .doc("Puts an item in and takes the smallest out, in one go."),
    Def::frame("heappop(heap, /)", EXTRA + 3, |vm, f, i| run(vm, f, i, Task::Pop(false)))
        .at_once(at_once::pop)
        .doc("Takes out the smallest item; the others remain a heap."),
    Def::frame("heapreplace(heap, item, /)", EXTRA + 2, |vm, f, i| run(vm, f, i, Task::Replace(false)))
        .at_once(at_once::replace)
        .doc("Takes the smallest item out and puts another in, in one go; the one taken out may be the larger."),
    Def::frame("heapify(heap, /)", EXTRA + 3, |vm, f, i| run(vm, f, i, Task::Heapify(false)))
        .doc("Makes a heap of a list, in place."),
    Def::frame("_heappop_max(heap, /)", EXTRA + 3, |vm, f, i| run(vm, f, i, Task::Pop(true)))
        .doc("heappop() with the largest item in front."),
    Def::frame("_heapreplace_max(heap, item, /)", EXTRA + 2, |vm, f, i| run(vm, f, i, Task::Replace(true)))
        .doc("heapreplace() with the largest item in front."),
    Def::frame("_heapify_max(heap, /)", EXTRA + 3, |vm, f, i| run(vm, f, i, Task::Heapify(true)))
        .doc("heapify() with the largest item in front."),
];

/// What a function of this module does; whether for a heap with its largest item in front.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Task {
    Push,
    PushPop,
    Pop(bool),
    Replace(bool),
    Heapify(bool),
}

impl Task {
    fn largest_first(self) -> bool {
        matches!(
            self,
            Task::Pop(true) | Task::Replace(true) | Task::Heapify(true)
        )
    }

    fn name(self) -> &'static str {
        match self {
            Task::Push => "heappush",
            Task::PushPop => "heappushpop",
            Task::Pop(false) => "heappop",
            Task::Pop(true) => "_heappop_max",
            Task::Replace(false) => "heapreplace",
            Task::Replace(true) => "_heapreplace_max",
            Task::Heapify(false) => "heapify",
            Task::Heapify(true) => "_heapify_max",
        }
    }

    /// Where its argument is, in words.
    fn place(self) -> &'static str {
        match self {
            Task::Pop(_) | Task::Heapify(_) => "argument",
            _ => "argument 1",
        }
    }
}

// Registers: the heap, the item, then what follows.
const HEAP: usize = 0;
const ITEM: usize = 1;
const RESULT: usize = 2;
const POSITION: usize = 3;
const START: usize = 4;
const NEXT: usize = 5;
const LENGTH: usize = 6;
/// Registers beyond the item and the result.
const EXTRA: u16 = 3;

/// States: which comparison was asked; one more, and its answer's truth was.
const RISING: u8 = 1;
const SINKING: u8 = 3;
const FIRST: u8 = 5;

/// What goes on: an item sinks to a leaf, then it rises again.
struct Sift {
    heap: Ref<List>,
    position: usize,
    start: usize,
    /// Where `heapify` goes on below; 0 when nothing is left.
    next: usize,
    length: usize,
}

impl Sift {
    fn load(heap: Ref<List>, frame: &NativeFrame<'_>) -> Sift {
        let at = |i: usize| frame.regs[i].as_small_int().unwrap_or(0) as usize;
        Sift {
            heap,
            position: at(POSITION),
            start: at(START),
            next: at(NEXT),
            length: at(LENGTH),
        }
    }

    fn store(&self, frame: &mut NativeFrame<'_>) {
        let known = [self.position, self.start, self.next, self.length];
        for (i, n) in known.into_iter().enumerate() {
            frame.regs[POSITION + i] = Value::small_int(n as i64).unwrap_or(Value::NONE);
        }
    }

    fn item(&self, i: usize) -> Value {
        self.heap.get(i).unwrap_or(Value::NONE)
    }

    fn swap(&mut self, to: usize) {
        self.heap.items.borrow_mut().swap(to, self.position);
        self.position = to;
    }
}

fn run(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input, task: Task) -> Step {
    let Some(heap) = frame.regs[HEAP].to_ref::<List>() else {
        let (name, place) = (task.name(), task.place());
        let given = shown_type(vm, &frame.regs[HEAP]);
        let text = format!("{name}() {place} must be list, not {given}");
        return Step::Raise(vm.type_error(text));
    };
    let (mut sift, answer) = match received(input) {
        Err(end) => return end,
        Ok(None) => {
            let mut sift = Sift {
                heap,
                position: 0,
                start: 0,
                next: 0,
                length: 0,
            };
            match begin(vm, frame, &mut sift, task) {
                Ok(None) => (sift, None),
                Ok(Some(result)) => return Step::Return(result),
                Err(wait) => return wait,
            }
        }
        Ok(Some(value)) => {
            let sift = Sift::load(heap, frame);
            match answered(vm, frame, value) {
                Ok(answer) => (sift, Some(answer)),
                Err(wait) => return wait,
            }
        }
    };
    if frame.state == 0 {
        frame.state = if task == Task::Push { RISING } else { SINKING };
    }
    match go_on(vm, frame, &mut sift, task, answer) {
        Ok(()) => Step::Return(std::mem::take(&mut frame.regs[RESULT])),
        Err(wait) => {
            sift.store(frame);
            wait
        }
    }
}

/// The truth of what a comparison gave.
fn answered(vm: &mut Vm, frame: &mut NativeFrame<'_>, value: Value) -> Result<bool, Step> {
    if frame.state.is_multiple_of(2) {
        frame.state -= 1;
        return Ok(value.is_true());
    }
    match outcome(vm.truth_step(&value)) {
        Ok(truth) => Ok(truth.is_true()),
        Err(wait) => {
            frame.state += 1;
            Err(wait)
        }
    }
}

/// Whether `a < b`, or what the frame has to wait for.
fn less(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    state: u8,
    a: &Value,
    b: &Value,
) -> Result<bool, Step> {
    frame.state = state;
    vm.count_one().map_err(Step::Raise)?;
    let value = outcome(vm.compare_step(CompareOp::Lt, a, b))?;
    answered(vm, frame, value)
}

/// Prepares the heap. A value inside: the result is known already.
fn begin(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    sift: &mut Sift,
    task: Task,
) -> Result<Option<Value>, Step> {
    frame.regs[RESULT] = Value::NONE;
    match task {
        Task::Push => {
            let item = std::mem::take(&mut frame.regs[ITEM]);
            if sift.heap.push(item).is_err() {
                return Err(Step::Raise(vm.memory_error()));
            }
            sift.position = sift.heap.len() - 1;
        }
        Task::Pop(_) => {
            let Some(last) = sift.heap.pop() else {
                return Err(Step::Raise(vm.index_error("index out of range")));
            };
            if sift.heap.is_empty() {
                return Ok(Some(last));
            }
            frame.regs[RESULT] = exchange(&sift.heap, last);
        }
        Task::Replace(_) => {
            if sift.heap.is_empty() {
                return Err(Step::Raise(vm.index_error("index out of range")));
            }
            let item = std::mem::take(&mut frame.regs[ITEM]);
            frame.regs[RESULT] = exchange(&sift.heap, item);
        }
        Task::PushPop => {
            let Some(first) = sift.heap.get(0) else {
                return Ok(Some(std::mem::take(&mut frame.regs[ITEM])));
            };
            let item = frame.regs[ITEM].clone();
            sift.store(frame);
            return match less(vm, frame, FIRST, &first, &item)? {
                true => push_pop(vm, frame, sift).map(|()| None),
                false => Ok(Some(item)),
            };
        }
        Task::Heapify(_) => {
            let half = sift.heap.len() / 2;
            if half == 0 {
                return Ok(Some(Value::NONE));
            }
            (sift.position, sift.start, sift.next) = (half - 1, half - 1, half - 1);
        }
    }
    sift.length = sift.heap.len();
    Ok(None)
}

/// The item takes the place of the first, which is the result, and has to sink.
fn push_pop(vm: &mut Vm, frame: &mut NativeFrame<'_>, sift: &mut Sift) -> Result<(), Step> {
    if sift.heap.is_empty() {
        return Err(Step::Raise(vm.index_error("index out of range")));
    }
    let item = std::mem::take(&mut frame.regs[ITEM]);
    frame.regs[RESULT] = exchange(&sift.heap, item);
    sift.length = sift.heap.len();
    frame.state = SINKING;
    Ok(())
}

/// Puts an item in front of a heap that has one, and gives the one that was there.
fn exchange(heap: &List, item: Value) -> Value {
    heap.set(0, item).unwrap_or(Value::NONE)
}

/// Moves items until the heap is one again, or a comparison has to wait.
fn go_on(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    sift: &mut Sift,
    task: Task,
    mut answer: Option<bool>,
) -> Result<(), Step> {
    if frame.state == FIRST {
        if answer.take() != Some(true) {
            frame.regs[RESULT] = std::mem::take(&mut frame.regs[ITEM]);
            return Ok(());
        }
        push_pop(vm, frame, sift)?;
    }
    loop {
        if frame.state == SINKING {
            sink(vm, frame, sift, task, answer.take())?;
            frame.state = RISING;
        }
        rise(vm, frame, sift, task, answer.take())?;
        if sift.next == 0 {
            return Ok(());
        }
        sift.next -= 1;
        (sift.position, sift.start) = (sift.next, sift.next);
        frame.state = SINKING;
    }
}

fn changed(vm: &mut Vm, sift: &Sift) -> R<()> {
    if sift.heap.len() != sift.length {
        return Err(vm.runtime_error("list changed size during iteration"));
    }
    Ok(())
}

/// Moves the item down to a leaf, the better child up each time.
fn sink(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    sift: &mut Sift,
    task: Task,
    mut answer: Option<bool>,
) -> Result<(), Step> {
    while sift.position < sift.length / 2 {
        let left = 2 * sift.position + 1;
        let mut child = left;
        if left + 1 < sift.length {
            let left_is_better = match answer.take() {
                Some(answer) => answer,
                None => {
                    let (a, b) = (sift.item(left), sift.item(left + 1));
                    match task.largest_first() {
                        false => less(vm, frame, SINKING, &a, &b)?,
                        true => less(vm, frame, SINKING, &b, &a)?,
                    }
                }
            };
            changed(vm, sift).map_err(Step::Raise)?;
            child += usize::from(!left_is_better);
        }
        sift.swap(child);
    }
    Ok(())
}

/// Moves the item up to where what is above it is no worse.
fn rise(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    sift: &mut Sift,
    task: Task,
    mut answer: Option<bool>,
) -> Result<(), Step> {
    while sift.position > sift.start {
        let above = (sift.position - 1) / 2;
        let better = match answer.take() {
            Some(answer) => answer,
            None => {
                let (item, parent) = (sift.item(sift.position), sift.item(above));
                match task.largest_first() {
                    false => less(vm, frame, RISING, &item, &parent)?,
                    true => less(vm, frame, RISING, &parent, &item)?,
                }
            }
        };
        changed(vm, sift).map_err(Step::Raise)?;
        if !better {
            break;
        }
        sift.swap(above);
    }
    Ok(())
}
