"""Writes src/object/charmap.rs from the answers of the Python that runs this.

Run by hand:

    python3.13 scripts/dev/charmap_tables.py > src/object/charmap.rs
"""

from encodings.aliases import aliases

NAMES = (
    "cp437 cp850 cp852 cp855 cp857 cp858 cp860 cp861 cp862 cp863 cp865 cp866 cp874 cp1250 cp1251 cp1252 "
    "cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 iso8859_2 iso8859_3 iso8859_4 iso8859_5 iso8859_6 iso8859_7 "
    "iso8859_8 iso8859_9 iso8859_10 iso8859_11 iso8859_13 iso8859_14 iso8859_15 iso8859_16 koi8_r koi8_u "
    "mac_roman mac_cyrillic mac_latin2 tis_620"
).split()

print("""//! Encodings with one byte for each of 256 characters, ASCII in the lower half.
//! Written by `scripts/dev/charmap_tables.py`.

/// One such encoding.
#[derive(Debug)]
pub struct Charmap {
    /// Its names, as `Encoding::named` makes them plain.
    pub names: &'static [&'static str],
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

    /// The code point of a byte.
    pub fn decode(&self, byte: u8) -> Option<u32> {
        match byte {
            0..0x80 => Some(byte as u32),
            _ => Some(self.upper[byte as usize - 0x80] as u32).filter(|&point| point != 0xFFFE),
        }
    }

    /// The byte of a code point.
    pub fn encode(&self, point: u32) -> Option<u8> {
        match point {
            0..0x80 => Some(point as u8),
            0xFFFE => None,
            _ => {
                let at = self.upper.iter().position(|&p| p as u32 == point)?;
                Some(at as u8 + 0x80)
            }
        }
    }
}

static CHARMAPS: &[Charmap] = &[""")
for name in NAMES:
    assert bytes(range(128)).decode(name) == "".join(map(chr, range(128))), name
    known = [name] + sorted(a for a, n in aliases.items() if n == name)
    names = ", ".join(f'"{n}"' for n in known)
    points = [ord(bytes([b]).decode(name, "replace").replace("\ufffd", "\ufffe")) for b in range(128, 256)]
    assert max(points) < 0x10000
    print("    Charmap {")
    print(f"        names: &[{names}],")
    print("        upper: [")
    for i in range(0, 128, 16):
        print("            " + " ".join(f"{p:#x}," for p in points[i:i + 16]))
    print("        ],")
    print("    },")
print("];")
