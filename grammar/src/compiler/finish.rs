//! Entering and finishing code objects.

use super::asm::{Assembler, Reg};
use super::pack::pack;
use super::scope::{ScopeId, ScopeKind, uses};
use super::unit::{Unit, UnitKind};
use super::{Compiler, Outcome};
use crate::bytecode::code::flags;
use crate::bytecode::{Body, Code, Const, Op, Shared};
use crate::source::{Diagnostic, Span};
use crate::syntax::ast::Name;
use std::sync::Arc;

impl<'a> Compiler<'a> {
    /// Starts a code object inside the current one.
    pub(super) fn enter(&mut self, kind: UnitKind, scope: ScopeId, name: Name, line: u32) {
        let qualname = self.qualname(&name);
        let mut unit = Unit::new(kind, scope, name, qualname, line);
        unit.private = self.symbols.scopes[scope].private.clone();
        if self.symbols.scopes[scope].nested && kind != UnitKind::Class {
            unit.flags |= flags::NESTED;
        }
        if kind != UnitKind::Class {
            unit.flags |= flags::OPTIMIZED | flags::NEWLOCALS;
        }
        self.outer.push(std::mem::replace(&mut self.unit, unit));
    }

    /// The qualified name of something defined in the current code.
    fn qualname(&self, name: &Name) -> Name {
        let mut units = self.outer.iter().chain([&self.unit]).rev();
        // One scope of type parameters does not show in names.
        let is_params = |unit: &Unit| {
            let kind = self.symbols.scopes[unit.scope].kind;
            kind.is_annotation() && kind != ScopeKind::TypeAlias
        };
        let parent = units
            .next()
            .filter(|unit| !is_params(unit))
            .or_else(|| units.next());
        let Some(parent) = parent.filter(|unit| unit.kind != UnitKind::Module) else {
            return name.clone();
        };
        let symbols = &self.symbols.scopes[parent.scope];
        let mangled = super::scope::mangle(parent.private.as_ref(), name);
        if symbols.has(&mangled, uses::GLOBAL) {
            return name.clone();
        }
        let parent_name = &parent.qualname;
        match parent.kind {
            UnitKind::Class | UnitKind::GeneratorExp => format!("{parent_name}.{name}").into(),
            UnitKind::Annotation if is_params(parent) => format!("{parent_name}.{name}").into(),
            _ => format!("{parent_name}.<locals>.{name}").into(),
        }
    }

    /// Gives registers to the scope's variables: parameters have theirs already.
    pub(super) fn declare_locals(&mut self) {
        let scope = &self.symbols.scopes[self.unit.scope];
        for (name, symbol) in &scope.symbols {
            if symbol.meaning != super::scope::Meaning::Own {
                continue;
            }
            let known = self.unit.locals.get(name).copied();
            let local = known.unwrap_or_else(|| self.unit.new_local(name.clone()));
            self.unit.locals.insert(name.clone(), local);
            if symbol.uses & uses::CAPTURED != 0 {
                self.unit.cells.push(local);
            } else if symbol.uses & uses::DELETED != 0 {
                self.unit.deleted.insert(local);
            }
        }
        let mut cells = self.unit.cells.clone();
        cells.sort_unstable();
        for &cell in &cells {
            self.unit
                .asm
                .ins(None, Op::MakeCell, Reg::Local(cell), (), ());
        }
        self.unit.cells = cells;
    }

    /// A parameter's register.
    pub(super) fn add_parameter(&mut self, name: Name) -> u16 {
        let local = self.unit.new_local(name.clone());
        self.unit.locals.insert(name, local);
        self.unit.asm.bind(local);
        local
    }

    /// `return None`, when control comes here.
    pub(super) fn return_none(&mut self) {
        if self.unit.asm.reachable() {
            let none = self.unit.const_index(Const::None);
            self.unit.asm.ins_wide(None, Op::ReturnConst, (), none);
        }
    }

    /// Finishes the current code object and goes back to the one around it.
    pub(super) fn leave(&mut self) -> Outcome<Arc<Code>> {
        let code = self.finish()?;
        if let Some(outer) = self.outer.pop() {
            self.unit = outer;
        }
        Ok(code)
    }

    /// Makes the code object of what was collected.
    pub(super) fn finish(&mut self) -> Outcome<Arc<Code>> {
        let unit = &mut self.unit;
        if let Some(failure) = unit.asm.failure {
            let line = self.file.line_start(unit.first_line);
            let message = format!("{failure} in '{}'", unit.qualname);
            return Err(Diagnostic::syntax(message, Span::at(line)));
        }
        let asm = std::mem::replace(&mut unit.asm, Assembler::new());
        let locals = unit.local_names.len() as u32;
        let packed = pack(asm, locals, &self.file);
        let free = &self.symbols.scopes[unit.scope].free;
        let hidden = if self.options.hidden {
            flags::HIDDEN
        } else {
            0
        };
        let names = std::mem::take(&mut unit.names);
        let local_names = std::mem::take(&mut unit.local_names);
        let body = Body {
            local_names: local_names.into_iter().map(Shared::from).collect(),
            cells: std::mem::take(&mut unit.cells),
            free_names: free.iter().cloned().map(Shared::from).collect(),
            words: packed.words,
            consts: std::mem::take(&mut unit.consts),
            names: names.into_iter().map(Shared::from).collect(),
            handlers: packed.handlers,
            handled: packed.handled,
            live: packed.live.into(),
            positions: packed.positions.into(),
        };
        Ok(Arc::new(Code {
            name: unit.name.clone().into(),
            qualname: unit.qualname.clone().into(),
            source: self.file.clone(),
            first_line: self.file.original_line(unit.first_line),
            flags: unit.flags | hidden,
            arg_count: unit.arg_count,
            posonly_count: unit.posonly_count,
            kwonly_count: unit.kwonly_count,
            nlocals: locals,
            nregisters: locals + u32::from(packed.temporaries),
            body: body.into(),
        }))
    }
}
