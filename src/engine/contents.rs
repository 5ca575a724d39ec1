//! What is in the library, for those who only want to know: nothing but the library's own
//! modules is ever run for it.

use super::{Engine, prepare_main};
use crate::host::Host;
use crate::object::module::Module;
use crate::object::str::Str;

/// The library to be asked. It starts an engine in a world of its own, without files, network and environment.
pub struct Contents {
    engine: Engine,
}

impl Contents {
    /// Makes the library ready.
    pub fn new() -> Contents {
        let (host, ..) = Host::simulated(0);
        let mut engine = Engine::new(host);
        let vm = &mut *engine.vm;
        let _entered = vm.enter();
        vm.set_stack_limit();
        // Without it there are fewer built-in names to be told of, no wrong ones.
        let _ = prepare_main(vm, None, None);
        Contents { engine }
    }

    /// The names of the built-in functions, types and constants.
    pub fn builtins(&mut self) -> Vec<String> {
        let vm = &mut *self.engine.vm;
        let _entered = vm.enter();
        let keys = vm.builtins.pairs().into_iter().map(|(key, _)| key);
        keys.filter_map(|key| Some(key.get::<Str>()?.to_text().into_owned()))
            .collect()
    }

    /// Whether the library has a module, built in or written in the language.
    pub fn has_module(&self, module: &str) -> bool {
        let vm = &self.engine.vm;
        vm.library.modules.iter().any(|def| def.name == module)
            || vm.loader.library_kind(module).is_some()
    }

    /// The names in a module of the library; nothing where it is not there, or cannot be imported here.
    pub fn names(&mut self, module: &str) -> Option<Vec<String>> {
        let vm = &mut *self.engine.vm;
        let _entered = vm.enter();
        vm.set_stack_limit();
        let module = vm.import(module).ok()?;
        let pairs = module.get::<Module>()?.namespace.pairs();
        let keys = pairs.into_iter().map(|(key, _)| key);
        Some(
            keys.filter_map(|key| Some(key.get::<Str>()?.to_text().into_owned()))
                .collect(),
        )
    }

    /// Whether a module of the library has an attribute, or makes it when it is asked for.
    pub fn has(&mut self, module: &str, name: &str) -> Option<bool> {
        if self.has_module(&format!("{module}.{name}")) {
            return Some(true);
        }
        let vm = &mut *self.engine.vm;
        let _entered = vm.enter();
        vm.set_stack_limit();
        let module = vm.import(module).ok()?;
        Some(vm.get_attr_optional(&module, name).ok()?.is_some())
    }
}

impl Default for Contents {
    fn default() -> Contents {
        Contents::new()
    }
}
