//! Imports, and `from __future__` imports, which the compiler itself obeys.

use super::asm::{Arg, Reg};
use super::fold::name_const;
use super::unit::UnitKind;
use super::{Compiler, Outcome, syntax};
use crate::bytecode::{Const, Op};
use crate::source::{Diagnostic, Span};
use crate::syntax::ast::{Alias, Body, Constant, ExprKind, Module, Name, Stmt, StmtKind};
use std::sync::Arc;

/// Features that have long been part of the language.
const FEATURES: &[&str] = &[
    "nested_scopes",
    "generators",
    "division",
    "absolute_import",
    "with_statement",
    "print_function",
    "unicode_literals",
    "barry_as_FLUFL",
    "generator_stop",
];

/// What `from __future__` imports ask for.
pub(super) struct Future {
    pub annotations: bool,
    /// Where the part of the file ends in which they may stand.
    pub end: u32,
}

/// Reads the `from __future__` imports at the start of a module.
pub(super) fn future_features(module: &Module) -> Result<Future, Diagnostic> {
    let mut future = Future {
        annotations: false,
        end: 0,
    };
    let (Body::Module(body) | Body::Interactive(body)) = &module.body else {
        return Ok(future);
    };
    for (index, stmt) in body.iter().enumerate() {
        match &stmt.kind {
            StmtKind::ImportFrom {
                module: Some(name),
                names,
                level: 0,
            } if &**name == "__future__" => {
                future.annotations |= read_features(names, stmt.span)?;
                future.end = stmt.span.end;
            }
            StmtKind::Expr { value } if index == 0 && is_text(&value.kind) => {}
            _ => break,
        }
    }
    Ok(future)
}

fn is_text(kind: &ExprKind) -> bool {
    matches!(
        kind,
        ExprKind::Constant {
            value: Constant::Str(_),
            ..
        }
    )
}

fn read_features(names: &[Alias], span: Span) -> Result<bool, Diagnostic> {
    let mut annotations = false;
    for alias in names {
        let name = &*alias.name;
        if name == "annotations" {
            annotations = true;
        } else if name == "braces" {
            return Err(Diagnostic::syntax("not a chance", span));
        } else if !FEATURES.contains(&name) {
            let message = format!("future feature {name} is not defined");
            return Err(Diagnostic::syntax(message, span));
        }
    }
    Ok(annotations)
}

impl<'a> Compiler<'a> {
    /// `import a.b, c as d`.
    pub(super) fn import(&mut self, names: &'a [Alias], span: Span) -> Outcome {
        for alias in names {
            let module = self.unit.asm.next_temp();
            self.import_name(&alias.name, 0, u32::MAX, module, span);
            match &alias.asname {
                Some(name) => {
                    self.import_as(&alias.name, module, span);
                    self.store_name(name, module, span)?;
                }
                None => {
                    let first = alias.name.split('.').next().unwrap_or_default();
                    self.store_name(&Arc::from(first), module, span)?;
                }
            }
        }
        Ok(())
    }

    /// `import a.b.c as d` binds `a.b.c`, found step by step.
    fn import_as(&mut self, dotted: &Name, module: Reg, span: Span) {
        for part in dotted.split('.').skip(1) {
            let inner = self.unit.hidden(".module");
            let index = self.unit.name_index(&part.into());
            self.unit
                .asm
                .ins(span, Op::ImportFrom, Reg::Local(inner), module, index);
            self.unit.asm.drop_top(span);
            self.unit
                .asm
                .ins(span, Op::Move, module, Reg::Local(inner), ());
            self.unit.clear_hidden(inner);
        }
    }

    fn import_name(&mut self, name: &Name, level: u32, names: u32, dst: Reg, span: Span) {
        let index = self.unit.name_index(name);
        let extra = u64::from(level) | u64::from(names) << 32;
        let args = [dst.into(), Arg::Num(index), Arg::None];
        self.unit
            .asm
            .ins_extra(span, Op::ImportName, args, extra, None);
    }

    /// `from module import names`.
    pub(super) fn import_from(
        &mut self,
        module: Option<&'a Name>,
        names: &'a [Alias],
        level: u32,
        stmt: &'a Stmt,
    ) -> Outcome {
        let span = stmt.span;
        let empty: Name = "".into();
        let name = module.unwrap_or(&empty);
        if &**name == "__future__" && level == 0 && span.end > self.future_end {
            let message = "from __future__ imports must occur at the beginning of the file";
            return syntax(message, span);
        }
        let list: Vec<Const> = names.iter().map(|alias| name_const(&alias.name)).collect();
        let list = self.unit.const_index(Const::Tuple(list.into()));
        let module = self.unit.asm.next_temp();
        self.import_name(name, level, list, module, span);
        if let [Alias { name, .. }] = names
            && &**name == "*"
        {
            if self.unit.kind != UnitKind::Module {
                return syntax("import * only allowed at module level", span);
            }
            self.unit.asm.ins(span, Op::ImportStar, (), module, ());
            return Ok(());
        }
        for alias in names {
            let target = alias.asname.as_ref().unwrap_or(&alias.name);
            let index = self.unit.name_index(&alias.name);
            let dst = match self.local_of(target) {
                Some(local) => Reg::Local(local),
                None => self.unit.asm.next_temp(),
            };
            self.unit.asm.ins(span, Op::ImportFrom, dst, module, index);
            if let Reg::Temp(_) = dst {
                self.store_name(target, dst, span)?;
            } else {
                self.forbid(target, "assign to", span)?;
            }
        }
        self.unit.asm.drop_top(span);
        Ok(())
    }
}
