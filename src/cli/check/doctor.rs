//! What a file needs and Hoopsnake does not have.

use super::finding::Finding;
use super::library::Library;
use super::model::{Import, Model, Site, guards};
use super::rules::Rule;
use super::similar;
use crate::host::Host;
use crate::source::{SourceFile, Span};
use crate::syntax::ast::{Expr, ExprKind};
use std::path::Path;

/// Asks about the imports of one file.
pub struct Doctor<'a> {
    pub model: &'a Model<'a>,
    pub file: &'a SourceFile,
    pub host: &'a Host,
    pub library: &'a mut Library,
}

impl Doctor<'_> {
    /// HS501, HS502 and HS503.
    pub fn check(&mut self, found: &mut Vec<Finding>) {
        let model = self.model;
        let mut missing: Vec<&str> = Vec::new();
        for import in &model.imports {
            if let Some(finding) = self.import(import) {
                // `from missing import a, b` is one mistake.
                if import.name.is_none()
                    || missing.last() != Some(&import.module)
                    || finding.rule == Rule::MissingName
                {
                    found.push(finding);
                }
                missing.push(import.module);
            }
        }
        for (expr, site) in &model.attributes {
            found.extend(self.attribute(expr, *site));
        }
    }

    fn import(&mut self, import: &Import<'_>) -> Option<Finding> {
        if import.site.guards & (guards::IMPORT | guards::CONDITION) != 0 {
            return None;
        }
        let module = import.module;
        if self.library.has_module(module) {
            return self.name(module, import.name?, import.span);
        }
        if self.library.is_of_cpython(module) {
            // It may be put into `sys.modules`.
            let comes = self.model.changes_path && self.is_in_quotes(module);
            return (!comes).then(|| missing_module(module, import.span));
        }
        let top = module.split('.').next().unwrap_or(module);
        let in_library = self.library.has_module(top);
        if !in_library && (self.model.changes_path || self.is_file(top)) {
            return None;
        }
        let message = match in_library {
            true => format!("the package '{top}' of the library has no module '{module}'"),
            false => format!(
                "no module '{module}' is in the library, beside this file or along HOOPPATH"
            ),
        };
        let finding = Finding::new(Rule::UnknownModule, import.span, message);
        let better = similar::nearest(module, self.library.public_modules());
        Some(match better {
            Some(better) => finding.with_help(format!("did you mean '{better}'?")),
            None => finding.with_help("packages that were installed for CPython are found where HOOPPATH names their folder"),
        })
    }

    fn is_file(&mut self, module: &str) -> bool {
        let path = Path::new(self.file.name());
        self.library.is_file(self.host, path, module)
    }

    /// `module.name`
    fn attribute(&mut self, expr: &Expr, site: Site) -> Option<Finding> {
        let ExprKind::Attribute { value, attr, .. } = &expr.kind else {
            return None;
        };
        if site.guards & (guards::ATTRIBUTE | guards::CONDITION) != 0 {
            return None;
        }
        let module = self.model.qualified(value, site.scope)?;
        if !self.library.has_module(&module) {
            return None;
        }
        let end = expr.span.end;
        let span = Span::new(end.saturating_sub(attr.len() as u32), end);
        let finding = self.name(&module, attr, span)?;
        (!self.is_imported(&format!("{module}.{attr}"))).then_some(finding)
    }

    fn name(&mut self, module: &str, name: &str, span: Span) -> Option<Finding> {
        if name == "*" || self.library.has(module, name) != Some(false) || self.is_spoken_of(name) {
            return None;
        }
        let inner = format!("{module}.{name}");
        if self.library.is_of_cpython(&inner) {
            return Some(missing_module(&inner, span));
        }
        let of_cpython = self.library.is_name_of_cpython(module, name);
        let message = match of_cpython {
            true => format!("Hoopsnake's module '{module}' has no '{name}', which CPython's has"),
            false => format!("the module '{module}' has no '{name}'"),
        };
        let finding = Finding::new(Rule::MissingName, span, message);
        let names = self.library.names(module);
        match similar::nearest(name, names.iter().map(|known| &**known)).filter(|_| !of_cpython) {
            Some(better) => Some(finding.with_help(format!("did you mean '{better}'?"))),
            None => Some(finding),
        }
    }

    /// A name that is also assigned to, or stands in quotes, may be asked for before or put there.
    fn is_spoken_of(&self, name: &str) -> bool {
        self.model.stored_attributes.contains(name) || self.is_in_quotes(name)
    }

    fn is_in_quotes(&self, name: &str) -> bool {
        let text = self.file.text();
        ['"', '\'']
            .iter()
            .any(|quote| text.contains(&format!("{quote}{name}{quote}")))
    }

    /// Whether a module of this name is imported, which is told of where that is done.
    fn is_imported(&self, module: &str) -> bool {
        self.model.imports.iter().any(|import| {
            let rest = import.module.strip_prefix(module);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }
}

fn missing_module(module: &str, span: Span) -> Finding {
    let message = format!("Hoopsnake has no module '{module}', which is one of CPython's library");
    let finding = Finding::new(Rule::MissingModule, span, message);
    finding.with_help("docs/library/modules.md lists what is there and what is not")
}
