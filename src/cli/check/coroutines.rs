//! Coroutines, tasks and calls that block: what goes wrong around the event loop.

use super::arity;
use super::finding::Finding;
use super::model::{Binding, Call, Model, ScopeId, ScopeKind, guards};
use super::rules::Rule;
use crate::source::SourceFile;
use crate::syntax::ast::{ClassDef, Constant, Expr, ExprKind, FunctionDef, Int};

/// The coroutine functions of asyncio.
const OF_ASYNCIO: &[&str] = &[
    "asyncio.sleep",
    "asyncio.wait",
    "asyncio.wait_for",
    "asyncio.to_thread",
    "asyncio.open_connection",
    "asyncio.start_server",
    "asyncio.open_unix_connection",
    "asyncio.start_unix_server",
    "asyncio.create_subprocess_exec",
    "asyncio.create_subprocess_shell",
    "asyncio.tasks.sleep",
    "asyncio.tasks.wait",
    "asyncio.tasks.wait_for",
    "asyncio.threads.to_thread",
    "asyncio.streams.open_connection",
    "asyncio.streams.start_server",
];

/// What stops the loop, and what does not.
const BLOCKING: &[(&str, &str)] = &[
    ("time.sleep", "await asyncio.sleep(...)"),
    ("os.system", "await asyncio.create_subprocess_shell(...)"),
    (
        "subprocess.run",
        "await asyncio.create_subprocess_exec(...)",
    ),
    (
        "subprocess.call",
        "await asyncio.create_subprocess_exec(...)",
    ),
    (
        "subprocess.check_call",
        "await asyncio.create_subprocess_exec(...)",
    ),
    (
        "subprocess.check_output",
        "await asyncio.create_subprocess_exec(...)",
    ),
    (
        "subprocess.getoutput",
        "await asyncio.create_subprocess_shell(...)",
    ),
    (
        "subprocess.getstatusoutput",
        "await asyncio.create_subprocess_shell(...)",
    ),
    ("urllib.request.urlopen", ""),
    ("urllib.request.urlretrieve", ""),
    ("requests.get", ""),
    ("requests.post", ""),
    ("requests.put", ""),
    ("requests.patch", ""),
    ("requests.delete", ""),
    ("requests.head", ""),
    ("requests.options", ""),
    ("requests.request", ""),
];

/// What starts a task that only its result refers to.
const STARTING: &[&str] = &["asyncio.create_task", "asyncio.tasks.create_task"];

/// The same, if it is given a coroutine.
const ENSURING: &[&str] = &["asyncio.ensure_future", "asyncio.tasks.ensure_future"];

/// What a loop comes from.
const LOOPS: &[&str] = &[
    "asyncio.get_running_loop",
    "asyncio.get_event_loop",
    "asyncio.new_event_loop",
];

/// HS301, HS302 and HS303.
pub fn check(model: &Model<'_>, file: &SourceFile, found: &mut Vec<Finding>) {
    for call in &model.calls {
        let checks = [never_awaited, blocking, dropped];
        found.extend(checks.iter().filter_map(|check| check(model, file, call)));
    }
}

/// Whether a file replaces a function of a module, or has it replaced by its name.
fn is_replaced(model: &Model<'_>, file: &SourceFile, path: &str) -> bool {
    let attr = path.rsplit('.').next().unwrap_or(path);
    model.stored_attributes.contains(attr)
        || ['"', '\'']
            .iter()
            .any(|quote| file.text().contains(&format!("{quote}{path}{quote}")))
}

// A coroutine that is never awaited.

fn never_awaited(model: &Model<'_>, file: &SourceFile, call: &Call<'_>) -> Option<Finding> {
    if !call.is_statement || call.site.guards & guards::TYPE != 0 {
        return None;
    }
    let name = file.slice(call.func.span);
    if !makes_coroutine(model, file, call) {
        return None;
    }
    let message = format!("the coroutine that '{name}' makes is never awaited: nothing of it runs");
    let help = match model.is_async(call.site.scope) {
        true => format!("write 'await {name}(...)', or keep 'asyncio.create_task({name}(...))'"),
        false => {
            format!("'asyncio.run({name}(...))' runs it, 'await' does inside an async function")
        }
    };
    Some(Finding::new(Rule::NeverAwaited, call.span, message).with_help(help))
}

/// Whether what is called makes a coroutine.
fn makes_coroutine(model: &Model<'_>, file: &SourceFile, call: &Call<'_>) -> bool {
    match model.qualified(call.func, call.site.scope) {
        Some(path) => {
            // Without arguments they all refuse to be called.
            OF_ASYNCIO.contains(&&*path)
                && !call.args.is_empty()
                && !is_replaced(model, file, &path)
        }
        None => calls_own_coroutine(model, call),
    }
}

/// Whether the file itself defines what is called as a coroutine function, beyond doubt.
fn calls_own_coroutine(model: &Model<'_>, call: &Call<'_>) -> bool {
    let (def, bound) = match &call.func.kind {
        ExprKind::Name { id, .. } => match model.meaning(id, call.site.scope) {
            Some(&Binding::Function(body)) => (coroutine_function(model, body), 0),
            _ => return false,
        },
        ExprKind::Attribute { value, attr, .. } => {
            let ExprKind::Name { id, .. } = &value.kind else {
                return false;
            };
            (method(model, call.site.scope, id, attr), 1)
        }
        _ => return false,
    };
    def.is_some_and(|def| {
        let bound = if is_static(def) { 0 } else { bound };
        arity::accepts(&def.args, bound, call)
    })
}

/// The function with this body, if a call of it makes a coroutine.
fn coroutine_function<'a>(model: &Model<'a>, body: ScopeId) -> Option<&'a FunctionDef> {
    let scope = &model.scopes[body];
    let ScopeKind::Function {
        def,
        is_async: true,
    } = scope.kind
    else {
        return None;
    };
    let plain = def.decorator_list.iter().all(is_harmless);
    (plain && !scope.yields).then_some(def)
}

/// Decorators behind which a coroutine function is still one.
fn is_harmless(decorator: &Expr) -> bool {
    let name = match &decorator.kind {
        ExprKind::Name { id, .. } => id,
        ExprKind::Attribute { attr, .. } => attr,
        _ => return false,
    };
    matches!(
        &**name,
        "staticmethod" | "classmethod" | "abstractmethod" | "override" | "final"
    )
}

fn is_static(def: &FunctionDef) -> bool {
    def.decorator_list.iter().any(
        |decorator| matches!(&decorator.kind, ExprKind::Name { id, .. } if &**id == "staticmethod"),
    )
}

/// The coroutine function that `self.name` is in a method, if nothing in the file makes it another.
fn method<'a>(
    model: &Model<'a>,
    from: ScopeId,
    receiver: &str,
    name: &str,
) -> Option<&'a FunctionDef> {
    let (owner, _) = model.lookup(receiver, from)?;
    let ScopeKind::Function { def, .. } = model.scopes[owner].kind else {
        return None;
    };
    let first = def.args.posonlyargs.iter().chain(&def.args.args).next()?;
    let alone = model.scopes[owner].names.get(receiver)?.len() == 1;
    if &*first.arg != receiver || !alone || is_static(def) {
        return None;
    }
    let class = model.scopes[owner].parent;
    let ScopeKind::Class(class_def) = model.scopes[class].kind else {
        return None;
    };
    if !is_plain_class(class_def) || model.stored_attributes.contains(name) {
        return None;
    }
    // A subclass may have a plain function of that name.
    let everywhere = model
        .scopes
        .iter()
        .filter(|scope| matches!(scope.kind, ScopeKind::Class(_)));
    let mut all = everywhere.filter_map(|scope| scope.names.get(name));
    let is_coroutine = |bindings: &Vec<Binding<'_>>| matches!(bindings[..], [Binding::Function(body)] if coroutine_function(model, body).is_some());
    if !all.all(is_coroutine) {
        return None;
    }
    match model.scopes[class].names.get(name)?[..] {
        [Binding::Function(body)] => coroutine_function(model, body),
        _ => None,
    }
}

/// A class whose decorators leave its methods alone.
fn is_plain_class(def: &ClassDef) -> bool {
    def.decorator_list.iter().all(|decorator| {
        let func = match &decorator.kind {
            ExprKind::Call { func, .. } => func,
            _ => decorator,
        };
        let (ExprKind::Name { id: name, .. } | ExprKind::Attribute { attr: name, .. }) = &func.kind
        else {
            return false;
        };
        matches!(
            &**name,
            "dataclass" | "final" | "total_ordering" | "unique" | "runtime_checkable"
        )
    })
}

// A call that blocks.

fn blocking(model: &Model<'_>, file: &SourceFile, call: &Call<'_>) -> Option<Finding> {
    if !model.is_async(call.site.scope) {
        return None;
    }
    let is_input = matches!(&call.func.kind, ExprKind::Name { id, .. } if &**id == "input")
        && model.lookup("input", call.site.scope).is_none()
        && !model.has_star
        && !model.is_dynamic;
    let (path, instead) = match is_input {
        true => ("input".to_owned(), "await asyncio.to_thread(input, ...)"),
        false => {
            let path = model.qualified(call.func, call.site.scope)?;
            let (_, instead) = BLOCKING.iter().find(|(known, _)| *known == path)?;
            (path, *instead)
        }
    };
    // What can be awaited is some other module of that name.
    let is_other = call.is_awaited && path.starts_with("requests.");
    if is_other || is_replaced(model, file, &path) || path == "time.sleep" && is_zero(call) {
        return None;
    }
    let message = format!("'{path}' stops the event loop: no other task runs until it returns");
    let help = match instead {
        "" => format!("'await asyncio.to_thread({path}, ...)' has it done in a thread"),
        _ => format!("write '{instead}'"),
    };
    Some(Finding::new(Rule::BlockingCall, call.span, message).with_help(help))
}

/// `sleep(0)` gives only the processor away.
fn is_zero(call: &Call<'_>) -> bool {
    let zero = |arg: &Expr| match &arg.kind {
        ExprKind::Constant { value, .. } => match value {
            Constant::Int(Int::Small(0)) => true,
            Constant::Float(number) => *number == 0.0,
            _ => false,
        },
        _ => false,
    };
    call.args.first().is_some_and(zero)
}

// A task that nobody keeps.

fn dropped(model: &Model<'_>, file: &SourceFile, call: &Call<'_>) -> Option<Finding> {
    if !call.is_statement || call.site.guards & (guards::TYPE | guards::RUNTIME) != 0 {
        return None;
    }
    let first = call.args.first()?;
    let starts = match model.qualified(call.func, call.site.scope) {
        Some(path) => {
            let known = STARTING.contains(&&*path)
                || ENSURING.contains(&&*path)
                    && inner_call(model, first)
                        .is_some_and(|inner| makes_coroutine(model, file, inner));
            known && !is_replaced(model, file, &path)
        }
        None => is_of_loop(model, call),
    };
    if !starts {
        return None;
    }
    let name = file.slice(call.func.span);
    let message = format!("nothing refers to the task that '{name}' starts");
    let help = "keep it in a variable or a set until it is done, or use 'async with asyncio.TaskGroup()': \
                a task that nothing refers to may be collected before it is done, and nobody sees how it ends";
    Some(Finding::new(Rule::DroppedTask, call.span, message).with_help(help))
}

/// The call that an argument is.
fn inner_call<'m, 'a>(model: &'m Model<'a>, argument: &Expr) -> Option<&'m Call<'a>> {
    model.calls.iter().find(|call| call.span == argument.span)
}

/// `loop.create_task`, where `loop` surely is one.
fn is_of_loop(model: &Model<'_>, call: &Call<'_>) -> bool {
    let ExprKind::Attribute { value, attr, .. } = &call.func.kind else {
        return false;
    };
    &**attr == "create_task"
        && match &value.kind {
            ExprKind::Call { .. } => makes_loop(model, value, call.site.scope),
            ExprKind::Name { id, .. } => model.lookup(id, call.site.scope).is_some_and(|(scope, bindings)| {
                let is_loop = |binding: &Binding<'_>| {
                    matches!(binding, Binding::Value(value) if makes_loop(model, value, scope))
                };
                bindings.iter().all(is_loop)
            }),
            _ => false,
        }
}

fn makes_loop(model: &Model<'_>, value: &Expr, from: ScopeId) -> bool {
    let ExprKind::Call { func, args, .. } = &value.kind else {
        return false;
    };
    let path = model.qualified(func, from);
    args.is_empty() && path.is_some_and(|path| LOOPS.contains(&&*path))
}
