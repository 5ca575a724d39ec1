//! Globals, names in namespaces, imports.

use super::{At, Exit};
use crate::bytecode::code::flags as code_flags;
use crate::heap::Value;
use crate::object::dict::Dict;
use crate::object::frame::Frame;
use crate::object::module::Module;
use crate::object::native::R;
use crate::object::str::Str;
use crate::vm::Vm;
use crate::vm::dispatch::{go, go_on, op, plain_ops, store, store_in};

/// A global name, into any register or into a temporary.
macro_rules! get_global {
    ($($name:ident by $store:ident;)+) => {
        op! { $(
            fn $name(ip, regs, k, vm) {
                // Word 1: keys version of the globals low, entry index high. Word 2, when the name
                // is a built-in one: keys version and index in the built-ins; then the index in word 1 is all ones.
                let function = (*Frame::of(regs)).function;
                let cached = *ip.add(1);
                let globals: *const Dict = (*function).globals.as_ptr();
                if cached as u32 == (*globals).known_keys_version() && cached as u32 != 0 {
                    let index = (cached >> 32) as u32;
                    if index == u32::MAX { return get_builtin(ip, regs, k, vm); }
                    // The keys are those of then: the entry is there.
                    let value = (*globals).known_value(index as usize);
                    $store!(ip, regs, k, vm, value, 2)
                }
                return get_global_slow(ip, regs, k, vm);
            }
        )+ }
    };
}

get_global! {
    get_global by store;
    get_global_in by store_in;
}

op! {
    fn get_builtin(ip, regs, k, vm) {
        let cached = *ip.add(2);
        if cached as u32 != vm.builtins.known_keys_version() || cached as u32 == 0 {
            return get_global_slow(ip, regs, k, vm);
        }
        let value = vm.builtins.known_value((cached >> 32) as usize);
        store!(ip, regs, k, vm, value, 2)
    }
}

plain_ops! {
    get_global_slow = op_get_global;
    set_global = op_set_global;
    delete_global = op_delete_global;
    get_name = op_get_name;
    set_name = op_set_name;
    delete_name = op_delete_name;
    get_class_free = op_get_class_free;
    import_name = op_import_name;
    import_from = op_import_from;
    import_star = op_import_star;
}

/// What a cache remembers of a name: the version of the keys low, where the entry lies high.
fn cache_word(version: u32, index: u32) -> u64 {
    version as u64 | (index as u64) << 32
}

fn key(name: &Value) -> &Str {
    name.get_exact::<Str>().expect("names are strings")
}

impl Vm {
    fn op_get_global(&mut self, at: At) {
        let name = at.name(at.c());
        let globals = at.function().globals.clone();
        // SAFETY: the two words behind the instruction are its caches.
        let (first, second) = unsafe { (&mut *at.ip.add(1), &mut *at.ip.add(2)) };
        if let Some(index) = globals.index_of_str(key(name)) {
            *first = cache_word(globals.keys_version(), index as u32);
            let value = globals.entry_value(index).unwrap_or(Value::UNDEF);
            return at.done(self, value);
        }
        let own = self.builtins_of(&globals);
        if own.is_none()
            && let Some(index) = self.builtins.index_of_str(key(name))
        {
            *first = cache_word(globals.keys_version(), u32::MAX);
            *second = cache_word(self.builtins.keys_version(), index as u32);
            let value = self.builtins.entry_value(index).unwrap_or(Value::UNDEF);
            return at.done(self, value);
        }
        match own.and_then(|b| b.get_str(key(name))) {
            Some(value) => at.done(self, value),
            None => {
                let raised = self.name_error(name);
                self.note_receiver(&raised, at.frame());
                at.raise(self, raised);
            }
        }
    }

    /// Another `__builtins__` that a script put into these globals (`exec`, `eval`).
    fn builtins_of(&mut self, globals: &Dict) -> Option<crate::heap::Ref<Dict>> {
        let own = globals.get_name("__builtins__")?;
        let own = match own.get::<Module>() {
            Some(module) => module.namespace.clone(),
            None => own.to_ref::<Dict>()?,
        };
        (!own.is(&self.builtins)).then_some(own)
    }

    fn op_set_global(&mut self, at: At) {
        let value = at.take_b();
        let globals = at.function().globals.clone();
        let name = at.name(at.c());
        // SAFETY: the word behind the instruction is its cache.
        let cache = unsafe { &mut *at.ip.add(1) };
        if *cache as u32 == globals.known_keys_version() && *cache as u32 != 0 {
            drop(globals.set_entry_value((*cache >> 32) as usize, value));
            return at.go_on(self);
        }
        let name = name.to_ref::<Str>().expect("names are strings");
        match globals.insert_str(&name, value) {
            Ok(old) => {
                drop(old);
                if let Some(index) = globals.index_of_str(&name) {
                    *cache = cache_word(globals.keys_version(), index as u32);
                }
                at.go_on(self);
            }
            Err(e) => {
                let raised = self.out_of_memory(e);
                at.raise(self, raised);
            }
        }
    }

    fn op_delete_global(&mut self, at: At) {
        let name = at.name(at.c());
        match at.function().globals.remove_str(key(name)) {
            Some(old) => {
                drop(old);
                at.go_on(self);
            }
            None => {
                let raised = self.name_error(name);
                at.raise(self, raised);
            }
        }
    }

    /// The namespace that register 0 holds, where it is a plain dict.
    fn plain_namespace<'a>(&self, at: At) -> Option<&'a Dict> {
        at.reg(0).get_exact::<Dict>()
    }

    fn op_get_name(&mut self, at: At) {
        at.save(self);
        let result = self.look_up_name(at);
        at.result(self, result);
    }

    /// Namespace, globals, built-ins.
    fn look_up_name(&mut self, at: At) -> R {
        let name = at.name(at.c());
        if let Some(value) = self.name_in_namespace(at, name)? {
            return Ok(value);
        }
        let globals = at.function().globals.clone();
        if let Some(value) = globals.get_str(key(name)) {
            return Ok(value);
        }
        let found = match self.builtins_of(&globals) {
            Some(own) => own.get_str(key(name)),
            None => self.builtins.get_str(key(name)),
        };
        found.ok_or_else(|| self.name_error(name))
    }

    fn name_in_namespace(&mut self, at: At, name: &Value) -> R<Option<Value>> {
        match self.plain_namespace(at) {
            Some(dict) => Ok(dict.get_str(key(name))),
            None => {
                let namespace = at.reg(0).clone();
                self.mapping_get(&namespace, name)
            }
        }
    }

    fn op_get_class_free(&mut self, at: At) {
        at.save(self);
        let name = at.name(at.c());
        let result = match self.name_in_namespace(at, name) {
            Ok(Some(value)) => Ok(value),
            Ok(None) => {
                let value = at.free(at.b()).content.get();
                if value.is_undef() {
                    Err(self.unbound_free_error(name))
                } else {
                    Ok(value)
                }
            }
            Err(raised) => Err(raised),
        };
        at.result(self, result);
    }

    fn op_set_name(&mut self, at: At) {
        at.save(self);
        let value = at.take_b();
        let name = at.name(at.c());
        if let Some(dict) = self.plain_namespace(at) {
            let name = name.to_ref::<Str>().expect("names are strings");
            return match dict.insert_str(&name, value) {
                Ok(old) => {
                    drop(old);
                    at.go_on(self);
                }
                Err(e) => {
                    let raised = self.out_of_memory(e);
                    at.raise(self, raised);
                }
            };
        }
        let namespace = at.reg(0).clone();
        let step = self.set_item_step(&namespace, name, &value);
        at.follow_discarding(self, step);
    }

    fn op_delete_name(&mut self, at: At) {
        at.save(self);
        let name = at.name(at.c());
        if let Some(dict) = self.plain_namespace(at) {
            return match dict.remove_str(key(name)) {
                Some(old) => {
                    drop(old);
                    at.go_on(self);
                }
                None => {
                    let raised = self.name_error(name);
                    at.raise(self, raised);
                }
            };
        }
        let namespace = at.reg(0).clone();
        let step = self.delete_item_step(&namespace, name);
        at.follow_discarding(self, step);
    }

    fn op_import_name(&mut self, at: At) {
        at.save(self);
        let name = at.name(at.b());
        let level = at.word(1) as u32;
        let from = (at.word(1) >> 32) as u32;
        let from = if from == u32::MAX {
            Value::NONE
        } else {
            at.constant(from as usize).clone()
        };
        let globals = at.function().globals.clone();
        let step = self.import_step(name, &globals, &from, level);
        at.follow(self, step);
    }

    fn op_import_from(&mut self, at: At) {
        at.save(self);
        let step = self.import_from_step(at.reg(at.b()), at.name(at.c()));
        at.follow(self, step);
    }

    fn op_import_star(&mut self, at: At) {
        at.save(self);
        let module = at.take_b();
        let namespaced = at.code().flags & code_flags::NAMESPACE != 0;
        let target = if namespaced {
            at.reg(0).clone()
        } else {
            at.function().globals.value()
        };
        let result = self.import_star(&module, &target);
        drop(module);
        match result {
            Ok(()) => at.go_on(self),
            Err(raised) => at.raise(self, raised),
        }
    }
}
