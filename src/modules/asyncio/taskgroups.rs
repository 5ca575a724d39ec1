//! `asyncio.TaskGroup`.

use std::cell::{Cell, RefCell};

use super::exceptions::is_cancelled_error;
use super::{current, debug, events, futures, reactions, report, script, tasks, waiting};
use crate::heap::{Field, Ref, Value};
use crate::object::class::class_flags;
use crate::object::exception::Exception;
use crate::object::kind;
use crate::object::native::{Attribute, Def, Input, NativeFrame, R, Raised, Step, TypeDef};
use crate::object::task::{Future, FutureState, Task};
use crate::object::traced::traced_object;
use crate::vm::Vm;
use crate::vm::class::DICT;
use crate::vm::types::Known;

traced_object! {
    /// `asyncio.TaskGroup`
    pub struct TaskGroup: TASK_GROUP, attributes in attributes; {
        /// Its block was entered.
        entered: Cell<bool>,
        /// Its block was left.
        exiting: Cell<bool>,
        /// It cancels its tasks.
        aborting: Cell<bool>,
        /// It cancelled its parent.
        parent_cancelled: Cell<bool>,
        /// `cancel` was called.
        dismissed: Cell<bool>,
        /// How many tasks are not done.
        left: Cell<usize>,
        /// The tasks, those that are done included until the list is tidied up.
        members: RefCell<Vec<Value>>,
        /// What its tasks raised.
        errors: RefCell<Vec<Value>>,
        /// A SystemExit or KeyboardInterrupt, or Undef.
        base_error: Field,
        /// The loop, or Undef.
        owner: Field,
        /// The task whose block it is, or Undef.
        parent: Field,
        /// The future that ends with the last task, or Undef.
        completed: Field,
        /// Attributes that a script set.
        attributes: Field,
    }
}

fn this(vm: &mut Vm, value: &Value) -> R<Ref<TaskGroup>> {
    match value.to_ref::<TaskGroup>() {
        Some(group) => Ok(group),
        None => Err(script::error(
            vm,
            Known::TypeError,
            "a TaskGroup was expected",
        )),
    }
}

fn new(vm: &mut Vm, args: &[Value]) -> R {
    let shape = vm.shape_for_new(&args[0], &TASK_GROUP)?;
    let no = || Cell::new(false);
    let group = TaskGroup::alloc(
        shape,
        no(),
        no(),
        no(),
        no(),
        no(),
        Cell::new(0),
        RefCell::default(),
        RefCell::default(),
        Field::undef(),
        Field::undef(),
        Field::undef(),
        Field::undef(),
        Field::undef(),
    );
    Ok(group.into_value())
}

fn init(_: &mut Vm, _: &[Value]) -> R {
    Ok(Value::NONE)
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let group = this(vm, &args[0])?;
    let mut text = "<TaskGroup".to_owned();
    if group.left.get() > 0 {
        text += &format!(" tasks={}", group.left.get());
    }
    let errors = group.errors.borrow().len();
    if errors > 0 {
        text += &format!(" errors={errors}");
    }
    if group.aborting.get() {
        text += " cancelling";
    } else if group.entered.get() {
        text += " entered";
    }
    Ok(script::text(&(text + ">")))
}

fn refuse(vm: &mut Vm, group: &Value, what: &str) -> Raised {
    match script::repr(vm, group) {
        Ok(shown) => script::error(
            vm,
            Known::RuntimeError,
            &format!("TaskGroup {shown} {what}"),
        ),
        Err(raised) => raised,
    }
}

// ----- entering -------------------------------------------------------------------------

fn aenter(vm: &mut Vm, frame: &mut NativeFrame<'_>, _: Input) -> Step {
    enter(vm, &frame.regs[0]).into()
}

fn enter(vm: &mut Vm, value: &Value) -> R {
    let group = this(vm, value)?;
    if group.entered.get() {
        return Err(refuse(vm, value, "has already been entered"));
    }
    if group.owner.is_undef() {
        let owner = events::running(vm)?;
        group.owner.set(owner);
    }
    let parent = current::task(vm, &group.owner.get());
    if parent.is_none() {
        return Err(refuse(vm, value, "cannot determine the parent task"));
    }
    group.parent.set(parent);
    group.entered.set(true);
    if group.dismissed.get() {
        dismiss(vm, &group)?;
    }
    Ok(value.clone())
}

/// `cancel(self)`, of Python 3.15: ends the group early, without an exception.
fn cancel(vm: &mut Vm, args: &[Value]) -> R {
    let group = this(vm, &args[0])?;
    group.dismissed.set(true);
    let over = group.exiting.get() && group.left.get() == 0;
    // Before it is entered it is only marked.
    if group.entered.get() && !over {
        dismiss(vm, &group)?;
    }
    Ok(Value::NONE)
}

/// Cancels the tasks that are left, and the block if it is not left.
fn dismiss(vm: &mut Vm, group: &Ref<TaskGroup>) -> R<()> {
    if !group.aborting.get() {
        abort(vm, group)?;
    }
    if !group.exiting.get() && !group.parent_cancelled.replace(true) {
        futures::cancel(vm, &group.parent.get(), &Value::NONE)?;
    }
    Ok(())
}

// ----- create_task ---------------------------------------------------------------------------

/// `create_task(self, coro, *, name=None, context=None, **kwargs)`
fn create_task(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match (frame.state, input) {
        (0, _) => {
            frame.state = 1;
            begin_task(vm, frame).unwrap_or_else(Step::Raise)
        }
        (_, Input::Value(task)) => adopt(vm, &frame.regs[0], task).into(),
        (_, Input::Raised(raised)) => Step::Raise(raised),
        _ => Step::Return(Value::NONE),
    }
}

fn begin_task(vm: &mut Vm, frame: &mut NativeFrame<'_>) -> R<Step> {
    let group = this(vm, &frame.regs[0])?;
    let refused = if !group.entered.get() {
        Some("has not been entered")
    } else if group.exiting.get() && group.left.get() == 0 {
        Some("is finished")
    } else if group.aborting.get() {
        Some("is shutting down")
    } else {
        None
    };
    let coro = frame.regs[1].clone();
    if let Some(what) = refused {
        script::call_method(vm, &coro, "close", &[])?;
        return Err(refuse(vm, &frame.regs[0], what));
    }
    let regs = &frame.regs;
    let how = (regs[2].clone(), regs[3].clone(), regs[4].clone());
    match waiting::create_task_step(vm, &group.owner.get(), coro, how, debug::GROUP_TASK)? {
        Step::Return(task) => adopt(vm, &frame.regs[0], task).map(Step::Return),
        step => Ok(step),
    }
}

/// A new task belongs to the group.
fn adopt(vm: &mut Vm, value: &Value, task: Value) -> R {
    let group = this(vm, value)?;
    let Some(future) = Future::to_ref(&task) else {
        let callback = waiting::reaction_callable(reactions::GROUP, value.clone());
        remember(&group, &task);
        script::call_method(vm, &task, "add_done_callback", &[callback])?;
        return Ok(task);
    };
    if future.is_pending() {
        remember(&group, &task);
        futures::when_done(vm, &future, reactions::GROUP, value.clone())?;
    } else {
        settle(vm, &group, &future)?;
    }
    Ok(task)
}

/// Keeps a task; those that are done leave the list when they are more than half of it.
fn remember(group: &TaskGroup, task: &Value) {
    let left = group.left.get() + 1;
    group.left.set(left);
    let mut members = group.members.borrow_mut();
    let mut gone = Vec::new();
    if members.len() > 64 + 2 * left {
        let all = std::mem::take(&mut *members);
        let (kept, done) = all
            .into_iter()
            .partition(|task| Future::of(task).is_none_or(Future::is_pending));
        (*members, gone) = (kept, done);
    }
    members.push(task.clone());
    drop(members);
    drop(gone);
}

/// A task of the group is done.
pub fn task_done(vm: &mut Vm, target: &Value, task: &Ref<Future>) -> R<()> {
    let Some(group) = target.to_ref::<TaskGroup>() else {
        return Ok(());
    };
    group.left.set(group.left.get().saturating_sub(1));
    settle(vm, &group, task)
}

fn settle(vm: &mut Vm, group: &Ref<TaskGroup>, task: &Ref<Future>) -> R<()> {
    if group.left.get() == 0 {
        let done = std::mem::take(&mut *group.members.borrow_mut());
        drop(done);
        if let Some(completed) = Future::to_ref(group.completed.as_value()) {
            futures::finish_unless_done(vm, &completed, Value::TRUE)?;
        }
    }
    if task.state.get() != FutureState::Exception {
        return Ok(());
    }
    let exception = futures::exception(vm, task)?;
    group.errors.borrow_mut().push(exception.clone());
    if script::ends_loop(vm, &exception) && group.base_error.is_undef() {
        group.base_error.set(exception.clone());
    }
    let parent = group.parent.get();
    if Future::of(&parent).is_some_and(|p| !p.is_pending()) {
        let (task_shown, parent_shown) = (
            script::repr(vm, &task.value())?,
            script::str_of(vm, &parent)?,
        );
        let text = format!(
            "Task {task_shown} has errored out but its parent task {parent_shown} is already completed"
        );
        let parts = [("exception", exception), ("task", task.value())];
        return report::report(vm, &group.owner.get(), &text, &parts);
    }
    if !group.aborting.get() && !group.parent_cancelled.get() {
        abort(vm, group)?;
        group.parent_cancelled.set(true);
        futures::cancel(vm, &parent, &Value::NONE)?;
    }
    Ok(())
}

fn abort(vm: &mut Vm, group: &TaskGroup) -> R<()> {
    group.aborting.set(true);
    let members = group.members.borrow().clone();
    for task in &members {
        if Future::of(task).is_none_or(Future::is_pending) {
            futures::cancel(vm, task, &Value::NONE)?;
        }
    }
    Ok(())
}

// ----- leaving ----------------------------------------------------------------------------------

/// `__aexit__(self, et, exc, tb)`: then the cancellation to pass on.
const EXCEPTION: usize = 2;
const PROPAGATE: usize = 4;

fn aexit(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let answer = if frame.state == 0 {
        begin_exit(vm, frame)
    } else {
        woken(vm, frame, input)
    };
    match answer.and_then(|()| wait_or_end(vm, frame)) {
        Ok(step) => step,
        Err(raised) => Step::Raise(raised),
    }
}

fn begin_exit(vm: &mut Vm, frame: &mut NativeFrame<'_>) -> R<()> {
    frame.state = 1;
    let group = this(vm, &frame.regs[0])?;
    group.exiting.set(true);
    let exception = frame.regs[EXCEPTION].clone();
    if exception.is_none() {
        return Ok(());
    }
    if script::ends_loop(vm, &exception) && group.base_error.is_undef() {
        group.base_error.set(exception.clone());
    }
    if is_cancelled_error(vm, &exception) {
        frame.regs[PROPAGATE] = exception;
    }
    if !group.aborting.get() {
        abort(vm, &group)?;
    }
    Ok(())
}

/// The future that ends with the last task has ended, or the wait was cancelled.
fn woken(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> R<()> {
    let group = this(vm, &frame.regs[0])?;
    if let Input::Raised(raised) = input {
        if !is_cancelled_error(vm, &raised.0) {
            return Err(raised);
        }
        if !group.aborting.get() {
            frame.regs[PROPAGATE] = raised.0;
            abort(vm, &group).inspect_err(|failed| {
                // The cancellation is being handled meanwhile.
                let fresh = failed.0.get::<Exception>();
                if fresh.is_some_and(|e| e.context.as_value().is_none()) {
                    script::set_context(&failed.0, frame.regs[PROPAGATE].clone());
                }
            })?;
        }
    }
    group.completed.take();
    Ok(())
}

fn wait_or_end(vm: &mut Vm, frame: &mut NativeFrame<'_>) -> R<Step> {
    let group = this(vm, &frame.regs[0])?;
    if group.left.get() > 0 {
        if group.completed.is_undef() {
            let future = debug::made_by(vm, debug::GROUP_END, group.owner.get())?;
            group.completed.set(future.into_value());
        }
        return Ok(Step::Await(group.completed.get()));
    }
    let ended = end(vm, &group, frame);
    // The exception's traceback leads to who holds the group: it keeps none of them.
    group.errors.take();
    group.base_error.take();
    group.parent.take();
    ended
}

fn end(vm: &mut Vm, group: &Ref<TaskGroup>, frame: &mut NativeFrame<'_>) -> R<Step> {
    let base_error = group.base_error.take();
    if !base_error.is_undef() {
        vm.set_context(&base_error, vm.frame);
        return Err(Raised(base_error));
    }
    let parent = group.parent.get();
    let mut propagate = std::mem::take(&mut frame.regs[PROPAGATE]);
    if group.parent_cancelled.get() && uncancel(vm, &parent)? == 0 {
        propagate = Value::UNDEF;
    }
    if !propagate.is_undef() && group.errors.borrow().is_empty() {
        vm.set_context(&propagate, vm.frame);
        return Err(Raised(propagate));
    }
    let exception = frame.regs[EXCEPTION].clone();
    if !exception.is_none() && !is_cancelled_error(vm, &exception) {
        group.errors.borrow_mut().push(exception);
    }
    let errors = std::mem::take(&mut *group.errors.borrow_mut());
    if errors.is_empty() {
        // The cancellation by `cancel` is nobody else's affair.
        return Ok(Step::Return(match group.dismissed.get() {
            true => Value::TRUE,
            false => Value::NONE,
        }));
    }
    if let Some(task) = parent.get::<Task>()
        && task.future.cancels.get() > 0
    {
        // The count stays what it was, and the cancellation comes at the next await.
        tasks::uncancel(task);
        tasks::cancel(vm, &parent, &Value::NONE)?;
    }
    let errors = script::list(vm, errors)?;
    let message = script::text("unhandled errors in a TaskGroup");
    let made = script::error_called(vm, Known::BaseExceptionGroup, &[message, errors])?;
    script::raise_from_none(&made);
    Err(Raised(made))
}

fn uncancel(vm: &mut Vm, parent: &Value) -> R<i64> {
    match parent.get::<Task>() {
        Some(task) => Ok(i64::from(tasks::uncancel(task))),
        None => Ok(script::call_method(vm, parent, "uncancel", &[])?
            .as_small_int()
            .unwrap_or(0)),
    }
}

fn aborting(vm: &mut Vm, value: &Value) -> R {
    Ok(Value::bool(this(vm, value)?.aborting.get()))
}

fn members(vm: &mut Vm, value: &Value) -> R {
    let all = this(vm, value)?.members.borrow().clone();
    let live = all
        .into_iter()
        .filter(|task| Future::of(task).is_none_or(Future::is_pending))
        .collect();
    script::set(vm, live)
}

/// `asyncio.TaskGroup`
pub static TASK_GROUP: TypeDef = TypeDef {
    flags: class_flags::BASE | class_flags::WEAKREF | class_flags::HAS_DICT,
    new: Some(Def::leaf("__new__(cls, /, *args, **kwargs)", new).stat()),
    methods: &[
        Def::leaf("__init__(self)", init),
        Def::leaf("__repr__(self)", repr),
        Def::coroutine("__aenter__(self)", 0, aenter),
        Def::coroutine("__aexit__(self, et, exc, tb)", 1, aexit),
        Def::leaf("cancel(self)", cancel),
        Def::frame(
            "create_task(self, coro, *, name=None, context=None, **kwargs=Undef)",
            0,
            create_task,
        ),
    ],
    attributes: &[
        DICT,
        Attribute::get("_aborting", aborting),
        Attribute::get("_tasks", members),
    ],
    ..TypeDef::new("asyncio.taskgroups", "TaskGroup", kind::TASK_GROUP)
};
