//! The tree as text: what `ast.dump` of CPython 3.13 prints.

use super::ast::*;
use super::unicode::is_printable;
use crate::source::{SourceFile, Span, Wtf8};

/// Prints a tree on one line.
pub fn dump(module: &Module) -> String {
    Dumper::new(None).module(module)
}

/// Prints the statements at the top of a tree one by one.
pub fn dump_statements(module: &Module, positions: Option<&SourceFile>) -> Vec<String> {
    let body = match &module.body {
        Body::Module(body) | Body::Interactive(body) => body.as_slice(),
        Body::Expression(_) => &[],
    };
    let dump_one = |stmt| {
        let mut dumper = Dumper::new(positions);
        dumper.stmt(stmt);
        dumper.out
    };
    body.iter().map(dump_one).collect()
}

/// Prints a tree with lines and byte columns, as `include_attributes` does.
pub fn dump_with_positions(module: &Module, file: &SourceFile) -> String {
    Dumper::new(Some(file)).module(module)
}

struct Dumper<'a> {
    file: Option<&'a SourceFile>,
    out: String,
    /// True until a node has its first field.
    first: bool,
}

impl<'a> Dumper<'a> {
    fn new(file: Option<&'a SourceFile>) -> Dumper<'a> {
        Dumper {
            file,
            out: String::new(),
            first: true,
        }
    }

    fn module(mut self, module: &Module) -> String {
        match &module.body {
            Body::Module(body) => self.node("Module", None, |d| d.stmts("body", body)),
            Body::Interactive(body) => self.node("Interactive", None, |d| d.stmts("body", body)),
            Body::Expression(body) => self.node("Expression", None, |d| d.expr_field("body", body)),
        }
        self.out
    }

    // ------------------------------------------------------------ forms

    fn node(&mut self, name: &str, span: Option<Span>, fields: impl FnOnce(&mut Self)) {
        self.out.push_str(name);
        self.out.push('(');
        let outer = std::mem::replace(&mut self.first, true);
        fields(self);
        if let Some(span) = span {
            self.position(span);
        }
        self.first = outer;
        self.out.push(')');
    }

    fn position(&mut self, span: Span) {
        let Some(file) = self.file else { return };
        let start = file.position(span.start);
        let end = file.position(span.end);
        self.text("lineno", &start.line.to_string());
        self.text("col_offset", &start.byte_column.to_string());
        self.text("end_lineno", &end.line.to_string());
        self.text("end_col_offset", &end.byte_column.to_string());
    }

    fn field(&mut self, name: &str) {
        if !std::mem::replace(&mut self.first, false) {
            self.out.push_str(", ");
        }
        self.out.push_str(name);
        self.out.push('=');
    }

    fn text(&mut self, name: &str, value: &str) {
        self.field(name);
        self.out.push_str(value);
    }

    fn list<T>(&mut self, name: &str, items: &[T], mut each: impl FnMut(&mut Self, &T)) {
        if items.is_empty() {
            return;
        }
        self.field(name);
        self.out.push('[');
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.out.push_str(", ");
            }
            each(self, item);
        }
        self.out.push(']');
    }

    fn name_field(&mut self, name: &str, value: &Name) {
        self.text(name, &quoted(value));
    }

    fn names(&mut self, name: &str, values: &[Name]) {
        self.list(name, values, |d, value| d.out.push_str(&quoted(value)));
    }

    fn optional_name(&mut self, name: &str, value: &Option<Name>) {
        if let Some(value) = value {
            self.name_field(name, value);
        }
    }

    fn expr_field(&mut self, name: &str, expr: &Expr) {
        self.field(name);
        self.expr(expr);
    }

    fn optional(&mut self, name: &str, expr: &Option<Box<Expr>>) {
        if let Some(expr) = expr {
            self.expr_field(name, expr);
        }
    }

    fn exprs(&mut self, name: &str, exprs: &[Expr]) {
        self.list(name, exprs, |d, expr| d.expr(expr));
    }

    fn stmts(&mut self, name: &str, stmts: &[Stmt]) {
        self.list(name, stmts, |d, stmt| d.stmt(stmt));
    }

    fn constant_field(&mut self, name: &str, value: &str) {
        self.text(name, &format!("{value}()"));
    }

    // ------------------------------------------------------- statements

    fn stmt(&mut self, stmt: &Stmt) {
        let span = Some(stmt.span);
        match &stmt.kind {
            StmtKind::FunctionDef(def) => self.function("FunctionDef", span, def),
            StmtKind::AsyncFunctionDef(def) => self.function("AsyncFunctionDef", span, def),
            StmtKind::ClassDef(def) => self.node("ClassDef", span, |d| d.class(def)),
            StmtKind::For(for_) => self.node("For", span, |d| d.for_(for_)),
            StmtKind::AsyncFor(for_) => self.node("AsyncFor", span, |d| d.for_(for_)),
            StmtKind::While { test, body, orelse } => {
                self.node("While", span, |d| d.branches(test, body, orelse));
            }
            StmtKind::If { test, body, orelse } => {
                self.node("If", span, |d| d.branches(test, body, orelse));
            }
            StmtKind::With { items, body } => self.node("With", span, |d| d.with(items, body)),
            StmtKind::AsyncWith { items, body } => {
                self.node("AsyncWith", span, |d| d.with(items, body));
            }
            StmtKind::Match { subject, cases } => self.node("Match", span, |d| {
                d.expr_field("subject", subject);
                d.list("cases", cases, |d, case| d.case(case));
            }),
            StmtKind::Try(try_) => self.node("Try", span, |d| d.try_(try_)),
            StmtKind::TryStar(try_) => self.node("TryStar", span, |d| d.try_(try_)),
            kind => self.simple(kind, span),
        }
    }

    fn simple(&mut self, kind: &StmtKind, span: Option<Span>) {
        match kind {
            StmtKind::Return { value } => {
                self.node("Return", span, |d| d.optional("value", value));
            }
            StmtKind::Delete { targets } => {
                self.node("Delete", span, |d| d.exprs("targets", targets));
            }
            StmtKind::Assign { targets, value } => self.node("Assign", span, |d| {
                d.exprs("targets", targets);
                d.expr_field("value", value);
            }),
            StmtKind::TypeAlias {
                name,
                type_params,
                value,
            } => self.node("TypeAlias", span, |d| {
                d.expr_field("name", name);
                d.type_params(type_params);
                d.expr_field("value", value);
            }),
            StmtKind::AugAssign { target, op, value } => self.node("AugAssign", span, |d| {
                d.expr_field("target", target);
                d.constant_field("op", &format!("{op:?}"));
                d.expr_field("value", value);
            }),
            StmtKind::AnnAssign {
                target,
                annotation,
                value,
                simple,
            } => self.node("AnnAssign", span, |d| {
                d.expr_field("target", target);
                d.expr_field("annotation", annotation);
                d.optional("value", value);
                d.text("simple", if *simple { "1" } else { "0" });
            }),
            StmtKind::Raise { exc, cause } => self.node("Raise", span, |d| {
                d.optional("exc", exc);
                d.optional("cause", cause);
            }),
            StmtKind::Assert { test, msg } => self.node("Assert", span, |d| {
                d.expr_field("test", test);
                d.optional("msg", msg);
            }),
            StmtKind::Import { names } => self.node("Import", span, |d| d.aliases(names)),
            StmtKind::ImportFrom {
                module,
                names,
                level,
            } => self.node("ImportFrom", span, |d| {
                d.optional_name("module", module);
                d.aliases(names);
                d.text("level", &level.to_string());
            }),
            StmtKind::Global { names } => self.node("Global", span, |d| d.names("names", names)),
            StmtKind::Nonlocal { names } => {
                self.node("Nonlocal", span, |d| d.names("names", names));
            }
            StmtKind::Expr { value } => {
                self.node("Expr", span, |d| d.expr_field("value", value));
            }
            other => self.node(&format!("{other:?}"), span, |_| {}),
        }
    }

    fn function(&mut self, name: &str, span: Option<Span>, def: &FunctionDef) {
        self.node(name, span, |d| {
            d.name_field("name", &def.name);
            d.field("args");
            d.arguments(&def.args);
            d.stmts("body", &def.body);
            d.exprs("decorator_list", &def.decorator_list);
            d.optional("returns", &def.returns);
            d.type_params(&def.type_params);
        });
    }

    fn class(&mut self, def: &ClassDef) {
        self.name_field("name", &def.name);
        self.exprs("bases", &def.bases);
        self.keywords(&def.keywords);
        self.stmts("body", &def.body);
        self.exprs("decorator_list", &def.decorator_list);
        self.type_params(&def.type_params);
    }

    fn for_(&mut self, for_: &For) {
        self.expr_field("target", &for_.target);
        self.expr_field("iter", &for_.iter);
        self.stmts("body", &for_.body);
        self.stmts("orelse", &for_.orelse);
    }

    fn branches(&mut self, test: &Expr, body: &[Stmt], orelse: &[Stmt]) {
        self.expr_field("test", test);
        self.stmts("body", body);
        self.stmts("orelse", orelse);
    }

    fn with(&mut self, items: &[WithItem], body: &[Stmt]) {
        self.list("items", items, |d, item| {
            d.node("withitem", None, |d| {
                d.expr_field("context_expr", &item.context_expr);
                d.optional("optional_vars", &item.optional_vars);
            });
        });
        self.stmts("body", body);
    }

    fn try_(&mut self, try_: &Try) {
        self.stmts("body", &try_.body);
        self.list("handlers", &try_.handlers, |d, handler| {
            d.node("ExceptHandler", Some(handler.span), |d| {
                d.optional("type", &handler.typ);
                d.optional_name("name", &handler.name);
                d.stmts("body", &handler.body);
            });
        });
        self.stmts("orelse", &try_.orelse);
        self.stmts("finalbody", &try_.finalbody);
    }

    fn aliases(&mut self, names: &[Alias]) {
        self.list("names", names, |d, alias| {
            d.node("alias", Some(alias.span), |d| {
                d.name_field("name", &alias.name);
                d.optional_name("asname", &alias.asname);
            });
        });
    }

    fn case(&mut self, case: &MatchCase) {
        self.node("match_case", None, |d| {
            d.field("pattern");
            d.pattern(&case.pattern);
            d.optional("guard", &case.guard);
            d.stmts("body", &case.body);
        });
    }

    fn type_params(&mut self, params: &[TypeParam]) {
        self.list("type_params", params, |d, param| {
            let span = Some(param.span);
            match &param.kind {
                TypeParamKind::TypeVar {
                    name,
                    bound,
                    default_value,
                } => d.node("TypeVar", span, |d| {
                    d.name_field("name", name);
                    d.optional("bound", bound);
                    d.optional("default_value", default_value);
                }),
                TypeParamKind::ParamSpec {
                    name,
                    default_value,
                } => d.node("ParamSpec", span, |d| {
                    d.name_field("name", name);
                    d.optional("default_value", default_value);
                }),
                TypeParamKind::TypeVarTuple {
                    name,
                    default_value,
                } => d.node("TypeVarTuple", span, |d| {
                    d.name_field("name", name);
                    d.optional("default_value", default_value);
                }),
            }
        });
    }

    fn arguments(&mut self, args: &Arguments) {
        self.node("arguments", None, |d| {
            d.args("posonlyargs", &args.posonlyargs);
            d.args("args", &args.args);
            d.optional_arg("vararg", &args.vararg);
            d.args("kwonlyargs", &args.kwonlyargs);
            d.list(
                "kw_defaults",
                &args.kw_defaults,
                |d, default| match default {
                    Some(expr) => d.expr(expr),
                    None => d.out.push_str("None"),
                },
            );
            d.optional_arg("kwarg", &args.kwarg);
            d.exprs("defaults", &args.defaults);
        });
    }

    fn args(&mut self, name: &str, args: &[Arg]) {
        self.list(name, args, |d, arg| d.arg(arg));
    }

    fn optional_arg(&mut self, name: &str, arg: &Option<Arg>) {
        if let Some(arg) = arg {
            self.field(name);
            self.arg(arg);
        }
    }

    fn arg(&mut self, arg: &Arg) {
        self.node("arg", Some(arg.span), |d| {
            d.name_field("arg", &arg.arg);
            d.optional("annotation", &arg.annotation);
        });
    }

    fn keywords(&mut self, keywords: &[Keyword]) {
        self.list("keywords", keywords, |d, keyword| {
            d.node("keyword", Some(keyword.span), |d| {
                d.optional_name("arg", &keyword.arg);
                d.expr_field("value", &keyword.value);
            });
        });
    }

    // --------------------------------------------------------- patterns

    fn pattern_field(&mut self, name: &str, pattern: &Pattern) {
        self.field(name);
        self.pattern(pattern);
    }

    fn patterns(&mut self, name: &str, patterns: &[Pattern]) {
        self.list(name, patterns, |d, pattern| d.pattern(pattern));
    }

    fn pattern(&mut self, pattern: &Pattern) {
        let span = Some(pattern.span);
        match &pattern.kind {
            PatternKind::MatchValue { value } => {
                self.node("MatchValue", span, |d| d.expr_field("value", value));
            }
            PatternKind::MatchSingleton { value } => {
                self.node("MatchSingleton", span, |d| {
                    d.text("value", &constant(value))
                });
            }
            PatternKind::MatchSequence { patterns } => {
                self.node("MatchSequence", span, |d| d.patterns("patterns", patterns));
            }
            PatternKind::MatchMapping {
                keys,
                patterns,
                rest,
            } => self.node("MatchMapping", span, |d| {
                d.exprs("keys", keys);
                d.patterns("patterns", patterns);
                d.optional_name("rest", rest);
            }),
            PatternKind::MatchClass {
                cls,
                patterns,
                kwd_attrs,
                kwd_patterns,
            } => self.node("MatchClass", span, |d| {
                d.expr_field("cls", cls);
                d.patterns("patterns", patterns);
                d.names("kwd_attrs", kwd_attrs);
                d.patterns("kwd_patterns", kwd_patterns);
            }),
            PatternKind::MatchStar { name } => {
                self.node("MatchStar", span, |d| d.optional_name("name", name));
            }
            PatternKind::MatchAs { pattern, name } => self.node("MatchAs", span, |d| {
                if let Some(pattern) = pattern {
                    d.pattern_field("pattern", pattern);
                }
                d.optional_name("name", name);
            }),
            PatternKind::MatchOr { patterns } => {
                self.node("MatchOr", span, |d| d.patterns("patterns", patterns));
            }
        }
    }

    // ------------------------------------------------------ expressions

    fn expr(&mut self, expr: &Expr) {
        let span = Some(expr.span);
        match &expr.kind {
            ExprKind::BoolOp { op, values } => self.node("BoolOp", span, |d| {
                d.constant_field("op", &format!("{op:?}"));
                d.exprs("values", values);
            }),
            ExprKind::NamedExpr { target, value } => self.node("NamedExpr", span, |d| {
                d.expr_field("target", target);
                d.expr_field("value", value);
            }),
            ExprKind::BinOp { left, op, right } => self.node("BinOp", span, |d| {
                d.expr_field("left", left);
                d.constant_field("op", &format!("{op:?}"));
                d.expr_field("right", right);
            }),
            ExprKind::UnaryOp { op, operand } => self.node("UnaryOp", span, |d| {
                d.constant_field("op", &format!("{op:?}"));
                d.expr_field("operand", operand);
            }),
            ExprKind::Lambda { args, body } => self.node("Lambda", span, |d| {
                d.field("args");
                d.arguments(args);
                d.expr_field("body", body);
            }),
            ExprKind::IfExp { test, body, orelse } => self.node("IfExp", span, |d| {
                d.expr_field("test", test);
                d.expr_field("body", body);
                d.expr_field("orelse", orelse);
            }),
            ExprKind::Compare {
                left,
                ops,
                comparators,
            } => self.node("Compare", span, |d| {
                d.expr_field("left", left);
                d.list("ops", ops, |d, op| d.out.push_str(&format!("{op:?}()")));
                d.exprs("comparators", comparators);
            }),
            ExprKind::Call {
                func,
                args,
                keywords,
            } => self.node("Call", span, |d| {
                d.expr_field("func", func);
                d.exprs("args", args);
                d.keywords(keywords);
            }),
            ExprKind::Await { value } => {
                self.node("Await", span, |d| d.expr_field("value", value));
            }
            ExprKind::Yield { value } => self.node("Yield", span, |d| d.optional("value", value)),
            ExprKind::YieldFrom { value } => {
                self.node("YieldFrom", span, |d| d.expr_field("value", value));
            }
            ExprKind::Slice { lower, upper, step } => self.node("Slice", span, |d| {
                d.optional("lower", lower);
                d.optional("upper", upper);
                d.optional("step", step);
            }),
            ExprKind::Constant {
                value,
                unicode_prefix,
            } => self.node("Constant", span, |d| {
                d.text("value", &constant(value));
                if *unicode_prefix {
                    d.text("kind", "'u'");
                }
            }),
            ExprKind::JoinedStr { values } => {
                self.node("JoinedStr", span, |d| d.exprs("values", values));
            }
            ExprKind::FormattedValue {
                value,
                conversion,
                format_spec,
            } => self.node("FormattedValue", span, |d| {
                d.expr_field("value", value);
                let code = conversion.map_or(-1, i32::from);
                d.text("conversion", &code.to_string());
                d.optional("format_spec", format_spec);
            }),
            kind => self.container(kind, span),
        }
    }

    fn container(&mut self, kind: &ExprKind, span: Option<Span>) {
        match kind {
            ExprKind::Dict { keys, values } => self.node("Dict", span, |d| {
                d.list("keys", keys, |d, key| match key {
                    Some(key) => d.expr(key),
                    None => d.out.push_str("None"),
                });
                d.exprs("values", values);
            }),
            ExprKind::Set { elts } => self.node("Set", span, |d| d.exprs("elts", elts)),
            ExprKind::ListComp { elt, generators } => {
                self.node("ListComp", span, |d| d.comprehension(elt, generators));
            }
            ExprKind::SetComp { elt, generators } => {
                self.node("SetComp", span, |d| d.comprehension(elt, generators));
            }
            ExprKind::GeneratorExp { elt, generators } => {
                self.node("GeneratorExp", span, |d| d.comprehension(elt, generators));
            }
            ExprKind::DictComp {
                key,
                value,
                generators,
            } => self.node("DictComp", span, |d| {
                d.expr_field("key", key);
                d.expr_field("value", value);
                d.generators(generators);
            }),
            ExprKind::Attribute { value, attr, ctx } => self.node("Attribute", span, |d| {
                d.expr_field("value", value);
                d.name_field("attr", attr);
                d.constant_field("ctx", &format!("{ctx:?}"));
            }),
            ExprKind::Subscript { value, slice, ctx } => self.node("Subscript", span, |d| {
                d.expr_field("value", value);
                d.expr_field("slice", slice);
                d.constant_field("ctx", &format!("{ctx:?}"));
            }),
            ExprKind::Starred { value, ctx } => self.node("Starred", span, |d| {
                d.expr_field("value", value);
                d.constant_field("ctx", &format!("{ctx:?}"));
            }),
            ExprKind::Name { id, ctx } => self.node("Name", span, |d| {
                d.name_field("id", id);
                d.constant_field("ctx", &format!("{ctx:?}"));
            }),
            ExprKind::List { elts, ctx } => self.node("List", span, |d| {
                d.exprs("elts", elts);
                d.constant_field("ctx", &format!("{ctx:?}"));
            }),
            ExprKind::Tuple { elts, ctx } => self.node("Tuple", span, |d| {
                d.exprs("elts", elts);
                d.constant_field("ctx", &format!("{ctx:?}"));
            }),
            // All others are printed by `expr`.
            _ => {}
        }
    }

    fn comprehension(&mut self, elt: &Expr, generators: &[Comprehension]) {
        self.expr_field("elt", elt);
        self.generators(generators);
    }

    fn generators(&mut self, generators: &[Comprehension]) {
        self.list("generators", generators, |d, generator| {
            d.node("comprehension", None, |d| {
                d.expr_field("target", &generator.target);
                d.expr_field("iter", &generator.iter);
                d.exprs("ifs", &generator.ifs);
                d.text("is_async", if generator.is_async { "1" } else { "0" });
            });
        });
    }
}

// -------------------------------------------------------------- values

fn constant(value: &Constant) -> String {
    match value {
        Constant::None => "None".to_string(),
        Constant::True => "True".to_string(),
        Constant::False => "False".to_string(),
        Constant::Ellipsis => "Ellipsis".to_string(),
        Constant::Int(Int::Small(value)) => value.to_string(),
        Constant::Int(Int::Big(value)) => value.to_string(),
        Constant::Float(value) => float(*value),
        Constant::Complex(value) => format!("{}j", float(*value).trim_end_matches(".0")),
        Constant::Str(value) => string(value),
        Constant::Bytes(value) => bytes(value),
    }
}

/// A float as `ast.dump` shows it.
fn float(value: f64) -> String {
    if value.is_infinite() {
        return "inf".to_string();
    }
    let digits = format!("{value:e}");
    let (mantissa, exponent) = digits.split_once('e').unwrap_or((&digits, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        return format!("{value:?}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

fn quoted(text: &str) -> String {
    string(&text.into())
}

fn string(text: &Wtf8) -> String {
    let has = |quote: char| text.code_points().any(|code| code == quote as u32);
    let quote = if has('\'') && !has('"') { '"' } else { '\'' };
    let mut out = String::from(quote);
    for code in text.code_points() {
        match char::from_u32(code) {
            Some('\n') => out.push_str("\\n"),
            Some('\r') => out.push_str("\\r"),
            Some('\t') => out.push_str("\\t"),
            Some('\\') => out.push_str("\\\\"),
            Some(c) if c == quote => out.extend(['\\', c]),
            Some(c) if is_printable(c) => out.push(c),
            _ if code < 0x100 => out.push_str(&format!("\\x{code:02x}")),
            _ if code < 0x1_0000 => out.push_str(&format!("\\u{code:04x}")),
            _ => out.push_str(&format!("\\U{code:08x}")),
        }
    }
    out.push(quote);
    out
}

fn bytes(value: &[u8]) -> String {
    let double = value.contains(&b'\'') && !value.contains(&b'"');
    let quote = if double { '"' } else { '\'' };
    let mut out = format!("b{quote}");
    for &byte in value {
        match byte {
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            b'\\' => out.push_str("\\\\"),
            _ if byte == quote as u8 => out.extend(['\\', quote]),
            b' '..=b'~' => out.push(byte as char),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push(quote);
    out
}
