//! The `class` statement: `__build_class__`.

use crate::bytecode::code::flags as code_flags;
use crate::heap::{Ref, Value};
use crate::object::class::Class;
use crate::object::dict::Dict;
use crate::object::function::Cell_;
use crate::object::native::{Args, Def, Input, NativeFrame, R, Step};
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::special::Special;
use crate::vm::types::Known;

/// `__build_class__`. Registers: function of the body, name, bases, keywords; then the
/// metaclass, the namespace, the cell of `__class__`, the resolved bases.
pub static BUILD_CLASS: Def = Def::frame(
    "__build_class__(func=<unset>, name=<unset>, /, *bases, **kwds)",
    4,
    build_class,
);

const BODY: usize = 0;
const NAME: usize = 1;
const BASES: usize = 2;
const KEYWORDS: usize = 3;
const METACLASS: usize = 4;
const NAMESPACE: usize = 5;
const CELL: usize = 6;
const RESOLVED: usize = 7;

const PREPARED: u8 = 1;
const BODY_RAN: u8 = 2;
const MADE: u8 = 3;

fn build_class(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let value = match input {
        Input::Raised(raised) => return Step::Raise(raised),
        Input::Value(value) | Input::Yielded(value) => value,
        Input::Start => Value::NONE,
    };
    let step = match frame.state {
        0 => vm.prepare_class(frame),
        PREPARED => vm.run_class_body(frame, value),
        BODY_RAN => vm.call_metaclass(frame, value),
        _ => vm.check_class_cell(frame, value).map(Step::Return),
    };
    step.unwrap_or_else(Step::Raise)
}

impl Vm {
    fn prepare_class(&mut self, frame: &mut NativeFrame<'_>) -> R<Step> {
        if frame.regs[NAME].is_undef() {
            return Err(self.type_error("__build_class__: not enough arguments"));
        }
        if !frame.regs[BODY].is_kind::<crate::object::function::Function>() {
            return Err(self.type_error("__build_class__: func must be a function"));
        }
        if !frame.regs[NAME].is_kind::<crate::object::str::Str>() {
            return Err(self.type_error("__build_class__: name is not a string"));
        }
        let bases = self.resolve_bases(&frame.regs[BASES])?;
        frame.regs[RESOLVED] = bases.value();
        frame.regs[METACLASS] = self.class_maker(frame, &bases)?;
        let maker = frame.regs[METACLASS].clone();
        let ty = self.known_class(Known::Type);
        if maker.is(ty.as_value()) {
            return self.run_class_body(frame, Dict::new().into_value());
        }
        let name = self.names.of(Special::Prepare).clone();
        let step = self.get_attr_step(&maker, name.as_value());
        let prepare = match self.finish(step) {
            Ok(prepare) => prepare,
            Err(raised) if self.is_raised(&raised, Known::AttributeError) => {
                return self.run_class_body(frame, Dict::new().into_value());
            }
            Err(raised) => return Err(raised),
        };
        if prepare.get::<crate::object::native::Native>().is_some() {
            return self.run_class_body(frame, Dict::new().into_value());
        }
        frame.state = PREPARED;
        let args: Args = smallvec::smallvec![frame.regs[NAME].clone(), bases.into_value()];
        let keywords = frame.regs[KEYWORDS].clone();
        self.call_with_keywords(prepare, args, &keywords)
            .map(|step| step.then_go_on())
    }

    /// Replaces bases that are no classes by what their `__mro_entries__` gives.
    fn resolve_bases(&mut self, given: &Value) -> R<Ref<Tuple>> {
        let Some(bases) = given.to_ref::<Tuple>() else {
            return Ok(Tuple::empty());
        };
        if bases.items().iter().all(|base| base.is_kind::<Class>()) {
            return Ok(bases);
        }
        let mut resolved = Vec::with_capacity(bases.len());
        let mut replaced = false;
        for base in bases.items() {
            if base.is_kind::<Class>() {
                resolved.push(base.clone());
                continue;
            }
            let name = self.names.of(Special::MroEntries).clone();
            let step = self.get_attr_step(base, name.as_value());
            let method = match self.finish(step) {
                Ok(method) => method,
                Err(raised) if self.is_raised(&raised, Known::AttributeError) => {
                    resolved.push(base.clone());
                    continue;
                }
                Err(raised) => return Err(raised),
            };
            let entries = self.call(&method, &[bases.value()])?;
            replaced = true;
            match entries.get::<Tuple>() {
                Some(entries) => resolved.extend(entries.items().iter().cloned()),
                None => return Err(self.type_error("__mro_entries__ must return a tuple")),
            }
        }
        if !replaced {
            return Ok(bases);
        }
        let resolved = Tuple::from_vec(resolved);
        self.lift(resolved)
    }

    /// The metaclass: that of the keyword, or that of the bases; a callable that is no class stands for itself.
    fn class_maker(&mut self, frame: &NativeFrame<'_>, bases: &Tuple) -> R<Value> {
        let name = self.names.metaclass.clone();
        let given = frame.regs[KEYWORDS]
            .get::<Dict>()
            .and_then(|k| k.remove_str(&name));
        let start = match given {
            Some(given) => match given.to_ref::<Class>() {
                Some(class) => class,
                None => return Ok(given),
            },
            None => match bases.items().first() {
                Some(first) => self.class_of(first),
                None => return Ok(self.known_class(Known::Type).into_value()),
            },
        };
        if bases.items().iter().any(|base| !base.is_kind::<Class>()) {
            return self.maker_of_instances(start, bases);
        }
        let classes: Vec<Ref<Class>> = bases
            .items()
            .iter()
            .filter_map(|b| b.to_ref::<Class>())
            .collect();
        Ok(self.calculate_metaclass(&start, &classes)?.into_value())
    }

    /// As `class_maker`, where a base is no class: its class counts like a metaclass.
    fn maker_of_instances(&mut self, start: Ref<Class>, bases: &Tuple) -> R<Value> {
        let mut winner = start;
        for base in bases.items() {
            let candidate = self.class_of(base);
            if candidate.is_subclass(&winner) {
                winner = candidate;
            } else if !winner.is_subclass(&candidate) {
                return Err(self.type_error(super::build::METACLASS_CONFLICT));
            }
        }
        Ok(winner.into_value())
    }

    fn run_class_body(&mut self, frame: &mut NativeFrame<'_>, namespace: Value) -> R<Step> {
        if !namespace.is_kind::<Dict>() && self.special_of(&namespace, Special::GetItem).is_none() {
            let (given, maker) = (
                self.type_name(&namespace),
                self.maker_name(&frame.regs[METACLASS]),
            );
            return Err(self.type_error(format!(
                "{maker}.__prepare__() must return a mapping, not {given}"
            )));
        }
        frame.regs[NAMESPACE] = namespace.clone();
        frame.state = BODY_RAN;
        let body = frame.regs[BODY].clone();
        let is_body = body
            .get::<crate::object::function::Function>()
            .is_some_and(|f| f.code.borrow().flags & code_flags::NAMESPACE != 0);
        // Any other function is called as it is, and its namespace stays empty.
        let args = match is_body {
            true => smallvec::smallvec![namespace],
            false => Args::new(),
        };
        Ok(Step::Call(body, args))
    }

    fn maker_name(&mut self, maker: &Value) -> String {
        maker
            .get::<Class>()
            .map_or_else(|| "<metaclass>".to_string(), Class::name_str)
    }

    fn call_metaclass(&mut self, frame: &mut NativeFrame<'_>, cell: Value) -> R<Step> {
        frame.regs[CELL] = cell.clone();
        frame.state = MADE;
        let namespace = frame.regs[NAMESPACE].clone();
        if !frame.regs[RESOLVED].is(&frame.regs[BASES]) {
            let name = self.names.orig_bases.clone();
            let bases = frame.regs[BASES].clone();
            self.put_item(&namespace, name.as_value(), &bases)?;
        }
        let args: Args = smallvec::smallvec![
            frame.regs[NAME].clone(),
            frame.regs[RESOLVED].clone(),
            namespace
        ];
        let (maker, keywords) = (frame.regs[METACLASS].clone(), frame.regs[KEYWORDS].clone());
        self.call_with_keywords(maker, args, &keywords)
            .map(|step| step.then_go_on())
    }

    fn put_item(&mut self, namespace: &Value, name: &Value, value: &Value) -> R<()> {
        let step = self.set_item_step(namespace, name, value);
        self.finish(step).map(drop)
    }

    fn check_class_cell(&mut self, frame: &NativeFrame<'_>, class: Value) -> R {
        let Some(cell) = frame.regs[CELL].to_ref::<Cell_>() else {
            return Ok(class);
        };
        if !class.is_kind::<Class>() || cell.content.as_value().is(&class) {
            return Ok(class);
        }
        let name = frame.regs[NAME]
            .get::<Str>()
            .map_or_else(String::new, |s| s.to_text().into_owned());
        let shown = self.repr_text(&class)?;
        if cell.content.is_undef() {
            return Err(self.runtime_error(format!(
                "__class__ not set defining '{name}' as {shown}. Was __classcell__ propagated to type.__new__?"
            )));
        }
        let content = cell.content.get();
        let content = self.repr_text(&content)?;
        Err(self.type_error(format!(
            "__class__ set to {content} defining '{name}' as {shown}"
        )))
    }
}
