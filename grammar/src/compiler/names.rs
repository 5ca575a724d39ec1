//! Reading, binding and deleting names.

use super::asm::{Arg, Reg};
use super::scope::{Meaning, ScopeId, mangle, uses};
use super::unit::UnitKind;
use super::{Compiler, Outcome, syntax};
use crate::bytecode::Op;
use crate::source::Span;
use crate::syntax::ast::Name;

/// Where a variable lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Local(u16),
    Cell(u16),
    Free(u16),
    /// In the class's namespace, else the free variable.
    ClassFree(u16),
    Global,
    /// In the class's namespace, else global.
    ClassGlobal,
    /// In the namespace of register 0.
    Namespace,
}

impl<'a> Compiler<'a> {
    /// A name as it is known in the current code.
    pub(super) fn mangled(&self, name: &Name) -> Name {
        mangle(self.unit.private.as_ref(), name)
    }

    /// The scope whose names are meant: that of the innermost comprehension or the code's own.
    pub(super) fn scope_id(&self) -> ScopeId {
        self.unit
            .inlined
            .last()
            .map_or(self.unit.scope, |inlined| inlined.scope)
    }

    /// Where the variable `name` (mangled) lives.
    pub(super) fn place(&self, name: &Name) -> Place {
        let unit = &self.unit;
        for inlined in unit.inlined.iter().rev() {
            let scope = &self.symbols.scopes[inlined.scope];
            let Some(symbol) = scope.symbol(name) else {
                continue;
            };
            match symbol.meaning {
                Meaning::Own => {
                    let local = inlined.registers.get(name).copied().unwrap_or(0);
                    return self.cell_or_local(local, symbol.uses);
                }
                Meaning::Outer => {}
                Meaning::Free => return self.free_place(name),
                Meaning::GlobalExplicit => return Place::Global,
                Meaning::GlobalImplicit if unit.namespaced && unit.kind == UnitKind::Module => {
                    return Place::Namespace;
                }
                Meaning::GlobalImplicit => return Place::Global,
            }
        }
        self.own_place(name)
    }

    fn own_place(&self, name: &Name) -> Place {
        let unit = &self.unit;
        let scope = &self.symbols.scopes[unit.scope];
        let Some(symbol) = scope.symbol(name) else {
            return if unit.namespaced {
                Place::Namespace
            } else {
                Place::Global
            };
        };
        match (unit.kind, symbol.meaning) {
            (_, Meaning::GlobalExplicit) => Place::Global,
            (UnitKind::Module, _) if unit.namespaced => Place::Namespace,
            (UnitKind::Module, _) => Place::Global,
            (UnitKind::Class, Meaning::Own | Meaning::GlobalImplicit) => Place::Namespace,
            (UnitKind::Class, _) if symbol.uses & uses::NONLOCAL == 0 => {
                Place::ClassFree(self.free_index(name))
            }
            (_, Meaning::Own) => {
                let local = unit.locals.get(name).copied().unwrap_or(0);
                self.cell_or_local(local, symbol.uses)
            }
            (_, Meaning::Free | Meaning::Outer) if scope.sees_class => {
                Place::ClassFree(self.free_index(name))
            }
            (_, Meaning::Free | Meaning::Outer) => self.free_place(name),
            (_, Meaning::GlobalImplicit) if scope.sees_class => Place::ClassGlobal,
            (_, Meaning::GlobalImplicit) => Place::Global,
        }
    }

    fn cell_or_local(&self, local: u16, flags: u16) -> Place {
        if flags & uses::CAPTURED != 0 {
            Place::Cell(local)
        } else {
            Place::Local(local)
        }
    }

    fn free_place(&self, name: &Name) -> Place {
        Place::Free(self.free_index(name))
    }

    /// The number of a free variable of the current code.
    pub(super) fn free_index(&self, name: &Name) -> u16 {
        let free = &self.symbols.scopes[self.unit.scope].free;
        free.get_index_of(name).unwrap_or(0) as u16
    }

    /// The local register of a variable that is one.
    pub(super) fn local_of(&self, name: &Name) -> Option<u16> {
        match self.place(&self.mangled(name)) {
            Place::Local(local) => Some(local),
            _ => None,
        }
    }

    /// Makes sure that a local is bound.
    pub(super) fn check_local(&mut self, local: u16, name: &Name, span: Span) {
        if !self.unit.asm.is_bound(local) {
            let index = self.unit.name_index(name);
            let register = Reg::Local(local);
            self.unit.asm.ins(span, Op::CheckLocal, (), register, index);
            self.unit.asm.bind(local);
        }
    }

    /// Reads a variable into `dst`.
    pub(super) fn load_name(&mut self, name: &Name, dst: Reg, span: Span) {
        let mangled = self.mangled(name);
        let place = self.place(&mangled);
        if let Place::Local(local) = place {
            self.check_local(local, &mangled, span);
            self.move_to(dst, Reg::Local(local), span);
            return;
        }
        let index = self.unit.name_index(&mangled);
        let (op, b): (Op, Arg) = match place {
            Place::Cell(local) => (Op::GetCell, Reg::Local(local).into()),
            Place::Free(free) => (Op::GetFree, free.into()),
            Place::ClassFree(free) => (Op::GetClassFree, free.into()),
            Place::ClassGlobal => (Op::GetClassGlobal, Arg::None),
            Place::Namespace => (Op::GetName, Arg::None),
            Place::Local(_) | Place::Global => (Op::GetGlobal, Arg::None),
        };
        self.unit.asm.ins(span, op, dst, b, index);
    }

    /// Copies a local or moves a temporary.
    pub(super) fn move_to(&mut self, dst: Reg, src: Reg, span: impl Into<Option<Span>>) {
        if dst != src {
            self.unit.asm.ins(span, Op::Move, dst, src, ());
        }
    }

    /// Binds a variable.
    pub(super) fn store_name(&mut self, name: &Name, value: Reg, span: Span) -> Outcome {
        self.forbid(name, "assign to", span)?;
        let mangled = self.mangled(name);
        let place = self.place(&mangled);
        match place {
            Place::Local(local) => self.move_to(Reg::Local(local), value, span),
            Place::Cell(local) => {
                self.unit
                    .asm
                    .ins(span, Op::SetCell, Reg::Local(local), value, ())
            }
            Place::Free(free) | Place::ClassFree(free) => {
                self.unit.asm.ins(span, Op::SetFree, free, value, ());
            }
            Place::Global | Place::ClassGlobal => {
                let index = self.unit.name_index(&mangled);
                self.unit.asm.ins(span, Op::SetGlobal, (), value, index);
            }
            Place::Namespace => {
                let index = self.unit.name_index(&mangled);
                self.unit.asm.ins(span, Op::SetName, (), value, index);
            }
        }
        Ok(())
    }

    /// Unbinds a variable.
    pub(super) fn delete_name(&mut self, name: &Name, span: Span) -> Outcome {
        self.forbid(name, "delete", span)?;
        let mangled = self.mangled(name);
        let index = self.unit.name_index(&mangled);
        match self.place(&mangled) {
            Place::Local(local) => {
                self.unit
                    .asm
                    .ins(span, Op::DeleteLocal, Reg::Local(local), (), index);
                self.unit.asm.unbind(local);
            }
            Place::Cell(local) => {
                self.unit
                    .asm
                    .ins(span, Op::DeleteCell, Reg::Local(local), (), index);
            }
            Place::Free(free) | Place::ClassFree(free) => {
                self.unit.asm.ins(span, Op::DeleteFree, free, (), index);
            }
            Place::Global | Place::ClassGlobal => {
                self.unit.asm.ins(span, Op::DeleteGlobal, (), (), index);
            }
            Place::Namespace => self.unit.asm.ins(span, Op::DeleteName, (), (), index),
        }
        Ok(())
    }

    /// `__debug__` can be neither bound nor deleted.
    pub(super) fn forbid(&self, name: &Name, verb: &str, span: Span) -> Outcome {
        if &**name == "__debug__" {
            return syntax(format!("cannot {verb} __debug__"), span);
        }
        Ok(())
    }
}
