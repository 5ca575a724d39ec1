//! Encodings with one or more bytes for a character, as East Asia has them. The tables are
//! written by `scripts/dev/multibyte_tables.py`, which says how.

use std::collections::HashMap;
use std::sync::OnceLock;

static DATA: &[u8] = include_bytes!("multibyte.bin");

/// The encodings in the order of the data: their names, as `Encoding::named` makes them plain.
#[rustfmt::skip]
static NAMES: &[&[&str]] = &[
    &["gb2312", "chinese", "csiso58gb231280", "euc_cn", "euccn", "eucgb2312_cn", "gb2312_1980", "gb2312_80", "iso_ir_58", "x_mac_simp_chinese"],
    &["gbk", "936", "cp936", "ms936"],
    &["gb18030", "gb18030_2000"],
    &["big5", "big5_tw", "csbig5", "x_mac_trad_chinese"],
    &["cp950", "950", "ms950"],
    &["euc_jp", "eucjp", "ujis", "u_jis"],
    &["shift_jis", "csshiftjis", "shiftjis", "sjis", "s_jis", "x_mac_japanese"],
    &["cp932", "932", "ms932", "mskanji", "ms_kanji", "windows_31j"],
    &["euc_kr", "euckr", "korean", "ksc5601", "ks_c_5601", "ks_c_5601_1987", "ksx1001", "ks_x_1001", "x_mac_korean"],
    &["cp949", "949", "ms949", "uhc"],
    &["johab", "cp1361", "ms1361"],
];

const UNDEFINED: u16 = 0xFFFF;
const SEVERAL: u16 = 0xFFFE;

/// What begins like this: its first bytes, the lowest last byte, and what each means.
#[derive(Debug)]
struct Row {
    lead: u16,
    low: u16,
    points: &'static [u8],
}

/// One such encoding.
#[derive(Debug)]
pub struct Multibyte {
    /// Its names.
    pub names: &'static [&'static str],
    single: Vec<u16>,
    rows: Vec<Row>,
    /// By lead.
    places: HashMap<u16, usize>,
    /// What is encoded otherwise than to the lowest code that means it.
    exceptions: Vec<(u32, u32)>,
    /// The codes of characters, made when first asked for.
    codes: OnceLock<HashMap<u32, u32>>,
}

impl PartialEq for Multibyte {
    fn eq(&self, other: &Multibyte) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Multibyte {}

/// What bytes begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begins {
    /// With a character of so many bytes.
    With(u32, usize),
    /// With what more bytes may make a character of.
    Incomplete,
    /// With nothing that means something.
    Wrong,
}

fn number(at: usize) -> u16 {
    u16::from_le_bytes([DATA[2 * at], DATA[2 * at + 1]])
}

/// Reads one encoding from a place of the data on; answers it and where the next begins.
fn read(names: &'static [&'static str], from: usize) -> (Multibyte, usize) {
    let single = (from..from + 256).map(number).collect();
    let mut at = from + 257;
    let mut rows = Vec::new();
    let mut places = HashMap::new();
    for place in 0..usize::from(number(at - 1)) {
        let (lead, low, count) = (number(at), number(at + 1), usize::from(number(at + 2)));
        places.insert(lead, place);
        let points = &DATA[2 * (at + 3)..2 * (at + 3 + count)];
        rows.push(Row { lead, low, points });
        at += 3 + count;
    }
    let count = usize::from(number(at));
    let exception = |i: usize| {
        let at = at + 1 + 3 * i;
        let code = u32::from(number(at + 1)) << 16 | u32::from(number(at + 2));
        (u32::from(number(at)), code)
    };
    let made = Multibyte {
        names,
        single,
        rows,
        places,
        exceptions: (0..count).map(exception).collect(),
        codes: OnceLock::new(),
    };
    (made, at + 1 + 3 * count)
}

/// All of them, read when one is asked for.
fn all() -> &'static [Multibyte] {
    static ALL: OnceLock<Vec<Multibyte>> = OnceLock::new();
    ALL.get_or_init(|| {
        let mut at = 0;
        let mut found = Vec::new();
        for names in NAMES {
            let (made, next) = read(names, at);
            found.push(made);
            at = next;
        }
        found
    })
}

impl Multibyte {
    /// The encoding of a plain name.
    pub fn named(name: &str) -> Option<&'static Multibyte> {
        let place = NAMES.iter().position(|names| names.contains(&name))?;
        all().get(place)
    }

    /// Its own name.
    pub fn name(&self) -> &'static str {
        self.names[0]
    }

    /// What these bytes, which are not none, begin with.
    pub fn begins(&self, bytes: &[u8]) -> Begins {
        match self.single[usize::from(bytes[0])] {
            UNDEFINED => return Begins::Wrong,
            SEVERAL => {}
            point => return Begins::With(point.into(), 1),
        }
        let Some(&second) = bytes.get(1) else {
            return Begins::Incomplete;
        };
        if self.name() == "gb18030" && second.is_ascii_digit() {
            return four_bytes(bytes);
        }
        if self.name() == "euc_jp" && bytes[0] == 0x8F {
            let lead = 0x8F00 | u16::from(second);
            return match bytes.get(2) {
                Some(&last) => self.in_row(lead, last, 3),
                None => Begins::Incomplete,
            };
        }
        if self.name() == "euc_kr" && bytes[..2] == FILLER {
            return composed(bytes);
        }
        self.in_row(bytes[0].into(), second, 2)
    }

    fn in_row(&self, lead: u16, last: u8, len: usize) -> Begins {
        let row = self.places.get(&lead).map(|place| &self.rows[*place]);
        let point = row.and_then(|row| row.point(last)).unwrap_or(0);
        match point {
            0 => Begins::Wrong,
            point => Begins::With(point, len),
        }
    }

    /// The bytes of a character, in `room`; how many, None if there are none.
    pub fn encode(&self, point: u32, room: &mut [u8; 8]) -> Option<usize> {
        if point < 0x80 && self.single[point as usize] == point as u16 {
            room[0] = point as u8;
            return Some(1);
        }
        let codes = self.codes.get_or_init(|| self.invert());
        let code = match codes.get(&point) {
            Some(&code) => code,
            None if self.name() == "gb18030" => four_bytes_of(point)?,
            None if self.name() == "euc_kr" => return decomposed(point, room),
            None => return None,
        };
        let len = (4 - code.leading_zeros() as usize / 8).max(1);
        room[..len].copy_from_slice(&code.to_be_bytes()[4 - len..]);
        Some(len)
    }

    fn invert(&self) -> HashMap<u32, u32> {
        let mut codes = HashMap::new();
        for (byte, &point) in (0..).zip(&self.single) {
            if point < SEVERAL {
                codes.entry(u32::from(point)).or_insert(byte);
            }
        }
        // Shorter codes first, and the lowest of those.
        for long in [false, true] {
            for row in self.rows.iter().filter(|row| (row.lead > 0xFF) == long) {
                for last in 0..=255 {
                    if let Some(point @ 1..) = row.point(last) {
                        let code = u32::from(row.lead) << 8 | u32::from(last);
                        codes.entry(point).or_insert(code);
                    }
                }
            }
        }
        for &(point, code) in &self.exceptions {
            if code == 0 {
                codes.remove(&point);
            } else {
                codes.insert(point, code);
            }
        }
        codes
    }
}

impl Row {
    fn point(&self, last: u8) -> Option<u32> {
        let at = 2 * usize::from(u16::from(last).checked_sub(self.low)?);
        let pair = self.points.get(at..at + 2)?;
        Some(u32::from(u16::from_le_bytes([pair[0], pair[1]])))
    }
}

// ----- GB 18030: the rest of Unicode in four bytes ------------------------------

/// Where runs of characters begin: the number of the four bytes, and the character.
#[rustfmt::skip]
static RUNS: &[(u32, u32)] = &[
    (0x0000, 0x0080), (0x0024, 0x00A5), (0x0026, 0x00A9), (0x002D, 0x00B2),
    (0x0032, 0x00B8), (0x0051, 0x00D8), (0x0059, 0x00E2), (0x005F, 0x00EB),
    (0x0060, 0x00EE), (0x0064, 0x00F4), (0x0067, 0x00F8), (0x0068, 0x00FB),
    (0x0069, 0x00FD), (0x006D, 0x0102), (0x007E, 0x0114), (0x0085, 0x011C),
    (0x0094, 0x012C), (0x00AC, 0x0145), (0x00AF, 0x0149), (0x00B3, 0x014E),
    (0x00D0, 0x016C), (0x0132, 0x01CF), (0x0133, 0x01D1), (0x0134, 0x01D3),
    (0x0135, 0x01D5), (0x0136, 0x01D7), (0x0137, 0x01D9), (0x0138, 0x01DB),
    (0x0139, 0x01DD), (0x0155, 0x01FA), (0x01AC, 0x0252), (0x01BB, 0x0262),
    (0x0220, 0x02C8), (0x0221, 0x02CC), (0x022E, 0x02DA), (0x02E5, 0x03A2),
    (0x02E6, 0x03AA), (0x02ED, 0x03C2), (0x02EE, 0x03CA), (0x0325, 0x0402),
    (0x0333, 0x0450), (0x0334, 0x0452), (0x1EF2, 0x2011), (0x1EF4, 0x2017),
    (0x1EF5, 0x201A), (0x1EF7, 0x201E), (0x1EFE, 0x2027), (0x1F07, 0x2031),
    (0x1F08, 0x2034), (0x1F09, 0x2036), (0x1F0E, 0x203C), (0x1F7E, 0x20AD),
    (0x1FD4, 0x2104), (0x1FD5, 0x2106), (0x1FD8, 0x210A), (0x1FE4, 0x2117),
    (0x1FEE, 0x2122), (0x202C, 0x216C), (0x2030, 0x217A), (0x2046, 0x2194),
    (0x2048, 0x219A), (0x20B6, 0x2209), (0x20BC, 0x2210), (0x20BD, 0x2212),
    (0x20C0, 0x2216), (0x20C4, 0x221B), (0x20C6, 0x2221), (0x20C8, 0x2224),
    (0x20C9, 0x2226), (0x20CA, 0x222C), (0x20CC, 0x222F), (0x20D1, 0x2238),
    (0x20D6, 0x223E), (0x20E0, 0x2249), (0x20E3, 0x224D), (0x20E8, 0x2253),
    (0x20F5, 0x2262), (0x20F7, 0x2268), (0x20FD, 0x2270), (0x2122, 0x2296),
    (0x2125, 0x229A), (0x2130, 0x22A6), (0x2149, 0x22C0), (0x219B, 0x2313),
    (0x22E8, 0x246A), (0x22F2, 0x249C), (0x2356, 0x254C), (0x235A, 0x2574),
    (0x2367, 0x2590), (0x236A, 0x2596), (0x2374, 0x25A2), (0x2384, 0x25B4),
    (0x238C, 0x25BE), (0x2394, 0x25C8), (0x2397, 0x25CC), (0x2399, 0x25D0),
    (0x23AB, 0x25E6), (0x23CA, 0x2607), (0x23CC, 0x260A), (0x2402, 0x2641),
    (0x2403, 0x2643), (0x2C41, 0x2E82), (0x2C43, 0x2E85), (0x2C46, 0x2E89),
    (0x2C48, 0x2E8D), (0x2C52, 0x2E98), (0x2C61, 0x2EA8), (0x2C63, 0x2EAB),
    (0x2C66, 0x2EAF), (0x2C6A, 0x2EB4), (0x2C6C, 0x2EB8), (0x2C6F, 0x2EBC),
    (0x2C7D, 0x2ECB), (0x2DA2, 0x2FFC), (0x2DA6, 0x3004), (0x2DA7, 0x3018),
    (0x2DAC, 0x301F), (0x2DAE, 0x302A), (0x2DC2, 0x303F), (0x2DC4, 0x3094),
    (0x2DCB, 0x309F), (0x2DCD, 0x30F7), (0x2DD2, 0x30FF), (0x2DD8, 0x312A),
    (0x2ECE, 0x322A), (0x2ED5, 0x3232), (0x2F46, 0x32A4), (0x3030, 0x3390),
    (0x303C, 0x339F), (0x303E, 0x33A2), (0x3060, 0x33C5), (0x3069, 0x33CF),
    (0x306B, 0x33D3), (0x306D, 0x33D6), (0x30DE, 0x3448), (0x3109, 0x3474),
    (0x3233, 0x359F), (0x32A2, 0x360F), (0x32AD, 0x361B), (0x35AA, 0x3919),
    (0x35FF, 0x396F), (0x365F, 0x39D1), (0x366D, 0x39E0), (0x3700, 0x3A74),
    (0x37DA, 0x3B4F), (0x38F9, 0x3C6F), (0x396A, 0x3CE1), (0x3CDF, 0x4057),
    (0x3DE7, 0x4160), (0x3FBE, 0x4338), (0x4032, 0x43AD), (0x4036, 0x43B2),
    (0x4061, 0x43DE), (0x4159, 0x44D7), (0x42CE, 0x464D), (0x42E2, 0x4662),
    (0x43A3, 0x4724), (0x43A8, 0x472A), (0x43FA, 0x477D), (0x440A, 0x478E),
    (0x45C3, 0x4948), (0x45F5, 0x497B), (0x45F7, 0x497E), (0x45FB, 0x4984),
    (0x45FC, 0x4987), (0x4610, 0x499C), (0x4613, 0x49A0), (0x4629, 0x49B8),
    (0x48E8, 0x4C78), (0x490F, 0x4CA4), (0x497E, 0x4D1A), (0x4A12, 0x4DAF),
    (0x4A63, 0x9FA6), (0x82BD, 0xE76C), (0x82BE, 0xE7C8), (0x82BF, 0xE7E7),
    (0x82CC, 0xE815), (0x82CD, 0xE819), (0x82D2, 0xE81F), (0x82D9, 0xE827),
    (0x82DD, 0xE82D), (0x82E1, 0xE833), (0x82E9, 0xE83C), (0x82F0, 0xE844),
    (0x8300, 0xE856), (0x830E, 0xE865), (0x93D5, 0xF92D), (0x9421, 0xF97A),
    (0x943C, 0xF996), (0x948D, 0xF9E8), (0x9496, 0xF9F2), (0x94B0, 0xFA10),
    (0x94B1, 0xFA12), (0x94B2, 0xFA15), (0x94B5, 0xFA19), (0x94BB, 0xFA22),
    (0x94BC, 0xFA25), (0x94BE, 0xFA2A), (0x98C4, 0xFE32), (0x98C5, 0xFE45),
    (0x98C9, 0xFE53), (0x98CA, 0xFE58), (0x98CB, 0xFE67), (0x98CC, 0xFE6C),
    (0x9961, 0xFF5F), (0x99E2, 0xFFE6),
];

/// The number of the last four bytes of the Basic Multilingual Plane, and of U+10000.
const LAST_RUN_END: u32 = 39_420;
const BEYOND: u32 = 189_000;

fn four_bytes(bytes: &[u8]) -> Begins {
    let fits = |at: usize, low: u8, high: u8| bytes.get(at).map(|b| (low..=high).contains(b));
    match (fits(2, 0x81, 0xFE), fits(3, 0x30, 0x39)) {
        (None, _) | (Some(true), None) => return Begins::Incomplete,
        (Some(false), _) | (_, Some(false)) => return Begins::Wrong,
        _ => {}
    }
    let part = |at: usize, low: u8| u32::from(bytes[at] - low);
    let number = ((part(0, 0x81) * 10 + part(1, 0x30)) * 126 + part(2, 0x81)) * 10 + part(3, 0x30);
    let point = if number >= BEYOND {
        0x1_0000 + number - BEYOND
    } else {
        let run = RUNS.partition_point(|run| run.0 <= number);
        let next = RUNS.get(run).map_or(LAST_RUN_END, |run| run.0);
        match run.checked_sub(1).map(|run| RUNS[run]) {
            Some((start, point)) if number < next => point + number - start,
            _ => return Begins::Wrong,
        }
    };
    if point > 0x10_FFFF || (0xD800..0xE000).contains(&point) {
        return Begins::Wrong;
    }
    Begins::With(point, 4)
}

fn four_bytes_of(point: u32) -> Option<u32> {
    if (0xD800..0xE000).contains(&point) {
        return None;
    }
    let number = if point >= 0x1_0000 {
        BEYOND + point - 0x1_0000
    } else {
        let run = RUNS.partition_point(|run| run.1 <= point).checked_sub(1)?;
        RUNS[run].0 + point - RUNS[run].1
    };
    let (rest, d) = (number / 10, number % 10);
    let (rest, c) = (rest / 126, rest % 126);
    let (a, b) = (rest / 10, rest % 10);
    Some(u32::from_be_bytes([
        (a + 0x81) as u8,
        (b + 0x30) as u8,
        (c + 0x81) as u8,
        (d + 0x30) as u8,
    ]))
}

// ----- EUC-KR: syllables that the table has not, made of their letters ----------

/// What a syllable of letters begins with.
const FILLER: [u8; 2] = [0xA4, 0xD4];
/// The codes of the letters a syllable begins with, goes on with and ends with, 0 for no end.
const FIRST: [u8; 19] = [
    0xA1, 0xA2, 0xA4, 0xA7, 0xA8, 0xA9, 0xB1, 0xB2, 0xB3, 0xB5, 0xB6, 0xB7, 0xB8, 0xB9, 0xBA, 0xBB,
    0xBC, 0xBD, 0xBE,
];
const LAST: [u8; 28] = [
    0xD4, 0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7, 0xA9, 0xAA, 0xAB, 0xAC, 0xAD, 0xAE, 0xAF, 0xB0,
    0xB1, 0xB2, 0xB4, 0xB5, 0xB6, 0xB7, 0xB8, 0xBA, 0xBB, 0xBC, 0xBD, 0xBE,
];

fn composed(bytes: &[u8]) -> Begins {
    if bytes.len() < 8 {
        return Begins::Incomplete;
    }
    let place = |letters: &[u8], at: usize| letters.iter().position(|l| *l == bytes[at]);
    let vowel = bytes[5].checked_sub(0xBF).filter(|vowel| *vowel < 21);
    match (place(&FIRST, 3), vowel, place(&LAST, 7)) {
        (Some(first), Some(vowel), Some(last)) if [bytes[2], bytes[4], bytes[6]] == [0xA4; 3] => {
            let number = (first as u32 * 21 + u32::from(vowel)) * 28 + last as u32;
            Begins::With(0xAC00 + number, 8)
        }
        _ => Begins::Wrong,
    }
}

fn decomposed(point: u32, room: &mut [u8; 8]) -> Option<usize> {
    let number = point.checked_sub(0xAC00).filter(|n| *n < 19 * 21 * 28)? as usize;
    let (first, vowel, last) = (number / 588, number / 28 % 21, number % 28);
    *room = [
        FILLER[0],
        FILLER[1],
        0xA4,
        FIRST[first],
        0xA4,
        0xBF + vowel as u8,
        0xA4,
        LAST[last],
    ];
    Some(8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_comes_back() {
        for encoding in all() {
            let mut room = [0; 8];
            for point in 0..0x11_0000 {
                if encoding.exceptions.iter().any(|(odd, _)| *odd == point) {
                    continue;
                }
                let Some(len) = encoding.encode(point, &mut room) else {
                    continue;
                };
                let begins = encoding.begins(&room[..len]);
                let Begins::With(_, used) = begins else {
                    panic!("{} {point:x} {begins:?}", encoding.name());
                };
                assert_eq!(used, len, "{} {point:x}", encoding.name());
            }
        }
    }
}
