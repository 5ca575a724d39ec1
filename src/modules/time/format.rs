//! `strftime` and `strptime`, in the C locale. Shared with `datetime`.

use super::calendar::{
    Broken, DAYS, MONTHS, days_from_civil, iso_calendar, iso_week_one, weekday, yearday,
};

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
    while let Some(c) = chars.next() {
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

/// What `strptime` reads.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    pub time: Broken,
    pub microsecond: i64,
    /// Seconds east of Greenwich, with microseconds.
    pub offset: Option<(i64, i64)>,
    /// The name of the zone, when one was read.
    pub zone: Option<String>,
}

/// Why a text cannot be read.
#[derive(Debug, PartialEq)]
pub enum Trouble {
    /// ValueError with this text.
    Value(String),
    /// The text does not match: shown with both.
    NoMatch,
    /// This much was left over.
    Left(String),
}

#[derive(Default)]
struct Fields {
    year: Option<i64>,
    century: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    hour: Option<i64>,
    hour12: Option<i64>,
    afternoon: Option<bool>,
    minute: Option<i64>,
    second: Option<i64>,
    microsecond: Option<i64>,
    weekday: Option<i64>,
    yearday: Option<i64>,
    week_sunday: Option<i64>,
    week_monday: Option<i64>,
    iso_year: Option<i64>,
    iso_week: Option<i64>,
    offset: Option<(i64, i64)>,
    zone: Option<String>,
    dst: Option<i64>,
}

/// Reads a time. `zones` are the names of the local zone: standard and summer time.
pub fn strptime(text: &str, format: &str, zones: &[String; 2]) -> Result<Parsed, Trouble> {
    let mut fields = Fields::default();
    let mut reader = Reader { text, at: 0 };
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_whitespace() {
            while chars.next_if(|c| c.is_whitespace()).is_some() {}
            reader.blanks()?;
            continue;
        }
        if c != '%' {
            reader.literal(c)?;
            continue;
        }
        let mut directive = match chars.next() {
            Some(directive) => directive,
            None => return Err(Trouble::Value(format!("stray % in format '{format}'"))),
        };
        if directive == ':' && chars.peek() == Some(&'z') {
            directive = 'z';
            chars.next();
        }
        read_directive(directive, format, &mut reader, &mut fields, zones)?;
    }
    if reader.at < text.len() {
        return Err(Trouble::Left(text[reader.at..].to_string()));
    }
    finish(fields, format)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn blanks(&mut self) -> Result<(), Trouble> {
        let rest = self.rest();
        let trimmed = rest.trim_start();
        if trimmed.len() == rest.len() {
            return Err(Trouble::NoMatch);
        }
        self.at = self.text.len() - trimmed.len();
        Ok(())
    }

    fn literal(&mut self, wanted: char) -> Result<(), Trouble> {
        match self.rest().chars().next() {
            Some(c) if c == wanted || c.to_lowercase().eq(wanted.to_lowercase()) => {
                self.at += c.len_utf8();
                Ok(())
            }
            _ => Err(Trouble::NoMatch),
        }
    }

    /// A number of up to `most` digits in a range, as greedy as the range lets it be.
    fn number(&mut self, most: usize, low: i64, high: i64) -> Result<i64, Trouble> {
        let digits = self
            .rest()
            .bytes()
            .take(most)
            .take_while(u8::is_ascii_digit)
            .count();
        for count in (1..=digits).rev() {
            let value: i64 = self.rest()[..count].parse().map_err(|_| Trouble::NoMatch)?;
            if (low..=high).contains(&value) {
                self.at += count;
                return Ok(value);
            }
        }
        Err(Trouble::NoMatch)
    }

    /// One of some names, whatever their case; the longest first.
    fn name(&mut self, names: &[&str]) -> Result<i64, Trouble> {
        let rest = self.rest();
        let found = names
            .iter()
            .enumerate()
            .filter(|(_, n)| {
                !n.is_empty()
                    && rest
                        .get(..n.len())
                        .is_some_and(|r| r.eq_ignore_ascii_case(n))
            })
            .max_by_key(|(_, n)| n.len());
        match found {
            Some((index, name)) => {
                self.at += name.len();
                Ok(index as i64)
            }
            None => Err(Trouble::NoMatch),
        }
    }
}

fn read_directive(
    directive: char,
    format: &str,
    reader: &mut Reader<'_>,
    fields: &mut Fields,
    zones: &[String; 2],
) -> Result<(), Trouble> {
    let short = |names: &[&'static str]| names.iter().map(|n| &n[..3]).collect::<Vec<&str>>();
    match directive {
        'a' => fields.weekday = Some(reader.name(&short(&DAYS))?),
        'A' => fields.weekday = Some(reader.name(&DAYS)?),
        'b' | 'h' => fields.month = Some(reader.name(&short(&MONTHS))? + 1),
        'B' => fields.month = Some(reader.name(&MONTHS)? + 1),
        'd' | 'e' => {
            if reader.rest().starts_with(' ') && directive == 'd' {
                reader.at += 1;
            }
            fields.day = Some(reader.number(2, 1, 31)?);
        }
        'f' => {
            let before = reader.at;
            let value = reader.number(6, 0, 999_999)?;
            let digits = (reader.at - before) as u32;
            fields.microsecond = Some(value * 10i64.pow(6 - digits));
        }
        'H' => fields.hour = Some(reader.number(2, 0, 23)?),
        'I' => fields.hour12 = Some(reader.number(2, 1, 12)?),
        'p' => fields.afternoon = Some(reader.name(&["am", "pm"])? == 1),
        'j' => fields.yearday = Some(reader.number(3, 1, 366)?),
        'm' => fields.month = Some(reader.number(2, 1, 12)?),
        'M' => fields.minute = Some(reader.number(2, 0, 59)?),
        'S' => fields.second = Some(reader.number(2, 0, 61)?),
        'U' => fields.week_sunday = Some(reader.number(2, 0, 53)?),
        'W' => fields.week_monday = Some(reader.number(2, 0, 53)?),
        'w' => fields.weekday = Some((reader.number(1, 0, 6)? + 6) % 7),
        'u' => fields.weekday = Some(reader.number(1, 1, 7)? - 1),
        'V' => fields.iso_week = Some(reader.number(2, 0, 53)?),
        'G' => fields.iso_year = Some(four_digits(reader)?),
        'y' => {
            let value = reader.number(2, 0, 99)?;
            fields.year = Some(if value <= 68 {
                2000 + value
            } else {
                1900 + value
            });
        }
        'C' => fields.century = Some(reader.number(2, 0, 99)?),
        'Y' => fields.year = Some(four_digits(reader)?),
        'z' => fields.offset = Some(read_offset(reader)?),
        'Z' => {
            let names = ["utc", "gmt", zones[0].as_str(), zones[1].as_str()];
            let index = reader.name(&names)?;
            fields.zone = Some(names[index as usize].to_string());
            fields.dst = Some(i64::from(index == 3 && zones[0] != zones[1]));
        }
        'c' => read_format("%a %b %d %H:%M:%S %Y", format, reader, fields, zones)?,
        'x' | 'D' => read_format("%m/%d/%y", format, reader, fields, zones)?,
        'X' | 'T' => read_format("%H:%M:%S", format, reader, fields, zones)?,
        'R' => read_format("%H:%M", format, reader, fields, zones)?,
        'F' => read_format("%Y-%m-%d", format, reader, fields, zones)?,
        '%' => reader.literal('%')?,
        other => {
            return Err(Trouble::Value(format!(
                "'{other}' is a bad directive in format '{format}'"
            )));
        }
    }
    Ok(())
}

fn read_format(
    inner: &str,
    format: &str,
    reader: &mut Reader<'_>,
    fields: &mut Fields,
    zones: &[String; 2],
) -> Result<(), Trouble> {
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '%' => read_directive(chars.next().unwrap_or('%'), format, reader, fields, zones)?,
            ' ' => reader.blanks()?,
            c => reader.literal(c)?,
        }
    }
    Ok(())
}

fn four_digits(reader: &mut Reader<'_>) -> Result<i64, Trouble> {
    let before = reader.at;
    let value = reader.number(4, 0, 9999)?;
    if reader.at - before < 4 {
        Err(Trouble::NoMatch)
    } else {
        Ok(value)
    }
}

/// `+HH:MM[:SS[.ffffff]]`, the colons all or none, or Z.
fn read_offset(reader: &mut Reader<'_>) -> Result<(i64, i64), Trouble> {
    let rest = reader.rest();
    if rest.starts_with(['Z', 'z']) {
        reader.at += 1;
        return Ok((0, 0));
    }
    let sign = match rest.bytes().next() {
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return Err(Trouble::NoMatch),
    };
    let start = reader.at;
    reader.at += 1;
    let two = |reader: &mut Reader<'_>, high: i64| {
        let before = reader.at;
        let value = reader.number(2, 0, high)?;
        if reader.at - before == 2 {
            Ok(value)
        } else {
            Err(Trouble::NoMatch)
        }
    };
    let hours = two(reader, 23)?;
    let colon = reader.rest().starts_with(':');
    if colon {
        reader.at += 1;
    }
    let minutes = two(reader, 59)?;
    let (mut seconds, mut micros) = (0, 0);
    let more = if colon {
        reader.rest().starts_with(':')
    } else {
        reader.rest().starts_with(|c: char| c.is_ascii_digit())
    };
    if more {
        if colon {
            reader.at += 1;
        }
        seconds = two(reader, 59)?;
        if reader.rest().starts_with('.') {
            reader.at += 1;
            let before = reader.at;
            let value = reader.number(6, 0, 999_999)?;
            micros = value * 10i64.pow(6 - (reader.at - before) as u32);
        }
    } else if !colon && reader.rest().starts_with(':') {
        let text = reader.text[start..].to_string();
        return Err(Trouble::Value(format!("Inconsistent use of : in {text}")));
    }
    Ok((
        sign * (hours * 3600 + minutes * 60 + seconds),
        sign * micros,
    ))
}

fn finish(mut f: Fields, format: &str) -> Result<Parsed, Trouble> {
    let _ = format;
    if f.iso_year.is_some() {
        if f.yearday.is_some() {
            let text = "Day of the year directive '%j' is not compatible with ISO year directive '%G'. Use '%Y' instead.";
            return Err(Trouble::Value(text.into()));
        }
        if f.iso_week.is_none() || f.weekday.is_none() {
            let text = "ISO year directive '%G' must be used with the ISO week directive '%V' and a weekday directive ('%A', '%a', '%w', or '%u').";
            return Err(Trouble::Value(text.into()));
        }
    } else if f.iso_week.is_some() {
        let text = if f.year.is_none() || f.weekday.is_none() {
            "ISO week directive '%V' must be used with the ISO year directive '%G' and a weekday directive ('%A', '%a', '%w', or '%u')."
        } else {
            "ISO week directive '%V' is incompatible with the year directive '%Y'. Use the ISO year '%G' instead."
        };
        return Err(Trouble::Value(text.into()));
    }
    let known_year = f.year;
    // A 29th of February without a year is of a leap year.
    let mut year = f
        .year
        .unwrap_or(if f.month == Some(2) && f.day == Some(29) {
            1904
        } else {
            1900
        });
    let (mut month, mut day) = (f.month.unwrap_or(1), f.day.unwrap_or(1));
    if let (Some(iso_year), Some(week), Some(weekday)) = (f.iso_year, f.iso_week, f.weekday) {
        let days = iso_week_one(iso_year) + (week - 1) * 7 + weekday;
        (year, month, day) = super::calendar::civil_from_days(days);
    } else if f.yearday.is_none()
        && let Some(weekday) = f.weekday
        && let Some((week, monday)) = f
            .week_sunday
            .map(|w| (w, false))
            .or(f.week_monday.map(|w| (w, true)))
    {
        f.yearday = Some(yearday_of_week(year, week, weekday, monday));
    }
    if let Some(of_year) = f.yearday {
        let days = days_from_civil(year, 1, 1) + of_year - 1;
        if f.month.is_none() || f.day.is_none() {
            (year, month, day) = super::calendar::civil_from_days(days);
        }
    }
    if day > super::calendar::days_in_month(year, month) {
        return Err(Trouble::Value("day is out of range for month".into()));
    }
    let hour = match (f.hour, f.hour12) {
        (Some(hour), None) => hour,
        (_, Some(hour)) => hour % 12 + if f.afternoon == Some(true) { 12 } else { 0 },
        (None, None) => 0,
    };
    let shown_year = if known_year.is_none() && year == 1904 && f.iso_year.is_none() {
        1900
    } else {
        year
    };
    let time = Broken {
        year: shown_year,
        month,
        day,
        hour,
        minute: f.minute.unwrap_or(0),
        second: f.second.unwrap_or(0),
        weekday: f.weekday.unwrap_or_else(|| weekday(year, month, day)),
        yearday: f.yearday.unwrap_or_else(|| yearday(year, month, day)),
        dst: f.dst.unwrap_or(-1),
    };
    Ok(Parsed {
        time,
        microsecond: f.microsecond.unwrap_or(0),
        offset: f.offset,
        zone: f.zone,
    })
}

/// The day of the year of a day in a week that begins on Sunday or Monday.
fn yearday_of_week(year: i64, week: i64, day: i64, monday: bool) -> i64 {
    let mut first = weekday(year, 1, 1);
    let mut day = day;
    if !monday {
        first = (first + 1) % 7;
        day = (day + 1) % 7;
    }
    let week_zero = (7 - first) % 7;
    if week == 0 {
        1 + day - first
    } else {
        1 + week_zero + 7 * (week - 1) + day
    }
}
