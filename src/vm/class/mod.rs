//! Classes: how they are built, what they allow, how they make instances.

mod attributes;
pub(super) use attributes::is_special;
mod build;
pub(crate) mod check;
mod create;
mod layout;
mod order;
mod statement;

pub use build::{DICT, TYPE_NEW, WEAKREF, get_dict};
pub use create::object_new_excess;
pub(super) use create::unwrap_static;
pub(crate) use layout::{has_slots, instance_shape_flags};
pub use statement::BUILD_CLASS;
