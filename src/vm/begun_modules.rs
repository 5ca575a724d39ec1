//! Modules whose body runs still: who runs it, and which threads wait for its end.

use super::Vm;
use super::fiber::Fiber;
use crate::heap::{Ref, Value};
use crate::object::str::Str;

/// A module whose body runs.
pub(crate) struct BegunModule {
    module: Value,
    /// The id of the fiber that runs the body.
    owner: u64,
    /// Those that want the module when it is made.
    waiters: Vec<Ref<Fiber>>,
}

impl Vm {
    /// The body of a module starts, in the running fiber.
    pub(super) fn module_begins(&mut self, module: &Value) {
        let owner = self.current_fiber().id;
        self.begun_modules.push(BegunModule {
            module: module.clone(),
            owner,
            waiters: Vec::new(),
        });
    }

    /// The body of a module is over, well or not: who waited looks again.
    pub(super) fn module_is_over(&mut self, module: &Value) {
        let Some(at) = self.begun_modules.iter().position(|b| b.module.is(module)) else {
            return;
        };
        let begun = self.begun_modules.remove(at);
        for fiber in begun.waiters {
            self.wake_fiber(&fiber, Value::NONE);
        }
    }

    /// The bodies that run still will not go on: their modules were not imported.
    pub(super) fn forget_begun_modules(&mut self) {
        let begun = std::mem::take(&mut self.begun_modules);
        for (name, module) in self.modules.pairs() {
            if let Some(name) = name.get::<Str>()
                && begun.iter().any(|begun| begun.module.is(&module))
            {
                drop(self.modules.remove_str(name));
            }
        }
    }

    /// Whether the body of a module runs still.
    pub(crate) fn is_initializing(&self, module: &Value) -> bool {
        self.begun_modules.iter().any(|b| b.module.is(module))
    }

    /// Whether another thread makes a module of this name, so that this one has to wait for it.
    pub(super) fn is_begun_elsewhere(&mut self, name: &str) -> bool {
        if self.begun_modules.is_empty() || !self.has_other_fibers() {
            return false;
        }
        self.begun_elsewhere(name).is_some()
    }

    /// Parks the running fiber until another thread has made the module of that name; false when none makes it, or
    /// when the two would wait for each other: then the module is taken as far as it is made.
    pub(super) fn wait_for_module(&mut self, name: &str) -> bool {
        let Some(at) = self.begun_elsewhere(name) else {
            return false;
        };
        let fiber = self.current_fiber();
        self.begun_modules[at].waiters.push(fiber);
        self.park(None, false);
        true
    }

    /// The running fiber was interrupted: the end of a module must not wake it from what it waits for next.
    pub(super) fn waits_for_no_module(&mut self) {
        if self.begun_modules.is_empty() {
            return;
        }
        let me = self.current_fiber();
        for begun in &mut self.begun_modules {
            begun.waiters.retain(|fiber| !fiber.is(&me));
        }
    }

    fn begun_elsewhere(&mut self, name: &str) -> Option<usize> {
        if self.begun_modules.is_empty() {
            return None;
        }
        let module = self.modules.get_name(name)?;
        let me = self.current_fiber().id;
        let at = self
            .begun_modules
            .iter()
            .position(|b| b.module.is(&module))?;
        // Along those who wait for each other: does the last one wait for this fiber?
        let mut owner = self.begun_modules[at].owner;
        for _ in 0..self.begun_modules.len() {
            if owner == me {
                return None;
            }
            let waits_for = |b: &&BegunModule| b.waiters.iter().any(|fiber| fiber.id == owner);
            match self.begun_modules.iter().find(waits_for) {
                Some(next) => owner = next.owner,
                None => break,
            }
        }
        (owner != me).then_some(at)
    }
}
