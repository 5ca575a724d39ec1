//! The values of number literals.

use super::Context;
use crate::source::{Diagnostic, Place, Span};
use crate::syntax::ast::*;
use dashu_int::IBig;

/// Decimal integers of more digits take too long to convert.
const MAX_DIGITS: usize = 4300;

impl Context<'_> {
    /// The number written at a place.
    pub fn number(&mut self, l: u32, r: u32) -> Expr {
        let span = Span::new(l, r);
        let text = self.file.slice(span).replace('_', "");
        let value = match text.as_bytes() {
            [b'0', b'x' | b'X', ..] => integer(&text[2..], 16),
            [b'0', b'o' | b'O', ..] => integer(&text[2..], 8),
            [b'0', b'b' | b'B', ..] => integer(&text[2..], 2),
            [.., b'j' | b'J'] => Constant::Complex(float(&text[..text.len() - 1])),
            digits if digits.iter().all(u8::is_ascii_digit) => {
                self.check_digits(span, digits.len());
                integer(&text, 10)
            }
            _ => Constant::Float(float(&text)),
        };
        self.constant(l, r, value)
    }

    fn check_digits(&mut self, span: Span, count: usize) {
        if count <= MAX_DIGITS {
            return;
        }
        let message = format!(
            "Exceeds the limit ({MAX_DIGITS} digits) for integer string conversion: value has \
             {count} digits; use sys.set_int_max_str_digits() to increase the limit - Consider \
             hexadecimal for huge integer literals to avoid decimal conversion limits."
        );
        let mut diagnostic = Diagnostic::syntax(message, span);
        diagnostic.place = Place::Line;
        self.refuse_at_once(diagnostic);
    }
}

/// The lexer vouches for the digits; beyond the limit nobody uses the value.
fn integer(digits: &str, radix: u32) -> Constant {
    if let Ok(small) = i64::from_str_radix(digits, radix) {
        return Constant::Int(Int::Small(small));
    }
    if radix == 10 && digits.len() > MAX_DIGITS {
        return Constant::Int(Int::Small(0));
    }
    let big = IBig::from_str_radix(digits, radix).unwrap_or_default();
    Constant::Int(Int::Big(big))
}

fn float(text: &str) -> f64 {
    text.parse().unwrap_or(0.0)
}
