//! Reports for people: `tests/traceback_fancy/*.async` and what `--traceback=fancy` says of each, in `.err`.
//!
//! The texts are this program's own, each looked at when it was recorded; `HOOP_RECORD=1` writes them anew.

use crate::hoop::{Hoop, difference, mask_addresses, root};
use std::fs;

#[test]
fn reports_with_pictures() {
    let folder = root().join("tests/traceback_fancy");
    let record = std::env::var_os("HOOP_RECORD").is_some();
    let mut programs: Vec<_> = fs::read_dir(&folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("it can be read").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "async"))
        .collect();
    programs.sort();
    assert!(programs.len() >= 20);
    let mut wrong = String::new();
    for path in programs {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let run = Hoop::new(["--traceback=fancy", &*name])
            .folder(&folder)
            .deadline(60)
            .run();
        let said = mask_addresses(&run.stderr).replace(&*folder.to_string_lossy(), "FOLDER");
        let status = if name.starts_with("interrupt") {
            130
        } else {
            1
        };
        if !matches!(run.code, Some(code) if code == status || name.starts_with("told_")) {
            wrong.push_str(&format!("{name}: exit status {:?}\n", run.code));
        }
        let expected = path.with_extension("err");
        if record {
            fs::write(&expected, &said).expect("it can be written");
            continue;
        }
        let expected = fs::read_to_string(&expected).unwrap_or_default();
        if said != expected {
            wrong.push_str(&format!("{name}\n{}", difference(&expected, &said)));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
