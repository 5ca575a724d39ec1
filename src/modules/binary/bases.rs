//! `_base64`: what `base64` does with each byte.

use super::window::bytes_like;
use crate::builtins::arguments::bytes;
use crate::heap::Value;
use crate::modules::asyncio::script;
use crate::object::native::{Def, ModuleDef, R};
use crate::vm::Vm;

/// `_base64`
pub static MODULE: ModuleDef = ModuleDef {
    name: "_base64",
    doc: "Bases 32 and 85.",
    functions: &[
        Def::leaf("encode32(data, alphabet, /)", encode32)
            .doc("Eight digits for five bytes; zeros fill the last five up."),
        Def::leaf("decode32(digits, alphabet, /)", decode32)
            .doc("Five bytes for eight digits; zeros fill the last eight up. None if one is no digit."),
        Def::leaf("encode85(data, alphabet, zero, spaces, /)", encode85)
            .doc("Five digits for four bytes, or a sign for zeros or for spaces; zeros fill the last four up."),
        Def::leaf("decode85(digits, alphabet, name, /)", decode85)
            .doc("Four bytes for five digits; the highest digits fill the last five up."),
        Def::leaf("decode_ascii85(text, spaces, ignored, /)", decode_ascii85)
            .doc("Four bytes for five digits or a sign, without the characters that are ignored."),
    ],
    types: &[],
    setup: None,
};

/// So many bytes are coded together; a multiple of the lengths of all groups.
const PIECE: usize = 16_000;

/// Counts the work on so many bytes, and looks whether somebody is to be heard.
fn count(vm: &mut Vm, piece: &[u8]) -> R<()> {
    vm.tick(piece.len() / 16 + 1)
}

/// The value of each byte as a digit; 255 for others.
fn values(alphabet: &[u8]) -> [u8; 256] {
    let mut table = [255; 256];
    for (value, &digit) in alphabet.iter().enumerate() {
        table[usize::from(digit)] = value as u8;
    }
    table
}

/// The group of so many bytes, filled up.
fn filled<const N: usize>(group: &[u8], fill: u8) -> [u8; N] {
    let mut full = [fill; N];
    full[..group.len()].copy_from_slice(group);
    full
}

fn encode32(vm: &mut Vm, args: &[Value]) -> R {
    let (data, alphabet) = (bytes_like(vm, &args[0])?, bytes_like(vm, &args[1])?);
    let digits: [u8; 32] = filled(&alphabet[..alphabet.len().min(32)], 0);
    let length = data.len().div_ceil(5) * 8;
    vm.check_room(length)?;
    let mut out = Vec::with_capacity(length);
    for piece in data.chunks(PIECE) {
        count(vm, piece)?;
        for group in piece.chunks(5) {
            let [a, b, c, d, e] = filled(group, 0);
            let word = u64::from_be_bytes([0, 0, 0, a, b, c, d, e]);
            out.extend([35, 30, 25, 20, 15, 10, 5, 0].map(|at| digits[(word >> at & 31) as usize]));
        }
    }
    bytes(vm, &out)
}

fn decode32(vm: &mut Vm, args: &[Value]) -> R {
    let (data, alphabet) = (bytes_like(vm, &args[0])?, bytes_like(vm, &args[1])?);
    let values = values(&alphabet);
    let zero = alphabet.first().copied().unwrap_or(0);
    let length = data.len().div_ceil(8) * 5;
    vm.check_room(length)?;
    let mut out = Vec::with_capacity(length);
    for piece in data.chunks(PIECE) {
        count(vm, piece)?;
        for group in piece.chunks(8) {
            let (mut word, mut wrong) = (0u64, 0);
            for digit in filled::<8>(group, zero) {
                let value = values[usize::from(digit)];
                wrong |= value;
                word = word << 5 | u64::from(value & 31);
            }
            if wrong > 31 {
                return Ok(Value::NONE);
            }
            out.extend_from_slice(&word.to_be_bytes()[3..]);
        }
    }
    bytes(vm, &out)
}

fn encode85(vm: &mut Vm, args: &[Value]) -> R {
    let (data, alphabet) = (bytes_like(vm, &args[0])?, bytes_like(vm, &args[1])?);
    let digits: [u8; 85] = filled(&alphabet[..alphabet.len().min(85)], 0);
    let (zero, spaces) = (vm.truth(&args[2])?, vm.truth(&args[3])?);
    let length = data.len().div_ceil(4) * 5;
    vm.check_room(length)?;
    let mut out = Vec::with_capacity(length);
    for piece in data.chunks(PIECE) {
        count(vm, piece)?;
        for group in piece.chunks(4) {
            let word = u32::from_be_bytes(filled(group, 0));
            match word {
                0 if zero => out.push(b'z'),
                0x2020_2020 if spaces => out.push(b'y'),
                _ => out.extend(
                    [52_200_625, 614_125, 7_225, 85, 1].map(|n| digits[(word / n % 85) as usize]),
                ),
            }
        }
    }
    bytes(vm, &out)
}

fn decode85(vm: &mut Vm, args: &[Value]) -> R {
    let (data, alphabet) = (bytes_like(vm, &args[0])?, bytes_like(vm, &args[1])?);
    let values = values(&alphabet);
    let length = data.len().div_ceil(5) * 4;
    vm.check_room(length)?;
    let mut out = Vec::with_capacity(length);
    let mut begin = 0;
    for piece in data.chunks(PIECE) {
        count(vm, piece)?;
        for group in piece.chunks(5) {
            let mut word = 0u64;
            for n in 0..5 {
                let value = match group.get(n) {
                    Some(&digit) => values[usize::from(digit)],
                    None => 84,
                };
                if value > 84 {
                    let (name, at) = (script::as_text(&args[2]), begin + n);
                    return Err(vm.value_error(format!("bad {name} character at position {at}")));
                }
                word = word * 85 + u64::from(value);
            }
            let Ok(word) = u32::try_from(word) else {
                let name = script::as_text(&args[2]);
                return Err(
                    vm.value_error(format!("{name} overflow in hunk starting at byte {begin}"))
                );
            };
            out.extend_from_slice(&word.to_be_bytes());
            begin += 5;
        }
    }
    out.truncate(out.len() - (length / 4 * 5 - data.len()));
    bytes(vm, &out)
}

fn decode_ascii85(vm: &mut Vm, args: &[Value]) -> R {
    let (data, ignored) = (bytes_like(vm, &args[0])?, bytes_like(vm, &args[2])?);
    let spaces = vm.truth(&args[1])?;
    // A sign of its own stands for four bytes.
    vm.check_room(data.len())?;
    let mut out = Vec::with_capacity(data.len());
    let (mut word, mut held) = (0u64, 0);
    // The last group is filled up with the highest digit.
    for piece in data.chunks(PIECE).chain([&b"uuuu"[..]]) {
        count(vm, piece)?;
        for &sign in piece {
            match sign {
                b'!'..=b'u' => {
                    word = word * 85 + u64::from(sign - b'!');
                    held += 1;
                    if held == 5 {
                        let Ok(whole) = u32::try_from(word) else {
                            return Err(vm.value_error("Ascii85 overflow"));
                        };
                        out.extend_from_slice(&whole.to_be_bytes());
                        (word, held) = (0, 0);
                    }
                }
                b'z' | b'y' if sign == b'z' || spaces => {
                    if held > 0 {
                        let sign = char::from(sign);
                        return Err(vm.value_error(format!("{sign} inside Ascii85 5-tuple")));
                    }
                    out.extend_from_slice(if sign == b'z' { &[0; 4] } else { b"    " });
                }
                _ if ignored.contains(&sign) => {}
                _ => {
                    let sign = char::from(sign);
                    return Err(vm.value_error(format!("Non-Ascii85 digit found: {sign}")));
                }
            }
        }
    }
    out.truncate(out.len() + held - 4);
    bytes(vm, &out)
}
