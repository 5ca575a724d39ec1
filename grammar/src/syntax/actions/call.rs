//! Arguments of calls and parameters of functions.

use super::{Context, boxed};
use crate::source::Span;
use crate::syntax::ast::*;

/// An argument as written.
#[derive(Debug)]
pub enum CallArg {
    /// A value or a `*value`.
    Positional(Expr),
    /// `name=value` or `**value`.
    Keyword(Keyword),
}

/// A parameter as written.
#[derive(Debug)]
pub struct Param(Arg);

/// An entry of a parameter list as written.
#[derive(Debug)]
pub enum ParamItem {
    Plain(Param, Option<Expr>),
    Slash(Span),
    BareStar(Span),
    Star(Param),
    DoubleStar(Param),
}

impl Context<'_> {
    pub fn call(&mut self, l: u32, r: u32, func: Expr, written: Vec<CallArg>) -> Expr {
        let (args, keywords) = self.arguments(written);
        let kind = ExprKind::Call {
            func: Box::new(func),
            args,
            keywords,
        };
        self.expr(l, r, kind)
    }

    /// Tells positional from keyword arguments, and checks their order.
    pub(super) fn arguments(&mut self, written: Vec<CallArg>) -> (Vec<Expr>, Vec<Keyword>) {
        let (mut args, mut keywords) = (Vec::new(), Vec::<Keyword>::new());
        for arg in written {
            match arg {
                CallArg::Positional(value) => {
                    self.check_positional(&value, &keywords);
                    args.push(value);
                }
                CallArg::Keyword(keyword) => {
                    self.check_repeated(&keyword, &keywords);
                    keywords.push(keyword);
                }
            }
        }
        (args, keywords)
    }

    fn check_positional(&mut self, value: &Expr, keywords: &[Keyword]) {
        let starred = matches!(value.kind, ExprKind::Starred { .. });
        let unpacked = keywords.iter().any(|keyword| keyword.arg.is_none());
        let message = match (starred, unpacked) {
            _ if keywords.is_empty() => return,
            (true, true) => "iterable argument unpacking follows keyword argument unpacking",
            (true, false) => return,
            (false, true) => "positional argument follows keyword argument unpacking",
            (false, false) => "positional argument follows keyword argument",
        };
        self.refuse(value.span, message);
    }

    fn check_repeated(&mut self, keyword: &Keyword, before: &[Keyword]) {
        let Some(name) = &keyword.arg else { return };
        if before.iter().any(|other| other.arg.as_ref() == Some(name)) {
            let message = format!("keyword argument repeated: {name}");
            self.refuse_late(keyword.span, message);
        }
    }

    pub fn param(&mut self, l: u32, r: u32, arg: Name, annotation: Option<Expr>) -> Param {
        Param(Arg {
            span: Span::new(l, r),
            arg,
            annotation: boxed(annotation),
        })
    }

    pub fn lambda(
        &mut self,
        l: u32,
        r: u32,
        params: Option<(Vec<ParamItem>, bool)>,
        body: Expr,
    ) -> Expr {
        let kind = ExprKind::Lambda {
            args: Box::new(self.parameters(params)),
            body: Box::new(body),
        };
        self.expr(l, r, kind)
    }

    /// Sorts a parameter list into its groups, and checks their order.
    pub(super) fn parameters(&mut self, params: Option<(Vec<ParamItem>, bool)>) -> Arguments {
        let mut args = Arguments::default();
        let (items, _) = params.unwrap_or_default();
        let count = items.len();
        let mut group = Group::Positional;
        for (index, item) in items.into_iter().enumerate() {
            if args.kwarg.is_some() {
                self.refuse(
                    item.span(),
                    "parameters cannot follow var-keyword parameter",
                );
            }
            match item {
                ParamItem::Plain(param, default) => {
                    self.plain_param(&mut args, group, param, default)
                }
                ParamItem::Slash(span) => {
                    self.slash(&mut args, group, span);
                    group = Group::AfterSlash;
                }
                ParamItem::BareStar(span) => {
                    if index + 1 == count {
                        self.refuse(span, "named parameters must follow bare *");
                    }
                    self.star(group, span);
                    group = Group::Keyword;
                }
                ParamItem::Star(param) => {
                    self.star(group, param.0.span);
                    args.vararg = Some(param.0);
                    group = Group::Keyword;
                }
                ParamItem::DoubleStar(param) => {
                    if group == Group::Keyword && args.vararg.is_none() {
                        self.check_bare_star(&args, param.0.span);
                    }
                    args.kwarg = Some(param.0);
                }
            }
        }
        args
    }

    fn check_bare_star(&mut self, args: &Arguments, span: Span) {
        if args.kwonlyargs.is_empty() {
            self.refuse(span, "named parameters must follow bare *");
        }
    }

    fn plain_param(
        &mut self,
        args: &mut Arguments,
        group: Group,
        param: Param,
        default: Option<Expr>,
    ) {
        if group == Group::Keyword {
            args.kwonlyargs.push(param.0);
            args.kw_defaults.push(default);
            return;
        }
        match default {
            Some(default) => args.defaults.push(default),
            None if !args.defaults.is_empty() => {
                let message = "parameter without a default follows parameter with a default";
                self.refuse(param.0.span, message);
            }
            None => {}
        }
        args.args.push(param.0);
    }

    fn slash(&mut self, args: &mut Arguments, group: Group, span: Span) {
        match group {
            Group::Positional if args.args.is_empty() => {
                self.refuse(span, "at least one argument must precede /");
            }
            Group::Positional => args.posonlyargs = std::mem::take(&mut args.args),
            Group::AfterSlash => self.refuse(span, "/ may appear only once"),
            Group::Keyword => self.refuse(span, "/ must be ahead of *"),
        }
    }

    fn star(&mut self, group: Group, span: Span) {
        if group == Group::Keyword {
            self.refuse(span, "* argument may appear only once");
        }
    }
}

/// Where in a parameter list we are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Group {
    Positional,
    AfterSlash,
    Keyword,
}

impl ParamItem {
    fn span(&self) -> Span {
        match self {
            ParamItem::Plain(param, _) | ParamItem::Star(param) | ParamItem::DoubleStar(param) => {
                param.0.span
            }
            ParamItem::Slash(span) | ParamItem::BareStar(span) => *span,
        }
    }
}
