//! The gamma function and its logarithm, to the last bits that CPython gives
//! where the platform's library allows.
#![allow(
    clippy::excessive_precision,
    clippy::inconsistent_digit_grouping,
    clippy::unreadable_literal
)]

/// Lanczos' approximation with g = 6.024680040776729583740234375 and 13 terms: numerator and
/// denominator of the rational function, from the highest power on.
const G_MINUS_HALF: f64 = 5.524_680_040_776_729_583_740_234_375;
const G: f64 = 6.024_680_040_776_729_583_740_234_375;
const NUMERATOR: [f64; 13] = [
    23_531_376_880.410_759_688_572_007_674_451_636_754_734_846_804_940,
    42_919_803_642.649_098_768_957_899_047_001_988_850_926_355_848_959,
    35_711_959_237.355_668_049_440_185_451_547_166_705_960_488_635_843,
    17_921_034_426.037_209_699_919_755_754_458_931_112_671_403_265_390,
    6_039_542_586.352_028_005_064_291_644_307_297_921_070_438_850_6,
    1_439_720_407.311_721_673_663_223_072_794_912_393_971_563_2,
    248_874_557.862_054_156_511_460_385_716_227_983_366_5,
    31_426_415.585_400_194_380_614_231_628_318_205_362_87,
    2_876_370.628_935_372_441_225_409_051_620_849_613_6,
    186_056.265_395_223_496_196_294_714_839_2,
    8_071.672_002_365_816_210_638_002_902_272_25,
    210.824_277_751_579_345_872_509_733_920_713_362_711_669_695_802_91,
    2.506_628_274_631_000_270_164_908_177_133_837_338_626_431_079_388,
];
const DENOMINATOR: [f64; 13] = [
    0.0,
    39_916_800.0,
    120_543_840.0,
    150_917_976.0,
    105_258_076.0,
    45_995_730.0,
    13_339_535.0,
    2_637_558.0,
    357_423.0,
    32_670.0,
    1_925.0,
    66.0,
    1.0,
];

fn lanczos_sum(x: f64) -> f64 {
    let (mut top, mut bottom) = (0.0, 0.0);
    // Small and large arguments are summed from different ends, so that no power overflows.
    if x < 5.0 {
        for i in (0..13).rev() {
            top = top * x + NUMERATOR[i];
            bottom = bottom * x + DENOMINATOR[i];
        }
    } else {
        for i in 0..13 {
            top = top / x + NUMERATOR[i];
            bottom = bottom / x + DENOMINATOR[i];
        }
    }
    top / bottom
}

/// sin(pi x), exact where pi x is a multiple of pi.
fn sin_pi(x: f64) -> f64 {
    use std::f64::consts::PI;
    let y = x.abs() % 2.0;
    let result = match (2.0 * y).round() as i32 {
        0 => (PI * y).sin(),
        1 => (PI * (y - 0.5)).cos(),
        2 => (PI * (1.0 - y)).sin(),
        3 => -(PI * (y - 1.5)).cos(),
        _ => (PI * (y - 2.0)).sin(),
    };
    result * 1.0f64.copysign(x)
}

const FACTORIALS: [f64; 23] = {
    let mut table = [1.0; 23];
    let mut n = 2;
    while n < 23 {
        table[n] = table[n - 1] * n as f64;
        n += 1;
    }
    table
};

/// The gamma function; the poles are the caller's business.
pub fn gamma(x: f64) -> f64 {
    if !x.is_finite() {
        return x;
    }
    if x.fract() == 0.0 && (1.0..=23.0).contains(&x) {
        return FACTORIALS[x as usize - 1];
    }
    let size = x.abs();
    if size < 1e-20 {
        return 1.0 / x;
    }
    if size > 200.0 {
        return if x < 0.0 {
            0.0 / sin_pi(x)
        } else {
            f64::INFINITY
        };
    }
    let y = size + G_MINUS_HALF;
    // The error of y, to be made up for.
    let z = if size > G_MINUS_HALF {
        (y - size) - G_MINUS_HALF
    } else {
        (y - G_MINUS_HALF) - size
    };
    let z = z * G / y;
    if x < 0.0 {
        let mut r = -std::f64::consts::PI / sin_pi(size) / size * y.exp() / lanczos_sum(size);
        r -= z * r;
        if size < 140.0 {
            r / y.powf(size - 0.5)
        } else {
            let root = y.powf(size / 2.0 - 0.25);
            r / root / root
        }
    } else {
        let mut r = lanczos_sum(size) / y.exp();
        r += z * r;
        if size < 140.0 {
            r * y.powf(size - 0.5)
        } else {
            let root = y.powf(size / 2.0 - 0.25);
            r * root * root
        }
    }
}

/// The logarithm of the absolute value of the gamma function.
pub fn lgamma(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    if x == 1.0 || x == 2.0 {
        return 0.0;
    }
    let size = x.abs();
    if size < 1e-20 {
        return -size.ln();
    }
    let mut r = lanczos_sum(size).ln() - G;
    r += (size - 0.5) * ((size + G - 0.5).ln() - 1.0);
    if x < 0.0 {
        r = LN_PI - sin_pi(size).abs().ln() - size.ln() - r;
    }
    if r.is_infinite() { f64::INFINITY } else { r }
}

const LN_PI: f64 = 1.144_729_885_849_400_174_143_427_351_353_058_711_647;
