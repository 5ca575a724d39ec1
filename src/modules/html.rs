//! `_html`: the names of characters, for `html.entities`.

use crate::builtins::arguments::string;
use crate::heap::{Ref, Value};
use crate::object::dict::Dict;
use crate::object::native::{Def, ModuleDef, R};
use crate::vm::Vm;

/// `_html`
pub static MODULE: ModuleDef = ModuleDef {
    name: "_html",
    doc: "The names of characters in HTML.",
    functions: &[Def::leaf("entities()", table).doc("All names, with what they stand for.")],
    types: &[],
    setup: None,
};

fn table(vm: &mut Vm, _: &[Value]) -> R {
    let names = Dict::new();
    for entity in &entities::ENTITIES {
        let name = entity.entity.trim_start_matches('&');
        vm.dict_set(&names, &string(name), string(entity.characters))?;
    }
    Ok(Ref::into_value(names))
}
