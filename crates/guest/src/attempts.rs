//! When to knock again, and which waiting connections to keep: pure rules.
//!
//! QEMU's user network accepts a connection long before the guest listens, and then repeats its SYN to the
//! guest only after 6, 18, 42 seconds; a fresh connection is what finds a guest that has just come
//! up. On the other hand a server under emulation may need seconds for its first line, so a connection that
//! waits must not be thrown away, and each further one costs the guest a process. Hence: a few connections
//! wait at the same time, their ages spread geometrically, and new ones come less often the longer it takes.

use std::time::Duration;

/// Connections waiting at the same time. Dropbear allows 5 unauthenticated ones per address, OpenSSH 10.
pub(crate) const WAITING: usize = 4;

/// A connection that has said nothing for this long is dropped.
pub(crate) const SILENCE: Duration = Duration::from_secs(60);

/// Time from one silent connection to the next.
pub(crate) fn gap_after_silence(elapsed: Duration) -> Duration {
    (elapsed / 20).clamp(Duration::from_millis(250), Duration::from_millis(2500))
}

/// Time to the next connection after one was refused or reset: that costs the guest nothing.
pub(crate) fn gap_after_refusal(elapsed: Duration) -> Duration {
    (elapsed / 50).clamp(Duration::from_millis(100), Duration::from_millis(500))
}

/// Time to the next login after the `n`-th was refused (`n` from 1). Packer tries every 7 seconds; the accounts
/// of a guest may be made after its SSH server started, so ten attempts span about a minute here as well.
pub(crate) fn gap_after_auth_refused(n: u32) -> Duration {
    Duration::from_secs(match n {
        0 | 1 => 1,
        2 => 3,
        _ => 8,
    })
}

/// Which of more than [`WAITING`] connections to drop, given their ages, oldest first: never the oldest (the
/// patient one) nor the youngest, but the one whose going leaves the smallest relative gap.
pub(crate) fn to_drop(ages: &[Duration]) -> Option<usize> {
    if ages.len() <= WAITING {
        return None;
    }
    (1..ages.len() - 1).min_by(|&a, &b| {
        let ratio = |i: usize| {
            let next = ages[i + 1].as_secs_f64() + 0.25;
            (ages[i - 1].as_secs_f64() + 0.25) / next
        };
        ratio(a).total_cmp(&ratio(b))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_connection_reaches_every_age() {
        // A guest that never speaks: whenever the server had begun to listen, some connection opened after that must
        // live long enough to get a first line that takes five seconds.
        let mut now = Duration::ZERO;
        let mut born: Vec<Duration> = Vec::new();
        let mut oldest_at_death = Duration::ZERO;
        while now < Duration::from_secs(50) {
            born.push(now);
            let ages: Vec<_> = born.iter().map(|b| now - *b).collect();
            if let Some(i) = to_drop(&ages) {
                oldest_at_death = oldest_at_death.max(now - born.remove(i));
            }
            assert!(born.len() <= WAITING);
            now += gap_after_silence(now);
        }
        assert_eq!(born[0], Duration::ZERO, "the patient one stays");
        let age = |i: usize| now - born[i];
        assert!(age(1) > Duration::from_secs(8), "{born:?}");
        assert!(oldest_at_death > Duration::from_secs(5), "{oldest_at_death:?}");
    }

    #[test]
    fn gaps_grow_and_stay_bounded() {
        assert_eq!(gap_after_silence(Duration::ZERO), Duration::from_millis(250));
        assert_eq!(gap_after_silence(Duration::from_secs(10)), Duration::from_millis(500));
        assert_eq!(gap_after_silence(Duration::from_secs(900)), Duration::from_millis(2500));
        let ten: Duration = (1..10).map(gap_after_auth_refused).sum();
        assert!(ten >= Duration::from_secs(45) && ten <= Duration::from_secs(75), "{ten:?}");
    }
}
