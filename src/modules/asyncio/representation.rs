//! How futures, tasks and handles are shown.

use super::{coroutines, debug, reactions, script, tasks};
use crate::heap::Value;
use crate::object::function::{BoundMethod, Function};
use crate::object::kind;
use crate::object::module::Module;
use crate::object::native::{Def, Native, R};
use crate::object::str::Str;
use crate::object::task::{Future, FutureState, Handle, Task, Waiter};
use crate::vm::Vm;
use crate::vm::text::Text;

/// `repr` of a future or a task.
pub fn of_future(vm: &mut Vm, value: &Value) -> R {
    let name = {
        let class = vm.class_of(value);
        class.name_str()
    };
    let mut text = Text::new();
    vm.guarded(value, &mut text, "...", |vm, text| {
        let info = future_info(vm, value)?;
        vm.push(text, &format!("<{name} {}>", info.join(" ")))
    })?;
    let text = Str::from_wtf8(&text);
    Ok(vm.lift(text)?.into_value())
}

fn future_info(vm: &mut Vm, value: &Value) -> R<Vec<String>> {
    let Some(future) = Future::of(value) else {
        return Ok(Vec::new());
    };
    let mut info = vec![state_word(vm, future)?.to_owned()];
    if let Some(task) = value.get::<Task>() {
        task_info(vm, task, &mut info)?;
    }
    match future.state.get() {
        FutureState::Result => info.push(format!(
            "result={}",
            script::short_repr(vm, &future.outcome())?
        )),
        FutureState::Exception => info.push(format!(
            "exception={}",
            script::repr(vm, &future.outcome())?
        )),
        _ => {}
    }
    let waiters = future.waiters();
    if !waiters.is_empty() {
        info.push(format!("cb=[{}]", callbacks(vm, &waiters)?));
    }
    info.extend(debug::created_at(vm, &future.source())?);
    Ok(info)
}

fn state_word(_: &mut Vm, future: &Future) -> R<&'static str> {
    Ok(match future.state.get() {
        FutureState::Pending if future.cancels.get() > 0 => "cancelling",
        FutureState::Pending => "pending",
        FutureState::Cancelled => "cancelled",
        FutureState::Result | FutureState::Exception => "finished",
    })
}

fn task_info(vm: &mut Vm, task: &Task, info: &mut Vec<String>) -> R<()> {
    info.push(format!(
        "name={}",
        script::repr(vm, &tasks::shown_name(task))?
    ));
    let coro = task.coro.get();
    if !coro.is_none() {
        info.push(format!("coro=<{}>", coroutines::shown(vm, &coro)?));
    }
    let waiter = task.waiter.get();
    if !waiter.is_undef() {
        info.push(format!("wait_for={}", script::repr(vm, &waiter)?));
    }
    Ok(())
}

fn callbacks(vm: &mut Vm, waiters: &[Waiter]) -> R<String> {
    let first = of_waiter(vm, &waiters[0])?;
    Ok(match waiters.len() {
        1 => first,
        2 => format!("{first}, {}", of_waiter(vm, &waiters[1])?),
        n => format!(
            "{first}, <{} more>, {}",
            n - 2,
            of_waiter(vm, &waiters[n - 1])?
        ),
    })
}

fn of_waiter(vm: &mut Vm, waiter: &Waiter) -> R<String> {
    match waiter.how.as_small_int() {
        Some(number) => Ok(reactions::shown(number as u8).to_owned()),
        None => callback(vm, &waiter.target, &Value::UNDEF, false),
    }
}

/// A callable that does what a waiter's native reaction does, for `_callbacks`.
pub fn waiter_callable(vm: &mut Vm, waiter: &Waiter) -> Value {
    // Who compares with the function of that name has loaded its module.
    let stops = waiter.how.as_small_int() == Some(i64::from(reactions::STOP));
    if stops
        && let Some(module) = script::loaded_module(vm, "asyncio.base_events")
        && let Some(module) = module.get::<Module>()
        && let Some(function) = module.namespace.get_name("_run_until_complete_cb")
    {
        return function;
    }
    match waiter.how.as_small_int() {
        Some(0) => script::bound(&tasks::WAKEUP, waiter.target.clone()),
        Some(number) => {
            let pair = script::tuple(vec![script::int(number), waiter.target.clone()]);
            script::bound(&reactions::REACT, pair)
        }
        None => waiter.target.clone(),
    }
}

/// A callback with where it was defined: `f() at FILE:LINE`. In debug mode its arguments are shown.
pub fn callback(vm: &mut Vm, function: &Value, args: &Value, debug: bool) -> R<String> {
    if let Some(native) = function.get::<Native>() {
        if std::ptr::eq(native.def, &tasks::STEP) {
            let address = vm.address(function);
            let args = arguments(vm, args, debug)?;
            return Ok(format!(
                "<_asyncio.TaskStepMethWrapper object at {address}>{args}"
            ));
        }
        if std::ptr::eq(native.def, &tasks::WAKEUP) {
            let name = vm.type_name(&native.bound);
            let name = name.rsplit('.').next().unwrap_or(&name);
            return Ok(format!("{name}.task_wakeup{}", arguments(vm, args, debug)?));
        }
        if let Some(text) = own_callback(native) {
            return Ok(text);
        }
    }
    let mut text = call_text(vm, function, args, debug, "")?;
    if let Some((file, line)) = source_of(vm, function)? {
        text += &format!(" at {file}:{line}");
    }
    Ok(text)
}

/// How CPython's callback is shown that one of ours stands for.
fn own_callback(native: &Native) -> Option<String> {
    let is = |def: &'static Def| std::ptr::eq(native.def, def);
    let (number, _) = script::numbered(&native.bound);
    if is(&reactions::REACT) {
        return Some(reactions::shown(number).to_owned());
    }
    if is(&reactions::CALL) {
        return Some(format!("{}()", reactions::call_name(number)));
    }
    None
}

fn call_text(vm: &mut Vm, function: &Value, args: &Value, debug: bool, suffix: &str) -> R<String> {
    let own = arguments(vm, args, debug)?;
    if let Some(inner) = partial_function(vm, function)? {
        let inner_args = script::attr(vm, function, "args")?;
        return call_text(vm, &inner, &inner_args, debug, &format!("{own}{suffix}"));
    }
    for attribute in ["__qualname__", "__name__"] {
        if let Some(name) = script::attr_or_none(vm, function, attribute)? {
            let name = script::as_text(&name);
            if !name.is_empty() {
                return Ok(format!("{name}{own}{suffix}"));
            }
        }
    }
    Ok(format!("{}{own}{suffix}", script::repr(vm, function)?))
}

fn arguments(vm: &mut Vm, args: &Value, debug: bool) -> R<String> {
    if !debug {
        return Ok("()".to_owned());
    }
    let mut shown = Vec::new();
    for item in script::tuple_items(args) {
        shown.push(script::short_repr(vm, &item)?);
    }
    Ok(format!("({})", shown.join(", ")))
}

/// What a `functools.partial` calls.
fn partial_function(vm: &mut Vm, function: &Value) -> R<Option<Value>> {
    let class = vm.class_of(function);
    if class.layout == kind::PARTIAL || class.name_str() == "partial" {
        return script::attr_or_none(vm, function, "func");
    }
    Ok(None)
}

fn source_of(vm: &mut Vm, function: &Value) -> R<Option<(String, u32)>> {
    let mut function = function.clone();
    while let Some(wrapped) = if function.is_kind::<Function>() {
        script::attr_or_none(vm, &function, "__wrapped__")?
    } else {
        None
    } {
        function = wrapped;
    }
    if function.is_kind::<BoundMethod>() || function.is_kind::<Native>() {
        return Ok(None);
    }
    if let Some(function) = function.get::<Function>() {
        return Ok(Some(script::definition_of(function)));
    }
    match partial_function(vm, &function)? {
        Some(inner) => source_of(vm, &inner),
        None => Ok(None),
    }
}

/// `repr` of a handle.
pub fn of_handle(vm: &mut Vm, value: &Value) -> R {
    let Some(handle) = Handle::of(value) else {
        return Ok(script::text("<Handle>"));
    };
    let shown = handle.shown();
    if !shown.is_none() {
        return Ok(shown);
    }
    let mut info = vec![vm.class_of(value).name_str()];
    if handle.cancelled.get() {
        info.push("cancelled".to_owned());
    }
    if value.is_kind::<crate::object::task::TimerHandle>() {
        let when = script::repr(vm, &script::float(handle.when.get()))?;
        info.push(format!("when={when}"));
    }
    let function = handle.callback.get();
    if !function.is_none() {
        let debug = debug::is_on_anywhere(vm, handle.owner.as_value())?;
        info.push(callback(vm, &function, &handle.args.get(), debug)?);
    }
    info.extend(debug::created_at(vm, &handle.source())?);
    Ok(script::text(&format!("<{}>", info.join(" "))))
}
