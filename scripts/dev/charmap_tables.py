"""Writes grammar/src/source/charmap.rs from the answers of the Python that runs this.

Run by hand:

    python3.13 scripts/dev/charmap_tables.py > grammar/src/source/charmap.rs
"""

from encodings.aliases import aliases

NAMES = (
    "cp437 cp850 cp852 cp855 cp857 cp858 cp860 cp861 cp862 cp863 cp865 cp866 cp874 cp1250 cp1251 cp1252 "
    "cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 iso8859_2 iso8859_3 iso8859_4 iso8859_5 iso8859_6 iso8859_7 "
    "iso8859_8 iso8859_9 iso8859_10 iso8859_11 iso8859_13 iso8859_14 iso8859_15 iso8859_16 koi8_r koi8_u "
    "mac_roman mac_cyrillic mac_latin2 tis_620 "
    "cp720 cp737 cp775 cp856 cp864 cp869 cp1006 cp1125 hp_roman8 koi8_t kz1048 mac_croatian mac_greek mac_iceland "
    "mac_romanian mac_turkish palmos ptcp154 cp037 cp273 cp424 cp500 cp875 cp1026 cp1140"
).split()

print("""//! Encodings with one byte for each of 256 characters, most with ASCII in the lower half.
//! Written by `scripts/dev/charmap_tables.py`.

/// One such encoding.
#[derive(Debug)]
pub struct Charmap {
    /// Its names, as `Encoding::named` makes them plain.
    pub names: &'static [&'static str],
    /// What the bytes up to 0x7F mean, where that is not ASCII.
    lower: Option<&'static [u16; 128]>,
    /// What the bytes from 0x80 on mean; U+FFFE where one means nothing.
    upper: [u16; 128],
}

impl PartialEq for Charmap {
    fn eq(&self, other: &Charmap) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Charmap {}

impl Charmap {
    /// The encoding of a plain name.
    pub fn named(name: &str) -> Option<&'static Charmap> {
        CHARMAPS.iter().find(|map| map.names.contains(&name))
    }

    /// Whether text in ASCII is the same in this encoding.
    pub fn is_ascii(&self) -> bool {
        self.lower.is_none()
    }

    /// The code point of a byte.
    pub fn decode(&self, byte: u8) -> Option<u32> {
        let point = match (byte, self.lower) {
            (0..0x80, None) => byte as u16,
            (0..0x80, Some(lower)) => lower[byte as usize],
            _ => self.upper[byte as usize - 0x80],
        };
        Some(point as u32).filter(|&point| point != 0xFFFE)
    }

    /// The byte of a code point. Where two mean the same it is the last.
    pub fn encode(&self, point: u32) -> Option<u8> {
        let at = |half: &[u16; 128]| half.iter().rposition(|&p| p as u32 == point);
        match (point, self.lower) {
            (0xFFFE, _) => None,
            (0..0x80, None) => Some(point as u8),
            (_, None) => Some(at(&self.upper)? as u8 + 0x80),
            (_, Some(lower)) => match at(&self.upper) {
                Some(at) => Some(at as u8 + 0x80),
                None => Some(at(lower)? as u8),
            },
        }
    }
}

static CHARMAPS: &[Charmap] = &[""")
for name in NAMES:
    known = [name] + sorted(a for a, n in aliases.items() if n == name)
    names = ", ".join(f'"{n}"' for n in known)
    points = [ord(bytes([b]).decode(name, "replace").replace("\ufffd", "\ufffe")) for b in range(256)]
    assert max(points) < 0x10000

    def half(points):
        for i in range(0, 128, 16):
            print("            " + " ".join(f"{p:#x}," for p in points[i:i + 16]))

    print("    Charmap {")
    print(f"        names: &[{names}],")
    if points[:128] == list(range(128)):
        print("        lower: None,")
    else:
        print("        lower: Some(&[")
        half(points[:128])
        print("        ]),")
    print("        upper: [")
    half(points[128:])
    print("        ],")
    print("    },")
print("];")
