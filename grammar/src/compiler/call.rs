//! Calls.

use super::asm::{Arg, Reg};
use super::fold::{fold, name_const};
use super::{Compiler, Outcome, syntax};
use crate::bytecode::{Const, Op};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Keyword, Name};
use std::collections::HashSet;

/// Calls with more arguments pass them in a list and a dict.
const MAX_DIRECT: usize = 1000;

impl<'a> Compiler<'a> {
    pub(super) fn call(
        &mut self,
        func: &'a Expr,
        args: &'a [Expr],
        keywords: &'a [Keyword],
        dst: Reg,
        span: Span,
    ) -> Outcome {
        self.check_keywords(keywords)?;
        self.warn_caller(func);
        if needs_unpacking(args, keywords) {
            let callee = self.push(func)?;
            return self.call_unpacked(callee, 0, args, keywords, dst, span);
        }
        if let ExprKind::Attribute { value, attr, .. } = &func.kind {
            let values = keywords.iter().map(|keyword| &keyword.value);
            if args.iter().chain(values).all(|arg| self.is_at_hand(arg)) {
                return self.method_call(func, value, attr, args, keywords, dst, span);
            }
            return self.loaded_call(func, value, attr, args, keywords, dst, span);
        }
        let callee = self.push(func)?;
        self.push_all(args)?;
        self.finish_call(callee, args.len(), keywords, dst, span)
    }

    /// Pushes the keywords and calls; the callee and `count` arguments are there.
    pub(super) fn finish_call(
        &mut self,
        callee: Reg,
        count: usize,
        keywords: &'a [Keyword],
        dst: Reg,
        span: Span,
    ) -> Outcome {
        let total = (count + keywords.len()) as u16;
        let args = [dst.into(), callee.into(), Arg::Num(total)];
        if keywords.is_empty() {
            self.unit.asm.ins_extra(span, Op::Call, args, 0, None);
            return Ok(());
        }
        let names = self.push_keywords(keywords)?;
        self.unit
            .asm
            .ins_extra(span, Op::CallKw, args, u64::from(names), None);
        Ok(())
    }

    #[expect(clippy::too_many_arguments)]
    fn method_call(
        &mut self,
        func: &'a Expr,
        value: &'a Expr,
        attr: &Name,
        args: &'a [Expr],
        keywords: &'a [Keyword],
        dst: Reg,
        span: Span,
    ) -> Outcome {
        let object = self.push(value)?;
        self.push_all(args)?;
        let total = (args.len() + keywords.len()) as u16;
        let operands = [dst.into(), object.into(), Arg::Num(total)];
        let attr_span = Some(self.attribute_span(func, attr));
        let span = self.span_at_attribute(span, func.span.end, attr);
        let name = self.mangled(attr);
        let name = u64::from(self.unit.name_index(&name));
        if keywords.is_empty() {
            self.unit
                .asm
                .ins_extra(span, Op::CallMethod, operands, name, attr_span);
            return Ok(());
        }
        let names = u64::from(self.push_keywords(keywords)?);
        let extra = name | names << 32;
        self.unit
            .asm
            .ins_extra(span, Op::CallMethodKw, operands, extra, attr_span);
        Ok(())
    }

    /// A method call with arguments that have to be computed: the method is looked up before those.
    #[expect(clippy::too_many_arguments)]
    fn loaded_call(
        &mut self,
        func: &'a Expr,
        value: &'a Expr,
        attr: &Name,
        args: &'a [Expr],
        keywords: &'a [Keyword],
        dst: Reg,
        span: Span,
    ) -> Outcome {
        let object = self.operand(value)?;
        let callee = match object {
            Reg::Temp(_) => object,
            Reg::Local(_) => self.unit.asm.next_temp(),
        };
        let name = self.mangled(attr);
        let index = self.unit.name_index(&name);
        let at = self.attribute_span(func, attr);
        self.unit.asm.ins(at, Op::GetMethod, callee, object, index);
        self.push_all(args)?;
        let total = (args.len() + keywords.len()) as u16;
        let operands = [dst.into(), callee.into(), Arg::Num(total)];
        let span = self.span_at_attribute(span, func.span.end, attr);
        if keywords.is_empty() {
            self.unit
                .asm
                .ins_extra(span, Op::CallLoaded, operands, 0, None);
            return Ok(());
        }
        let names = u64::from(self.push_keywords(keywords)?);
        self.unit
            .asm
            .ins_extra(span, Op::CallLoadedKw, operands, names, None);
        Ok(())
    }

    /// Whether the value is there without any doing that a script could notice: a constant, or a local that is bound.
    fn is_at_hand(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Name { id, .. } => self
                .local_of(id)
                .is_some_and(|local| self.unit.asm.is_bound(local)),
            _ => fold(expr).is_some(),
        }
    }

    pub(super) fn push_all(&mut self, exprs: &'a [Expr]) -> Outcome {
        exprs
            .iter()
            .try_for_each(|expr| self.push(expr).map(|_| ()))
    }

    /// Pushes the values; gives the constant with their names.
    fn push_keywords(&mut self, keywords: &'a [Keyword]) -> Outcome<u32> {
        let mut names = Vec::new();
        for keyword in keywords {
            self.push(&keyword.value)?;
            // The names of arguments are not mangled, unlike those of parameters.
            names.extend(keyword.arg.as_ref().map(|name| name_const(name)));
        }
        Ok(self.unit.const_index(Const::Tuple(names.into())))
    }

    pub(super) fn check_keywords(&self, keywords: &[Keyword]) -> Outcome {
        let mut seen = HashSet::new();
        for keyword in keywords {
            let Some(name) = &keyword.arg else { continue };
            self.forbid(name, "assign to", keyword.span)?;
            if !seen.insert(name) {
                return syntax(format!("keyword argument repeated: {name}"), keyword.span);
            }
        }
        Ok(())
    }

    /// A call with `*args` or `**kwargs`. `pushed` arguments lie behind the callee already.
    pub(super) fn call_unpacked(
        &mut self,
        callee: Reg,
        pushed: u16,
        args: &'a [Expr],
        keywords: &'a [Keyword],
        dst: Reg,
        span: Span,
    ) -> Outcome {
        self.call_unpacked_with(callee, pushed, args, keywords, dst, span, None)
    }

    /// The same with one more argument, in a local, after those given by position.
    #[expect(clippy::too_many_arguments)]
    pub(super) fn call_unpacked_with(
        &mut self,
        callee: Reg,
        pushed: u16,
        args: &'a [Expr],
        keywords: &'a [Keyword],
        dst: Reg,
        span: Span,
        last: Option<u16>,
    ) -> Outcome {
        let only_star = pushed == 0
            && matches!(
                args,
                [Expr {
                    kind: ExprKind::Starred { .. },
                    ..
                }]
            );
        let list = match callee {
            Reg::Temp(number) => Reg::Temp(number + 1),
            Reg::Local(_) => self.unit.asm.next_temp(),
        };
        if only_star && last.is_none() && !keywords.is_empty() {
            // Alone before keywords, it is gone through after those were evaluated.
            return self.call_with_star(callee, list, &args[0], keywords, dst, span);
        }
        self.list_onto(list, pushed, args, only_star.then_some(callee), span)?;
        if let Some(last) = last {
            self.unit
                .asm
                .ins(span, Op::ListAppend, list, Reg::Local(last), ());
        }
        if !keywords.is_empty() {
            self.keyword_dict(callee, keywords, span)?;
        }
        let with_dict = u16::from(!keywords.is_empty());
        self.unit.asm.ins(span, Op::CallEx, dst, callee, with_dict);
        Ok(())
    }

    /// A call with one `*args` and keywords.
    fn call_with_star(
        &mut self,
        callee: Reg,
        list: Reg,
        star: &'a Expr,
        keywords: &'a [Keyword],
        dst: Reg,
        span: Span,
    ) -> Outcome {
        let ExprKind::Starred { value, .. } = &star.kind else {
            return Ok(());
        };
        let given = self.unit.hidden(".star");
        self.into(value, Reg::Local(given))?;
        self.unit.asm.ins(span, Op::BuildList, list, list, 0);
        self.keyword_dict(callee, keywords, span)?;
        let args = [list.into(), Reg::Local(given).into(), callee.into()];
        self.unit.asm.ins_own(span, Op::ListExtend, 1, args);
        self.unit.clear_hidden(given);
        self.unit.asm.ins(span, Op::CallEx, dst, callee, 1);
        Ok(())
    }

    /// Builds the dict of keyword arguments in the next temporary.
    fn keyword_dict(&mut self, callee: Reg, keywords: &'a [Keyword], span: Span) -> Outcome {
        let dict = self.unit.asm.next_temp();
        let mut begun = false;
        let mut rest = keywords;
        while !rest.is_empty() {
            let named = rest
                .iter()
                .take_while(|keyword| keyword.arg.is_some())
                .take(500)
                .count();
            let (run, tail) = rest.split_at(named);
            let first = self.unit.asm.next_temp();
            if named > 0 || !begun {
                for keyword in run {
                    let name = keyword.arg.clone().unwrap_or_default();
                    self.push_const(name_const(&name), span);
                    self.push(&keyword.value)?;
                }
                self.unit
                    .asm
                    .ins(span, Op::BuildDict, first, first, named as u16);
                if begun {
                    self.unit.asm.ins(span, Op::DictMerge, dict, first, callee);
                }
                begun = true;
            }
            rest = tail;
            if let Some(keyword) = rest.first().filter(|keyword| keyword.arg.is_none()) {
                let mapping = self.operand(&keyword.value)?;
                self.unit
                    .asm
                    .ins(span, Op::DictMerge, dict, mapping, callee);
                rest = &rest[1..];
            }
        }
        Ok(())
    }
}

pub(super) fn needs_unpacking(args: &[Expr], keywords: &[Keyword]) -> bool {
    args.iter()
        .any(|arg| matches!(arg.kind, ExprKind::Starred { .. }))
        || keywords.iter().any(|keyword| keyword.arg.is_none())
        || args.len() + keywords.len() > MAX_DIRECT
}
