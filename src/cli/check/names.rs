//! Names that nothing binds.

use super::finding::Finding;
use super::library::Library;
use super::model::{Model, ScopeId, ScopeKind, Use, guards};
use super::rules::Rule;
use super::similar;
use std::collections::HashMap;

/// What every module has.
const OF_MODULES: &[&str] = &[
    "__name__",
    "__file__",
    "__doc__",
    "__package__",
    "__spec__",
    "__loader__",
    "__builtins__",
    "__annotations__",
    "__path__",
    "__cached__",
    "__dict__",
    "_",
];

/// What the body of a class has besides.
const OF_CLASSES: &[&str] = &[
    "__module__",
    "__qualname__",
    "__firstlineno__",
    "__static_attributes__",
    "__type_params__",
    "__classdict__",
    "__class__",
    "__annotations__",
];

/// HS201
pub fn unbound(model: &Model<'_>, library: &mut Library, found: &mut Vec<Finding>) {
    if model.has_star || model.is_dynamic {
        return;
    }
    let mut hints: HashMap<(&str, ScopeId), Option<String>> = HashMap::new();
    for used in &model.uses {
        if is_known(model, library, used) {
            continue;
        }
        let message = format!("the name '{}' is bound nowhere", used.name);
        let finding = Finding::new(Rule::UnboundName, used.span, message);
        let key = (&*used.name, used.site.scope);
        let hint = hints
            .entry(key)
            .or_insert_with(|| hint(model, library, used));
        found.push(match hint.clone() {
            Some(hint) => finding.with_help(hint),
            None => finding,
        });
    }
}

fn is_known(model: &Model<'_>, library: &mut Library, used: &Use<'_>) -> bool {
    let name: &str = &used.name;
    used.site.guards & (guards::NAME | guards::CONDITION) != 0
        || model.lookup(name, used.site.scope).is_some()
        || library.is_builtin(name)
        || OF_MODULES.contains(&name)
        || OF_CLASSES.contains(&name) && classes(model, used.site.scope).next().is_some()
        || may_be_prepared(model, used.site.scope)
}

/// The classes around a place, innermost first.
fn classes<'m>(model: &'m Model<'_>, from: ScopeId) -> impl Iterator<Item = ScopeId> + 'm {
    let mut at = Some(from);
    std::iter::from_fn(move || {
        let scope = at?;
        at = (scope != 0).then(|| model.scopes[scope].parent);
        Some(scope)
    })
    .filter(|&scope| matches!(model.scopes[scope].kind, ScopeKind::Class(_)))
}

/// A metaclass may hand a class body names of its own (`__prepare__`).
fn may_be_prepared(model: &Model<'_>, from: ScopeId) -> bool {
    let mut at = from;
    loop {
        match model.scopes[at].kind {
            ScopeKind::Class(def) => {
                return !def.keywords.is_empty() || !def.bases.is_empty() && prepares(model);
            }
            ScopeKind::Comprehension | ScopeKind::TypeParams => at = model.scopes[at].parent,
            _ => return false,
        }
    }
}

fn prepares(model: &Model<'_>) -> bool {
    model
        .scopes
        .iter()
        .any(|scope| scope.names.contains_key("__prepare__"))
}

fn hint(model: &Model<'_>, library: &mut Library, used: &Use<'_>) -> Option<String> {
    let name: &str = &used.name;
    let of_class =
        classes(model, used.site.scope).find(|&class| model.scopes[class].names.contains_key(name));
    if let Some(class) = of_class
        && let ScopeKind::Class(def) = model.scopes[class].kind
    {
        return Some(format!(
            "it is an attribute of the class: write 'self.{name}' or '{}.{name}'",
            def.name
        ));
    }
    if library.has_module(name) {
        return Some(format!("write 'import {name}' before"));
    }
    let mut visible: Vec<&str> = Vec::new();
    let mut at = used.site.scope;
    loop {
        visible.extend(model.scopes[at].names.keys().map(|known| &**known));
        if at == 0 {
            break;
        }
        at = model.scopes[at].parent;
    }
    visible.extend(library.builtins());
    similar::nearest(name, visible).map(|better| format!("did you mean '{better}'?"))
}
