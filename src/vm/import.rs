//! Importing: native modules, the embedded library, files along `sys.path`.

use super::finders;
use super::types::Known;
use super::{Mode, Request, SyntaxFault, Vm};
use crate::heap::{Ref, Value};
use crate::object::dict::Dict;
use crate::object::list::List;
use crate::object::module::Module;
use crate::object::native::{Def, Input, NativeFrame, R, Step};
use crate::object::str::Str;
use crate::object::tuple::Tuple;

/// Imports a dotted name, one part after the other. Registers: the full name, the from-list or
/// None, whether the top package is the result, the parts done so far, the module in progress,
/// the names of the from-list that are left.
pub(super) static IMPORT: Def = Def::frame(
    "<import>(name, from_list, top, done, module, left, /)",
    0,
    import,
);

/// Where a module comes from.
enum Found {
    Native(&'static crate::object::native::ModuleDef),
    Code {
        code: std::sync::Arc<crate::bytecode::Code>,
        file: Option<String>,
        package: Option<String>,
    },
    /// A folder without `__init__`.
    Namespace(Vec<String>),
}

const START_PART: u8 = 0;
const BODY_DONE: u8 = 1;
/// The finders of `sys.meta_path` were asked for the module whose name register 4 holds.
const ASKED: u8 = 2;

fn import(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    if let Input::Raised(raised) = input {
        vm.waits_for_no_module();
        if frame.state == BODY_DONE {
            vm.module_is_over(&frame.regs[4]);
            vm.forget_module(&frame.regs[4]);
        }
        return Step::Raise(raised);
    }
    if frame.state == BODY_DONE {
        vm.module_is_over(&frame.regs[4]);
        vm.finish_module(&frame.regs[4]);
        frame.state = START_PART;
    }
    let mut answered = None;
    if frame.state == ASKED {
        let asked = text(&frame.regs[4]);
        if matches!(&input, Input::Value(found) if !found.is_none()) {
            vm.bind_to_parent(&asked);
        }
        answered = Some(asked);
        frame.state = START_PART;
    }
    let name = text(&frame.regs[0]);
    loop {
        let done = frame.regs[3].as_small_int().unwrap_or(0) as usize;
        if done >= name.len() {
            break;
        }
        let end = name[done..].find('.').map_or(name.len(), |i| done + i);
        let part = &name[..end];
        if answered.as_deref() == Some(part) {
            answered = None;
        } else if vm.has_finders_for(part) {
            return ask_finders(frame, part);
        }
        if vm.wait_for_module(part) {
            return Step::Park;
        }
        frame.regs[3] = Value::small_int(end as i64 + 1).unwrap_or(Value::NONE);
        match vm.begin_import(part) {
            Ok(None) => {}
            Ok(Some((module, body))) => {
                frame.regs[4] = module;
                frame.state = BODY_DONE;
                return finders::run_body(&frame.regs[4], body);
            }
            Err(raised) => return Step::Raise(raised),
        }
    }
    // `from package import submodule`: what is no attribute of the package may be a module in it.
    loop {
        let next = match answered.take() {
            Some(next) => next,
            None => match vm.next_submodule(frame) {
                Some(next) if vm.has_finders_for(&next) => return ask_finders(frame, &next),
                Some(next) => next,
                None => break,
            },
        };
        if vm.wait_for_module(&next) {
            return Step::Park;
        }
        match vm.begin_import(&next) {
            Ok(None) => {}
            Ok(Some((module, body))) => {
                frame.regs[4] = module;
                frame.state = BODY_DONE;
                return finders::run_body(&frame.regs[4], body);
            }
            Err(raised) => {
                if vm.is_raised(&raised, Known::ModuleNotFoundError) {
                    continue;
                }
                return Step::Raise(raised);
            }
        }
    }
    let wanted = if frame.regs[2].is_true() {
        name.split('.').next().unwrap_or(&name).to_string()
    } else {
        name
    };
    Step::from(vm.loaded(&wanted))
}

/// Has the finders of `sys.meta_path` look for a module first.
fn ask_finders(frame: &mut NativeFrame<'_>, name: &str) -> Step {
    let name = Str::new(name).into_value();
    frame.regs[4] = name.clone();
    frame.state = ASKED;
    Step::Do(Box::new(finders::ask("_import_by_finders", &[name])))
}

fn text(value: &Value) -> String {
    value
        .get::<Str>()
        .map_or_else(String::new, |s| s.to_text().into_owned())
}

impl Vm {
    /// `import name` or `from name import ...` in code with these globals.
    pub(crate) fn import_step(
        &mut self,
        name: &Value,
        globals: &Ref<Dict>,
        from: &Value,
        level: u32,
    ) -> Step {
        let absolute = match self.absolute_name(&text(name), globals, level) {
            Ok(name) => name,
            Err(raised) => return Step::Raise(raised),
        };
        let top = from.is_none() || from.get::<Tuple>().is_some_and(Tuple::is_empty);
        // Everything loaded already is the common case.
        if (top && !absolute.contains('.') || !top && from.is_none())
            && let Some(module) = self.modules.get_name(&absolute)
            && !module.is_none()
            && !self.is_begun_elsewhere(&absolute)
        {
            return Step::Return(module);
        }
        if let Some(module) = self.loaded_with(&absolute, from) {
            return Step::Return(module);
        }
        let full = Str::new(&absolute).into_value();
        let left = if top { Value::NONE } else { from.clone() };
        let top = Value::bool(top && level == 0);
        Step::Enter(
            &IMPORT,
            smallvec::smallvec![full, from.clone(), top, Value::int32(0), Value::NONE, left],
        )
    }

    /// A module that is loaded and has all the names that are wanted from it, if there are some.
    fn loaded_with(&mut self, name: &str, from: &Value) -> Option<Value> {
        let wanted = from.get::<Tuple>().filter(|wanted| !wanted.is_empty())?;
        let module = self.modules.get_name(name)?;
        let names = &module.get::<Module>()?.namespace;
        let has = |wanted: &Value| {
            wanted
                .get::<Str>()
                .is_some_and(|w| names.get_str(w).is_some())
        };
        let has_all = wanted.items().iter().all(has);
        (has_all && !self.is_begun_elsewhere(name)).then_some(module)
    }

    /// Imports a module by its absolute name, in a nested run, and gives that very module.
    pub fn import(&mut self, name: &str) -> R {
        let full = Str::new(name).into_value();
        let args = smallvec::smallvec![
            full,
            Value::NONE,
            Value::FALSE,
            Value::int32(0),
            Value::NONE,
            Value::NONE
        ];
        self.finish(Step::Enter(&IMPORT, args))
    }

    fn absolute_name(&mut self, name: &str, globals: &Dict, level: u32) -> R<String> {
        if level == 0 {
            if name.is_empty() {
                return Err(self.value_error("Empty module name"));
            }
            return Ok(name.to_string());
        }
        let package = globals.get_name("__package__").filter(|p| !p.is_none());
        let package = match package {
            Some(package) => text(&package),
            None => {
                let own = globals
                    .get_name("__name__")
                    .map_or_else(String::new, |n| text(&n));
                if globals.get_name("__path__").is_some() {
                    own
                } else {
                    own.rsplit_once('.')
                        .map_or_else(String::new, |(p, _)| p.to_string())
                }
            }
        };
        if package.is_empty() {
            return Err(self.import_error(
                Known::ImportError,
                "attempted relative import with no known parent package",
                Value::NONE,
                Value::NONE,
            ));
        }
        let mut base = package.as_str();
        for _ in 1..level {
            match base.rsplit_once('.') {
                Some((parent, _)) => base = parent,
                None => {
                    let text = "attempted relative import beyond top-level package";
                    return Err(self.import_error(
                        Known::ImportError,
                        text,
                        Value::NONE,
                        Value::NONE,
                    ));
                }
            }
        }
        Ok(if name.is_empty() {
            base.to_string()
        } else {
            format!("{base}.{name}")
        })
    }

    /// The module of this name, which is loaded.
    fn loaded(&mut self, name: &str) -> R {
        match self.modules.get_name(name) {
            Some(module) if !module.is_none() => Ok(module),
            _ => Err(self.module_not_found(name, None)),
        }
    }

    fn module_not_found(
        &mut self,
        name: &str,
        not_package: Option<&str>,
    ) -> crate::object::native::Raised {
        let mut message = format!("No module named '{name}'");
        if let Some(parent) = not_package {
            message.push_str(&format!("; '{parent}' is not a package"));
        }
        let name = Str::new(name).into_value();
        self.import_error(Known::ModuleNotFoundError, &message, name, Value::NONE)
    }

    /// Finds a module that is not loaded and makes it. Gives the function that is its body, if it has one.
    fn begin_import(&mut self, name: &str) -> R<Option<(Value, Value)>> {
        if let Some(module) = self.modules.get_name(name) {
            if module.is_none() {
                let message = format!("import of {name} halted; None in sys.modules");
                let name = Str::new(name).into_value();
                return Err(self.import_error(
                    Known::ModuleNotFoundError,
                    &message,
                    name,
                    Value::NONE,
                ));
            }
            return Ok(None);
        }
        let parent = name.rsplit_once('.').map(|(parent, _)| parent.to_string());
        let path = match &parent {
            None => None,
            Some(parent) => Some(self.package_path(parent, name)?),
        };
        let Some(found) = self.find_module(name, path.as_deref())? else {
            return Err(self.module_not_found(name, None));
        };
        self.tell_import(name, &found);
        let module = match found {
            Found::Native(def) => {
                self.native_module(def)?;
                self.bind_to_parent(name);
                return Ok(None);
            }
            Found::Namespace(folders) => {
                let module = self.imported_module(name, "");
                let path: Vec<Value> = folders.iter().map(|f| Str::new(f).into_value()).collect();
                self.set_name(
                    &module.namespace,
                    "__path__",
                    List::from_vec(path).into_value(),
                )?;
                self.set_name(
                    &module.namespace,
                    "__package__",
                    Str::new(name).into_value(),
                )?;
                self.set_name(&self.modules.clone(), name, module.into_value())?;
                self.bind_to_parent(name);
                return Ok(None);
            }
            Found::Code {
                code,
                file,
                package,
            } => (self.module_of(name, file, package)?, code),
        };
        let (module, code) = module;
        let code = self.instantiate_code(code);
        let body = self.new_function(code, module.namespace.clone(), None);
        self.module_begins(module.as_value());
        Ok(Some((module.into_value(), body.into_value())))
    }

    /// With `-v` each import is told of.
    fn tell_import(&mut self, name: &str, found: &Found) {
        if self.host.environment.settings.verbose == 0 {
            return;
        }
        let from = match found {
            Found::Native(_) => "built in".to_string(),
            Found::Namespace(folders) => format!("the folders {}", folders.join(":")),
            Found::Code {
                file: Some(file), ..
            } => file.clone(),
            Found::Code { code, .. } => code.source.name().to_string(),
        };
        let line = format!("import '{name}' # {from}\n");
        // Where it cannot be written nobody waits for it.
        let _ = self.host.stdio.error.write(line.as_bytes());
    }

    /// A module object that is registered but whose body has not run.
    fn module_of(
        &mut self,
        name: &str,
        file: Option<String>,
        package: Option<String>,
    ) -> R<Ref<Module>> {
        let module = self.imported_module(name, "");
        let namespace = module.namespace.clone();
        if let Some(file) = &file {
            self.set_name(&namespace, "__file__", Str::new(file).into_value())?;
        }
        let package_name = if let Some(folder) = &package {
            self.set_name(
                &namespace,
                "__path__",
                List::from_vec(vec![Str::new(folder).into_value()]).into_value(),
            )?;
            name
        } else {
            name.rsplit_once('.').map_or("", |(p, _)| p)
        };
        self.set_name(
            &namespace,
            "__package__",
            Str::new(package_name).into_value(),
        )?;
        self.set_name(&self.modules.clone(), name, module.value())?;
        Ok(module)
    }

    /// A module object with the names that every module has.
    pub fn new_module(&mut self, name: &str, doc: &str) -> Ref<Module> {
        let namespace = Dict::new();
        let doc = if doc.is_empty() {
            Value::NONE
        } else {
            Str::new(doc).into_value()
        };
        let name = self.intern(name).into_value();
        for (key, value) in [
            ("__name__", name),
            ("__doc__", doc),
            ("__package__", Value::NONE),
            ("__loader__", Value::NONE),
            ("__spec__", Value::NONE),
            ("__builtins__", self.builtins.value()),
        ] {
            let key = self.intern(key);
            // Eight entries need no memory that could lack.
            let _ = namespace.insert_str(&key, value);
        }
        Module::alloc(namespace)
    }

    /// A module that is imported: its `__spec__` and `__loader__` are made when somebody asks.
    fn imported_module(&mut self, name: &str, doc: &str) -> Ref<Module> {
        let module = self.new_module(name, doc);
        for name in finders::MADE_WHEN_ASKED {
            let name = self.intern(name);
            drop(module.namespace.remove_str(&name));
        }
        module
    }

    /// Has imports find a module that is made already. Packages that its name speaks of and that are
    /// not there come to be, with nothing else in them.
    pub fn add_module(&mut self, name: &str, module: Value) -> R<()> {
        let modules = self.modules.clone();
        self.set_name(&modules, name, module)?;
        if let Some((package, _)) = name.rsplit_once('.') {
            if self.modules.get_name(package).is_none() {
                let made = self.new_module(package, "");
                let own = Str::new(package).into_value();
                self.set_name(&made.namespace, "__package__", own)?;
                let path = crate::object::list::List::empty().into_value();
                self.set_name(&made.namespace, "__path__", path)?;
                self.add_module(package, made.into_value())?;
            }
            self.bind_to_parent(name);
        }
        Ok(())
    }

    /// Sets a string key of a dict.
    pub fn set_name(&mut self, dict: &Dict, name: &str, value: Value) -> R<()> {
        let key = self.intern(name);
        match dict.insert_str(&key, value) {
            Ok(old) => {
                drop(old);
                Ok(())
            }
            Err(e) => Err(self.out_of_memory(e)),
        }
    }

    /// The main program failed: nobody asks for its names any more.
    pub(crate) fn forget_main(&mut self) {
        let name = self.intern("__main__");
        drop(self.modules.remove_str(&name));
    }

    fn finish_module(&mut self, module: &Value) {
        if let Some(module) = module.get::<Module>() {
            let name = module
                .namespace
                .get_name("__name__")
                .map_or_else(String::new, |n| text(&n));
            self.bind_to_parent(&name);
        }
    }

    fn forget_module(&mut self, module: &Value) {
        if let Some(module) = module.get::<Module>()
            && let Some(name) = module.namespace.get_name("__name__")
            && let Some(name) = name.get::<Str>()
        {
            drop(self.modules.remove_str(name));
        }
    }

    /// A submodule is an attribute of its package.
    fn bind_to_parent(&mut self, name: &str) {
        let Some((parent, last)) = name.rsplit_once('.') else {
            return;
        };
        let (Some(parent), Some(module)) =
            (self.modules.get_name(parent), self.modules.get_name(name))
        else {
            return;
        };
        if let Some(parent) = parent.get::<Module>() {
            let key = self.intern(last);
            let _ = parent.namespace.insert_str(&key, module);
        } else {
            // An object that takes no attributes does without.
            let _ = self.set_attr(&parent, last, &module);
        }
    }

    /// `__path__` of a package that is loaded; an error if it is a plain module.
    fn package_path(&mut self, parent: &str, name: &str) -> R<Vec<String>> {
        let module = self.loaded(parent)?;
        let path = match module.get::<Module>() {
            Some(module) => module.namespace.get_name("__path__"),
            // Somebody has put another object in its place.
            None => self.get_attr_optional(&module, "__path__")?,
        };
        match path {
            Some(path) => Ok(self.collect(&path)?.iter().map(text).collect()),
            // A native module may have native submodules.
            None if self.library.modules.iter().any(|m| m.name == name) => Ok(Vec::new()),
            None if self.loader.library_kind(name).is_some() => Ok(Vec::new()),
            None => Err(self.module_not_found(name, Some(parent))),
        }
    }

    fn find_module(&mut self, name: &str, path: Option<&[String]>) -> R<Option<Found>> {
        if let Some(code) = self.loader.provided(name) {
            let (code, is_package) = code.map_err(|fault| self.syntax_error(fault))?;
            let package = is_package.then(|| format!("<provided>/{name}"));
            return Ok(Some(Found::Code {
                code,
                file: None,
                package,
            }));
        }
        if let Some(def) = self.library.modules.iter().find(|m| m.name == name) {
            return Ok(Some(Found::Native(def)));
        }
        if let Some((code, is_package)) = self.loader.library(name) {
            let package = is_package.then(|| format!("<library>/{name}"));
            return Ok(Some(Found::Code {
                code,
                file: None,
                package,
            }));
        }
        let folders: Vec<String> = path.map_or_else(|| self.search_path(), <[String]>::to_vec);
        let last = name.rsplit('.').next().unwrap_or(name);
        let mut bare_folders = Vec::new();
        for folder in &folders {
            let base = if folder.is_empty() {
                last.to_string()
            } else {
                format!("{folder}/{last}")
            };
            for extension in ["async", "py"] {
                let init = format!("{base}/__init__.{extension}");
                if self.is_file(&init) {
                    let code = self.compile_file(&init)?;
                    return Ok(Some(Found::Code {
                        code,
                        file: Some(init),
                        package: Some(base),
                    }));
                }
            }
            for extension in ["async", "py"] {
                let file = format!("{base}.{extension}");
                if self.is_file(&file) {
                    let code = self.compile_file(&file)?;
                    return Ok(Some(Found::Code {
                        code,
                        file: Some(file),
                        package: None,
                    }));
                }
            }
            if self.is_folder(&base) {
                bare_folders.push(base);
            }
        }
        Ok((!bare_folders.is_empty()).then_some(Found::Namespace(bare_folders)))
    }

    fn is_file(&self, path: &str) -> bool {
        self.host
            .files
            .stat_module(std::path::Path::new(path))
            .is_ok_and(|s| s.is_file())
    }

    fn is_folder(&self, path: &str) -> bool {
        self.host
            .files
            .stat_module(std::path::Path::new(path))
            .is_ok_and(|s| s.is_directory())
    }

    /// `sys.path`, which a script may have changed.
    fn search_path(&mut self) -> Vec<String> {
        let list = self
            .modules
            .get_name("sys")
            .and_then(|sys| sys.get::<Module>()?.namespace.get_name("path"));
        match list.and_then(|l| {
            l.get::<List>()
                .map(|l| l.copy().map(crate::heap::Buffer::into_vec))
        }) {
            Some(Ok(items)) => items.iter().map(text).collect(),
            _ => self.path.clone(),
        }
    }

    fn compile_file(&mut self, file: &str) -> R<std::sync::Arc<crate::bytecode::Code>> {
        let bytes = match self.host.files.read_module(std::path::Path::new(file)) {
            Ok(bytes) => bytes,
            Err(e) => return Err(self.host_error(&e)),
        };
        let request = Request {
            text: &bytes,
            name: file,
            mode: Mode::File,
            top_level_await: false,
            hidden: false,
            optimize: self.host.environment.settings.optimize,
            from_tree: false,
        };
        let _room = self.room_for_source(bytes.len())?;
        match self.loader.compile(&request) {
            Ok((code, warnings)) => {
                self.issue_syntax_warnings(warnings)?;
                Ok(code)
            }
            Err(fault) => Err(self.syntax_error(fault)),
        }
    }

    /// The exception for a syntax error.
    pub fn syntax_error(&mut self, fault: SyntaxFault) -> crate::object::native::Raised {
        use super::error::{fields, set_field};
        if self.heap.work.halted || self.stopping.is_some() {
            return self.memory_error();
        }
        let known = match fault.class {
            "IndentationError" => Known::IndentationError,
            "TabError" => Known::TabError,
            _ => Known::SyntaxError,
        };
        let (line, column, end_line, end_column) = fault.place;
        let text = match &fault.text {
            Some(text) => Str::new(text).into_value(),
            None => Value::NONE,
        };
        let int = |n: u32| Value::int32(n as i32);
        let message = Str::new(&fault.message).into_value();
        let place = Tuple::from_vec(vec![
            Str::new(fault.source.name()).into_value(),
            int(line),
            int(column),
            text.clone(),
            int(end_line),
            Value::int32(end_column),
        ]);
        let place = match self.lift(place) {
            Ok(place) => place.into_value(),
            Err(raised) => return raised,
        };
        let class = self.known_class(known);
        let exception = self.new_exception(&class, vec![message.clone(), place]);
        set_field(&exception, fields::SYNTAX_MSG, message);
        set_field(
            &exception,
            fields::SYNTAX_FILENAME,
            Str::new(fault.source.name()).into_value(),
        );
        set_field(&exception, fields::SYNTAX_LINE, int(line));
        set_field(&exception, fields::SYNTAX_OFFSET, int(column));
        set_field(&exception, fields::SYNTAX_TEXT, text);
        set_field(&exception, fields::SYNTAX_END_LINE, int(end_line));
        set_field(
            &exception,
            fields::SYNTAX_END_OFFSET,
            Value::int32(end_column),
        );
        crate::object::native::Raised(exception)
    }

    /// The module of a native table, made at its first import.
    pub fn native_module(&mut self, def: &'static crate::object::native::ModuleDef) -> R {
        if let Some(module) = self.modules.get_name(def.name) {
            return Ok(module);
        }
        let module = self.imported_module(def.name, def.doc);
        let package = def.name.rsplit_once('.').map_or("", |(p, _)| p);
        let is_package = self
            .library
            .modules
            .iter()
            .any(|m| m.name.starts_with(&format!("{}.", def.name)));
        let package = if is_package { def.name } else { package };
        self.set_name(
            &module.namespace,
            "__package__",
            Str::new(package).into_value(),
        )?;
        self.set_name(&self.modules.clone(), def.name, module.value())?;
        let owner = self.intern(def.name).into_value();
        for function in def.functions {
            let value = crate::object::native::Native::alloc(function, Value::UNDEF, owner.clone())
                .into_value();
            self.set_name(&module.namespace, function.name(), value)?;
        }
        for type_def in def.types {
            let class = self.class_of_def(type_def).into_value();
            self.set_name(&module.namespace, type_def.name, class)?;
        }
        if let Some(setup) = def.setup {
            setup(self, &module)?;
        }
        Ok(module.into_value())
    }

    /// The next name of a from-list that is no attribute of the package, as a full module name.
    fn next_submodule(&mut self, frame: &mut NativeFrame<'_>) -> Option<String> {
        let left: Vec<Value> = frame.regs[5].get::<Tuple>()?.items().to_vec();
        let name = text(&frame.regs[0]);
        let package = self.modules.get_name(&name)?;
        let namespace = package.get::<Module>()?.namespace.clone();
        let is_package = namespace.get_name("__path__").is_some();
        for (i, wanted) in left.iter().enumerate() {
            let wanted = text(wanted);
            if wanted == "*" || namespace.get_name(&wanted).is_some() {
                continue;
            }
            let full = format!("{name}.{wanted}");
            if !is_package && !self.library.modules.iter().any(|m| m.name == full) {
                continue;
            }
            frame.regs[5] = Tuple::new(&left[i + 1..]).map_or(Value::NONE, Ref::into_value);
            return Some(full);
        }
        frame.regs[5] = Value::NONE;
        None
    }

    /// `from module import name`
    pub(crate) fn import_from_step(&mut self, module: &Value, name: &Value) -> Step {
        match self.get_attr_value_optional(module, name) {
            Ok(Some(value)) => Step::Return(value),
            Ok(None) => self.cannot_import(module, name),
            Err(raised) => Step::Raise(raised),
        }
    }

    fn cannot_import(&mut self, module: &Value, name: &Value) -> Step {
        let attribute = |vm: &mut Vm, key: &str| vm.get_attr_optional(module, key).ok().flatten();
        let module_name = attribute(self, "__name__")
            .map_or_else(|| "<unknown module name>".to_string(), |n| text(&n));
        let full = format!("{module_name}.{}", text(name));
        if let Some(loaded) = self.modules.get_name(&full) {
            return Step::Return(loaded);
        }
        let file = attribute(self, "__file__")
            .map_or_else(|| "unknown location".to_string(), |f| text(&f));
        // Its body still runs: two modules import each other.
        let begun = match self.is_initializing(module) {
            true => "partially initialized module ",
            false => "",
        };
        let hint = match begun.is_empty() {
            true => "",
            false => "most likely due to a circular import) (",
        };
        let message = format!(
            "cannot import name '{}' from {begun}'{module_name}' ({hint}{file})",
            text(name)
        );
        let raised = self.import_error(
            Known::ImportError,
            &message,
            Str::new(&module_name).into_value(),
            Value::NONE,
        );
        super::error::set_field(
            &raised.0,
            super::error::fields::IMPORT_NAME_FROM,
            name.clone(),
        );
        Step::Raise(raised)
    }

    /// `from module import *`
    pub(crate) fn import_star(&mut self, module: &Value, target: &Value) -> R<()> {
        let names = match self.get_attr_optional(module, "__all__")? {
            Some(all) => self.collect(&all)?,
            None => match module.get::<Module>() {
                Some(module) => {
                    let keys = module.namespace.pairs().into_iter().map(|(key, _)| key);
                    keys.filter(|key| !text(key).starts_with('_')).collect()
                }
                None => Vec::new(),
            },
        };
        for name in names {
            let step = self.get_attr_step(module, &name);
            let value = self.finish(step)?;
            let step = self.set_item_step(target, &name, &value);
            self.finish(step)?;
        }
        Ok(())
    }
}
