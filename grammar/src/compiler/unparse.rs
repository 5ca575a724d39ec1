//! Expressions as text again, for annotations that are kept unevaluated.

use crate::syntax::ast::{
    Arg, Arguments, BoolOp, CmpOp, Comprehension, Constant, Expr, ExprKind, Int, Keyword, Operator,
    UnaryOp,
};

/// The text of an expression, as CPython writes it.
pub fn unparse(expr: &Expr) -> String {
    let mut writer = Writer { out: String::new() };
    writer.expr(expr, Level::Test);
    writer.out
}

/// How tightly an expression binds, loosest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Tuple,
    Test,
    Or,
    And,
    Not,
    Compare,
    BitOr,
    BitXor,
    BitAnd,
    Shift,
    Arith,
    Term,
    Factor,
    Power,
    Await,
    Atom,
}

impl Level {
    fn next(self) -> Level {
        use Level::*;
        match self {
            Tuple => Test,
            Test => Or,
            Or => And,
            And => Not,
            Not => Compare,
            Compare => BitOr,
            BitOr => BitXor,
            BitXor => BitAnd,
            BitAnd => Shift,
            Shift => Arith,
            Arith => Term,
            Term => Factor,
            Factor => Power,
            Power => Await,
            Await | Atom => Atom,
        }
    }
}

struct Writer {
    out: String,
}

impl Writer {
    fn text(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// Writes with parentheses if `own` binds more loosely than `level`.
    fn wrap(&mut self, own: Level, level: Level, write: impl FnOnce(&mut Self)) {
        if level > own {
            self.text("(");
        }
        write(self);
        if level > own {
            self.text(")");
        }
    }

    fn list(&mut self, exprs: &[Expr]) {
        for (index, expr) in exprs.iter().enumerate() {
            if index > 0 {
                self.text(", ");
            }
            self.expr(expr, Level::Test);
        }
    }

    fn expr(&mut self, expr: &Expr, level: Level) {
        match &expr.kind {
            ExprKind::BoolOp { op, values } => self.bool_op(*op, values, level),
            ExprKind::NamedExpr { target, value } => self.wrap(Level::Tuple, level, |this| {
                this.expr(target, Level::Atom);
                this.text(" := ");
                this.expr(value, Level::Atom);
            }),
            ExprKind::BinOp { left, op, right } => self.binary(left, *op, right, level),
            ExprKind::UnaryOp { op, operand } => self.unary(*op, operand, level),
            ExprKind::Lambda { args, body } => {
                self.wrap(Level::Test, level, |this| this.lambda(args, body));
            }
            ExprKind::IfExp { test, body, orelse } => self.wrap(Level::Test, level, |this| {
                this.expr(body, Level::Or);
                this.text(" if ");
                this.expr(test, Level::Or);
                this.text(" else ");
                this.expr(orelse, Level::Test);
            }),
            ExprKind::Await { value } => self.wrap(Level::Await, level, |this| {
                this.text("await ");
                this.expr(value, Level::Atom);
            }),
            ExprKind::Yield { value } => {
                self.text("(yield");
                if let Some(value) = value {
                    self.text(" ");
                    self.expr(value, Level::Tuple);
                }
                self.text(")");
            }
            ExprKind::YieldFrom { value } => {
                self.text("(yield from ");
                self.expr(value, Level::Test);
                self.text(")");
            }
            ExprKind::Compare {
                left,
                ops,
                comparators,
            } => {
                self.compare(left, ops, comparators, level);
            }
            ExprKind::Call {
                func,
                args,
                keywords,
            } => self.call(func, args, keywords),
            ExprKind::FormattedValue { .. } => {
                let text = f_string(std::slice::from_ref(expr));
                self.text(&text);
            }
            ExprKind::JoinedStr { values } => {
                let text = f_string(values);
                self.text(&text);
            }
            ExprKind::Constant {
                value,
                unicode_prefix,
            } => {
                if *unicode_prefix {
                    self.text("u");
                }
                let text = constant(value);
                self.text(&text);
            }
            ExprKind::Attribute { value, attr, .. } => self.attribute(value, attr),
            ExprKind::Starred { value, .. } => {
                self.text("*");
                self.expr(value, Level::BitOr);
            }
            ExprKind::Name { id, .. } => self.text(id),
            ExprKind::List { elts, .. } => {
                self.text("[");
                self.list(elts);
                self.text("]");
            }
            ExprKind::Tuple { elts, .. } => self.tuple(elts, level),
            ExprKind::Subscript { value, slice, .. } => {
                self.expr(value, Level::Atom);
                self.text("[");
                self.expr(slice, Level::Tuple);
                self.text("]");
            }
            ExprKind::Slice { lower, upper, step } => {
                self.slice(lower.as_deref(), upper.as_deref(), step.as_deref());
            }
            _ => self.display(expr),
        }
    }

    fn lambda(&mut self, args: &Arguments, body: &Expr) {
        self.text("lambda");
        let start = self.out.len();
        self.text(" ");
        self.arguments(args);
        if self.out.len() == start + 1 {
            self.out.truncate(start);
        }
        self.text(": ");
        self.expr(body, Level::Test);
    }

    fn slice(&mut self, lower: Option<&Expr>, upper: Option<&Expr>, step: Option<&Expr>) {
        if let Some(lower) = lower {
            self.expr(lower, Level::Test);
        }
        self.text(":");
        if let Some(upper) = upper {
            self.expr(upper, Level::Test);
        }
        if let Some(step) = step {
            self.text(":");
            self.expr(step, Level::Test);
        }
    }

    /// What stands in brackets of its own.
    fn display(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Dict { keys, values } => self.dict(keys, values),
            ExprKind::Set { elts } => {
                self.text("{");
                self.list(elts);
                self.text("}");
            }
            ExprKind::ListComp { elt, generators } => self.comp("[", elt, generators, "]"),
            ExprKind::SetComp { elt, generators } => self.comp("{", elt, generators, "}"),
            ExprKind::GeneratorExp { elt, generators } => self.comp("(", elt, generators, ")"),
            ExprKind::DictComp {
                key,
                value,
                generators,
            } => {
                self.text("{");
                self.expr(key, Level::Test);
                self.text(": ");
                self.comp("", value, generators, "}");
            }
            _ => {}
        }
    }

    fn tuple(&mut self, elts: &[Expr], level: Level) {
        if elts.is_empty() {
            self.text("()");
            return;
        }
        self.wrap(Level::Tuple, level, |this| {
            this.list(elts);
            if elts.len() == 1 {
                this.text(",");
            }
        });
    }

    fn bool_op(&mut self, op: BoolOp, values: &[Expr], level: Level) {
        let (own, word) = match op {
            BoolOp::And => (Level::And, " and "),
            BoolOp::Or => (Level::Or, " or "),
        };
        self.wrap(own, level, |this| {
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    this.text(word);
                }
                this.expr(value, own.next());
            }
        });
    }

    fn binary(&mut self, left: &Expr, op: Operator, right: &Expr, level: Level) {
        let (own, sign) = match op {
            Operator::Add => (Level::Arith, " + "),
            Operator::Sub => (Level::Arith, " - "),
            Operator::Mult => (Level::Term, " * "),
            Operator::MatMult => (Level::Term, " @ "),
            Operator::Div => (Level::Term, " / "),
            Operator::Mod => (Level::Term, " % "),
            Operator::LShift => (Level::Shift, " << "),
            Operator::RShift => (Level::Shift, " >> "),
            Operator::BitOr => (Level::BitOr, " | "),
            Operator::BitXor => (Level::BitXor, " ^ "),
            Operator::BitAnd => (Level::BitAnd, " & "),
            Operator::FloorDiv => (Level::Term, " // "),
            Operator::Pow => (Level::Power, " ** "),
        };
        let power = op == Operator::Pow;
        self.wrap(own, level, |this| {
            this.expr(left, if power { own.next() } else { own });
            this.text(sign);
            this.expr(right, if power { own } else { own.next() });
        });
    }

    fn unary(&mut self, op: UnaryOp, operand: &Expr, level: Level) {
        let (own, sign) = match op {
            UnaryOp::Invert => (Level::Factor, "~"),
            UnaryOp::Not => (Level::Not, "not "),
            UnaryOp::UAdd => (Level::Factor, "+"),
            UnaryOp::USub => (Level::Factor, "-"),
        };
        self.wrap(own, level, |this| {
            this.text(sign);
            this.expr(operand, own);
        });
    }

    fn compare(&mut self, left: &Expr, ops: &[CmpOp], comparators: &[Expr], level: Level) {
        self.wrap(Level::Compare, level, |this| {
            this.expr(left, Level::BitOr);
            for (op, right) in ops.iter().zip(comparators) {
                this.text(match op {
                    CmpOp::Eq => " == ",
                    CmpOp::NotEq => " != ",
                    CmpOp::Lt => " < ",
                    CmpOp::LtE => " <= ",
                    CmpOp::Gt => " > ",
                    CmpOp::GtE => " >= ",
                    CmpOp::Is => " is ",
                    CmpOp::IsNot => " is not ",
                    CmpOp::In => " in ",
                    CmpOp::NotIn => " not in ",
                });
                this.expr(right, Level::BitOr);
            }
        });
    }

    fn attribute(&mut self, value: &Expr, attr: &str) {
        self.expr(value, Level::Atom);
        let number = matches!(
            value.kind,
            ExprKind::Constant {
                value: Constant::Int(_),
                ..
            }
        );
        self.text(if number { " ." } else { "." });
        self.text(attr);
    }

    fn call(&mut self, func: &Expr, args: &[Expr], keywords: &[Keyword]) {
        self.expr(func, Level::Atom);
        if let (
            [
                Expr {
                    kind: ExprKind::GeneratorExp { .. },
                    ..
                },
            ],
            [],
        ) = (args, keywords)
        {
            self.expr(&args[0], Level::Atom);
            return;
        }
        self.text("(");
        self.list(args);
        for (index, keyword) in keywords.iter().enumerate() {
            if index > 0 || !args.is_empty() {
                self.text(", ");
            }
            match &keyword.arg {
                Some(name) => {
                    self.text(name);
                    self.text("=");
                }
                None => self.text("**"),
            }
            self.expr(&keyword.value, Level::Test);
        }
        self.text(")");
    }

    fn dict(&mut self, keys: &[Option<Expr>], values: &[Expr]) {
        self.text("{");
        for (index, (key, value)) in keys.iter().zip(values).enumerate() {
            if index > 0 {
                self.text(", ");
            }
            match key {
                Some(key) => {
                    self.expr(key, Level::Test);
                    self.text(": ");
                    self.expr(value, Level::Test);
                }
                None => {
                    self.text("**");
                    self.expr(value, Level::BitOr);
                }
            }
        }
        self.text("}");
    }

    fn comp(&mut self, open: &str, elt: &Expr, generators: &[Comprehension], close: &str) {
        self.text(open);
        self.expr(elt, Level::Test);
        for part in generators {
            self.text(if part.is_async {
                " async for "
            } else {
                " for "
            });
            self.expr(&part.target, Level::Tuple);
            self.text(" in ");
            self.expr(&part.iter, Level::Or);
            for test in &part.ifs {
                self.text(" if ");
                self.expr(test, Level::Or);
            }
        }
        self.text(close);
    }

    fn arguments(&mut self, args: &Arguments) {
        let mut first = true;
        let positional: Vec<&Arg> = args.posonlyargs.iter().chain(&args.args).collect();
        let required = positional.len().saturating_sub(args.defaults.len());
        for (index, arg) in positional.iter().enumerate() {
            self.parameter(
                &mut first,
                "",
                arg,
                index
                    .checked_sub(required)
                    .and_then(|n| args.defaults.get(n)),
            );
            if index + 1 == args.posonlyargs.len() {
                self.text(", /");
            }
        }
        if let Some(arg) = &args.vararg {
            self.parameter(&mut first, "*", arg, None);
        } else if !args.kwonlyargs.is_empty() {
            self.text(if first { "*" } else { ", *" });
            first = false;
        }
        for (arg, default) in args.kwonlyargs.iter().zip(&args.kw_defaults) {
            self.parameter(&mut first, "", arg, default.as_ref());
        }
        if let Some(arg) = &args.kwarg {
            self.parameter(&mut first, "**", arg, None);
        }
    }

    fn parameter(&mut self, first: &mut bool, star: &str, arg: &Arg, default: Option<&Expr>) {
        if !std::mem::replace(first, false) {
            self.text(", ");
        }
        self.text(star);
        self.text(&arg.arg);
        if let Some(default) = default {
            self.text("=");
            self.expr(default, Level::Test);
        }
    }
}

fn constant(value: &Constant) -> String {
    match value {
        Constant::None => "None".to_string(),
        Constant::True => "True".to_string(),
        Constant::False => "False".to_string(),
        Constant::Ellipsis => "...".to_string(),
        Constant::Int(Int::Small(n)) => n.to_string(),
        Constant::Int(Int::Big(n)) => n.to_string(),
        Constant::Float(x) if x.is_infinite() => "1e309".to_string(),
        Constant::Float(x) => float(*x),
        Constant::Complex(im) if im.is_infinite() => "1e309j".to_string(),
        Constant::Complex(im) => {
            let text = float(*im);
            format!("{}j", text.strip_suffix(".0").unwrap_or(&text))
        }
        Constant::Str(text) => quote(&String::from_utf8_lossy(text.as_bytes())),
        Constant::Bytes(bytes) => quote_bytes(bytes),
    }
}

/// A float as `repr` writes it.
pub(super) fn float(x: f64) -> String {
    let plain = format!("{x:?}");
    let exponent = if x == 0.0 {
        0
    } else {
        x.abs().log10().floor() as i32
    };
    if (-4..16).contains(&exponent) && !plain.contains('e') {
        return plain;
    }
    if (-4..16).contains(&exponent) {
        let text = format!("{x}");
        return if text.contains('.') {
            text
        } else {
            format!("{text}.0")
        };
    }
    let text = format!("{x:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, digits) = match exponent.strip_prefix('-') {
        Some(digits) => ('-', digits),
        None => ('+', exponent),
    };
    format!("{mantissa}e{sign}{digits:0>2}")
}

/// A string as `repr` writes it, but for unprintable characters beyond ASCII.
pub(super) fn quote(text: &str) -> String {
    let mark = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut out = String::from(mark);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == mark => {
                out.push('\\');
                out.push(c);
            }
            c if c < ' ' || c == '\x7f' => out.push_str(&format!("\\x{:02x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push(mark);
    out
}

fn quote_bytes(bytes: &[u8]) -> String {
    let mark = if bytes.contains(&b'\'') && !bytes.contains(&b'"') {
        '"'
    } else {
        '\''
    };
    let mut out = format!("b{mark}");
    for &byte in bytes {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            b if char::from(b) == mark => {
                out.push('\\');
                out.push(mark);
            }
            0x20..=0x7E => out.push(char::from(byte)),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push(mark);
    out
}

fn f_string(values: &[Expr]) -> String {
    let mut body = String::new();
    f_string_parts(values, &mut body);
    format!("f{}", quote(&body))
}

fn f_string_parts(values: &[Expr], out: &mut String) {
    for value in values {
        match &value.kind {
            ExprKind::Constant {
                value: Constant::Str(text),
                ..
            } => {
                let text = String::from_utf8_lossy(text.as_bytes());
                out.push_str(&text.replace('{', "{{").replace('}', "}}"));
            }
            ExprKind::FormattedValue {
                value,
                conversion,
                format_spec,
            } => {
                let mut inner = Writer { out: String::new() };
                inner.expr(value, Level::Or);
                out.push('{');
                if inner.out.starts_with('{') {
                    out.push(' ');
                }
                out.push_str(&inner.out);
                if let Some(conversion) = conversion {
                    out.push('!');
                    out.push(char::from(*conversion));
                }
                if let Some(spec) = format_spec {
                    out.push(':');
                    if let ExprKind::JoinedStr { values } = &spec.kind {
                        f_string_parts(values, out);
                    }
                }
                out.push('}');
            }
            ExprKind::JoinedStr { values } => f_string_parts(values, out),
            _ => out.push_str(&unparse(value)),
        }
    }
}
