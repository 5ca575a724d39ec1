//! The second pass over the scopes: what each name means.

use super::scope::{Meaning, ScopeId, ScopeKind, SymbolTable, uses};
use crate::source::{Diagnostic, Span};
use crate::syntax::ast::Name;

/// Gives every symbol its meaning, and marks what is captured.
pub(super) fn resolve(table: &mut SymbolTable) -> Result<(), Diagnostic> {
    for scope in 0..table.scopes.len() {
        for index in 0..table.scopes[scope].symbols.len() {
            resolve_symbol(table, scope, index)?;
        }
    }
    Ok(())
}

fn resolve_symbol(table: &mut SymbolTable, scope: ScopeId, index: usize) -> Result<(), Diagnostic> {
    let Some((name, symbol)) = table.scopes[scope].symbols.get_index(index) else {
        return Ok(());
    };
    let (name, flags, declared) = (name.clone(), symbol.uses, symbol.declared);
    let kind = table.scopes[scope].kind;
    let meaning = if flags & uses::GLOBAL != 0 {
        if flags & uses::NONLOCAL != 0 {
            let message = format!("name '{name}' is nonlocal and global");
            return Err(Diagnostic::syntax(message, declared));
        }
        Meaning::GlobalExplicit
    } else if flags & uses::NONLOCAL != 0 {
        if kind == ScopeKind::Module {
            let message = "nonlocal declaration not allowed at module level";
            return Err(Diagnostic::syntax(message, declared));
        }
        nonlocal(table, scope, &name, declared)?
    } else if flags & uses::BOUND != 0 {
        Meaning::Own
    } else {
        search(table, scope, &name)
    };
    table.scopes[scope].symbols[index].meaning = meaning;
    Ok(())
}

fn nonlocal(
    table: &mut SymbolTable,
    scope: ScopeId,
    name: &Name,
    declared: Span,
) -> Result<Meaning, Diagnostic> {
    if let Some(owner) = owner(table, scope, name)
        && table.scopes[owner].has(name, uses::TYPE_PARAM)
        && table.scopes[owner].kind == ScopeKind::TypeParams
        && !table.scopes[scope].kind.is_comprehension()
    {
        let message = format!("nonlocal binding not allowed for type parameter '{name}'");
        return Err(Diagnostic::syntax(message, declared));
    }
    match search(table, scope, name) {
        meaning @ (Meaning::Free | Meaning::Outer) => Ok(meaning),
        _ => {
            let message = format!("no binding for nonlocal '{name}' found");
            Err(Diagnostic::syntax(message, declared))
        }
    }
}

/// The enclosing function scope that binds the name.
fn owner(table: &SymbolTable, scope: ScopeId, name: &str) -> Option<ScopeId> {
    let mut at = scope;
    while let Some(parent) = table.scopes[at].parent {
        let outer = &table.scopes[parent];
        if outer.kind == ScopeKind::Class && name == "__class__" {
            // An inlined comprehension of the class body itself does not see the cell.
            return (!direct(table, scope, parent)).then_some(parent);
        }
        if outer.kind.is_function_like()
            && let Some(symbol) = outer.symbol(name)
        {
            if symbol.uses & uses::GLOBAL != 0 {
                return None;
            }
            if symbol.uses & uses::BOUND != 0 && symbol.uses & uses::NONLOCAL == 0 {
                return Some(parent);
            }
        }
        at = parent;
    }
    None
}

/// Whether only inlined comprehensions lie between a scope and one around it.
fn direct(table: &SymbolTable, mut scope: ScopeId, outer: ScopeId) -> bool {
    while scope != outer {
        let at = &table.scopes[scope];
        match at.parent {
            Some(parent) if at.kind.is_inlined() => scope = parent,
            _ => return false,
        }
    }
    true
}

/// The class body that a scope of type parameters sees.
fn seen_class(table: &SymbolTable, scope: ScopeId) -> Option<ScopeId> {
    let mut at = scope;
    while table.scopes[at].sees_class {
        at = table.scopes[at].parent?;
    }
    (table.scopes[at].kind == ScopeKind::Class).then_some(at)
}

/// Looks a name that the scope does not bind up in the scopes around it.
fn search(table: &mut SymbolTable, scope: ScopeId, name: &Name) -> Meaning {
    let sees_class = table.scopes[scope].sees_class;
    let inner_owner = owner(table, scope, name);
    // A type parameter between the scope and the class hides the class's names.
    let class = seen_class(table, scope).filter(|&class| inner_owner.is_none_or(|at| at < class));
    if sees_class && let Some(class) = class {
        if table.scopes[class].has(name, uses::GLOBAL) {
            return Meaning::GlobalExplicit;
        }
        let bound = table.scopes[class].has(name, uses::BOUND);
        if bound && !table.scopes[class].has(name, uses::NONLOCAL) {
            return Meaning::GlobalImplicit;
        }
    }
    let Some(owner) = inner_owner else {
        return Meaning::GlobalImplicit;
    };
    if direct(table, scope, owner) {
        return Meaning::Outer;
    }
    capture(table, scope, owner, name);
    Meaning::Free
}

/// Makes the owner's variable a cell and passes it down to the scope.
fn capture(table: &mut SymbolTable, scope: ScopeId, owner: ScopeId, name: &Name) {
    if table.scopes[owner].kind == ScopeKind::Class {
        table.scopes[owner].needs_class_cell = true;
    } else if let Some(symbol) = table.scopes[owner].symbols.get_mut(name) {
        symbol.uses |= uses::CAPTURED;
    }
    let mut at = scope;
    // Code between the two passes the cell on. An inlined comprehension is
    // part of the code around it, which is the owner's own at the end.
    while at != owner && !direct(table, at, owner) {
        if !table.scopes[at].kind.is_inlined() {
            table.scopes[at].free.insert(name.clone());
        }
        match table.scopes[at].parent {
            Some(parent) => at = parent,
            None => break,
        }
    }
}
