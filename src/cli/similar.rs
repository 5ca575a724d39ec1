//! Hints about what is mistyped.

/// The word most like one that is not known, if it is like enough to be meant.
pub fn closest<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // One slip for every three letters: a wrong letter, one too many or too few, or two that changed places.
    let most = wanted.chars().count().div_ceil(3);
    let distances = known
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(wanted, word), word));
    let near = distances.filter(|(distance, _)| (1..=most).contains(distance));
    near.min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}
