//! Patterns with parts: sequences, mappings, classes.

use super::asm::{Arg, Reg};
use super::fold::fold;
use super::pattern::{Matching, Stand, always_matches, is_wildcard};
use super::{Compiler, Outcome, syntax};
use crate::bytecode::{Const, Op, const_key, show_const};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Name, Pattern, PatternKind};
use std::collections::HashSet;

impl<'a> Compiler<'a> {
    /// Fails unless `op` says that the value, which is kept, is of the right kind.
    fn fail_unless(&mut self, op: Op, value: Reg, matching: &mut Matching, span: Span) {
        let test = self.unit.asm.next_temp();
        let fail = self.fail_label(matching);
        self.unit.asm.ins(span, op, test, value, ());
        self.jump_on(test, false, fail, span);
    }

    /// Fails unless the value's length compares.
    fn check_length(
        &mut self,
        jump: Op,
        length: usize,
        value: Reg,
        matching: &mut Matching,
        span: Span,
    ) {
        let actual = self.unit.asm.next_temp();
        let fail = self.fail_label(matching);
        self.unit.asm.ins(span, Op::GetLen, actual, value, ());
        match self.unit.short_const(Const::Int(length as i64)) {
            Some(index) => {
                let args = [Arg::None, actual.into(), Arg::Num(index)];
                self.unit.asm.jump_ins(span, jump, false, args, fail);
            }
            None => self.unit.asm.fail("too many constants"),
        }
    }

    /// Matches each of `patterns` with the next temporary from the top.
    fn parts(
        &mut self,
        patterns: &[&'a Pattern],
        matching: &mut Matching,
        stand: Stand,
    ) -> Outcome {
        for (index, pattern) in patterns.iter().enumerate() {
            let rest = patterns[index + 1..].iter();
            let last = stand.last && rest.into_iter().all(|later| always_matches(later));
            let top = self.unit.asm.top();
            self.pattern(pattern, top, matching, Stand { allow: true, last })?;
        }
        Ok(())
    }

    fn out_window(&self, value: Reg) -> Reg {
        match value {
            Reg::Temp(_) => value,
            Reg::Local(_) => self.unit.asm.next_temp(),
        }
    }

    pub(super) fn match_sequence(
        &mut self,
        patterns: &'a [Pattern],
        value: Reg,
        matching: &mut Matching,
        stand: Stand,
        span: Span,
    ) -> Outcome {
        let is_star = |pattern: &Pattern| matches!(pattern.kind, PatternKind::MatchStar { .. });
        let star = patterns.iter().position(is_star);
        if patterns.iter().filter(|pattern| is_star(pattern)).count() > 1 {
            return syntax("multiple starred names in sequence pattern", span);
        }
        self.fail_unless(Op::MatchSequence, value, matching, span);
        match star {
            None => self.check_length(Op::JumpIfNeConst, patterns.len(), value, matching, span),
            Some(_) if patterns.len() > 1 => {
                self.check_length(Op::JumpIfLtConst, patterns.len() - 1, value, matching, span);
            }
            Some(_) => {}
        }
        let unnamed = |pattern: &Pattern| {
            is_wildcard(pattern) || matches!(pattern.kind, PatternKind::MatchStar { name: None })
        };
        if patterns.iter().all(unnamed) {
            self.consume(value);
            return Ok(());
        }
        if let Some(star) = star
            && unnamed(&patterns[star])
        {
            return self.match_by_index(patterns, star, value, matching, stand, span);
        }
        let first = self.out_window(value);
        match star {
            Some(before) => {
                let after = patterns.len() - before - 1;
                if before > 255 || after > 255 {
                    let message = "too many expressions in star-unpacking sequence pattern";
                    return syntax(message, span);
                }
                let counts = (before | after << 8) as u16;
                self.unit.asm.ins(span, Op::UnpackEx, first, value, counts);
            }
            None if patterns.len() > 40_000 => return syntax("too many sub-patterns", span),
            None => self
                .unit
                .asm
                .ins(span, Op::Unpack, first, value, patterns.len() as u16),
        }
        let patterns: Vec<&'a Pattern> = patterns.iter().collect();
        self.parts(&patterns, matching, stand)
    }

    /// A sequence with `*_`: its other elements are taken by index.
    fn match_by_index(
        &mut self,
        patterns: &'a [Pattern],
        star: usize,
        value: Reg,
        matching: &mut Matching,
        stand: Stand,
        span: Span,
    ) -> Outcome {
        for (index, pattern) in patterns.iter().enumerate() {
            if index == star || is_wildcard(pattern) {
                continue;
            }
            let item = self.copy_of(value, span);
            if index < star {
                let dst = self.out_window(item);
                match self.unit.short_const(Const::Int(index as i64)) {
                    Some(key) => self.unit.asm.ins(span, Op::GetItemConst, dst, item, key),
                    None => self.unit.asm.fail("too many constants"),
                }
            } else {
                let key = self.unit.asm.next_temp();
                self.unit.asm.ins(span, Op::GetLen, key, value, ());
                let back = Const::Int((patterns.len() - index) as i64);
                match self.unit.short_const(back) {
                    Some(back) => self.unit.asm.ins(span, Op::SubConst, key, key, back),
                    None => self.unit.asm.fail("too many constants"),
                }
                let dst = match item {
                    Reg::Temp(_) => item,
                    Reg::Local(_) => key,
                };
                self.unit.asm.ins(span, Op::GetItem, dst, item, key);
            }
            let later = patterns[index + 1..].iter().all(always_matches);
            let last = stand.last && later;
            let top = self.unit.asm.top();
            self.pattern(pattern, top, matching, Stand { allow: true, last })?;
        }
        self.consume(value);
        Ok(())
    }

    #[expect(clippy::too_many_arguments)]
    pub(super) fn match_mapping(
        &mut self,
        keys: &'a [Expr],
        patterns: &'a [Pattern],
        rest: Option<&'a Name>,
        value: Reg,
        matching: &mut Matching,
        stand: Stand,
        span: Span,
    ) -> Outcome {
        self.fail_unless(Op::MatchMapping, value, matching, span);
        if keys.is_empty() && rest.is_none() {
            self.consume(value);
            return Ok(());
        }
        if !keys.is_empty() {
            self.check_length(Op::JumpIfLtConst, keys.len(), value, matching, span);
        }
        self.check_keys(keys, span)?;
        let first = self.unit.asm.next_temp();
        self.push_all(keys)?;
        self.unit
            .asm
            .ins(span, Op::BuildTuple, first, first, keys.len() as u16);
        let values = self.unit.hidden(".values");
        self.unit
            .asm
            .ins(span, Op::MatchKeys, Reg::Local(values), value, first);
        self.fail_if_none(values, matching, span);
        if rest.is_none() {
            self.unit.asm.drop_top(span);
        }
        let window = self.unit.asm.next_temp();
        self.unit.asm.ins(
            span,
            Op::Unpack,
            window,
            Reg::Local(values),
            keys.len() as u16,
        );
        self.unit.clear_hidden(values);
        let parts: Vec<&'a Pattern> = patterns.iter().collect();
        self.parts(&parts, matching, stand)?;
        if let Some(rest) = rest {
            self.match_rest(rest, first, keys.len(), value, matching, stand, span)?;
        }
        self.consume(value);
        Ok(())
    }

    /// `**rest`: a dict of what the keys, a tuple on top, are not.
    #[expect(clippy::too_many_arguments)]
    fn match_rest(
        &mut self,
        name: &'a Name,
        keys: Reg,
        count: usize,
        value: Reg,
        matching: &mut Matching,
        stand: Stand,
        span: Span,
    ) -> Outcome {
        let dict = self.unit.hidden(".rest");
        let dict_reg = Reg::Local(dict);
        let empty = self.unit.asm.next_temp();
        self.unit.asm.ins(span, Op::BuildDict, dict_reg, empty, 0);
        let whole = self.copy_of(value, span);
        self.unit.asm.ins(span, Op::DictUpdate, dict_reg, whole, ());
        self.unit
            .asm
            .ins(span, Op::Unpack, keys, keys, count as u16);
        for _ in 0..count {
            let top = self.unit.asm.top();
            self.unit.asm.ins(span, Op::DeleteItem, dict_reg, top, ());
        }
        self.capture(Some(name), dict_reg, matching, stand, span)?;
        self.unit.clear_hidden(dict);
        Ok(())
    }

    fn check_keys(&self, keys: &'a [Expr], span: Span) -> Outcome {
        let mut seen = HashSet::new();
        for key in keys {
            let Some(value) = fold(key) else {
                if matches!(key.kind, ExprKind::Attribute { .. }) {
                    continue;
                }
                let message = "mapping pattern keys may only match literals and attribute lookups";
                return syntax(message, key.span);
            };
            if !seen.insert(const_key(&as_key(&value))) {
                let shown = show_key(&value);
                let message = format!("mapping pattern checks duplicate key ({shown})");
                return syntax(message, span);
            }
        }
        if keys.len() > 40_000 {
            return syntax("too many sub-patterns in mapping pattern", span);
        }
        Ok(())
    }

    pub(super) fn match_class(
        &mut self,
        pattern: &'a Pattern,
        value: Reg,
        matching: &mut Matching,
        stand: Stand,
    ) -> Outcome {
        let span = pattern.span;
        let PatternKind::MatchClass {
            cls,
            patterns,
            kwd_attrs,
            kwd_patterns,
        } = &pattern.kind
        else {
            return Ok(());
        };
        let mut seen = HashSet::new();
        for (attr, keyword) in kwd_attrs.iter().zip(kwd_patterns) {
            self.forbid(attr, "assign to", keyword.span)?;
            if !seen.insert(attr) {
                let message = format!("attribute name repeated in class pattern: {attr}");
                return syntax(message, keyword.span);
            }
        }
        let count = patterns.len() + kwd_patterns.len();
        if count > 40_000 {
            return syntax("too many sub-patterns in class pattern", span);
        }
        let window = self.push(cls)?;
        self.push_const(Self::names_const(kwd_attrs), span);
        let values = self.unit.hidden(".values");
        let args = [Reg::Local(values).into(), value.into(), window.into()];
        self.unit
            .asm
            .ins_extra(span, Op::MatchClass, args, patterns.len() as u64, None);
        self.fail_if_none(values, matching, span);
        self.consume(value);
        let parts: Vec<&'a Pattern> = patterns.iter().chain(kwd_patterns).collect();
        let first = self.unit.asm.next_temp();
        if count > 0 {
            self.unit
                .asm
                .ins(span, Op::Unpack, first, Reg::Local(values), count as u16);
        }
        self.unit.clear_hidden(values);
        self.parts(&parts, matching, stand)
    }
}

/// Keys that are equal have the same form: numbers are compared by value.
fn as_key(value: &Const) -> Const {
    match value {
        Const::Bool(b) => Const::Int(i64::from(*b)),
        Const::Float(x) if x.fract() == 0.0 && x.abs() < 1e15 => Const::Int(*x as i64),
        Const::Complex(re, im) if *im == 0.0 => as_key(&Const::Float(*re)),
        other => other.clone(),
    }
}

fn show_key(value: &Const) -> String {
    match value {
        Const::Str(bytes) => super::unparse::quote(&String::from_utf8_lossy(bytes)),
        Const::Float(x) => super::unparse::float(*x),
        Const::Complex(re, im) => show_complex(*re, *im),
        other => show_const(other),
    }
}

/// A complex number as `repr` writes it.
fn show_complex(re: f64, im: f64) -> String {
    let part = |x: f64| {
        let text = super::unparse::float(x);
        text.strip_suffix(".0").unwrap_or(&text).to_string()
    };
    if re == 0.0 && re.is_sign_positive() {
        return format!("{}j", part(im));
    }
    let sign = if im.is_sign_negative() { "" } else { "+" };
    format!("({}{sign}{}j)", part(re), part(im))
}
