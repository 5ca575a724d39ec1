//! Union, difference and the like of sets, in CPython's order of insertion.
//!
//! They run on tables that nobody else can reach. `ask` says whether two keys
//! are equal when only script code can: a caller first tries with one that
//! refuses, on the tables where they lie, and if it is refused works on
//! copies, so that script code never meets a borrowed table.

use super::dict::Probe;
use super::set::SetTable;
use crate::heap::{OutOfMemory, Value};

/// Says whether two keys are equal.
pub trait Ask<E>: FnMut(&Value, &Value) -> Result<bool, E> {}

impl<E, F: FnMut(&Value, &Value) -> Result<bool, E>> Ask<E> for F {}

/// Why an operation on borrowed tables stopped.
pub enum Refused {
    /// Script code would have to be asked.
    Script,
    /// There is no memory.
    Memory(OutOfMemory),
}

impl From<OutOfMemory> for Refused {
    fn from(lacking: OutOfMemory) -> Refused {
        Refused::Memory(lacking)
    }
}

/// An `ask` that refuses.
pub fn refuse(_: &Value, _: &Value) -> Result<bool, Refused> {
    Err(Refused::Script)
}

/// The slot of a key.
pub fn find<E>(
    table: &SetTable,
    hash: i64,
    key: &Value,
    ask: &mut impl Ask<E>,
) -> Result<Option<usize>, E> {
    match table.lookup(key, hash) {
        Probe::Hit(at) => return Ok(Some(at)),
        Probe::Absent => return Ok(None),
        Probe::Ask(_) => {}
    }
    let mut search = table.search(hash);
    loop {
        match table.probe(&mut search, key) {
            Probe::Hit(at) => return Ok(Some(at)),
            Probe::Absent => return Ok(None),
            Probe::Ask(at) => {
                if let Some(stored) = table.key_at(at)
                    && ask(stored, key)?
                {
                    return Ok(Some(at));
                }
            }
        }
    }
}

/// Adds a key; says whether it is new.
pub fn add<E: From<OutOfMemory>>(
    table: &mut SetTable,
    hash: i64,
    key: &Value,
    ask: &mut impl Ask<E>,
) -> Result<bool, E> {
    if let Some(is_new) = table.add_unasked(hash, key)? {
        return Ok(is_new);
    }
    if find(table, hash, key, ask)?.is_some() {
        return Ok(false);
    }
    table.insert(hash, key.clone())?;
    Ok(true)
}

/// Removes a key; says whether it was there.
pub fn discard<E>(
    table: &mut SetTable,
    hash: i64,
    key: &Value,
    ask: &mut impl Ask<E>,
) -> Result<bool, E> {
    match find(table, hash, key, ask)? {
        Some(at) => Ok(table.remove_at(at).is_some()),
        None => Ok(false),
    }
}

/// `into |= other`
pub fn update<E: From<OutOfMemory>>(
    into: &mut SetTable,
    other: &SetTable,
    ask: &mut impl Ask<E>,
) -> Result<(), E> {
    if other.is_empty() {
        return Ok(());
    }
    if into.is_untouched() {
        *into = other.copy_into(std::mem::take(into))?;
        return Ok(());
    }
    into.expect_members(other.len())?;
    for (hash, key) in other.iter_hashed() {
        add(into, hash, key, ask)?;
    }
    Ok(())
}

/// `a & b`
pub fn intersection<E: From<OutOfMemory>>(
    a: &SetTable,
    b: &SetTable,
    ask: &mut impl Ask<E>,
) -> Result<SetTable, E> {
    // The smaller one decides the order.
    let (seek, scan) = if b.len() > a.len() { (b, a) } else { (a, b) };
    let mut result = SetTable::new();
    for (hash, key) in scan.iter_hashed() {
        if find(seek, hash, key, ask)?.is_some() {
            add(&mut result, hash, key, ask)?;
        }
    }
    Ok(result)
}

/// `a - b`
pub fn difference<E: From<OutOfMemory>>(
    a: &SetTable,
    b: &SetTable,
    ask: &mut impl Ask<E>,
) -> Result<SetTable, E> {
    if a.len() >> 2 > b.len() {
        let mut result = a.copy()?;
        difference_update(&mut result, b, ask)?;
        return Ok(result);
    }
    let mut result = SetTable::new();
    for (hash, key) in a.iter_hashed() {
        if find(b, hash, key, ask)?.is_none() {
            add(&mut result, hash, key, ask)?;
        }
    }
    Ok(result)
}

/// `into -= other`
pub fn difference_update<E: From<OutOfMemory>>(
    into: &mut SetTable,
    other: &SetTable,
    ask: &mut impl Ask<E>,
) -> Result<(), E> {
    let common;
    let other = if other.len() >> 3 > into.len() {
        common = intersection(into, other, ask)?;
        &common
    } else {
        other
    };
    for (hash, key) in other.iter_hashed() {
        discard(into, hash, key, ask)?;
    }
    Ok(into.tidy()?)
}

/// `into ^= other`
pub fn symmetric_update<E: From<OutOfMemory>>(
    into: &mut SetTable,
    other: &SetTable,
    ask: &mut impl Ask<E>,
) -> Result<(), E> {
    for (hash, key) in other.iter_hashed() {
        if !discard(into, hash, key, ask)? {
            add(into, hash, key, ask)?;
        }
    }
    Ok(())
}

/// `a ^ b`
pub fn symmetric_difference<E: From<OutOfMemory>>(
    a: &SetTable,
    b: &SetTable,
    ask: &mut impl Ask<E>,
) -> Result<SetTable, E> {
    let mut result = b.copy()?;
    symmetric_update(&mut result, a, ask)?;
    Ok(result)
}

/// `a <= b`
pub fn is_subset<E>(a: &SetTable, b: &SetTable, ask: &mut impl Ask<E>) -> Result<bool, E> {
    if a.len() > b.len() {
        return Ok(false);
    }
    for (hash, key) in a.iter_hashed() {
        if find(b, hash, key, ask)?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// `a.isdisjoint(b)`
pub fn is_disjoint<E>(a: &SetTable, b: &SetTable, ask: &mut impl Ask<E>) -> Result<bool, E> {
    let (seek, scan) = if b.len() > a.len() { (b, a) } else { (a, b) };
    for (hash, key) in scan.iter_hashed() {
        if find(seek, hash, key, ask)?.is_some() {
            return Ok(false);
        }
    }
    Ok(true)
}
