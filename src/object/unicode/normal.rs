//! Normal forms and decompositions.

use unicode_normalization::UnicodeNormalization;

use crate::heap::{OutOfMemory, current, work};

use super::{
    decomposition::{DECOMPOSITIONS, KINDS, MAPPED},
    is_assigned,
};

/// A normal form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Composed.
    Nfc,
    /// Decomposed.
    Nfd,
    /// Composed, compatibility characters replaced.
    Nfkc,
    /// Decomposed, compatibility characters replaced.
    Nfkd,
}

impl Form {
    /// The form of a name.
    pub fn named(name: &str) -> Option<Form> {
        Some(match name {
            "NFC" => Form::Nfc,
            "NFD" => Form::Nfd,
            "NFKC" => Form::Nfkc,
            "NFKD" => Form::Nfkd,
            _ => return None,
        })
    }
}

/// The text in a normal form. Characters of later versions of Unicode stay as they are.
pub fn normalized(text: &str, form: Form) -> Result<String, OutOfMemory> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let known = rest.find(|c| !is_assigned(c as u32)).unwrap_or(rest.len());
        let (plain, tail) = rest.split_at(known);
        match form {
            Form::Nfc => push_all(&mut out, plain.nfc())?,
            Form::Nfd => push_all(&mut out, plain.nfd())?,
            Form::Nfkc => push_all(&mut out, plain.nfkc())?,
            Form::Nfkd => push_all(&mut out, plain.nfkd())?,
        }
        let unknown = tail.chars().next().map_or(0, char::len_utf8);
        out.push_str(&tail[..unknown]);
        rest = &tail[unknown..];
    }
    Ok(out)
}

fn push_all(out: &mut String, characters: impl Iterator<Item = char>) -> Result<(), OutOfMemory> {
    for (i, c) in characters.enumerate() {
        if i & 0xFFF == 0xFFF {
            work(2000)?;
            if out.len() == out.capacity() {
                current().check_room(out.len() * 2)?;
            }
        }
        out.push(c);
    }
    Ok(())
}

/// Whether the text is in a normal form.
pub fn is_normalized(text: &str, form: Form) -> Result<bool, OutOfMemory> {
    Ok(text.is_ascii() || normalized(text, form)? == text)
}

/// The decomposition mapping of a code point as the database has it; empty if there is none.
pub fn decomposition(point: u32) -> String {
    let Ok(at) = DECOMPOSITIONS.binary_search_by_key(&point, |entry| entry.0) else {
        return String::new();
    };
    let (_, kind, size, start) = DECOMPOSITIONS[at];
    let kind = KINDS[kind as usize];
    let mapped = &MAPPED[start as usize..start as usize + size as usize];
    let mut parts = Vec::new();
    if !kind.is_empty() {
        parts.push(format!("<{kind}>"));
    }
    parts.extend(mapped.chars().map(|c| format!("{:04X}", c as u32)));
    parts.join(" ")
}
