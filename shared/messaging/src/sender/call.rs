//! The call to the provider, and what its answer makes of the message.

use consent::{Address as Reached, Cleared, GateDecision};
use jiff::SignedDuration;
use kernel::{Category, Channel, ClinicId, Timestamp};
use people::{Clinic, Person};
use platform::{HttpFault, JobFault};
use providers::{Accepted, Address, Content, ErrorClass, Mail, Outgoing, Provider, SendError};
use table::{ClinicTable, Kept};

use super::{
    Held, Sender,
    facts::{Facts, Place},
    gather::gather,
    judge::Judged,
    known::Known,
    outcome::{self, Next},
    words::{Wordless, Writer},
};
use crate::{Attempt, Ended, Message, Snapshot, Source, Status, accounts::Account};

/// How often a message is tried after the first time, and after how many minutes each.
const PAUSES: [i64; 3] = [1, 4, 16];
/// A reminder is tried once more; then staff has to know while there is still time to call.
const REMINDER_RETRIES: usize = 1;

impl Sender {
    /// What becomes of a claimed message.
    pub(super) async fn next(&self, held: &Held, facts: &Facts) -> Next {
        let judged = self.judge(&held.kept, facts);
        // Something of a moment ago stands in the way: it may be there no longer.
        if !facts.exact && matches!(judged, Judged::End(Status::Skipped, ..)) {
            let one = std::slice::from_ref(held);
            let mut again = gather(&self.platform.table, &self.memory, one, true).await;
            return match again.remove(&held.of.clinic()) {
                Some(Ok(facts)) => self.follow(held, &facts, self.judge(&held.kept, &facts)).await,
                Some(Err(fault)) => Next::Release(fault),
                None => Next::Release(JobFault::unknown("facts")),
            };
        }
        self.follow(held, facts, judged).await
    }

    async fn follow(&self, held: &Held, facts: &Facts, judged: Judged<'_>) -> Next {
        let Held { of: table, kept, .. } = held;
        let now = facts.now;
        Next::Becomes(Box::new(match judged {
            Judged::End(status, ended, decision) => {
                let mut next = outcome::untried((**kept).clone()).moved(status, now);
                (next.ended, next.claimed_until) = (Some(ended), None);
                next.decision = decision.or(next.decision);
                next
            }
            Judged::Later(to, why, decision) => {
                let mut next = outcome::later(outcome::untried((**kept).clone()), to, now);
                next.shifted_from.get_or_insert(kept.send_at);
                (next.decision, next.ended) = (Some(decision), Some(why));
                next
            }
            Judged::Go { decision, place, person } => {
                match self.send(table, facts, kept, decision, &place, person).await {
                    Ok(next) => next,
                    Err(Wordless::Never(ended)) => {
                        let mut next = outcome::untried((**kept).clone()).moved(Status::Skipped, now);
                        (next.ended, next.claimed_until) = (Some(ended), None);
                        next
                    }
                    Err(Wordless::NotNow(fault)) => return Next::Release(fault.into()),
                }
            }
        }))
    }

    async fn send(
        &self,
        table: &ClinicTable,
        facts: &Facts,
        kept: &Kept<Message>,
        decision: GateDecision,
        place: &Place<'_>,
        person: &Person,
    ) -> Result<Message, Wordless> {
        let now = facts.now;
        let unsubscribe = self.unsubscribe(table, kept, place).await?;
        let writer =
            Writer { platform: &self.platform, table, memory: &self.memory, facts, links: &*self.links };
        let said = writer.write(kept, person, place.who, place.channel, unsubscribe.as_deref()).await?;
        let mut next = (**kept).clone();
        next.decision = Some(decision.clone());
        next.channel = Some(place.channel);
        next.recipient = (place.reader != kept.person).then_some(place.reader);
        next.ended = None;
        next.said = Some(said);
        let Known { clinic, accounts, .. } = &*facts.known;
        let no_sender =
            || Wordless::Never(Ended::new("NO_SENDER", "the clinic has no sender on this channel"));
        let account = accounts.next(clinic, place.channel, &kept.attempts).ok_or_else(no_sender)?;
        if let Some(attempt) = next.attempts.last_mut() {
            (attempt.provider, attempt.account) = (Some(account.provider), Some(account.id.clone()));
        }
        let outgoing = outgoing(clinic, account, &next, place, unsubscribe.as_deref(), self);
        let (address, outgoing) = outgoing.ok_or_else(no_sender)?;
        next.address = Some(address);
        let Ok(cleared) = Cleared::by(decision, outgoing) else {
            return Err(Wordless::Never(Ended::new("NOT_CLEARED", "the send gate did not clear it")));
        };
        let answer = self.call(account, &cleared).await;
        // The clock may have moved on while the provider thought.
        let after = self.platform.clock.now().max(now);
        Ok(match answer {
            Ok(accepted) => outcome::sent(next, &accepted, after),
            Err(error) => {
                let other = accounts.usable(clinic, place.channel).into_iter().any(|other| {
                    let through = |attempt: &Attempt| attempt.account.as_deref() == Some(&other.id);
                    !next.attempts.iter().any(through)
                });
                refused(next, error, other, after)
            }
        })
    }

    /// The one place from which a provider is called to send. It takes nothing that the gate has not cleared.
    async fn call(&self, account: &Account, cleared: &Cleared<Outgoing>) -> Result<Accepted, SendError> {
        let outgoing = cleared.value();
        let carrier = self.carriers.of(outgoing.clinic, account).ok_or_else(SendError::unreached)?;
        let prepared = carrier.request(outgoing)?;
        let (request, auth) = self.tokens.prove(&self.platform, prepared).await?;
        match self.platform.http.send(request, &auth).await {
            Ok(response) => carrier.answer(&response),
            Err(HttpFault::NotSent(reason)) => {
                tracing::warn!(message.id = %outgoing.message, call.fault = %reason, "a provider could not be called");
                Err(SendError::unreached())
            }
            Err(HttpFault::NoAnswer(reason)) => {
                tracing::warn!(message.id = %outgoing.message, call.fault = %reason, "a provider gave no answer");
                Err(SendError::unanswered())
            }
        }
    }

    /// A link that ends messages of this kind, for mail; one that nobody received harms nobody.
    async fn unsubscribe(
        &self,
        table: &ClinicTable,
        message: &Message,
        place: &Place<'_>,
    ) -> Result<Option<String>, Wordless> {
        if place.channel != Channel::Email {
            return Ok(None);
        }
        let mut write = table.write();
        let token = consent::unsubscribe::issue(
            table,
            &mut write,
            &place.address,
            message.person,
            message.id,
            message.category,
        );
        write.commit().await.map_err(|fault| {
            tracing::warn!(message.id = %message.id, fault = %fault, "an unsubscribe link was not kept");
            Wordless::NotNow(table::TableFault::Away { operation: "PutItem", reason: "link".to_owned() })
        })?;
        let base = &self.platform.settings.public_url;
        Ok(token.map(|token| format!("{base}/l/unsubscribe/{}", token.as_str())))
    }
}

/// A message as its carrier takes it; `None` if the clinic has no sender there.
fn outgoing(
    clinic: &Clinic,
    account: &Account,
    message: &Message,
    place: &Place<'_>,
    unsubscribe: Option<&str>,
    sender: &Sender,
) -> Option<(Address, Outgoing)> {
    let said = message.said.as_ref()?;
    let (to, content) = match &place.address {
        Reached::Phone(phone) => (Address::Phone(phone.clone()), text(clinic, account, said)?),
        Reached::Email(email) => {
            (Address::Email(email.clone()), mail(clinic, said, message.category, unsubscribe)?)
        }
        Reached::Device(_) => return None,
    };
    let settings = &sender.platform.settings;
    let good_for = message.not_after.map(|last| last.duration_since(sender.platform.clock.now()));
    let outgoing = Outgoing {
        message: message.id,
        clinic: clinic.id,
        attempt: message.attempts.last().map_or(1, |attempt| attempt.n),
        to: to.clone(),
        content,
        callback: callback(&settings.public_url, clinic.id, account),
        good_for: good_for.filter(SignedDuration::is_positive),
    };
    Some((to, outgoing))
}

/// Where a provider tells how a message fares; `None` if that is set at the provider.
fn callback(public_url: &str, clinic: ClinicId, account: &Account) -> Option<String> {
    match (account.provider, &account.own) {
        (Provider::Twilio, None) => Some(format!("{public_url}/hooks/twilio/status")),
        (Provider::Twilio, Some(_)) => {
            Some(format!("{public_url}/hooks/twilio/status?account={}", account.id))
        }
        (Provider::Vonage, _) => Some(format!("{public_url}/hooks/vonage/{clinic}/{}", account.id)),
        _ => None,
    }
}

pub(super) fn text(clinic: &Clinic, account: &Account, said: &Snapshot) -> Option<Content> {
    Some(Content::Text { from: account.text_sender(clinic)?, body: said.text.clone() })
}

fn mail(clinic: &Clinic, said: &Snapshot, category: Category, unsubscribe: Option<&str>) -> Option<Content> {
    let from = clinic.mail.as_ref()?;
    // RFC 8058: the address takes a bare POST; RFC 3834: nobody's automatic answer shall answer this one.
    let mut headers = vec![("Auto-Submitted".to_owned(), "auto-generated".to_owned())];
    if let Some(link) = unsubscribe {
        headers.push(("List-Unsubscribe".to_owned(), format!("<{link}>")));
        headers.push(("List-Unsubscribe-Post".to_owned(), "List-Unsubscribe=One-Click".to_owned()));
    }
    Some(Content::Mail(Box::new(Mail {
        from: from.address.clone(),
        from_name: from.name.clone(),
        reply_to: from.reply_to.clone(),
        subject: said.subject.clone().unwrap_or_else(|| clinic.brand.clone().into()),
        text: said.text.clone(),
        html: said.html.clone(),
        headers,
        attachments: Vec::new(),
        tracked: category == Category::Marketing,
    })))
}

/// What a refusal makes of the message. Where the account is to blame and there is `another` that has not been tried,
/// it is due again now, which the next minute finds: nothing was accepted.
fn refused(next: Message, error: SendError, another: bool, now: Timestamp) -> Message {
    let blames_account = matches!(
        error.class,
        ErrorClass::Config | ErrorClass::Transient | ErrorClass::TransientOnce | ErrorClass::Defer
    );
    if another && blames_account {
        return outcome::again(outcome::failed_attempt(next, error, now), now, now);
    }
    let tries = next.attempts.len();
    let most = if matches!(next.source, Source::Reminder { .. }) { REMINDER_RETRIES } else { PAUSES.len() };
    let pause_after = |tries: usize| PAUSES.get(tries.saturating_sub(1)).copied().filter(|_| tries <= most);
    let pause = match error.class {
        ErrorClass::Ambiguous => {
            return outcome::unknown(next, now, "the provider gave no answer that could be understood");
        }
        ErrorClass::Transient => pause_after(tries),
        ErrorClass::TransientOnce => pause_after(tries).filter(|_| tries == 1),
        ErrorClass::Defer => {
            let provider = next.attempts.last().and_then(|attempt| attempt.provider);
            let until = provider.map_or(now, |provider| provider.deferred_until(now));
            return outcome::again(outcome::failed_attempt(next, error, now), until, now);
        }
        ErrorClass::Config | ErrorClass::Address | ErrorClass::Content | ErrorClass::OptOut => None,
    };
    let wait = error.wait;
    let next = outcome::failed_attempt(next, error, now);
    match pause {
        Some(minutes) => {
            let pause = SignedDuration::from_mins(minutes).max(wait.unwrap_or(SignedDuration::ZERO));
            outcome::again(next, now.saturating_add(pause).unwrap_or(now), now)
        }
        None => next.moved(Status::Failed, now),
    }
}
