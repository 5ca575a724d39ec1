"""Makes a program that shows a difference small: takes away what can go while the difference stays."""
import ast
import copy

BODIES = ("body", "orelse", "finalbody", "handlers", "cases")


class Shrinker:
    def __init__(self, differs, budget=700):
        self.differs, self.budget = differs, budget

    def holds(self, tree):
        if self.budget <= 0:
            return False
        self.budget -= 1
        try:
            source = ast.unparse(ast.fix_missing_locations(tree))
            compile(source, "<program>", "exec")
        except Exception:
            return False
        return self.differs(source)

    def shrink(self, source):
        try:
            tree = ast.parse(source)
        except SyntaxError:
            return source
        if not self.holds(tree):
            return source
        before = ""
        while self.budget > 0 and before != (before := ast.dump(tree)):
            tree = self.smaller_expressions(self.fewer_statements(tree))
        return ast.unparse(tree) + "\n"

    def blocks(self, tree):
        """Each list of statements, handlers or cases, outermost first: (path, field)."""
        for index, node in enumerate(ast.walk(tree)):
            for field in BODIES:
                if isinstance(getattr(node, field, None), list) and getattr(node, field):
                    yield index, field

    def fewer_statements(self, tree):
        at = 0
        while True:
            places = list(self.blocks(tree))
            if at >= len(places) or self.budget <= 0:
                return tree
            tree = self.thin(tree, *places[at])
            at += 1

    def node(self, tree, index):
        for number, node in enumerate(ast.walk(tree)):
            if number == index:
                return node

    def thin(self, tree, index, field):
        size = len(getattr(self.node(tree, index), field))
        chunk = size
        while chunk:
            start = 0
            while start < len(getattr(self.node(tree, index), field)):
                trial = copy.deepcopy(tree)
                block = getattr(self.node(trial, index), field)
                del block[start:start + chunk]
                if not block and field == "body":
                    block.append(ast.Pass())
                    if isinstance(getattr(self.node(tree, index), field)[0], ast.Pass):
                        return tree
                if self.holds(trial):
                    tree = trial
                else:
                    lifted = self.lift(tree, index, field, start) if chunk == 1 else None
                    if lifted is not None:
                        tree = lifted
                    else:
                        start += chunk
            chunk //= 2
        return tree

    def lift(self, tree, index, field, at):
        """A compound statement in place of which its body will do."""
        statement = getattr(self.node(tree, index), field)[at]
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)) or field in ("handlers", "cases"):
            return None
        for inner in ("body", "orelse", "finalbody"):
            block = getattr(statement, inner, None)
            if isinstance(block, list) and block:
                trial = copy.deepcopy(tree)
                getattr(self.node(trial, index), field)[at:at + 1] = copy.deepcopy(block)
                if self.holds(trial):
                    return trial
        return None

    def smaller_expressions(self, tree):
        index = 0
        while self.budget > 0:
            nodes = list(ast.walk(tree))
            if index >= len(nodes):
                return tree
            for field, value in ast.iter_fields(nodes[index]):
                if isinstance(value, ast.expr):
                    tree = self.simpler(tree, index, field, None, value)
                elif isinstance(value, list):
                    for at in reversed(range(len(value))):
                        if isinstance(value[at], (ast.expr, ast.keyword, ast.arg)):
                            tree = self.simpler(tree, index, field, at, value[at])
            index += 1
        return tree

    def simpler(self, tree, index, field, at, value):
        if isinstance(value, ast.Constant) and at is None or isinstance(value, ast.Name) and at is None:
            return tree
        if at is not None:
            trial = copy.deepcopy(tree)
            del getattr(self.node(trial, index), field)[at]
            if self.holds(trial):
                return trial
        if not isinstance(value, ast.expr) or isinstance(value, (ast.Constant, ast.Name)) or not isinstance(getattr(value, "ctx", ast.Load()), ast.Load):
            return tree
        inner = [c for c in ast.iter_child_nodes(value) if isinstance(c, ast.expr)]
        for candidate in [ast.Constant(None), ast.Constant(0), *inner]:
            trial = copy.deepcopy(tree)
            owner = self.node(trial, index)
            if at is None:
                setattr(owner, field, copy.deepcopy(candidate))
            else:
                getattr(owner, field)[at] = copy.deepcopy(candidate)
            if self.holds(trial):
                return self.simpler(trial, index, field, at, candidate) if candidate in inner else trial
        return tree
