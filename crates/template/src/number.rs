//! Numbers as the language has them: exact, not binary fractions.
//!
//! HCL computes with 512-bit floats, so that `0.1 + 0.2` prints `0.3`. Here a number is a fraction of two
//! 128-bit integers, which is exact for everything a template computes, and falls back to a binary float
//! where a fraction would overflow.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// A number of the template language.
#[derive(Clone, Copy, Debug)]
pub enum Number {
    /// `numerator / denominator`, reduced, the denominator positive.
    Ratio(i128, i128),
    /// A value beyond exact fractions. Never NaN.
    Float(f64),
}

#[allow(
    clippy::should_implement_trait,
    reason = "division has no operator that can fail, and the others go with it"
)]
impl Number {
    /// Zero.
    pub const ZERO: Number = Number::Ratio(0, 1);

    fn ratio(numerator: i128, denominator: i128) -> Number {
        let divisor = gcd(numerator.unsigned_abs(), denominator.unsigned_abs()).max(1);
        match i128::try_from(divisor) {
            Ok(divisor) if denominator > 0 => Number::Ratio(numerator / divisor, denominator / divisor),
            Ok(divisor) => Number::Ratio(-(numerator / divisor), -(denominator / divisor)),
            Err(_) => Number::Float(numerator as f64 / denominator as f64),
        }
    }

    /// The nearest number to a float; `None` for NaN.
    pub fn from_f64(value: f64) -> Option<Number> {
        if value.is_nan() {
            return None;
        }
        if value.fract() == 0.0 && value.abs() < 1e30 {
            return Some(Number::Ratio(value as i128, 1));
        }
        // The shortest decimal that reads back as this float, which is how such a value is printed.
        if value.is_finite() && value.abs() > 1e-20 && value.abs() < 1e15 {
            return format!("{value}").parse().ok();
        }
        Some(Number::Float(value))
    }

    /// As a binary float, rounded.
    pub fn as_f64(self) -> f64 {
        match self {
            Number::Ratio(n, 1) => n as f64,
            // By its digits: the nearest float, not a quotient of two rounded ones.
            Number::Ratio(n, d) => self.to_string().parse().unwrap_or(n as f64 / d as f64),
            Number::Float(value) => value,
        }
    }

    /// As a whole number, when it is one and fits.
    pub fn as_i128(self) -> Option<i128> {
        match self {
            Number::Ratio(n, 1) => Some(n),
            Number::Ratio(..) => None,
            Number::Float(value) if value.fract() == 0.0 && value.abs() < 1e37 => Some(value as i128),
            Number::Float(_) => None,
        }
    }

    /// As a whole number of 64 bits, when it is one and fits.
    pub fn as_i64(self) -> Option<i64> {
        self.as_i128().and_then(|n| i64::try_from(n).ok())
    }

    /// As an unsigned whole number of 64 bits, when it is one and fits.
    pub fn as_u64(self) -> Option<u64> {
        self.as_i128().and_then(|n| u64::try_from(n).ok())
    }

    /// As an index or a length.
    pub fn as_usize(self) -> Option<usize> {
        self.as_i128().and_then(|n| usize::try_from(n).ok())
    }

    /// True for numbers below zero.
    pub fn is_negative(self) -> bool {
        self < Number::ZERO
    }

    /// The sum.
    pub fn add(self, other: Number) -> Number {
        self.exact(other, |a, b, c, d| {
            let left = a.checked_mul(d)?;
            Some(Number::ratio(left.checked_add(c.checked_mul(b)?)?, b.checked_mul(d)?))
        })
        .unwrap_or(Number::Float(self.as_f64() + other.as_f64()))
    }

    /// The difference.
    pub fn sub(self, other: Number) -> Number {
        self.add(other.neg())
    }

    /// The product.
    pub fn mul(self, other: Number) -> Number {
        self.exact(other, |a, b, c, d| Some(Number::ratio(a.checked_mul(c)?, b.checked_mul(d)?)))
            .unwrap_or(Number::Float(self.as_f64() * other.as_f64()))
    }

    /// The quotient; `None` when dividing by zero.
    pub fn div(self, other: Number) -> Option<Number> {
        if other == Number::ZERO {
            return None;
        }
        Some(
            self.exact(other, |a, b, c, d| Some(Number::ratio(a.checked_mul(d)?, b.checked_mul(c)?)))
                .unwrap_or(Number::Float(self.as_f64() / other.as_f64())),
        )
    }

    /// The remainder with the sign of the dividend; `None` when dividing by zero.
    pub fn rem(self, other: Number) -> Option<Number> {
        let whole = self.div(other)?.trunc();
        Some(self.sub(other.mul(whole)))
    }

    /// The same number with the other sign.
    pub fn neg(self) -> Number {
        match self {
            Number::Ratio(n, d) => {
                n.checked_neg().map_or(Number::Float(-self.as_f64()), |n| Number::Ratio(n, d))
            }
            Number::Float(value) => Number::Float(-value),
        }
    }

    /// Without its sign.
    pub fn abs(self) -> Number {
        if self.is_negative() { self.neg() } else { self }
    }

    /// The whole number next to it, towards zero.
    pub fn trunc(self) -> Number {
        match self {
            Number::Ratio(n, d) => Number::Ratio(n / d, 1),
            Number::Float(value) => Number::Float(value.trunc()),
        }
    }

    /// The greatest whole number not above it.
    pub fn floor(self) -> Number {
        match self {
            Number::Ratio(n, d) => Number::Ratio(n.div_euclid(d), 1),
            Number::Float(value) => Number::Float(value.floor()),
        }
    }

    /// The least whole number not below it.
    pub fn ceil(self) -> Number {
        self.neg().floor().neg()
    }

    fn exact(self, other: Number, op: impl Fn(i128, i128, i128, i128) -> Option<Number>) -> Option<Number> {
        match (self, other) {
            (Number::Ratio(a, b), Number::Ratio(c, d)) => op(a, b, c, d),
            _ => None,
        }
    }
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        if let (Number::Ratio(a, b), Number::Ratio(c, d)) = (self, other) {
            if b == d {
                return a.cmp(c);
            }
            if let (Some(left), Some(right)) = (a.checked_mul(*d), c.checked_mul(*b)) {
                return left.cmp(&right);
            }
        }
        self.as_f64().total_cmp(&other.as_f64())
    }
}

macro_rules! from_integer {
    ($($t:ty),*) => {$(
        impl From<$t> for Number {
            fn from(value: $t) -> Self {
                Number::Ratio(i128::from(value), 1)
            }
        }
    )*};
}
from_integer!(i32, u32, i64, u64);

impl From<usize> for Number {
    fn from(value: usize) -> Self {
        Number::Ratio(value as i128, 1)
    }
}

/// The text is not a decimal number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a number is required")]
pub struct NotANumber;

impl FromStr for Number {
    type Err = NotANumber;

    /// Reads a decimal number with an optional sign, fraction and exponent.
    fn from_str(text: &str) -> Result<Self, NotANumber> {
        let (mantissa, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], text[at + 1..].parse::<i32>().map_err(|_| NotANumber)?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = whole.trim_start_matches(['-', '+']);
        if whole.len() - digits.len() > 1
            || digits.len() + fraction.len() == 0
            || !digits.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit())
        {
            return Err(NotANumber);
        }
        let fraction = fraction.trim_end_matches('0');
        let scale = i64::from(exponent) - fraction.len() as i64;
        let exact = format!("{whole}{fraction}").parse::<i128>().ok().and_then(|n| {
            let power = 10_i128.checked_pow(u32::try_from(scale.unsigned_abs()).ok()?)?;
            if scale >= 0 {
                n.checked_mul(power).map(|n| Number::Ratio(n, 1))
            } else {
                Some(Number::ratio(n, power))
            }
        });
        match exact {
            Some(number) => Ok(number),
            None => text.parse::<f64>().ok().filter(|v| !v.is_nan()).map(Number::Float).ok_or(NotANumber),
        }
    }
}

/// Significant digits of a 512-bit float, which is what Packer prints for a fraction without an end.
const DIGITS: usize = 154;

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Number::Ratio(n, 1) => write!(f, "{n}"),
            Number::Ratio(n, d) => {
                let (n_abs, d) = (n.unsigned_abs(), d.unsigned_abs());
                let mut text = String::new();
                if n < 0 {
                    text.push('-');
                }
                text.push_str(&(n_abs / d).to_string());
                text.push('.');
                let mut rest = n_abs % d;
                for _ in 0..DIGITS {
                    if rest == 0 {
                        break;
                    }
                    let Some(next) = rest.checked_mul(10) else { break };
                    text.push(char::from(b'0' + u8::try_from(next / d).unwrap_or(0)));
                    rest = next % d;
                }
                f.write_str(&text)
            }
            Number::Float(value) => write!(f, "{value}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn n(text: &str) -> Number {
        text.parse().unwrap()
    }

    #[test]
    fn decimal_arithmetic_is_exact() {
        assert_eq!(n("0.1").add(n("0.2")).to_string(), "0.3");
        assert_eq!(n("10").div(n("4")).unwrap().to_string(), "2.5");
        assert_eq!(n("1e3").to_string(), "1000");
        assert_eq!(n("1.50").to_string(), "1.5");
        assert_eq!(n("-7").rem(n("3")).unwrap().to_string(), "-1");
        assert_eq!(n("-1.5").floor().to_string(), "-2");
        assert_eq!(n("-1.5").ceil().to_string(), "-1");
        assert_eq!(n("12345678901234567890123").to_string(), "12345678901234567890123");
        assert!(n("1").div(Number::ZERO).is_none());
    }

    #[test]
    fn rejects_what_is_no_number() {
        for bad in ["", "-", ".", "1x", "0x10", "--1", "1e", "nan", "inf", " 1"] {
            assert!(bad.parse::<Number>().is_err(), "{bad:?}");
        }
    }
}
