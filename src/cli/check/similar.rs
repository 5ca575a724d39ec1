//! Which of some names was probably meant.

/// The name that is nearest to another, if one is near.
pub fn nearest<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let limit = match wanted.chars().count() {
        0..=2 => return None,
        3..=5 => 1,
        6..=9 => 2,
        _ => 3,
    };
    let mut best: Option<(usize, &str)> = None;
    for name in known {
        if name.starts_with('_') != wanted.starts_with('_') || name == wanted {
            continue;
        }
        let far = strsim::damerau_levenshtein(wanted, name);
        if far <= limit && best.is_none_or(|(least, other)| (far, name) < (least, other)) {
            best = Some((far, name));
        }
    }
    best.map(|(_, name)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names() {
        assert_eq!(nearest("pritn", ["print", "sprint"]), Some("print".into()));
        assert_eq!(
            nearest("conection", ["collection", "connection"]),
            Some("connection".into())
        );
        assert_eq!(nearest("x", ["y"]), None);
        assert_eq!(
            nearest("task", ["tast", "_task", "task"]),
            Some("tast".into())
        );
        assert_eq!(nearest("nothing", ["everything"]), None);
    }
}
