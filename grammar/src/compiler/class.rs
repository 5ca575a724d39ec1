//! Classes.

use super::asm::{Arg, Reg};
use super::call::needs_unpacking;
use super::fold::name_const;
use super::scope::Part;
use super::unit::UnitKind;
use super::{Compiler, Outcome};
use crate::bytecode::code::flags;
use crate::bytecode::{Code, Const, Op};
use crate::source::Span;
use crate::syntax::ast::{ClassDef, Expr, ExprKind, Name};
use std::sync::Arc;

impl<'a> Compiler<'a> {
    pub(super) fn class_def(&mut self, def: &'a ClassDef, span: Span) -> Outcome {
        self.forbid(&def.name, "assign to", span)?;
        let class = self.decorated(&def.decorator_list, |this| {
            let first = this.unit.asm.next_temp();
            if def.type_params.is_empty() {
                this.build_class(def, span, first, None)?;
            } else {
                this.generic_class(def, span, first)?;
            }
            Ok(first)
        })?;
        self.store_name(&def.name, class, span)
    }

    /// `dst` = the class; `generic` is a hidden local with one more base.
    pub(super) fn build_class(
        &mut self,
        def: &'a ClassDef,
        span: Span,
        dst: Reg,
        generic: Option<u16>,
    ) -> Outcome {
        let at = span;
        self.check_keywords(&def.keywords)?;
        let callee = self.unit.asm.next_temp();
        self.unit.asm.ins(at, Op::LoadBuildClass, callee, (), ());
        let function = self.unit.asm.next_temp();
        let code = self.class_code(def, span)?;
        let own = self.push_closure(&code);
        self.make_function(code, own, function, function, at);
        self.push_const(name_const(&def.name), at);
        if needs_unpacking(&def.bases, &def.keywords) {
            return self.build_unpacked(callee, def, at, dst, generic);
        }
        self.push_all(&def.bases)?;
        let mut count = 2 + def.bases.len();
        if let Some(generic) = generic {
            let base = self.unit.asm.next_temp();
            self.unit
                .asm
                .ins(at, Op::Move, base, Reg::Local(generic), ());
            count += 1;
        }
        self.finish_call(callee, count, &def.keywords, dst, at)
    }

    fn build_unpacked(
        &mut self,
        callee: Reg,
        def: &'a ClassDef,
        at: Span,
        dst: Reg,
        generic: Option<u16>,
    ) -> Outcome {
        if generic.is_none() {
            return self.call_unpacked(callee, 2, &def.bases, &def.keywords, dst, at);
        }
        // The generic base comes after the others and before the keywords.
        self.call_unpacked_with(callee, 2, &def.bases, &def.keywords, dst, at, generic)
    }

    fn class_code(&mut self, def: &'a ClassDef, span: Span) -> Outcome<Arc<Code>> {
        let scope = self.find_scope(def, Part::Body, span)?;
        let line = self.definition_line(&def.decorator_list, span);
        self.enter(UnitKind::Class, scope, def.name.clone(), line);
        self.unit.private = Some(def.name.clone());
        self.unit.flags |= flags::CLASS_BODY | flags::NAMESPACE;
        self.unit.namespaced = true;
        self.unit.arg_count = 1;
        let namespace = self.unit.new_local(".namespace".into());
        self.unit.asm.bind(namespace);
        if self.symbols.scopes[scope].needs_class_cell {
            let cell = self.unit.new_local("__class__".into());
            self.unit.class_cell = Some(cell);
            self.unit.cells.push(cell);
            self.unit
                .asm
                .ins(None, Op::MakeCell, Reg::Local(cell), (), ());
        }
        self.class_head(def, line)?;
        let mut body = &def.body[..];
        self.setup_annotations();
        if let Some(text) = self.docstring(body) {
            let at = body[0].span;
            let text = self.push_const(text, at);
            self.store_name(&"__doc__".into(), text, at)?;
            body = &body[1..];
        }
        self.body(body)?;
        self.class_tail(line)?;
        self.leave()
    }

    fn class_head(&mut self, def: &'a ClassDef, line: u32) -> Outcome {
        let at = Span::at(self.file.line_start(line));
        let module = self.unit.asm.next_temp();
        let index = self.unit.name_index(&"__name__".into());
        self.unit.asm.ins(at, Op::GetName, module, (), index);
        self.set_name("__module__", module, at);
        let qualname = name_const(&self.unit.qualname.clone());
        let qualname = self.push_const(qualname, at);
        self.set_name("__qualname__", qualname, at);
        let shown = self.file.original_line(line);
        let first_line = self.push_const(Const::Int(i64::from(shown)), at);
        self.set_name("__firstlineno__", first_line, at);
        if !def.type_params.is_empty() {
            let params: Name = ".type_params".into();
            let index = self.unit.name_index(&params);
            let free = self.free_index(&params);
            let temp = self.unit.asm.next_temp();
            self.unit.asm.ins(at, Op::GetFree, temp, free, index);
            self.set_name("__type_params__", temp, at);
        }
        Ok(())
    }

    fn set_name(&mut self, name: &str, value: Reg, at: impl Into<Option<Span>>) {
        let index = self.unit.name_index(&name.into());
        self.unit.asm.ins(at, Op::SetName, (), value, index);
    }

    fn class_tail(&mut self, line: u32) -> Outcome {
        let at = Span::at(self.file.line_start(line));
        let names = self
            .unit
            .static_attributes
            .iter()
            .map(|name| name_const(name));
        let names = Const::Tuple(names.collect());
        let names = self.push_const(names, at);
        self.set_name("__static_attributes__", names, at);
        match self.unit.class_cell {
            Some(cell) => {
                let temp = self.unit.asm.next_temp();
                self.unit.asm.ins(at, Op::Move, temp, Reg::Local(cell), ());
                self.set_name("__classcell__", temp, at);
                self.unit
                    .asm
                    .ins(at, Op::Return, Arg::None, Reg::Local(cell), ());
            }
            None => self.return_none(),
        }
        Ok(())
    }

    /// Notes `self.name = ...` in a method, for `__static_attributes__`.
    pub(super) fn note_attribute(&mut self, object: &Expr, attr: &Name) {
        let ExprKind::Name { id, .. } = &object.kind else {
            return;
        };
        if &**id != "self" {
            return;
        }
        let class = self
            .outer
            .iter_mut()
            .rev()
            .find(|unit| unit.kind == UnitKind::Class);
        if let Some(class) = class {
            class.static_attributes.insert(attr.clone());
        }
    }
}
