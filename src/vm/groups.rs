//! Exception groups: what `except*` needs of them.

use super::Vm;
use super::types::Known;
use crate::heap::Value;
use crate::object::exception::Exception;
use crate::object::list::List;
use crate::object::native::R;
use crate::object::tuple::Tuple;

impl Vm {
    fn is_group_value(&mut self, value: &Value) -> bool {
        let group = self.known_class(Known::BaseExceptionGroup);
        self.class_of(value).is_subclass(&group)
    }

    /// `except* classes`: the part of an exception that matches (a group), and the rest; None where there is none.
    pub(crate) fn split_exception(
        &mut self,
        exception: &Value,
        classes: &Value,
    ) -> R<(Value, Value)> {
        self.check_star_classes(classes)?;
        if exception.is_none() {
            return Ok((Value::NONE, Value::NONE));
        }
        if !self.is_group_value(exception) {
            if !self.is_instance(exception, classes)? {
                return Ok((Value::NONE, exception.clone()));
            }
            // A plain exception that matches comes wrapped into a group.
            let class = self.known_class(Known::ExceptionGroup);
            let members = Tuple::one(exception.clone()).into_value();
            let empty = crate::object::str::Str::empty().into_value();
            let group = self.call(class.as_value(), &[empty, members])?;
            return Ok((group, Value::NONE));
        }
        if self.is_instance(exception, classes)? {
            return Ok((exception.clone(), Value::NONE));
        }
        let pair = self.call_method(exception, "split", std::slice::from_ref(classes))?;
        match pair.get::<Tuple>().map(Tuple::items) {
            Some([matching, rest]) => Ok((matching.clone(), rest.clone())),
            Some(items) => {
                let n = items.len();
                Err(self.type_error(format!(
                    "GroupError.split must return a 2-tuple, got tuple of size {n}"
                )))
            }
            None => {
                let name = self.type_name(&pair);
                Err(self.type_error(format!("split must return a tuple, not {name}")))
            }
        }
    }

    fn check_star_classes(&mut self, classes: &Value) -> R<()> {
        let list: Vec<Value> = match classes.get::<Tuple>() {
            Some(tuple) => tuple.items().to_vec(),
            None => vec![classes.clone()],
        };
        let group = self.known_class(Known::BaseExceptionGroup);
        for class in &list {
            if !self.is_exception_class(class) {
                return Err(self.type_error(
                    "catching classes that do not inherit from BaseException is not allowed",
                ));
            }
            if class
                .get::<crate::object::class::Class>()
                .is_some_and(|c| c.is_subclass(&group))
            {
                return Err(self.type_error(
                    "catching ExceptionGroup with except* is not allowed. Use except instead.",
                ));
            }
        }
        Ok(())
    }

    /// What is left to raise after all `except*` clauses: `results` holds what they raised and,
    /// where something did not match, the rest. None if nothing is left.
    pub(crate) fn join_exceptions(&mut self, original: &Value, results: &Value) -> R {
        let results: Vec<Value> = match results.get::<List>() {
            Some(list) => self.lift(list.copy())?.into_vec(),
            None => Vec::new(),
        };
        let results: Vec<Value> = results
            .into_iter()
            .filter(|r| r.is_kind::<Exception>())
            .collect();
        if results.is_empty() {
            return Ok(Value::NONE);
        }
        if !self.is_group_value(original) {
            return Ok(results[0].clone());
        }
        // Parts that were raised again as they were belong to the original's structure; others are new.
        let (again, new): (Vec<Value>, Vec<Value>) = results
            .into_iter()
            .partition(|result| same_traceback(result, original));
        let again = if again.is_empty() {
            Value::NONE
        } else {
            self.project(original, &again)?
        };
        if new.is_empty() {
            return Ok(again);
        }
        let mut members = new;
        if !again.is_none() {
            members.push(again);
        }
        if members.len() == 1 {
            return Ok(members.remove(0));
        }
        let class = self.known_class(Known::BaseExceptionGroup);
        let empty = crate::object::str::Str::empty().into_value();
        let list = List::from_vec(members).into_value();
        self.call(class.as_value(), &[empty, list])
    }

    /// The part of a group that consists of the leaves in `parts`.
    fn project(&mut self, original: &Value, parts: &[Value]) -> R {
        let mut leaves = Vec::new();
        for part in parts {
            self.leaves_of(part, &mut leaves)?;
        }
        self.project_leaves(original, &leaves)
    }

    fn leaves_of(&mut self, part: &Value, leaves: &mut Vec<Value>) -> R<()> {
        self.check_stack()?;
        if !self.is_group_value(part) {
            leaves.push(part.clone());
            return Ok(());
        }
        for member in members(part) {
            self.leaves_of(&member, leaves)?;
        }
        Ok(())
    }

    fn project_leaves(&mut self, group: &Value, leaves: &[Value]) -> R {
        self.check_stack()?;
        let mut kept = Vec::new();
        for member in &members(group) {
            if self.is_group_value(member) {
                let part = self.project_leaves(member, leaves)?;
                if !part.is_none() {
                    kept.push(part);
                }
            } else if leaves.iter().any(|leaf| leaf.is(member)) {
                kept.push(member.clone());
            }
        }
        if kept.is_empty() {
            return Ok(Value::NONE);
        }
        let list = List::from_vec(kept).into_value();
        let derived = self.call_method(group, "derive", &[list])?;
        if let (Some(from), Some(to)) = (group.get::<Exception>(), derived.get::<Exception>()) {
            to.traceback.set(from.traceback.get());
            to.context.set(from.context.get());
            to.cause.set(from.cause.get());
            // Setting a cause, even None, does that.
            to.suppress_context.set(true);
        }
        if let Some(notes) = self.get_attr_optional(group, "__notes__")?
            && !cfg!(hoop_mutant = "11")
        {
            let copy = List::from_vec(self.collect(&notes)?).into_value();
            self.set_attr(&derived, "__notes__", &copy)?;
        }
        Ok(derived)
    }
}

fn members(group: &Value) -> Vec<Value> {
    let tuple = group.get::<Exception>().map_or(Value::NONE, |e| {
        e.extra[super::error::fields::GROUP_EXCEPTIONS].get()
    });
    tuple
        .get::<Tuple>()
        .map_or(Vec::new(), |t| t.items().to_vec())
}

fn same_traceback(a: &Value, b: &Value) -> bool {
    match (a.get::<Exception>(), b.get::<Exception>()) {
        (Some(a), Some(b)) => {
            a.traceback.as_value().is(b.traceback.as_value())
                && a.context.as_value().is(b.context.as_value())
                && a.cause.as_value().is(b.cause.as_value())
        }
        _ => false,
    }
}
