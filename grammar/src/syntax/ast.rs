//! The tree: CPython 3.13's `ast`, node for node.
//!
//! Names of nodes and fields are those of the `ast` module, so its
//! documentation is also ours. Every statement, expression and smaller piece
//! carries the bytes it was written in. The parser refuses trees that are
//! deeper than `MAX_DEPTH`, so walking and dropping one may recurse.

use crate::source::{Diagnostic, Span, Wtf8};
use std::sync::Arc;

/// An identifier, in normal form (NFKC).
pub type Name = Arc<str>;

/// No tree nests deeper than this, statements and expressions together.
pub const MAX_DEPTH: u16 = 1200;

/// A parsed file, expression or line, with the warnings it gave rise to.
#[derive(Debug)]
pub struct Module {
    pub body: Body,
    pub warnings: Vec<Diagnostic>,
}

/// What was parsed, by mode.
#[derive(Debug)]
pub enum Body {
    /// `Mode::File`.
    Module(Vec<Stmt>),
    /// `Mode::Single`.
    Interactive(Vec<Stmt>),
    /// `Mode::Eval`.
    Expression(Box<Expr>),
}

/// A statement and where it stands.
#[derive(Debug)]
pub struct Stmt {
    pub span: Span,
    /// How deep the tree below is, 1 for a leaf; at most `MAX_DEPTH`.
    pub depth: u16,
    pub kind: StmtKind,
}

/// The statements.
#[derive(Debug)]
pub enum StmtKind {
    FunctionDef(Box<FunctionDef>),
    AsyncFunctionDef(Box<FunctionDef>),
    ClassDef(Box<ClassDef>),
    Return {
        value: Option<Box<Expr>>,
    },
    Delete {
        targets: Vec<Expr>,
    },
    Assign {
        targets: Vec<Expr>,
        value: Box<Expr>,
    },
    TypeAlias {
        name: Box<Expr>,
        type_params: Vec<TypeParam>,
        value: Box<Expr>,
    },
    AugAssign {
        target: Box<Expr>,
        op: Operator,
        value: Box<Expr>,
    },
    AnnAssign {
        target: Box<Expr>,
        annotation: Box<Expr>,
        value: Option<Box<Expr>>,
        /// True for a bare name without parentheses.
        simple: bool,
    },
    For(Box<For>),
    AsyncFor(Box<For>),
    While {
        test: Box<Expr>,
        body: Vec<Stmt>,
        orelse: Vec<Stmt>,
    },
    /// `elif` is an `If` alone in `orelse`, as in `ast`. Long chains nest
    /// deep: a walk over them should loop on `orelse`, not recurse.
    If {
        test: Box<Expr>,
        body: Vec<Stmt>,
        orelse: Vec<Stmt>,
    },
    With {
        items: Vec<WithItem>,
        body: Vec<Stmt>,
    },
    AsyncWith {
        items: Vec<WithItem>,
        body: Vec<Stmt>,
    },
    Match {
        subject: Box<Expr>,
        cases: Vec<MatchCase>,
    },
    Raise {
        exc: Option<Box<Expr>>,
        cause: Option<Box<Expr>>,
    },
    Try(Box<Try>),
    /// `try` with `except*`.
    TryStar(Box<Try>),
    Assert {
        test: Box<Expr>,
        msg: Option<Box<Expr>>,
    },
    Import {
        names: Vec<Alias>,
    },
    ImportFrom {
        module: Option<Name>,
        names: Vec<Alias>,
        /// Number of leading dots.
        level: u32,
    },
    Global {
        names: Vec<Name>,
    },
    Nonlocal {
        names: Vec<Name>,
    },
    Expr {
        value: Box<Expr>,
    },
    Pass,
    Break,
    Continue,
}

/// `def` and `async def`. The span of the statement starts at `def` or
/// `async`, after the decorators.
#[derive(Debug)]
pub struct FunctionDef {
    pub name: Name,
    pub args: Arguments,
    pub body: Vec<Stmt>,
    pub decorator_list: Vec<Expr>,
    pub returns: Option<Box<Expr>>,
    pub type_params: Vec<TypeParam>,
}

/// `class`.
#[derive(Debug)]
pub struct ClassDef {
    pub name: Name,
    pub bases: Vec<Expr>,
    pub keywords: Vec<Keyword>,
    pub body: Vec<Stmt>,
    pub decorator_list: Vec<Expr>,
    pub type_params: Vec<TypeParam>,
}

/// `for` and `async for`.
#[derive(Debug)]
pub struct For {
    pub target: Expr,
    pub iter: Expr,
    pub body: Vec<Stmt>,
    pub orelse: Vec<Stmt>,
}

/// `try` with all of its parts.
#[derive(Debug)]
pub struct Try {
    pub body: Vec<Stmt>,
    pub handlers: Vec<ExceptHandler>,
    pub orelse: Vec<Stmt>,
    pub finalbody: Vec<Stmt>,
}

/// An expression and where it stands.
#[derive(Debug)]
pub struct Expr {
    pub span: Span,
    /// How deep the tree below is, 1 for a leaf; at most `MAX_DEPTH`.
    pub depth: u16,
    pub kind: ExprKind,
}

/// The expressions.
#[derive(Debug)]
pub enum ExprKind {
    BoolOp {
        op: BoolOp,
        values: Vec<Expr>,
    },
    NamedExpr {
        target: Box<Expr>,
        value: Box<Expr>,
    },
    BinOp {
        left: Box<Expr>,
        op: Operator,
        right: Box<Expr>,
    },
    UnaryOp {
        op: UnaryOp,
        operand: Box<Expr>,
    },
    Lambda {
        args: Box<Arguments>,
        body: Box<Expr>,
    },
    IfExp {
        test: Box<Expr>,
        body: Box<Expr>,
        orelse: Box<Expr>,
    },
    Dict {
        /// `None` is a `**mapping`.
        keys: Vec<Option<Expr>>,
        values: Vec<Expr>,
    },
    Set {
        elts: Vec<Expr>,
    },
    ListComp {
        elt: Box<Expr>,
        generators: Vec<Comprehension>,
    },
    SetComp {
        elt: Box<Expr>,
        generators: Vec<Comprehension>,
    },
    DictComp {
        key: Box<Expr>,
        value: Box<Expr>,
        generators: Vec<Comprehension>,
    },
    GeneratorExp {
        elt: Box<Expr>,
        generators: Vec<Comprehension>,
    },
    Await {
        value: Box<Expr>,
    },
    Yield {
        value: Option<Box<Expr>>,
    },
    YieldFrom {
        value: Box<Expr>,
    },
    Compare {
        left: Box<Expr>,
        ops: Vec<CmpOp>,
        comparators: Vec<Expr>,
    },
    Call {
        func: Box<Expr>,
        args: Vec<Expr>,
        keywords: Vec<Keyword>,
    },
    FormattedValue {
        value: Box<Expr>,
        /// `s`, `r` or `a`.
        conversion: Option<u8>,
        /// A `JoinedStr`.
        format_spec: Option<Box<Expr>>,
    },
    /// An f-string. The text of `{x=}` stands in the constant before it.
    JoinedStr {
        values: Vec<Expr>,
    },
    Constant {
        value: Constant,
        /// True for a string written with the prefix `u`.
        unicode_prefix: bool,
    },
    Attribute {
        value: Box<Expr>,
        attr: Name,
        ctx: ExprContext,
    },
    Subscript {
        value: Box<Expr>,
        slice: Box<Expr>,
        ctx: ExprContext,
    },
    Starred {
        value: Box<Expr>,
        ctx: ExprContext,
    },
    Name {
        id: Name,
        ctx: ExprContext,
    },
    List {
        elts: Vec<Expr>,
        ctx: ExprContext,
    },
    Tuple {
        elts: Vec<Expr>,
        ctx: ExprContext,
    },
    /// Stands only in a subscript.
    Slice {
        lower: Option<Box<Expr>>,
        upper: Option<Box<Expr>>,
        step: Option<Box<Expr>>,
    },
}

/// A literal value.
#[derive(Clone, Debug, PartialEq)]
pub enum Constant {
    None,
    True,
    False,
    Ellipsis,
    Int(Int),
    Float(f64),
    /// The imaginary part.
    Complex(f64),
    Str(Wtf8),
    Bytes(Arc<[u8]>),
}

/// An integer literal; never negative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Int {
    Small(i64),
    /// Beyond 63 bits.
    Big(dashu_int::IBig),
}

/// What an expression is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExprContext {
    Load,
    Store,
    Del,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoolOp {
    And,
    Or,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Add,
    Sub,
    Mult,
    MatMult,
    Div,
    Mod,
    Pow,
    LShift,
    RShift,
    BitOr,
    BitXor,
    BitAnd,
    FloorDiv,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    Invert,
    Not,
    UAdd,
    USub,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CmpOp {
    Eq,
    NotEq,
    Lt,
    LtE,
    Gt,
    GtE,
    Is,
    IsNot,
    In,
    NotIn,
}

/// One `for ... in ... if ...` of a comprehension.
#[derive(Debug)]
pub struct Comprehension {
    pub target: Expr,
    pub iter: Expr,
    pub ifs: Vec<Expr>,
    pub is_async: bool,
}

/// `except type as name:`.
#[derive(Debug)]
pub struct ExceptHandler {
    pub span: Span,
    /// The field `type`.
    pub typ: Option<Box<Expr>>,
    pub name: Option<Name>,
    pub body: Vec<Stmt>,
}

/// The parameters of a function or lambda.
#[derive(Debug, Default)]
pub struct Arguments {
    pub posonlyargs: Vec<Arg>,
    pub args: Vec<Arg>,
    pub vararg: Option<Arg>,
    pub kwonlyargs: Vec<Arg>,
    /// One for each of `kwonlyargs`.
    pub kw_defaults: Vec<Option<Expr>>,
    pub kwarg: Option<Arg>,
    /// Those of the last positional parameters.
    pub defaults: Vec<Expr>,
}

/// One parameter.
#[derive(Debug)]
pub struct Arg {
    pub span: Span,
    pub arg: Name,
    pub annotation: Option<Box<Expr>>,
}

/// `name=value` or, without a name, `**value` in a call.
#[derive(Debug)]
pub struct Keyword {
    pub span: Span,
    pub arg: Option<Name>,
    pub value: Expr,
}

/// `name as asname` of an import; the name is dotted or `*`.
#[derive(Debug)]
pub struct Alias {
    pub span: Span,
    pub name: Name,
    pub asname: Option<Name>,
}

/// `context as variable`.
#[derive(Debug)]
pub struct WithItem {
    pub context_expr: Expr,
    pub optional_vars: Option<Box<Expr>>,
}

/// `case pattern if guard:`.
#[derive(Debug)]
pub struct MatchCase {
    pub pattern: Pattern,
    pub guard: Option<Box<Expr>>,
    pub body: Vec<Stmt>,
}

/// A pattern and where it stands.
#[derive(Debug)]
pub struct Pattern {
    pub span: Span,
    /// How deep the tree below is, 1 for a leaf; at most `MAX_DEPTH`.
    pub depth: u16,
    pub kind: PatternKind,
}

/// The patterns.
#[derive(Debug)]
pub enum PatternKind {
    MatchValue {
        value: Box<Expr>,
    },
    /// `None`, `True` or `False`.
    MatchSingleton {
        value: Constant,
    },
    MatchSequence {
        patterns: Vec<Pattern>,
    },
    MatchMapping {
        keys: Vec<Expr>,
        patterns: Vec<Pattern>,
        rest: Option<Name>,
    },
    MatchClass {
        cls: Box<Expr>,
        patterns: Vec<Pattern>,
        kwd_attrs: Vec<Name>,
        kwd_patterns: Vec<Pattern>,
    },
    /// `*name`, or `*_` without a name.
    MatchStar {
        name: Option<Name>,
    },
    /// `pattern as name`; a capture has no pattern, `_` not even a name.
    MatchAs {
        pattern: Option<Box<Pattern>>,
        name: Option<Name>,
    },
    MatchOr {
        patterns: Vec<Pattern>,
    },
}

/// A type parameter.
#[derive(Debug)]
pub struct TypeParam {
    pub span: Span,
    pub kind: TypeParamKind,
}

/// The kinds of type parameters.
#[derive(Debug)]
pub enum TypeParamKind {
    TypeVar {
        name: Name,
        bound: Option<Box<Expr>>,
        default_value: Option<Box<Expr>>,
    },
    ParamSpec {
        name: Name,
        default_value: Option<Box<Expr>>,
    },
    TypeVarTuple {
        name: Name,
        default_value: Option<Box<Expr>>,
    },
}
