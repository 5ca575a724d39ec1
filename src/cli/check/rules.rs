//! The rules: one table, from which the list, the pages and the choice by id come.

/// A rule, in the order of its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// The parser refuses it.
    SyntaxError,
    /// The compiler refuses it.
    CompileError,
    /// `await` and the like where there is nothing to wait in.
    AwaitOutsideAsync,
    /// What the language warns of at compile time.
    SyntaxWarning,
    /// A name that nothing binds.
    UnboundName,
    /// A coroutine that is made and thrown away.
    NeverAwaited,
    /// A call that stops the event loop.
    BlockingCall,
    /// A task that nobody keeps.
    DroppedTask,
    /// `return`, `break` or `continue` out of `finally`.
    LeavesFinally,
    /// Statements that are never reached.
    Unreachable,
    /// A module of CPython that is not there.
    MissingModule,
    /// A module that is nowhere.
    UnknownModule,
    /// A name that a module of the library does not have.
    MissingName,
}

/// What is known of a rule.
pub struct Info {
    pub rule: Rule,
    pub id: &'static str,
    pub name: &'static str,
    /// One line for the list.
    pub summary: &'static str,
    /// Its page in `docs/check/`.
    pub page: &'static str,
}

macro_rules! rules {
    ($($rule:ident $id:literal $name:literal $summary:literal,)+) => {
        /// All rules, by id.
        pub static RULES: &[Info] = &[
            $(Info {
                rule: Rule::$rule,
                id: $id,
                name: $name,
                summary: $summary,
                page: include_str!(concat!("../../../docs/check/", $id, "-", $name, ".md")),
            },)+
        ];
    };
}

rules! {
    SyntaxError "HS101" "syntax-error" "what the grammar has no use for",
    CompileError "HS102" "compile-error" "a statement that means nothing where it stands",
    AwaitOutsideAsync "HS103" "await-outside-async" "await, async for or async with outside of an async function",
    SyntaxWarning "HS104" "syntax-warning" "what is allowed and looks like a mistake",
    UnboundName "HS201" "unbound-name" "a name that is bound nowhere",
    NeverAwaited "HS301" "never-awaited" "a coroutine that is called and never awaited",
    BlockingCall "HS302" "blocking-call" "a call that stops the whole event loop",
    DroppedTask "HS303" "dropped-task" "a task to which nothing refers",
    LeavesFinally "HS401" "leaves-finally" "return, break or continue that leaves a finally",
    Unreachable "HS402" "unreachable" "statements behind return, raise, break or continue",
    MissingModule "HS501" "missing-module" "a module of CPython that Hoopsnake lacks",
    UnknownModule "HS502" "unknown-module" "a module that is found nowhere",
    MissingName "HS503" "missing-name" "a name that a module of the library lacks",
}

impl Rule {
    /// What is known of it.
    pub fn info(self) -> &'static Info {
        &RULES[self as usize]
    }

    /// The rule with this id, in upper or lower case, or with this name.
    pub fn find(text: &str) -> Option<Rule> {
        let fits = |info: &&Info| info.id.eq_ignore_ascii_case(text) || info.name == text;
        RULES.iter().find(fits).map(|info| info.rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_rules() {
        for (at, info) in RULES.iter().enumerate() {
            assert_eq!(info.rule as usize, at, "{}", info.id);
            assert!(
                info.page
                    .starts_with(&format!("# {}: {}\n", info.id, info.name)),
                "{}",
                info.id
            );
        }
        assert!(RULES.is_sorted_by_key(|info| info.id));
    }
}
