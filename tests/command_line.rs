//! Every option, command and exit status of `hoop`.

use crate::hoop::{Hoop, Outcome, root};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn scratch(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .join("command_line")
        .join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the temporary folder can be made");
    folder
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("it lies in a folder"))
        .expect("the folder can be made");
    fs::write(path, text).expect("the file can be written");
}

/// Runs a command line, words split at spaces.
fn run(line: &str) -> Outcome {
    Hoop::new(line.split_whitespace()).run()
}

/// Runs a text with these options.
fn code(options: &str, text: &str) -> Outcome {
    Hoop::new(options.split_whitespace().chain(["-c", text])).run()
}

/// What a run printed, if it ended well.
fn printed(run: Outcome) -> String {
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    run.stdout
}

/// What each option of a run does, as a script sees it.
#[test]
fn each_option_does_what_it_says() {
    let flags = "import sys; f = sys.flags; print(";
    let seen = |options: &str, what: &str| printed(code(options, &format!("{flags}{what})")));
    assert_eq!(seen("-B", "f.dont_write_bytecode"), "1\n");
    assert_eq!(seen("-E", "f.ignore_environment"), "1\n");
    assert_eq!(
        seen(
            "-I",
            "f.isolated, f.ignore_environment, f.no_user_site, f.safe_path"
        ),
        "1 1 1 True\n"
    );
    assert_eq!(seen("-O", "f.optimize, __debug__"), "1 False\n");
    assert_eq!(seen("-OO", "f.optimize"), "2\n");
    assert_eq!(seen("-O -O", "f.optimize"), "2\n");
    assert_eq!(seen("-P", "f.safe_path, '' in sys.path"), "True False\n");
    assert_eq!(seen("-q", "f.quiet"), "1\n");
    assert_eq!(seen("-s", "f.no_user_site"), "1\n");
    assert_eq!(seen("-S", "f.no_site"), "1\n");
    assert_eq!(seen("-v", "f.verbose"), "1\n");
    assert_eq!(seen("-vv", "f.verbose"), "2\n");
    assert_eq!(
        seen("-W ignore -Wonce", "sys.warnoptions"),
        "['ignore', 'once']\n"
    );
    assert_eq!(
        seen("-X dev", "f.dev_mode, sys._xoptions"),
        "True {'dev': True}\n"
    );
    assert_eq!(seen("-X utf8=1", "f.utf8_mode"), "1\n");
    assert_eq!(seen("-Xa=b", "sys._xoptions"), "{'a': 'b'}\n");
    let clock = "import asyncio; await asyncio.sleep(3600); print('woke')";
    assert_eq!(printed(code("-X virtual_time", clock)), "woke\n");
    let failing = "def f(): 1 / 0\nf()";
    assert!(
        code("--traceback=python", failing)
            .stderr
            .starts_with("Traceback (most recent")
    );
    assert!(code("--traceback=fancy", failing).stderr.contains("╭─"));
    assert!(code("--traceback fancy", failing).stderr.contains("╭─"));
}

#[test]
fn verbose_tells_of_imports_and_of_the_library() {
    let folder = scratch("verbose");
    write(&folder, "beside.async", "");
    let run = Hoop::new(["-v", "-c", "import beside, json, _json"])
        .folder(&folder)
        .run();
    assert!(
        run.stderr
            .contains("import 'json' # <library>/json/__init__.async\n"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("import '_json' # built in\n"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("beside.async\n"), "{}", run.stderr);
    let failing = "import json; json.loads('x')";
    assert!(!code("", failing).stderr.contains("<library>"));
    assert!(
        code("-v", failing)
            .stderr
            .contains("  File \"<library>/json/")
    );
    let run = Hoop::new(["-c", "import json"])
        .env("PYTHONVERBOSE", "1")
        .run();
    assert!(run.stderr.contains("import 'json'"), "{}", run.stderr);
}

#[test]
fn output_that_is_not_held_back() {
    let program = "import os, sys\nsys.stdout.write('one')\nos._exit(0)";
    assert_eq!(code("", program).stdout, "");
    assert_eq!(code("-u", program).stdout, "one");
}

#[test]
fn the_first_line_is_skipped_and_counts() {
    let folder = scratch("skip");
    write(
        &folder,
        "script.async",
        "@rem this is no Python\nprint('ran')\n1 / 0\n",
    );
    let run = Hoop::new(["-x", "script.async"]).folder(&folder).run();
    assert_eq!(run.stdout, "ran\n");
    assert!(
        run.stderr.contains("script.async\", line 3, in <module>"),
        "{}",
        run.stderr
    );
    let run = Hoop::new(["script.async"]).folder(&folder).run();
    assert!(run.stderr.contains("SyntaxError"), "{}", run.stderr);
}

#[test]
fn ways_to_run_a_script() {
    let folder = scratch("ways");
    let text = "import sys\nprint(__name__, sys.argv[1:])\n";
    write(&folder, "script.async", text);
    write(&folder, "check.async", text);
    write(&folder, "help", text);
    write(
        &folder,
        "package/__main__.async",
        "import sys, beside\nprint(__file__ == sys.argv[0] + '/__main__.async' or __file__, beside.who)\n",
    );
    write(&folder, "package/beside.async", "who = 'beside'\n");
    write(&folder, "empty/other.async", "");
    let run = |line: &str| Hoop::new(line.split_whitespace()).folder(&folder).run();
    let both = "__main__ ['a', '-h']\n";
    for line in [
        "script.async a -h",
        "run script.async a -h",
        "-O script.async a -h",
        "run -O script.async a -h",
        "-- script.async a -h",
        "-m script a -h",
        "run -m script a -h",
        "./help a -h",
        "check.async a -h",
    ] {
        assert_eq!(printed(run(line)), both, "{line}");
    }
    let stdin = |line: &str| Hoop::new(line.split_whitespace()).stdin(text).run();
    assert_eq!(printed(stdin("- a -h")), both);
    assert_eq!(printed(stdin("run - a -h")), both);
    assert_eq!(printed(stdin("")), "__main__ []\n");
    assert!(
        run("package")
            .stdout
            .ends_with("package/__main__.async beside\n")
    );
    let run = run("empty");
    assert_eq!(run.code, Some(1));
    assert!(
        run.stderr
            .starts_with("hoop: can't find '__main__' module in '/"),
        "{}",
        run.stderr
    );
}

#[test]
fn exit_statuses() {
    assert_eq!(code("", "pass").code, Some(0));
    assert_eq!(code("", "1 / 0").code, Some(1));
    assert_eq!(code("", "x = = 1").code, Some(1));
    assert_eq!(code("", "import sys; sys.exit('text')").code, Some(1));
    assert_eq!(code("", "import sys; sys.exit(300)").code, Some(44));
    assert_eq!(run("-m there_is_no_such_module").code, Some(1));
    assert_eq!(run("there_is_no_such_file").code, Some(2));
    assert_eq!(run("--there-is-no-such-option").code, Some(2));
    assert_eq!(run("dis").code, Some(2));
    assert_eq!(
        code("", "import asyncio; await asyncio.Event().wait()").code,
        Some(70)
    );
    assert_eq!(code("", "raise KeyboardInterrupt").code, Some(130));
    // A signal that nobody handles ends it as any program.
    assert_eq!(code("", "import os; os.kill(os.getpid(), 15)").code, None);
    // Nobody reads what is written at the end.
    let (reader, writer) = std::io::pipe().expect("there are pipes");
    drop(reader);
    let mut child = Command::new(env!("CARGO_BIN_EXE_hoop"))
        .args(["-c", "print('text')"])
        .env_remove("PYTHONUNBUFFERED")
        .stdout(writer)
        .stderr(Stdio::null())
        .spawn()
        .expect("the built hoop can be started");
    let status = child.wait().expect("it ends");
    assert_eq!(status.code(), Some(120));
}

#[test]
fn what_is_wrong_is_told_with_a_hint() {
    let folder = scratch("hints");
    for name in ["script.async", "other.py", "folder/inner.async"] {
        write(&folder, name, "");
    }
    let wrong = |line: &str| {
        let run = Hoop::new(line.split_whitespace()).folder(&folder).run();
        assert_eq!(
            (run.code, run.stdout.as_str()),
            (Some(2), ""),
            "{line}: {}",
            run.stderr
        );
        run.stderr
    };
    let missing = |name: &str| {
        format!("hoop: can't open file '{name}': [Errno 2] No such file or directory\n")
    };
    for (line, hint) in [
        ("sctipt.async", "did you mean 'script.async'?"),
        ("script", "did you mean 'script.async'?"),
        ("other", "did you mean 'other.py'?"),
        ("folder/iner.async", "did you mean 'folder/inner.async'?"),
        ("./scrip.async", "did you mean './script.async'?"),
        ("nowhere/script.async", "there is no folder 'nowhere'"),
        ("completion", "did you mean the command 'completions'?"),
    ] {
        assert_eq!(wrong(line), format!("{}help: {hint}\n", missing(line)));
    }
    assert_eq!(wrong("quite_different"), missing("quite_different"));
    let general = "Try 'hoop --help' for more information.\n";
    for (line, message) in [
        ("--frobnicate x", "hoop: unknown option --frobnicate\n"),
        ("-Z x", "hoop: unknown option -Z\n"),
        (
            "-w x",
            "hoop: unknown option -w\nhelp: did you mean '-W'?\n",
        ),
        ("-c", "hoop: argument expected for the -c option\n"),
        ("-m", "hoop: argument expected for the -m option\n"),
        ("-W", "hoop: argument expected for the -W option\n"),
        ("-X", "hoop: argument expected for the -X option\n"),
        (
            "--traceback",
            "hoop: argument expected for the --traceback option\n",
        ),
        (
            "--traceback=bold x",
            "hoop: --traceback is python or fancy, not 'bold'\n",
        ),
        (
            "-X utf8=0 x",
            "hoop: -X utf8 can only be 1: text is always UTF-8 here\n",
        ),
    ] {
        assert_eq!(wrong(line), format!("{message}{general}"));
    }
    for line in [
        "dis",
        "dis a b",
        "run",
        "repl x",
        "completions",
        "completions tcsh",
        "man x",
        "man --format=pdf",
        "help nothing",
        "dis --what x",
    ] {
        let told = wrong(line);
        let command = line.split(' ').next().unwrap_or_default();
        assert!(
            told.ends_with(&format!(
                "Try 'hoop help {command}' for more information.\n"
            )),
            "{told}"
        );
    }
}

/// Options of CPython that cannot be done are refused, never ignored.
#[test]
fn what_cannot_be_done_is_refused() {
    let page = printed(run("man --format=markdown"));
    let (_, rest) = page
        .split_once("## Options of CPython that are refused")
        .expect("they are listed");
    let (rows, _) = rest.split_once("\n## ").expect("there is more");
    let mut count = 0;
    for row in rows.lines().filter(|row| row.starts_with("| `")) {
        let option = row.split('`').nth(1).unwrap_or_default();
        let option = option.split('=').next().unwrap_or_default();
        let run = code(option, "print('ran')");
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{option}");
        let told = format!("hoop: the option {option} is not supported: ");
        assert!(run.stderr.starts_with(&told), "{option}: {}", run.stderr);
        count += 1;
    }
    assert!(count > 15);
}

#[test]
fn help_about_everything() {
    let main = printed(run("--help"));
    for line in ["-h", "-?", "help", "-O -h", "-h -Z"] {
        assert_eq!(printed(run(line)), main, "{line}");
    }
    let all = printed(run("--help-all"));
    for line in ["--help", "--help-env", "--help-xoptions"] {
        assert!(all.contains(&printed(run(line))), "{line}");
    }
    assert!(
        all.contains("PYTHONWARNINGS") && all.contains("virtual_time") && all.contains("  120")
    );
    for text in [&main, &all] {
        assert!(
            text.lines().all(|line| line.chars().count() <= 100),
            "{text}"
        );
    }
    for command in commands() {
        let help = printed(run(&format!("help {command}")));
        assert!(
            help.starts_with(&format!("usage: hoop {command}")),
            "{help}"
        );
        assert_eq!(printed(run(&format!("{command} --help"))), help);
        assert_eq!(printed(run(&format!("{command} -h"))), help);
        assert!(main.contains(&format!("\n  {command}")), "{command}");
    }
    let version = format!("hoop {}", env!("CARGO_PKG_VERSION"));
    for line in ["-V", "--version", "-V -O", "-VO x"] {
        assert_eq!(printed(run(line)), format!("{version}\n"), "{line}");
    }
    assert!(printed(run("-VV")).starts_with(&format!("{version} (")));
}

/// The names of the commands.
fn commands() -> BTreeSet<String> {
    let script = printed(run("completions fish"));
    let names = script.lines().filter_map(|line| {
        let rest = line.strip_prefix("complete -c hoop -n __fish_use_subcommand -a ")?;
        rest.split(' ').next().map(str::to_string)
    });
    let names: BTreeSet<String> = names.collect();
    assert!(names.contains("run") && names.contains("dis"));
    names
}

/// The options of a run, without those that are refused.
fn options() -> Vec<String> {
    let page = printed(run("man --format=markdown"));
    let (_, rest) = page
        .split_once("## Options of a run")
        .expect("they are listed");
    let (rows, _) = rest.split_once("\n## ").expect("there is more");
    let rows = rows.lines().filter(|row| row.starts_with("| `"));
    let names = rows.flat_map(|row| {
        let heading = row.split('`').nth(1).unwrap_or_default();
        heading.split(", ").map(|name| {
            let name = name.split([' ', '=', '[']).next().unwrap_or_default();
            name.to_string()
        })
    });
    names.collect()
}

#[test]
fn completions_know_all_options_and_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let script = printed(run(&format!("completions {shell}")));
        for option in options() {
            let wanted = match (shell, option.strip_prefix("--")) {
                ("fish", Some(name)) => format!(" -l {name}"),
                ("fish", None) => format!(" -s {}", &option[1..]),
                _ => option.clone(),
            };
            assert!(script.contains(&wanted), "{shell}: {wanted}");
        }
        for command in commands() {
            assert!(script.contains(&command), "{shell}: {command}");
        }
    }
}

/// What bash completes, if there is a bash.
#[test]
fn bash_completes() {
    let folder = scratch("bash");
    write(&folder, "hoop.bash", &printed(run("completions bash")));
    write(&folder, "script.async", "");
    let complete = |words: &str| {
        let script = format!(
            "source ./hoop.bash || exit 3\nCOMP_WORDS=({words})\nCOMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n_hoop 2>&1\nprintf '%s ' \"${{COMPREPLY[@]}}\""
        );
        let run = Command::new("bash")
            .args(["--norc", "-c", &script])
            .current_dir(&folder)
            .output()
            .ok()?;
        Some(String::from_utf8_lossy(&run.stdout).into_owned())
    };
    if complete("hoop ''").is_none() {
        return;
    }
    for (words, wanted) in [
        ("hoop di", "dis "),
        ("hoop comp", "completions "),
        ("hoop --trac", "--traceback "),
        ("hoop --traceback = ''", "fancy python "),
        ("hoop run --traceback = p", "python "),
        ("hoop completions ''", "bash zsh fish "),
        ("hoop man --format = m", "markdown "),
        ("hoop help di", "dis "),
        ("hoop -X vir", "virtual_time "),
        ("hoop dis scr", "script.async "),
        ("hoop run scr", "script.async "),
        ("hoop scr", "script.async "),
        ("hoop -c pass scr", "script.async "),
        ("hoop script.async --trac", " "),
    ] {
        assert_eq!(complete(words).as_deref(), Some(wanted), "{words}");
    }
}

/// The manual page has no request that groff does not know, if there is a groff.
#[test]
fn the_manual_page_can_be_read() {
    let page = printed(run("man"));
    assert_eq!(printed(run("man --format=roff")), page);
    for section in [
        "NAME",
        "SYNOPSIS",
        "COMMANDS",
        "OPTIONS",
        "ENVIRONMENT",
        "EXIT STATUS",
    ] {
        assert!(page.contains(&format!(".SH {section}\n")), "{section}");
    }
    let folder = scratch("man");
    write(&folder, "hoop.1", &page);
    let run = Command::new("groff")
        .args(["-man", "-Tutf8", "-ww", "-z", "hoop.1"])
        .current_dir(&folder)
        .output();
    if let Ok(run) = run {
        let said = String::from_utf8_lossy(&run.stderr);
        // A system may have groff without its macros.
        if !said.contains("an.tmac") && !said.contains("devutf8") {
            assert_eq!(said, "");
        }
    }
}

#[test]
fn a_terminal_gets_pictures_and_a_pipe_cpythons_words() {
    let folder = scratch("terminal");
    write(
        &folder,
        "script.async",
        "def f(n):\n    return 1 / n\n\n\nf(0)\n",
    );
    let plain = Hoop::new(["script.async"]).folder(&folder).run();
    assert_eq!(plain.code, Some(1));
    assert!(
        plain
            .stderr
            .starts_with("Traceback (most recent call last):\n"),
        "{}",
        plain.stderr
    );
    let run =
        |options: &[&str], variables: &[(&str, &str)]| on_terminal(&folder, options, variables);
    let (status, said) = run(&[], &[]);
    assert_eq!(status, Some(1));
    assert!(
        said.contains("╭─") && said.contains("\x1b[1;31mZeroDivisionError\x1b[0m"),
        "{said}"
    );
    let (_, said) = run(&[], &[("NO_COLOR", "1")]);
    assert!(said.contains("╭─") && !said.contains('\x1b'), "{said}");
    let (_, said) = run(&[], &[("TERM", "dumb")]);
    assert!(said.contains("╭─") && !said.contains('\x1b'), "{said}");
    let (status, said) = run(&["--traceback=python"], &[]);
    assert_eq!(
        (status, said.replace("\r\n", "\n")),
        (Some(1), plain.stderr)
    );
    // Who has put another object in its place gets CPython's words.
    write(
        &folder,
        "script.async",
        "import sys, io\nold, sys.stderr = sys.stderr, io.StringIO()\nimport atexit\n@atexit.register\ndef end():\n    old.write(sys.stderr.getvalue())\n1 / 0\n",
    );
    let (_, said) = run(&[], &[]);
    assert!(
        said.starts_with("Traceback (most recent call last):"),
        "{said}"
    );
}

/// Runs `script.async` with a terminal as its standard error; its exit status and what it wrote there.
fn on_terminal(
    folder: &Path,
    options: &[&str],
    variables: &[(&str, &str)],
) -> (Option<i32>, String) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let outer = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("there are terminals");
    grantpt(&outer).expect("it is ours");
    unlockpt(&outer).expect("it can be opened");
    let name = ptsname(&outer, Vec::new()).expect("it has a name");
    let name = name.to_string_lossy().into_owned();
    let inner = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(name)
        .expect("it can be opened");
    let mut command = Command::new(env!("CARGO_BIN_EXE_hoop"));
    command
        .args(options)
        .arg("script.async")
        .current_dir(folder);
    for name in ["NO_COLOR", "FORCE_COLOR", "PYTHON_COLORS"] {
        command.env_remove(name);
    }
    command.env("TERM", "xterm").envs(variables.iter().copied());
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(inner)
        .spawn()
        .expect("the built hoop can be started");
    drop(command);
    let reader = std::thread::spawn(move || {
        let mut said = Vec::new();
        // Linux ends a terminal that nobody has open with an error.
        let _ = std::io::Read::read_to_end(&mut fs::File::from(outer), &mut said);
        String::from_utf8_lossy(&said).into_owned()
    });
    let status = child.wait().expect("it ends");
    (status.code(), reader.join().expect("the reader ends"))
}

#[test]
fn a_sandbox_grants_what_is_said() {
    let folder = scratch("sandbox");
    write(&folder, "a,b", "");
    write(&folder, "data.txt", "text");
    let tries = "def t(call, *arguments):\n    try:\n        return call(*arguments) is not None\n    except PermissionError:\n        return False\nimport os, socket, subprocess\n";
    let seen = |options: &str, what: &str| {
        let words = options.split_whitespace();
        let text = format!("{tries}print({what})");
        printed(
            Hoop::new(words.chain(["-c", &text]))
                .folder(&folder)
                .env("A_NAME", "1")
                .run(),
        )
    };
    let read = "t(open, 'data.txt'), t(open, 'a,b'), t(open, '/etc/hosts')";
    assert_eq!(seen("", read), "True True True\n");
    assert_eq!(seen("--sandbox", read), "False False False\n");
    assert_eq!(seen("--allow-read=data.txt", read), "True False False\n");
    assert_eq!(seen("--sandbox --allow-read=.", read), "True True False\n");
    assert_eq!(seen("--allow-read", read), "True True True\n");
    let write = "t(open, 'new', 'w'), t(open, '/dev/null', 'w'), t(open, 'data.txt')";
    assert_eq!(seen("--allow-write=new,other", write), "True False False\n");
    assert_eq!(seen("--allow-write", write), "True True False\n");
    let net = "t(socket.socket), t(socket.getaddrinfo, 'localhost', 80), t(socket.socket().bind, ('127.0.0.9', 0)) if t(socket.socket) else 0";
    assert_eq!(seen("--sandbox", net), "False False 0\n");
    assert_eq!(seen("--allow-net=localhost", net), "True True False\n");
    let run =
        "t(subprocess.run, ['true']), t(subprocess.run, ['false']), t(os.kill, os.getppid(), 0)";
    assert_eq!(seen("--allow-run=true", run), "True False False\n");
    assert_eq!(
        seen(
            "--allow-run",
            run.replace("t(os.kill", "True or t(os.kill").as_str()
        ),
        "True True True\n"
    );
    let env = "'A_NAME' in os.environ, 'NO_COLOR' in os.environ";
    assert_eq!(seen("--sandbox", env), "False False\n");
    assert_eq!(seen("--allow-env=A_NAME", env), "True False\n");
    assert_eq!(seen("--allow-env", env), "True True\n");
    for (options, wrong) in [
        (
            "--allow-read=",
            "the option --allow-read grants nothing with an empty value",
        ),
        (
            "--allow-net=a:b:c",
            "--allow-net: 'a:b:c' is no place in the network",
        ),
        (
            "--allow-run=no-such-program",
            "--allow-run: there is no program 'no-such-program'",
        ),
        ("--sandbox=x", "the option --sandbox takes no value"),
    ] {
        let run = code(options, "print(1)");
        assert_eq!(run.code, Some(2), "{options}");
        assert!(run.stderr.contains(wrong), "{}", run.stderr);
    }
}

/// The page is not a promise that nothing keeps: each option has a place in this file.
#[test]
fn every_option_is_tested() {
    let tests = fs::read_to_string(root().join("tests/command_line.rs")).expect("it is there");
    for option in options() {
        assert!(
            tests.contains(&format!("{option} "))
                || tests.contains(&format!("{option}\""))
                || tests.contains(&format!("{option}=")),
            "{option}"
        );
    }
}

#[test]
fn the_prompt_behind_a_script() {
    let prompt = |line: &str, typed: &str| {
        let run = Hoop::new(line.split('~')).stdin(typed).run();
        let said = run.stdout.replace(">>> ", "").replace("... ", "");
        (said, run.stderr, run.code)
    };
    let (said, _, status) = prompt("-i~-c~x = 5; print('ran')", "x + 1\n");
    assert_eq!((said.as_str(), status), ("ran\n6\n", Some(0)));
    // An exception is told, and then one looks around.
    let (said, told, status) = prompt("-i~-c~x = 5; 1 / 0", "x\nimport sys; sys.last_exc\n");
    assert_eq!(
        (said.trim_end(), status),
        ("5\nZeroDivisionError('division by zero')", Some(0))
    );
    assert!(
        told.contains("ZeroDivisionError: division by zero\n"),
        "{told}"
    );
    let (said, told, status) = prompt(
        "-i~-c~x = 5; raise SystemExit(3)",
        "x\nraise SystemExit(4)\n",
    );
    assert_eq!((said.as_str(), status), ("5\n", Some(4)));
    assert!(told.contains("SystemExit: 3\n"), "{told}");
    // One may await, on a loop of its own.
    let (said, ..) = prompt(
        "-i~-c~import asyncio; await asyncio.sleep(0)",
        "await asyncio.sleep(0, 'late')\n",
    );
    assert_eq!(said, "'late'\n");
    let (said, told, status) = prompt("-i~there_is_no_such_file", "1 + 1\n");
    assert_eq!((said.as_str(), status), ("2\n", Some(0)));
    assert!(told.starts_with("hoop: can't open file"), "{told}");
    let (said, told, _) = prompt("-i", "1 + 1\n");
    assert_eq!(said, "2\n");
    assert!(told.contains("asyncio REPL"), "{told}");
    let run = Hoop::new(["-c", "x = 7"])
        .env("PYTHONINSPECT", "1")
        .stdin("x\n")
        .run();
    assert_eq!(run.stdout.replace(">>> ", ""), "7\n");
    let run = Hoop::new(["-E", "-c", "x = 7"])
        .env("PYTHONINSPECT", "1")
        .stdin("x\n")
        .run();
    assert_eq!(run.stdout, "");
    let run = Hoop::new(["-c", "import os; x = 8; os.environ['PYTHONINSPECT'] = '1'"])
        .stdin("x\n")
        .run();
    assert_eq!(run.stdout.replace(">>> ", ""), "8\n");
    let run = Hoop::new(["-q", "-i"]).stdin("6 * 7\n").run();
    assert!(!run.stderr.contains("REPL 3"), "{}", run.stderr);
    let run = Hoop::new(["repl"]).stdin("6 * 7\n").run();
    assert_eq!(
        (run.stdout.replace(">>> ", ""), run.code),
        ("42\n".to_string(), Some(0))
    );
}
