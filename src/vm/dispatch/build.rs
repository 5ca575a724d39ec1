//! Building containers, strings, functions; unpacking; intrinsics.

use super::at::{a, b, c, copy_of, flags, lose, take_b};
use super::leaf::{self, SliceUse};
use super::spread::is_before_call;
use super::{At, Exit};
use crate::bytecode::Op;
use crate::bytecode::op::{Intrinsic, OWN_SHIFT, TEMP_A, TEMP_B};
use crate::heap::{Ref, Value};
use crate::object::class::Class;
use crate::object::dict::{Dict, DictTable};
use crate::object::function::{Code, Function};
use crate::object::kind;
use crate::object::list::List;
use crate::object::native::{Native, R, Raised, Step};
use crate::object::set::{Set, SetTable};
use crate::object::slice::Slice;
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::dispatch::{doing_ops, go, go_on, leaf_ops, op, plain_ops, store};
use crate::vm::special::Special;
use crate::vm::types::is_core_method;

op! {
    fn build_slice(ip, regs, k, vm) {
        match leaf::use_of_slice(ip) {
            SliceUse::Get => return get_slice(ip, regs, k, vm),
            SliceUse::Set => return set_slice(ip, regs, k, vm),
            SliceUse::Other => return build_slice_slow(ip, regs, k, vm),
        }
    }
    fn get_slice(ip, regs, k, vm) {
        // Both instructions at once; what is not so easy goes through one after the other.
        let value = leaf::slice(ip, regs);
        if value.is_undef() { value.forget(); return build_slice_slow(ip, regs, k, vm); }
        let next = ip.add(1);
        if vm.heap.wants_attention() {
            std::ptr::write(&mut vm.leaf_result, value);
            return crate::vm::dispatch::values::finalize_and_store(next, regs, k, vm);
        }
        store!(next, regs, k, vm, value, 0)
    }
    fn set_slice(ip, regs, k, vm) {
        if !leaf::set_slice(ip, regs) { return build_slice_slow(ip, regs, k, vm); }
        if vm.heap.wants_attention() {
            return crate::vm::dispatch::values::finalize_and_go(ip.add(2), regs, k, vm);
        }
        go!(ip.add(2), regs, k, vm)
    }
    fn build_tuple(ip, regs, k, vm) {
        // A tuple that the next instruction takes apart is not made: its items only change places.
        let (next, n) = (ip.add(1), c(ip));
        if *next as u8 == Op::Unpack as u8 && c(next) == n && b(next) == a(ip) && a(next) == b(ip)
            && flags(ip) & TEMP_A != 0 && flags(next) & TEMP_B != 0
        {
            let first = regs.add(b(ip));
            let mut i = 0;
            while i < n / 2 {
                std::ptr::swap(first.add(i), first.add(n - 1 - i));
                i += 1;
            }
            go!(next.add(1), regs, k, vm)
        }
        return build_tuple_leaf(ip, regs, k, vm);
    }
    fn list_append(ip, regs, k, vm) {
        let Some(list) = (*regs.add(a(ip))).get_exact::<List>() else {
            return list_append_slow(ip, regs, k, vm);
        };
        if let Some(value) = list.push_within(take_b(ip, regs)) {
            // It has to grow: the value goes back.
            if flags(ip) & TEMP_B == 0 && value.is_object() { (*value.header()).count -= 1; }
            value.forget();
            return list_append_slow(ip, regs, k, vm);
        }
        go!(ip.add(1), regs, k, vm)
    }
}

leaf_ops! {
    build_tuple_leaf = tuple, else build_tuple_slow;
    build_list = list, else build_list_slow;
    build_set = set, else build_set_slow;
    build_dict = dict, else build_dict_slow;
    build_string = string, else build_string_slow;
    format = format, else format_slow;
}

doing_ops! {
    set_add = set_add, else set_add_slow;
    dict_put = dict_put, else dict_put_slow;
}

op! {
    fn unpack(ip, regs, k, vm) {
        let value = &*regs.add(b(ip));
        let items: &[Value] = if value.is_exact::<Tuple>() {
            (*value.header().cast::<Tuple>()).items()
        } else if value.is_exact::<List>() {
            &*(*value.header().cast::<List>()).items.as_ptr()
        } else {
            return unpack_slow(ip, regs, k, vm);
        };
        let n = c(ip);
        if items.len() != n { return unpack_slow(ip, regs, k, vm); }
        // Taken before the window is written, which may begin with it.
        let own = value.copy_uncounted();
        let dst = regs.add(a(ip));
        let mut i = 0;
        while i < n {
            // The first element lies on top.
            dst.add(n - 1 - i).write(copy_of(items.as_ptr().add(i)));
            i += 1;
        }
        if flags(ip) & TEMP_B != 0 {
            if lose(vm, own) { return super::values::free_and_go(ip.add(1), regs, k, vm); }
        } else {
            own.forget();
        }
        go!(ip.add(1), regs, k, vm)
    }
}

plain_ops! {
    build_slice_slow = op_build_slice;
    build_tuple_slow = op_build_tuple;
    build_list_slow = op_build_list;
    build_set_slow = op_build_set;
    build_dict_slow = op_build_dict;
    build_string_slow = op_build_string;
    format_slow = op_format;
    list_append_slow = op_list_append;
    set_add_slow = op_set_add;
    dict_put_slow = op_dict_put;
    list_extend_slow = op_list_extend;
    set_update = op_set_update;
    dict_update = op_dict_update;
    dict_merge_slow = op_dict_merge;
    list_to_tuple = op_list_to_tuple;
    unpack_slow = op_unpack;
    unpack_ex = op_unpack_ex;
    make_function = op_make_function;
    intrinsic = op_intrinsic;
}

impl Vm {
    fn op_build_slice(&mut self, at: At) {
        let base = at.b();
        let slice = Slice::new(at.take(base), at.take(base + 1), at.take(base + 2));
        at.done(self, slice.into_value());
    }

    fn op_build_tuple(&mut self, at: At) {
        let base = at.b();
        let result = Tuple::build(at.c(), |i| at.take(base + i));
        let result = self.lift(result.map(Ref::into_value));
        at.result(self, result);
    }

    fn op_build_list(&mut self, at: At) {
        let items = at.take_window(at.b(), at.c());
        at.done(self, List::from_vec(items).into_value());
    }

    fn op_build_set(&mut self, at: At) {
        at.save(self);
        let items = at.take_window(at.b(), at.c());
        let set = Set::new(SetTable::new());
        let result = items
            .iter()
            .try_for_each(|item| self.set_add(&set, item))
            .map(|()| set.into_value());
        drop(items);
        at.result(self, result);
    }

    fn op_build_dict(&mut self, at: At) {
        at.save(self);
        let items = at.take_window(at.b(), at.c() * 2);
        let result = self.dict_of_pairs(&items);
        drop(items);
        at.result(self, result);
    }

    fn dict_of_pairs(&mut self, items: &[Value]) -> R {
        let table = self.lift(DictTable::with_room(items.len() / 2))?;
        let dict = Dict::from_table(table);
        for pair in items.chunks_exact(2) {
            self.dict_set(&dict, &pair[0], pair[1].clone())?;
        }
        Ok(dict.into_value())
    }

    fn op_build_string(&mut self, at: At) {
        let (first, count) = (at.b(), at.c());
        let pieces = (first..first + count).filter_map(|n| at.reg(n).get::<Str>());
        let result = Str::joined(pieces, &Str::empty());
        for n in first..first + count {
            drop(at.take(n));
        }
        let result = self.lift(result.map(Ref::into_value));
        at.result(self, result);
    }

    fn op_format(&mut self, at: At) {
        at.save(self);
        let value = at.take_b();
        let spec = if at.c() == 0xFFFF {
            Value::UNDEF
        } else {
            at.take_c()
        };
        let conversion = at.flags() >> OWN_SHIFT;
        let step = self.format_step(&value, conversion, &spec);
        drop((value, spec));
        at.follow(self, step);
    }

    fn op_list_append(&mut self, at: At) {
        let value = at.take_b();
        let list = at
            .reg(at.a())
            .get::<List>()
            .expect("the compiler appends to lists only");
        match list.push(value) {
            Ok(()) => at.go_on(self),
            Err(e) => {
                let raised = self.out_of_memory(e);
                at.raise(self, raised);
            }
        }
    }

    fn plain(&mut self, at: At, result: R<()>) {
        match result {
            Ok(()) => at.go_on(self),
            Err(raised) => at.raise(self, raised),
        }
    }

    fn op_set_add(&mut self, at: At) {
        at.save(self);
        let value = at.take_b();
        let set: Ref<Set> = at
            .reg(at.a())
            .to_ref()
            .expect("the compiler adds to sets only");
        let result = self.set_add(&set, &value);
        drop(value);
        self.plain(at, result);
    }

    fn op_dict_put(&mut self, at: At) {
        at.save(self);
        let (key, value) = (at.take_b(), at.take_c());
        let dict: Ref<Dict> = at
            .reg(at.a())
            .to_ref()
            .expect("the compiler puts into dicts only");
        let result = self.dict_set(&dict, &key, value);
        drop(key);
        self.plain(at, result);
    }

    fn op_list_extend(&mut self, at: At) {
        at.save(self);
        let value = at.take_b();
        let list = at.reg(at.a()).clone();
        let mut step = self.extend_list_step(&list, &value);
        if matches!(step, Step::Raise(_)) && !self.is_iterable(&value) {
            let who = match at.flags() >> OWN_SHIFT & 1 {
                0 => "Value ".to_owned(),
                _ => self.callee_name(at.reg(at.c())) + "argument ",
            };
            let message = format!(
                "{who}after * must be an iterable, not {}",
                self.type_name(&value)
            );
            step = Step::Raise(self.type_error(message));
        }
        drop((list, value));
        at.follow_discarding(self, step);
    }

    fn op_set_update(&mut self, at: At) {
        at.save(self);
        let value = at.take_b();
        let set = at.reg(at.a()).clone();
        let step = self.update_set_step(&set, &value);
        drop((set, value));
        at.follow_discarding(self, step);
    }

    fn op_dict_update(&mut self, at: At) {
        at.save(self);
        let value = at.take_b();
        let dict: Ref<Dict> = at
            .reg(at.a())
            .to_ref()
            .expect("the compiler updates dicts only");
        let result = self.dict_update_mapping(&dict, &value);
        drop(value);
        self.plain(at, result);
    }

    fn op_dict_merge(&mut self, at: At) {
        at.save(self);
        let value = at.take_b();
        let dict: Ref<Dict> = at
            .reg(at.a())
            .to_ref()
            .expect("the compiler merges into dicts only");
        // SAFETY: this is the frame's instruction.
        if dict.is_empty() && value.is_exact::<Dict>() && unsafe { is_before_call(at.ip) } {
            // The call only reads the dict: the one that it is given takes the empty one's place.
            drop((at.replace(at.a(), value), dict));
            return at.go_on(self);
        }
        let result = self.dict_merge(&dict, &value, at.reg(at.c()));
        drop(value);
        self.plain(at, result);
    }

    fn op_list_to_tuple(&mut self, at: At) {
        let list = at.take_b();
        let items = list.get::<List>().map(|l| l.take()).unwrap_or_default();
        drop(list);
        let result = Tuple::from_vec(items.into_vec());
        let result = self.lift(result.map(Ref::into_value));
        at.result(self, result);
    }

    fn op_unpack(&mut self, at: At) {
        at.save(self);
        let value = at.take_b();
        let n = at.c();
        if let Some(tuple) = self.tuple_iterated(&value)
            && tuple.len() == n
        {
            // The first element lies on top.
            for (i, item) in tuple.items().iter().enumerate() {
                at.write(at.a() + n - 1 - i, item.clone());
            }
            drop(value);
            return at.go_on(self);
        }
        let items = self.unpack_exactly(&value, n);
        drop(value);
        match items {
            Ok(items) => {
                // The first element lies on top.
                for (i, item) in items.into_iter().enumerate() {
                    at.write(at.a() + n - 1 - i, item);
                }
                at.go_on(self);
            }
            Err(raised) => at.raise(self, raised),
        }
    }

    fn unpack_exactly(&mut self, value: &Value, n: usize) -> R<Vec<Value>> {
        let items: Vec<Value> = match (value.get_exact::<Tuple>(), value.get_exact::<List>()) {
            (Some(tuple), _) if tuple.len() == n => return Ok(tuple.items().to_vec()),
            (Some(tuple), _) => tuple.items().to_vec(),
            (_, Some(list)) => self.lift(list.copy())?.into_vec(),
            _ => return self.unpack_iterable(value, n),
        };
        match items.len() {
            len if len == n => Ok(items),
            len if len < n => Err(self.value_error(format!(
                "not enough values to unpack (expected {n}, got {len})"
            ))),
            len => Err(self.too_many_to_unpack(n, len)),
        }
    }

    /// CPython tells how many there were only for lists, tuples and dicts.
    fn too_many_to_unpack(&mut self, n: usize, _len: usize) -> Raised {
        self.value_error(format!("too many values to unpack (expected {n})"))
    }

    fn unpack_iterable(&mut self, value: &Value, n: usize) -> R<Vec<Value>> {
        let iterator = self.iter_to_unpack(value)?;
        let mut items = Vec::new();
        while items.len() < n {
            match self.next(&iterator)? {
                Some(item) => items.push(item),
                None => {
                    let message = format!(
                        "not enough values to unpack (expected {n}, got {})",
                        items.len()
                    );
                    return Err(self.value_error(message));
                }
            }
        }
        match self.next(&iterator)? {
            None => Ok(items),
            Some(_) => Err(self.too_many_to_unpack(n, 0)),
        }
    }

    /// A tuple, or one of a script's class that is iterated as tuples are: a named one.
    fn tuple_iterated<'a>(&mut self, value: &'a Value) -> Option<&'a Tuple> {
        if let Some(tuple) = value.get_exact::<Tuple>() {
            return Some(tuple);
        }
        let tuple = value.get::<Tuple>()?;
        let method = match self.special_at_hand(value, Special::Iter) {
            Some(method) => method.clone(),
            None => self.special_of(value, Special::Iter)?,
        };
        let owner = method.get_exact::<Native>()?.owner.get::<Class>()?;
        (owner.layout == kind::TUPLE && is_core_method(&method)).then_some(tuple)
    }

    fn iter_to_unpack(&mut self, value: &Value) -> R {
        if self.is_iterable(value) {
            return self.iter(value);
        }
        let message = format!(
            "cannot unpack non-iterable {} object",
            self.type_name(value)
        );
        Err(self.type_error(message))
    }

    /// What `*` is among: so many items one by one, and the list of the rest.
    fn items_to_unpack(&mut self, value: &Value, before: usize) -> R<Vec<Value>> {
        if value.is_exact::<List>() || value.is_exact::<Tuple>() {
            return self.collect(value);
        }
        let iterator = self.iter_to_unpack(value)?;
        let mut items = Vec::new();
        while items.len() < before {
            match self.next(&iterator)? {
                Some(item) => items.push(item),
                None => return Ok(items),
            }
        }
        items.extend(self.collect_hinted(&iterator)?);
        Ok(items)
    }

    fn op_unpack_ex(&mut self, at: At) {
        at.save(self);
        let value = at.take_b();
        let (before, after) = (at.c() & 0xFF, at.c() >> 8);
        let result = self.items_to_unpack(&value, at.c() & 0xFF);
        drop(value);
        let mut items = match result {
            Ok(items) => items,
            Err(raised) => return at.raise(self, raised),
        };
        if items.len() < before + after {
            let message = format!(
                "not enough values to unpack (expected at least {}, got {})",
                before + after,
                items.len()
            );
            let raised = self.value_error(message);
            return at.raise(self, raised);
        }
        let last = items.split_off(items.len() - after);
        let middle = items.split_off(before);
        let top = at.a() + before + after;
        for (i, item) in items.into_iter().enumerate() {
            at.write(top - i, item);
        }
        at.write(top - before, List::from_vec(middle).into_value());
        for (i, item) in last.into_iter().enumerate() {
            at.write(top - before - 1 - i, item);
        }
        at.go_on(self);
    }

    fn op_make_function(&mut self, at: At) {
        let own = at.flags() >> OWN_SHIFT;
        let mut register = at.b();
        let mut next = |bit: u8| {
            if own & bit == 0 {
                return Value::UNDEF;
            }
            register += 1;
            at.take(register - 1)
        };
        let (defaults, kwdefaults, annotations) = (next(1), next(2), next(4));
        let (closure, type_params) = (next(8), next(16));
        let code = self.child_code(at, at.c() as u32);
        let globals = at.function().globals.clone();
        let function = self.new_function(code, globals, Ref::from_value(closure).ok());
        if own & !8 != 0 {
            function.defaults.set(defaults);
            function.kwdefaults.set(kwdefaults);
            function.annotations.set(annotations);
            function.type_params.set(type_params);
            function.refresh();
        }
        at.done(self, function.into_value());
    }

    /// A function of `code` with the names that the code has.
    pub fn new_function(
        &mut self,
        code: Ref<Code>,
        globals: Ref<Dict>,
        closure: Option<Ref<Tuple>>,
    ) -> Ref<Function> {
        let (name, qualname) = code.own_names.get_or_init(|| {
            let name = self.intern(&code.plain.name).into_value();
            (name, self.intern(&code.plain.qualname).into_value())
        });
        let (name, qualname) = (name.clone(), qualname.clone());
        Function::alloc(code, globals, closure, name, qualname)
    }

    /// The instance of code constant `n`, made at its first use.
    fn child_code(&mut self, at: At, n: u32) -> Ref<Code> {
        let parent = at.code();
        if let Some((_, code)) = parent
            .children
            .borrow()
            .iter()
            .find(|&&(index, _)| index == n)
        {
            return code.clone();
        }
        let crate::bytecode::Const::Code(plain) = &parent.plain.consts[n as usize] else {
            unreachable!("functions are made of code constants")
        };
        let code = self.instantiate_code(plain.clone());
        parent.children.borrow_mut().push((n, code.clone()));
        code
    }

    fn op_intrinsic(&mut self, at: At) {
        at.save(self);
        let items = at.take_window(at.b(), at.word(1) as u32 as usize);
        const PRINT_EXPR: usize = Intrinsic::PrintExpr as usize;
        const NAMESPACE: usize = Intrinsic::Namespace as usize;
        const ANNOTATIONS: usize = Intrinsic::Annotations as usize;
        let step = match at.c() {
            NAMESPACE => Step::Return(at.reg(0).clone()),
            ANNOTATIONS => {
                use crate::bytecode::code::flags;
                let namespaced = at.code().flags & flags::NAMESPACE != 0;
                let namespace = if namespaced {
                    at.reg(0).clone()
                } else {
                    at.function().globals.value()
                };
                Step::from(self.annotations_of(&namespace))
            }
            PRINT_EXPR => self.display_step(&items[0]),
            which => Step::from(self.type_parameter(which as u16, &items)),
        };
        drop(items);
        at.follow(self, step);
    }

    /// The `__annotations__` dict of a namespace, made if it is not there.
    fn annotations_of(&mut self, namespace: &Value) -> R {
        let name = self.intern("__annotations__").into_value();
        if let Some(found) = self.mapping_get(namespace, &name)? {
            return Ok(found);
        }
        let made = Dict::new().into_value();
        let step = self.set_item_step(namespace, &name, &made);
        self.finish(step)?;
        Ok(made)
    }
}
