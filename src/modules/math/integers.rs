//! Functions of integers.

use dashu_int::IBig;

use crate::heap::{Value, work};
use crate::object::error::Outcome;
use crate::object::int::{self, IntView};
use crate::object::int_large;
use crate::object::int_math;
use crate::object::native::R;
use crate::object::tuple::Tuple;
use crate::vm::Vm;

/// `gcd(*integers)`
pub fn gcd(vm: &mut Vm, args: &[Value]) -> R {
    let mut result = Value::int32(0);
    for number in args[0].get::<Tuple>().map_or(&[][..], Tuple::items) {
        let number = vm.index_value(number)?;
        if let (Some(a), Some(b)) = (IntView::of(&result), IntView::of(&number)) {
            let common = int_math::gcd(a, b);
            result = vm.lift(common)?;
        }
    }
    Ok(result)
}

/// `lcm(*integers)`
pub fn lcm(vm: &mut Vm, args: &[Value]) -> R {
    let mut result = Value::int32(1);
    for number in args[0].get::<Tuple>().map_or(&[][..], Tuple::items) {
        let number = vm.index_value(number)?;
        let (Some(a), Some(b)) = (IntView::of(&result), IntView::of(&number)) else {
            continue;
        };
        if a.is_zero() || b.is_zero() {
            result = Value::int32(0);
            continue;
        }
        let common = int_math::gcd(a, b);
        let common = vm.lift(common)?;
        let common = IntView::of(&common).unwrap_or(IntView::Small(1));
        let quotient = int::floordiv(a, common);
        let quotient = vm.lift(quotient)?;
        let product = int::mul(IntView::of(&quotient).unwrap_or(IntView::Small(0)), b);
        let product = vm.lift(product)?;
        result = int::abs(IntView::of(&product).unwrap_or(IntView::Small(0)));
    }
    Ok(result)
}

/// `isqrt(n)`
pub fn isqrt(vm: &mut Vm, args: &[Value]) -> R {
    let number = vm.index_value(&args[0])?;
    let view = IntView::of(&number).unwrap_or(IntView::Small(0));
    if view.is_negative() {
        return Err(vm.value_error("isqrt() argument must be nonnegative"));
    }
    let result = int_math::isqrt(view);
    vm.lift(result)
}

/// The product of `low..=high`, by halves, so that factors are of like size.
fn product(low: u64, high: u64) -> Outcome<IBig> {
    if low > high {
        return Ok(IBig::ONE);
    }
    if high - low < 8 {
        work(1)?;
        return Ok((low..=high).fold(IBig::ONE, |acc, n| acc * IBig::from(n)));
    }
    let middle = low + (high - low) / 2;
    int_large::mul(&product(low, middle)?, &product(middle + 1, high)?)
}

/// Results of more bits would take hours.
const MOST_FACTORIAL: i64 = 100_000_000;

/// `factorial(n)`
pub fn factorial(vm: &mut Vm, args: &[Value]) -> R {
    let number = vm.index_value(&args[0])?;
    let view = IntView::of(&number).unwrap_or(IntView::Small(0));
    if view.is_negative() {
        return Err(vm.value_error("factorial() not defined for negative values"));
    }
    match view.as_i64() {
        Some(n) if n <= MOST_FACTORIAL => {
            let result = product(2, n as u64);
            vm.lift(result).map(int::from_big)
        }
        Some(_) => Err(vm.memory_error()),
        None => Err(vm.overflow_error(format!(
            "factorial() argument should not exceed {}",
            i64::MAX
        ))),
    }
}

/// `perm(n, k)`
pub fn perm(vm: &mut Vm, args: &[Value]) -> R {
    if args[1].is_none() {
        return factorial(vm, args);
    }
    let (n, k) = (vm.index_value(&args[0])?, vm.index_value(&args[1])?);
    let (n, k) = (
        IntView::of(&n).unwrap_or(IntView::Small(0)),
        IntView::of(&k).unwrap_or(IntView::Small(0)),
    );
    if n.is_negative() {
        return Err(vm.value_error("n must be a non-negative integer"));
    }
    if k.is_negative() {
        return Err(vm.value_error("k must be a non-negative integer"));
    }
    if int::cmp(n, k).is_lt() {
        return Ok(Value::int32(0));
    }
    let Some(count) = k.as_i64() else {
        return Err(vm.overflow_error(format!("k must not exceed {}", u64::MAX)));
    };
    falling(vm, n, count).map(int::from_big)
}

/// n (n-1) ... of `count` factors.
fn falling(vm: &mut Vm, n: IntView<'_>, count: i64) -> R<IBig> {
    if count > MOST_FACTORIAL {
        return Err(vm.memory_error());
    }
    if let Some(n) = n.as_u64() {
        let result = product(n - count as u64 + 1, n);
        return vm.lift(result);
    }
    let n = n.into_big();
    let mut result = IBig::ONE;
    for i in 0..count {
        vm.tick(result.as_sign_words().1.len() / 20 + 1)?;
        let product = int_large::mul(&result, &(&n - IBig::from(i)));
        result = vm.lift(product)?;
    }
    Ok(result)
}

/// `comb(n, k)`
pub fn comb(vm: &mut Vm, args: &[Value]) -> R {
    let (n, k) = (vm.index_value(&args[0])?, vm.index_value(&args[1])?);
    let (n, k) = (
        IntView::of(&n).unwrap_or(IntView::Small(0)),
        IntView::of(&k).unwrap_or(IntView::Small(0)),
    );
    if n.is_negative() {
        return Err(vm.value_error("n must be a non-negative integer"));
    }
    if k.is_negative() {
        return Err(vm.value_error("k must be a non-negative integer"));
    }
    if int::cmp(n, k).is_lt() {
        return Ok(Value::int32(0));
    }
    let other = n.into_big() - k.into_big();
    let fewer = if other < k.into_big() {
        other
    } else {
        k.into_big()
    };
    let Ok(count) = i64::try_from(&fewer) else {
        return Err(vm.overflow_error(format!("min(n - k, k) must not exceed {}", u64::MAX)));
    };
    let top = falling(vm, n, count)?;
    let quotient = product(2, count as u64).and_then(|below| int_large::div_rem(&top, &below));
    vm.lift(quotient)
        .map(|(quotient, _)| int::from_big(quotient))
}
