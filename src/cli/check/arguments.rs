//! What `hoop check` is asked for.

use super::report::{FORMATS, Format};
use super::rules::Rule;
use crate::cli::arguments::Given;
use crate::cli::table::{Effect, Flag, Kind};
use std::ffi::OsString;

const fn option(
    name: &'static str,
    value: Option<(&'static str, Kind)>,
    help: &'static str,
) -> Flag {
    Flag {
        letter: None,
        name: Some(name),
        value,
        help,
        effect: Effect::Own,
    }
}

/// The options of `hoop check`.
pub static FLAGS: &[Flag] = &[
    option(
        "select",
        Some(("ID,..", Kind::Text)),
        "only these rules; HS3 are all whose id begins so",
    ),
    option("ignore", Some(("ID,..", Kind::Text)), "all rules but these"),
    option(
        "format",
        Some(("FORMAT", Kind::Words(FORMATS))),
        "text (the default), json, or github (commands for its workflows)",
    ),
    option("explain", Some(("ID", Kind::Text)), "the page of a rule"),
    option("rules", None, "the list of the rules"),
];

/// A command line that was understood.
#[derive(Debug, PartialEq, Eq)]
pub enum Asked {
    /// Check files.
    Check(Options),
    /// Show the page of a rule.
    Explain(Rule),
    /// Show the list of the rules.
    List,
}

/// How to check.
#[derive(Debug, PartialEq, Eq)]
pub struct Options {
    pub files: Vec<OsString>,
    pub format: Format,
    /// No rules at all means every rule.
    pub select: Vec<Rule>,
    pub ignore: Vec<Rule>,
}

impl Options {
    /// Whether a rule is asked for.
    pub fn wants(&self, rule: Rule) -> bool {
        (self.select.is_empty() || self.select.contains(&rule)) && !self.ignore.contains(&rule)
    }
}

/// Reads what stands behind `hoop check`.
pub fn read(given: &Given) -> Result<Asked, String> {
    let mut options = Options {
        files: given.operands.clone(),
        format: given
            .value("format")
            .and_then(Format::find)
            .unwrap_or(Format::Text),
        select: Vec::new(),
        ignore: Vec::new(),
    };
    for (name, value) in &given.flags {
        let value = value.as_deref().unwrap_or_default();
        match &**name {
            "rules" => return Ok(Asked::List),
            "explain" => return Ok(Asked::Explain(rule(value)?)),
            "select" => options.select.extend(rules(value)?),
            "ignore" => options.ignore.extend(rules(value)?),
            _ => {}
        }
    }
    if options.files.is_empty() {
        return Err("a FILE or a folder is expected behind 'check'".to_owned());
    }
    Ok(Asked::Check(options))
}

/// Rules by their ids, or by how their ids begin: `HS3`.
fn rules(list: &str) -> Result<Vec<Rule>, String> {
    let mut found = Vec::new();
    for id in list.split([',', ' ']).filter(|id| !id.is_empty()) {
        let group = |rule: &&super::rules::Info| {
            id.len() >= 2
                && rule.id.len() > id.len()
                && rule.id[..id.len()].eq_ignore_ascii_case(id)
        };
        let before = found.len();
        found.extend(
            super::rules::RULES
                .iter()
                .filter(group)
                .map(|info| info.rule),
        );
        if found.len() == before {
            found.push(rule(id)?);
        }
    }
    Ok(found)
}

fn rule(id: &str) -> Result<Rule, String> {
    Rule::find(id)
        .ok_or_else(|| format!("there is no rule '{id}': 'hoop check --rules' lists them"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(flags: &[(&str, &str)], files: &[&str]) -> Result<Asked, String> {
        let flags = flags
            .iter()
            .map(|(name, value)| (name.to_string(), Some(value.to_string())));
        read(&Given {
            flags: flags.collect(),
            operands: files.iter().map(OsString::from).collect(),
        })
    }

    #[test]
    fn options_and_files() {
        let flags = [
            ("select", "HS201,unreachable"),
            ("format", "json"),
            ("ignore", "hs3"),
        ];
        let Ok(Asked::Check(options)) = asked(&flags, &["a", "-b"]) else {
            panic!("it makes sense");
        };
        assert_eq!(options.files, ["a", "-b"]);
        assert_eq!(options.format, Format::Json);
        assert_eq!(options.select, [Rule::UnboundName, Rule::Unreachable]);
        assert_eq!(
            options.ignore,
            [Rule::NeverAwaited, Rule::BlockingCall, Rule::DroppedTask]
        );
        assert!(options.wants(Rule::UnboundName) && !options.wants(Rule::BlockingCall));
    }

    #[test]
    fn what_makes_no_sense() {
        assert!(asked(&[], &[]).is_err());
        assert!(asked(&[("select", "HS999")], &["a"]).is_err());
        assert!(asked(&[("explain", "H")], &[]).is_err());
        assert_eq!(
            asked(&[("explain", "HS301")], &[]),
            Ok(Asked::Explain(Rule::NeverAwaited))
        );
    }
}
