//! `hoop check`: its rules on good and bad programs, its options and exit codes, and what it says
//! of every program here.
//!
//! Each page of `docs/check/` shows a bad and a good example, and is held to them. What is found in
//! `tests/` and in the conformance suite is in `expected.txt`, each finding with the reason why it is true;
//! `HOOP_BLESS=1` adds what is missing there, without a reason.

mod recovery;
mod rules;
mod whole;

use crate::hoop::{Hoop, Outcome, root};
use std::fs;
use std::path::PathBuf;

/// Checks a text given on standard input.
fn check(text: &str, options: &[&str]) -> Outcome {
    let arguments = ["check"].iter().chain(options).chain(&["-"]);
    Hoop::new(arguments).stdin(text).deadline(60).run()
}

/// The ids and lines of what is found in a text.
fn found(text: &str) -> Vec<(String, u32)> {
    let run = check(text, &["--format=json"]);
    assert_eq!(run.stderr, "", "{text}");
    findings(&run.stdout)
        .into_iter()
        .map(|f| (f.id, f.line))
        .collect()
}

/// One finding of a report in JSON.
struct Finding {
    file: String,
    id: String,
    message: String,
    line: u32,
}

/// Reads a report in JSON, which has an object a line.
fn findings(json: &str) -> Vec<Finding> {
    let objects = json.lines().filter(|line| line.starts_with("  {"));
    objects
        .map(|line| Finding {
            file: field(line, "file"),
            id: field(line, "id"),
            message: field(line, "message"),
            line: field(line, "line").parse().expect("a line is a number"),
        })
        .collect()
}

/// A field of an object, a text without its quotes.
fn field(object: &str, name: &str) -> String {
    let start = format!("\"{name}\": ");
    let at = object
        .find(&start)
        .unwrap_or_else(|| panic!("{object} has {name}"))
        + start.len();
    let rest = &object[at..];
    match rest.strip_prefix('"') {
        Some(text) => {
            let end = text
                .match_indices('"')
                .find(|(at, _)| !text[..*at].ends_with('\\'));
            text[..end.expect("a text ends").0].to_owned()
        }
        None => rest.split([',', '}']).next().unwrap_or_default().to_owned(),
    }
}

/// A fresh folder with these files.
fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("it lies in a folder"))
            .expect("the folder can be made");
        fs::write(path, text).expect("the file can be written");
    }
    folder
}

#[test]
fn the_status_says_what_was_found() {
    let files = [
        ("good.async", "print(1)\n"),
        ("bad.async", "print(missing)\n"),
    ];
    let folder = folder("check-status", &files);
    let run = |arguments: &[&str]| Hoop::new(arguments).folder(&folder).run();
    let good = run(&["check", "good.async"]);
    assert_eq!((good.code, &*good.stdout, &*good.stderr), (Some(0), "", ""));
    let bad = run(&["check", "bad.async"]);
    assert_eq!((bad.code, &*bad.stderr), (Some(1), ""));
    let absent = run(&["check", "good.async", "absent.async"]);
    assert_eq!(absent.code, Some(2));
    assert_eq!(
        absent.stderr,
        "hoop: can't open file 'absent.async': [Errno 2] No such file or directory\n"
    );
    let both = run(&["check", "bad.async", "absent.async"]);
    assert_eq!(both.code, Some(2));
    assert!(
        both.stdout.contains("1 finding in 1 file\n"),
        "{}",
        both.stdout
    );
    for wrong in [
        &["check"][..],
        &["check", "--what"],
        &["check", "--select", "HS999", "good.async"],
    ] {
        let run = run(wrong);
        assert_eq!((run.code, &*run.stdout), (Some(2), ""));
        assert!(
            run.stderr
                .ends_with("Try 'hoop help check' for more information.\n"),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn a_picture_for_people() {
    let run = check(
        "import asyncio\n\nasync def main():\n    asyncio.sleep(1)\n",
        &[],
    );
    let expected = "\
HS301 never-awaited

  × the coroutine that 'asyncio.sleep' makes is never awaited: nothing of it runs
   ╭─[<stdin>:4:5]
 3 │ async def main():
 4 │     asyncio.sleep(1)
   ·     ────────────────
   ╰────
  help: write 'await asyncio.sleep(...)', or keep 'asyncio.create_task(asyncio.sleep(...))'

1 finding in 1 file
";
    assert_eq!(run.stdout, expected);
    assert_eq!(run.code, Some(1));
    // The last line without its end, and a column behind a character of two bytes.
    let run = check("'é'; missing", &[]);
    assert!(
        run.stdout
            .contains("╭─[<stdin>:1:6]\n 1 │ 'é'; missing\n   ·      ───────\n"),
        "{}",
        run.stdout
    );
    let run = check("x = (1,\n", &[]);
    assert!(
        run.stdout.contains("╭─[<stdin>:1:5]\n 1 │ x = (1,\n"),
        "{}",
        run.stdout
    );
}

#[test]
fn many_findings_take_no_long() {
    let run = check(&"print(missing)\n".repeat(5000), &[]);
    assert!(run.stdout.ends_with("5000 findings in 1 file\n") && !run.timed_out);
}

#[test]
fn json_for_programs_and_commands_for_github() {
    let text = "x = 'é'; print(x, \"\", mising)\n";
    let json = check(text, &["--format", "json"]);
    let expected = "[\n  {\"file\": \"<stdin>\", \"id\": \"HS201\", \"name\": \"unbound-name\", \
                    \"message\": \"the name 'mising' is bound nowhere\", \"help\": null, \
                    \"line\": 1, \"column\": 23, \"end_line\": 1, \"end_column\": 29}\n]\n";
    assert_eq!(json.stdout, expected);
    assert_eq!(check("print(1)\n", &["--format", "json"]).stdout, "[]\n");
    let github = check("pritn(1)\n", &["--format", "github"]);
    let expected = "::warning file=<stdin>,line=1,col=1,endLine=1,endColumn=6,title=HS201 unbound-name::\
                    the name 'pritn' is bound nowhere (did you mean 'print'?)\n";
    assert_eq!(github.stdout, expected);
}

#[test]
fn rules_are_chosen_and_silenced() {
    let text = "def f():\n    return 1\n    print(missing)\n";
    let ids = |options: &[&str]| {
        let options: Vec<&str> = options.iter().copied().chain(["--format=json"]).collect();
        let run = check(text, &options);
        findings(&run.stdout)
            .into_iter()
            .map(|f| f.id)
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&[]), ["HS402", "HS201"]);
    assert_eq!(ids(&["--select", "HS201"]), ["HS201"]);
    assert_eq!(ids(&["--select=hs2,unreachable"]), ["HS402", "HS201"]);
    assert_eq!(ids(&["--ignore", "HS201"]), ["HS402"]);
    assert_eq!(ids(&["--ignore", "HS"]), Vec::<String>::new());
    assert_eq!(
        found("print(a)  # noqa\nprint(b)  # noqa: HS201 why\nprint(c)  # noqa: HS301\n"),
        [("HS201".into(), 3)]
    );
}

#[test]
fn folders_are_walked() {
    let files = [
        ("a/one.async", "x = missing\n"),
        ("a/b/two.py", "y = missing\n"),
        ("a/b/three.txt", "z = missing\n"),
        ("a/.hidden/four.py", "x = missing\n"),
    ];
    let folder = folder("check-folders", &files);
    let run = Hoop::new(["check", "--format=json", "a"])
        .folder(&folder)
        .run();
    let files: Vec<String> = findings(&run.stdout).into_iter().map(|f| f.file).collect();
    assert_eq!(files, ["a/b/two.py", "a/one.async"]);
}

#[test]
fn modules_are_found_beside_a_file_and_along_hooppath() {
    let files = [
        ("main.async", "import helper, package.inner, far, nowhere\n"),
        ("helper.py", ""),
        ("package/inner.async", "import helper\n"),
        ("path/far.async", ""),
    ];
    let folder = folder("check-modules", &files);
    let run = |hooppath: &str| {
        let run = Hoop::new(["check", "--format=json", "."])
            .folder(&folder)
            .env("HOOPPATH", hooppath)
            .run();
        findings(&run.stdout)
            .into_iter()
            .map(|f| f.message)
            .collect::<Vec<_>>()
    };
    let nowhere = |name: &str| {
        format!("no module '{name}' is in the library, beside this file or along HOOPPATH")
    };
    assert_eq!(run(""), [nowhere("far"), nowhere("nowhere")]);
    assert_eq!(run("path"), [nowhere("nowhere")]);
}

#[test]
fn bytes_that_are_no_text() {
    let folder = folder(
        "check-bytes",
        &[
            ("null.async", "x = 1\0\n"),
            ("coding.py", "# coding: nothing\n"),
        ],
    );
    fs::write(folder.join("latin.async"), b"x = '\xe9'\n").expect("the file can be written");
    let run = Hoop::new(["check", "--format=json", "."])
        .folder(&folder)
        .run();
    let all = findings(&run.stdout);
    let ids: Vec<&str> = all.iter().map(|f| &*f.id).collect();
    assert_eq!(ids, ["HS101", "HS101", "HS101"], "{}", run.stdout);
    assert_eq!(run.code, Some(1));
}

#[test]
fn the_rules_explain_themselves() {
    let list = Hoop::new(["check", "--rules"]).run();
    assert_eq!(list.code, Some(0));
    let index =
        fs::read_to_string(root().join("docs/check/README.md")).expect("the index is there");
    let rows = index.lines().filter(|line| line.starts_with("| [HS"));
    let rows: Vec<&str> = rows.collect();
    assert_eq!(rows.len(), list.stdout.lines().count());
    for (row, line) in rows.iter().zip(list.stdout.lines()) {
        let (id, rest) = line.split_once(' ').expect("an id and a name");
        let (name, summary) = rest.split_once(' ').expect("a name and a summary");
        assert_eq!(
            *row,
            format!("| [{id} {name}]({id}-{name}.md) | {} |", summary.trim())
        );
        let page = fs::read_to_string(root().join(format!("docs/check/{id}-{name}.md")))
            .expect("it has a page");
        assert_eq!(Hoop::new(["check", "--explain", id]).run().stdout, page);
    }
    assert!(
        Hoop::new(["check", "--help"])
            .run()
            .stdout
            .starts_with("usage: hoop check")
    );
}

/// The examples of the pages: blocks marked `python check` and the ids that are found in them.
#[test]
fn the_pages_are_true() {
    let mut count = 0;
    for entry in fs::read_dir(root().join("docs/check"))
        .expect("the pages are there")
        .flatten()
    {
        let page = fs::read_to_string(entry.path()).expect("a page is text");
        for block in page.split("```python check").skip(1) {
            let (ids, rest) = block.split_once('\n').expect("a block has a first line");
            let (text, _) = rest.split_once("```").expect("a block ends");
            let mut ids: Vec<&str> = ids.split_whitespace().collect();
            let found = found(text);
            let mut known: Vec<&str> = found.iter().map(|(id, _)| &**id).collect();
            known.dedup();
            ids.dedup();
            assert_eq!(known, ids, "{}:\n{text}", entry.path().display());
            count += 1;
        }
    }
    assert!(count >= 26, "only {count} examples");
}
