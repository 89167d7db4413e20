//! How much one analysis may compute. A few lines of text can ask for any amount of work and memory: loops in loops,
//! texts made of texts, blocks made by blocks.

use std::cell::Cell;

/// What one analysis may make, in bytes of values; copies, and work that makes nothing, count as well. The largest
/// templates known need less than a hundredth.
const WHOLE: usize = 512 << 20;

/// What one expression may make of it, so that a mistake in one does not hide those in others.
const EACH: usize = WHOLE / 4;

/// What is left of [`WHOLE`].
#[derive(Debug)]
pub struct Budget {
    whole: Cell<usize>,
    /// Of it, what the present expression may use.
    own: Cell<usize>,
}

impl Default for Budget {
    fn default() -> Self {
        Budget { whole: Cell::new(WHOLE), own: Cell::new(EACH) }
    }
}

impl Budget {
    /// Another expression begins. False when nothing is left for it.
    pub fn begin(&self) -> bool {
        self.own.set(self.whole.get().min(EACH));
        self.own.get() > 0
    }

    /// Uses up a part, before what it pays for is made. False when there is not enough; then the expression has
    /// nothing left.
    pub fn take(&self, amount: usize) -> bool {
        let enough = amount < self.own.get();
        let taken = if enough { amount } else { self.own.get() };
        self.own.set(self.own.get() - taken);
        self.whole.set(self.whole.get() - taken);
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_expression_leaves_something_to_others_until_all_is_used() {
        let budget = Budget::default();
        for expression in 0..4 {
            assert!(budget.begin(), "{expression}");
            assert!(budget.take(EACH / 2));
            assert!(!budget.take(EACH), "more than one may have");
            assert!(!budget.take(1), "it is over for this one");
        }
        assert!(!budget.begin());
        assert!(!budget.take(1));
    }
}
