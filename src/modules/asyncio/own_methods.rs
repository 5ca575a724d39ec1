//! Methods of the library's own script classes that natives do in Rust, for as long as they are what the library has
//! made them: a subclass, an attribute of an object or a change of a class has the method called.

use crate::heap::Value;
use crate::object::class::class_flags;
use crate::object::dict::Dict;
use crate::object::function::Function;
use crate::object::native::R;
use crate::vm::Vm;
use crate::vm::standing::is_library;

/// Whether `object.name()` would run the function that the library has under this qualified name.
fn is_own(vm: &mut Vm, object: &Value, name: &str, qualified: &str) -> bool {
    let name = vm.intern(name).into_value();
    let class = vm.class_of(object);
    if class.has(class_flags::GETATTRIBUTE) {
        return false;
    }
    let Some(found) = vm.lookup_in_class(&class, &name) else {
        return false;
    };
    let own = found.get_exact::<Function>().is_some_and(|function| {
        let code = function.current_code();
        *code.plain.qualname == *qualified && is_library(&code.plain)
    });
    own && vm.own_attribute(object, &name).is_none()
}

/// An attribute that is the object's own, or its class's if that is a plain value. None where more than that decides.
fn plain(vm: &mut Vm, object: &Value, name: &str) -> Option<Value> {
    let name = vm.intern(name).into_value();
    let class = vm.class_of(object);
    let inherited = vm.lookup_in_class(&class, &name);
    if inherited.as_ref().is_some_and(Value::is_object) {
        // It may be a descriptor.
        return None;
    }
    vm.own_attribute(object, &name).or(inherited)
}

fn flag(vm: &mut Vm, object: &Value, name: &str) -> Option<bool> {
    let value = plain(vm, object, name)?;
    (value.is_true() || value.is_false()).then(|| value.is_true())
}

/// What `is_closing()` of a transport of the library says.
pub fn is_closing(vm: &mut Vm, transport: &Value) -> Option<bool> {
    if !is_own(vm, transport, "is_closing", "Watched.is_closing") {
        return None;
    }
    flag(vm, transport, "_closing")
}

/// Whether `_drain_helper()` of a protocol of the library would return at once.
pub fn drains_at_once(vm: &mut Vm, protocol: &Value) -> bool {
    is_own(
        vm,
        protocol,
        "_drain_helper",
        "FlowControlMixin._drain_helper",
    ) && flag(vm, protocol, "_connection_lost") == Some(false)
        && flag(vm, protocol, "_paused") == Some(false)
}

/// The clients of a server whose method is the library's, and whether it still listens.
fn clients(vm: &mut Vm, server: &Value, method: &str, qualified: &str) -> Option<(Value, bool)> {
    if !is_own(vm, server, method, qualified) {
        return None;
    }
    let clients = plain(vm, server, "_clients")?;
    let listens = !plain(vm, server, "_sockets")?.is_none();
    clients.is_exact::<Dict>().then_some((clients, listens))
}

fn number(vm: &mut Vm, transport: &Value) -> Value {
    crate::builtins::arguments::int(vm.heap.identity(transport) as i64)
}

/// `server._attach(transport)`
pub fn attach(vm: &mut Vm, server: &Value, transport: &Value) -> R<()> {
    if let Some((clients, true)) = clients(vm, server, "_attach", "Server._attach")
        && let Some(clients) = clients.get::<Dict>()
    {
        let number = number(vm, transport);
        return vm.dict_set(clients, &number, transport.clone());
    }
    super::script::call_method(vm, server, "_attach", std::slice::from_ref(transport)).map(drop)
}

/// `server._detach(transport)`
pub fn detach(vm: &mut Vm, server: &Value, transport: &Value) -> R<()> {
    // A server that listens no more may end with its last client.
    if let Some((clients, true)) = clients(vm, server, "_detach", "Server._detach")
        && let Some(clients) = clients.get::<Dict>()
    {
        let number = number(vm, transport);
        return vm.dict_remove(clients, &number).map(drop);
    }
    super::script::call_method(vm, server, "_detach", std::slice::from_ref(transport)).map(drop)
}
