//! Why a message does not go out.

use serde::{Deserialize, Serialize};

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal: $sentence:literal;)*) => {
        /// A rule of the gate, named by what it says when it is not met. Earlier ones weigh more: of several
        /// the first is told.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Reason {
            $($(#[doc = $doc])+ #[serde(rename = $code)] $name,)*
        }

        impl Reason {
            /// All of them, the weightiest first.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The stable code.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// One plain sentence for the desk.
            pub fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence,)* }
            }
        }
    };
}

reasons! {
    /// The person has died.
    Deceased = "DECEASED": "The person is recorded as deceased.";
    /// The person is no longer with the clinic.
    Inactive = "INACTIVE": "The person is not an active patient or contact of the clinic.";
    /// Its time is over.
    Expired = "EXPIRED": "The message would come after the moment from which it is of no use.";
    /// Nobody may write to the person.
    DoNotContact = "DO_NOT_CONTACT": "The person is flagged as not to be contacted.";
    /// A child without an adult to write to.
    MinorWithoutGuardian = "MINOR_WITHOUT_GUARDIAN": "The person is a minor and no guardian can be reached for them.";
    /// Nowhere to send it.
    NoAddress = "NO_ADDRESS": "There is no usable address for this channel.";
    /// The clinic cannot use the channel.
    ChannelNotReady = "CHANNEL_NOT_READY": "The clinic has no working provider for this channel.";
    /// The address does not exist.
    HardBounce = "SUPPRESSED_HARD_BOUNCE": "The address does not take messages: one came back for good.";
    /// The number cannot be texted.
    InvalidAddress = "SUPPRESSED_INVALID": "The provider says that the address is not valid for this channel.";
    /// Marked as spam.
    Complaint = "COMPLAINT": "A message to this address was reported as spam.";
    /// Somebody else's number.
    WrongNumber = "WRONG_NUMBER": "The address belongs to somebody else.";
    /// Staff stopped it.
    Suppressed = "SUPPRESSED": "The clinic has stopped messages to this address.";
    /// Stopped by its reader, all of it or this category.
    OptedOut = "OPTED_OUT": "The reader at this address has opted out.";
    /// Not enough consent.
    NoConsent = "NO_CONSENT": "There is no recorded consent for such a message to this address.";
    /// No wish and no default.
    NoPreferredMethod = "NO_PREFERRED_METHOD": "The person has no preferred contact method and the clinic has no default for this kind of message.";
    /// Not wanted this way.
    ChannelOff = "CHANNEL_OFF": "The person does not want messages over this channel.";
    /// Not wanted at all.
    CategoryOff = "CATEGORY_OFF": "The person does not want this kind of message.";
    /// Enough for today.
    DailyCap = "DAILY_CAP": "The person has had as many messages as one day may bring.";
    /// Enough marketing for this week.
    MarketingCap = "MARKETING_CAP": "The person has had the marketing message of this week.";
    /// Allowed hours begin too late.
    QuietHoursTooLate = "QUIET_HOURS_TOO_LATE": "Allowed hours begin only when the message is of no use any more.";
    /// No allowed hours.
    NoOpenHours = "NO_OPEN_HOURS": "There are no hours within a week at which the message is allowed.";
    /// Automatic messages rest.
    AutomationPaused = "AUTOMATION_PAUSED": "Automatic messages to this person are paused.";
}
