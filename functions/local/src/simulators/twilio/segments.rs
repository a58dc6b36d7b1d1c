//! How many parts a text travels in (3GPP TS 23.038: 160/153 septets, or 70/67 UTF-16 units).

const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const EXTENDED: &str = "^{}\\[~]|€\u{c}";

/// The number of parts; an empty text is one.
pub(super) fn segments(text: &str) -> usize {
    let septets = text.chars().try_fold(0, |sum, letter| {
        if BASIC.contains(letter) { Some(sum + 1) } else { EXTENDED.contains(letter).then_some(sum + 2) }
    });
    let (units, alone, joined) = match septets {
        Some(septets) => (septets, 160, 153),
        None => (text.encode_utf16().count(), 70, 67),
    };
    if units <= alone { 1 } else { usize::div_ceil(units, joined) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_counted_as_networks_do() {
        for (text, parts) in [
            (String::new(), 1),
            ("a".repeat(160), 1),
            ("a".repeat(161), 2),
            ("€".repeat(81), 2),
            ("’".repeat(70), 1),
            ("’".repeat(71), 2),
            ("👍".repeat(36), 2),
        ] {
            assert_eq!(segments(&text), parts, "{}", text.len());
        }
    }
}
