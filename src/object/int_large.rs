//! Arithmetic of integers so large that one operation takes longer than a run that is to be stopped may go on.
//!
//! Where somebody may stop the run (`Work::guarded`) it is done in pieces that take less than a millisecond each, by the
//! schoolbook's faster methods: Karatsuba's product, the division of Burnikel and Ziegler, halves for text and roots,
//! Lehmer's steps for common divisors. Where nobody can, the library does it in one go, which is faster still.

use dashu_int::fast_div::ConstDivisor;
use dashu_int::ops::{BitTest, DivRem, Gcd, SquareRoot, UnsignedAbs};
use dashu_int::{IBig, UBig};

use super::error::Outcome;
use crate::heap::{current, work};

/// So many words on each side are one piece.
const PIECE: usize = 1024;
/// Products of so many words are not even counted.
const FEW: usize = 1 << 14;
/// So many decimal digits are one piece.
const DIGITS: usize = 16_384;

fn words(n: &UBig) -> usize {
    n.as_words().len()
}

/// Whether pieces are wanted.
fn guarded() -> bool {
    current().work.guarded
}

/// Counts a product of numbers of so many words, or `times` as much.
fn weigh(a: usize, b: usize, times: usize) -> Outcome<()> {
    let (long, short) = (a.max(b), a.min(b));
    let units = long as f64 * (short as f64).powf(0.585) / 20.0;
    Ok(work(units as usize * times + 1)?)
}

/// `a * b`
pub fn mul(a: &IBig, b: &IBig) -> Outcome<IBig> {
    let (m, n) = (a.as_sign_words().1.len(), b.as_sign_words().1.len());
    if m.saturating_mul(n) < FEW || !guarded() {
        return Ok(a * b);
    }
    let sign = a.sign() * b.sign();
    let product = product(&a.unsigned_abs(), &b.unsigned_abs())?;
    Ok(IBig::from_parts(sign, product))
}

/// `a * b` of magnitudes.
pub fn product(a: &UBig, b: &UBig) -> Outcome<UBig> {
    let (a, b) = if words(a) < words(b) { (b, a) } else { (a, b) };
    let (m, n) = (words(a), words(b));
    if m.saturating_mul(n) < FEW || !guarded() {
        return Ok(a * b);
    }
    if n <= PIECE && m <= PIECE * 4 {
        weigh(m, n, 1)?;
        return Ok(a * b);
    }
    work(m / 100)?;
    let half = m / 2 * 64;
    let (low, high) = a.clone().split_bits(half);
    if n <= PIECE || m >= n * 2 {
        return Ok((product(&high, b)? << half) + product(&low, b)?);
    }
    let (other_low, other_high) = b.clone().split_bits(half);
    let top = product(&high, &other_high)?;
    let bottom = product(&low, &other_low)?;
    let both = product(&(high + low), &(other_high + other_low))?;
    let middle = both - &top - &bottom;
    Ok((((top << half) + middle) << half) + bottom)
}

/// The quotient, rounded towards zero, and the rest, which has the sign of `a`; `b` is not 0.
pub fn div_rem(a: &IBig, b: &IBig) -> Outcome<(IBig, IBig)> {
    let (m, n) = (a.as_sign_words().1.len(), b.as_sign_words().1.len());
    if m.saturating_mul(n) < FEW || !guarded() {
        return Ok(a.div_rem(b));
    }
    let (q, r) = divide(&a.unsigned_abs(), &b.unsigned_abs())?;
    Ok((
        IBig::from_parts(a.sign() * b.sign(), q),
        IBig::from_parts(a.sign(), r),
    ))
}

/// Quotient and rest of magnitudes; `b` is not 0.
pub fn divide(a: &UBig, b: &UBig) -> Outcome<(UBig, UBig)> {
    let (m, n) = (words(a), words(b));
    if m < n || m.saturating_mul(n) < FEW || !guarded() {
        return Ok(a.div_rem(b));
    }
    if n <= PIECE && m <= PIECE * 2 {
        weigh(m, n, 3)?;
        return Ok(a.div_rem(b));
    }
    // The divisor begins with a bit that is set and fills whole words; the dividend is cut into parts as long.
    let shift = n * 64 - b.bit_len();
    let (a, b) = (a << shift, b << shift);
    let part = n.max(PIECE);
    let mut quotient = vec![0; words(&a).div_ceil(part) * part];
    current().check_room(quotient.len() * 8)?;
    let mut rest = UBig::ZERO;
    for (number, digits) in a.as_words().chunks(part).enumerate().rev() {
        let dividend = (rest << (digits.len() * 64)) + UBig::from_words(digits);
        let (q, r) = if n <= PIECE {
            weigh(part + n, n, 3)?;
            dividend.div_rem(&b)
        } else {
            two_by_one(dividend, &b, n * 64)?
        };
        quotient[number * part..][..words(&q)].copy_from_slice(q.as_words());
        rest = r;
    }
    Ok((UBig::from_words(&quotient), rest >> shift))
}

/// Divides by `b`, which has `bits` bits; the quotient has no more.
fn two_by_one(a: UBig, b: &UBig, bits: usize) -> Outcome<(UBig, UBig)> {
    if words(b) <= PIECE {
        weigh(words(b), words(b), 3)?;
        return Ok(a.div_rem(b));
    }
    if bits & 1 == 1 {
        let (q, r) = two_by_one(a << 1usize, &(b << 1usize), bits + 1)?;
        return Ok((q, r >> 1usize));
    }
    work(words(b) / 50)?;
    let half = bits / 2;
    let (low, high) = b.clone().split_bits(half);
    let divisor = Halves {
        whole: b,
        high,
        low,
    };
    let (rest, first) = a.split_bits(bits);
    let (fourth, third) = rest.split_bits(half);
    let (q1, r) = three_by_two(first, third, &divisor, half)?;
    let (q2, r) = three_by_two(r, fourth, &divisor, half)?;
    Ok(((q1 << half) + q2, r))
}

/// A divisor and its halves.
struct Halves<'a> {
    whole: &'a UBig,
    high: UBig,
    low: UBig,
}

/// Divides `high` followed by the `bits` bits of `low`, where `high` is less than the divisor of twice so many bits.
fn three_by_two(high: UBig, low: UBig, by: &Halves<'_>, bits: usize) -> Outcome<(UBig, UBig)> {
    let (mut q, r) = if &high >> bits == by.high {
        // The quotient has all bits set, or is a little less.
        (UBig::ones(bits), high + &by.high - (&by.high << bits))
    } else {
        two_by_one(high, &by.high, bits)?
    };
    let taken = product(&q, &by.low)?;
    let mut r = IBig::from((r << bits) + low) - IBig::from(taken);
    while r < IBig::ZERO {
        q -= UBig::ONE;
        r += IBig::from(by.whole.clone());
    }
    Ok((q, r.unsigned_abs()))
}

/// `a ** exponent`
pub fn pow(a: &IBig, exponent: usize) -> Outcome<IBig> {
    let length = a.unsigned_abs().bit_len().saturating_mul(exponent);
    if length < PIECE * 64 || !guarded() {
        return Ok(a.pow(exponent));
    }
    let base = a.unsigned_abs();
    let mut power = base.clone();
    for bit in (0..exponent.ilog2()).rev() {
        power = product(&power, &power)?;
        if exponent >> bit & 1 == 1 {
            power = product(&power, &base)?;
        }
    }
    let negative = a < &IBig::ZERO && exponent & 1 == 1;
    let power = IBig::from(power);
    Ok(if negative { -power } else { power })
}

/// `10 ** n`
pub fn power_of_ten(n: usize) -> Outcome<UBig> {
    Ok(pow(&IBig::from(5), n)?.unsigned_abs() << n)
}

/// The decimal digits.
pub fn to_decimal(n: &UBig) -> Outcome<String> {
    if n.bit_len() < DIGITS * 3 || !guarded() {
        return Ok(n.to_string());
    }
    let mut powers = vec![UBig::from(10u8).pow(DIGITS)];
    while let Some(last) = powers.last()
        && last.bit_len() * 2 <= n.bit_len() + 1
    {
        powers.push(product(last, last)?);
    }
    let mut text = String::new();
    // Two texts of the length are there while the result is made: see `int_text`.
    write_decimal(n, &powers, &mut text)?;
    Ok(text)
}

fn write_decimal(n: &UBig, powers: &[UBig], text: &mut String) -> Outcome<()> {
    let Some((last, fewer)) = powers.split_last() else {
        weigh(words(n), words(n), 3)?;
        let digits = n.to_string();
        if !text.is_empty() {
            text.extend(std::iter::repeat_n('0', DIGITS - digits.len()));
        }
        text.push_str(&digits);
        return Ok(());
    };
    if text.is_empty() && n < last {
        return write_decimal(n, fewer, text);
    }
    let (high, low) = divide(n, last)?;
    write_decimal(&high, fewer, text)?;
    write_decimal(&low, fewer, text)
}

/// The number that digits of a base make; None if they do not.
pub fn from_digits(digits: &str, base: u32) -> Outcome<Option<UBig>> {
    if digits.len() <= DIGITS || base.is_power_of_two() || !guarded() {
        return Ok(UBig::from_str_radix(digits, base).ok());
    }
    let mut powers = vec![UBig::from(base).pow(DIGITS)];
    let mut length = DIGITS * 2;
    while let Some(last) = powers.last()
        && length < digits.len()
    {
        powers.push(product(last, last)?);
        length *= 2;
    }
    read_digits(digits, base, &powers)
}

fn read_digits(digits: &str, base: u32, powers: &[UBig]) -> Outcome<Option<UBig>> {
    let Some((last, fewer)) = powers.split_last() else {
        weigh(digits.len() / 16, digits.len() / 16, 2)?;
        return Ok(UBig::from_str_radix(digits, base).ok());
    };
    let half = DIGITS << fewer.len();
    if digits.len() <= half {
        return read_digits(digits, base, fewer);
    }
    let (high, low) = digits.split_at(digits.len() - half);
    let (Some(high), Some(low)) = (
        read_digits(high, base, fewer)?,
        read_digits(low, base, fewer)?,
    ) else {
        return Ok(None);
    };
    Ok(Some(product(&high, last)? + low))
}

/// The integer part of the square root.
pub fn sqrt(n: &UBig) -> Outcome<UBig> {
    if words(n) <= PIECE || !guarded() {
        work(words(n))?;
        return Ok(n.sqrt());
    }
    // The root of the upper half is exact to half the places; one step of Newton doubles them.
    let shift = n.bit_len() / 4;
    let near = sqrt(&(n >> (shift * 2)))? << shift;
    let (quotient, _) = divide(n, &near)?;
    let mut root = (near + quotient) >> 1usize;
    while product(&root, &root)? > *n {
        root -= UBig::ONE;
    }
    Ok(root)
}

/// The greatest common divisor; neither is 0.
pub fn gcd(a: UBig, b: UBig) -> Outcome<UBig> {
    let (mut a, mut b) = if a < b { (b, a) } else { (a, b) };
    if words(&b) <= 256 && words(&a) <= PIECE || !guarded() {
        return Ok(a.gcd(b));
    }
    while words(&b) > 256 {
        work(words(&a) / 20 + 1)?;
        if let Some([s, t, u, v]) = lehmer_step(&a, &b) {
            let combined = |s: i64, t: i64| {
                IBig::from(a.clone()) * IBig::from(s) + IBig::from(b.clone()) * IBig::from(t)
            };
            let next = (combined(s, t).unsigned_abs(), combined(u, v).unsigned_abs());
            (a, b) = next;
            if a < b {
                std::mem::swap(&mut a, &mut b);
            }
        } else {
            let (_, rest) = divide(&a, &b)?;
            (a, b) = (b, rest);
        }
    }
    if b.is_zero() {
        return Ok(a);
    }
    let (_, rest) = divide(&a, &b)?;
    if rest.is_zero() {
        return Ok(b);
    }
    Ok(b.gcd(rest))
}

/// Many steps of Euclid at once, as the leading bits alone decide them: the factors of both numbers in the next two.
fn lehmer_step(a: &UBig, b: &UBig) -> Option<[i64; 4]> {
    let shift = a.bit_len().checked_sub(62)?;
    let mut x = i64::try_from(a >> shift).ok()?;
    let mut y = i64::try_from(b >> shift).ok()?;
    let (mut s, mut t, mut u, mut v) = (1i64, 0i64, 0i64, 1i64);
    loop {
        // The quotient is certain if the cut-off bits cannot change it.
        if y + u <= 0 || y + v <= 0 {
            break;
        }
        let q = (x + s) / (y + u);
        if q != (x + t) / (y + v) {
            break;
        }
        let next = |a: i64, b: i64| b.checked_mul(q).and_then(|product| a.checked_sub(product));
        let (Some(s2), Some(t2)) = (next(s, u), next(t, v)) else {
            break;
        };
        if s2.abs() > 1 << 31 || t2.abs() > 1 << 31 {
            break;
        }
        (s, t, u, v) = (u, v, s2, t2);
        (x, y) = (y, x - q * y);
    }
    (t != 0).then_some([s, t, u, v])
}

/// `base ** exponent % modulus`; the base is less than the modulus, which is more than 1.
pub fn pow_mod(base: UBig, exponent: &UBig, modulus: &UBig) -> Outcome<UBig> {
    let size = words(modulus);
    if size * exponent.bit_len() < FEW || !guarded() {
        return Ok(ConstDivisor::new(modulus.clone())
            .reduce(base)
            .pow(exponent)
            .residue());
    }
    if size <= PIECE {
        let ring = ConstDivisor::new(modulus.clone());
        let base = ring.reduce(base);
        let mut power = ring.reduce(UBig::ONE);
        for bit in (0..exponent.bit_len()).rev() {
            weigh(size, size, 4)?;
            power = power.sqr();
            if exponent.bit(bit) {
                power *= &base;
            }
        }
        return Ok(power.residue());
    }
    let mut power = UBig::ONE;
    for bit in (0..exponent.bit_len()).rev() {
        power = divide(&product(&power, &power)?, modulus)?.1;
        if exponent.bit(bit) {
            power = divide(&product(&power, &base)?, modulus)?.1;
        }
    }
    Ok(power)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::testing::with_heap;

    /// Numbers without a pattern, the same each time.
    fn number(seed: u64, words: usize) -> UBig {
        let mut state = seed | 1;
        let words: Vec<u64> = (0..words)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(99);
                state ^ state >> 29
            })
            .collect();
        UBig::from_words(&words)
    }

    #[test]
    fn pieces_give_what_the_library_gives() {
        with_heap(|| {
            current().work.guarded = true;
            let sizes = [1, 40, 300, 1023, 1025, 2500, 4100, 9000];
            for (i, &m) in sizes.iter().enumerate() {
                for &n in &sizes {
                    let (a, b) = (number(i as u64 + 7, m), number(n as u64, n));
                    assert_eq!(product(&a, &b).unwrap(), &a * &b, "{m} * {n}");
                    assert_eq!(divide(&a, &b).unwrap(), (&a).div_rem(&b), "{m} / {n}");
                    let (common, a, b) = (number(3, 50), a, b);
                    let expected = (&a * &common).gcd(&b * &common);
                    assert_eq!(gcd(a * &common, b * common).unwrap(), expected, "{m}, {n}");
                }
                let a = number(5, m);
                assert_eq!(sqrt(&a).unwrap(), a.sqrt());
                assert_eq!(sqrt(&(&a * &a)).unwrap(), a);
                assert_eq!(sqrt(&(&a * &a - 1u8)).unwrap(), &a - 1u8);
                let text = a.to_string();
                assert_eq!(to_decimal(&a).unwrap(), text);
                assert_eq!(from_digits(&text, 10).unwrap(), Some(a));
            }
            let ones = UBig::ones(64 * 5000);
            let power = UBig::ONE << (64 * 9000);
            assert_eq!(divide(&power, &ones).unwrap(), (&power).div_rem(&ones));
            assert_eq!(
                to_decimal(&UBig::from(10u8).pow(70_000)).unwrap().len(),
                70_001
            );
            assert_eq!(
                pow(&IBig::from(-3), 70_001).unwrap(),
                IBig::from(-3).pow(70_001)
            );
            for size in [30, 1100] {
                let (base, modulus) = (number(11, size) >> 3usize, number(12, size));
                let exponent = number(13, 5);
                let expected = ConstDivisor::new(modulus.clone())
                    .reduce(base.clone())
                    .pow(&exponent)
                    .residue();
                assert_eq!(pow_mod(base, &exponent, &modulus).unwrap(), expected);
            }
        });
    }

    #[test]
    fn work_that_is_too_much_is_halted() {
        with_heap(|| {
            current().work.guarded = true;
            current().work.allow(50_000);
            let a = number(1, 100_000);
            let begin = std::time::Instant::now();
            assert!(product(&a, &a).is_err());
            assert!(begin.elapsed().as_millis() < 500);
        });
    }
}
