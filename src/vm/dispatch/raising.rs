//! Raising, matching exceptions, pattern matching.

use super::at::{b, c, flags, lose};
use super::{At, Exit};
use crate::bytecode::op::TEMP_C;
use crate::heap::Value;
use crate::object::class::{Class, class_flags};
use crate::object::exception::Exception;
use crate::object::kind;
use crate::object::native::{R, Raised};
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::dispatch::{go, go_on, op, plain_ops, store};
use crate::vm::types::Known;

op! {
    fn except_match(ip, regs, k, vm) {
        // The common case: the class is just that of the exception.
        let (exception, class) = (&*regs.add(b(ip)), &*regs.add(c(ip)));
        if !class.is_exact::<Class>()
            || !exception.is_object()
            || (*class.header().cast::<Class>()).root_shape.get() != exception.shape()
        {
            return except_match_slow(ip, regs, k, vm);
        }
        if flags(ip) & TEMP_C != 0 && lose(vm, regs.add(c(ip)).read()) {
            std::ptr::write(&mut vm.leaf_result, Value::TRUE);
            return crate::vm::dispatch::values::free_and_store(ip, regs, k, vm);
        }
        store!(ip, regs, k, vm, Value::TRUE, 0)
    }
}

plain_ops! {
    raise = op_raise;
    reraise = op_reraise;
    raise_bare = op_raise_bare;
    except_match_slow = op_except_match;
    except_star_match = op_except_star_match;
    except_star_end = op_except_star_end;
    exc_info = op_exc_info;
    match_sequence = op_match_sequence;
    match_mapping = op_match_mapping;
    match_keys = op_match_keys;
    match_class = op_match_class;
    get_len = op_get_len;
}

impl Vm {
    fn op_raise(&mut self, at: At) {
        at.save(self);
        let value = at.take_b();
        let cause = if at.c() == 0xFFFF {
            Value::UNDEF
        } else {
            at.take_c()
        };
        match self.exception_to_raise(&value, "exceptions must derive from BaseException") {
            Ok(exception) => {
                if !cause.is_undef()
                    && let Err(raised) = self.set_cause(&exception, &cause)
                {
                    return at.raise(self, raised);
                }
                drop((value, cause));
                self.set_context(&exception, at.frame());
                self.unwind_into(at.frame(), Raised(exception));
            }
            Err(raised) => {
                drop((value, cause));
                at.raise(self, raised);
            }
        }
    }

    /// An instance: the value itself, or what calling the class gives.
    pub(crate) fn exception_to_raise(&mut self, value: &Value, message: &str) -> R {
        if value.is_kind::<Exception>() {
            return Ok(value.clone());
        }
        if !self.is_exception_class(value) {
            return Err(self.type_error(message));
        }
        if let Some(class) = value.to_ref::<Class>()
            && class.layout == kind::EXCEPTION
            && !class.has(class_flags::ABSTRACT)
            && self.is_plain_exception(value, &class)
        {
            let none = Tuple::empty().into_value();
            return Ok(Exception::alloc(class.root_shape.get(), none).into_value());
        }
        if self.is_known_class(value, Known::StopIteration) {
            return Ok(self.stop_iteration(Value::NONE).0);
        }
        let instance = self.call(value, &[])?;
        if instance.is_kind::<Exception>() {
            return Ok(instance);
        }
        let given = self.class_of(&instance).into_value();
        let (class, name) = (self.repr(value)?, self.repr_text(&given)?);
        Err(self.type_error(format!(
            "calling {} should have returned an instance of BaseException, not {name}",
            class.to_text()
        )))
    }

    fn set_cause(&mut self, exception: &Value, cause: &Value) -> R<()> {
        let cause = if cause.is_none() {
            Value::NONE
        } else {
            self.exception_to_raise(cause, "exception causes must derive from BaseException")?
        };
        if let Some(e) = exception.get::<Exception>() {
            e.cause.set(cause);
            e.suppress_context.set(!cfg!(hoop_mutant = "6"));
        }
        Ok(())
    }

    fn op_reraise(&mut self, at: At) {
        at.save(self);
        let value = at.take_b();
        self.unwind_again(at.frame(), Raised(value));
    }

    fn op_raise_bare(&mut self, at: At) {
        at.save(self);
        let handled = self.handled_exception(at.frame());
        if handled.is_none() {
            let raised = self.runtime_error("No active exception to reraise");
            return at.raise(self, raised);
        }
        self.unwind_again(at.frame(), Raised(handled));
    }

    fn op_except_match(&mut self, at: At) {
        at.save(self);
        let classes = at.take_c();
        let result = self.exception_matches(at.reg(at.b()), &classes);
        drop(classes);
        at.result(self, result.map(Value::bool));
    }

    /// Whether an exception is of a class, or of one of a tuple of classes.
    fn exception_matches(&mut self, exception: &Value, classes: &Value) -> R<bool> {
        if let Some(tuple) = classes.get::<Tuple>() {
            for class in tuple.items() {
                if !self.is_exception_class(class) {
                    return Err(self.not_catchable());
                }
            }
            for class in tuple.items() {
                if self.is_instance_of_class(exception, class) {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
        if !self.is_exception_class(classes) {
            return Err(self.not_catchable());
        }
        Ok(self.is_instance_of_class(exception, classes))
    }

    fn not_catchable(&mut self) -> Raised {
        self.type_error("catching classes that do not inherit from BaseException is not allowed")
    }

    fn is_instance_of_class(&mut self, exception: &Value, class: &Value) -> bool {
        let actual = self.class_of(exception);
        if actual.as_value().is(class) {
            return true;
        }
        class
            .get::<crate::object::class::Class>()
            .is_some_and(|class| actual.is_subclass(class))
    }

    fn op_except_star_match(&mut self, at: At) {
        at.save(self);
        let classes = at.take_c();
        let result = self.split_exception(at.reg(at.b()), &classes);
        drop(classes);
        match result {
            Ok((matching, rest)) => {
                at.write(at.a(), matching);
                at.write(at.a() + 1, rest);
                at.go_on(self);
            }
            Err(raised) => at.raise(self, raised),
        }
    }

    fn op_except_star_end(&mut self, at: At) {
        at.save(self);
        let list = at.take_c();
        let result = self.join_exceptions(at.reg(at.b()), &list);
        drop(list);
        at.result(self, result);
    }

    fn op_exc_info(&mut self, at: At) {
        let exception = at.reg(at.b()).clone();
        let class = self.class_of(&exception).into_value();
        let traceback = exception
            .get::<Exception>()
            .map_or(Value::NONE, |e| e.traceback.get());
        at.write(at.a(), class);
        at.write(at.a() + 1, exception);
        at.write(at.a() + 2, traceback);
        at.go_on(self);
    }

    fn op_match_sequence(&mut self, at: At) {
        let class = self.class_of(at.reg(at.b()));
        let is = class.has(crate::object::class::class_flags::SEQUENCE);
        at.done(self, Value::bool(is));
    }

    fn op_match_mapping(&mut self, at: At) {
        let class = self.class_of(at.reg(at.b()));
        let is = class.has(crate::object::class::class_flags::MAPPING);
        at.done(self, Value::bool(is));
    }

    fn op_match_keys(&mut self, at: At) {
        at.save(self);
        let (subject, keys) = (at.reg(at.b()).clone(), at.reg(at.c()).clone());
        let result = self.match_keys(&subject, &keys);
        at.result(self, result);
    }

    /// The values of all keys, or None.
    fn match_keys(&mut self, subject: &Value, keys: &Value) -> R {
        let keys: Vec<Value> = keys
            .get::<Tuple>()
            .map_or(Vec::new(), |t| t.items().to_vec());
        let mut values = Vec::new();
        for (i, key) in keys.iter().enumerate() {
            for earlier in &keys[..i] {
                if self.eq(earlier, key)? {
                    let key = self.repr(key)?;
                    return Err(self.value_error(format!(
                        "mapping pattern checks duplicate key ({})",
                        key.to_text()
                    )));
                }
            }
            match self.mapping_get_default(subject, key)? {
                Some(value) => values.push(value),
                None => return Ok(Value::NONE),
            }
        }
        let tuple = Tuple::from_vec(values);
        self.lift(tuple.map(crate::heap::Ref::into_value))
    }

    fn op_match_class(&mut self, at: At) {
        at.save(self);
        let subject = at.reg(at.b()).clone();
        let (class, names) = (at.take(at.c()), at.take(at.c() + 1));
        let result = self.match_class(&subject, &class, &names, at.word(1) as u32 as usize);
        drop((class, names));
        at.result(self, result);
    }

    /// The attributes that a class pattern asks for, or None.
    fn match_class(
        &mut self,
        subject: &Value,
        class: &Value,
        names: &Value,
        positional: usize,
    ) -> R {
        use crate::object::class::{Class, class_flags};
        let Some(class_ref) = class.to_ref::<Class>() else {
            return Err(self.type_error("called match pattern must be a class"));
        };
        if !self.is_instance(subject, class)? {
            return Ok(Value::NONE);
        }
        let class_name = class_ref.name_str();
        let mut wanted: Vec<Value> = Vec::new();
        let mut found: Vec<Value> = Vec::new();
        if positional > 0 {
            let match_args = self.get_attr_optional(class, "__match_args__")?;
            match match_args {
                Some(args) => {
                    let Some(tuple) = args.get::<Tuple>() else {
                        let got = self.type_name(&args);
                        return Err(self.type_error(format!(
                            "{class_name}.__match_args__ must be a tuple (got {got})"
                        )));
                    };
                    if positional > tuple.len() {
                        return Err(self.too_many_patterns(&class_name, tuple.len(), positional));
                    }
                    for name in &tuple.items()[..positional] {
                        if !name.is_kind::<crate::object::str::Str>() {
                            let got = self.type_name(name);
                            let message =
                                format!("__match_args__ elements must be strings (got {got})");
                            return Err(self.type_error(message));
                        }
                        wanted.push(name.clone());
                    }
                }
                None if class_ref.has(class_flags::MATCH_SELF) => {
                    if positional > 1 {
                        return Err(self.too_many_patterns(&class_name, 1, positional));
                    }
                    found.push(subject.clone());
                }
                None => return Err(self.too_many_patterns(&class_name, 0, positional)),
            }
        }
        wanted.extend(
            names
                .get::<Tuple>()
                .map_or(&[][..], Tuple::items)
                .iter()
                .cloned(),
        );
        for (i, name) in wanted.iter().enumerate() {
            for earlier in &wanted[..i] {
                if self.eq(earlier, name)? {
                    let name = self.repr(name)?;
                    let message = format!(
                        "{class_name}() got multiple sub-patterns for attribute {}",
                        name.to_text()
                    );
                    return Err(self.type_error(message));
                }
            }
            match self.get_attr_value_optional(subject, name)? {
                Some(value) => found.push(value),
                None => return Ok(Value::NONE),
            }
        }
        let tuple = Tuple::from_vec(found);
        self.lift(tuple.map(crate::heap::Ref::into_value))
    }

    fn too_many_patterns(&mut self, class: &str, allowed: usize, given: usize) -> Raised {
        let s = if allowed == 1 { "" } else { "s" };
        self.type_error(format!(
            "{class}() accepts {allowed} positional sub-pattern{s} ({given} given)"
        ))
    }

    fn op_get_len(&mut self, at: At) {
        at.save(self);
        let result = self
            .len(at.reg(at.b()))
            .map(|n| Value::small_int(n as i64).unwrap_or(Value::NONE));
        at.result(self, result);
    }
}
