//! `strftime`, in the C locale.

use super::calendar::{Broken, DAYS, MONTHS, iso_calendar};

/// What a format may ask for beyond the broken-down time.
pub struct Extra<'a> {
    /// `%f`, in microseconds; None leaves it as it is.
    pub microsecond: Option<i64>,
    /// `%z` without a colon, and `%Z`.
    pub offset: Option<&'a str>,
    /// `%:z`
    pub colon_offset: Option<&'a str>,
    /// `%Z`
    pub zone: &'a str,
    /// `%s`
    pub moment: i64,
}

/// The text of a time.
pub fn strftime(format: &str, t: &Broken, extra: &Extra<'_>) -> String {
    let mut out = String::new();
    let mut chars = format.chars().peekable();
    let mut pieces = 0;
    while let Some(c) = chars.next() {
        pieces += 1;
        if pieces & 0x3FF == 0 && crate::heap::work(1000).is_err() {
            // The caller finds out why.
            break;
        }
        if c != '%' {
            out.push(c);
            continue;
        }
        // glibc's flags: no padding, spaces, zeros, upper case.
        let flag = chars.next_if(|c| matches!(c, '-' | '_' | '0' | '^' | '#'));
        let mut width = String::new();
        while let Some(digit) = chars.next_if(char::is_ascii_digit) {
            width.push(digit);
        }
        let Some(mut directive) = chars.next() else {
            out.push('%');
            break;
        };
        if matches!(directive, 'E' | 'O')
            && let Some(next) = chars.next()
        {
            directive = next;
        }
        if directive == ':' && chars.peek() == Some(&'z') {
            chars.next();
            out.push_str(extra.colon_offset.unwrap_or(""));
            continue;
        }
        let piece = one(directive, t, extra);
        out.push_str(&adjusted(piece, directive, flag, width.parse().ok()));
    }
    out
}

fn adjusted(piece: String, directive: char, flag: Option<char>, width: Option<usize>) -> String {
    let piece = match flag {
        Some('-') => match piece.trim_start_matches(['0', ' ']) {
            "" if !piece.is_empty() => "0".to_string(),
            trimmed => trimmed.to_string(),
        },
        Some('_') => {
            let kept = piece.trim_start_matches('0');
            let kept = if kept.is_empty() { "0" } else { kept };
            format!("{kept:>width$}", width = piece.len())
        }
        Some('^') => piece.to_uppercase(),
        Some('#') if directive == 'Z' || directive == 'p' => piece.to_lowercase(),
        Some('#') => piece.to_uppercase(),
        _ => piece,
    };
    match width {
        Some(width) if piece.len() < width && width < 1024 => {
            let fill = if piece.starts_with(|c: char| c.is_ascii_digit()) && flag != Some('_') {
                '0'
            } else {
                ' '
            };
            let missing = width - piece.len();
            std::iter::repeat_n(fill, missing)
                .chain(piece.chars())
                .collect()
        }
        _ => piece,
    }
}

fn one(directive: char, t: &Broken, extra: &Extra<'_>) -> String {
    let hour12 = if t.hour % 12 == 0 { 12 } else { t.hour % 12 };
    let day_name = DAYS[t.weekday.rem_euclid(7) as usize];
    let month_name = MONTHS[(t.month - 1).rem_euclid(12) as usize];
    let sunday = (t.weekday + 1) % 7;
    let go_on = |format: &str| strftime(format, t, extra);
    match directive {
        'a' => day_name[..3].to_string(),
        'A' => day_name.to_string(),
        'b' | 'h' => month_name[..3].to_string(),
        'B' => month_name.to_string(),
        'c' => go_on("%a %b %e %H:%M:%S %Y"),
        'C' => format!("{:02}", t.year.div_euclid(100)),
        'd' => format!("{:02}", t.day),
        'D' | 'x' => go_on("%m/%d/%y"),
        'e' => format!("{:2}", t.day),
        'f' => extra
            .microsecond
            .map_or_else(|| "%f".to_string(), |us| format!("{us:06}")),
        'F' => go_on("%Y-%m-%d"),
        'g' => format!(
            "{:02}",
            iso_calendar(t.year, t.month, t.day).0.rem_euclid(100)
        ),
        'G' => format!("{}", iso_calendar(t.year, t.month, t.day).0),
        'H' => format!("{:02}", t.hour),
        'I' => format!("{hour12:02}"),
        'j' => format!("{:03}", t.yearday),
        'k' => format!("{:2}", t.hour),
        'l' => format!("{hour12:2}"),
        'm' => format!("{:02}", t.month),
        'M' => format!("{:02}", t.minute),
        'n' => "\n".to_string(),
        'p' => if t.hour < 12 { "AM" } else { "PM" }.to_string(),
        'P' => if t.hour < 12 { "am" } else { "pm" }.to_string(),
        'r' => go_on("%I:%M:%S %p"),
        'R' => go_on("%H:%M"),
        's' => format!("{}", extra.moment),
        'S' => format!("{:02}", t.second),
        't' => "\t".to_string(),
        'T' | 'X' => go_on("%H:%M:%S"),
        'u' => format!("{}", t.weekday + 1),
        'U' => format!("{:02}", (t.yearday + 6 - sunday) / 7),
        'V' => format!("{:02}", iso_calendar(t.year, t.month, t.day).1),
        'w' => format!("{sunday}"),
        'W' => format!("{:02}", (t.yearday + 6 - t.weekday) / 7),
        'y' => format!("{:02}", t.year.rem_euclid(100)),
        'Y' => format!("{}", t.year),
        'z' => extra.offset.unwrap_or("").to_string(),
        'Z' => extra.zone.to_string(),
        '%' => "%".to_string(),
        other => format!("%{other}"),
    }
}
