//! The format language of `format` and f-strings:
//! `[[fill]align][sign][z][#][0][width][grouping][.precision][type]`.

use super::complex::Parts;
use super::error::{Fault, Outcome};
use super::float_text::{Style, magnitude};
use super::int::{IntView, check_bits};
use super::int_text;
use super::quick_format;
use super::str::{Points, Str, count_points, encode_point, points, push_point};
use super::unicode;
use crate::heap::{Buffer, Ref};

/// What is formatted.
#[derive(Clone, Copy)]
pub enum Subject<'a> {
    /// A string.
    Str(&'a Str),
    /// An int or a bool.
    Int(IntView<'a>),
    /// A float.
    Float(f64),
    /// A complex number.
    Complex(Parts),
}

/// A format specification that was read.
#[derive(Clone, Debug)]
struct Spec {
    fill: u32,
    align: u32,
    align_given: bool,
    fill_given: bool,
    sign: u32,
    no_negative_zero: bool,
    alternate: bool,
    width: usize,
    grouping: u32,
    precision: Option<usize>,
    code: u32,
}

const fn c(c: char) -> u32 {
    c as u32
}

/// The largest width and precision.
const MOST: usize = isize::MAX as usize;
/// C's ints hold the precision of floats.
const MOST_PRECISION: usize = i32::MAX as usize;

/// Formats a value. `spec` is WTF-8; `class` is the name of its class for messages.
pub fn format(subject: Subject<'_>, spec: &[u8], class: &str) -> Outcome<Ref<Str>> {
    if let Some(text) = quick_format::format(subject, spec) {
        return Ok(text);
    }
    let (default_code, default_align) = match subject {
        Subject::Str(_) => (c('s'), c('<')),
        Subject::Int(_) => (c('d'), c('>')),
        Subject::Float(_) | Subject::Complex(_) => (0, c('>')),
    };
    let spec = parse(spec, default_code, default_align, class)?;
    match subject {
        Subject::Str(text) => format_str(text, &spec, class),
        Subject::Int(view) => format_int(view, &spec, class),
        Subject::Float(f) => format_float(f, &spec, class),
        Subject::Complex(parts) => format_complex(parts, &spec, class),
    }
}

/// A cursor over the code points of a specification.
struct Reader<'a>(Points<'a>);

impl Reader<'_> {
    fn peek(&self) -> Option<u32> {
        self.0.clone().next()
    }

    fn second(&self) -> Option<u32> {
        self.0.clone().nth(1)
    }

    fn take(&mut self, wanted: u32) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.0.next();
        }
        found
    }

    fn number(&mut self) -> Outcome<Option<usize>> {
        let mut number = None;
        // Digits of any script count.
        while let Some(digit) = self.peek().and_then(unicode::decimal) {
            self.0.next();
            let value = number
                .unwrap_or(0usize)
                .checked_mul(10)
                .and_then(|n| n.checked_add(digit as usize));
            number = Some(
                value
                    .filter(|&n| n <= MOST)
                    .ok_or_else(|| Fault::value("Too many decimal digits in format string"))?,
            );
        }
        Ok(number)
    }
}

fn is_align(point: Option<u32>) -> bool {
    point
        .and_then(char::from_u32)
        .is_some_and(|c| matches!(c, '<' | '>' | '=' | '^'))
}

fn parse(text: &[u8], default_code: u32, default_align: u32, class: &str) -> Outcome<Spec> {
    let mut reader = Reader(points(text));
    let mut spec = Spec {
        fill: c(' '),
        align: default_align,
        align_given: false,
        fill_given: false,
        sign: 0,
        no_negative_zero: false,
        alternate: false,
        width: 0,
        grouping: 0,
        precision: None,
        code: default_code,
    };
    if is_align(reader.second()) {
        spec.fill = reader.0.next().unwrap_or(spec.fill);
        (spec.fill_given, spec.align_given) = (true, true);
        spec.align = reader.0.next().unwrap_or(default_align);
    } else if is_align(reader.peek()) {
        spec.align_given = true;
        spec.align = reader.0.next().unwrap_or(default_align);
    }
    if let Some(sign) = reader
        .peek()
        .filter(|&p| p == c('+') || p == c('-') || p == c(' '))
    {
        spec.sign = sign;
        reader.0.next();
    }
    spec.no_negative_zero = reader.take(c('z'));
    spec.alternate = reader.take(c('#'));
    if !spec.fill_given && reader.take(c('0')) {
        spec.fill = c('0');
        if !spec.align_given && default_align == c('>') {
            spec.align = c('=');
        }
    }
    spec.width = reader.number()?.unwrap_or(0);
    parse_grouping(&mut reader, &mut spec)?;
    if reader.take(c('.')) {
        let precision = reader
            .number()?
            .ok_or_else(|| Fault::value("Format specifier missing precision"))?;
        spec.precision = Some(precision);
    }
    let mut rest = reader.0.clone();
    if let Some(code) = rest.next() {
        if rest.next().is_some() {
            let shown = String::from_utf8_lossy(text);
            return Err(Fault::value(format!(
                "Invalid format specifier '{shown}' for object of type '{class}'"
            )));
        }
        spec.code = code;
    }
    check_grouping(&spec)?;
    Ok(spec)
}

fn parse_grouping(reader: &mut Reader<'_>, spec: &mut Spec) -> Outcome<()> {
    if reader.take(c(',')) {
        spec.grouping = c(',');
    }
    let both = || Fault::value("Cannot specify both ',' and '_'.");
    if reader.peek() == Some(c('_')) && spec.grouping != 0 {
        return Err(both());
    }
    if spec.grouping == 0 && reader.take(c('_')) {
        spec.grouping = c('_');
    }
    if reader.peek() == Some(c(',')) && spec.grouping == c('_') {
        return Err(both());
    }
    Ok(())
}

fn check_grouping(spec: &Spec) -> Outcome<()> {
    if spec.grouping == 0 {
        return Ok(());
    }
    let code = char::from_u32(spec.code).unwrap_or('\0');
    let allowed = match code {
        'd' | 'e' | 'f' | 'g' | 'E' | 'F' | 'G' | '%' | '\0' => true,
        'b' | 'o' | 'x' | 'X' => spec.grouping == c('_'),
        _ => false,
    };
    if allowed {
        return Ok(());
    }
    let separator = char::from_u32(spec.grouping).unwrap_or(',');
    Err(Fault::value(format!(
        "Cannot specify '{separator}' with {}.",
        show_code(spec.code)
    )))
}

/// A type code in quotes, as messages show it.
fn show_code(code: u32) -> String {
    match char::from_u32(code) {
        Some(c @ '!'..='\x7f') => format!("'{c}'"),
        _ => format!("'\\x{code:x}'"),
    }
}

fn unknown_code(spec: &Spec, class: &str) -> Fault {
    Fault::value(format!(
        "Unknown format code {} for object of type '{class}'",
        show_code(spec.code)
    ))
}

fn format_str(text: &Str, spec: &Spec, class: &str) -> Outcome<Ref<Str>> {
    let not_allowed = |what: &str| {
        Err(Fault::value(format!(
            "{what} not allowed in string format specifier"
        )))
    };
    if spec.code != c('s') {
        return Err(unknown_code(spec, class));
    }
    if spec.sign != 0 {
        return not_allowed(if spec.sign == c(' ') { "Space" } else { "Sign" });
    }
    if spec.no_negative_zero {
        return not_allowed("Negative zero coercion (z)");
    }
    if spec.alternate {
        return not_allowed("Alternate form (#)");
    }
    if spec.align == c('=') {
        return not_allowed("'=' alignment");
    }
    let len = text.len().min(spec.precision.unwrap_or(MOST));
    let body = &text.bytes()[..text.offset_of(len)];
    padded(spec, b"", body, len)
}

/// `prefix` (a sign, `0x`) and `body`, padded to the width.
fn padded(spec: &Spec, prefix: &[u8], body: &[u8], body_len: usize) -> Outcome<Ref<Str>> {
    let len = prefix.len() + body_len;
    let missing = spec.width.saturating_sub(len);
    let (left, inner, right) = match char::from_u32(spec.align) {
        Some('<') => (0, 0, missing),
        Some('^') => (missing / 2, 0, missing - missing / 2),
        Some('=') => (0, missing, 0),
        _ => (missing, 0, 0),
    };
    let mut room = [0; 4];
    let fill = encode_point(spec.fill, &mut room);
    let padding = missing.checked_mul(fill.len()).ok_or(Fault::Memory)?;
    let mut out = Buffer::with_room(
        (prefix.len() + body.len())
            .checked_add(padding)
            .ok_or(Fault::Memory)?,
    )?;
    push_fill(&mut out, fill, left)?;
    out.extend_from_slice(prefix)?;
    push_fill(&mut out, fill, inner)?;
    out.extend_from_slice(body)?;
    push_fill(&mut out, fill, right)?;
    Ok(Str::from_wtf8(&out)?)
}

fn push_fill(out: &mut Buffer<u8>, fill: &[u8], count: usize) -> Outcome<()> {
    for _ in 0..count {
        out.extend_from_slice(fill)?;
    }
    Ok(())
}

fn format_int(view: IntView<'_>, spec: &Spec, class: &str) -> Outcome<Ref<Str>> {
    let code = char::from_u32(spec.code).unwrap_or('\0');
    if matches!(code, 'e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%') {
        return format_float(view.to_f64()?, spec, class);
    }
    if !matches!(code, 'b' | 'c' | 'd' | 'o' | 'x' | 'X' | 'n') {
        return Err(unknown_code(spec, class));
    }
    if spec.precision.is_some() {
        return Err(Fault::value(
            "Precision not allowed in integer format specifier",
        ));
    }
    if spec.no_negative_zero {
        return Err(Fault::value(
            "Negative zero coercion (z) not allowed in integer format specifier",
        ));
    }
    if code == 'c' {
        return format_char(view, spec);
    }
    let (digits, prefix) = match code {
        'b' => (int_text::magnitude_in(view, 2)?, "0b"),
        'o' => (int_text::magnitude_in(view, 8)?, "0o"),
        'x' => (int_text::magnitude_in(view, 16)?, "0x"),
        'X' => (int_text::magnitude_in(view, 16)?.to_ascii_uppercase(), "0X"),
        _ => {
            let text = int_text::to_decimal(view)?;
            (
                text.strip_prefix('-').map(str::to_owned).unwrap_or(text),
                "",
            )
        }
    };
    let prefix = if spec.alternate { prefix } else { "" };
    let sign = sign_text(view.is_negative(), spec.sign);
    let group = if code == 'd' || code == 'n' { 3 } else { 4 };
    finish_number(spec, &format!("{sign}{prefix}"), &digits, "", group)
}

fn format_char(view: IntView<'_>, spec: &Spec) -> Outcome<Ref<Str>> {
    if spec.sign != 0 {
        return Err(Fault::value(
            "Sign not allowed with integer format specifier 'c'",
        ));
    }
    if spec.alternate {
        return Err(Fault::value(
            "Alternate form (#) not allowed with integer format specifier 'c'",
        ));
    }
    if view.as_i64().is_none() {
        return Err(Fault::overflow("Python int too large to convert to C long"));
    }
    let point = view
        .as_usize()
        .filter(|&p| p < 0x11_0000)
        .ok_or_else(|| Fault::overflow("%c arg not in range(0x110000)"))?;
    let mut body = Buffer::new();
    push_point(&mut body, point as u32)?;
    padded(spec, b"", &body, 1)
}

fn sign_text(negative: bool, sign: u32) -> &'static str {
    match (negative, char::from_u32(sign)) {
        (true, _) => "-",
        (false, Some('+')) => "+",
        (false, Some(' ')) => " ",
        _ => "",
    }
}

/// Groups the digits before the point, fills with zeros where the spec says so, and pads.
fn finish_number(
    spec: &Spec,
    prefix: &str,
    digits: &str,
    rest: &str,
    group: usize,
) -> Outcome<Ref<Str>> {
    let zeros = spec.fill == c('0') && spec.align == c('=');
    let least = if zeros {
        spec.width.saturating_sub(prefix.len() + rest.len())
    } else {
        0
    };
    check_bits(least as u64 * 8)?;
    let separator = match spec.grouping {
        0 => None,
        point => char::from_u32(point),
    };
    let mut body = grouped(digits, separator, group, least);
    body.push_str(rest);
    padded(spec, prefix.as_bytes(), body.as_bytes(), body.len())
}

/// Digits in groups, with zeros before them to at least `least` characters.
fn grouped(digits: &str, separator: Option<char>, group: usize, least: usize) -> String {
    let Some(separator) = separator else {
        return format!("{}{digits}", "0".repeat(least.saturating_sub(digits.len())));
    };
    let mut count = digits.len();
    // Names like `inf` are not grouped; with zeros before them each digit more may bring a separator.
    if !digits.starts_with(|c: char| c.is_ascii_hexdigit()) || digits == "nan" {
        return format!("{}{digits}", "0".repeat(least.saturating_sub(count)));
    }
    if least > count {
        // A whole group takes its digits and the separator.
        count = count.max(least / (group + 1) * group);
        while count + count.saturating_sub(1) / group < least {
            count += 1;
        }
    }
    let zeros = std::iter::repeat_n('0', count - digits.len());
    let mut out = String::with_capacity(count + count / group);
    for (i, digit) in zeros.chain(digits.chars()).enumerate() {
        if i > 0 && (count - i).is_multiple_of(group) {
            out.push(separator);
        }
        out.push(digit);
    }
    out
}

/// The style and precision that a type code of a float stands for; None if it is unknown.
fn float_style(spec: &Spec) -> Option<(Style, usize)> {
    let six = spec.precision.unwrap_or(6);
    Some(match char::from_u32(spec.code)? {
        'e' | 'E' => (Style::Exponent, six),
        'f' | 'F' | '%' => (Style::Fixed, six),
        'g' | 'G' | 'n' => (Style::General, six),
        '\0' => match spec.precision {
            Some(precision) => (Style::GeneralPoint, precision),
            None => (Style::Shortest, 0),
        },
        _ => return None,
    })
}

fn check_precision(spec: &Spec) -> Outcome<()> {
    match spec.precision {
        Some(precision) if precision > MOST_PRECISION => Err(Fault::value("precision too big")),
        Some(precision) => check_bits(precision as u64 * 16),
        None => Ok(()),
    }
}

fn format_float(f: f64, spec: &Spec, class: &str) -> Outcome<Ref<Str>> {
    let (style, precision) = float_style(spec).ok_or_else(|| unknown_code(spec, class))?;
    check_precision(spec)?;
    let percent = spec.code == c('%');
    let f = if percent { f * 100.0 } else { f };
    let (negative, text) = float_digits(f, style, precision, spec);
    let (digits, rest) = split_digits(&text);
    let tail = if percent { "%" } else { "" };
    finish_number(
        spec,
        sign_text(negative, spec.sign),
        digits,
        &format!("{rest}{tail}"),
        3,
    )
}

/// Whether a sign is shown, and the text of the magnitude.
fn float_digits(f: f64, style: Style, precision: usize, spec: &Spec) -> (bool, String) {
    let mut text = magnitude(f, style, precision, spec.alternate);
    if style == Style::Shortest && spec.alternate && !text.contains('.') && f.is_finite() {
        text = match text.split_once('e') {
            Some((digits, exponent)) => format!("{digits}.e{exponent}"),
            None => format!("{text}."),
        };
    }
    if matches!(char::from_u32(spec.code), Some('E' | 'F' | 'G')) {
        text.make_ascii_uppercase();
    }
    let mut negative = f.is_sign_negative() && !f.is_nan();
    if cfg!(hoop_mutant = "13") {
        negative = f < 0.0;
    }
    if spec.no_negative_zero
        && text
            .bytes()
            .take_while(|b| !b.eq_ignore_ascii_case(&b'e'))
            .all(|b| matches!(b, b'0' | b'.'))
    {
        negative = false;
    }
    (negative, text)
}

/// The digits before the point, and the rest.
fn split_digits(text: &str) -> (&str, &str) {
    let whole = text
        .bytes()
        .position(|b| !b.is_ascii_digit())
        .unwrap_or(text.len());
    // `inf` and `nan` have none; they are padded as digits are.
    if whole == 0 {
        (text, "")
    } else {
        text.split_at(whole)
    }
}

fn format_complex((re, im): Parts, spec: &Spec, class: &str) -> Outcome<Ref<Str>> {
    let (style, precision) = float_style(spec)
        .filter(|_| spec.code != c('%'))
        .ok_or_else(|| unknown_code(spec, class))?;
    if spec.fill == c('0') {
        return Err(Fault::value(
            "Zero padding is not allowed in complex format specifier",
        ));
    }
    if spec.align == c('=') {
        return Err(Fault::value(
            "'=' alignment flag is not allowed in complex format specifier",
        ));
    }
    check_precision(spec)?;
    let plain = spec.code == 0;
    let style = match style {
        Style::GeneralPoint => Style::General,
        style => style,
    };
    let show_re = !plain || re != 0.0 || re.is_sign_negative();
    let part = |f: f64, sign: u32| {
        let (negative, text) = float_digits(f, style, precision, spec);
        let text = if style == Style::Shortest {
            text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
        } else {
            text
        };
        let (digits, rest) = split_digits(&text);
        let separator = if spec.grouping == 0 {
            None
        } else {
            char::from_u32(spec.grouping)
        };
        format!(
            "{}{}{rest}",
            sign_text(negative, sign),
            grouped(digits, separator, 3, 0)
        )
    };
    let body = match show_re {
        true => format!("{}{}j", part(re, spec.sign), part(im, c('+'))),
        false => format!("{}j", part(im, spec.sign)),
    };
    let body = if plain && show_re {
        format!("({body})")
    } else {
        body
    };
    padded(spec, b"", body.as_bytes(), count_points(body.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::int::from_i64;
    use crate::object::testing::with_heap;
    use Case::*;

    enum Case {
        I(i64),
        F(f64),
        C(f64, f64),
        S(&'static str),
    }

    fn run(case: &Case, spec: &str) -> String {
        let result = match case {
            I(i) => format(
                Subject::Int(IntView::of(&from_i64(*i)).unwrap()),
                spec.as_bytes(),
                "int",
            ),
            F(f) => format(Subject::Float(*f), spec.as_bytes(), "float"),
            C(re, im) => format(Subject::Complex((*re, *im)), spec.as_bytes(), "complex"),
            S(s) => format(Subject::Str(&Str::new(s)), spec.as_bytes(), "str"),
        };
        match result {
            Ok(text) => text.to_text().into_owned(),
            Err(fault) => format!("{fault:?}"),
        }
    }

    #[test]
    fn results_and_messages_are_those_of_cpython() {
        #[rustfmt::skip]
        let cases: &[(Case, &str, &str)] = &[
            (I(1), "zd", "ValueError: Negative zero coercion (z) not allowed in integer format specifier"),
            (I(1), "z", "ValueError: Negative zero coercion (z) not allowed in integer format specifier"),
            (S("a"), "z", "ValueError: Negative zero coercion (z) not allowed in string format specifier"),
            (S("a"), "zs", "ValueError: Negative zero coercion (z) not allowed in string format specifier"),
            (I(1), "zx", "ValueError: Negative zero coercion (z) not allowed in integer format specifier"),
            (I(1), "zc", "ValueError: Negative zero coercion (z) not allowed in integer format specifier"),
            (I(1), "zf", "1.000000"),
            (I(1), ",c", "ValueError: Cannot specify ',' with 'c'."),
            (I(1), "+c", "ValueError: Sign not allowed with integer format specifier 'c'"),
            (I(1), "#c", "ValueError: Alternate form (#) not allowed with integer format specifier 'c'"),
            (I(1), ",n", "ValueError: Cannot specify ',' with 'n'."),
            (I(1), "_n", "ValueError: Cannot specify '_' with 'n'."),
            (I(1), ",x", "ValueError: Cannot specify ',' with 'x'."),
            (I(1), "_x", "1"),
            (I(1), ",,", "ValueError: Cannot specify ',' with ','."),
            (I(1), ",_", "ValueError: Cannot specify both ',' and '_'."),
            (I(1), "_,", "ValueError: Cannot specify both ',' and '_'."),
            (I(1), "__", "ValueError: Cannot specify '_' with '_'."),
            (F(1.0), ",s", "ValueError: Cannot specify ',' with 's'."),
            (S("a"), ",", "ValueError: Cannot specify ',' with 's'."),
            (S("a"), "_s", "ValueError: Cannot specify '_' with 's'."),
            (S("a"), " ", "ValueError: Space not allowed in string format specifier"),
            (S("a"), "+", "ValueError: Sign not allowed in string format specifier"),
            (S("a"), "-", "ValueError: Sign not allowed in string format specifier"),
            (S("a"), "#", "ValueError: Alternate form (#) not allowed in string format specifier"),
            (S("a"), "=5", "ValueError: '=' alignment not allowed in string format specifier"),
            (S("a"), "05", "a0000"),
            (S("a"), "<05", "a0000"),
            (S("a"), "=05", "ValueError: '=' alignment not allowed in string format specifier"),
            (I(1), ".2", "ValueError: Precision not allowed in integer format specifier"),
            (I(1), ".", "ValueError: Format specifier missing precision"),
            (F(1.0), ".", "ValueError: Format specifier missing precision"),
            (S("a"), ".", "ValueError: Format specifier missing precision"),
            (F(1.0), ".99999999999999999999", "ValueError: Too many decimal digits in format string"),
            (I(1), "99999999999999999999999", "ValueError: Too many decimal digits in format string"),
            (F(1.0), ".3000000000", "ValueError: precision too big"),
            (F(1.0), "d", "ValueError: Unknown format code 'd' for object of type 'float'"),
            (F(1.0), "\u{20ac}", "ValueError: Unknown format code '\u{5c}x20ac' for object of type 'float'"),
            (I(1), "s", "ValueError: Unknown format code 's' for object of type 'int'"),
            (C(0.0, 1.0), "=5", "ValueError: '=' alignment flag is not allowed in complex format specifier"),
            (C(0.0, 1.0), "05", "ValueError: Zero padding is not allowed in complex format specifier"),
            (C(0.0, 1.0), "%", "ValueError: Unknown format code '%' for object of type 'complex'"),
            (C(0.0, 1.0), "d", "ValueError: Unknown format code 'd' for object of type 'complex'"),
            (C(0.0, 1.0), ".2f", "0.00+1.00j"),
            (C(0.0, 1.0), "", "1j"),
            (C(0.0, 1.0), "10", "        1j"),
            (C(1.0, 2.0), "<20.3", "(1+2j)              "),
            (C(1.0, 2.0), "g", "1+2j"),
            (C(1.0, 2.0), "+e", "+1.000000e+00+2.000000e+00j"),
            (C(1.0, 2.0), ",.2f", "1.00+2.00j"),
            (F(-0.0), "z", "0.0"),
            (F(-0.001), "z.1f", "0.0"),
            (I(1), "c", "\u{1}"),
            (I(-1), "c", "OverflowError: %c arg not in range(0x110000)"),
            (I(1114112), "c", "OverflowError: %c arg not in range(0x110000)"),
            (I(1), ".2c", "ValueError: Precision not allowed in integer format specifier"),
            (I(1), "1 1", "ValueError: Invalid format specifier '1 1' for object of type 'int'"),
            (I(1), "q", "ValueError: Unknown format code 'q' for object of type 'int'"),
            (S("s"), "q", "ValueError: Unknown format code 'q' for object of type 'str'"),
            (F(1.0), "q", "ValueError: Unknown format code 'q' for object of type 'float'"),
            (I(1), "dd", "ValueError: Invalid format specifier 'dd' for object of type 'int'"),
            (S("a"), "ss", "ValueError: Invalid format specifier 'ss' for object of type 'str'"),
            (F(1.0), "ff", "ValueError: Invalid format specifier 'ff' for object of type 'float'"),
            (C(0.0, 1.0), "ff", "ValueError: Invalid format specifier 'ff' for object of type 'complex'"),
            (I(1), "5\u{20ac}", "ValueError: Unknown format code '\u{5c}x20ac' for object of type 'int'"),
            (I(12345678), ",", "12,345,678"),
            (I(1234), "010,", "00,001,234"),
            (I(1234), "09,", "0,001,234"),
            (I(1234), "08,", "0,001,234"),
            (I(-1234), "010,", "-0,001,234"),
            (I(16777215), "#_x", "0xff_ffff"),
            (I(16777215), "#014_x", "0x00_00ff_ffff"),
            (F(12345.678), ",.2f", "12,345.68"),
            (F(12345.678), "012,.2f", "0,012,345.68"),
            (F(1e+20), ",", "1e+20"),
            (F(1e+20), ",.3", "1e+20"),
            (F(f64::NAN), "010", "0000000nan"),
            (F(f64::INFINITY), "010,", "0000000inf"),
            (F(f64::NEG_INFINITY), "=+10", "-      inf"),
            (F(123456.0), ".6", "1.23456e+05"),
            (F(12345.0), ".6", "12345.0"),
            (F(1.0), ".0", "1e+00"),
            (F(1.0), "#.0f", "1."),
            (F(1.0), "#g", "1.00000"),
            (F(1.5), "#.3g", "1.50"),
            (F(1.0), "#.0e", "1.e+00"),
            (F(0.5), "%", "50.000000%"),
            (F(0.5), ".0%", "50%"),
            (I(1), "%", "100.000000%"),
            (I(1), ".2%", "100.00%"),
            (I(1), "5", "    1"),
            (I(1), "\u{20ac}^5", "\u{20ac}\u{20ac}1\u{20ac}\u{20ac}"),
            (S("\u{e9}"), "\u{20ac}^5.1s", "\u{20ac}\u{20ac}\u{e9}\u{20ac}\u{20ac}"),
            (F(1.0), ",%", "100.000000%"),
            (F(1.0), "_f", "1.000000"),
            (F(1.0), "n", "1"),
            (I(1), "n", "1"),
            (F(1234567.0), "n", "1.23457e+06"),
            (I(5), "+", "+5"),
            (I(5), " ", " 5"),
            (I(5), "-", "5"),
            (I(-5), " ", "-5"),
            (I(5), "^+10", "    +5    "),
            (I(5), "*=+10", "+********5"),
            (I(5), "x<", "5"),
            (I(5), "<<5", "5<<<<"),
            (I(5), "==5", "====5"),
            (I(1), "0", "1"),
            (I(1), "00", "1"),
            (I(1), "005", "00001"),
            (I(1), "=05", "00001"),
            (I(1), "x=05", "xxxx1"),
            (I(1), "^05", "00100"),
            (I(255), "#X", "0XFF"),
            (I(255), "#010X", "0X000000FF"),
            (I(255), "#b", "0b11111111"),
            (I(255), "#o", "0o377"),
            (F(1e-07), "", "1e-07"),
            (F(1.5), "5", "  1.5"),
            (F(1e+100), "f", "10000000000000000159028911097599180468360808563945281389781327557747838772170381060813469985856815104.000000"),
            (F(5e-324), ".3", "4.94e-324"),
            (I(1), "z", "ValueError: Negative zero coercion (z) not allowed in integer format specifier"),
            (F(0.0), "z+", "ValueError: Unknown format code '+' for object of type 'float'"),
            (F(1.0), "c", "ValueError: Unknown format code 'c' for object of type 'float'"),
            (F(1.0), "x", "ValueError: Unknown format code 'x' for object of type 'float'"),
            (F(1.1), ".50f", "1.10000000000000008881784197001252323389053344726562"),
        ];
        with_heap(|| {
            for (at, (case, spec, expected)) in cases.iter().enumerate() {
                assert_eq!(run(case, spec), *expected, "case {at}: {spec}");
            }
        });
    }
}
