//! What scripts get at under a sandbox: `escapes.txt` lists the ways out that are tried, `granted.txt` what grants give. Each
//! is run under `hoop --sandbox` and in an engine of its own, and nothing outside may have been touched.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use hoopsnake::host::SharedBytes;
use hoopsnake::{Engine, Permissions, Script};

use crate::hoop::Hoop;

/// What no script may come by.
const SECRET: &str = "SECRET-7391";

const ATTEMPT: &str = "\
def attempt(call, *arguments, **named):
    try:
        found = call(*arguments, **named)
    except BaseException as error:
        print(type(error).__name__)
    else:
        print('GOT', repr(found)[:200])
";

/// One script of a list.
struct Try {
    name: String,
    grants: Vec<String>,
    /// Where it is run, if not everywhere.
    only: Option<String>,
    gets: Vec<String>,
    engine_gets: Vec<String>,
    script: String,
}

fn tries(text: &str) -> Vec<Try> {
    let mut found = Vec::new();
    for part in text.split("\n### ").skip(1) {
        let mut lines = part.lines();
        let mut one = Try {
            name: lines.next().expect("it has a name").to_string(),
            grants: Vec::new(),
            only: None,
            gets: Vec::new(),
            engine_gets: Vec::new(),
            script: ATTEMPT.to_string(),
        };
        for line in lines {
            if let Some(grants) = line.strip_prefix("# grants:") {
                one.grants
                    .extend(grants.split_whitespace().map(str::to_string));
            } else if let Some(only) = line.strip_prefix("# only:") {
                one.only = Some(only.trim().to_string());
            } else if let Some(gets) = line.strip_prefix("# gets:") {
                push_lines(&mut one.gets, gets.trim());
            } else if let Some(gets) = line.strip_prefix("# engine gets:") {
                push_lines(&mut one.engine_gets, gets.trim());
            } else {
                one.script.push_str(line);
                one.script.push('\n');
            }
        }
        if one.engine_gets.is_empty() {
            one.engine_gets = one.gets.clone();
        }
        found.push(one);
    }
    found
}

/// `X*3` is three lines.
fn push_lines(lines: &mut Vec<String>, text: &str) {
    let times = text
        .rsplit_once('*')
        .and_then(|(line, times)| Some((line, times.parse::<usize>().ok()?)));
    match times {
        Some((line, times)) => lines.extend((0..times).map(|_| line.to_string())),
        None if text.is_empty() => {}
        None => lines.push(text.to_string()),
    }
}

/// A world with an inside and an outside, for one run.
struct World {
    folder: PathBuf,
    listener: TcpListener,
    socket: UnixListener,
    free: u16,
}

impl World {
    fn new(place: &str) -> World {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
            .join("sandbox")
            .join(place);
        let _ = fs::remove_dir_all(&folder);
        for inner in ["granted/inner", "outside/dir", "scripts"] {
            fs::create_dir_all(folder.join(inner)).expect("the folder can be made");
        }
        let folder = fs::canonicalize(folder).expect("it is there");
        let write = |name: &str, text: &str| {
            fs::write(folder.join(name), text).expect("the file can be written");
        };
        write("granted/file.txt", "inside");
        write("outside/secret.txt", &format!("{SECRET}\n"));
        write("outside/secretmodule.py", &format!("value = '{SECRET}'\n"));
        write("outside/secret.zip", SECRET);
        write("scripts/beside.py", "value = 'value of beside'\n");
        write("scripts/notes.txt", SECRET);
        let link = |text: &str, name: &str| {
            symlink(text, folder.join(name)).expect("the link can be made");
        };
        link("../outside/secret.txt", "granted/link");
        link(
            &folder.join("outside/secret.txt").display().to_string(),
            "granted/abslink",
        );
        link("../outside", "granted/dirlink");
        link("../outside/secretmodule.py", "scripts/evil.py");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        listener.set_nonblocking(true).expect("it can be said");
        // The path may be longer than the address of a socket can be.
        let short = folder.join("outside/listener.sock");
        let socket = bind_short(&short);
        socket.set_nonblocking(true).expect("it can be said");
        let other = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let free = other.local_addr().expect("it has one").port();
        World {
            folder,
            listener,
            socket,
            free,
        }
    }

    /// The places instead of their names.
    fn fill(&self, text: &str) -> String {
        let port = self.listener.local_addr().expect("it has one").port();
        let place = |name: &str| self.folder.join(name).display().to_string();
        text.replace("@granted@", &place("granted"))
            .replace("@outside@", &place("outside"))
            .replace("@scripts@", &place("scripts"))
            .replace("@port@", &port.to_string())
            .replace("@free@", &self.free.to_string())
    }

    /// All there is where the script may not write, with contents and times.
    fn untouchable(&self, one: &Try) -> BTreeMap<PathBuf, String> {
        let mut seen = BTreeMap::new();
        note(&self.folder.join("outside"), &mut seen);
        let writes = |what: &str| one.grants.iter().any(|grant| grant.starts_with(what));
        if !writes("write=@scripts@") {
            note(&self.folder.join("scripts"), &mut seen);
        }
        if !writes("write") {
            note(&self.folder.join("granted"), &mut seen);
        }
        seen
    }

    /// Says so if somebody has connected.
    fn callers(&self) -> usize {
        let tcp = self.listener.accept();
        let unix = self.socket.accept();
        let came = |error: Option<ErrorKind>| usize::from(error != Some(ErrorKind::WouldBlock));
        came(tcp.err().map(|e| e.kind())) + came(unix.err().map(|e| e.kind()))
    }
}

/// A socket file at a path of any length.
fn bind_short(path: &Path) -> UnixListener {
    let folder = fs::File::open(path.parent().expect("it has one")).expect("it can be opened");
    let name = path.file_name().expect("it has one").to_string_lossy();
    let number = std::os::fd::AsRawFd::as_raw_fd(&folder);
    UnixListener::bind(format!("/proc/self/fd/{number}/{name}")).expect("it can be made")
}

fn note(path: &Path, seen: &mut BTreeMap<PathBuf, String>) {
    let data = fs::symlink_metadata(path).expect("it is there");
    let inside = if data.is_symlink() {
        fs::read_link(path)
            .expect("it is a link")
            .display()
            .to_string()
    } else if data.is_file() {
        fs::read_to_string(path).unwrap_or_default()
    } else {
        String::new()
    };
    let facts = format!(
        "{:o} {} {} {} {inside}",
        data.permissions().mode(),
        data.nlink(),
        data.mtime(),
        data.mtime_nsec()
    );
    seen.insert(path.to_owned(), facts);
    if data.is_dir() {
        for entry in fs::read_dir(path).expect("it can be read").flatten() {
            note(&entry.path(), seen);
        }
    }
}

/// Runs one under `hoop --sandbox`: what it printed, and what it complained.
fn by_hoop(one: &Try, world: &World) -> (String, String) {
    let script = world.folder.join("scripts/main.async");
    let mut arguments = vec!["--sandbox".to_string()];
    arguments.extend(
        one.grants
            .iter()
            .map(|grant| format!("--allow-{}", world.fill(grant))),
    );
    arguments.push(script.display().to_string());
    let run = Hoop::new(arguments)
        .folder(&world.folder.join("scripts"))
        .env("SECRET_VARIABLE", SECRET)
        .env("LANG", "C")
        .deadline(60)
        .run();
    assert!(!run.timed_out, "{}", one.name);
    (run.stdout, run.stderr)
}

/// The same grants for an engine.
fn permissions(one: &Try, world: &World) -> Permissions {
    let mut granted = Permissions::none();
    for grant in &one.grants {
        let grant = world.fill(grant);
        let (what, values) = match grant.split_once('=') {
            Some((what, values)) => (what, values),
            None => (grant.as_str(), "*"),
        };
        for value in values.split(',') {
            granted = match (what, value) {
                ("read", "*") => granted.read_any(),
                ("env", "*") => granted.env_any(),
                ("read", path) => granted.read(path),
                ("write", path) => granted.write(path),
                ("net", place) => granted.net(place),
                ("run", program) => granted.run(program),
                ("env", name) => granted.env(name),
                other => panic!("{other:?}"),
            };
        }
    }
    assert!(granted.mistakes().is_empty(), "{:?}", granted.mistakes());
    granted
}

/// Runs one in an engine of this process.
fn by_engine(one: &Try, world: &World) -> (String, String) {
    let (out, err) = (SharedBytes::default(), SharedBytes::default());
    let (text_of_script, granted) = (world.fill(&one.script), permissions(one, world));
    let (output, error) = (out.clone(), err.clone());
    let run = move || {
        let script = Script::compile("<escape>", &text_of_script).expect("it compiles");
        let builder = Engine::builder().permissions(granted);
        let mut engine = builder
            .output(output)
            .error(error)
            .build()
            .expect("it can be made");
        engine.run(&script).blocking().map(drop)
    };
    let thread = std::thread::Builder::new().stack_size(16 << 20).spawn(run);
    let ended = thread
        .expect("a thread can be started")
        .join()
        .expect("no panic");
    if let Err(error) = ended {
        return (String::new(), format!("{error:?}"));
    }
    let text = |bytes: SharedBytes| String::from_utf8_lossy(&bytes.take()).into_owned();
    (text(out), text(err))
}

/// Where scripts are run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum By {
    Hoop,
    Engine,
}

/// Runs one; what is wrong about how it went.
fn fault(one: &Try, by: By, reaches: bool) -> Option<String> {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let place = format!("{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let world = World::new(&place);
    if one.script.contains("@granted@/tool") {
        let tool = world.folder.join("granted/tool");
        fs::write(&tool, "#!/bin/sh\n").expect("the file can be written");
        let may_run = fs::Permissions::from_mode(0o755);
        fs::set_permissions(tool, may_run).expect("it can be made a program");
    }
    fs::write(
        world.folder.join("scripts/main.async"),
        world.fill(&one.script),
    )
    .expect("the script can be written");
    let before = world.untouchable(one);
    let (gets, (out, err)) = match by {
        By::Hoop => (&one.gets, by_hoop(one, &world)),
        By::Engine => (&one.engine_gets, by_engine(one, &world)),
    };
    let expected: String = gets.iter().map(|line| world.fill(line) + "\n").collect();
    let mut wrong = Vec::new();
    if out != expected {
        wrong.push(format!("expected\n{expected}got\n{out}"));
    }
    let reports = one.name.contains("uncaught");
    if out.contains(SECRET) || err.contains(SECRET) || (!err.is_empty() && !reports) {
        wrong.push(format!("complained\n{err}"));
    }
    if !reaches && world.untouchable(one) != before {
        wrong.push("touched what is outside".to_string());
    }
    if !reaches && world.callers() > 0 {
        wrong.push("connected".to_string());
    }
    let _ = fs::remove_dir_all(&world.folder);
    (!wrong.is_empty()).then(|| format!("\n##### {} ({by:?})\n{}", one.name, wrong.join("\n")))
}

/// Runs a whole list, some of them at a time.
fn check(text: &str, by: By, reaches: bool) -> usize {
    let name = match by {
        By::Hoop => "hoop",
        By::Engine => "engine",
    };
    let all = tries(text);
    let all: Vec<&Try> = all
        .iter()
        .filter(|one| one.only.as_deref().is_none_or(|only| only == name))
        .collect();
    let next = AtomicUsize::new(0);
    let faults = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(one) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = fault(one, by, reaches);
                    faults.lock().expect("no panic").extend(found);
                }
            });
        }
    });
    let faults = faults.into_inner().expect("no panic");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    all.len()
}

const ESCAPES: &str = include_str!("escapes.txt");
const GRANTED: &str = include_str!("granted.txt");

#[test]
fn no_escape_from_hoop_succeeds() {
    assert!(check(ESCAPES, By::Hoop, false) >= 60);
}

#[test]
fn no_escape_from_an_engine_succeeds() {
    assert!(check(ESCAPES, By::Engine, false) >= 60);
}

#[test]
fn hoop_lets_scripts_do_what_is_granted() {
    check(GRANTED, By::Hoop, true);
}

#[test]
fn an_engine_lets_scripts_do_what_is_granted() {
    check(GRANTED, By::Engine, true);
}
