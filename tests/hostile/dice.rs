//! Chance that is the same in every run, and ways to break text with it.

/// Splitmix64: each step is a good hash of a counter.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap_or(0)
    }

    pub(crate) fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// The bytes with one to three mistakes in them: a byte changed, put in or taken out, a stretch repeated, taken
    /// out or taken from elsewhere, or the end cut off.
    pub(crate) fn break_bytes(&mut self, bytes: &[u8], words: &[&str]) -> Vec<u8> {
        let mut out = bytes.to_vec();
        for _ in 0..=self.below(3) {
            let at = self.below(out.len() + 1);
            let end = (at + 1 + self.below(12)).min(out.len());
            match self.below(8) {
                0 if at < out.len() => out[at] = u8::try_from(self.below(256)).unwrap_or(0),
                1 if at < out.len() => out[at] ^= 1 << self.below(8),
                2 => out.insert(at, *self.one(b"\0\r\n\t\"'\\{}[]()<>&=+%;,:|#$~`^@*/ \x7f\x80\xff09azAZ")),
                3 if at < end => drop(out.drain(at..end)),
                4 if at < end => {
                    let piece = out[at..end].to_vec();
                    for (n, byte) in piece.into_iter().enumerate() {
                        out.insert(at + n, byte);
                    }
                }
                5 => out.truncate(at),
                6 if at < end => out[at..end].reverse(),
                _ => {
                    let word = self.one(words).as_bytes().to_vec();
                    drop(out.splice(at..at, word));
                }
            }
        }
        out
    }

    /// The same for text.
    pub(crate) fn break_text(&mut self, text: &str, words: &[&str]) -> String {
        String::from_utf8_lossy(&self.break_bytes(text.as_bytes(), words)).into_owned()
    }
}

/// How often something is tried: so many times in a run of the tests, more if `HOSTILE_TIMES` says so.
pub(crate) fn tries(usual: usize) -> usize {
    let times = std::env::var("HOSTILE_TIMES").ok().and_then(|times| times.parse().ok()).unwrap_or(1);
    usual * times
}

/// Things that have broken readers before, wherever they come.
pub(crate) const NASTY: [&str; 26] = [
    "{{",
    "}}",
    "{{patient.name}}",
    "{{#each}}",
    "${7*7}",
    "<script>",
    "&amp;",
    "=1+1",
    "@SUM(A1)",
    "\r\nBcc: x@y.zz",
    "%0d%0a",
    "\u{202e}",
    "\u{200b}",
    "\u{1f469}\u{200d}\u{1f467}",
    "é",
    "e\u{301}",
    "\u{feff}",
    "STOP",
    "1e999",
    "-0",
    "null",
    "\"\"",
    "../",
    "9999999999999999999999",
    "+12125550123",
    "\u{d7ff}\u{10ffff}",
];
