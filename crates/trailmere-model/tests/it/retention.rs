//! Is retention exact to the microsecond, and do scan and expiry always agree?

use proptest::prelude::*;
use trailmere_model::{Retention, is_expired, retention_cutoff};

const DAY: i64 = 86_400_000_000;

proptest! {
    #[test]
    fn the_boundary_is_exact(days in 0u32..=100_000, now in -4_000_000_000_000_000i64..=4_000_000_000_000_000) {
        let retention = Retention::Days(days);
        let boundary = now - i64::from(days) * DAY;
        prop_assert!(!is_expired(boundary, retention, now), "exactly as old as the retention: kept");
        prop_assert!(!is_expired(boundary + 1, retention, now));
        prop_assert!(is_expired(boundary - 1, retention, now), "a microsecond older: expired");
    }

    #[test]
    fn the_cutoff_says_the_same_as_the_question(event in any::<i64>(), days in any::<u32>(), now in any::<i64>()) {
        let retention = Retention::Days(days);
        let cutoff = retention_cutoff(retention, now).expect("a number of days has a cutoff");
        prop_assert_eq!(is_expired(event, retention, now), event < cutoff);
        let exact = i128::from(now) - i128::from(days) * i128::from(DAY);
        prop_assert_eq!(is_expired(event, retention, now), i128::from(event) < exact, "as in arithmetic that cannot overflow");
    }

    #[test]
    fn what_has_expired_stays_expired(
        days in 0u32..=100_000, now in -4_000_000_000_000_000i64..=4_000_000_000_000_000, over in 1i64..=10_000 * DAY, later in 0i64..=10_000 * DAY,
    ) {
        let (retention, event) = (Retention::Days(days), now - i64::from(days) * DAY - over);
        prop_assert!(is_expired(event, retention, now) && is_expired(event, retention, now + later));
    }

    #[test]
    fn longer_retention_never_expires_more(event in any::<i64>(), days in any::<u32>(), more in any::<u32>(), now in any::<i64>()) {
        let (shorter, longer) = (Retention::Days(days), Retention::Days(days.saturating_add(more)));
        prop_assert!(is_expired(event, shorter, now) || !is_expired(event, longer, now));
        prop_assert!(!is_expired(event, Retention::Forever, now));
    }
}

#[test]
fn forever_has_no_cutoff() {
    assert_eq!(retention_cutoff(Retention::Forever, 0), None);
}
