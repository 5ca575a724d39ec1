//! What an engine may do outside. Nothing, until it is granted.

use super::network_grants::Place;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// What is granted of one category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Grant<T> {
    /// These, which may be none.
    Some(Vec<T>),
    Everything,
}

impl<T: PartialEq> Grant<T> {
    fn add(&mut self, one: T) {
        if let Grant::Some(all) = self
            && !all.contains(&one)
        {
            all.push(one);
        }
    }

    pub(super) fn is_everything(&self) -> bool {
        matches!(self, Grant::Everything)
    }

    pub(super) fn each(&self) -> &[T] {
        match self {
            Grant::Some(all) => all,
            Grant::Everything => &[],
        }
    }
}

/// What scripts of an engine may reach: files, network, processes and variables of the environment.
///
/// [`Permissions::none`] grants nothing, and each method adds a grant. What is not granted is refused
/// with `PermissionError`, whose message names the option of `hoop` that would grant it. A grant is
/// never taken back: an engine keeps what it was built with.
///
/// ```
/// use hoopsnake::host::Permissions;
///
/// let granted = Permissions::none()
///     .read("/srv/data")
///     .write("/srv/data/out")
///     .net("api.example.org:443")
///     .env("LANG");
/// assert!(granted.mistakes().is_empty());
/// assert!(!granted.is_all());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permissions {
    /// Everything there is, also what has no category.
    all: bool,
    pub(super) read: Grant<PathBuf>,
    pub(super) write: Grant<PathBuf>,
    /// Folders and files from which modules are imported.
    pub(super) imports: Vec<PathBuf>,
    pub(super) net: Grant<Place>,
    /// Programs, by their whole paths.
    pub(super) run: Grant<PathBuf>,
    pub(super) env: Grant<OsString>,
    mistakes: Vec<String>,
}

impl Permissions {
    /// Nothing is granted.
    pub fn none() -> Self {
        Permissions {
            all: false,
            read: Grant::Some(Vec::new()),
            write: Grant::Some(Vec::new()),
            imports: Vec::new(),
            net: Grant::Some(Vec::new()),
            run: Grant::Some(Vec::new()),
            env: Grant::Some(Vec::new()),
            mistakes: Vec::new(),
        }
    }

    /// Everything is granted, as to the program `hoop` without `--sandbox`: scripts may do what the
    /// process may.
    ///
    /// ```
    /// # use hoopsnake::host::Permissions;
    /// assert!(Permissions::all().is_all());
    /// ```
    pub fn all() -> Self {
        Permissions {
            all: true,
            read: Grant::Everything,
            write: Grant::Everything,
            net: Grant::Everything,
            run: Grant::Everything,
            env: Grant::Everything,
            ..Permissions::none()
        }
    }

    /// Grants reading a file, or all below a folder: contents, lists of names, what `os.stat` tells.
    /// A relative path is meant from the current directory of the process, now. What is not there yet
    /// may be granted too. Symbolic links below the folder are followed only to what is granted.
    ///
    /// ```
    /// # use hoopsnake::host::Permissions;
    /// let granted = Permissions::none().read("/etc/hosts").read("data");
    /// ```
    pub fn read(mut self, path: impl AsRef<Path>) -> Self {
        if let Some(path) = self.absolute(path.as_ref()) {
            self.read.add(path);
        }
        self
    }

    /// Grants reading all files but those below `/proc`, which are granted by their names only.
    pub fn read_any(mut self) -> Self {
        self.read = Grant::Everything;
        self
    }

    /// Grants making, changing and removing a file, or all below a folder, and asking with `os.stat`
    /// whether something is there. It does not grant reading: that is a grant of its own.
    ///
    /// ```
    /// # use hoopsnake::host::Permissions;
    /// let granted = Permissions::none().read("work").write("work");
    /// ```
    pub fn write(mut self, path: impl AsRef<Path>) -> Self {
        if let Some(path) = self.absolute(path.as_ref()) {
            self.write.add(path);
        }
        self
    }

    /// Grants making, changing and removing all files but those below `/proc`, which are granted by
    /// their names only.
    pub fn write_any(mut self) -> Self {
        self.write = Grant::Everything;
        self
    }

    /// Lets `import` find modules in a folder and below it, or lets one file be run. Scripts cannot
    /// `open` what is granted this way; what the text of a module is they may learn.
    ///
    /// ```
    /// # use hoopsnake::host::Permissions;
    /// let granted = Permissions::none().imports("plugins");
    /// ```
    pub fn imports(mut self, path: impl AsRef<Path>) -> Self {
        if let Some(path) = self.absolute(path.as_ref())
            && !self.imports.contains(&path)
        {
            self.imports.push(path);
        }
        self
    }

    /// Grants connecting and sending to a place in the network, and being reached there. A place is
    ///
    /// - a name, `example.org`, which may then be looked up. What the look-up answers may be connected
    ///   to, but for addresses of this machine itself;
    /// - all names below one, `*.example.org`;
    /// - `localhost`, which is also 127.0.0.1 and ::1;
    /// - an address, `10.0.0.1` or `[::1]`, or a network, `10.0.0.0/8`;
    /// - `*`, which is any host;
    ///
    /// each with a port behind a colon, or any port without it. What is none of these grants nothing,
    /// and is told by [`Permissions::mistakes`].
    ///
    /// ```
    /// # use hoopsnake::host::Permissions;
    /// let granted = Permissions::none()
    ///     .net("*.example.org:443")
    ///     .net("10.0.0.0/8")
    ///     .net("localhost:8080");
    /// assert!(granted.mistakes().is_empty());
    /// assert_eq!(Permissions::none().net("a:b:c:80").mistakes().len(), 1);
    /// ```
    pub fn net(mut self, place: impl AsRef<str>) -> Self {
        match place.as_ref().parse() {
            Ok(place) => self.net.add(place),
            Err(mistake) => self.mistakes.push(mistake),
        }
        self
    }

    /// Grants all of the network.
    pub fn net_any(mut self) -> Self {
        self.net = Grant::Everything;
        self
    }

    /// Grants starting a program and sending signals to what was started. A name without a folder is
    /// looked for along the PATH of the process, now; scripts may then call the program by its name or
    /// by its whole path. The program itself has all the rights of the process: grant none that does
    /// whatever its arguments say, such as a shell.
    ///
    /// ```
    /// # use hoopsnake::host::Permissions;
    /// let granted = Permissions::none().run("/usr/bin/git");
    /// assert_eq!(Permissions::none().run("no-such-program-anywhere").mistakes().len(), 1);
    /// ```
    pub fn run(mut self, program: impl AsRef<OsStr>) -> Self {
        let program = program.as_ref();
        let path = std::env::var_os("PATH").unwrap_or_default();
        match super::programs::find(program, &path, None) {
            Some(found) => self.run.add(found),
            None => self.mistakes.push(format!(
                "there is no program '{}'",
                program.to_string_lossy()
            )),
        }
        self
    }

    /// Grants starting any program, sending signals to any process, and changing what the process
    /// itself does at signals, its priority and the like. That is as good as everything.
    pub fn run_any(mut self) -> Self {
        self.run = Grant::Everything;
        self
    }

    /// Lets a variable of the process's environment be seen, and be given to programs. Scripts change
    /// only their own copy.
    pub fn env(mut self, name: impl AsRef<OsStr>) -> Self {
        self.env.add(name.as_ref().to_owned());
        self
    }

    /// Lets all variables of the process's environment be seen.
    pub fn env_any(mut self) -> Self {
        self.env = Grant::Everything;
        self
    }

    /// Whether everything is granted.
    pub fn is_all(&self) -> bool {
        self.all
    }

    /// Whether some files are granted.
    pub(super) fn has_files(&self) -> bool {
        let some = |grant: &Grant<PathBuf>| grant.is_everything() || !grant.each().is_empty();
        some(&self.read) || some(&self.write)
    }

    /// What was to be granted and makes no sense: a place that is none, a program that is not there.
    pub fn mistakes(&self) -> &[String] {
        &self.mistakes
    }

    fn absolute(&mut self, path: &Path) -> Option<PathBuf> {
        match std::path::absolute(path) {
            Ok(path) => Some(path),
            Err(error) => {
                self.mistakes.push(format!("'{}': {error}", path.display()));
                None
            }
        }
    }
}

/// Nothing is granted.
impl Default for Permissions {
    fn default() -> Self {
        Permissions::none()
    }
}
