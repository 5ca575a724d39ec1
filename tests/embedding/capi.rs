//! The C interface: `docs/hoopsnake.h` and the functions behind it say the same, and a C program that makes every call
//! gets what the header promises.
//!
//! To link a library for the program takes minutes with all optimisations, and is left to `cargo rustc`, as the header
//! says. Here the functions that are in this very binary are called: the C compiler makes a shared object of the program and
//! of stubs, one for each function of the header, which jump to addresses that they are told. It is loaded in a process of
//! its own, which is this binary again.

use std::collections::BTreeMap;
use std::ffi::{CString, c_char, c_int, c_void};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use hoopsnake::capi;

use crate::hoop::root;

/// The functions by their names.
macro_rules! addresses {
    ($($name:ident)+) => {
        fn addresses() -> BTreeMap<&'static str, *const c_void> {
            BTreeMap::from([$((stringify!($name), capi::$name as *const c_void)),+])
        }
    };
}

addresses! {
    hoop_version
    hoop_options_new hoop_options_limit hoop_options_allow hoop_options_output hoop_options_free
    hoop_engine_new hoop_engine_free hoop_run hoop_eval hoop_call hoop_get hoop_set hoop_set_function
    hoop_repr hoop_to_json hoop_from_json
    hoop_interrupt_new hoop_interrupt_stop hoop_interrupt_free
    hoop_none hoop_bool hoop_int hoop_float hoop_str hoop_bytes
    hoop_value_kind hoop_value_int hoop_value_float hoop_value_data hoop_value_copy hoop_value_free
    hoop_error_new hoop_error_status hoop_error_class hoop_error_message hoop_error_traceback hoop_error_number
    hoop_error_free
}

/// A declaration: what comes back, and the parameters with type and name.
#[derive(Debug, PartialEq)]
struct Signature {
    result: String,
    parameters: Vec<(String, String)>,
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect("the file is text")
}

/// A text of C without comments, lines for the preprocessor and superfluous space.
fn plain_c(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("/*") {
        plain.push_str(before);
        rest = after.split_once("*/").expect("comments end").1;
    }
    plain.push_str(rest);
    let lines = plain.lines().filter(|line| !line.starts_with('#'));
    let words: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
    words.join(" ")
}

/// `const char *text` as `const char *` and `text`.
fn parameters(text: &str) -> Vec<(String, String)> {
    let each = text
        .split(',')
        .map(str::trim)
        .filter(|text| *text != "void" && !text.is_empty());
    each.map(|parameter| {
        let at = parameter
            .rfind([' ', '*'])
            .expect("it has a type and a name")
            + 1;
        (
            parameter[..at].trim().to_string(),
            parameter[at..].to_string(),
        )
    })
    .collect()
}

/// The functions that the header declares, and its types of functions.
fn declared() -> (BTreeMap<String, Signature>, BTreeMap<String, Signature>) {
    let header = plain_c(&read("docs/hoopsnake.h"));
    let header = header.replace("extern \"C\" {", "");
    let (mut functions, mut types) = (BTreeMap::new(), BTreeMap::new());
    for declaration in header.split(';').map(str::trim) {
        if declaration.contains('{') || !declaration.ends_with(')') {
            continue;
        }
        let kind = declaration.strip_prefix("typedef ");
        let (start, rest, found) = match kind {
            Some(kind) => {
                let (result, rest) = kind.split_once("(*").expect("it is the type of a function");
                let (name, rest) = rest.split_once(")(").expect("it takes something");
                (format!("{result}{name}"), rest, &mut types)
            }
            None => {
                let (start, rest) = declaration.split_once('(').expect("it takes something");
                (start.to_string(), rest, &mut functions)
            }
        };
        let (result, name) = parameters(&start).remove(0);
        let parameters = parameters(rest.strip_suffix(')').expect("it ends"));
        found.insert(name, Signature { result, parameters });
    }
    (functions, types)
}

/// The enums of the header: each constant and its number.
fn declared_constants() -> BTreeMap<String, i64> {
    let header = plain_c(&read("docs/hoopsnake.h"));
    let bodies = header.split("typedef enum ").skip(1);
    let bodies = bodies.map(|text| text.split(['{', '}']).nth(1).expect("it has a body"));
    let constants = bodies.flat_map(|body| body.split(',')).map(|constant| {
        let (name, number) = constant
            .split_once('=')
            .expect("each constant has its number");
        (
            name.trim().to_string(),
            number.trim().parse().expect("it is a number"),
        )
    });
    constants.collect()
}

/// The C name of a type of ours.
fn c_type(rust: &str) -> String {
    let rust = rust.trim();
    for (prefix, constant) in [("*const ", true), ("*mut ", false)] {
        if let Some(inner) = rust.strip_prefix(prefix) {
            let inner = c_type(inner);
            return match (constant, inner.ends_with('*')) {
                (true, true) => format!("{inner}const *"),
                (true, false) => format!("const {inner} *"),
                (false, true) => format!("{inner}*"),
                (false, false) => format!("{inner} *"),
            };
        }
    }
    let known = match rust {
        "()" => "void",
        "c_void" => "void",
        "c_char" => "char",
        "c_int" => "int",
        "usize" => "size_t",
        "i64" => "int64_t",
        "u64" => "uint64_t",
        "f64" => "double",
        "Status" => "hoop_status",
        "Kind" => "hoop_kind",
        "LimitNumber" => "hoop_limit",
        _ => "",
    };
    match (known, rust.strip_prefix("Hoop")) {
        ("", Some(name)) => format!("hoop_{}", name.to_lowercase()),
        ("", None) => panic!("no type of C is known for {rust}"),
        (known, _) => known.to_string(),
    }
}

/// What stands after `name` in a function or a type of one: `(a: A, b: B) -> C`.
fn rust_signature(text: &str) -> Signature {
    let (inside, rest) = text
        .trim_start_matches('(')
        .split_once(')')
        .expect("it ends");
    let each = inside
        .split(',')
        .map(str::trim)
        .filter(|text| !text.is_empty());
    let parameters = each.map(|parameter| {
        let (name, kind) = parameter.split_once(':').expect("it has a type");
        (c_type(kind), name.trim().to_string())
    });
    let result = rest.trim_start().strip_prefix("->");
    let result = result.map_or("()", |result| {
        result.split(['{', ',', '>', ';']).next().unwrap_or("()")
    });
    Signature {
        result: c_type(result),
        parameters: parameters.collect(),
    }
}

/// The files of the room.
fn sources() -> Vec<String> {
    let files = fs::read_dir(root().join("src/capi")).expect("the room is there");
    let texts = files.map(|file| fs::read_to_string(file.expect("it can be listed").path()));
    texts
        .map(|text| text.expect("a source file is text"))
        .collect()
}

/// The functions that the library exports, and the types of those that it takes.
fn exported() -> (BTreeMap<String, Signature>, BTreeMap<String, Signature>) {
    let (mut functions, mut types) = (BTreeMap::new(), BTreeMap::new());
    for source in sources() {
        for part in source.split("#[unsafe(no_mangle)]").skip(1) {
            let part = part
                .split_once("extern \"C\" fn ")
                .expect("only functions are exported")
                .1;
            let (name, rest) = part.split_once('(').expect("it takes something");
            functions.insert(name.to_string(), rust_signature(rest));
        }
        for part in source.split("pub type Hoop").skip(1) {
            let (name, rest) = part.split_once('=').expect("it stands for something");
            let rest = rest
                .split_once("extern \"C\" fn")
                .expect("it is a function's")
                .1;
            types.insert(c_type(&format!("Hoop{name}")), rust_signature(rest));
        }
    }
    (functions, types)
}

/// The constants of our enums, as C calls them.
fn exported_constants() -> BTreeMap<String, i64> {
    let mut found = BTreeMap::new();
    for source in sources() {
        for part in source.split("#[repr(C)]").skip(1) {
            let part = part
                .split_once("pub enum ")
                .expect("only enums are laid out as C's")
                .1;
            let (name, rest) = part.split_once('{').expect("it has a body");
            let prefix = match name.trim() {
                "Status" => "HOOP_".to_string(),
                name => format!("HOOP_{}_", name.to_uppercase()),
            };
            let body = rest.split('}').next().expect("it ends");
            for line in body.lines().filter(|line| !line.trim().starts_with("//")) {
                if let Some((name, number)) = line.trim().trim_end_matches(',').split_once(" = ") {
                    let number = number.parse().expect("it is a number");
                    found.insert(format!("{prefix}{}", name.to_uppercase()), number);
                }
            }
        }
    }
    found
}

#[test]
fn the_header_declares_what_is_exported() {
    let (functions, types) = declared();
    let (our_functions, our_types) = exported();
    assert!(
        functions.len() > 30 && types.len() == 3,
        "{functions:?} {types:?}"
    );
    for (name, signature) in &our_functions {
        assert_eq!(
            functions.get(name),
            Some(signature),
            "{name}: header, source"
        );
    }
    for (name, signature) in &our_types {
        assert_eq!(types.get(name), Some(signature), "{name}: header, source");
    }
    assert!(
        functions.keys().eq(our_functions.keys()),
        "what is not exported is declared"
    );
    assert!(
        types.keys().eq(our_types.keys()),
        "what is not taken is declared"
    );
    assert_eq!(declared_constants(), exported_constants(), "header, source");
    let addresses = addresses();
    assert!(
        functions.keys().eq(addresses.keys()),
        "the list of this test is not the header's"
    );
}

/// Stubs: each function of the header, which jumps to an address in a table.
fn stubs() -> String {
    let mut text = String::from(
        "#include \"hoopsnake.h\"\ntypedef void (*address)(void);\nstatic address table[64];\n",
    );
    text += "void fill(const address *given, int count) { int i; for (i = 0; i < count; i++) table[i] = given[i]; }\n";
    for (number, (name, signature)) in declared().0.iter().enumerate() {
        let result = &signature.result;
        let given = signature.parameters.iter();
        let kinds: Vec<&str> = given.clone().map(|(kind, _)| kind.as_str()).collect();
        let full: Vec<String> = given
            .clone()
            .map(|(kind, name)| format!("{kind} {name}"))
            .collect();
        let names: Vec<&str> = given.map(|(_, name)| name.as_str()).collect();
        let [kinds, full] = [kinds.join(", "), full.join(", ")].map(|list| match list.is_empty() {
            true => "void".to_string(),
            false => list,
        });
        let back = if result == "void" { "" } else { "return " };
        let names = names.join(", ");
        text += &format!(
            "{result} {name}({full}) {{ {back}(({result} (*)({kinds}))table[{number}])({names}); }}\n"
        );
    }
    text
}

/// Runs a compiler: what it has against its input, or None if this machine has none.
fn compile(compiler: &str, arguments: &[&Path]) -> Option<Result<(), String>> {
    let mut command = Command::new(compiler);
    command
        .args(["-Wall", "-Wextra", "-Werror", "-pedantic", "-I"])
        .arg(root().join("docs"));
    match command.args(arguments).output() {
        Ok(output) if output.status.success() => Some(Ok(())),
        Ok(output) => Some(Err(String::from_utf8_lossy(&output.stderr).into_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("SKIPPED: this machine has no {compiler}");
            None
        }
        Err(error) => panic!("{compiler}: {error}"),
    }
}

/// The name of a folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("capi")
        .join(name);
    fs::create_dir_all(&folder).expect("the temporary folder can be written to");
    folder
}

/// Compiles a program in C and runs it: what it prints. None if this machine has no compiler.
fn run_program(name: &str, program: &str) -> Option<String> {
    let folder = folder(name);
    let [source, stub, object] =
        ["program.c", "stubs.c", "program.so"].map(|file| folder.join(file));
    fs::write(&source, program).expect("the program can be written");
    fs::write(&stub, stubs()).expect("the stubs can be written");
    let options = ["-std=c99", "-g", "-pthread", "-shared", "-fPIC", "-o"].map(Path::new);
    let arguments = [&options[..], &[&object, &source, &stub]].concat();
    compile("cc", &arguments)?.unwrap_or_else(|complaint| panic!("{complaint}"));
    let own = std::env::current_exe().expect("this binary has a path");
    let run = Command::new(own)
        .args(["--exact", "embedding::capi::loads_a_program", "--nocapture"])
        .env("HOOP_C_PROGRAM", &object)
        .output()
        .expect("this binary can be run");
    let [output, errors] =
        [run.stdout, run.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert_eq!(run.status.code(), Some(0), "{name}:\n{output}\n{errors}");
    // What the test's harness says comes before it.
    let printed = output
        .split_once(BEGIN)
        .map(|(_, printed)| printed.to_string());
    Some(printed.unwrap_or_else(|| panic!("{name} was not run:\n{output}\n{errors}")))
}

/// What is printed before a program runs.
const BEGIN: &str = "----- the program:\n";

unsafe extern "C" {
    fn dlopen(name: *const c_char, flags: c_int) -> *mut c_void;
    fn dlsym(object: *mut c_void, name: *const c_char) -> *mut c_void;
}

/// Runs the C program that the environment names, and ends this process with its status. Without one there is nothing
/// to do: `run_program` starts this binary again for it.
#[test]
fn loads_a_program() {
    let Some(path) = std::env::var_os("HOOP_C_PROGRAM") else {
        return;
    };
    let path = CString::new(path.into_encoded_bytes()).expect("a path has no NUL");
    let table: Vec<*const c_void> = addresses().into_values().collect();
    print!("{BEGIN}");
    std::io::Write::flush(&mut std::io::stdout()).expect("there is an output");
    // SAFETY: the object is what `run_program` made: it has these two functions, of these types, and the table is in the
    // order of the names, as its stubs are.
    let status = unsafe {
        let object = dlopen(path.as_ptr(), 2);
        assert!(!object.is_null(), "{path:?} cannot be loaded");
        let fill = dlsym(object, c"fill".as_ptr());
        let fill: extern "C" fn(*const *const c_void, c_int) = std::mem::transmute(fill);
        fill(table.as_ptr(), table.len() as c_int);
        let main: extern "C" fn() -> c_int = std::mem::transmute(dlsym(object, c"main".as_ptr()));
        main()
    };
    std::process::exit(status);
}

#[test]
fn the_header_is_c_and_cpp() {
    let header = root().join("docs/hoopsnake.h");
    for (compiler, language, standard) in [("cc", "c", "-std=c99"), ("c++", "c++", "-std=c++98")] {
        let options = ["-fsyntax-only", "-x", language, standard].map(Path::new);
        let arguments = [&options[..], &[&header]].concat();
        if let Some(Err(complaint)) = compile(compiler, &arguments) {
            panic!("{complaint}");
        }
    }
}

#[test]
fn every_call_does_what_the_header_says() {
    let program = read("tests/embedding/capi/every_call.c");
    for name in addresses().keys() {
        assert!(
            program.contains(&format!("{name}(")),
            "the program does not call {name}"
        );
    }
    run_program("every_call", &program);
}

/// The program on the page about embedding prints the block of text that follows it.
#[test]
fn the_program_on_the_page_runs() {
    let page = read("docs/embedding.md");
    let after = page.split_once("```c\n").expect("the page has a program").1;
    let (program, after) = after.split_once("```\n").expect("it ends");
    let expected = after
        .split_once("```text\n")
        .expect("it prints something")
        .1;
    let expected = expected.split("```").next().expect("it ends");
    if let Some(printed) = run_program("page", program) {
        assert_eq!(printed, expected);
    }
}
