//! `format(Decimal, spec)`: the format mini-language as it is for decimals.

use super::text::{push_number, to_text};
use super::work::{Out, Rounding, Work};
use crate::object::decimal::{Number, digits};

/// A parsed format specification.
pub struct Spec {
    fill: String,
    /// One of `<>=^`, or `0` for zeros behind the sign.
    align: char,
    sign: char,
    no_negative_zero: bool,
    /// There is always a point.
    alternate: bool,
    width: usize,
    precision: Option<i64>,
    kind: char,
    /// The type was `N`.
    pub deprecated: bool,
    /// What stands between groups, and how long those are, the last one first.
    pub separator: String,
    /// Sizes of the groups; 0 as the last ends the grouping, else the last is repeated.
    pub grouping: Vec<usize>,
    /// The decimal point.
    pub point: String,
}

/// Why a specification is refused.
pub enum Refused {
    /// It is no specification.
    Invalid,
    /// A number in it is too large.
    TooLarge,
    /// A number in it is larger than any precision.
    BeyondLimits,
}

/// Reads a specification; `capitals` is that of the context.
pub fn parse(text: &str, capitals: bool) -> Result<Spec, Refused> {
    let chars: Vec<char> = text.chars().collect();
    let mut at = 0;
    let mut spec = Spec {
        fill: " ".to_owned(),
        align: '>',
        sign: '-',
        no_negative_zero: false,
        alternate: false,
        width: 0,
        precision: None,
        kind: if capitals { 'G' } else { 'g' },
        deprecated: false,
        separator: String::new(),
        grouping: vec![3],
        point: ".".to_owned(),
    };
    let is_align = |c: Option<&char>| c.is_some_and(|c| "<>=^".contains(*c));
    let aligned = if is_align(chars.get(1)) {
        spec.fill = chars[0].to_string();
        spec.align = chars[1];
        at = 2;
        true
    } else if is_align(chars.first()) {
        spec.align = chars[0];
        at = 1;
        true
    } else {
        false
    };
    let mut take = |wanted: &str| {
        let found = chars.get(at).copied().filter(|c| wanted.contains(*c));
        at += usize::from(found.is_some());
        found
    };
    if let Some(sign) = take("+- ") {
        spec.sign = sign;
    }
    spec.no_negative_zero = take("z").is_some();
    spec.alternate = take("#").is_some();
    if take("0").is_some() {
        if aligned {
            return Err(Refused::Invalid);
        }
        spec.align = '0';
        spec.fill = "0".to_owned();
    }
    let mut number = String::new();
    while let Some(digit) = take("0123456789") {
        number.push(digit);
    }
    let width = std::mem::take(&mut number);
    if take(",").is_some() {
        spec.separator = ",".to_owned();
    }
    let point = take(".").is_some();
    while point && let Some(digit) = take("0123456789") {
        number.push(digit);
    }
    if point && number.is_empty() {
        return Err(Refused::Invalid);
    }
    if let Some(kind) = take("eEfFgGnN%") {
        if matches!(kind, 'n' | 'N') && !spec.separator.is_empty() {
            return Err(Refused::Invalid);
        }
        spec.deprecated = kind == 'N';
        spec.kind = match kind {
            'n' => 'g',
            'N' => 'G',
            _ => kind,
        };
    }
    if at != chars.len() {
        return Err(Refused::Invalid);
    }
    if !width.is_empty() {
        spec.width = width.parse().map_err(|_| Refused::TooLarge)?;
    }
    if point {
        spec.precision = Some(number.parse().map_err(|_| Refused::TooLarge)?);
    }
    let most = super::work::MAX_PREC;
    if spec.width > most as usize || spec.precision > Some(most) {
        return Err(Refused::BeyondLimits);
    }
    Ok(spec)
}

/// The text of a number after a specification.
pub fn formatted(a: &Number, spec: &Spec, rounding: Rounding) -> Out<String> {
    super::work::room(i64::try_from(spec.width).unwrap_or(i64::MAX))?;
    if !a.is_finite() {
        return Ok(special(a, spec));
    }
    let mut set = super::work::Settings::MAX;
    set.rounding = rounding;
    let work = Work::new(set);
    let mut number = a.clone();
    let kind = spec.kind.to_ascii_lowercase();
    if kind == '%' {
        number.exp += 2;
    }
    let (body, number) = match kind {
        'e' => exponential(&number, spec, &work)?,
        'f' | '%' => fixed(number, spec, &work)?,
        _ => general(&number, spec, &work)?,
    };
    let sign = sign_of(
        number.negative && !(spec.no_negative_zero && number.coef.is_zero()),
        spec,
    );
    let tail = if kind == '%' { "%" } else { "" };
    Ok(assembled(&sign, &body, tail, spec))
}

fn sign_of(negative: bool, spec: &Spec) -> String {
    match (negative, spec.sign) {
        (true, _) => "-".to_owned(),
        (false, '-') => String::new(),
        (false, sign) => sign.to_string(),
    }
}

fn special(a: &Number, spec: &Spec) -> String {
    let sign = sign_of(a.negative, spec);
    let mut body = to_text(&a.abs(), true, false);
    if spec.kind == '%' {
        body.push('%');
    }
    if spec.align == '0' {
        return padded(&sign, &body, " ", '>', spec.width);
    }
    padded(&sign, &body, &spec.fill, spec.align, spec.width)
}

/// At most so many digits.
fn shortened(a: &Number, most: i64, work: &Work) -> Out {
    let length = digits(&a.coef);
    if length <= most {
        return Ok(a.clone());
    }
    let (mut rounded, _) = work.rounded_to(a, a.exp + length - most)?;
    if rounded.digits() > most {
        rounded.coef /= 10u8;
        rounded.exp += 1;
    }
    Ok(rounded)
}

fn exponential(a: &Number, spec: &Spec, work: &Work) -> Out<(String, Number)> {
    let mut out = String::new();
    let Some(precision) = spec.precision else {
        let text = a.coef.to_string();
        push_exponential(&mut out, &text, a.exp + text.len() as i64 - 1, spec);
        return Ok((out, a.clone()));
    };
    super::work::room(precision)?;
    let (text, exponent) = if a.coef.is_zero() {
        ("0".repeat(precision as usize + 1), a.exp + precision)
    } else {
        let rounded = shortened(a, precision + 1, work)?;
        let mut text = rounded.coef.to_string();
        let exponent = rounded.exp + text.len() as i64 - 1;
        text.extend(std::iter::repeat_n(
            '0',
            (precision as usize + 1) - text.len(),
        ));
        (text, exponent)
    };
    push_exponential(&mut out, &text, exponent, spec);
    Ok((out, a.clone()))
}

fn push_exponential(out: &mut String, text: &str, exponent: i64, spec: &Spec) {
    out.push_str(&text[..1]);
    if text.len() > 1 {
        out.push('.');
        out.push_str(&text[1..]);
    }
    out.push(spec.kind);
    out.push_str(&format!("{exponent:+}"));
}

fn fixed(mut number: Number, spec: &Spec, work: &Work) -> Out<(String, Number)> {
    if let Some(precision) = spec.precision {
        super::work::room(precision)?;
        number = work.rounded_to(&number, -precision)?.0;
    } else if number.exp > 0 {
        number = if number.coef.is_zero() {
            Number::zero(number.negative, 0)
        } else {
            work.rounded_to(&number, 0)?.0
        };
    }
    super::work::room(number.exp.unsigned_abs() as i64)?;
    let text = number.coef.to_string();
    let left = number.exp + text.len() as i64;
    let mut out = String::new();
    push_number(&mut out, &text, left, left, 'e');
    Ok((out, number))
}

fn general(a: &Number, spec: &Spec, work: &Work) -> Out<(String, Number)> {
    let number = match spec.precision {
        Some(precision) => shortened(a, precision.max(1), work)?,
        None => a.clone(),
    };
    let text = to_text(&number.abs(), spec.kind == 'G', false);
    Ok((text, number))
}

/// Puts groups into the integer part, then sign and fill around it.
fn assembled(sign: &str, body: &str, tail: &str, spec: &Spec) -> String {
    let end = body
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(body.len());
    let (whole, rest) = body.split_at(end);
    let rest = match rest.strip_prefix('.') {
        Some(fraction) => format!("{}{fraction}", spec.point),
        None if spec.alternate => format!("{}{rest}", spec.point),
        _ => rest.to_owned(),
    };
    let zeros = spec.align == '0';
    let used = sign.chars().count() + rest.chars().count() + tail.chars().count();
    let least = if zeros {
        spec.width.saturating_sub(used)
    } else {
        0
    };
    let whole = grouped(whole, spec, least);
    let align = if zeros { '>' } else { spec.align };
    padded(
        sign,
        &format!("{whole}{rest}{tail}"),
        &spec.fill,
        align,
        spec.width,
    )
}

/// An integer in groups, with zeros in front until it is `least` characters long.
fn grouped(whole: &str, spec: &Spec, least: usize) -> String {
    if spec.separator.is_empty() {
        return format!("{}{whole}", "0".repeat(least.saturating_sub(whole.len())));
    }
    let gap = spec.separator.chars().count();
    let mut groups: Vec<String> = Vec::new();
    let mut sizes = spec.grouping.iter().copied();
    let mut size = sizes.next().unwrap_or(0);
    let (mut left, mut length) = (whole.len(), 0);
    loop {
        let space = if groups.is_empty() { 0 } else { gap };
        let endless = size == 0;
        let wanted = least.saturating_sub(length + space);
        let take = if endless {
            left.max(wanted)
        } else {
            size.min(left.max(wanted).max(1))
        };
        let from = left.saturating_sub(take);
        let digits = &whole[from..left];
        groups.push(format!("{}{digits}", "0".repeat(take - digits.len())));
        length += space + take;
        left = from;
        if endless || left == 0 && length >= least {
            break;
        }
        size = sizes.next().unwrap_or(size);
    }
    groups.reverse();
    groups.join(&spec.separator)
}

fn padded(sign: &str, body: &str, fill: &str, align: char, width: usize) -> String {
    let lack = width.saturating_sub(sign.chars().count() + body.chars().count());
    let (before, between, after) = match align {
        '<' => (0, 0, lack),
        '^' => (lack / 2, 0, lack - lack / 2),
        '=' => (0, lack, 0),
        _ => (lack, 0, 0),
    };
    let fill = |n: usize| fill.repeat(n);
    format!(
        "{}{sign}{}{body}{}",
        fill(before),
        fill(between),
        fill(after)
    )
}
