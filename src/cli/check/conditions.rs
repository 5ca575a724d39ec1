//! What a place is guarded by: who expects an error there, or asks first, is not told of it.

use super::model::guards;
use crate::syntax::ast::{Constant, ExceptHandler, Expr, ExprKind, Int, Keyword};
use crate::syntax::visit::{self, Node};

/// Words in a test that asks for the version, the platform or what there is.
const ASKING: &[&str] = &[
    "version_info",
    "hexversion",
    "version",
    "platform",
    "system",
    "implementation",
    "python_implementation",
    "TYPE_CHECKING",
    "PY2",
    "PY3",
    "PYPY",
    "hasattr",
    "getattr",
    "find_spec",
    "supports_unicode_filenames",
];

/// Whether a test asks for the version, the platform or what there is; or is never true.
pub fn of_test(test: &Expr) -> u8 {
    if is_false(test) || asks(test) {
        guards::CONDITION
    } else {
        0
    }
}

fn is_false(test: &Expr) -> bool {
    matches!(
        &test.kind,
        ExprKind::Constant {
            value: Constant::False | Constant::None | Constant::Int(Int::Small(0)),
            ..
        }
    )
}

fn asks(expr: &Expr) -> bool {
    let word = match &expr.kind {
        ExprKind::Name { id, .. } => id,
        ExprKind::Attribute { value, attr, .. } => {
            let of_os = matches!(&value.kind, ExprKind::Name { id, .. } if id.ends_with("os"));
            if of_os && &**attr == "name" {
                return true;
            }
            attr
        }
        _ => "",
    };
    if ASKING.contains(&word) {
        return true;
    }
    let mut found = false;
    visit::visit_expr(&expr.kind, &mut |node| {
        if let Node::Expr(inner) = node {
            found = found || asks(inner);
        }
    });
    found
}

/// The guard that an exception's name stands for.
fn of_name(name: &str) -> u8 {
    match name {
        "NameError" | "UnboundLocalError" => guards::NAME,
        "AttributeError" => guards::ATTRIBUTE,
        "ImportError" | "ModuleNotFoundError" => guards::IMPORT,
        "TypeError" => guards::TYPE,
        "RuntimeError" => guards::RUNTIME,
        _ => 0,
    }
}

/// The guards that the exceptions of an expression stand for.
fn of_exceptions(expr: &Expr) -> u8 {
    match &expr.kind {
        ExprKind::Name { id, .. } => of_name(id),
        ExprKind::Attribute { attr, .. } => of_name(attr),
        ExprKind::Tuple { elts, .. } | ExprKind::List { elts, .. } => {
            elts.iter().fold(0, |all, one| all | of_exceptions(one))
        }
        _ => 0,
    }
}

/// What a handler catches.
pub fn of_handler(handler: &ExceptHandler) -> u8 {
    let Some(typ) = &handler.typ else {
        return guards::IMPORT | guards::ATTRIBUTE;
    };
    let wide = matches!(&typ.kind, ExprKind::Name { id, .. } if matches!(&**id, "Exception" | "BaseException"));
    let from_import = of_exceptions(typ);
    let more = if from_import & guards::IMPORT != 0 {
        guards::ATTRIBUTE
    } else {
        0
    };
    let wide = if wide {
        guards::IMPORT | guards::ATTRIBUTE
    } else {
        0
    };
    from_import | more | wide
}

/// What is to be expected in the body of a handler: it runs where something is not there.
pub fn of_fallback(handler: &ExceptHandler) -> u8 {
    let caught = handler.typ.as_deref().map_or(guards::IMPORT, of_exceptions);
    if caught & (guards::IMPORT | guards::ATTRIBUTE | guards::NAME) == 0 {
        return 0;
    }
    guards::IMPORT | guards::ATTRIBUTE | guards::NAME
}

/// What `with raises(...)` or `with suppress(...)` expects, and what one that says so changes of imports.
pub fn of_context(context: &Expr) -> u8 {
    match &context.kind {
        ExprKind::Call {
            func,
            args,
            keywords,
        } => {
            let (ExprKind::Name { id: word, .. } | ExprKind::Attribute { attr: word, .. }) =
                &func.kind
            else {
                return 0;
            };
            let word = word.to_lowercase();
            let of_imports =
                word.contains("import") || word.contains("path") || word.contains("module");
            let own = if of_imports { guards::IMPORT } else { 0 };
            let named = keywords.iter().map(|keyword| of_exceptions(&keyword.value));
            named.fold(own | of_arguments(args), |all, one| all | one)
        }
        _ => 0,
    }
}

/// What a call expects that is given exceptions.
pub fn of_arguments(args: &[Expr]) -> u8 {
    args.iter().map(of_exceptions).fold(0, |all, one| all | one)
}

/// Whether a call changes what modules have in ways that cannot be seen:
/// `setattr(builtins, ...)`, `setattr(sys.modules[__name__], ...)`.
pub fn changes_modules(func: &Expr, args: &[Expr]) -> bool {
    let is_setattr = matches!(&func.kind, ExprKind::Name { id, .. } if &**id == "setattr");
    let Some(first) = args.first().filter(|_| is_setattr) else {
        return false;
    };
    match &first.kind {
        ExprKind::Name { id, .. } => &**id == "builtins",
        ExprKind::Subscript { value, .. } => is_modules(value),
        _ => false,
    }
}

/// Whether who names this puts names into the module that cannot be seen: `enum.global_enum`, `IntEnum._convert_`.
pub fn fills_namespace(name: &str) -> bool {
    matches!(name, "global_enum" | "_convert_" | "_convert")
}

/// `gettext.install(domain, names=[...])` makes these built-in names.
pub fn installs_names(func: &Expr, args: &[Expr], keywords: &[Keyword]) -> bool {
    let named = keywords
        .iter()
        .any(|keyword| keyword.arg.as_deref() == Some("names"));
    matches!(&func.kind, ExprKind::Attribute { attr, .. } if &**attr == "install")
        && (named || args.len() > 1)
}

/// `sys.modules[__name__]`: the module itself.
pub fn is_own_module(value: &Expr, slice: &Expr) -> bool {
    is_modules(value) && matches!(&slice.kind, ExprKind::Name { id, .. } if &**id == "__name__")
}

fn is_modules(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Attribute { attr, .. } if &**attr == "modules")
}
