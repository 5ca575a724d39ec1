//! Functions: `def`, `lambda`, and what they close over.

use super::asm::{Arg, Reg};
use super::fold::name_const;
use super::scope::{Meaning, Part, ScopeId, uses};
use super::symtable::parameters;
use super::unit::UnitKind;
use super::{Compiler, Outcome};
use crate::bytecode::code::flags;
use crate::bytecode::{Code, Const, Op};
use crate::source::Span;
use crate::syntax::ast::{Arguments, Expr, FunctionDef, Name, Stmt};
use std::sync::Arc;

/// Own bits of `MakeFunction`.
pub(super) const DEFAULTS: u8 = 1;
pub(super) const KEYWORD_DEFAULTS: u8 = 2;
pub(super) const ANNOTATIONS: u8 = 4;
pub(super) const CLOSURE: u8 = 8;
pub(super) const TYPE_PARAMS: u8 = 16;

impl<'a> Compiler<'a> {
    pub(super) fn function_def(
        &mut self,
        def: &'a FunctionDef,
        span: Span,
        is_async: bool,
    ) -> Outcome {
        let function = self.decorated(&def.decorator_list, |this| {
            let first = this.unit.asm.next_temp();
            if def.type_params.is_empty() {
                let mut own = this.push_defaults(&def.args, span)?;
                own |= this.push_annotations(&def.args, def.returns.as_deref(), span)?;
                let code = this.function_code(def, span, is_async)?;
                own |= this.push_closure(&code);
                this.make_function(code, own, first, first, span);
            } else {
                this.generic_function(def, span, is_async, first)?;
            }
            Ok(first)
        })?;
        self.store_name(&def.name, function, span)
    }

    /// Evaluates decorators, then what they decorate, then calls them.
    pub(super) fn decorated(
        &mut self,
        decorators: &'a [Expr],
        make: impl FnOnce(&mut Self) -> Outcome<Reg>,
    ) -> Outcome<Reg> {
        let first = self.unit.asm.next_temp();
        self.push_all(decorators)?;
        make(self)?;
        for decorator in decorators.iter().rev() {
            // The decorated value is on top, the decorator below it.
            let callee = match self.unit.asm.top() {
                Reg::Temp(number) => Reg::Temp(number.saturating_sub(1)),
                local => local,
            };
            let args = [callee.into(), callee.into(), 1.into()];
            self.unit
                .asm
                .ins_extra(decorator.span, Op::Call, args, 0, None);
        }
        Ok(first)
    }

    /// The line at which a definition begins, decorators included.
    pub(super) fn definition_line(&self, decorators: &[Expr], span: Span) -> u32 {
        let start = decorators
            .first()
            .map_or(span.start, |decorator| decorator.span.start);
        self.file.line_of(start)
    }

    pub(super) fn function_code(
        &mut self,
        def: &'a FunctionDef,
        span: Span,
        is_async: bool,
    ) -> Outcome<Arc<Code>> {
        let scope = self.find_scope(def, Part::Body, span)?;
        let line = self.definition_line(&def.decorator_list, span);
        let kind = if is_async {
            UnitKind::AsyncFunction
        } else {
            UnitKind::Function
        };
        self.enter(kind, scope, def.name.clone(), line);
        self.add_parameters(&def.args)?;
        let table = &self.symbols.scopes[scope];
        self.unit.flags |= match (table.is_generator, is_async) {
            (true, true) => flags::ASYNC_GENERATOR,
            (true, false) => flags::GENERATOR,
            (false, true) => flags::COROUTINE,
            (false, false) => 0,
        };
        self.function_body(&def.body)?;
        self.leave()
    }

    fn function_body(&mut self, body: &'a [Stmt]) -> Outcome {
        let mut rest = body;
        if let Some(text) = self.docstring(body) {
            self.unit.flags |= flags::HAS_DOCSTRING;
            self.unit.const_index(text);
            rest = &body[1..];
        }
        self.declare_locals();
        self.body(rest)?;
        self.return_none();
        Ok(())
    }

    /// Gives registers to the parameters.
    fn add_parameters(&mut self, args: &'a Arguments) -> Outcome {
        self.unit.posonly_count = args.posonlyargs.len() as u32;
        self.unit.arg_count = (args.posonlyargs.len() + args.args.len()) as u32;
        self.unit.kwonly_count = args.kwonlyargs.len() as u32;
        if args.vararg.is_some() {
            self.unit.flags |= flags::VARARGS;
        }
        if args.kwarg.is_some() {
            self.unit.flags |= flags::VARKEYWORDS;
        }
        for arg in parameters(args) {
            self.forbid(&arg.arg, "assign to", arg.span)?;
            let name = self.mangled(&arg.arg);
            self.add_parameter(name);
        }
        Ok(())
    }

    pub(super) fn lambda(
        &mut self,
        expr: &'a Expr,
        args: &'a Arguments,
        body: &'a Expr,
        dst: Reg,
    ) -> Outcome {
        let span = expr.span;
        let first = self.unit.asm.next_temp();
        let mut own = self.push_defaults(args, span)?;
        let scope = self.find_scope(expr, Part::Body, span)?;
        let line = self.file.line_of(span.start);
        self.enter(UnitKind::Lambda, scope, "<lambda>".into(), line);
        self.add_parameters(args)?;
        let is_generator = self.symbols.scopes[scope].is_generator;
        if is_generator {
            self.unit.flags |= flags::GENERATOR;
        }
        self.declare_locals();
        self.return_value(body, body.span)?;
        let code = self.leave()?;
        own |= self.push_closure(&code);
        self.make_function(code, own, first, dst, span);
        Ok(())
    }

    /// Pushes the defaults; gives the own bits for them.
    pub(super) fn push_defaults(&mut self, args: &'a Arguments, span: Span) -> Outcome<u8> {
        let mut own = 0;
        if !args.defaults.is_empty() {
            self.push_tuple(&args.defaults, span)?;
            own |= DEFAULTS;
        }
        let keywords = args.kwonlyargs.iter().zip(&args.kw_defaults);
        let first = self.unit.asm.next_temp();
        let mut count: u16 = 0;
        for (arg, default) in keywords {
            if let Some(default) = default {
                let name = self.mangled(&arg.arg);
                self.push_const(name_const(&name), span);
                self.push(default)?;
                count += 1;
            }
        }
        if count > 0 {
            self.unit.asm.ins(span, Op::BuildDict, first, first, count);
            own |= KEYWORD_DEFAULTS;
        }
        Ok(own)
    }

    fn push_tuple(&mut self, exprs: &'a [Expr], span: Span) -> Outcome {
        let first = self.unit.asm.next_temp();
        let constants: Option<Vec<Const>> = exprs.iter().map(super::fold::fold).collect();
        if let Some(items) = constants {
            self.push_const(Const::Tuple(items.into()), span);
            return Ok(());
        }
        self.push_all(exprs)?;
        self.unit
            .asm
            .ins(span, Op::BuildTuple, first, first, exprs.len() as u16);
        Ok(())
    }

    /// Pushes the tuple of cells that the code needs; gives the own bit.
    pub(super) fn push_closure(&mut self, code: &Code) -> u8 {
        if code.free_names.is_empty() {
            return 0;
        }
        let first = self.unit.asm.next_temp();
        for name in &code.free_names {
            let name = &name.counted();
            let dst = self.unit.asm.next_temp();
            match self.cell_of(name) {
                Some(local) => self
                    .unit
                    .asm
                    .ins(None, Op::Move, dst, Reg::Local(local), ()),
                None => {
                    let free = self.free_index(name);
                    self.unit.asm.ins(None, Op::GetFreeCell, dst, free, ());
                }
            }
        }
        let count = code.free_names.len() as u16;
        self.unit.asm.ins(None, Op::BuildTuple, first, first, count);
        CLOSURE
    }

    /// The local that holds the cell of a variable; `None` when it is free here too.
    fn cell_of(&self, name: &Name) -> Option<u16> {
        let own = |scope: ScopeId| {
            let symbol = self.symbols.scopes[scope].symbol(name);
            symbol.is_some_and(|symbol| {
                symbol.meaning == Meaning::Own && symbol.uses & uses::CAPTURED != 0
            })
        };
        for inlined in self.unit.inlined.iter().rev() {
            if own(inlined.scope) {
                return inlined.registers.get(name).copied();
            }
        }
        match self.unit.kind {
            UnitKind::Class if &**name == "__class__" => self.unit.class_cell,
            UnitKind::Class | UnitKind::Module => None,
            _ if own(self.unit.scope) => self.unit.locals.get(name).copied(),
            _ => None,
        }
    }

    /// Makes a function; what the own bits say lies from `first` on.
    pub(super) fn make_function(
        &mut self,
        code: Arc<Code>,
        own: u8,
        first: Reg,
        dst: Reg,
        span: Span,
    ) {
        let index = self.unit.const_index(Const::Code(code));
        let Ok(index) = u16::try_from(index) else {
            self.unit.asm.fail("too many constants");
            return;
        };
        let window = if own == 0 { Arg::None } else { first.into() };
        self.unit.asm.ins_own(
            span,
            Op::MakeFunction,
            own,
            [dst.into(), window, Arg::Num(index)],
        );
    }
}
