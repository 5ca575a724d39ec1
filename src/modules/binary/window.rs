//! The bytes of other objects: what natives read, and where they may write.

pub use crate::builtins::arguments::buffer as bytes_like;
use crate::builtins::arguments::not_contiguous;
use crate::builtins::memoryview::of_object;
use crate::heap::Value;
use crate::object::bytes;
use crate::object::memoryview::MemoryView;
use crate::object::native::{R, Raised};
use crate::vm::Vm;

/// Bytes-like, or the text of a str of ASCII.
pub fn ascii_or_bytes(vm: &mut Vm, value: &Value) -> R<Vec<u8>> {
    use crate::object::str::Str;
    let Some(text) = value.get::<Str>() else {
        if bytes::with_bytes(value, |_| ()).is_none()
            && !value.is_kind::<MemoryView>()
            && vm
                .special_of(value, crate::vm::special::Special::Buffer)
                .is_none()
        {
            let given = vm.type_name(value);
            return Err(vm.type_error(format!(
                "argument should be bytes, buffer or ASCII string, not '{given}'"
            )));
        }
        return bytes_like(vm, value);
    };
    if text.is_ascii() {
        Ok(text.bytes().to_vec())
    } else {
        Err(vm.value_error("string argument should contain only ASCII characters"))
    }
}

/// Bytes that can be written, of a fixed length.
pub struct Window {
    /// Keeps the view alive, and so the length of what it shows.
    _view: Value,
    source: Value,
    start: usize,
    len: usize,
}

impl Window {
    /// The bytes of a read-write bytes-like object; `what` begins the message for others:
    /// "readinto() argument".
    pub fn of(vm: &mut Vm, value: &Value, what: &str) -> R<Window> {
        let view = match of_object(vm, value) {
            Ok(view) => view,
            Err(raised) => {
                if value.is_kind::<MemoryView>() {
                    return Err(raised);
                }
                return Err(unwritable(vm, value, what));
            }
        };
        let Some(shown) = view.get::<MemoryView>() else {
            return Err(unwritable(vm, value, what));
        };
        if shown.readonly {
            return Err(unwritable(vm, value, what));
        }
        if !shown.is_contiguous() {
            return Err(not_contiguous(vm));
        }
        let Some(source) = shown.source() else {
            return Err(unwritable(vm, value, what));
        };
        let (start, len) = (shown.start, shown.len * shown.item_size());
        Ok(Window {
            _view: view.clone(),
            source,
            start,
            len,
        })
    }

    /// How many bytes there are.
    pub fn size(&self) -> usize {
        self.len
    }

    /// Writes bytes; what does not fit is left out.
    pub fn write(&self, at: usize, data: &[u8]) {
        let count = data.len().min(self.len.saturating_sub(at));
        let start = self.start + at;
        bytes::with_bytes_mut(&self.source, |target| {
            if let Some(place) = target.get_mut(start..start + count) {
                place.copy_from_slice(&data[..count]);
            }
        });
    }
}

fn unwritable(vm: &mut Vm, value: &Value, what: &str) -> Raised {
    let given = crate::builtins::arguments::shown_type(vm, value);
    vm.type_error(format!(
        "{what} must be read-write bytes-like object, not {given}"
    ))
}
