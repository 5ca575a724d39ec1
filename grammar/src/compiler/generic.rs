//! Type parameters: generic functions, classes and aliases.
//!
//! The parameters live in a scope of their own, a function that is called at
//! once. Bounds, defaults and the values of aliases are functions that `typing`
//! calls when somebody asks. In a class body all of these see the names of the
//! class: its namespace is their register 0, the lazy ones get it as a default.

use super::asm::Reg;
use super::fold::name_const;
use super::function::{CLOSURE, DEFAULTS, KEYWORD_DEFAULTS, TYPE_PARAMS};
use super::scope::Part;
use super::unit::UnitKind;
use super::{Compiler, Outcome, syntax};
use crate::bytecode::code::flags;
use crate::bytecode::op::Intrinsic;
use crate::bytecode::{Code, Const, Op};
use crate::source::Span;
use crate::syntax::ast::{
    ClassDef, Expr, ExprKind, FunctionDef, Name, Stmt, TypeParam, TypeParamKind,
};
use std::sync::Arc;

impl<'a> Compiler<'a> {
    /// Starts the code of an annotation scope; it may have the class's namespace as a parameter.
    fn enter_annotation<T>(&mut self, node: &T, part: Part, name: Name, span: Span) -> Outcome {
        let line = self.file.line_of(span.start);
        self.enter_annotation_at(node, part, name, span, line)
    }

    fn enter_annotation_at<T>(
        &mut self,
        node: &T,
        part: Part,
        name: Name,
        span: Span,
        line: u32,
    ) -> Outcome {
        let scope = self.find_scope(node, part, span)?;
        self.enter(UnitKind::Annotation, scope, name, line);
        if self.symbols.scopes[scope].sees_class {
            self.unit.flags |= flags::NAMESPACE;
            self.add_parameter(".namespace".into());
            self.unit.arg_count = 1;
        }
        Ok(())
    }

    /// Makes the function of type parameters in `first`, and passes the namespace.
    /// Gives the number of arguments pushed.
    fn push_scope_function(&mut self, code: Arc<Code>, first: Reg, span: Span) -> u16 {
        let sees_class = code.flags & flags::NAMESPACE != 0;
        let own = self.push_closure(&code);
        self.make_function(code, own, first, first, span);
        if sees_class {
            let temp = self.unit.asm.next_temp();
            self.unit.asm.ins(span, Op::Move, temp, Reg::Local(0), ());
        }
        u16::from(sees_class)
    }

    fn call_scope_function(&mut self, function: Reg, count: u16, span: Span) {
        let args = [function.into(), function.into(), count.into()];
        self.unit.asm.ins_extra(span, Op::Call, args, 0, None);
    }

    /// `dst` (the next temporary) = a generic function.
    pub(super) fn generic_function(
        &mut self,
        def: &'a FunctionDef,
        span: Span,
        is_async: bool,
        dst: Reg,
    ) -> Outcome {
        let name = format!("<generic parameters of {}>", def.name).into();
        let line = self.definition_line(&def.decorator_list, span);
        self.enter_annotation_at(def, Part::TypeParams, name, span, line)?;
        let mut own = 0;
        let mut given = Vec::new();
        if !def.args.defaults.is_empty() {
            own |= DEFAULTS;
            given.push(self.add_parameter(".defaults".into()));
        }
        if def.args.kw_defaults.iter().any(Option::is_some) {
            own |= KEYWORD_DEFAULTS;
            given.push(self.add_parameter(".kwdefaults".into()));
        }
        self.unit.arg_count += given.len() as u32;
        self.declare_locals();
        let params = self.type_params(&def.type_params)?;
        let first = self.unit.asm.next_temp();
        for local in given {
            let temp = self.unit.asm.next_temp();
            self.unit
                .asm
                .ins(span, Op::Move, temp, Reg::Local(local), ());
        }
        own |= self.push_annotations(&def.args, def.returns.as_deref(), span)?;
        let code = self.function_code(def, span, is_async)?;
        own |= self.push_closure(&code);
        let temp = self.unit.asm.next_temp();
        self.unit
            .asm
            .ins(span, Op::Move, temp, Reg::Local(params), ());
        self.make_function(code, own | TYPE_PARAMS, first, first, span);
        self.unit.asm.ins(span, Op::Return, (), first, ());
        let code = self.leave()?;
        let count = self.push_scope_function(code, dst, span);
        let pushed = self.push_defaults(&def.args, span)?.count_ones() as u16;
        self.call_scope_function(dst, count + pushed, span);
        Ok(())
    }

    /// `dst` (the next temporary) = a generic class.
    pub(super) fn generic_class(&mut self, def: &'a ClassDef, span: Span, dst: Reg) -> Outcome {
        let at = span;
        let name = format!("<generic parameters of {}>", def.name).into();
        let line = self.definition_line(&def.decorator_list, span);
        self.enter_annotation_at(def, Part::TypeParams, name, span, line)?;
        self.declare_locals();
        let params = self.type_params(&def.type_params)?;
        let first = self.unit.asm.next_temp();
        self.unit
            .asm
            .ins(at, Op::Move, first, Reg::Local(params), ());
        self.store_name(&".type_params".into(), first, at)?;
        let temp = self.unit.asm.next_temp();
        self.unit
            .asm
            .ins(at, Op::Move, temp, Reg::Local(params), ());
        let base = self.unit.hidden(".generic_base");
        self.intrinsic(Intrinsic::SubscriptGeneric, temp, 1, Reg::Local(base), at);
        self.unit.private = self.outer.last().and_then(|outer| outer.private.clone());
        self.build_class(def, span, first, Some(base))?;
        self.unit.asm.ins(at, Op::Return, (), first, ());
        let code = self.leave()?;
        let count = self.push_scope_function(code, dst, at);
        self.call_scope_function(dst, count, at);
        Ok(())
    }

    /// `type name[params] = value`.
    pub(super) fn type_alias(
        &mut self,
        stmt: &'a Stmt,
        name: &'a Expr,
        params: &'a [TypeParam],
        value: &'a Expr,
    ) -> Outcome {
        let span = stmt.span;
        let ExprKind::Name { id, .. } = &name.kind else {
            return syntax("invalid syntax", name.span);
        };
        let first = self.unit.asm.next_temp();
        if params.is_empty() {
            self.push_const(name_const(id), span);
            self.push_none(span);
            self.lazy_value(stmt, Part::Body, id, value)?;
            self.intrinsic(Intrinsic::TypeAlias, first, 3, first, span);
        } else {
            let scope_name = format!("<generic parameters of {id}>").into();
            self.enter_annotation(stmt, Part::TypeParams, scope_name, span)?;
            self.declare_locals();
            let params = self.type_params(params)?;
            let inner = self.push_const(name_const(id), span);
            let temp = self.unit.asm.next_temp();
            self.unit
                .asm
                .ins(span, Op::Move, temp, Reg::Local(params), ());
            self.lazy_value(stmt, Part::Body, id, value)?;
            self.intrinsic(Intrinsic::TypeAlias, inner, 3, inner, span);
            self.unit.asm.ins(span, Op::Return, (), inner, ());
            let code = self.leave()?;
            let count = self.push_scope_function(code, first, span);
            self.call_scope_function(first, count, span);
        }
        self.store_name(id, first, name.span)
    }

    /// Pushes a function without arguments that evaluates an expression.
    fn lazy_value<T>(&mut self, node: &T, part: Part, name: &Name, value: &'a Expr) -> Outcome {
        let span = value.span;
        let first = self.unit.asm.next_temp();
        self.enter_annotation(node, part, name.clone(), span)?;
        self.declare_locals();
        self.push_unpacked(value)?;
        let top = self.unit.asm.top();
        self.unit.asm.ins(span, Op::Return, (), top, ());
        let code = self.leave()?;
        let mut own = 0;
        if code.flags & flags::NAMESPACE != 0 {
            let namespace = self.unit.asm.next_temp();
            self.unit
                .asm
                .ins(span, Op::Move, namespace, Reg::Local(0), ());
            self.unit
                .asm
                .ins(span, Op::BuildTuple, namespace, namespace, 1);
            own |= DEFAULTS;
        }
        own |= self.push_closure(&code);
        debug_assert!(own & !(DEFAULTS | CLOSURE) == 0);
        self.make_function(code, own, first, first, span);
        Ok(())
    }

    /// Makes the type parameters and binds them; gives the hidden local with their tuple.
    fn type_params(&mut self, params: &'a [TypeParam]) -> Outcome<u16> {
        let first = self.unit.asm.next_temp();
        let mut seen_default = false;
        for param in params {
            let temp = self.unit.asm.next_temp();
            let (name, default) = self.type_param(param, temp)?;
            if let Some(default) = default {
                seen_default = true;
                self.lazy_value(param, Part::Default, name, default)?;
                self.intrinsic(Intrinsic::SetTypeParamDefault, temp, 2, temp, param.span);
            } else if seen_default {
                let message =
                    format!("non-default type parameter '{name}' follows default type parameter");
                return syntax(message, param.span);
            }
            let copy = self.unit.asm.next_temp();
            self.unit.asm.ins(param.span, Op::Copy, copy, temp, ());
            self.store_name(name, copy, param.span)?;
        }
        let local = self.unit.hidden(".params");
        self.unit.asm.ins(
            None,
            Op::BuildTuple,
            Reg::Local(local),
            first,
            params.len() as u16,
        );
        Ok(local)
    }

    /// `dst` (the next temporary) = one type parameter, without its default.
    fn type_param(
        &mut self,
        param: &'a TypeParam,
        dst: Reg,
    ) -> Outcome<(&'a Name, Option<&'a Expr>)> {
        let span = param.span;
        let (which, name, default) = match &param.kind {
            TypeParamKind::TypeVar {
                name,
                bound: Some(bound),
                default_value,
            } => {
                self.push_const(name_const(name), span);
                self.lazy_value(param, Part::Bound, name, bound)?;
                let which = match bound.kind {
                    ExprKind::Tuple { .. } => Intrinsic::TypeVarConstraints,
                    _ => Intrinsic::TypeVarBound,
                };
                self.intrinsic(which, dst, 2, dst, span);
                return Ok((name, default_value.as_deref()));
            }
            TypeParamKind::TypeVar {
                name,
                bound: None,
                default_value,
            } => (Intrinsic::TypeVar, name, default_value),
            TypeParamKind::ParamSpec {
                name,
                default_value,
            } => (Intrinsic::ParamSpec, name, default_value),
            TypeParamKind::TypeVarTuple {
                name,
                default_value,
            } => (Intrinsic::TypeVarTuple, name, default_value),
        };
        self.push_const(Const::Str(name.as_bytes().into()), span);
        self.intrinsic(which, dst, 1, dst, span);
        Ok((name, default.as_deref()))
    }
}
