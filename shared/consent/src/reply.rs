//! What an answer means: a fixed grammar that never guesses. What it does not understand is for staff.

pub(crate) mod words;

use kernel::{AppointmentId, Category, Language, MessageId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    fold::{Folded, fold},
    keywords::{Keyword, classify_folded},
    rules::Rules,
};
use words::{Class, Piece};

/// How a question asked to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Answers {
    /// With words or letters, such as `C` or `R`.
    Words,
    /// With 1 to confirm, 2 to move, 3 to decline; words do as well.
    Digits,
    /// With the number of a visit in the question, counted from 1; words mean all of its visits.
    Numbered,
}

/// A question that was sent to the address and may be answered now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// The message that asked.
    pub message: MessageId,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// Until when an answer counts, exclusive; usually the start of the visit.
    pub until: Timestamp,
    /// How it asked.
    pub answers: Answers,
    /// The visits it asked about, in the order it named them.
    pub visits: Vec<AppointmentId>,
}

/// What a provider made of a text by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProviderSays {
    /// It blocks the number now.
    OptOut,
    /// It has lifted its block.
    OptIn,
    /// It has sent its help text.
    Help,
}

/// What is known when an answer comes in.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    /// When the answer came in.
    pub at: Timestamp,
    /// Whether the address is opted out now.
    pub opted_out: bool,
    /// The provider's own verdict, if it has one.
    pub provider: Option<ProviderSays>,
    /// The language of the person, if one is known; single letters count in it and in English.
    pub language: Option<&'a Language>,
    /// The questions sent to this address from this sender, in any order; late ones may be among them.
    pub prompts: &'a [Prompt],
    /// The rules of the clinic.
    pub rules: &'a Rules,
}

/// What the writer wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Intent {
    /// No more messages.
    OptOut,
    /// Messages again.
    OptIn,
    /// To know who writes and why.
    Help,
    /// To come.
    Confirm,
    /// To come at another time.
    Reschedule,
    /// Not to come.
    Decline,
    /// To be polite.
    Courtesy,
    /// Nobody knows; staff reads it.
    Unclear,
}

/// Why a text was read as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Because {
    /// It is one of the words for it.
    Word,
    /// Its wording amounts to it.
    Wording,
    /// The provider says so.
    Provider,
    /// It says that somebody else has the number.
    WrongNumber,
    /// It answers the one open question.
    Answer,
    /// It names the visit by itself.
    NamesVisit,
    /// It resembles a word that ends messages.
    Resembles,
    /// It is a reaction to a message, not a text.
    Reaction,
    /// It asks something.
    Question,
    /// It says several things.
    Mixed,
    /// It has words that are not understood.
    UnknownWords,
    /// No question is open.
    NoPrompt,
    /// The question is no longer open.
    Late,
    /// Several questions are open and it does not say which it answers.
    SeveralPrompts,
    /// The number it gives was not offered.
    NotOffered,
    /// It has no words.
    Empty,
}

/// How a text was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// What the writer wants.
    pub intent: Intent,
    /// Why it was read so.
    pub because: Because,
    /// Staff should read it too, besides what follows from the intent: a lone `CANCEL` may be about the visit,
    /// and an opt-out in other wording may be a mistake.
    pub also_task: bool,
    /// The writer also takes messages again: the provider has lifted its block with this text.
    pub also_opt_in: bool,
    /// The number belongs to somebody else: its link to the person ends, and it is suppressed as
    /// [`crate::ledger::StopReason::WrongNumber`].
    pub wrong_number: bool,
    /// The message it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<MessageId>,
    /// The visits it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub visits: Vec<AppointmentId>,
}

impl Reading {
    fn of(intent: Intent, because: Because) -> Self {
        Self {
            intent,
            because,
            also_task: false,
            also_opt_in: false,
            wrong_number: false,
            prompt: None,
            visits: Vec::new(),
        }
    }

    fn unclear(because: Because) -> Self {
        Self::of(Intent::Unclear, because)
    }

    /// Whether a member of staff has to read the text.
    pub fn needs_staff(&self) -> bool {
        self.also_task
            || self.wrong_number
            || matches!(self.intent, Intent::Unclear | Intent::Reschedule | Intent::Decline)
    }

    /// What a revocation in this reading ends: the category of the message answered, where rules and clinic
    /// allow so narrow a reading.
    pub fn ends(&self, context: &Context<'_>, answered: Option<Category>) -> crate::Scope {
        if self.wrong_number { crate::Scope::All } else { context.rules.revocation(context.at, answered) }
    }
}

/// Reads a text.
pub fn read(text: &str, context: &Context<'_>) -> Reading {
    let rules = context.rules;
    let folded = fold(text);
    let keyword = classify_folded(&folded, rules);
    let reaction = rules.replies().is_reaction(text);
    if context.provider == Some(ProviderSays::OptOut) {
        let visit = matches!(keyword, Keyword::OptOut { visit: true, .. });
        return Reading { also_task: visit, ..Reading::of(Intent::OptOut, Because::Provider) };
    }
    if reaction {
        return Reading::unclear(Because::Reaction);
    }
    match keyword {
        Keyword::OptOut { exact, visit } => {
            let because = if exact { Because::Word } else { Because::Wording };
            return Reading { also_task: visit || !exact, ..Reading::of(Intent::OptOut, because) };
        }
        Keyword::WrongNumber => {
            return Reading {
                also_task: true,
                wrong_number: true,
                ..Reading::of(Intent::OptOut, Because::WrongNumber)
            };
        }
        Keyword::OptIn => return Reading::of(Intent::OptIn, Because::Word),
        Keyword::Help => return Reading::of(Intent::Help, Because::Word),
        Keyword::Review => return Reading::unclear(Because::Resembles),
        Keyword::None => {}
    }
    let open: Vec<&Prompt> = context
        .prompts
        .iter()
        .filter(|prompt| prompt.sent_at <= context.at && context.at < prompt.until)
        .collect();
    let lifted = context.provider == Some(ProviderSays::OptIn);
    if open.is_empty() && rules.keywords().is_yes(&folded) && (context.opted_out || lifted) {
        return Reading::of(Intent::OptIn, Because::Word);
    }
    let read = answer(&folded, &open, context);
    Reading { also_opt_in: lifted && context.opted_out, ..read }
}

/// The classes that ask for something, found in the pieces, and what else is there.
struct Said {
    wants: Option<Intent>,
    digits: Vec<u8>,
    names_visit: bool,
}

fn said(pieces: &[Piece], context: &Context<'_>) -> Result<Said, Reading> {
    if pieces.is_empty() {
        return Err(Reading::unclear(Because::Empty));
    }
    let has = |class| pieces.contains(&Piece::Word(class));
    let count = |class| pieces.iter().filter(|piece| **piece == Piece::Word(class)).count();
    if pieces.contains(&Piece::Unknown) {
        return Err(Reading::unclear(Because::UnknownWords));
    }
    if count(Class::Neutral) > context.rules.replies().most_neutral_words {
        return Err(Reading::unclear(Because::Mixed));
    }
    let wants: Vec<Intent> = [
        (Class::Confirm, Intent::Confirm),
        (Class::Reschedule, Intent::Reschedule),
        (Class::Decline, Intent::Decline),
    ]
    .into_iter()
    .filter(|(class, _)| has(*class))
    .map(|(_, intent)| intent)
    .collect();
    let digits: Vec<u8> = pieces
        .iter()
        .filter_map(|piece| if let Piece::Digit(digit) = piece { Some(*digit) } else { None })
        .collect();
    let wants = match wants[..] {
        [] if digits.is_empty() && has(Class::Courtesy) => {
            if !context.rules.own().courtesy_confirms {
                return Err(Reading::of(Intent::Courtesy, Because::Word));
            }
            Some(Intent::Confirm)
        }
        [] if digits.is_empty() => return Err(Reading::unclear(Because::UnknownWords)),
        [] => None,
        [one] => Some(one),
        _ => return Err(Reading::unclear(Because::Mixed)),
    };
    Ok(Said { wants, digits, names_visit: has(Class::Visit) })
}

fn answer(text: &Folded, open: &[&Prompt], context: &Context<'_>) -> Reading {
    if text.asks {
        return Reading::unclear(Because::Question);
    }
    let own: Vec<Vec<String>> =
        context.rules.own().confirm_words.iter().map(|word| fold(word).tokens).collect();
    let language = context.language.map_or("en", Language::primary);
    let said = match said(&context.rules.replies().pieces(text, language, &own), context) {
        Ok(said) => said,
        Err(reading) => return reading,
    };
    let prompt = match the_prompt(open, !said.digits.is_empty()) {
        Ok(prompt) => prompt,
        Err(because) => {
            // `Cancel my appointment` is work for staff whether or not a question is open.
            let task = said.wants.filter(|want| matches!(want, Intent::Decline | Intent::Reschedule));
            return match task {
                Some(want) if said.names_visit && said.digits.is_empty() => {
                    Reading::of(want, Because::NamesVisit)
                }
                _ if open.is_empty() && !context.prompts.is_empty() => Reading::unclear(Because::Late),
                _ => Reading::unclear(because),
            };
        }
    };
    let chosen = match choice(prompt, &said) {
        Ok(chosen) => chosen,
        Err(because) => return Reading::unclear(because),
    };
    let (intent, visits) = chosen;
    Reading { prompt: Some(prompt.message), visits, ..Reading::of(intent, Because::Answer) }
}

/// The one question a text can be an answer to. A later question about the same visits takes the place of an
/// earlier one; a number can only answer a question that offered numbers, and of several that named visits by
/// number the latest is meant.
fn the_prompt<'p>(open: &[&'p Prompt], by_number: bool) -> Result<&'p Prompt, Because> {
    let latest = |prompts: &[&'p Prompt]| prompts.iter().copied().max_by_key(|p| (p.sent_at, p.message));
    if open.is_empty() {
        return Err(Because::NoPrompt);
    }
    let fitting: Vec<&Prompt> =
        open.iter().copied().filter(|prompt| !by_number || prompt.answers != Answers::Words).collect();
    let last = latest(&fitting).ok_or(Because::NotOffered)?;
    let rivals = if by_number { &fitting[..] } else { open };
    let covers = |other: &&Prompt| other.visits.iter().all(|visit| last.visits.contains(visit));
    let numbered = by_number && last.answers == Answers::Numbered;
    if numbered || rivals.iter().all(covers) { Ok(last) } else { Err(Because::SeveralPrompts) }
}

fn choice(prompt: &Prompt, said: &Said) -> Result<(Intent, Vec<AppointmentId>), Because> {
    match (prompt.answers, &said.digits[..], said.wants) {
        (_, [], Some(wants)) => Ok((wants, prompt.visits.clone())),
        (Answers::Digits, [digit], wants) => {
            let meant = match digit {
                1 => Intent::Confirm,
                2 => Intent::Reschedule,
                3 => Intent::Decline,
                _ => return Err(Because::NotOffered),
            };
            if wants.is_none_or(|wants| wants == meant) {
                Ok((meant, prompt.visits.clone()))
            } else {
                Err(Because::Mixed)
            }
        }
        (Answers::Numbered, digits @ [_, ..], wants) => {
            let mut visits = Vec::with_capacity(digits.len());
            for digit in digits {
                let index = usize::from(*digit).checked_sub(1).ok_or(Because::NotOffered)?;
                let visit = *prompt.visits.get(index).ok_or(Because::NotOffered)?;
                if !visits.contains(&visit) {
                    visits.push(visit);
                }
            }
            Ok((wants.unwrap_or(Intent::Confirm), visits))
        }
        _ => Err(Because::NotOffered),
    }
}

#[cfg(test)]
mod tests;
