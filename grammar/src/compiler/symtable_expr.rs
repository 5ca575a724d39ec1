//! The first pass, continued: names in expressions, comprehensions and patterns.

use super::scope::{Part, ScopeKind, mangle, node_key, uses};
use super::symtable::{Builder, Outcome, error};
use crate::source::Span;
use crate::syntax::ast::{Comprehension, Expr, ExprContext, ExprKind, Name, Pattern, PatternKind};

impl Builder {
    pub(super) fn exprs(&mut self, exprs: &[Expr]) -> Outcome {
        exprs.iter().try_for_each(|expr| self.expr(expr))
    }

    pub(super) fn optional(&mut self, expr: Option<&Expr>) -> Outcome {
        expr.map_or(Ok(()), |expr| self.expr(expr))
    }

    pub(super) fn expr(&mut self, expr: &Expr) -> Outcome {
        let span = expr.span;
        self.stack.check(span)?;
        match &expr.kind {
            ExprKind::BoolOp { values, .. } | ExprKind::JoinedStr { values } => self.exprs(values),
            ExprKind::NamedExpr { target, value } => self.walrus(target, value, span),
            ExprKind::BinOp { left, right, .. } => {
                self.expr(left)?;
                self.expr(right)
            }
            ExprKind::UnaryOp { operand, .. } => self.expr(operand),
            ExprKind::Lambda { args, body } => {
                self.defaults(args)?;
                self.enter(ScopeKind::Lambda, Some((node_key(expr), Part::Body)));
                self.parameters(args)?;
                let target = std::mem::take(&mut self.comp_target);
                self.expr(body)?;
                self.comp_target = target;
                self.leave();
                Ok(())
            }
            ExprKind::IfExp { test, body, orelse } => {
                self.expr(test)?;
                self.expr(body)?;
                self.expr(orelse)
            }
            ExprKind::Dict { keys, values } => {
                keys.iter().flatten().try_for_each(|key| self.expr(key))?;
                self.exprs(values)
            }
            ExprKind::Set { elts } | ExprKind::List { elts, .. } | ExprKind::Tuple { elts, .. } => {
                self.exprs(elts)
            }
            ExprKind::ListComp { elt, generators } => {
                self.comprehension(expr, ScopeKind::ListComp, generators, elt, None)
            }
            ExprKind::SetComp { elt, generators } => {
                self.comprehension(expr, ScopeKind::SetComp, generators, elt, None)
            }
            ExprKind::DictComp {
                key,
                value,
                generators,
            } => self.comprehension(expr, ScopeKind::DictComp, generators, value, Some(key)),
            ExprKind::GeneratorExp { elt, generators } => {
                self.comprehension(expr, ScopeKind::GeneratorExp, generators, elt, None)
            }
            ExprKind::Await { value } => {
                self.not_in_annotation("await expression", span)?;
                self.scope().is_coroutine = true;
                self.expr(value)
            }
            ExprKind::Yield { value } => {
                self.yields(span)?;
                self.optional(value.as_deref())
            }
            ExprKind::YieldFrom { value } => {
                self.yields(span)?;
                self.expr(value)
            }
            ExprKind::Compare {
                left, comparators, ..
            } => {
                self.expr(left)?;
                self.exprs(comparators)
            }
            ExprKind::Call {
                func,
                args,
                keywords,
            } => {
                self.expr(func)?;
                self.exprs(args)?;
                keywords
                    .iter()
                    .try_for_each(|keyword| self.expr(&keyword.value))
            }
            ExprKind::FormattedValue {
                value, format_spec, ..
            } => {
                self.expr(value)?;
                self.optional(format_spec.as_deref())
            }
            ExprKind::Constant { .. } => Ok(()),
            ExprKind::Attribute { value, .. } | ExprKind::Starred { value, .. } => self.expr(value),
            ExprKind::Subscript { value, slice, .. } => {
                self.expr(value)?;
                self.expr(slice)
            }
            ExprKind::Slice { lower, upper, step } => {
                self.optional(lower.as_deref())?;
                self.optional(upper.as_deref())?;
                self.optional(step.as_deref())
            }
            ExprKind::Name { id, ctx } => self.name(id, *ctx, span),
        }
    }

    pub(super) fn name(&mut self, id: &Name, ctx: ExprContext, span: Span) -> Outcome {
        match ctx {
            ExprContext::Load => {
                self.add(id, uses::USE, span)?;
                // `super()` needs the class it stands in.
                let function = matches!(self.scope().kind, ScopeKind::Function | ScopeKind::Lambda)
                    || self.scope().kind.is_comprehension();
                if function && *id == self.super_name {
                    let class = self.class_name.clone();
                    self.add(&class, uses::USE, span)?;
                }
                Ok(())
            }
            ExprContext::Store => self.bind(id, span),
            ExprContext::Del => self.add(id, uses::LOCAL | uses::DELETED, span),
        }
    }

    pub(super) fn yields(&mut self, span: Span) -> Outcome {
        self.not_in_annotation("yield expression", span)?;
        let what = match self.scope().kind {
            ScopeKind::ListComp => "list comprehension",
            ScopeKind::SetComp => "set comprehension",
            ScopeKind::DictComp => "dict comprehension",
            ScopeKind::GeneratorExp => "generator expression",
            _ => {
                self.scope().is_generator = true;
                return Ok(());
            }
        };
        Err(error(format!("'yield' inside {what}"), span))
    }

    pub(super) fn not_in_annotation(&mut self, what: &str, span: Span) -> Outcome {
        if !self.scope().kind.is_annotation() {
            return Ok(());
        }
        let place = self.scope().place;
        Err(error(format!("{what} cannot be used within {place}"), span))
    }

    pub(super) fn walrus(&mut self, target: &Expr, value: &Expr, span: Span) -> Outcome {
        self.not_in_annotation("named expression", span)?;
        if self.comp_iter > 0 {
            let message =
                "assignment expression cannot be used in a comprehension iterable expression";
            return Err(error(message.to_string(), span));
        }
        self.scope().has_walrus = true;
        if self.scope().kind.is_comprehension()
            && let ExprKind::Name { id, .. } = &target.kind
        {
            self.extend_walrus(id, target.span)?;
            return self.expr(value);
        }
        self.expr(value)?;
        self.expr(target)
    }

    /// Inside a comprehension `:=` binds in the scope around it.
    pub(super) fn extend_walrus(&mut self, id: &Name, span: Span) -> Outcome {
        let name = mangle(self.private.as_ref(), id);
        let mut at = self.current;
        loop {
            let scope = &mut self.table.scopes[at];
            scope.has_walrus = true;
            let outer = match scope.kind {
                kind if kind.is_comprehension() => {
                    if scope.has(&name, uses::COMP_ITER) {
                        let message = format!(
                            "assignment expression cannot rebind comprehension iteration variable '{id}'"
                        );
                        return Err(error(message, span));
                    }
                    scope.parent.unwrap_or(0)
                }
                ScopeKind::Function | ScopeKind::Lambda => {
                    let global = scope.has(&name, uses::GLOBAL);
                    let flag = if global { uses::GLOBAL } else { uses::NONLOCAL };
                    self.add_to(self.current, name.clone(), flag, span)?;
                    return self.add_to(at, name, uses::LOCAL, span);
                }
                ScopeKind::Module => {
                    self.add_to(self.current, name.clone(), uses::GLOBAL, span)?;
                    return self.add_to(at, name, uses::GLOBAL, span);
                }
                _ => {
                    let place = match scope.kind {
                        ScopeKind::TypeVariable if scope.place != "an annotation" => {
                            "in a TypeVar bound"
                        }
                        ScopeKind::TypeParams => "within the definition of a generic",
                        _ => &format!("in {}", scope.place),
                    };
                    let message = format!(
                        "assignment expression within a comprehension cannot be used {place}"
                    );
                    return Err(error(message, span));
                }
            };
            at = outer;
        }
    }

    pub(super) fn comprehension(
        &mut self,
        expr: &Expr,
        kind: ScopeKind,
        generators: &[Comprehension],
        value: &Expr,
        key: Option<&Expr>,
    ) -> Outcome {
        let Some((first, rest)) = generators.split_first() else {
            return Ok(());
        };
        self.iterable(&first.iter)?;
        self.enter(kind, Some((node_key(expr), Part::Body)));
        // The element may hold a walrus even inside an iterable of its own scope's.
        let mut is_async = first.is_async;
        self.comp_part(first)?;
        for part in rest {
            is_async |= part.is_async;
            self.comp_target_of(part)?;
            self.iterable(&part.iter)?;
            self.exprs(&part.ifs)?;
        }
        self.optional(key)?;
        self.expr(value)?;
        self.scope().is_coroutine |= is_async;
        let is_coroutine = self.scope().is_coroutine;
        self.leave();
        if is_coroutine && kind != ScopeKind::GeneratorExp {
            self.scope().is_coroutine = true;
        }
        Ok(())
    }

    pub(super) fn comp_part(&mut self, part: &Comprehension) -> Outcome {
        self.comp_target_of(part)?;
        self.exprs(&part.ifs)
    }

    pub(super) fn comp_target_of(&mut self, part: &Comprehension) -> Outcome {
        let saved = std::mem::replace(&mut self.comp_target, true);
        let result = self.expr(&part.target);
        self.comp_target = saved;
        result
    }

    pub(super) fn iterable(&mut self, iter: &Expr) -> Outcome {
        self.comp_iter += 1;
        let result = self.expr(iter);
        self.comp_iter -= 1;
        result
    }

    // Patterns.

    pub(super) fn pattern(&mut self, pattern: &Pattern) -> Outcome {
        let span = pattern.span;
        self.stack.check(span)?;
        match &pattern.kind {
            PatternKind::MatchValue { value } => self.expr(value),
            PatternKind::MatchSingleton { .. } => Ok(()),
            PatternKind::MatchSequence { patterns } | PatternKind::MatchOr { patterns } => {
                patterns.iter().try_for_each(|inner| self.pattern(inner))
            }
            PatternKind::MatchMapping {
                keys,
                patterns,
                rest,
            } => {
                self.exprs(keys)?;
                patterns.iter().try_for_each(|inner| self.pattern(inner))?;
                rest.as_ref().map_or(Ok(()), |name| self.bind(name, span))
            }
            PatternKind::MatchClass {
                cls,
                patterns,
                kwd_patterns,
                ..
            } => {
                self.expr(cls)?;
                let mut all = patterns.iter().chain(kwd_patterns);
                all.try_for_each(|inner| self.pattern(inner))
            }
            PatternKind::MatchStar { name } => {
                name.as_ref().map_or(Ok(()), |name| self.bind(name, span))
            }
            PatternKind::MatchAs { pattern, name } => {
                if let Some(pattern) = pattern {
                    self.pattern(pattern)?;
                }
                name.as_ref().map_or(Ok(()), |name| self.bind(name, span))
            }
        }
    }
}
