//! The program `hoop`: its arguments, exit codes, streams and signals.

use crate::hoop::{Hoop, root, run_code};
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// A fresh folder below the build's own temporary folder.
fn scratch(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the temporary folder can be made");
    folder
}

fn file(folder: &std::path::Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("it lies in a folder"))
        .expect("the folder can be made");
    fs::write(&path, text).expect("the file can be written");
    path.to_string_lossy().into_owned()
}

#[test]
fn code_on_the_command_line() {
    let run = Hoop::new(["-c", "import sys; print(sys.argv, __name__)", "a", "-b"]).run();
    assert_eq!(run.stdout, "['-c', 'a', '-b'] __main__\n");
    assert_eq!(run.code, Some(0));
}

#[test]
fn a_module_as_the_main_script() {
    let folder = scratch("module");
    file(
        &folder,
        "package/__main__.async",
        "import asyncio, sys\nawait asyncio.sleep(0)\nprint(__name__, __package__, __spec__.name, sys.argv[1:])\n",
    );
    file(&folder, "package/__init__.async", "");
    let run = Hoop::new(["-m", "package", "-v"]).folder(&folder).run();
    assert_eq!(run.stdout, "__main__ package package.__main__ ['-v']\n");
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let run = Hoop::new(["-m", "no_such_module"]).folder(&folder).run();
    assert_eq!(run.stderr, "hoop: No module named no_such_module\n");
    assert_eq!(run.code, Some(1));
}

#[test]
fn unittest_finds_tests_and_doctest_runs_examples() {
    let folder = scratch("testing");
    file(
        &folder,
        "test_one.py",
        "import unittest\nclass T(unittest.TestCase):\n    def test_it(self):\n        self.assertEqual(1, 1)\n",
    );
    let run = Hoop::new(["-m", "unittest"]).folder(&folder).run();
    assert!(run.stderr.contains("Ran 1 test"), "{}", run.stderr);
    assert_eq!(run.code, Some(0));
    file(&folder, "examples.txt", ">>> 1 + 1\n3\n");
    let run = Hoop::new(["-m", "doctest", "examples.txt"])
        .folder(&folder)
        .run();
    assert!(
        run.stdout.contains("Expected:\n    3\nGot:\n    2\n"),
        "{}",
        run.stdout
    );
    assert_eq!(run.code, Some(1));
}

#[test]
fn code_on_standard_input() {
    let run = Hoop::new(["-", "x"])
        .stdin("import sys\nprint(sys.argv)\nprint(6 * 7)\n")
        .run();
    assert_eq!(run.stdout, "['-', 'x']\n42\n");
    assert_eq!(run.code, Some(0));
}

#[test]
fn a_prompt_at_which_one_may_await() {
    let typed = "\
x = await asyncio.gather(asyncio.sleep(0.01, 1), asyncio.sleep(0, 2))
x
_
None
async def late(): await asyncio.sleep(0.01); return 'late'
task = asyncio.create_task(late())
await task
task.done(), asyncio.get_running_loop().is_running()
def lines(n):
    if n:
        return [n]
    return []

lines(3)
total = (1 +
  2)
total
1 / 0
async def wrong(): raise ValueError('in a coroutine')
await wrong()
x = = 1
import contextvars; var = contextvars.ContextVar('var'); token = var.set(5)
await asyncio.sleep(0, var.get())
del x; x
raise SystemExit(4)
print('never')
";
    let run = Hoop::new(["-m", "asyncio"]).stdin(typed).run();
    let said = run.stdout.replace(">>> ", "").replace("... ", "");
    let wanted = "[1, 2]\n[1, 2]\n'late'\n(True, True)\n[3]\n3\n5\n";
    assert_eq!(said, wanted, "{}", run.stderr);
    assert_eq!(run.code, Some(4));
    let told = run
        .stderr
        .split_once("import asyncio\n")
        .unwrap_or_default()
        .1;
    let wanted = "\
Traceback (most recent call last):
  File \"<stdin>\", line 1, in <module>
ZeroDivisionError: division by zero
Traceback (most recent call last):
  File \"<stdin>\", line 1, in <module>
  File \"<stdin>\", line 1, in wrong
ValueError: in a coroutine
  File \"<stdin>\", line 1
    x = = 1
        ^
SyntaxError: invalid syntax
Traceback (most recent call last):
  File \"<stdin>\", line 1, in <module>
NameError: name 'x' is not defined
exiting asyncio REPL...
";
    assert_eq!(told, wanted);
    let run = Hoop::new(["-m", "asyncio"])
        .stdin("t = asyncio.create_task(asyncio.sleep(60))\n40 + 2")
        .run();
    assert_eq!(run.stdout, ">>> >>> 42\n>>> ");
    assert!(
        run.stderr
            .ends_with("import asyncio\n\nexiting asyncio REPL...\n"),
        "{}",
        run.stderr
    );
    assert_eq!(run.code, Some(0));
}

#[test]
fn top_level_async_for_runs_unless_it_can_only_fail() {
    let run = run_code(
        "async def two():\n    yield 1\n    yield 2\nasync for x in two():\n    print(x)\n",
    );
    assert_eq!(run.stdout, "1\n2\n", "{}", run.stderr);
    let run = run_code("print('never printed')\nrows = None\nasync for row in rows:\n    pass\n");
    assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""));
    assert!(
        run.stderr.contains("'async for' outside async function"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_file_gets_its_arguments_and_its_names() {
    let folder = scratch("names");
    let path = file(
        &folder,
        "show.async",
        "import sys\nprint(sys.argv[1:], __name__)\nprint(__file__ == sys.argv[0])\n",
    );
    let run = Hoop::new([path.as_str(), "one", "--two", "-c"]).run();
    assert_eq!(
        run.stdout, "['one', '--two', '-c'] __main__\nTrue\n",
        "{}",
        run.stderr
    );
}

#[test]
fn a_file_may_have_any_name() {
    let folder = scratch("any-name");
    let path = file(&folder, "program with spaces.txt", "print('ran')\n");
    assert_eq!(Hoop::new([path.as_str()]).run().stdout, "ran\n");
}

#[test]
fn top_level_await() {
    let folder = scratch("top-level");
    let source = "import asyncio\nprint(await asyncio.sleep(0, 'woke'))\nasync with asyncio.timeout(1):\n    print('inside')\n";
    let path = file(&folder, "top.async", source);
    let run = Hoop::new([path.as_str()]).run();
    assert_eq!(run.stdout, "woke\ninside\n", "{}", run.stderr);
}

#[test]
fn imports_beside_the_script_and_along_the_path() {
    let folder = scratch("imports");
    file(&folder, "lib/beside.async", "who = 'beside ' + __name__\n");
    file(&folder, "lib/plain.py", "who = 'plain'\n");
    file(
        &folder,
        "lib/pack/__init__.async",
        "from . import inner\nfrom .inner import deep\n",
    );
    file(
        &folder,
        "lib/pack/inner.async",
        "deep = __name__ + ' of ' + __package__\n",
    );
    file(&folder, "elsewhere/far.async", "who = 'far'\n");
    let path = file(
        &folder,
        "lib/main.async",
        "import beside, plain, pack, far\nprint(beside.who, plain.who, pack.deep, far.who, sep='; ')\n",
    );
    let run = Hoop::new([path.as_str()])
        .env("HOOPPATH", &folder.join("elsewhere").to_string_lossy())
        .run();
    assert_eq!(
        run.stdout, "beside beside; plain; pack.inner of pack; far\n",
        "{}",
        run.stderr
    );
}

#[test]
fn exit_codes_of_sys_exit() {
    for (argument, code, says) in [
        ("", 0, ""),
        ("None", 0, ""),
        ("0", 0, ""),
        ("3", 3, ""),
        ("True", 1, ""),
        ("-1", 255, ""),
        ("256", 0, ""),
        ("'bye'", 1, "bye\n"),
        ("[1, 2]", 1, "[1, 2]\n"),
        ("2.5", 1, "2.5\n"),
        ("(4,)", 4, ""),
    ] {
        let run = run_code(&format!(
            "import sys\nprint('before')\nsys.exit({argument})\nprint('after')"
        ));
        assert_eq!(run.stdout, "before\n", "sys.exit({argument})");
        assert_eq!(run.stderr, says, "sys.exit({argument})");
        assert_eq!(run.code, Some(code), "sys.exit({argument})");
    }
}

#[test]
fn exit_runs_what_is_on_the_way_out() {
    let run = run_code("import sys\ntry:\n    sys.exit(5)\nfinally:\n    print('finally')");
    assert_eq!((run.stdout.as_str(), run.code), ("finally\n", Some(5)));
    let run =
        run_code("import asyncio, sys\nasync def main():\n    sys.exit(6)\nasyncio.run(main())");
    assert_eq!((run.stderr.as_str(), run.code), ("", Some(6)));
    let run = run_code("raise SystemExit(7)");
    assert_eq!((run.stderr.as_str(), run.code), ("", Some(7)));
    let run = run_code("exit(8)");
    assert_eq!(run.code, Some(8));
}

#[test]
fn an_uncaught_exception_is_told_on_stderr() {
    let run = run_code("def f(n):\n    return 1 / n\nprint('x')\nf(0)");
    assert_eq!(run.stdout, "x\n");
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.starts_with(
        "Traceback (most recent call last):\n  File \"<string>\", line 4, in <module>\n"
    ));
    assert!(
        run.stderr
            .ends_with("\nZeroDivisionError: division by zero\n"),
        "{}",
        run.stderr
    );
}

#[test]
fn an_uncaught_exception_in_a_coroutine() {
    let run = run_code(
        "import asyncio\nasync def main():\n    await asyncio.sleep(0)\n    {}['key']\nasyncio.run(main())",
    );
    assert_eq!(run.code, Some(1));
    assert!(
        run.stderr.ends_with("\nKeyError: 'key'\n"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_syntax_error_names_its_place() {
    let folder = scratch("syntax");
    let path = file(&folder, "bad.async", "print('never')\nif True\n    pass\n");
    let run = Hoop::new([path.as_str()]).run();
    assert_eq!((run.stdout.as_str(), run.code), ("", Some(1)));
    assert!(run.stderr.contains("line 2"), "{}", run.stderr);
    assert!(
        run.stderr.contains("SyntaxError: expected ':'"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_missing_file() {
    let run = Hoop::new(["no-such-file.async"]).run();
    assert_eq!((run.stdout.as_str(), run.code), ("", Some(2)));
    assert!(run.stderr.contains("no-such-file.async"), "{}", run.stderr);
    assert!(
        run.stderr.contains("No such file or directory"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_missing_module() {
    let run = run_code("import nowhere_to_be_found");
    assert_eq!(run.code, Some(1));
    assert!(
        run.stderr
            .ends_with("ModuleNotFoundError: No module named 'nowhere_to_be_found'\n"),
        "{}",
        run.stderr
    );
}

#[test]
fn version_and_help() {
    let run = Hoop::new(["--version"]).run();
    assert!(
        run.stdout.contains(env!("CARGO_PKG_VERSION")),
        "{}",
        run.stdout
    );
    assert_eq!(run.code, Some(0));
    let run = Hoop::new(["--help"]).run();
    assert!(
        run.stdout.contains("usage: hoop") && run.stdout.contains("  dis  "),
        "{}",
        run.stdout
    );
    assert_eq!(run.code, Some(0));
}

#[test]
fn an_unknown_option() {
    let run = Hoop::new(["--no-such-option"]).run();
    assert_eq!((run.stdout.as_str(), run.code), ("", Some(2)));
    assert!(run.stderr.contains("--no-such-option"), "{}", run.stderr);
}

#[test]
fn dis_shows_code() {
    let folder = scratch("dis");
    let path = file(
        &folder,
        "small.async",
        "def add(a, b):\n    return a + b\nprint(add(1, 2))\n",
    );
    let run = Hoop::new(["dis", path.as_str()]).run();
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stdout.contains("add"), "{}", run.stdout);
    assert!(
        !run.stdout.contains("\n3\n"),
        "it is shown, not run: {}",
        run.stdout
    );
}

#[test]
fn output_is_complete_when_the_program_dies() {
    let run = run_code(
        "import sys\nfor i in range(5000):\n    print(i)\nsys.stdout.write('end')\nraise ValueError('x')",
    );
    assert!(run.stdout.ends_with("4999\nend"));
    assert_eq!(run.code, Some(1));
}

#[test]
fn input_reads_lines() {
    let run = Hoop::new(["-c", "a = input('name? ')\nb = input()\nprint(a, b)\ntry:\n    input()\nexcept EOFError as e:\n    print(repr(e))"])
        .stdin("Ann\nBob\n")
        .run();
    assert_eq!(
        run.stdout, "name? Ann Bob\nEOFError('EOF when reading a line')\n",
        "{}",
        run.stderr
    );
}

#[test]
fn an_interrupt_is_a_keyboard_interrupt() {
    let run = interrupted("import time\nprint('ready', flush=True)\ntime.sleep(30)\n");
    assert_eq!(run.0, Some(130), "{}", run.1);
    assert!(run.1.ends_with("KeyboardInterrupt\n"), "{}", run.1);
}

#[test]
fn an_interrupt_reaches_a_busy_loop() {
    let run = interrupted("print('ready', flush=True)\nwhile True:\n    pass\n");
    assert_eq!(run.0, Some(130), "{}", run.1);
}

#[test]
fn an_interrupt_cancels_the_main_task() {
    let source = "import asyncio, sys\nasync def main():\n    print('ready', flush=True)\n    try:\n        await asyncio.sleep(30)\n    \
                  finally:\n        print('cleaned', file=sys.stderr)\ntry:\n    asyncio.run(main())\nexcept KeyboardInterrupt:\n    sys.exit(9)\n";
    let run = interrupted(source);
    assert_eq!(run, (Some(9), "cleaned\n".to_owned()));
}

/// Runs a program that prints "ready", sends it SIGINT, and answers with exit status and stderr.
fn interrupted(source: &str) -> (Option<i32>, String) {
    use std::io::{BufRead, BufReader, Read};
    let mut child = Hoop::new(["-c", source]).spawn();
    let mut lines = BufReader::new(child.stdout.take().expect("stdout is a pipe"));
    let mut line = String::new();
    lines
        .read_line(&mut line)
        .expect("the program says something");
    assert_eq!(line, "ready\n");
    std::thread::sleep(Duration::from_millis(100));
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .expect("kill is there");
    assert!(sent.success());
    for _ in 0..500 {
        if child
            .try_wait()
            .expect("a child can be waited for")
            .is_some()
        {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = child.kill();
    let mut text = String::new();
    child
        .stderr
        .take()
        .expect("stderr is a pipe")
        .read_to_string(&mut text)
        .expect("it is text");
    (child.wait().expect("it ended").code(), text)
}

#[test]
fn a_broken_pipe_is_no_panic() {
    let mut child = Hoop::new(["-c", "for i in range(200000):\n    print('line', i)\n"]).spawn();
    drop(child.stdout.take());
    let mut text = String::new();
    std::io::Read::read_to_string(
        &mut child.stderr.take().expect("stderr is a pipe"),
        &mut text,
    )
    .expect("it is text");
    let _ = child.wait();
    assert!(!text.contains("panicked"), "{text}");
    assert!(
        text.is_empty() || text.contains("BrokenPipeError"),
        "{text}"
    );
}

#[test]
fn the_tour_and_the_readme_command() {
    let run = Hoop::new(["scripts/examples/tour.async"])
        .folder(&root())
        .run();
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stderr.is_empty(), "{}", run.stderr);
}

/// `tests/cli_options/recorded.txt` holds what CPython prints of `program.py` with each line of options.
#[test]
fn options_of_cpython() {
    let folder = root().join("tests/cli_options");
    let program = fs::read_to_string(folder.join("program.py")).expect("it is there");
    let recorded = fs::read_to_string(folder.join("recorded.txt")).expect("it was recorded");
    for case in recorded.split("### ").skip(1) {
        let (options, expected) = case.split_once('\n').expect("output follows");
        let arguments = options.split(' ').chain(["-c", &program]);
        let run = Hoop::new(arguments).run();
        assert_eq!(
            format!("{}--\n{}", run.stdout, run.stderr),
            expected,
            "{options}"
        );
    }
}

#[test]
fn variables_that_steer_the_interpreter() {
    let text = "import sys; print(sys.warnoptions, sys.flags.optimize, sys.flags.dev_mode)";
    let run = |options: &[&'static str]| {
        Hoop::new(options.iter().copied().chain(["-c", text]))
            .env("PYTHONWARNINGS", "error,once::UserWarning")
            .env("PYTHONOPTIMIZE", "2")
            .env("PYTHONDEVMODE", "1")
            .run()
            .stdout
    };
    assert_eq!(
        run(&["-W", "ignore"]),
        "['default', 'error', 'once::UserWarning', 'ignore'] 2 True\n"
    );
    assert_eq!(run(&["-E"]), "[] 0 False\n");
    assert_eq!(run(&["-I", "-O"]), "[] 1 False\n");
}

/// The tables of docs/cli.md are what the program says of itself; `HOOP_RECORD=1` writes them.
#[test]
fn the_page_of_the_command_line_is_true() {
    let run = Hoop::new(["man", "--format=markdown"]).run();
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let path = root().join("docs/cli.md");
    let page = fs::read_to_string(&path).expect("the page is there");
    let (before, rest) = page
        .split_once("<!-- hoop man --format=markdown -->\n")
        .expect("the tables begin");
    let (tables, after) = rest.split_once("<!-- end -->").expect("the tables end");
    if std::env::var_os("HOOP_RECORD").is_some() {
        let text = format!(
            "{before}<!-- hoop man --format=markdown -->\n{}\n<!-- end -->{after}",
            run.stdout
        );
        fs::write(&path, text).expect("it can be written");
        return;
    }
    assert_eq!(tables.trim(), run.stdout.trim());
}
