//! `dict_keys`, `dict_values` and `dict_items`: their tables. Keys and items behave as sets.

use super::adapt::{bad_receiver, lift};
use super::operators;
use crate::heap::{Buffer, Ref, Value};
use crate::object::descriptor::MappingProxy;
use crate::object::dict::Dict;
use crate::object::iterator::{BACKWARD, DictItems, DictKeys, DictValues, ITEMS, KEYS, VALUES};
use crate::object::kind;
use crate::object::native::{Attribute, Def, R, Raised, TypeDef};
use crate::object::set::{Set, SetTable, with_table};
use crate::object::set_ops;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::compare::CompareOp;
use crate::vm::table::hashed_members;

/// `dict_keys`
pub static DICT_KEYS: TypeDef = TypeDef {
    methods: SET_LIKE,
    attributes: ATTRIBUTES,
    ..TypeDef::new("builtins", "dict_keys", kind::DICT_KEYS)
};

/// `dict_items`
pub static DICT_ITEMS: TypeDef = TypeDef {
    methods: SET_LIKE,
    attributes: ATTRIBUTES,
    ..TypeDef::new("builtins", "dict_items", kind::DICT_ITEMS)
};

/// `dict_values`
pub static DICT_VALUES: TypeDef = TypeDef {
    methods: VALUES_METHODS,
    attributes: ATTRIBUTES,
    ..TypeDef::new("builtins", "dict_values", kind::DICT_VALUES)
};

static SET_LIKE: &[Def] = &[
    Def::leaf("isdisjoint(self, other, /)", isdisjoint)
        .doc("Return True if the view and the given iterable have a null intersection."),
    Def::leaf("__and__(self, value, /)", |vm, args| {
        intersection(vm, &args[0], &args[1])
    }),
    Def::leaf("__contains__(self, key, /)", operators::contains),
    Def::leaf("__eq__(self, value, /)", |vm, args| {
        compare(vm, args, CompareOp::Eq)
    }),
    Def::leaf("__ge__(self, value, /)", |vm, args| {
        compare(vm, args, CompareOp::Ge)
    }),
    Def::leaf("__gt__(self, value, /)", |vm, args| {
        compare(vm, args, CompareOp::Gt)
    }),
    Def::leaf("__iter__(self, /)", iter),
    Def::leaf("__le__(self, value, /)", |vm, args| {
        compare(vm, args, CompareOp::Le)
    }),
    Def::leaf("__len__(self, /)", operators::len),
    Def::leaf("__lt__(self, value, /)", |vm, args| {
        compare(vm, args, CompareOp::Lt)
    }),
    Def::leaf("__ne__(self, value, /)", |vm, args| {
        compare(vm, args, CompareOp::Ne)
    }),
    Def::leaf("__or__(self, value, /)", |vm, args| {
        union(vm, &args[0], &args[1])
    }),
    Def::leaf("__rand__(self, value, /)", |vm, args| {
        intersection(vm, &args[1], &args[0])
    }),
    Def::leaf("__repr__(self, /)", repr),
    Def::leaf("__reversed__(self, /)", reversed)
        .doc("Return a reverse iterator over the dict's entries."),
    Def::leaf("__ror__(self, value, /)", |vm, args| {
        union(vm, &args[1], &args[0])
    }),
    Def::leaf("__rsub__(self, value, /)", |vm, args| {
        difference(vm, &args[1], &args[0])
    }),
    Def::leaf("__rxor__(self, value, /)", |vm, args| {
        symmetric_difference(vm, &args[1], &args[0])
    }),
    Def::leaf("__sub__(self, value, /)", |vm, args| {
        difference(vm, &args[0], &args[1])
    }),
    Def::leaf("__xor__(self, value, /)", |vm, args| {
        symmetric_difference(vm, &args[0], &args[1])
    }),
];

static VALUES_METHODS: &[Def] = &[
    Def::leaf("__iter__(self, /)", iter),
    Def::leaf("__len__(self, /)", operators::len),
    Def::leaf("__repr__(self, /)", repr),
    Def::leaf("__reversed__(self, /)", reversed)
        .doc("Return a reverse iterator over the dict values."),
];

static ATTRIBUTES: &[Attribute] = &[Attribute::get("mapping", |vm, value| {
    let (dict, _) = parts(vm, value)?;
    Ok(MappingProxy::alloc(dict).into_value())
})];

/// The dict of a view, and what of its entries the view shows.
pub(crate) fn parts(vm: &mut Vm, view: &Value) -> R<(Value, u8)> {
    if let Some(view) = view.get::<DictKeys>() {
        return Ok((view.dict.get(), KEYS));
    }
    if let Some(view) = view.get::<DictItems>() {
        return Ok((view.dict.get(), ITEMS));
    }
    match view.get::<DictValues>() {
        Some(view) => Ok((view.dict.get(), VALUES)),
        None => Err(bad_receiver(vm, view, "dict_keys")),
    }
}

fn iter(vm: &mut Vm, args: &[Value]) -> R {
    let (dict, mode) = parts(vm, &args[0])?;
    Ok(vm.dict_iterator(&dict, mode))
}

fn reversed(vm: &mut Vm, args: &[Value]) -> R {
    let (dict, mode) = parts(vm, &args[0])?;
    Ok(vm.dict_iterator(&dict, mode | BACKWARD))
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let (dict, mode) = parts(vm, &args[0])?;
    let name = vm.type_name(&args[0]);
    let mut out = Buffer::new();
    vm.guarded(&args[0], &mut out, "...", |vm, out| {
        vm.push(out, &format!("{name}(["))?;
        let (mut position, mut first) = (0, true);
        while let Some((next, key, value)) = dict
            .get::<Dict>()
            .and_then(|dict| dict.next_entry(position))
        {
            if !std::mem::take(&mut first) {
                vm.push(out, ", ")?;
            }
            let shown = match mode {
                KEYS => key,
                VALUES => value,
                _ => Tuple::pair(key, value).into_value(),
            };
            vm.repr_into(&shown, out)?;
            position = next;
        }
        vm.push(out, "])")
    })?;
    super::adapt::text(vm, Ok(out))
}

/// Whether a value is a set or a view that behaves as one.
fn is_set_like(value: &Value) -> bool {
    with_table(value, |_| ()).is_some()
        || value.is_kind::<DictKeys>()
        || value.is_kind::<DictItems>()
}

/// All members of an iterable as a table of a set.
fn table(vm: &mut Vm, source: &Value) -> R<SetTable> {
    if let Some(copy) = with_table(source, SetTable::copy) {
        return lift(vm, copy);
    }
    let mut table = SetTable::new();
    add_all(vm, &mut table, source)?;
    Ok(table)
}

fn add_all(vm: &mut Vm, table: &mut SetTable, source: &Value) -> R<()> {
    for (hash, item) in hashed(vm, source)? {
        set_ops::add::<Raised>(table, hash, &item, &mut |a, b| vm.eq(a, b))?;
    }
    Ok(())
}

/// The members of an iterable with their hashes; what keeps them is not hashed again.
fn hashed(vm: &mut Vm, source: &Value) -> R<Vec<(i64, Value)>> {
    if let Some(members) = hashed_members(source) {
        return Ok(members);
    }
    let items = vm.collect(source)?.into_iter();
    items.map(|item| Ok((vm.hash(&item)?, item))).collect()
}

fn set_value(table: SetTable) -> R {
    Ok(Set::new(table).into_value())
}

fn compare(vm: &mut Vm, args: &[Value], op: CompareOp) -> R {
    if !is_set_like(&args[1]) {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let (a, b) = (vm.len(&args[0])?, vm.len(&args[1])?);
    let answer = match op {
        CompareOp::Eq => a == b && all_in(vm, &args[0], &args[1])?,
        CompareOp::Ne => a != b || !all_in(vm, &args[0], &args[1])?,
        CompareOp::Lt => a < b && all_in(vm, &args[0], &args[1])?,
        CompareOp::Le => a <= b && all_in(vm, &args[0], &args[1])?,
        CompareOp::Gt => a > b && all_in(vm, &args[1], &args[0])?,
        CompareOp::Ge => a >= b && all_in(vm, &args[1], &args[0])?,
    };
    Ok(Value::bool(answer))
}

fn all_in(vm: &mut Vm, members: &Value, container: &Value) -> R<bool> {
    for member in vm.collect(members)? {
        if !vm.contains(container, &member)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn intersection(vm: &mut Vm, a: &Value, b: &Value) -> R {
    let is_view = |v: &Value| v.is_kind::<DictKeys>() || v.is_kind::<DictItems>();
    // The view is looked at, whichever side it is on, and the other gone through.
    let (view, other) = if is_view(a) { (a, b) } else { (b, a) };
    let size = vm.len(view)?;
    // CPython leaves it to a set that is at least as large, which goes through the view; and the
    // smaller of two views is gone through.
    let swap = match is_view(other) {
        true => vm.len(other)? > size,
        false => other.is_exact::<Set>() && vm.len(other)? >= size,
    };
    let (seek, scan) = if swap { (other, view) } else { (view, other) };
    let mut common = SetTable::new();
    if with_table(seek, |_| ()).is_some() {
        for (hash, item) in hashed(vm, scan)? {
            vm.count_one()?;
            if vm.set_find(seek, &item, hash)?.is_some() {
                set_ops::add::<Raised>(&mut common, hash, &item, &mut |a, b| vm.eq(a, b))?;
            }
        }
        return set_value(common);
    }
    for item in vm.collect(scan)? {
        vm.count_one()?;
        if vm.contains(seek, &item)? {
            let hash = vm.hash(&item)?;
            set_ops::add::<Raised>(&mut common, hash, &item, &mut |a, b| vm.eq(a, b))?;
        }
    }
    set_value(common)
}

fn union(vm: &mut Vm, a: &Value, b: &Value) -> R {
    let mut result = table(vm, a)?;
    add_all(vm, &mut result, b)?;
    set_value(result)
}

fn difference(vm: &mut Vm, a: &Value, b: &Value) -> R {
    let mut result = table(vm, a)?;
    for (hash, item) in hashed(vm, b)? {
        set_ops::discard::<Raised>(&mut result, hash, &item, &mut |a, b| vm.eq(a, b))?;
    }
    set_value(result)
}

/// The items of a view that are not in the dict of the other: only these are hashed.
fn items_apart(vm: &mut Vm, table: &mut SetTable, of: &Value, other: &Value) -> R<()> {
    let ((of, _), (other, _)) = (parts(vm, of)?, parts(vm, other)?);
    let pairs = of.get::<Dict>().map(|dict| dict.pairs());
    for (key, value) in pairs.into_iter().flatten() {
        let same = match other.get::<Dict>() {
            Some(other) => vm.dict_get(other, &key)?,
            None => None,
        };
        if let Some(same) = same
            && vm.eq(&same, &value)?
        {
            continue;
        }
        let item = Tuple::pair(key, value).into_value();
        let hash = vm.hash(&item)?;
        set_ops::add::<Raised>(table, hash, &item, &mut |a, b| vm.eq(a, b))?;
    }
    Ok(())
}

fn symmetric_difference(vm: &mut Vm, a: &Value, b: &Value) -> R {
    if a.is_kind::<DictItems>() && b.is_kind::<DictItems>() {
        let mut apart = SetTable::new();
        items_apart(vm, &mut apart, a, b)?;
        items_apart(vm, &mut apart, b, a)?;
        return set_value(apart);
    }
    let (mut result, other) = (table(vm, a)?, table(vm, b)?);
    set_ops::symmetric_update::<Raised>(&mut result, &other, &mut |a, b| vm.eq(a, b))?;
    set_value(result)
}

fn isdisjoint(vm: &mut Vm, args: &[Value]) -> R {
    let (view, other) = (&args[0], &args[1]);
    // The smaller one is gone through, if the other is no mere iterable.
    let swap = is_set_like(other) && vm.len(other)? > vm.len(view)?;
    let (seek, scan) = if swap { (other, view) } else { (view, other) };
    for item in vm.collect(scan)? {
        if vm.contains(seek, &item)? {
            return Ok(Value::FALSE);
        }
    }
    Ok(Value::TRUE)
}

/// The keys of a dict as a view, for natives.
pub fn keys_of(dict: &Ref<Dict>) -> Value {
    DictKeys::alloc(dict.value()).into_value()
}
