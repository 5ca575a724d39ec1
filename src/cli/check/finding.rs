//! What a rule has found, and the comments that silence it.

use super::rules::Rule;
use crate::source::{SourceFile, Span};
use crate::syntax::{self, token::Tok};
use std::collections::HashMap;

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub rule: Rule,
    pub span: Span,
    pub message: String,
    pub help: Option<String>,
}

impl Finding {
    /// A finding without a hint.
    pub fn new(rule: Rule, span: Span, message: impl Into<String>) -> Finding {
        Finding {
            rule,
            span,
            message: message.into(),
            help: None,
        }
    }

    /// The same with a hint.
    pub fn with_help(mut self, help: impl Into<String>) -> Finding {
        self.help = Some(help.into());
        self
    }
}

/// Which rules the comments of a file silence on which lines.
#[derive(Debug, Default)]
pub struct Silenced {
    /// By line; no rules at all means every rule.
    lines: HashMap<u32, Vec<String>>,
}

impl Silenced {
    /// Reads the comments of a file.
    pub fn read(file: &SourceFile) -> Silenced {
        let mut silenced = Silenced::default();
        // Few files have one: the others are not read twice.
        if !contains_ignoring_case(file.text(), "noqa") {
            return silenced;
        }
        for token in syntax::tokens(file) {
            if token.kind == Tok::Comment
                && let Some(ids) = ids_of(file.slice(token.span))
            {
                silenced.lines.insert(file.line_of(token.span.start), ids);
            }
        }
        silenced
    }

    /// Whether a finding is not to be reported.
    pub fn covers(&self, file: &SourceFile, finding: &Finding) -> bool {
        let Some(ids) = self.lines.get(&file.line_of(finding.span.start)) else {
            return false;
        };
        let id = finding.rule.info().id;
        ids.is_empty() || ids.iter().any(|known| known.eq_ignore_ascii_case(id))
    }
}

fn contains_ignoring_case(text: &str, word: &str) -> bool {
    let (bytes, word) = (text.as_bytes(), word.as_bytes());
    memchr::memchr2_iter(b'n', b'N', bytes).any(|at| {
        let part = bytes.get(at..at + word.len());
        part.is_some_and(|part| part.eq_ignore_ascii_case(word))
    })
}

/// The ids of `# noqa: ID, ID`; none for a bare `# noqa`. Ids of other tools silence nothing here.
fn ids_of(comment: &str) -> Option<Vec<String>> {
    let lower = comment.to_ascii_lowercase();
    let at = lower.find("noqa")?;
    let before = comment[..at].trim_end();
    if !before.ends_with('#') {
        return None;
    }
    let rest = comment[at + 4..].trim_start();
    let Some(list) = rest.strip_prefix(':') else {
        return Some(Vec::new());
    };
    let words = list.split([',', ' ', '\t']).filter(|word| !word.is_empty());
    let is_id = |word: &&str| {
        let letters = word.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        letters.len() < word.len()
            && letters.bytes().all(|b| b.is_ascii_digit())
            && !letters.is_empty()
    };
    Some(
        words
            .take_while(is_id)
            .map(str::to_owned)
            .collect::<Vec<_>>(),
    )
    .filter(|ids| !ids.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_that_silence() {
        assert_eq!(ids_of("# noqa"), Some(vec![]));
        assert_eq!(
            ids_of("# why  # NoQA: HS201, hs302 because"),
            Some(vec!["HS201".into(), "hs302".into()])
        );
        assert_eq!(ids_of("# noqa:E501"), Some(vec!["E501".into()]));
        assert_eq!(ids_of("# see noqa"), None);
        assert_eq!(ids_of("# noqa: words"), None);
    }

    #[test]
    fn only_comments_count() {
        let file = SourceFile::new("x", "a = '# noqa'\nb  # noqa: HS201\n");
        let silenced = Silenced::read(&file);
        let finding = |at, rule| Finding::new(rule, Span::new(at, at + 1), "");
        assert!(!silenced.covers(&file, &finding(0, Rule::UnboundName)));
        assert!(silenced.covers(&file, &finding(13, Rule::UnboundName)));
        assert!(!silenced.covers(&file, &finding(13, Rule::BlockingCall)));
    }
}
