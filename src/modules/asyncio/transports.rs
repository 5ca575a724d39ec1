//! The methods of a socket's transport, as scripts see them.

use super::selector_events::{
    Transport, close, force_close, is_buffered, maybe_pause, pause_reading, resume_reading, this,
    unsent, wait_for_empty, watch_reading, write, write_eof, writelines,
};
use super::{base_events, script, trsock, watching};
use crate::heap::Value;
use crate::host::Direction;
use crate::object::class::class_flags;
use crate::object::kind;
use crate::object::native::{Attribute, Def, R, TypeDef};
use crate::vm::Vm;
use crate::vm::class::DICT;
use crate::vm::types::Known;

fn close_method(vm: &mut Vm, args: &[Value]) -> R {
    let transport = this(vm, &args[0])?;
    close(vm, &transport)?;
    Ok(Value::NONE)
}

fn abort(vm: &mut Vm, args: &[Value]) -> R {
    let transport = this(vm, &args[0])?;
    force_close(vm, &transport, Value::NONE)?;
    Ok(Value::NONE)
}

fn force_close_method(vm: &mut Vm, args: &[Value]) -> R {
    let transport = this(vm, &args[0])?;
    force_close(vm, &transport, args[1].clone())?;
    Ok(Value::NONE)
}

fn write_method(vm: &mut Vm, args: &[Value]) -> R {
    let transport = this(vm, &args[0])?;
    write(vm, &transport, &args[1])?;
    Ok(Value::NONE)
}

fn writelines_method(vm: &mut Vm, args: &[Value]) -> R {
    let transport = this(vm, &args[0])?;
    writelines(vm, &transport, &args[1])?;
    Ok(Value::NONE)
}

fn write_eof_method(vm: &mut Vm, args: &[Value]) -> R {
    let transport = this(vm, &args[0])?;
    write_eof(vm, &transport)?;
    Ok(Value::NONE)
}

fn yes(_: &mut Vm, _: &[Value]) -> R {
    Ok(Value::TRUE)
}

fn is_closing(vm: &mut Vm, args: &[Value]) -> R {
    Ok(Value::bool(this(vm, &args[0])?.closing.get()))
}

fn is_reading(vm: &mut Vm, args: &[Value]) -> R {
    let transport = this(vm, &args[0])?;
    Ok(Value::bool(
        !transport.closing.get() && !transport.paused.get(),
    ))
}

fn pause_method(vm: &mut Vm, args: &[Value]) -> R {
    let transport = this(vm, &args[0])?;
    pause_reading(vm, &transport)?;
    Ok(Value::NONE)
}

fn resume_method(vm: &mut Vm, args: &[Value]) -> R {
    let transport = this(vm, &args[0])?;
    resume_reading(vm, &transport)?;
    Ok(Value::NONE)
}

fn get_protocol(vm: &mut Vm, args: &[Value]) -> R {
    Ok(this(vm, &args[0])?.protocol.get())
}

fn set_protocol(vm: &mut Vm, args: &[Value]) -> R {
    let transport = this(vm, &args[0])?;
    transport.protocol.set(args[1].clone());
    let buffered = is_buffered(vm, &args[1])?;
    transport.buffered.set(buffered);
    // Who is told by what kind of entry depends on the protocol.
    if watching::unwatch(
        vm,
        &transport.owner.get(),
        transport.fd.get(),
        Direction::Read,
    ) {
        watch_reading(vm, &transport)?;
    }
    Ok(Value::NONE)
}

fn get_extra_info(vm: &mut Vm, args: &[Value]) -> R {
    let transport = this(vm, &args[0])?;
    extra_info(vm, &transport, &args[1], &args[2])
}

/// `get_extra_info(name, default=None)`
pub fn extra_info(vm: &mut Vm, transport: &Transport, name: &Value, default: &Value) -> R {
    let extra = facts(vm, transport)?;
    let name = script::as_text(name);
    Ok(script::get_item(&extra, &name).unwrap_or_else(|| default.clone()))
}

/// What is known of a transport: a dict, which is made when it is first asked for.
fn facts(vm: &mut Vm, transport: &Transport) -> R {
    if !transport.extra.as_value().is_undef() {
        return Ok(transport.extra.get());
    }
    let extra = script::dict(vm, "socket", transport.given.get())?;
    for (name, end) in ["sockname", "peername"].into_iter().zip(&transport.ends.0) {
        let address = end.as_ref().map_or(Value::NONE, trsock::address_value);
        script::set_item(vm, &extra, name, address)?;
    }
    transport.extra.set(extra.clone());
    Ok(extra)
}

fn buffer_size(vm: &mut Vm, args: &[Value]) -> R {
    Ok(script::int(unsent(&*this(vm, &args[0])?) as i64))
}

fn buffer_limits(vm: &mut Vm, args: &[Value]) -> R {
    let transport = this(vm, &args[0])?;
    let (low, high) = (transport.low.get() as i64, transport.high.get() as i64);
    Ok(script::tuple(vec![script::int(low), script::int(high)]))
}

fn set_buffer_limits(vm: &mut Vm, args: &[Value]) -> R {
    let transport = this(vm, &args[0])?;
    let given = |value: &Value| value.as_small_int();
    let (high, low) = match (given(&args[1]), given(&args[2])) {
        (None, None) => (64 * 1024, 16 * 1024),
        (None, Some(low)) => (4 * low, low),
        (Some(high), None) => (high, high / 4),
        (Some(high), Some(low)) => (high, low),
    };
    if !(high >= low && low >= 0) {
        let text = format!("high ({high}) must be >= low ({low}) must be >= 0");
        return Err(script::error(vm, Known::ValueError, &text));
    }
    transport.high.set(high as usize);
    transport.low.set(low as usize);
    maybe_pause(vm, &transport)?;
    Ok(Value::NONE)
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let transport = this(vm, &args[0])?;
    let mut text = "<_SelectorSocketTransport".to_owned();
    if transport.socket.as_value().is_none() {
        text += " closed";
    } else if transport.closing.get() {
        text += " closing";
    }
    text += &format!(" fd={}", transport.fd.get());
    let owner = transport.owner.get();
    if let Some(looped) = owner.get::<base_events::Loop>()
        && !looped.closed.get()
    {
        let turns = looped.turns.0.borrow();
        let word = |d| {
            if turns.interests().get(transport.fd.get(), d).is_some() {
                "polling"
            } else {
                "idle"
            }
        };
        let (read, write) = (word(Direction::Read), word(Direction::Write));
        text += &format!(
            " read={read} write=<{write}, bufsize={}>",
            unsent(&transport)
        );
    }
    Ok(script::text(&(text + ">")))
}

fn extra(vm: &mut Vm, value: &Value) -> R {
    let transport = this(vm, value)?;
    facts(vm, &transport)
}

fn make_empty_waiter(vm: &mut Vm, args: &[Value]) -> R {
    let transport = this(vm, &args[0])?;
    wait_for_empty(vm, &transport)
}

fn reset_empty_waiter(vm: &mut Vm, args: &[Value]) -> R {
    this(vm, &args[0])?.empty.set(Value::UNDEF);
    Ok(Value::NONE)
}

/// Nobody has closed it.
fn del(vm: &mut Vm, args: &[Value]) -> R {
    let transport = this(vm, &args[0])?;
    let socket = transport.socket.get();
    let Some(socket) = socket.get::<super::trsock::TransportSocket>() else {
        return Ok(Value::NONE);
    };
    let shown = repr(vm, args).unwrap_or_default();
    let text = format!("unclosed transport {}", script::as_text(&shown));
    transport.socket.set(Value::NONE);
    let warned = vm.warn_of_resource(&text, Some(&args[0]));
    socket.close(vm);
    let server = transport.server.replace(Value::NONE);
    if !server.is_none() {
        script::call_method(vm, &server, "_detach", &[args[0].clone()])?;
    }
    warned.map(|()| Value::NONE)
}

/// `asyncio.selector_events._SelectorSocketTransport`
pub static TRANSPORT: TypeDef = TypeDef {
    flags: class_flags::WEAKREF | class_flags::HAS_DICT,
    methods: &[
        Def::leaf("write(self, data)", write_method),
        Def::leaf("writelines(self, list_of_data)", writelines_method),
        Def::leaf("write_eof(self)", write_eof_method),
        Def::leaf("can_write_eof(self)", yes),
        Def::leaf("close(self)", close_method),
        Def::leaf("abort(self)", abort),
        // What lies over it, such as TLS, gives it up with the reason.
        Def::leaf("_force_close(self, exc)", force_close_method),
        Def::leaf("is_closing(self)", is_closing),
        Def::leaf("is_reading(self)", is_reading),
        Def::leaf("pause_reading(self)", pause_method),
        Def::leaf("resume_reading(self)", resume_method),
        Def::leaf("get_protocol(self)", get_protocol),
        Def::leaf("set_protocol(self, protocol)", set_protocol),
        Def::leaf("get_extra_info(self, name, default=None)", get_extra_info),
        Def::leaf("get_write_buffer_size(self)", buffer_size),
        Def::leaf("get_write_buffer_limits(self)", buffer_limits),
        Def::leaf(
            "set_write_buffer_limits(self, high=None, low=None)",
            set_buffer_limits,
        ),
        Def::leaf("__repr__(self)", repr),
        Def::leaf("__del__(self)", del),
        Def::leaf("_make_empty_waiter(self)", make_empty_waiter),
        Def::leaf("_reset_empty_waiter(self)", reset_empty_waiter),
    ],
    attributes: &[
        DICT,
        Attribute::get("_extra", extra),
        Attribute::get("_start_tls_compatible", |_, _| Ok(Value::TRUE)),
        Attribute::get("_sock", |vm, value| Ok(this(vm, value)?.socket.get())),
        Attribute::get("_loop", |vm, value| Ok(this(vm, value)?.owner.get())),
        Attribute::get("_protocol", |vm, value| Ok(this(vm, value)?.protocol.get())),
        Attribute::get("_protocol_paused", |vm, value| {
            Ok(Value::bool(this(vm, value)?.protocol_paused.get()))
        }),
    ],
    ..TypeDef::new(
        "asyncio.selector_events",
        "_SelectorSocketTransport",
        kind::TRANSPORT,
    )
};
