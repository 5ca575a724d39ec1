//! Statements.

use super::{Block, CallArg, Context, ParamItem, boxed};
use crate::source::Span;
use crate::syntax::ast::*;

impl Context<'_> {
    pub fn expr_stmt(&mut self, l: u32, r: u32, value: Expr) -> Stmt {
        let value = Box::new(value);
        self.stmt(l, r, StmtKind::Expr { value })
    }

    /// What was typed at a prompt must be one line or one compound statement.
    pub fn single(&mut self, block: Block) -> Body {
        if block.lines > 1 {
            let message = "multiple statements found while compiling a single statement";
            let start = block.body.first().map_or(0, |stmt| stmt.span.start);
            self.refuse(Span::at(start), message);
        }
        Body::Interactive(block.body)
    }

    pub fn if_stmt(&mut self, l: u32, test: Expr, body: Block, orelse: Block) -> Stmt {
        let end = body.end.max(orelse.end);
        let kind = StmtKind::If {
            test: Box::new(test),
            body: body.body,
            orelse: orelse.body,
        };
        self.stmt(l, end, kind)
    }

    pub fn while_stmt(&mut self, l: u32, test: Expr, body: Block, orelse: Block) -> Stmt {
        let end = body.end.max(orelse.end);
        let kind = StmtKind::While {
            test: Box::new(test),
            body: body.body,
            orelse: orelse.body,
        };
        self.stmt(l, end, kind)
    }

    pub fn for_stmt(
        &mut self,
        l: u32,
        is_async: bool,
        (target, iter): (Expr, Expr),
        body: Block,
        orelse: Block,
    ) -> Stmt {
        let end = body.end.max(orelse.end);
        let for_ = Box::new(For {
            target,
            iter,
            body: body.body,
            orelse: orelse.body,
        });
        let kind = match is_async {
            true => StmtKind::AsyncFor(for_),
            false => StmtKind::For(for_),
        };
        self.stmt(l, end, kind)
    }

    pub fn with_stmt(
        &mut self,
        l: u32,
        is_async: bool,
        items: Vec<WithItem>,
        block: Block,
    ) -> Stmt {
        let end = block.end;
        let body = block.body;
        let kind = match is_async {
            true => StmtKind::AsyncWith { items, body },
            false => StmtKind::With { items, body },
        };
        self.stmt(l, end, kind)
    }

    pub fn try_stmt(
        &mut self,
        l: u32,
        body: Block,
        handlers: Vec<(ExceptHandler, u32)>,
        orelse: Block,
        finalbody: Block,
        star: bool,
    ) -> Stmt {
        let handled = handlers.last().map_or(0, |handler| handler.1);
        let end = body.end.max(handled).max(orelse.end).max(finalbody.end);
        self.check_bare_except(&handlers);
        let try_ = Box::new(Try {
            body: body.body,
            handlers: handlers.into_iter().map(|handler| handler.0).collect(),
            orelse: orelse.body,
            finalbody: finalbody.body,
        });
        let kind = match star {
            true => StmtKind::TryStar(try_),
            false => StmtKind::Try(try_),
        };
        self.stmt(l, end, kind)
    }

    fn check_bare_except(&mut self, handlers: &[(ExceptHandler, u32)]) {
        let before_last = handlers.len().saturating_sub(1);
        for (handler, _) in &handlers[..before_last] {
            if handler.typ.is_none() {
                self.refuse_late(handler.span, "default 'except:' must be last");
            }
        }
    }

    pub fn handler(
        &mut self,
        l: u32,
        typ: Option<Expr>,
        name: Option<Name>,
        body: Block,
    ) -> (ExceptHandler, u32) {
        let handler = ExceptHandler {
            span: Span::new(l, body.end),
            typ: boxed(typ),
            name,
            body: body.body,
        };
        (handler, body.end)
    }

    pub fn match_stmt(&mut self, l: u32, subject: Expr, cases: Vec<(MatchCase, u32)>) -> Stmt {
        if matches!(subject.kind, ExprKind::Starred { .. }) {
            self.refuse(subject.span, "invalid syntax");
        }
        let end = cases.last().map_or(subject.span.end, |case| case.1);
        let kind = StmtKind::Match {
            subject: Box::new(subject),
            cases: cases.into_iter().map(|case| case.0).collect(),
        };
        self.stmt(l, end, kind)
    }

    pub fn case(&mut self, pattern: Pattern, guard: Option<Expr>, body: Block) -> (MatchCase, u32) {
        let case = MatchCase {
            pattern,
            guard: boxed(guard),
            body: body.body,
        };
        (case, body.end)
    }

    pub fn function(
        &mut self,
        name: Name,
        type_params: Vec<TypeParam>,
        params: Option<(Vec<ParamItem>, bool)>,
        returns: Option<Expr>,
        body: Block,
    ) -> (FunctionDef, u32) {
        let def = FunctionDef {
            name,
            args: self.parameters(params),
            body: body.body,
            decorator_list: Vec::new(),
            returns: boxed(returns),
            type_params,
        };
        (def, body.end)
    }

    pub fn class(
        &mut self,
        name: Name,
        type_params: Vec<TypeParam>,
        args: Vec<CallArg>,
        body: Block,
    ) -> (StmtKind, u32) {
        let (bases, keywords) = self.arguments(args);
        let def = ClassDef {
            name,
            bases,
            keywords,
            body: body.body,
            decorator_list: Vec::new(),
            type_params,
        };
        (StmtKind::ClassDef(Box::new(def)), body.end)
    }

    pub fn decorated(
        &mut self,
        l: u32,
        decorators: Vec<Expr>,
        (mut kind, end): (StmtKind, u32),
    ) -> Stmt {
        match &mut kind {
            StmtKind::FunctionDef(def) | StmtKind::AsyncFunctionDef(def) => {
                def.decorator_list = decorators;
            }
            StmtKind::ClassDef(def) => def.decorator_list = decorators,
            _ => {}
        }
        self.stmt(l, end, kind)
    }

    pub fn type_param(&mut self, l: u32, r: u32, kind: TypeParamKind) -> TypeParam {
        let span = Span::new(l, r);
        TypeParam { span, kind }
    }

    pub fn type_var(
        &mut self,
        l: u32,
        r: u32,
        name: Name,
        bound: Option<Expr>,
        default: Option<Expr>,
    ) -> TypeParam {
        let kind = TypeParamKind::TypeVar {
            name,
            bound: boxed(bound),
            default_value: boxed(default),
        };
        self.type_param(l, r, kind)
    }
}
