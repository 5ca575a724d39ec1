//! Keywords in calls of native functions: the common case, in which each is known and none is missing.

use super::Vm;
use crate::heap::Value;
use crate::object::native::{Binding, Native, R};
use crate::object::tuple::Tuple;

impl Vm {
    /// Binds a call in which each keyword names a parameter that is not given otherwise, and no
    /// parameter is missing. False, with nothing touched, in any other case.
    ///
    /// # Safety
    /// As `bind`.
    pub(super) unsafe fn bind_native_keywords(
        &mut self,
        native: &Native,
        args: *mut Value,
        n: usize,
        names: &Value,
        out: *mut Value,
    ) -> R<bool> {
        let names = names.get::<Tuple>().map_or(&[][..], Tuple::items);
        // What makes instances has more to say about its arguments.
        if names.is_empty() || native.makes || native.def.binding == Binding::Class {
            return Ok(false);
        }
        let signature = self.signature(native);
        let (params, positional) = (&signature.params, signature.positional);
        let by_position = n - names.len();
        let direct = by_position.min(positional);
        if params.len() >= 64
            || signature.varkw && !signature.lazy_varkw
            || by_position > positional && !signature.varargs
            || by_position == 0
        {
            return Ok(false);
        }
        let first_named = direct.max(signature.posonly);
        let mut places: smallvec::SmallVec<[usize; 8]> = smallvec::SmallVec::new();
        let mut given = (1u64 << direct) - 1;
        for name in names {
            let at = params[first_named..].iter().position(|p| p.name.is(name));
            match at.map(|at| first_named + at) {
                Some(at) if given >> at & 1 == 0 => {
                    given |= 1 << at;
                    places.push(at);
                }
                _ => return Ok(false),
            }
        }
        let is_given = |i: &usize| given >> i & 1 != 0;
        let mut rest = (direct..params.len()).filter(|i| !is_given(i));
        if rest.any(|i| !params[i].optional) {
            return Ok(false);
        }
        // SAFETY: each argument is read once, each parameter written once; `out` has room for all.
        unsafe {
            if let Err(raised) = self.check_method_receiver(native, Some(&*args)) {
                for i in 0..n {
                    drop(args.add(i).read());
                }
                return Err(raised);
            }
            if signature.varargs {
                let surplus = by_position - direct;
                let Ok(rest) = Tuple::build(surplus, |i| args.add(direct + i).read()) else {
                    return Ok(false);
                };
                out.add(params.len()).write(rest.into_value());
            }
            for i in 0..direct {
                out.add(i).write(args.add(i).read());
            }
            for (i, &place) in places.iter().enumerate() {
                out.add(place).write(args.add(by_position + i).read());
            }
            for i in (direct..params.len()).filter(|i| !is_given(i)) {
                out.add(i).write(params[i].default.clone());
            }
        }
        Ok(true)
    }
}
