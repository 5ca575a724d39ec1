//! `match`. The subject of the whole pattern is in a local; parts of it lie on
//! top of the temporaries and are consumed, whether the part matches or not.

use super::asm::{Arg, Label, Reg};
use super::{Compiler, Outcome, syntax};
use crate::bytecode::{Const, Op};
use crate::source::Span;
use crate::syntax::ast::{CmpOp, Constant, Expr, ExprKind, MatchCase, Name, Pattern, PatternKind};

/// A name that a pattern binds: it waits in a hidden local until all has matched.
#[derive(Clone, Debug)]
struct Capture {
    name: Name,
    local: Option<u16>,
    span: Span,
}

/// What is known about the pattern being compiled.
#[derive(Default)]
pub(super) struct Matching {
    captures: Vec<Capture>,
    /// Hidden locals for names that an earlier alternative binds too.
    shared: Vec<Capture>,
    /// Where a failed match goes on with so many temporaries to drop.
    fails: Vec<Label>,
    /// How many temporaries were live at the start.
    base: u16,
}

/// Where a pattern stands.
#[derive(Clone, Copy)]
pub(super) struct Stand {
    /// A pattern that always matches is allowed here.
    pub allow: bool,
    /// Nothing after it can fail: it may bind at once.
    pub last: bool,
}

impl<'a> Compiler<'a> {
    pub(super) fn match_stmt(&mut self, subject: &'a Expr, cases: &'a [MatchCase]) -> Outcome {
        let end = self.unit.asm.label();
        let (register, hidden) = self.match_subject(subject, cases)?;
        for (index, case) in cases.iter().enumerate() {
            let mut matching = Matching {
                base: self.unit.asm.depth,
                ..Matching::default()
            };
            let allow = case.guard.is_some() || index + 1 == cases.len();
            let stand = Stand { allow, last: true };
            self.pattern(&case.pattern, register, &mut matching, stand)?;
            self.bind_captures(&matching)?;
            if let Some(guard) = &case.guard {
                let fail = self.fail_label(&mut matching);
                self.jump_if(guard, false, fail)?;
            }
            if let Some(local) = hidden {
                self.unit
                    .asm
                    .ins(None, Op::Clear, Reg::Local(local), (), ());
            }
            self.body(&case.body)?;
            self.unit.asm.jump(None, end);
            self.place_fails(&matching);
            for capture in &matching.captures {
                if let Some(local) = capture.local {
                    self.unit.clear_hidden(local);
                }
            }
        }
        if let Some(local) = hidden {
            self.unit.clear_hidden(local);
        }
        self.unit.asm.place(end);
        Ok(())
    }

    /// The subject: a local variable that no pattern binds, else a hidden local.
    fn match_subject(
        &mut self,
        subject: &'a Expr,
        cases: &'a [MatchCase],
    ) -> Outcome<(Reg, Option<u16>)> {
        if let ExprKind::Name { id, .. } = &subject.kind
            && self.local_of(id).is_some()
        {
            let guarded = cases.iter().any(|case| case.guard.is_some());
            let walrus = self.symbols.scopes[self.scope_id()].has_walrus && guarded;
            if !walrus && !cases.iter().any(|case| binds(&case.pattern, id)) {
                return Ok((self.operand(subject)?, None));
            }
        }
        let local = self.unit.hidden(".subject");
        self.into(subject, Reg::Local(local))?;
        Ok((Reg::Local(local), Some(local)))
    }

    fn bind_captures(&mut self, matching: &Matching) -> Outcome {
        for capture in &matching.captures {
            if let Some(local) = capture.local {
                self.store_name(&capture.name, Reg::Local(local), capture.span)?;
                self.unit
                    .asm
                    .ins(None, Op::Clear, Reg::Local(local), (), ());
            }
        }
        Ok(())
    }

    /// Where to go from here when the pattern does not match.
    pub(super) fn fail_label(&mut self, matching: &mut Matching) -> Label {
        let extra = usize::from(self.unit.asm.depth.saturating_sub(matching.base));
        self.fail_label_for(matching, extra)
    }

    fn fail_label_for(&mut self, matching: &mut Matching, extra: usize) -> Label {
        while matching.fails.len() <= extra {
            matching.fails.push(self.unit.asm.label());
        }
        matching.fails[extra]
    }

    /// Where to go when `value` has been consumed and did not match.
    pub(super) fn fail_without(&mut self, value: Reg, matching: &mut Matching) -> Label {
        let consumed = usize::from(matches!(value, Reg::Temp(_)));
        let depth = usize::from(self.unit.asm.depth.saturating_sub(matching.base));
        self.fail_label_for(matching, depth.saturating_sub(consumed))
    }

    /// Drops what failed matches have left.
    fn place_fails(&mut self, matching: &Matching) {
        for (extra, &label) in matching.fails.iter().enumerate().rev() {
            if !self.unit.asm.reachable() {
                self.unit.asm.depth = matching.base + extra as u16;
            }
            self.unit.asm.place(label);
            if extra > 0 {
                self.unit.asm.drop_top(None);
            }
        }
        self.unit.asm.depth = matching.base;
    }

    /// Drops a value that was matched, if it is a temporary.
    pub(super) fn consume(&mut self, value: Reg) {
        if let Reg::Temp(_) = value {
            self.unit.asm.drop_top(None);
        }
    }

    pub(super) fn pattern(
        &mut self,
        pattern: &'a Pattern,
        value: Reg,
        matching: &mut Matching,
        stand: Stand,
    ) -> Outcome {
        let span = pattern.span;
        self.check_stack(span)?;
        match &pattern.kind {
            PatternKind::MatchValue { value: expected } => {
                self.match_value(expected, value, matching, span)
            }
            PatternKind::MatchSingleton { value: expected } => {
                self.match_singleton(expected, value, matching, span);
                Ok(())
            }
            PatternKind::MatchAs {
                pattern: inner,
                name,
            } => self.match_as(
                pattern,
                inner.as_deref(),
                name.as_ref(),
                value,
                matching,
                stand,
            ),
            PatternKind::MatchOr { patterns } => {
                self.match_or(patterns, value, matching, stand, span)
            }
            PatternKind::MatchStar { name } => {
                self.capture(name.as_ref(), value, matching, stand, span)
            }
            PatternKind::MatchSequence { patterns } => {
                self.match_sequence(patterns, value, matching, stand, span)
            }
            PatternKind::MatchMapping {
                keys,
                patterns,
                rest,
            } => self.match_mapping(keys, patterns, rest.as_ref(), value, matching, stand, span),
            PatternKind::MatchClass { .. } => self.match_class(pattern, value, matching, stand),
        }
    }

    fn match_value(
        &mut self,
        expected: &'a Expr,
        value: Reg,
        matching: &mut Matching,
        span: Span,
    ) -> Outcome {
        let plain = super::fold::fold(expected).is_some()
            || matches!(
                expected.kind,
                ExprKind::Attribute { .. } | ExprKind::JoinedStr { .. }
            );
        if !plain {
            return syntax(
                "patterns may only match literals and attribute lookups",
                span,
            );
        }
        let fail = self.fail_without(value, matching);
        self.jump_compared(value, CmpOp::Eq, expected, false, fail, span)
    }

    fn match_singleton(
        &mut self,
        expected: &Constant,
        value: Reg,
        matching: &mut Matching,
        span: Span,
    ) {
        let fail = self.fail_without(value, matching);
        if *expected == Constant::None {
            let args = [value.into(), Arg::None, Arg::None];
            self.unit
                .asm
                .jump_ins(span, Op::JumpIfNone, true, args, fail);
            return;
        }
        let constant = self.push_const(super::fold::literal(expected), span);
        let args = [Arg::None, value.into(), constant.into()];
        self.unit.asm.jump_ins(span, Op::JumpIfIs, true, args, fail);
    }

    fn match_as(
        &mut self,
        pattern: &'a Pattern,
        inner: Option<&'a Pattern>,
        name: Option<&'a Name>,
        value: Reg,
        matching: &mut Matching,
        stand: Stand,
    ) -> Outcome {
        let span = pattern.span;
        let Some(inner) = inner else {
            if !stand.allow {
                let what = match name {
                    Some(name) => format!("name capture '{name}'"),
                    None => "wildcard".to_string(),
                };
                return syntax(format!("{what} makes remaining patterns unreachable"), span);
            }
            return self.capture(name, value, matching, stand, span);
        };
        let part = self.copy_of(value, span);
        self.pattern(inner, part, matching, stand)?;
        self.capture(name, value, matching, stand, span)
    }

    /// A copy of a temporary for a pattern that consumes it.
    pub(super) fn copy_of(&mut self, value: Reg, span: Span) -> Reg {
        if let Reg::Local(_) = value {
            return value;
        }
        let copy = self.unit.asm.next_temp();
        self.unit.asm.ins(span, Op::Copy, copy, value, ());
        copy
    }

    /// Binds a name, or nothing, to the value.
    pub(super) fn capture(
        &mut self,
        name: Option<&'a Name>,
        value: Reg,
        matching: &mut Matching,
        stand: Stand,
        span: Span,
    ) -> Outcome {
        let Some(name) = name else {
            self.consume(value);
            return Ok(());
        };
        self.forbid(name, "assign to", span)?;
        if matching
            .captures
            .iter()
            .any(|capture| capture.name == *name)
        {
            return syntax(
                format!("multiple assignments to name '{name}' in pattern"),
                span,
            );
        }
        let local = if stand.last {
            None
        } else {
            Some(self.capture_local(name, matching))
        };
        matching.captures.push(Capture {
            name: name.clone(),
            local,
            span,
        });
        match local {
            Some(local) => self.move_to(Reg::Local(local), value, span),
            None => self.store_name(name, value, span)?,
        }
        Ok(())
    }

    fn capture_local(&mut self, name: &Name, matching: &Matching) -> u16 {
        let shared = matching.shared.iter().find(|capture| capture.name == *name);
        match shared.and_then(|capture| capture.local) {
            Some(local) => local,
            None => self.unit.hidden(".capture"),
        }
    }

    fn match_or(
        &mut self,
        patterns: &'a [Pattern],
        value: Reg,
        matching: &mut Matching,
        stand: Stand,
        span: Span,
    ) -> Outcome {
        let matched = self.unit.asm.label();
        let depth = self.unit.asm.depth;
        let mut bound: Option<Vec<Capture>> = None;
        for (index, alternative) in patterns.iter().enumerate() {
            let last = index + 1 == patterns.len();
            let shared = bound.clone().unwrap_or_default();
            let mut inner = Matching {
                base: depth,
                shared,
                ..Matching::default()
            };
            let part = self.copy_of(value, alternative.span);
            let inner_stand = Stand {
                allow: last && stand.allow,
                last: false,
            };
            self.pattern(alternative, part, &mut inner, inner_stand)?;
            match &bound {
                None => bound = Some(inner.captures.clone()),
                Some(bound) if !same_names(bound, &inner.captures) => {
                    return syntax("alternative patterns bind different names", span);
                }
                Some(_) => {}
            }
            self.unit.asm.jump(None, matched);
            self.place_fails(&inner);
        }
        // No alternative has matched.
        self.consume(value);
        let fail = self.fail_label(matching);
        self.unit.asm.jump(None, fail);
        self.unit.asm.depth = depth;
        self.unit.asm.place(matched);
        for capture in bound.unwrap_or_default() {
            if matching
                .captures
                .iter()
                .any(|known| known.name == capture.name)
            {
                let name = &capture.name;
                return syntax(
                    format!("multiple assignments to name '{name}' in pattern"),
                    span,
                );
            }
            matching.captures.push(capture);
        }
        self.consume(value);
        Ok(())
    }

    /// The value in a hidden local, or a jump to where it fails when that is None.
    pub(super) fn fail_if_none(&mut self, local: u16, matching: &mut Matching, span: Span) {
        let fail = self.fail_label(matching);
        let args = [Reg::Local(local).into(), Arg::None, Arg::None];
        self.unit
            .asm
            .jump_ins(span, Op::JumpIfNone, false, args, fail);
    }

    /// The names of attributes as a constant.
    pub(super) fn names_const(names: &[Name]) -> Const {
        Const::Tuple(
            names
                .iter()
                .map(|name| super::fold::name_const(name))
                .collect(),
        )
    }
}

fn same_names(left: &[Capture], right: &[Capture]) -> bool {
    left.len() == right.len()
        && left
            .iter()
            .all(|one| right.iter().any(|other| one.name == other.name))
}

/// Whether the pattern binds a name.
fn binds(pattern: &Pattern, wanted: &Name) -> bool {
    let is = |name: &Option<Name>| name.as_ref() == Some(wanted);
    match &pattern.kind {
        PatternKind::MatchValue { .. } | PatternKind::MatchSingleton { .. } => false,
        PatternKind::MatchStar { name } => is(name),
        PatternKind::MatchAs { pattern, name } => {
            is(name) || pattern.as_ref().is_some_and(|inner| binds(inner, wanted))
        }
        PatternKind::MatchSequence { patterns } | PatternKind::MatchOr { patterns } => {
            patterns.iter().any(|inner| binds(inner, wanted))
        }
        PatternKind::MatchMapping { patterns, rest, .. } => {
            is(rest) || patterns.iter().any(|inner| binds(inner, wanted))
        }
        PatternKind::MatchClass {
            patterns,
            kwd_patterns,
            ..
        } => patterns
            .iter()
            .chain(kwd_patterns)
            .any(|inner| binds(inner, wanted)),
    }
}

/// Whether a pattern always matches.
pub(super) fn always_matches(pattern: &Pattern) -> bool {
    match &pattern.kind {
        PatternKind::MatchStar { .. } => true,
        PatternKind::MatchAs { pattern, .. } => {
            pattern.as_ref().is_none_or(|inner| always_matches(inner))
        }
        _ => false,
    }
}

/// Whether a pattern is `_`.
pub(super) fn is_wildcard(pattern: &Pattern) -> bool {
    matches!(
        pattern.kind,
        PatternKind::MatchAs {
            pattern: None,
            name: None
        }
    )
}
