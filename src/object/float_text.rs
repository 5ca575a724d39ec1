//! Floats as text with a given number of digits, for `format` and `%`.

use super::float::{repr_with, special};

/// How many digits behind the point a float can have that are not 0.
const MOST_DIGITS: usize = 1100;

/// The presentation of a float.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `e`: one digit before the point, an exponent.
    Exponent,
    /// `f`: no exponent.
    Fixed,
    /// `g`: significant digits, an exponent where it is long.
    General,
    /// As `g`, but at least one digit behind the point.
    GeneralPoint,
    /// The shortest text that reads back.
    Shortest,
}

/// The text of a float without its sign. `alternate` keeps the point and the zeros of `g`.
pub fn magnitude(f: f64, style: Style, precision: usize, alternate: bool) -> String {
    let f = f.abs();
    if let Some(name) = special(f) {
        return name.to_owned();
    }
    match style {
        Style::Exponent => exponent(f, precision, alternate),
        Style::Fixed => fixed(f, precision, alternate),
        Style::General => general(f, precision.max(1), alternate, false),
        Style::GeneralPoint => general(f, precision.max(1), alternate, true),
        Style::Shortest => repr_with(f, true),
    }
}

fn fixed(f: f64, precision: usize, alternate: bool) -> String {
    // Beyond what a float has there are only zeros; the standard library takes no precision of any size.
    let exact = precision.min(MOST_DIGITS);
    let mut text = format!("{f:.exact$}");
    text.extend(std::iter::repeat_n('0', precision - exact));
    if alternate && precision == 0 {
        text.push('.');
    }
    text
}

/// The digits of a float and its decimal exponent.
fn scientific(f: f64, precision: usize) -> (String, i32) {
    let exact = precision.min(MOST_DIGITS);
    let text = format!("{f:.exact$e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let mut digits: String = digits.chars().filter(|&c| c != '.').collect();
    digits.extend(std::iter::repeat_n('0', precision - exact));
    (digits, exponent.parse().unwrap_or(0))
}

fn exponent(f: f64, precision: usize, alternate: bool) -> String {
    let (digits, exponent) = scientific(f, precision);
    with_exponent(&digits, exponent, alternate)
}

fn with_exponent(digits: &str, exponent: i32, alternate: bool) -> String {
    let (first, rest) = digits.split_at(1);
    let point = if rest.is_empty() && !alternate {
        ""
    } else {
        "."
    };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{first}{point}{rest}e{sign}{:02}", exponent.abs())
}

fn general(f: f64, precision: usize, alternate: bool, point: bool) -> String {
    let (mut digits, exponent) = scientific(f, precision - 1);
    if !alternate {
        digits.truncate(digits.trim_end_matches('0').len().max(1));
    }
    let limit = precision as i64 - point as i64;
    if exponent < -4 || exponent as i64 >= limit {
        return with_exponent(&digits, exponent, alternate);
    }
    if exponent < 0 {
        return format!("0.{}{digits}", "0".repeat((-exponent - 1) as usize));
    }
    let whole = exponent as usize + 1;
    if digits.len() < whole {
        digits.extend(std::iter::repeat_n('0', whole - digits.len()));
    }
    let (whole, fraction) = digits.split_at(whole);
    match fraction {
        "" if point => format!("{whole}.0"),
        "" if alternate => format!("{whole}."),
        "" => whole.to_owned(),
        _ => format!("{whole}.{fraction}"),
    }
}
