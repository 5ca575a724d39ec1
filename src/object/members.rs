//! Which attributes of built-in types are fields of CPython's structs: it calls those "members",
//! and words the errors of setting one differently.

/// Types, and their fields.
const MEMBERS: &[(&str, &[&str])] = &[
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
    ("coroutine", &["cr_origin"]),
    ("async_generator", &["ag_running"]),
    ("BaseExceptionGroup", &["exceptions", "message"]),
];

/// Whether the attribute of the type is such a field.
pub fn is_member(class: &str, name: &str) -> bool {
    let found = MEMBERS.iter().find(|(owner, _)| *owner == class);
    found.is_some_and(|(_, names)| names.contains(&name))
}
