//! Which attributes of built-in types are fields of CPython's structs: it calls those "members",
//! and words the errors of setting one differently.

/// Types, and their fields.
const MEMBERS: &[(&str, &[&str])] = &[
    (
        "type",
        &[
            "__base__",
            "__basicsize__",
            "__dictoffset__",
            "__flags__",
            "__itemsize__",
            "__weakrefoffset__",
        ],
    ),
    ("classmethod", &["__func__", "__wrapped__"]),
    ("complex", &["imag", "real"]),
    ("property", &["fdel", "fget", "fset"]),
    ("range", &["start", "step", "stop"]),
    ("slice", &["start", "step", "stop"]),
    ("staticmethod", &["__func__", "__wrapped__"]),
    ("super", &["__self__", "__self_class__", "__thisclass__"]),
    ("function", &["__builtins__", "__closure__", "__globals__"]),
    ("method", &["__func__", "__self__"]),
    ("method_descriptor", &["__name__", "__objclass__"]),
    ("classmethod_descriptor", &["__name__", "__objclass__"]),
    ("wrapper_descriptor", &["__name__", "__objclass__"]),
    ("getset_descriptor", &["__name__", "__objclass__"]),
    ("member_descriptor", &["__name__", "__objclass__"]),
    ("method-wrapper", &["__self__"]),
    ("module", &["__dict__"]),
    ("SimpleNamespace", &["__dict__"]),
    ("types.SimpleNamespace", &["__dict__"]),
    (
        "code",
        &[
            "co_argcount",
            "co_consts",
            "co_filename",
            "co_firstlineno",
            "co_flags",
            "co_kwonlyargcount",
            "co_name",
            "co_names",
            "co_nlocals",
            "co_posonlyargcount",
            "co_qualname",
            "co_stacksize",
        ],
    ),
    ("traceback", &["tb_frame", "tb_lasti"]),
    (
        "types.GenericAlias",
        &["__args__", "__origin__", "__unpacked__"],
    ),
    ("types.UnionType", &["__args__"]),
    (
        "typing.TypeVar",
        &[
            "__contravariant__",
            "__covariant__",
            "__infer_variance__",
            "__name__",
        ],
    ),
    (
        "typing.ParamSpec",
        &[
            "__bound__",
            "__contravariant__",
            "__covariant__",
            "__infer_variance__",
            "__name__",
        ],
    ),
    ("functools.partial", &["args", "func", "keywords"]),
    ("typing.TypeVarTuple", &["__name__"]),
    ("typing.TypeAliasType", &["__name__"]),
    ("coroutine", &["cr_origin"]),
    ("async_generator", &["ag_running"]),
    ("BaseExceptionGroup", &["exceptions", "message"]),
];

/// As `is_member`, for an attribute of a native type's table.
pub fn is_member_of(def: &super::native::TypeDef, name: &str) -> bool {
    match def.module {
        "builtins" => is_member(def.name, name),
        module => is_member(&format!("{module}.{}", def.name), name),
    }
}

/// Whether the attribute of the type is such a field.
pub fn is_member(class: &str, name: &str) -> bool {
    let found = MEMBERS.iter().find(|(owner, _)| *owner == class);
    found.is_some_and(|(_, names)| names.contains(&name))
}
