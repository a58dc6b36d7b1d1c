//! Chance that can be had again.

/// splitmix64.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `most`.
    pub(crate) fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }

    /// In so many of a hundred cases.
    pub(crate) fn percent(&mut self, many: u64) -> bool {
        self.below(100) < many
    }

    pub(crate) fn of<T: Clone>(&mut self, these: &[T]) -> T {
        let index = usize::try_from(self.below(these.len() as u64)).expect("less than the length");
        these[index].clone()
    }
}
