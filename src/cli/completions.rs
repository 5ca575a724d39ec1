//! `hoop completions SHELL`: what completes commands and options in a shell, from the table.

use super::arguments::Given;
use super::table::{Act, COMMANDS, Command, EXTRAS, Flag, Kind, OPTIONS};

/// The shells that are known.
pub const SHELLS: &[&str] = &["bash", "zsh", "fish"];

/// `hoop completions SHELL`
pub fn command(given: &Given) -> u8 {
    let shell = given.texts().next().unwrap_or_default();
    super::say(&match shell.as_str() {
        "bash" => bash(),
        "zsh" => zsh(),
        _ => fish(),
    })
}

/// The options that are not there only to be refused.
fn flags_of(flags: &'static [Flag]) -> impl Iterator<Item = &'static Flag> {
    flags.iter().filter(|flag| !flag.is_refused())
}

/// The words that can be the value of an option.
fn values_of(flag: &Flag) -> Option<String> {
    match flag.value? {
        (_, Kind::Words(words)) => Some(words.join(" ")),
        _ if flag.letter == Some('X') => {
            let known = EXTRAS.iter().filter(|extra| extra.help.is_ok());
            Some(known.map(|extra| extra.name).collect::<Vec<_>>().join(" "))
        }
        _ => None,
    }
}

fn names_of(flag: &Flag) -> Vec<String> {
    let letter = flag.letter.map(|letter| format!("-{letter}"));
    let name = flag.name.map(|name| format!("--{name}"));
    letter.into_iter().chain(name).collect()
}

fn command_names() -> String {
    let names: Vec<&str> = COMMANDS.iter().map(|command| command.name).collect();
    names.join(" ")
}

/// The words that a command is about, and whether files are.
fn operands_of(command: &Command) -> (String, bool) {
    match command.operands.2 {
        Kind::Words(words) => (words.join(" "), false),
        Kind::Command => (command_names(), false),
        kind => (String::new(), kind == Kind::File),
    }
}

fn bash() -> String {
    let mut values = String::new();
    let mut arms = String::new();
    let mut add = |name: &str, flags: &'static [Flag], words: &str, files: bool| {
        let all: Vec<String> = flags_of(flags).flat_map(names_of).collect();
        for flag in flags_of(flags) {
            if let Some(words) = values_of(flag) {
                for option in names_of(flag) {
                    values.push_str(&format!("    '{name} {option}') values='{words}' ;;\n"));
                }
            }
        }
        let files = if files { "yes" } else { "" };
        arms.push_str(&format!(
            "    '{name}') flags='{}' words='{words}' files='{files}' ;;\n",
            all.join(" ")
        ));
    };
    add("", OPTIONS, &command_names(), true);
    for command in COMMANDS {
        let (words, files) = operands_of(command);
        add(command.name, command.flags, &words, files);
    }
    let taking: Vec<String> = flags_of(OPTIONS)
        .filter(|flag| flag.value.is_some() && flag.name.is_none())
        .flat_map(names_of)
        .collect();
    BASH.replace("@COMMANDS@", &command_names().replace(' ', "|"))
        .replace("@TAKING@", &taking.join("|"))
        .replace("@VALUES@", &values)
        .replace("@ARMS@", &arms)
}

const BASH: &str = r#"# Completion of hoop for bash; made by 'hoop completions bash'.
_hoop() {
    local cur=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]}
    local command='' script='' values='' flags='' words='' files='' i
    COMPREPLY=()
    # '--name=value' comes as three words.
    if [[ $cur == '=' ]]; then
        cur=''
    elif [[ $option == '=' ]]; then
        option=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        -) script=yes ;;
        -c* | -m*) [[ -z $command || $command == run ]] && ((i + 1 < COMP_CWORD)) && script=yes ;;
        @TAKING@) ((i++)) ;;
        -* | '=') ;;
        @COMMANDS@)
            [[ -n $command ]] && script=yes
            [[ -z $command ]] && command=${COMP_WORDS[i]}
            ;;
        *) script=yes ;;
        esac
    done
    compopt -o filenames 2>/dev/null
    if [[ -n $script && ($command == '' || $command == run) ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        return
    fi
    case "$command $option" in
@VALUES@    esac
    if [[ -n $values ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$values" -- "$cur")
        return
    fi
    case $command in
@ARMS@    esac
    if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$cur")
        return
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur"; [[ -n $files ]] && compgen -f -- "$cur")
}
complete -F _hoop hoop
"#;

/// A text in single quotes for a shell of Bourne's kin.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn zsh_flags(flags: &'static [Flag]) -> String {
    let mut out = String::new();
    for flag in flags_of(flags) {
        let help = flag.help.replace('[', r"\[").replace(']', r"\]");
        let action = flag.value.map(|(name, kind)| {
            let what = match (values_of(flag), kind) {
                (Some(words), _) => format!("({words})"),
                (None, Kind::File) => "_files".into(),
                _ => " ".into(),
            };
            let colon = if flag.may_lack_value() { "::" } else { ":" };
            format!("{colon}{name}:{what}")
        });
        let action = action.unwrap_or_default();
        for option in names_of(flag) {
            let sign = match (flag.value.is_some(), option.starts_with("--")) {
                (false, _) => "",
                (true, true) if flag.may_lack_value() => "=-",
                (true, true) => "=",
                (true, false) => "+",
            };
            let often = if matches!(flag.letter, Some('O' | 'V' | 'W' | 'X' | 'v')) {
                "*"
            } else {
                ""
            };
            let spec = format!("{often}{option}{sign}[{help}]{action}");
            out.push_str(&format!(" \\\n        {}", quoted(&spec)));
        }
    }
    out
}

fn zsh() -> String {
    let mut names = String::new();
    let mut arms = String::new();
    for command in COMMANDS {
        names.push_str(&format!(
            "        {}\n",
            quoted(&format!("{}:{}", command.name, command.help))
        ));
        if matches!(command.act, Act::Run) {
            continue;
        }
        let operands = match command.operands.2 {
            Kind::Words(words) => format!("'1: :({})'", words.join(" ")),
            Kind::Command => "'1: :_hoop_commands'".into(),
            Kind::File => "'*:file:_files'".into(),
            Kind::Process => "'*:process:_pids'".into(),
            _ => "'*: : '".into(),
        };
        arms.push_str(&format!(
            "    {})\n        _arguments -s{} \\\n        {operands}\n        ;;\n",
            command.name,
            zsh_flags(command.flags)
        ));
    }
    ZSH.replace("@NAMES@", &names)
        .replace("@FLAGS@", &zsh_flags(OPTIONS))
        .replace("@ARMS@", &arms)
}

const ZSH: &str = r#"#compdef hoop
# Completion of hoop for zsh; made by 'hoop completions zsh'.

_hoop_commands() {
    local -a commands
    commands=(
@NAMES@    )
    _describe -t commands 'command' commands
}

_hoop_first() {
    _alternative 'commands:command:_hoop_commands' 'files:script:_files'
}

_hoop_run() {
    _arguments -s@FLAGS@ \
        '1:script:_files' \
        '*:argument:_files'
}

_hoop() {
    local curcontext=$curcontext state
    local -a line
    local -A opt_args
    _arguments -C -s@FLAGS@ \
        '1: :_hoop_first' \
        '*:: :->rest' && return
    [[ $state == rest ]] || return
    case $line[1] in
    run) _hoop_run ;;
@ARMS@    *) _files ;;
    esac
}

_hoop "$@"
"#;

/// A text in single quotes for fish.
fn fish_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'"))
}

fn fish_flags(out: &mut String, condition: &str, flags: &'static [Flag]) {
    for flag in flags_of(flags) {
        out.push_str(&format!("complete -c hoop -n {condition}"));
        if let Some(letter) = flag.letter {
            out.push_str(&format!(" -s {letter}"));
        }
        if let Some(name) = flag.name {
            out.push_str(&format!(" -l {name}"));
        }
        if flag.value.is_some() && !flag.may_lack_value() {
            match values_of(flag) {
                Some(words) => out.push_str(&format!(" -x -a {}", fish_quoted(&words))),
                None => out.push_str(" -x"),
            }
        }
        out.push_str(&format!(" -d {}\n", fish_quoted(flag.help)));
    }
}

fn fish() -> String {
    let mut out = String::from("# Completion of hoop for fish; made by 'hoop completions fish'.\n");
    let first = "__fish_use_subcommand";
    for command in COMMANDS {
        out.push_str(&format!(
            "complete -c hoop -n {first} -a {} -d {}\n",
            command.name,
            fish_quoted(command.help)
        ));
    }
    fish_flags(&mut out, first, OPTIONS);
    for command in COMMANDS {
        let condition = fish_quoted(&format!("__fish_seen_subcommand_from {}", command.name));
        let (words, files) = operands_of(command);
        if !files {
            out.push_str(&format!("complete -c hoop -n {condition} -f"));
            if !words.is_empty() {
                out.push_str(&format!(" -a {}", fish_quoted(&words)));
            }
            out.push('\n');
        }
        fish_flags(&mut out, &condition, command.flags);
    }
    out
}
