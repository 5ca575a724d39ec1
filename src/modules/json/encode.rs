//! Writing JSON.

use crate::builtins::arguments::{plain, wtf8};
use crate::heap::Value;
use crate::object::dict::Dict;
use crate::object::float;
use crate::object::int::IntView;
use crate::object::int_text::to_decimal;
use crate::object::list::List;
use crate::object::native::R;
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;

/// What the encoder was asked for.
struct Encoder {
    default: Value,
    skip_keys: bool,
    ascii: bool,
    check_circular: bool,
    allow_nan: bool,
    sort_keys: bool,
    /// One level of indentation, if lines are broken.
    indent: Option<String>,
    item_separator: String,
    key_separator: String,
    out: Vec<u8>,
    /// For so many bytes of it there was room.
    asked: usize,
    /// The containers that are being written.
    open: Vec<Value>,
}

/// `_encode(...)`
pub fn encode(vm: &mut Vm, args: &[Value]) -> R {
    let indent = match &args[7] {
        value if value.is_none() => None,
        value if value.is_kind::<Str>() => Some(plain(value)),
        value => Some(" ".repeat(vm.index(value)?.clamp(0, 1000) as usize)),
    };
    for (separator, place) in [(&args[9], 5), (&args[8], 6)] {
        if !separator.is_kind::<Str>() {
            let given = vm.type_name(separator);
            return Err(vm.type_error(format!(
                "make_encoder() argument {place} must be str, not {given}"
            )));
        }
    }
    let mut encoder = Encoder {
        default: args[1].clone(),
        skip_keys: vm.truth(&args[2])?,
        ascii: vm.truth(&args[3])?,
        check_circular: vm.truth(&args[4])?,
        allow_nan: vm.truth(&args[5])?,
        sort_keys: vm.truth(&args[6])?,
        indent,
        item_separator: plain(&args[8]),
        key_separator: plain(&args[9]),
        out: Vec::new(),
        open: Vec::new(),
        asked: 0,
    };
    encoder.value(vm, &args[0])?;
    wtf8(vm, &encoder.out)
}

/// A string as JSON writes it.
pub fn quoted(vm: &mut Vm, string: &Value, ascii: bool) -> R {
    let Some(text) = string.get::<Str>() else {
        let name = vm.type_name(string);
        return Err(vm.type_error(format!("first argument must be a string, not {name}")));
    };
    let mut encoder = Encoder::plain(ascii);
    encoder.string(text);
    wtf8(vm, &encoder.out)
}

impl Encoder {
    /// An encoder of strings.
    fn plain(ascii: bool) -> Encoder {
        Encoder {
            default: Value::NONE,
            skip_keys: false,
            ascii,
            check_circular: true,
            allow_nan: true,
            sort_keys: false,
            indent: None,
            item_separator: String::new(),
            key_separator: String::new(),
            out: Vec::new(),
            open: Vec::new(),
            asked: 0,
        }
    }

    fn push(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn value(&mut self, vm: &mut Vm, value: &Value) -> R<()> {
        vm.tick(1)?;
        if self.out.capacity() > self.asked {
            // What is there is charged when it becomes a string.
            self.asked = self.out.capacity();
            vm.check_room(self.asked)?;
        }
        if let Some(text) = value.get::<Str>() {
            vm.check_room(text.byte_len() * 2)?;
            self.string(text);
            return Ok(());
        }
        if value.is_none() {
            self.push("null");
        } else if let Some(truth) = value.as_bool() {
            self.push(if truth { "true" } else { "false" });
        } else if let Some(i) = value.as_small_int() {
            self.push(&i.to_string());
        } else if let Some(view) = IntView::of(value) {
            let text = to_decimal(view);
            let text = vm.lift(text)?;
            self.push(&text);
        } else if let Some(f) = float::as_float(value) {
            return self.float(vm, f);
        } else if value.is_kind::<List>() || value.is_kind::<Tuple>() {
            return self.container(vm, value, |encoder, vm| encoder.list(vm, value));
        } else if value.is_kind::<Dict>() {
            return self.container(vm, value, |encoder, vm| encoder.dict(vm, value));
        } else {
            return self
                .container(vm, value, |encoder, vm| {
                    let default = encoder.default.clone();
                    let other = vm.call(&default, std::slice::from_ref(value))?;
                    encoder.value(vm, &other)
                })
                .map_err(|raised| self.noted(vm, raised, value));
        }
        Ok(())
    }

    /// CPython notes on the exception where in the structure it came up.
    fn noted(
        &self,
        vm: &mut Vm,
        raised: crate::object::native::Raised,
        value: &Value,
    ) -> crate::object::native::Raised {
        let name = vm.type_name(value);
        // A note that cannot be added changes nothing.
        let _ = vm.add_note(&raised.0, &format!("when serializing {name} object"));
        raised
    }

    /// Writes what may contain itself.
    fn container(
        &mut self,
        vm: &mut Vm,
        value: &Value,
        write: impl FnOnce(&mut Encoder, &mut Vm) -> R<()>,
    ) -> R<()> {
        vm.check_stack()?;
        if self.check_circular {
            if self.open.iter().any(|open| open.is(value)) {
                return Err(vm.value_error("Circular reference detected"));
            }
        } else if self.open.len() as u32 >= vm.recursion_limit {
            return Err(
                vm.recursion_error("maximum recursion depth exceeded while encoding a JSON object")
            );
        }
        self.open.push(value.clone());
        let result = write(self, vm);
        self.open.pop();
        result
    }

    fn new_line(&mut self, depth: usize) {
        if let Some(indent) = self.indent.clone() {
            self.out.push(b'\n');
            for _ in 0..depth {
                self.push(&indent);
            }
        }
    }

    fn list(&mut self, vm: &mut Vm, value: &Value) -> R<()> {
        let items = match value.is_exact::<List>() {
            true => Vec::new(),
            false => vm.collect(value)?,
        };
        let empty = match value.get_exact::<List>() {
            Some(list) => list.is_empty(),
            None => items.is_empty(),
        };
        if empty {
            self.push("[]");
            return Ok(());
        }
        let depth = self.depth();
        self.push("[");
        // `default` may change the list that is being written.
        let live = value.to_ref::<List>();
        let item_at = |i: usize| match &live {
            Some(list) => list.get(i),
            None => items.get(i).cloned(),
        };
        let mut i = 0;
        while let Some(item) = item_at(i) {
            if i > 0 {
                let separator = self.item_separator.clone();
                self.push(&separator);
            }
            self.new_line(depth);
            if let Err(raised) = self.value(vm, &item) {
                let name = vm.type_name(value);
                let _ = vm.add_note(&raised.0, &format!("when serializing {name} item {i}"));
                return Err(raised);
            }
            i += 1;
        }
        self.new_line(depth - 1);
        self.push("]");
        Ok(())
    }

    /// How many lists and dicts are open.
    fn depth(&self) -> usize {
        let nested =
            |v: &&Value| v.is_kind::<List>() || v.is_kind::<Tuple>() || v.is_kind::<Dict>();
        self.open.iter().filter(nested).count()
    }

    fn dict(&mut self, vm: &mut Vm, value: &Value) -> R<()> {
        let mut entries = vm.mapping_entries(value)?;
        if entries.is_empty() {
            self.push("{}");
            return Ok(());
        }
        if self.sort_keys {
            entries = sorted(vm, entries)?;
        }
        let depth = self.depth();
        self.push("{");
        let mut first = true;
        for (key, item) in entries {
            let Some(text) = self.key(vm, &key)? else {
                continue;
            };
            if !first {
                let separator = self.item_separator.clone();
                self.push(&separator);
            }
            first = false;
            self.new_line(depth);
            match key.get::<Str>() {
                Some(text) => self.string(text),
                None => self.push(&format!("\"{text}\"")),
            }
            let separator = self.key_separator.clone();
            self.push(&separator);
            if let Err(raised) = self.value(vm, &item) {
                let name = vm.type_name(value);
                let shown = vm.repr_text(&key)?;
                let _ = vm.add_note(&raised.0, &format!("when serializing {name} item {shown}"));
                return Err(raised);
            }
        }
        if !first {
            self.new_line(depth - 1);
        }
        self.push("}");
        Ok(())
    }

    /// The text of a key that is no string; None for one that is left out.
    fn key(&mut self, vm: &mut Vm, key: &Value) -> R<Option<String>> {
        if key.is_kind::<Str>() {
            return Ok(Some(String::new()));
        }
        if key.is_none() {
            return Ok(Some("null".into()));
        }
        if let Some(truth) = key.as_bool() {
            return Ok(Some(if truth { "true" } else { "false" }.into()));
        }
        if let Some(view) = IntView::of(key) {
            let text = to_decimal(view);
            return vm.lift(text).map(Some);
        }
        if let Some(f) = float::as_float(key) {
            return self.float_text(vm, f).map(Some);
        }
        if self.skip_keys {
            return Ok(None);
        }
        let name = vm.type_name(key);
        Err(vm.type_error(format!(
            "keys must be str, int, float, bool or None, not {name}"
        )))
    }

    fn float(&mut self, vm: &mut Vm, f: f64) -> R<()> {
        let text = self.float_text(vm, f)?;
        self.push(&text);
        Ok(())
    }

    fn float_text(&self, vm: &mut Vm, f: f64) -> R<String> {
        if f.is_finite() {
            return Ok(float::repr(f));
        }
        let text = if f.is_nan() {
            "NaN"
        } else if f > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        };
        if self.allow_nan {
            return Ok(text.to_string());
        }
        Err(vm.value_error(format!(
            "Out of range float values are not JSON compliant: {}",
            float::repr(f)
        )))
    }

    fn string(&mut self, text: &Str) {
        self.out.push(b'"');
        let bytes = text.bytes();
        let plain = |b: u8| b >= 0x20 && b != b'"' && b != b'\\' && b < 0x7F;
        if bytes
            .iter()
            .all(|&b| plain(b) || (!self.ascii && b >= 0x7F))
        {
            self.out.extend_from_slice(bytes);
        } else {
            for point in text.points() {
                self.point(point);
            }
        }
        self.out.push(b'"');
    }

    fn point(&mut self, point: u32) {
        let escape = match point {
            0x22 => "\\\"",
            0x5C => "\\\\",
            0x0A => "\\n",
            0x0D => "\\r",
            0x09 => "\\t",
            0x0C => "\\f",
            0x08 => "\\b",
            0..=0x1F => return self.unit(point),
            0x20..=0x7E => return self.out.push(point as u8),
            0x7F if !self.ascii => return self.out.push(0x7F),
            _ if !self.ascii => {
                let mut room = [0; 4];
                let bytes = crate::object::str::encode_point(point, &mut room);
                self.out.extend_from_slice(bytes);
                return;
            }
            0x7F..=0xFFFF => return self.unit(point),
            _ => {
                let rest = point - 0x1_0000;
                self.unit(0xD800 + (rest >> 10));
                return self.unit(0xDC00 + (rest & 0x3FF));
            }
        };
        self.push(escape);
    }

    /// A unit of UTF-16, by its number: texts that are not English have many.
    fn unit(&mut self, unit: u32) {
        let digit = |shift: u32| b"0123456789abcdef"[(unit >> shift & 0xF) as usize];
        let digits = [digit(12), digit(8), digit(4), digit(0)];
        self.push("\\u");
        self.out.extend_from_slice(&digits);
    }
}

/// Entries in the order of their keys.
fn sorted(vm: &mut Vm, entries: Vec<(Value, Value)>) -> R<Vec<(Value, Value)>> {
    use crate::builtins::functions::sorting::sort_pairs;
    let (entries, done) = sort_pairs(vm, entries, false);
    done?;
    Ok(entries)
}
