//! `typing.TypeVar`, `ParamSpec`, `TypeVarTuple` and `TypeAliasType`: what the syntax of type parameters
//! makes, and calls of these types. What needs the forms of `typing` is left to that module.

use crate::builtins::arguments::shown_type;
use crate::builtins::typing_forms::{as_tuple, union_of};
use crate::heap::{Field, Ref, Value};
use crate::object::class::class_flags;
use crate::object::descriptor::GenericAlias;
use crate::object::iterator::TupleIterator;
use crate::object::kind;
use crate::object::native::{Attribute, Def, ModuleDef, R, TypeDef};
use crate::object::str::Str;
use crate::object::traced::traced_object;
use crate::object::tuple::Tuple;
use crate::vm::Vm;

/// `_typing`
pub static MODULE: ModuleDef = ModuleDef {
    name: "_typing",
    doc: "Primitives and accelerators for the typing module.\n",
    functions: FUNCTIONS,
    types: TYPES,
    setup: None,
};

/// All types of this file.
pub static TYPES: &[&TypeDef] = &[&TYPE_VAR, &PARAM_SPEC, &TYPE_VAR_TUPLE, &TYPE_ALIAS];

traced_object! {
    /// A TypeVar, a ParamSpec or a TypeVarTuple.
    pub struct TypeParameter: TYPE_VAR {
        /// `__name__`
        name: Field,
        /// `__bound__`
        bound: Lazy,
        /// `__constraints__`
        constraints: Lazy,
        /// `__default__`; Undef when there is none.
        default: Lazy,
        /// See `COVARIANT` and the following.
        variance: u8,
    }
}

traced_object! {
    /// A type alias.
    pub struct TypeAlias: TYPE_ALIAS {
        /// `__name__`
        name: Field,
        /// `__type_params__`
        parameters: Field,
        /// `__value__`
        value: Lazy,
        /// `__module__`
        module: Field,
    }
}

/// A value, or at first a function that makes it when it is asked for: what follows `T:` may name what
/// is defined later.
pub struct Lazy {
    value: Field,
    maker: Field,
}

impl crate::object::traced::Traced for Lazy {
    fn trace(&self, visitor: &mut dyn crate::heap::Visitor) {
        self.value.trace(visitor);
        self.maker.trace(visitor);
    }
    fn release(&self) {
        self.value.release();
        self.maker.release();
    }
}

impl Lazy {
    fn known(value: Value) -> Lazy {
        Lazy {
            value: Field::new(value),
            maker: Field::undef(),
        }
    }

    fn made_by(maker: Value) -> Lazy {
        Lazy {
            value: Field::undef(),
            maker: Field::new(maker),
        }
    }

    fn get(&self, vm: &mut Vm) -> R {
        let maker = self.maker.get();
        if !maker.is_undef() {
            let value = vm.call(&maker, &[])?;
            self.value.set(value);
            drop(self.maker.take());
        }
        Ok(self.value.get())
    }

    fn is_given(&self) -> bool {
        !self.maker.is_undef() || !self.value.is_undef()
    }
}

const COVARIANT: u8 = 1;
const CONTRAVARIANT: u8 = 2;
const INFERRED: u8 = 4;

const NAME: Attribute = Attribute::get("__name__", |_, v| {
    Ok(v.get::<TypeParameter>()
        .map_or(Value::NONE, |p| p.name.get()))
});
const IS_COVARIANT: Attribute = Attribute::get("__covariant__", |_, v| has(v, COVARIANT));
const IS_CONTRAVARIANT: Attribute =
    Attribute::get("__contravariant__", |_, v| has(v, CONTRAVARIANT));
const IS_INFERRED: Attribute = Attribute::get("__infer_variance__", |_, v| has(v, INFERRED));
const BOUND: Attribute = Attribute::get("__bound__", |vm, v| match v.to_ref::<TypeParameter>() {
    Some(p) => p.bound.get(vm),
    None => Ok(Value::NONE),
});
const DEFAULT: Attribute = Attribute::get("__default__", |vm, v| {
    match v.to_ref::<TypeParameter>().filter(|p| p.default.is_given()) {
        Some(p) => p.default.get(vm),
        None => typing_name(vm, "NoDefault"),
    }
});

const REPR: Def = Def::leaf("__repr__(self, /)", |vm, args| {
    let Some(p) = args[0].to_ref::<TypeParameter>() else {
        return Ok(Value::NONE);
    };
    let name = vm.str_text(p.name.as_value())?;
    let tuple = vm.class_of_def(&TYPE_VAR_TUPLE);
    let sign = match p.variance {
        _ if vm.class_of(&args[0]).is(&tuple) => "",
        v if v & INFERRED != 0 => "",
        v if v & COVARIANT != 0 => "+",
        v if v & CONTRAVARIANT != 0 => "-",
        _ => "~",
    };
    let text = Str::try_new(&format!("{sign}{name}"));
    vm.lift(text).map(Ref::into_value)
});
const OR: Def = Def::leaf("__or__(self, value, /)", |vm, args| {
    typing_union(vm, &args[0], &args[1])
});
const ROR: Def = Def::leaf("__ror__(self, value, /)", |vm, args| {
    typing_union(vm, &args[1], &args[0])
});
const MRO_ENTRIES: Def = Def::leaf("__mro_entries__(self, bases, /)", |vm, args| {
    let class = vm.class_of(&args[0]).name_str();
    Err(vm.type_error(format!("Cannot subclass an instance of {class}")))
});
const REDUCE: Def = Def::leaf("__reduce__(self, /)", |_, args| {
    Ok(args[0]
        .get::<TypeParameter>()
        .map_or(Value::NONE, |p| p.name.get()))
});
const HAS_DEFAULT: Def = Def::leaf("has_default(self, /)", |_, args| {
    Ok(Value::bool(
        args[0]
            .get::<TypeParameter>()
            .is_some_and(|p| p.default.is_given()),
    ))
});

/// `typing.TypeVar`
pub static TYPE_VAR: TypeDef = TypeDef {
    flags: class_flags::HAS_DICT | class_flags::WEAKREF,
    doc: "Type variable.",
    new: Some(
        Def::leaf(
            "__new__(cls, name, *constraints, bound=None, default=<unset>, covariant=False, contravariant=False, infer_variance=False)",
            new_type_var,
        )
        .stat(),
    ),
    methods: &[
        REPR,
        OR,
        ROR,
        MRO_ENTRIES,
        REDUCE,
        HAS_DEFAULT,
        Def::leaf("__typing_subst__(self, arg, /)", |vm, args| {
            typing(vm, "_typevar_subst", args)
        }),
        Def::leaf("__typing_prepare_subst__(self, alias, args, /)", |vm, args| {
            typing(vm, "_typevar_prepare_subst", args)
        }),
    ],
    attributes: &[
        NAME,
        IS_COVARIANT,
        IS_CONTRAVARIANT,
        IS_INFERRED,
        BOUND,
        Attribute::get("__constraints__", |vm, v| {
            match v.to_ref::<TypeParameter>() {
                Some(p) => p.constraints.get(vm),
                None => Ok(Value::NONE),
            }
        }),
        DEFAULT,
    ],
    ..TypeDef::new("typing", "TypeVar", kind::TYPE_VAR)
};

/// `typing.ParamSpec`
pub static PARAM_SPEC: TypeDef = TypeDef {
    flags: class_flags::HAS_DICT | class_flags::WEAKREF,
    doc: "Parameter specification variable.",
    new: Some(
        Def::leaf(
            "__new__(cls, name, *, bound=None, default=<unset>, covariant=False, contravariant=False, infer_variance=False)",
            new_param_spec,
        )
        .stat(),
    ),
    methods: &[
        REPR,
        OR,
        ROR,
        MRO_ENTRIES,
        REDUCE,
        HAS_DEFAULT,
        Def::leaf("__typing_subst__(self, arg, /)", |vm, args| {
            typing(vm, "_paramspec_subst", args)
        }),
        Def::leaf("__typing_prepare_subst__(self, alias, args, /)", |vm, args| {
            typing(vm, "_paramspec_prepare_subst", args)
        }),
    ],
    attributes: &[
        NAME,
        IS_COVARIANT,
        IS_CONTRAVARIANT,
        IS_INFERRED,
        BOUND,
        DEFAULT,
        Attribute::get("args", |vm, v| {
            typing(vm, "ParamSpecArgs", std::slice::from_ref(v))
        }),
        Attribute::get("kwargs", |vm, v| {
            typing(vm, "ParamSpecKwargs", std::slice::from_ref(v))
        }),
    ],
    ..TypeDef::new("typing", "ParamSpec", kind::TYPE_VAR)
};

/// `typing.TypeVarTuple`
pub static TYPE_VAR_TUPLE: TypeDef = TypeDef {
    flags: class_flags::HAS_DICT | class_flags::WEAKREF,
    doc: "A variable that stands for any number of types.",
    new: Some(Def::leaf("__new__(cls, name, *, default=<unset>)", new_type_var_tuple).stat()),
    methods: &[
        REPR,
        MRO_ENTRIES,
        REDUCE,
        HAS_DEFAULT,
        Def::leaf("__iter__(self, /)", |vm, args| {
            let unpack = typing_name(vm, "Unpack")?;
            let unpacked = vm.get_item(&unpack, &args[0])?;
            Ok(TupleIterator::alloc(Tuple::one(unpacked).into_value(), 0, 0).into_value())
        }),
        Def::leaf("__typing_subst__(self, arg, /)", |vm, _| {
            Err(vm.type_error("Substitution of bare TypeVarTuple is not supported"))
        }),
        Def::leaf(
            "__typing_prepare_subst__(self, alias, args, /)",
            |vm, args| typing(vm, "_typevartuple_prepare_subst", args),
        ),
    ],
    attributes: &[NAME, DEFAULT],
    ..TypeDef::new("typing", "TypeVarTuple", kind::TYPE_VAR)
};

/// `typing.TypeAliasType`
pub static TYPE_ALIAS: TypeDef = TypeDef {
    doc: "Type alias.",
    new: Some(
        Def::leaf(
            "__new__(cls, name, value, *, type_params=())",
            new_type_alias,
        )
        .stat(),
    ),
    methods: &[
        Def::leaf("__repr__(self, /)", |_, args| Ok(alias_name(&args[0]))),
        Def::leaf("__reduce__(self, /)", |_, args| Ok(alias_name(&args[0]))),
        Def::leaf("__or__(self, value, /)", |vm, args| {
            union_of(vm, &args[0], &args[1])
        }),
        Def::leaf("__ror__(self, value, /)", |vm, args| {
            union_of(vm, &args[1], &args[0])
        }),
        Def::leaf("__getitem__(self, key, /)", |vm, args| {
            if alias_parameters(&args[0])
                .get::<Tuple>()
                .is_none_or(Tuple::is_empty)
            {
                return Err(vm.type_error("Only generic type aliases are subscriptable"));
            }
            let given = as_tuple(vm, &args[1])?;
            Ok(GenericAlias::alloc(args[0].clone(), given, Value::FALSE).into_value())
        }),
    ],
    attributes: &[
        Attribute::get("__name__", |_, v| Ok(alias_name(v))),
        Attribute::get("__parameters__", |_, v| Ok(alias_parameters(v))),
        Attribute::get("__type_params__", |_, v| Ok(alias_parameters(v))),
        Attribute::get("__value__", |vm, v| match v.to_ref::<TypeAlias>() {
            Some(alias) => alias.value.get(vm),
            None => Ok(Value::NONE),
        }),
        Attribute::get("__module__", |_, v| {
            Ok(v.get::<TypeAlias>().map_or(Value::NONE, |a| a.module.get()))
        }),
    ],
    ..TypeDef::new("typing", "TypeAliasType", kind::TYPE_ALIAS)
};

fn has(value: &Value, flag: u8) -> R {
    Ok(Value::bool(
        value
            .get::<TypeParameter>()
            .is_some_and(|p| p.variance & flag != 0),
    ))
}

fn alias_name(value: &Value) -> Value {
    value
        .get::<TypeAlias>()
        .map_or(Value::NONE, |a| a.name.get())
}

fn alias_parameters(value: &Value) -> Value {
    value
        .get::<TypeAlias>()
        .map_or(Value::NONE, |a| a.parameters.get())
}

/// A name of the module `typing`.
fn typing_name(vm: &mut Vm, name: &str) -> R {
    let typing = vm.import("typing")?;
    vm.get_attr(&typing, name)
}

/// What a function of `typing` says.
fn typing(vm: &mut Vm, function: &str, args: &[Value]) -> R {
    let typing = vm.import("typing")?;
    vm.call_method(&typing, function, args)
}

fn typing_union(vm: &mut Vm, a: &Value, b: &Value) -> R {
    let union = typing_name(vm, "Union")?;
    vm.get_item(&union, Tuple::pair(a.clone(), b.clone()).as_value())
}

fn check_name(vm: &mut Vm, who: &str, name: &Value) -> R<()> {
    if name.is_kind::<Str>() {
        return Ok(());
    }
    let given = shown_type(vm, name);
    Err(vm.type_error(format!("{who}() argument 'name' must be str, not {given}")))
}

/// The variance that three arguments say.
fn variance(vm: &mut Vm, covariant: &Value, contravariant: &Value, inferred: &Value) -> R<u8> {
    let mut flags = 0;
    for (given, flag) in [
        (covariant, COVARIANT),
        (contravariant, CONTRAVARIANT),
        (inferred, INFERRED),
    ] {
        if vm.truth(given)? {
            flags |= flag;
        }
    }
    if flags & COVARIANT != 0 && flags & CONTRAVARIANT != 0 {
        return Err(vm.value_error("Bivariant types are not supported."));
    }
    if flags & INFERRED != 0 && flags != INFERRED {
        return Err(vm.value_error("Variance cannot be specified with infer_variance."));
    }
    Ok(flags)
}

fn checked_bound(vm: &mut Vm, bound: &Value) -> R {
    let text = Str::new("Bound must be a type.").into_value();
    typing(vm, "_type_check", &[bound.clone(), text])
}

/// Such a parameter says in which module it was made by a call.
fn placed(vm: &mut Vm, made: Ref<TypeParameter>) -> R {
    let made = made.into_value();
    if let Some(module) = vm.calling_module_name() {
        vm.set_attr(&made, "__module__", &module)?;
    }
    Ok(made)
}

fn new_type_var(vm: &mut Vm, args: &[Value]) -> R {
    let shape = vm.shape_for_new(&args[0], &TYPE_VAR)?;
    check_name(vm, "typevar", &args[1])?;
    let variance = variance(vm, &args[4], &args[5], &args[6])?;
    let bound = match args[2].is_none() {
        true => Value::NONE,
        false => checked_bound(vm, &args[2])?,
    };
    let constraints = args[7].get::<Tuple>().map_or(0, Tuple::len);
    if constraints == 1 {
        return Err(vm.type_error("A single constraint is not allowed"));
    }
    if constraints > 1 && !bound.is_none() {
        return Err(vm.type_error("Constraints cannot be combined with bound=..."));
    }
    let made = TypeParameter::alloc(
        shape,
        Field::new(args[1].clone()),
        Lazy::known(bound),
        Lazy::known(args[7].clone()),
        Lazy::known(args[3].clone()),
        variance,
    );
    placed(vm, made)
}

fn new_param_spec(vm: &mut Vm, args: &[Value]) -> R {
    let shape = vm.shape_for_new(&args[0], &PARAM_SPEC)?;
    check_name(vm, "paramspec", &args[1])?;
    let variance = variance(vm, &args[4], &args[5], &args[6])?;
    // Here None is a type as well.
    let bound = checked_bound(vm, &args[2])?;
    let made = TypeParameter::alloc(
        shape,
        Field::new(args[1].clone()),
        Lazy::known(bound),
        Lazy::known(Value::NONE),
        Lazy::known(args[3].clone()),
        variance,
    );
    placed(vm, made)
}

fn new_type_var_tuple(vm: &mut Vm, args: &[Value]) -> R {
    let shape = vm.shape_for_new(&args[0], &TYPE_VAR_TUPLE)?;
    check_name(vm, "typevartuple", &args[1])?;
    let made = TypeParameter::alloc(
        shape,
        Field::new(args[1].clone()),
        Lazy::known(Value::NONE),
        Lazy::known(Value::NONE),
        Lazy::known(args[2].clone()),
        0,
    );
    placed(vm, made)
}

fn new_type_alias(vm: &mut Vm, args: &[Value]) -> R {
    let shape = vm.shape_for_new(&args[0], &TYPE_ALIAS)?;
    check_name(vm, "typealias", &args[1])?;
    if !args[3].is_kind::<Tuple>() {
        return Err(vm.type_error("type_params must be a tuple"));
    }
    let module = vm.calling_module_name().unwrap_or(Value::NONE);
    let made = TypeAlias::alloc(
        shape,
        Field::new(args[1].clone()),
        Field::new(args[3].clone()),
        Lazy::known(args[2].clone()),
        Field::new(module),
    );
    Ok(made.into_value())
}

/// What the compiler has called for `[T: X = Y]` and `type A = X`; X and Y come as functions.
const FUNCTIONS: &[Def] = &[
    Def::leaf("_type_var(name, /)", |vm, args| {
        Ok(made_by_syntax(vm, &TYPE_VAR, &args[0], [None, None]))
    }),
    Def::leaf("_bound_type_var(name, bound, /)", |vm, args| {
        let bound = Some(args[1].clone());
        Ok(made_by_syntax(vm, &TYPE_VAR, &args[0], [bound, None]))
    }),
    Def::leaf("_constrained_type_var(name, constraints, /)", |vm, args| {
        let constraints = Some(args[1].clone());
        Ok(made_by_syntax(vm, &TYPE_VAR, &args[0], [None, constraints]))
    }),
    Def::leaf("_type_var_tuple(name, /)", |vm, args| {
        Ok(made_by_syntax(vm, &TYPE_VAR_TUPLE, &args[0], [None, None]))
    }),
    Def::leaf("_param_spec(name, /)", |vm, args| {
        Ok(made_by_syntax(vm, &PARAM_SPEC, &args[0], [None, None]))
    }),
    Def::leaf("_set_default(parameter, default, /)", |_, args| {
        if let Some(p) = args[0].get::<TypeParameter>() {
            p.default.maker.set(args[1].clone());
        }
        Ok(args[0].clone())
    }),
    Def::leaf("_type_alias(name, type_params, value, /)", |vm, args| {
        let shape = vm.class_of_def(&TYPE_ALIAS).root_shape.get();
        let module = vm.calling_module_name().unwrap_or(Value::NONE);
        let parameters = match args[1].is_kind::<Tuple>() {
            true => args[1].clone(),
            false => Tuple::empty().into_value(),
        };
        let made = TypeAlias::alloc(
            shape,
            Field::new(args[0].clone()),
            Field::new(parameters),
            Lazy::made_by(args[2].clone()),
            Field::new(module),
        );
        Ok(made.into_value())
    }),
];

/// A parameter with what makes its bound or its constraints.
fn made_by_syntax(
    vm: &mut Vm,
    def: &'static TypeDef,
    name: &Value,
    makers: [Option<Value>; 2],
) -> Value {
    let shape = vm.class_of_def(def).root_shape.get();
    let [bound, constraints] = makers;
    let bound = bound.map_or_else(|| Lazy::known(Value::NONE), Lazy::made_by);
    let constraints =
        constraints.map_or_else(|| Lazy::known(Tuple::empty().into_value()), Lazy::made_by);
    let made = TypeParameter::alloc(
        shape,
        Field::new(name.clone()),
        bound,
        constraints,
        Lazy::known(Value::UNDEF),
        INFERRED,
    );
    made.into_value()
}
