//! Sums and products: exact where floats allow it.

use crate::builtins::arguments::{float, number};
use crate::heap::Value;
use crate::object::float::Float;
use crate::object::int::{self, IntView};
use crate::object::native::{R, Raised};
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::ops::BinaryOp;

/// A sum of floats without any loss: a list of parts that do not overlap.
#[derive(Default)]
struct ExactSum {
    parts: Vec<f64>,
    /// What infinite and not-a-number terms add up to.
    special: f64,
    infinite: f64,
    overflowed: bool,
}

impl ExactSum {
    fn add(&mut self, term: f64) {
        let mut x = term;
        let mut kept = 0;
        for i in 0..self.parts.len() {
            let mut y = self.parts[i];
            if x.abs() < y.abs() {
                std::mem::swap(&mut x, &mut y);
            }
            let high = x + y;
            let low = y - (high - x);
            if low != 0.0 {
                self.parts[kept] = low;
                kept += 1;
            }
            x = high;
        }
        self.parts.truncate(kept);
        if x == 0.0 {
            return;
        }
        if x.is_finite() {
            self.parts.push(x);
        } else if term.is_finite() {
            self.overflowed = true;
        } else {
            if term.is_infinite() {
                self.infinite += term;
            }
            self.special += term;
            self.parts.clear();
        }
    }

    fn total(mut self, vm: &mut Vm) -> R<f64> {
        if self.overflowed {
            return Err(vm.overflow_error("intermediate overflow in fsum"));
        }
        if self.special != 0.0 || self.special.is_nan() {
            if self.infinite.is_nan() {
                return Err(vm.value_error("-inf + inf in fsum"));
            }
            return Ok(self.special);
        }
        Ok(self.rounded())
    }

    /// The parts added up from the largest, rounded once, half to even.
    fn rounded(&mut self) -> f64 {
        let Some(mut high) = self.parts.pop() else {
            return 0.0;
        };
        let mut low = 0.0;
        while let Some(y) = self.parts.pop() {
            let x = high;
            high = x + y;
            low = y - (high - x);
            if low != 0.0 {
                break;
            }
        }
        // A tie is decided by the sign of what lies below.
        if let Some(&below) = self.parts.last()
            && ((low < 0.0 && below < 0.0) || (low > 0.0 && below > 0.0))
        {
            let y = low * 2.0;
            let x = high + y;
            if y == x - high {
                high = x;
            }
        }
        high
    }
}

/// `fsum(iterable)`
pub fn fsum(vm: &mut Vm, args: &[Value]) -> R {
    let mut sum = ExactSum::default();
    vm.for_each(&args[0], |vm, item| {
        sum.add(number(vm, &item)?);
        Ok(())
    })?;
    sum.total(vm).map(float)
}

/// `prod(iterable, start=1)`
pub fn prod(vm: &mut Vm, args: &[Value]) -> R {
    let mut result = args[1].clone();
    vm.for_each(&args[0], |vm, item| {
        result = vm.binary(BinaryOp::Mul, &result, &item)?;
        Ok(())
    })?;
    Ok(result)
}

/// The length of a vector: scaled, so that nothing overflows, and summed without loss.
fn norm(parts: &[f64]) -> f64 {
    let largest = parts
        .iter()
        .fold(0.0f64, |m, x| if x.abs() > m { x.abs() } else { m });
    if parts.iter().any(|x| x.is_infinite()) {
        return f64::INFINITY;
    }
    if parts.iter().any(|x| x.is_nan()) {
        return f64::NAN;
    }
    if largest == 0.0 {
        return 0.0;
    }
    if parts.len() == 1 {
        return largest;
    }
    let (_, exponent) = crate::object::float::frexp(largest);
    if exponent < -1021 {
        // A scale would not be representable.
        let up: Vec<f64> = parts.iter().map(|x| x / f64::MIN_POSITIVE).collect();
        return f64::MIN_POSITIVE * norm(&up);
    }
    let scale = crate::object::int_math::times_power_of_two(1.0, -i64::from(exponent));
    let mut sum = ExactSum::default();
    for x in parts {
        let x = x * scale;
        let square = x * x;
        sum.add(square);
        sum.add(x.mul_add(x, -square));
    }
    let total = sum.parts.iter().sum::<f64>();
    let root = total.sqrt();
    // One step of Newton on the exact sum.
    let square = root * root;
    sum.add(-square);
    sum.add(-root.mul_add(root, -square));
    let rest = sum.rounded();
    (root + rest / (2.0 * root)) / scale
}

/// `hypot(*coordinates)`
pub fn hypot(vm: &mut Vm, args: &[Value]) -> R {
    let mut parts = Vec::new();
    for item in args[0].get::<Tuple>().map_or(&[][..], Tuple::items) {
        parts.push(number(vm, item)?);
    }
    Ok(float(norm(&parts)))
}

/// `dist(p, q)`
pub fn dist(vm: &mut Vm, args: &[Value]) -> R {
    let (p, q) = (vm.collect_hinted(&args[0])?, vm.collect_hinted(&args[1])?);
    if p.len() != q.len() {
        return Err(vm.value_error("both points must have the same number of dimensions"));
    }
    let mut parts = Vec::new();
    for (a, b) in p.iter().zip(&q) {
        parts.push(number(vm, a)? - number(vm, b)?);
    }
    Ok(float(norm(&parts)))
}

fn lengths_differ(vm: &mut Vm) -> Raised {
    vm.value_error("Inputs are not the same length")
}

/// `sumprod(p, q)`
pub fn sumprod(vm: &mut Vm, args: &[Value]) -> R {
    let (p, q) = (vm.collect(&args[0])?, vm.collect(&args[1])?);
    if p.len() != q.len() {
        return Err(lengths_differ(vm));
    }
    let exact_float = |v: &Value| v.as_inline_float().is_some() || v.is_exact::<Float>();
    let plain = |v: &Value| exact_float(v) || v.is_small_int();
    let any_float = p.iter().chain(&q).any(exact_float);
    if any_float && p.iter().chain(&q).all(plain) {
        return float_sumprod(vm, &p, &q);
    }
    let mut total = Value::int32(0);
    for (a, b) in p.iter().zip(&q) {
        let product = match (IntView::of(a), IntView::of(b)) {
            (Some(x), Some(y)) if is_exact_int(a) && is_exact_int(b) => {
                let product = int::mul(x, y);
                vm.lift(product)?
            }
            _ => vm.binary(BinaryOp::Mul, a, b)?,
        };
        total = vm.binary(BinaryOp::Add, &total, &product)?;
    }
    Ok(total)
}

/// Instances of subclasses have methods of their own.
fn is_exact_int(value: &Value) -> bool {
    value.is_small_int() || value.is_exact::<int::Int>()
}

fn float_sumprod(vm: &mut Vm, p: &[Value], q: &[Value]) -> R {
    let mut sum = ExactSum::default();
    let mut plain_total = 0.0;
    for (a, b) in p.iter().zip(q) {
        let (a, b) = (number(vm, a)?, number(vm, b)?);
        let product = a * b;
        plain_total += product;
        sum.add(product);
        let rest = a.mul_add(b, -product);
        if rest.is_finite() {
            sum.add(rest);
        }
    }
    if !plain_total.is_finite() {
        return Ok(float(plain_total));
    }
    sum.total(vm).map(float)
}
