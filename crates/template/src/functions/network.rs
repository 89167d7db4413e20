//! Address arithmetic.

use super::{Context, Failure, Function, P, text, whole};
use crate::value::Value;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub(super) const TABLE: &[Function] = &[
    Function::new("cidrhost", &[P::Str, P::Num], P::Str, |_, a| {
        let network = Network::parse(text(a, 0)?)?;
        let number = i128::from(whole(a, 1)?);
        let size = network.size();
        let offset = if number < 0 { size.checked_add_signed(number) } else { u128::try_from(number).ok() };
        match offset.filter(|offset| *offset < size) {
            Some(offset) => Ok(network.address(network.base.wrapping_add(offset)).to_string().into()),
            None => Err(Failure::arg(1, format!("the network has no host number {number}"))),
        }
    }),
    Function::new("cidrnetmask", &[P::Str], P::Str, |_, a| {
        let network = Network::parse(text(a, 0)?)?;
        Ok(network.address(network.mask()).to_string().into())
    }),
    Function::new("cidrsubnet", &[P::Str, P::Num, P::Num], P::Str, |_, a| {
        let network = Network::parse(text(a, 0)?)?;
        let subnet = network.subnet(whole(a, 1)?, i128::from(whole(a, 2)?))?;
        Ok(subnet.to_text().into())
    }),
    Function::new("cidrsubnets", &[P::Str], P::Strs, cidr_subnets).rest(P::Num),
];

#[derive(Clone, Copy)]
struct Network {
    base: u128,
    prefix: u32,
    bits: u32,
}

impl Network {
    fn parse(text: &str) -> Result<Network, Failure> {
        let wrong = || Failure::arg(0, format!("\"{text}\" is not a network such as \"10.0.0.0/8\""));
        let (address, prefix) = text.split_once('/').ok_or_else(wrong)?;
        let (base, bits) = match address.parse().map_err(|_| wrong())? {
            IpAddr::V4(v4) => (u128::from(u32::from(v4)), 32),
            IpAddr::V6(v6) => (u128::from(v6), 128),
        };
        let prefix: u32 = prefix.parse().ok().filter(|prefix| *prefix <= bits).ok_or_else(wrong)?;
        let network = Network { base, prefix, bits };
        Ok(Network { base: base & network.mask(), ..network })
    }

    fn mask(self) -> u128 {
        let all = if self.bits == 32 { u128::from(u32::MAX) } else { u128::MAX };
        all & !self.size().wrapping_sub(1)
    }

    /// How many addresses it has; saturates for a whole IPv6 space.
    fn size(self) -> u128 {
        1_u128.checked_shl(self.bits - self.prefix).unwrap_or(u128::MAX)
    }

    fn address(self, value: u128) -> IpAddr {
        match u32::try_from(value) {
            Ok(v4) if self.bits == 32 => IpAddr::V4(Ipv4Addr::from(v4)),
            _ => IpAddr::V6(Ipv6Addr::from(value)),
        }
    }

    fn to_text(self) -> String {
        format!("{}/{}", self.address(self.base), self.prefix)
    }

    fn subnet(self, more_bits: i64, number: i128) -> Result<Network, Failure> {
        let more = u32::try_from(more_bits).ok().filter(|more| self.prefix + more <= self.bits);
        let more = more.ok_or_else(|| {
            Failure::arg(1, format!("a /{} cannot be made longer by {more_bits} bits", self.prefix))
        })?;
        let count = 1_u128.checked_shl(more).unwrap_or(u128::MAX);
        let number = u128::try_from(number)
            .ok()
            .filter(|number| *number < count)
            .ok_or_else(|| Failure::arg(2, format!("there are only {count} subnets of that size")))?;
        let prefix = self.prefix + more;
        let shifted = number.checked_shl(self.bits - prefix).unwrap_or(0);
        Ok(Network { base: self.base | shifted, prefix, bits: self.bits })
    }
}

fn cidr_subnets(_: &Context<'_>, a: &[Value]) -> Result<Value, Failure> {
    let network = Network::parse(text(a, 0)?)?;
    let mut at = network.base;
    let end = network.base.saturating_add(network.size() - 1);
    let mut out = Vec::new();
    for index in 1..a.len() {
        let more = whole(a, index)?;
        if more < 1 {
            return Err(Failure::arg(index, "each network must be at least one bit longer"));
        }
        let sized = network.subnet(more, 0).map_err(|failure| Failure::arg(index, failure.message))?;
        let size = sized.size();
        // The next address that a network of this size can start at.
        let start = at.checked_add(size - 1).map(|n| n & !(size - 1));
        let last = start.and_then(|start| start.checked_add(size - 1));
        let (Some(start), Some(last)) = (start, last.filter(|last| *last <= end)) else {
            return Err(Failure::arg(index, "there is no room left in the network"));
        };
        out.push(Value::from(Network { base: start, ..sized }.to_text()));
        at = last.saturating_add(1);
    }
    Ok(Value::List(out))
}
