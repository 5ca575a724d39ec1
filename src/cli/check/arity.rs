//! Whether a function takes the arguments of a call.

use super::model::Call;
use crate::syntax::ast::{Arguments, ExprKind};

/// Whether the call may succeed: one that cannot raises TypeError. `bound` arguments are given already.
pub fn accepts(args: &Arguments, bound: usize, call: &Call<'_>) -> bool {
    let unknown = call
        .args
        .iter()
        .any(|arg| matches!(arg.kind, ExprKind::Starred { .. }))
        || call.keywords.iter().any(|keyword| keyword.arg.is_none());
    if unknown {
        return true;
    }
    let positional: Vec<&str> = args
        .posonlyargs
        .iter()
        .chain(&args.args)
        .map(|arg| &*arg.arg)
        .collect();
    let given = call.args.len() + bound;
    if given > positional.len() && args.vararg.is_none() {
        return false;
    }
    let named: Vec<&str> = call
        .keywords
        .iter()
        .filter_map(|keyword| keyword.arg.as_deref())
        .collect();
    let only_positional = args.posonlyargs.len();
    let is_taken = |name: &&str| {
        let by_position = positional.iter().position(|known| known == name);
        let free = by_position.is_some_and(|at| at >= only_positional && at >= given);
        free || args.kwonlyargs.iter().any(|arg| &*arg.arg == *name)
            || args.kwarg.is_some() && by_position.is_none_or(|at| at < only_positional)
    };
    if !named.iter().all(is_taken) {
        return false;
    }
    let required = positional.len() - args.defaults.len().min(positional.len());
    let missing = positional
        .iter()
        .take(required)
        .skip(given)
        .any(|name| !named.contains(name));
    let mut only_named = args.kwonlyargs.iter().zip(&args.kw_defaults);
    !missing && only_named.all(|(arg, default)| default.is_some() || named.contains(&&*arg.arg))
}
