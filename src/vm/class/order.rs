//! The method resolution order.

use crate::heap::Ref;
use crate::object::class::Class;
use crate::object::native::R;
use crate::vm::Vm;

impl Vm {
    /// The order of a class with these bases, the class itself left out (C3 linearisation).
    pub(crate) fn linearise(&mut self, bases: &[Ref<Class>]) -> R<Vec<Ref<Class>>> {
        if let [base] = bases {
            return Ok(order_of(base));
        }
        let mut lists: Vec<Vec<Ref<Class>>> = bases.iter().map(order_of).collect();
        lists.push(bases.to_vec());
        let mut heads = vec![0usize; lists.len()];
        let mut order = Vec::new();
        while lists
            .iter()
            .zip(&heads)
            .any(|(list, &head)| head < list.len())
        {
            match next_in_order(&lists, &heads) {
                Some(class) => {
                    for (list, head) in lists.iter().zip(&mut heads) {
                        *head += list.get(*head).is_some_and(|c| c.is(&class)) as usize;
                    }
                    order.push(class);
                }
                None => return Err(self.order_error(&lists, &heads)),
            }
        }
        Ok(order)
    }

    fn order_error(
        &mut self,
        lists: &[Vec<Ref<Class>>],
        heads: &[usize],
    ) -> crate::object::native::Raised {
        let mut names: Vec<String> = Vec::new();
        for (list, &head) in lists.iter().zip(heads) {
            if let Some(class) = list.get(head) {
                let name = class.name_str();
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        let text = format!(
            "Cannot create a consistent method resolution order (MRO) for bases {}",
            names.join(", ")
        );
        self.type_error(text)
    }
}

/// The class and its ancestors.
pub(super) fn order_of(class: &Ref<Class>) -> Vec<Ref<Class>> {
    std::iter::once(class.clone())
        .chain(class.ancestors.borrow().iter().cloned())
        .collect()
}

/// The first head that stands in no other list's tail.
fn next_in_order(lists: &[Vec<Ref<Class>>], heads: &[usize]) -> Option<Ref<Class>> {
    let in_a_tail = |class: &Ref<Class>| {
        lists
            .iter()
            .zip(heads)
            .any(|(list, &head)| list.iter().skip(head + 1).any(|c| c.is(class)))
    };
    lists
        .iter()
        .zip(heads)
        .filter_map(|(list, &head)| list.get(head))
        .find(|class| !in_a_tail(class) || cfg!(hoop_mutant = "10"))
        .cloned()
}
