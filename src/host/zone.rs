//! The local time zone: from the `TZ` variable or the system's own setting.
//!
//! A zone is a list of moments at which the offset changed, read from the
//! system's database (RFC 9636), and a rule for all moments after the last.

use super::{Environment, Files};
use std::path::{Path, PathBuf};

const DATABASE: &str = "/usr/share/zoneinfo";
const DAY: i64 = 86_400;

/// What clocks on the wall show during some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalTime {
    /// Seconds east of Greenwich.
    pub offset: i32,
    pub is_dst: bool,
    /// The abbreviation: "CEST".
    pub name: String,
}

/// A time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// Since when (seconds since 1970) which of `kinds` holds.
    changes: Vec<(i64, u8)>,
    kinds: Vec<LocalTime>,
    rule: Option<Rule>,
}

impl Zone {
    /// Universal time, also what an unreadable setting means.
    pub fn utc() -> Self {
        Zone::fixed(0, "UTC")
    }

    /// The zone that `TZ` or else the system names.
    pub fn local(files: &Files, environment: &Environment) -> Self {
        let Some(setting) = environment.variable("TZ") else {
            return Zone::read(files, Path::new("/etc/localtime")).unwrap_or_else(Zone::utc);
        };
        let text = setting.to_string_lossy();
        let text = text.strip_prefix(':').unwrap_or(&text);
        Zone::named(files, text).unwrap_or_else(Zone::utc)
    }

    /// The zone of a name in the database ("Europe/Berlin"), of a file, or of
    /// a rule ("CET-1CEST,M3.5.0,M10.5.0/3").
    pub fn named(files: &Files, text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Zone::utc());
        }
        let path: PathBuf = if text.starts_with('/') {
            text.into()
        } else if text.split('/').any(|part| part == "..") {
            return None;
        } else {
            Path::new(DATABASE).join(text)
        };
        Zone::read(files, &path).or_else(|| {
            let rule = Rule::parse(text)?;
            Some(Zone {
                changes: Vec::new(),
                kinds: vec![rule.standard.clone()],
                rule: Some(rule),
            })
        })
    }

    /// What clocks show at a moment, in seconds since 1970.
    pub fn at(&self, moment: i64) -> &LocalTime {
        let after = self.changes.partition_point(|(since, _)| *since <= moment);
        if after == self.changes.len()
            && let Some(rule) = &self.rule
        {
            return rule.at(moment);
        }
        match after.checked_sub(1) {
            Some(index) => &self.kinds[self.changes[index].1 as usize],
            None => self
                .kinds
                .iter()
                .find(|kind| !kind.is_dst)
                .unwrap_or(&self.kinds[0]),
        }
    }

    /// The moment at which clocks show `seconds` (as if since 1970 in UTC).
    /// Of two such moments the one with the wanted `is_dst`, or the earlier;
    /// if clocks skip that time, the moment the old offset makes of it.
    pub fn moment(&self, seconds: i64, is_dst: Option<bool>) -> i64 {
        let before = self.at(seconds.saturating_sub(DAY));
        let after = self.at(seconds.saturating_add(DAY));
        let mut found: Vec<(i64, bool)> = Vec::new();
        for kind in [before, after] {
            let moment = seconds.saturating_sub(kind.offset.into());
            if self.at(moment).offset == kind.offset {
                found.push((moment, self.at(moment).is_dst));
            }
        }
        let wanted = found.iter().find(|(_, dst)| Some(*dst) == is_dst);
        match wanted.or(found.first()) {
            Some((moment, _)) => *moment,
            None => seconds.saturating_sub(before.offset.into()),
        }
    }

    fn fixed(offset: i32, name: &str) -> Self {
        Zone {
            changes: Vec::new(),
            kinds: vec![LocalTime {
                offset,
                is_dst: false,
                name: name.to_owned(),
            }],
            rule: None,
        }
    }

    fn read(files: &Files, path: &Path) -> Option<Self> {
        Zone::decode(&files.read_file(path).ok()?)
    }

    /// Decodes a file of the database. Its first part is for 32-bit readers.
    fn decode(bytes: &[u8]) -> Option<Self> {
        let first = Header::decode(bytes)?;
        if first.version == 0 {
            return first.body(bytes.get(44..)?, 4).map(|(zone, _)| zone);
        }
        let second = bytes.get(44 + first.body_length(4)..)?;
        let header = Header::decode(second)?;
        let (mut zone, rest) = header.body(second.get(44..)?, 8)?;
        let footer = rest.strip_prefix(b"\n")?;
        let end = footer.iter().position(|byte| *byte == b'\n')?;
        zone.rule = Rule::parse(std::str::from_utf8(&footer[..end]).ok()?);
        Some(zone)
    }
}

/// The counts at the head of a part of a database file.
struct Header {
    version: u8,
    counts: [usize; 6],
}

impl Header {
    fn decode(bytes: &[u8]) -> Option<Self> {
        let head = bytes.get(..44)?;
        if !head.starts_with(b"TZif") {
            return None;
        }
        let mut counts = [0; 6];
        for (index, count) in counts.iter_mut().enumerate() {
            *count = number(&head[20 + index * 4..24 + index * 4]) as u32 as usize;
        }
        // No real file comes near; the sums below cannot overflow.
        if counts.iter().any(|count| *count > 1_000_000) {
            return None;
        }
        Some(Header {
            version: head[4],
            counts,
        })
    }

    fn body_length(&self, width: usize) -> usize {
        let [utc, wall, leaps, times, kinds, names] = self.counts;
        times * (width + 1) + kinds * 6 + names + leaps * (width + 4) + wall + utc
    }

    /// The zone in the body, and what follows it.
    fn body<'a>(&self, bytes: &'a [u8], width: usize) -> Option<(Zone, &'a [u8])> {
        let [_, _, _, times, kinds, names] = self.counts;
        let rest = bytes.get(self.body_length(width)..)?;
        let (moments, bytes) = bytes.split_at_checked(times * width)?;
        let (indices, bytes) = bytes.split_at_checked(times)?;
        let (records, bytes) = bytes.split_at_checked(kinds * 6)?;
        let names = bytes.get(..names)?;
        let moments = moments.chunks_exact(width).map(number);
        let changes: Vec<_> = moments.zip(indices.iter().copied()).collect();
        let kinds: Option<Vec<_>> = records.chunks_exact(6).map(|r| kind(r, names)).collect();
        let kinds = kinds?;
        let sound = changes
            .iter()
            .all(|(_, index)| usize::from(*index) < kinds.len());
        let zone = Zone {
            changes,
            kinds,
            rule: None,
        };
        (sound && !zone.kinds.is_empty()).then_some((zone, rest))
    }
}

fn kind(record: &[u8], names: &[u8]) -> Option<LocalTime> {
    let name = names.get(usize::from(record[5])..)?;
    let end = name.iter().position(|byte| *byte == 0)?;
    Some(LocalTime {
        offset: number(&record[..4]) as i32,
        is_dst: record[4] != 0,
        name: String::from_utf8_lossy(&name[..end]).into_owned(),
    })
}

/// A signed number, highest byte first.
fn number(bytes: &[u8]) -> i64 {
    let first = bytes.first().map_or(0, |byte| i64::from(*byte as i8));
    let rest = bytes.iter().skip(1);
    rest.fold(first, |sum, byte| sum << 8 | i64::from(*byte))
}

/// The rule for moments after the last change: standard time, or standard and
/// summer time with the days of the year on which they begin.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    standard: LocalTime,
    summer: Option<(LocalTime, Change, Change)>,
}

/// A day of each year and the local time of the change on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Change {
    day: Day,
    seconds: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Day {
    /// 1 to 365, 29 February never counted.
    Fixed(i64),
    /// 0 to 365, 29 February counted.
    Counted(i64),
    /// Month, week (5 is the last) and day of the week (0 is Sunday).
    Week(i64, i64, i64),
}

impl Rule {
    fn at(&self, moment: i64) -> &LocalTime {
        let Some((summer, start, end)) = &self.summer else {
            return &self.standard;
        };
        // A thousand million years, so that the sums stay in range.
        let moment = moment.clamp(-(1 << 55), 1 << 55);
        let year = year_of(moment.saturating_add(self.standard.offset.into()));
        let start = start.in_year(year) - i64::from(self.standard.offset);
        let end = end.in_year(year) - i64::from(summer.offset);
        let is_summer = if start < end {
            (start..end).contains(&moment)
        } else {
            !(end..start).contains(&moment)
        };
        if is_summer { summer } else { &self.standard }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut rest = text;
        let name = take_name(&mut rest)?;
        let offset = -take_time(&mut rest)?;
        let standard = LocalTime {
            offset: i32::try_from(offset).ok()?,
            is_dst: false,
            name,
        };
        if rest.is_empty() {
            return Some(Rule {
                standard,
                summer: None,
            });
        }
        let name = take_name(&mut rest)?;
        let offset = if rest.is_empty() || rest.starts_with(',') {
            offset + 3600
        } else {
            -take_time(&mut rest)?
        };
        let summer = LocalTime {
            offset: i32::try_from(offset).ok()?,
            is_dst: true,
            name,
        };
        // Without days, those of the United States.
        let days = if rest.is_empty() {
            ",M3.2.0,M11.1.0"
        } else {
            rest
        };
        let (start, end) = days.strip_prefix(',')?.split_once(',')?;
        let summer = Some((summer, Change::parse(start)?, Change::parse(end)?));
        Some(Rule { standard, summer })
    }
}

impl Change {
    fn parse(text: &str) -> Option<Self> {
        let (day, time) = match text.split_once('/') {
            Some((day, time)) => (day, time),
            None => (text, "2"),
        };
        let mut rest = time;
        let seconds = take_time(&mut rest)?;
        let day = if let Some(week) = day.strip_prefix('M') {
            let mut parts = week.split('.').map(|part| part.parse::<i64>().ok());
            let (month, week, weekday) = (parts.next()??, parts.next()??, parts.next()??);
            let sound = (1..=12).contains(&month) && (1..=5).contains(&week);
            if !sound || !(0..=6).contains(&weekday) {
                return None;
            }
            Day::Week(month, week, weekday)
        } else if let Some(fixed) = day.strip_prefix('J') {
            Day::Fixed(fixed.parse().ok().filter(|day| (1..=365).contains(day))?)
        } else {
            Day::Counted(day.parse().ok().filter(|day| (0..=365).contains(day))?)
        };
        rest.is_empty().then_some(Change { day, seconds })
    }

    /// The local second of the change, as if since 1970 in UTC.
    fn in_year(self, year: i64) -> i64 {
        let day = match self.day {
            Day::Counted(day) => days_before(year, 1) + day,
            Day::Fixed(day) => {
                let leap_day = i64::from(is_leap(year) && day >= 60);
                days_before(year, 1) + day - 1 + leap_day
            }
            Day::Week(month, week, weekday) => {
                let first = days_before(year, month);
                // 1 January 1970 was a Thursday, day 4.
                let to_first = (weekday - (first + 4)).rem_euclid(7);
                let day = first + to_first + (week - 1) * 7;
                let next = if month == 12 {
                    days_before(year + 1, 1)
                } else {
                    days_before(year, month + 1)
                };
                if day >= next { day - 7 } else { day }
            }
        };
        day * DAY + self.seconds
    }
}

/// Takes an abbreviation: three letters or more, or anything in brackets.
fn take_name(rest: &mut &str) -> Option<String> {
    if let Some(inner) = rest.strip_prefix('<') {
        let (name, after) = inner.split_once('>')?;
        *rest = after;
        return Some(name.to_owned());
    }
    let end = rest
        .find(|c: char| !c.is_ascii_alphabetic())
        .unwrap_or(rest.len());
    let (name, after) = rest.split_at(end);
    *rest = after;
    (name.len() >= 3).then(|| name.to_owned())
}

/// Takes `[+-]hours[:minutes[:seconds]]`, in seconds.
fn take_time(rest: &mut &str) -> Option<i64> {
    let end = rest
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, ':' | '+' | '-')))
        .unwrap_or(rest.len());
    let (text, after) = rest.split_at(end);
    *rest = after;
    let (sign, text) = match text.strip_prefix('-') {
        Some(text) => (-1, text),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut seconds = 0;
    let mut unit = 3600;
    for part in text.split(':') {
        let value: i64 = part
            .parse()
            .ok()
            .filter(|value| (0..=167).contains(value))?;
        seconds += value * unit;
        unit /= 60;
    }
    Some(sign * seconds)
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Days from 1970-01-01 to the first of a month.
fn days_before(year: i64, month: i64) -> i64 {
    const BEFORE: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let past = year - 1;
    let leaps = past.div_euclid(4) - past.div_euclid(100) + past.div_euclid(400);
    let in_year = BEFORE[(month - 1) as usize] + i64::from(month > 2 && is_leap(year));
    past * 365 + leaps - 719_162 + in_year
}

/// The year that a second since 1970 is in.
fn year_of(seconds: i64) -> i64 {
    let day = seconds.div_euclid(DAY);
    // An average year is 365.2425 days: at most one off, either way.
    let mut year = 1970 + (day * 10_000).div_euclid(3_652_425);
    while days_before(year, 1) > day {
        year -= 1;
    }
    while days_before(year + 1, 1) <= day {
        year += 1;
    }
    year
}

#[cfg(test)]
mod tests {
    use super::super::Grants;
    use super::*;
    use crate::host::Permissions;
    use std::sync::Arc;

    fn rule(text: &str) -> Zone {
        let files = Files::new(Arc::new(Grants::new(Permissions::none())), "/".into());
        Zone::named(&files, text).unwrap()
    }

    fn shown(zone: &Zone, moment: i64) -> (i32, &str) {
        let local = zone.at(moment);
        (local.offset, &local.name)
    }

    #[test]
    fn rules_follow_the_year() {
        let berlin = rule("CET-1CEST,M3.5.0,M10.5.0/3");
        assert_eq!(shown(&berlin, 1_704_067_200), (3600, "CET"));
        assert_eq!(shown(&berlin, 1_711_846_799), (3600, "CET"));
        assert_eq!(shown(&berlin, 1_711_846_800), (7200, "CEST"));
        assert_eq!(shown(&berlin, 1_729_990_799), (7200, "CEST"));
        assert_eq!(shown(&berlin, 1_729_990_800), (3600, "CET"));
        let sydney = rule("AEST-10AEDT,M10.1.0,M4.1.0/3");
        assert_eq!(shown(&sydney, 1_704_067_200), (39_600, "AEDT"));
        assert_eq!(shown(&sydney, 1_719_792_000), (36_000, "AEST"));
        assert_eq!(shown(&rule("<+0545>-5:45"), 0), (20_700, "+0545"));
        assert_eq!(shown(&rule("EST5EDT"), 1_720_000_000), (-14_400, "EDT"));
        assert_eq!(shown(&rule(""), 0), (0, "UTC"));
    }

    #[test]
    fn local_times_are_found_back() {
        let berlin = rule("CET-1CEST,M3.5.0,M10.5.0/3");
        let noon = 1_720_008_000;
        assert_eq!(berlin.moment(noon + 7200, None), noon);
        // Half past two on 27 October 2024 comes twice.
        let twice = 1_729_996_200;
        assert_eq!(berlin.moment(twice, None), twice - 7200);
        assert_eq!(berlin.moment(twice, Some(false)), twice - 3600);
        // Half past two on 31 March 2024 does not come at all.
        let never = 1_711_852_200;
        assert_eq!(berlin.moment(never, None), never - 3600);
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "X",
            "CET",
            "CET-1CEST,M13.1.0,M1.1.0",
            "../etc/passwd",
            "CET-999",
        ] {
            let files = Files::new(Arc::new(Grants::new(Permissions::none())), "/".into());
            assert_eq!(Zone::named(&files, text), None, "{text}");
        }
        assert_eq!(Zone::decode(b"TZif2"), None);
        let mut liar = b"TZif2".to_vec();
        liar.resize(44, 0xff);
        assert_eq!(Zone::decode(&liar), None);
    }

    #[test]
    fn years_are_found() {
        for (seconds, year) in [
            (0, 1970),
            (-1, 1969),
            (951_782_400, 2000),
            (-62_135_596_800, 1),
        ] {
            assert_eq!(year_of(seconds), year);
        }
        assert_eq!(days_before(1970, 1), 0);
        assert_eq!(days_before(2000, 3), 11_017);
    }

    #[test]
    fn the_database_is_read() {
        let files = Files::new(Arc::new(Grants::new(Permissions::all())), "/".into());
        // Not every machine has one.
        let Some(zone) = Zone::read(&files, Path::new("/usr/share/zoneinfo/America/New_York"))
        else {
            return;
        };
        assert_eq!(shown(&zone, 1_720_000_000), (-14_400, "EDT"));
        assert_eq!(shown(&zone, 1_704_067_200), (-18_000, "EST"));
        assert_eq!(shown(&zone, 4_102_444_800), (-18_000, "EST"));
        assert_eq!(shown(&zone, -5_000_000_000), (-17_762, "LMT"));
    }
}
