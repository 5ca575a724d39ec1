//! Constant folding: arithmetic on constants, within CPython's limits of size.

use crate::bytecode::Const;
use crate::source::Wtf8;
use crate::syntax::ast::{Constant, Expr, ExprKind, Int, Operator, UnaryOp};
use dashu_int::IBig;
use std::sync::Arc;

/// Integers larger than this many bits are not computed in advance.
const MAX_INT_BITS: usize = 128;
const MAX_TEXT: usize = 4096;
const MAX_TUPLE: usize = 256;
/// Deeper expressions are computed at run time.
const MAX_DEPTH: u16 = 200;

/// The value of an expression that is constant.
pub(super) fn fold(expr: &Expr) -> Option<Const> {
    if expr.depth > MAX_DEPTH {
        return None;
    }
    match &expr.kind {
        ExprKind::Constant { value, .. } => Some(literal(value)),
        ExprKind::UnaryOp { op, operand } => unary(*op, fold(operand)?),
        ExprKind::BinOp { left, op, right } => {
            let right = fold(right)?;
            binary(*op, fold(left)?, right)
        }
        ExprKind::Tuple { elts, .. } => {
            let items: Option<Vec<Const>> = elts.iter().map(fold).collect();
            Some(Const::Tuple(items?.into()))
        }
        _ => None,
    }
}

/// The constant of a literal.
pub(super) fn literal(value: &Constant) -> Const {
    match value {
        Constant::None => Const::None,
        Constant::True => Const::Bool(true),
        Constant::False => Const::Bool(false),
        Constant::Ellipsis => Const::Ellipsis,
        Constant::Int(Int::Small(n)) => integer(IBig::from(*n)),
        Constant::Int(Int::Big(n)) => integer(n.clone()),
        Constant::Float(x) => Const::Float(*x),
        Constant::Complex(im) => Const::Complex(0.0, *im),
        Constant::Str(text) => text_const(text),
        Constant::Bytes(bytes) => Const::Bytes(bytes.clone().into()),
    }
}

/// The constant of a text.
pub(super) fn text_const(text: &Wtf8) -> Const {
    Const::Str(text.as_bytes().into())
}

/// The constant of a name.
pub(super) fn name_const(text: &str) -> Const {
    Const::Str(text.as_bytes().into())
}

/// Integers of up to 62 bits are told apart from larger ones.
fn integer(n: IBig) -> Const {
    match i64::try_from(&n) {
        Ok(small) if (-(1 << 61)..1 << 61).contains(&small) => Const::Int(small),
        _ => Const::BigInt(n),
    }
}

/// Whether a constant is true.
pub(super) fn truth(value: &Const) -> bool {
    match value {
        Const::None => false,
        Const::Bool(b) => *b,
        Const::Ellipsis | Const::BigInt(_) | Const::Code(_) => true,
        Const::Int(n) => *n != 0,
        Const::Float(x) => *x != 0.0,
        Const::Complex(re, im) => *re != 0.0 || *im != 0.0,
        Const::Str(bytes) | Const::Bytes(bytes) => !bytes.is_empty(),
        Const::Tuple(items) | Const::FrozenSet(items) => !items.is_empty(),
    }
}

fn unary(op: UnaryOp, value: Const) -> Option<Const> {
    if op == UnaryOp::Not {
        return Some(Const::Bool(!truth(&value)));
    }
    if let Some(n) = as_int(&value) {
        return Some(match op {
            UnaryOp::Invert if matches!(value, Const::Bool(_)) => return None,
            UnaryOp::Invert => integer(-n - IBig::ONE),
            UnaryOp::USub => integer(-n),
            _ => integer(n),
        });
    }
    match (op, value) {
        (UnaryOp::USub, Const::Float(x)) => Some(Const::Float(-x)),
        (UnaryOp::UAdd, Const::Float(x)) => Some(Const::Float(x)),
        (UnaryOp::USub, Const::Complex(re, im)) => Some(Const::Complex(-re, -im)),
        (UnaryOp::UAdd, Const::Complex(re, im)) => Some(Const::Complex(re, im)),
        _ => None,
    }
}

fn as_int(value: &Const) -> Option<IBig> {
    match value {
        Const::Bool(b) => Some(IBig::from(i64::from(*b))),
        Const::Int(n) => Some(IBig::from(*n)),
        Const::BigInt(n) => Some(n.clone()),
        _ => None,
    }
}

/// The float of a number, if the conversion is exact.
fn as_float(value: &Const) -> Option<f64> {
    match value {
        Const::Bool(b) => Some(f64::from(*b)),
        Const::Int(n) if n.unsigned_abs() <= 1 << 53 => Some(*n as f64),
        Const::Float(x) => Some(*x),
        _ => None,
    }
}

fn binary(op: Operator, left: Const, right: Const) -> Option<Const> {
    if let (Const::Bool(a), Const::Bool(b)) = (&left, &right) {
        match op {
            Operator::BitAnd => return Some(Const::Bool(a & b)),
            Operator::BitOr => return Some(Const::Bool(a | b)),
            Operator::BitXor => return Some(Const::Bool(a ^ b)),
            _ => {}
        }
    }
    if let (Some(a), Some(b)) = (as_int(&left), as_int(&right)) {
        return integers(op, a, b);
    }
    match (as_float(&left), as_float(&right)) {
        (Some(a), Some(b)) => floats(op, a, b).map(Const::Float),
        _ => complex(op, &left, &right).or_else(|| sequences(op, left, right)),
    }
}

fn integers(op: Operator, a: IBig, b: IBig) -> Option<Const> {
    let bits = |n: &IBig| dashu_int::ops::BitTest::bit_len(n);
    let zero = IBig::ZERO;
    let value = match op {
        Operator::Add => a + b,
        Operator::Sub => a - b,
        Operator::Mult if bits(&a) + bits(&b) <= MAX_INT_BITS => a * b,
        Operator::FloorDiv if b != zero => floor_divide(&a, &b).0,
        Operator::Mod if b != zero => floor_divide(&a, &b).1,
        Operator::BitAnd => a & b,
        Operator::BitOr => a | b,
        Operator::BitXor => a ^ b,
        Operator::LShift => {
            let shift = usize::try_from(&b).ok().filter(|&n| n <= MAX_INT_BITS)?;
            if bits(&a) + shift > MAX_INT_BITS {
                return None;
            }
            a << shift
        }
        Operator::RShift => {
            let shift = usize::try_from(&b).ok()?;
            if shift > 1 << 20 {
                return None;
            }
            // Floor division, which is what shifting means for negative numbers.
            floor_divide(&a, &(IBig::ONE << shift)).0
        }
        Operator::Pow => {
            let exponent = usize::try_from(&b).ok().filter(|&n| n <= MAX_INT_BITS)?;
            if bits(&a) * exponent > MAX_INT_BITS {
                return None;
            }
            a.pow(exponent)
        }
        Operator::Div => {
            let (a, b) = (i64::try_from(&a).ok()?, i64::try_from(&b).ok()?);
            let (a, b) = (as_float(&Const::Int(a))?, as_float(&Const::Int(b))?);
            return (b != 0.0).then(|| Const::Float(a / b));
        }
        _ => return None,
    };
    Some(integer(value))
}

/// Quotient and remainder, rounded down; `b` is not zero.
fn floor_divide(a: &IBig, b: &IBig) -> (IBig, IBig) {
    let quotient = a / b;
    let remainder = a - &quotient * b;
    if !cfg!(hoop_mutant = "15")
        && remainder != IBig::ZERO
        && (remainder < IBig::ZERO) != (*b < IBig::ZERO)
    {
        return (quotient - IBig::ONE, remainder + b);
    }
    (quotient, remainder)
}

fn floats(op: Operator, a: f64, b: f64) -> Option<f64> {
    match op {
        Operator::Add => Some(a + b),
        Operator::Sub => Some(a - b),
        Operator::Mult => Some(a * b),
        Operator::Div if b != 0.0 => Some(a / b),
        Operator::Mod if b != 0.0 => Some(float_modulo(a, b)),
        Operator::Pow if a > 0.0 => Some(a.powf(b)).filter(|x| x.is_finite()),
        _ => None,
    }
}

fn float_modulo(a: f64, b: f64) -> f64 {
    let rest = a % b;
    if rest == 0.0 {
        0.0_f64.copysign(b)
    } else if (b < 0.0) != (rest < 0.0) {
        rest + b
    } else {
        rest
    }
}

fn complex(op: Operator, left: &Const, right: &Const) -> Option<Const> {
    let parts = |value: &Const| match value {
        Const::Complex(re, im) => Some((*re, *im)),
        other => as_float(other).map(|x| (x, 0.0)),
    };
    let ((a, b), (c, d)) = (parts(left)?, parts(right)?);
    match op {
        Operator::Add => Some(Const::Complex(a + c, b + d)),
        Operator::Sub => Some(Const::Complex(a - c, b - d)),
        Operator::Mult => Some(Const::Complex(a * c - b * d, a * d + b * c)),
        _ => None,
    }
}

fn sequences(op: Operator, left: Const, right: Const) -> Option<Const> {
    match (op, left, right) {
        (Operator::Add, Const::Str(a), Const::Str(b)) => Some(Const::Str(join(&a, &b)?.into())),
        (Operator::Add, Const::Bytes(a), Const::Bytes(b)) => {
            Some(Const::Bytes(join(&a, &b)?.into()))
        }
        (Operator::Add, Const::Tuple(a), Const::Tuple(b)) => {
            let all: Vec<Const> = a.iter().chain(b.iter()).cloned().collect();
            (all.len() <= MAX_TUPLE).then(|| Const::Tuple(all.into()))
        }
        (Operator::Mult, Const::Str(text), Const::Int(n))
        | (Operator::Mult, Const::Int(n), Const::Str(text)) => {
            repeat(&text, n, MAX_TEXT).map(|all| Const::Str(all.into()))
        }
        (Operator::Mult, Const::Bytes(bytes), Const::Int(n))
        | (Operator::Mult, Const::Int(n), Const::Bytes(bytes)) => {
            repeat(&bytes, n, MAX_TEXT).map(|all| Const::Bytes(all.into()))
        }
        (Operator::Mult, Const::Tuple(items), Const::Int(n))
        | (Operator::Mult, Const::Int(n), Const::Tuple(items)) => {
            repeat(&items, n, MAX_TUPLE).map(|all| Const::Tuple(all.into()))
        }
        _ => None,
    }
}

fn join(a: &[u8], b: &[u8]) -> Option<Arc<[u8]>> {
    // A high surrogate before a low one stays two code points in WTF-8 here,
    // but other parts of the program must not see them joined: leave those alone.
    let limit = a.len() + b.len() <= 1 << 20;
    let plain = a.last().is_none_or(u8::is_ascii) || !b.starts_with(&[0xED]);
    (limit && plain).then(|| [a, b].concat().into())
}

fn repeat<T: Clone>(items: &[T], count: i64, limit: usize) -> Option<Vec<T>> {
    let count = usize::try_from(count.max(0)).ok()?;
    let length = items.len().checked_mul(count)?;
    (length <= limit).then(|| items.iter().cloned().cycle().take(length).collect())
}
