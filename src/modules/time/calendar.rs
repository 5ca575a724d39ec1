//! Days of the proleptic Gregorian calendar as numbers. Shared with `datetime`.

/// Broken-down time, as C's `struct tm` has it but with Python's ranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    pub year: i64,
    /// 1 to 12
    pub month: i64,
    /// 1 to 31
    pub day: i64,
    pub hour: i64,
    pub minute: i64,
    /// 0 to 61
    pub second: i64,
    /// 0 is Monday
    pub weekday: i64,
    /// 1 to 366
    pub yearday: i64,
    /// 0, 1, or -1 for unknown
    pub dst: i64,
}

/// Days from 1970-01-01 to a date.
pub fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let of_era = y.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let days = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    era * 146_097 + days - 719_468
}

/// Year, month and day of a number of days from 1970-01-01.
pub fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// Whether a year has a 29th of February.
pub fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// How many days a month has.
pub fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The day of the week of a date: 0 is Monday.
pub fn weekday(year: i64, month: i64, day: i64) -> i64 {
    (days_from_civil(year, month, day) + 3).rem_euclid(7)
}

/// The day of the year of a date, from 1.
pub fn yearday(year: i64, month: i64, day: i64) -> i64 {
    days_from_civil(year, month, day) - days_from_civil(year, 1, 1) + 1
}

/// ISO year, week and day of the week (1 is Monday).
pub fn iso_calendar(year: i64, month: i64, day: i64) -> (i64, i64, i64) {
    let days = days_from_civil(year, month, day);
    let mut iso_year = year;
    if days >= iso_week_one(year + 1) {
        iso_year += 1;
    } else if days < iso_week_one(year) {
        iso_year -= 1;
    }
    let week = (days - iso_week_one(iso_year)) / 7 + 1;
    (iso_year, week, weekday(year, month, day) + 1)
}

/// The day on which the first ISO week of a year begins.
pub fn iso_week_one(year: i64) -> i64 {
    let first = days_from_civil(year, 1, 1);
    let weekday = (first + 3).rem_euclid(7);
    if weekday > 3 {
        first + 7 - weekday
    } else {
        first - weekday
    }
}

impl Broken {
    /// The broken-down time of a moment in seconds since 1970, shifted by `offset`.
    pub fn of_moment(moment: i64, offset: i64, dst: i64) -> Broken {
        let local = moment + offset;
        let (days, rest) = (local.div_euclid(86_400), local.rem_euclid(86_400));
        let (year, month, day) = civil_from_days(days);
        Broken {
            year,
            month,
            day,
            hour: rest / 3600,
            minute: rest / 60 % 60,
            second: rest % 60,
            weekday: (days + 3).rem_euclid(7),
            yearday: yearday(year, month, day),
            dst,
        }
    }

    /// Seconds since 1970 as if this were universal time. Months and the rest may be out of range.
    pub fn seconds(&self) -> i64 {
        let months = self.month - 1;
        let (year, month) = (self.year + months.div_euclid(12), months.rem_euclid(12) + 1);
        (days_from_civil(year, month, 1) + self.day - 1) * 86_400
            + self.hour * 3600
            + self.minute * 60
            + self.second
    }
}

/// Names of the days, Monday first.
pub const DAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];
/// Names of the months.
pub const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_days_agree() {
        assert_eq!(days_from_civil(1970, 1, 1), 0);
        assert_eq!(days_from_civil(2000, 3, 1), 11_017);
        for days in (-800_000..3_000_000).step_by(997) {
            let (y, m, d) = civil_from_days(days);
            assert_eq!(days_from_civil(y, m, d), days);
        }
        assert_eq!(weekday(2024, 2, 29), 3);
        assert_eq!(iso_calendar(2021, 1, 3), (2020, 53, 7));
        assert_eq!(iso_calendar(2024, 12, 30), (2025, 1, 1));
    }
}
