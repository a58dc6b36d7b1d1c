//! What somebody wrote now, without the mails that their program quotes below or above it.

/// How programs introduce a quotation, in the languages our patients write: `On … wrote:`.
const INTRODUCTIONS: [(&str, &str); 8] = [
    ("On ", "wrote:"),
    ("El ", "escribió:"),
    ("Le ", "a écrit :"),
    ("Le ", "a écrit\u{a0}:"),
    ("Le ", "a écrit:"),
    ("Em ", "escreveu:"),
    ("Am ", "schrieb:"),
    ("Il ", "ha scritto:"),
];
/// How programs begin a mail that follows unmarked.
const FOLLOWED: [&str; 6] = [
    "-----Original Message-----",
    "-----Mensaje original-----",
    "-----Message d'origine-----",
    "-----Mensagem original-----",
    "---------- Forwarded message ---------",
    "________________________________",
];
/// First words of the header block that some programs put before such a mail, and the words of its second line.
const BLOCKS: [(&str, &[&str]); 4] = [
    ("From:", &["Sent:", "Date:"]),
    ("De:", &["Enviado:", "Enviado el:", "Envoyé :", "Fecha:"]),
    ("De :", &["Envoyé :", "Date :"]),
    ("Von:", &["Gesendet:"]),
];
/// Lines that an introduction may run over.
const INTRODUCTION_LINES: usize = 3;

/// The text without what it quotes, and without what stands below a signature's dashes (RFC 3676 §4.3).
pub(crate) fn said(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let mut kept: Vec<&str> = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at].trim_start();
        if lines[at] == "--" || lines[at] == "-- " || is_followed(&lines[at..]) {
            break;
        }
        if let Some(length) = introduction(&lines[at..]) {
            let behind = lines[at + length..].iter().find(|line| !line.is_empty());
            // Marked lines can be told from an answer below them; without marks all that follows is quoted.
            if behind.is_none_or(|line| !line.starts_with('>')) {
                break;
            }
            at += length;
            continue;
        }
        if !line.starts_with('>') {
            kept.push(lines[at]);
        }
        at += 1;
    }
    kept.join("\n").trim().to_owned()
}

fn is_followed(lines: &[&str]) -> bool {
    let line = lines[0].trim();
    let is_block = BLOCKS.iter().any(|(first, second)| {
        let next = lines.get(1).map(|line| line.trim().trim_start_matches('*')).unwrap_or_default();
        line.trim_start_matches('*').starts_with(first) && second.iter().any(|word| next.starts_with(word))
    });
    is_block || FOLLOWED.iter().any(|known| line.starts_with(known))
}

/// How many lines an introduction takes, if one begins here.
fn introduction(lines: &[&str]) -> Option<usize> {
    let first = lines[0].trim_start();
    (1..=INTRODUCTION_LINES.min(lines.len())).find(|&length| {
        let last = lines[length - 1];
        INTRODUCTIONS.iter().any(|(begin, end)| first.starts_with(begin) && last.ends_with(end))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Yes, please.", "Yes, please.")]
    #[case(
        "Yes.\r\n\r\nOn Mon, Nov 23, 2026 at 9:30 AM Bright <r@in.example.com> wrote:\r\n> See you?\r\n",
        "Yes."
    )]
    #[case(
        "Yes.\n\nOn Mon, Nov 23, 2026 at 9:30 AM Bright Smiles\n<r@in.example.com> wrote:\n\n> See you?\n",
        "Yes."
    )]
    #[case("Sí.\n\nEl lun, 23 nov 2026, Bright escribió:\n> ¿Nos vemos?", "Sí.")]
    #[case("Oui\n\nLe lun. 23 nov. 2026, Bright a écrit :\n> À lundi", "Oui")]
    #[case("On Mon Bright wrote:\n> See you?\n\nYes, but later.", "Yes, but later.")]
    #[case("> Which day?\nMonday\n> Which hour?\nNine", "Monday\nNine")]
    #[case("Yes\n\nOn Mon Bright wrote:\nSee you?\nBye", "Yes")]
    #[case("Yes\n-----Original Message-----\nFrom: x\n\nSee you?", "Yes")]
    #[case("Yes\n\n________________________________\nFrom: Bright\nSent: Monday", "Yes")]
    #[case("Yes\n\n*From:* Bright\n*Sent:* Monday\n\nSee you?", "Yes")]
    #[case("Yes\n\nFrom: my point of view that is fine.", "Yes\n\nFrom: my point of view that is fine.")]
    #[case("Yes\n--\nAna Díaz\n+1 212 555 0123", "Yes")]
    #[case("On Monday I can come.", "On Monday I can come.")]
    #[case("On Mon Bright wrote:\n> See you?", "")]
    #[case("", "")]
    fn only_what_was_written_now_is_kept(#[case] text: &str, #[case] kept: &str) {
        assert_eq!(said(text), kept);
    }

    proptest! {
        #[test]
        fn any_text_is_taken(text in "[OnDe:> \\-a-z\nwrote]{0,120}") {
            prop_assert!(said(&text).len() <= text.len());
        }
    }
}
