//! Plain settings of the process; secrets are not among them.

/// What the template or the local process sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `local`, `test`, or the stage of the deployment.
    pub stage: String,
    /// Where the outside finds us, without a slash at the end; provider callbacks and links begin with it.
    pub public_url: String,
    /// Twilio's API.
    pub twilio_base_url: String,
    /// Our account at Twilio; a name, not a secret.
    pub twilio_account_sid: String,
    /// Vonage's API, for accounts of clinics.
    pub vonage_base_url: String,
    /// SendGrid's API, for accounts of clinics.
    pub sendgrid_base_url: String,
    /// The API of SES in our region.
    pub ses_base_url: String,
    /// The configuration set whose events come back to us.
    pub ses_configuration_set: String,
    /// The topic that carries those events; others are not believed.
    pub ses_topic_arn: String,
}

/// A setting that has to be there is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the setting {0} is missing in the environment")]
pub struct MissingSetting(pub &'static str);

impl Settings {
    /// Reads the settings from what `read` knows, usually the environment.
    pub fn from(read: impl Fn(&str) -> Option<String>) -> Result<Self, MissingSetting> {
        let need =
            |name: &'static str| read(name).filter(|value| !value.is_empty()).ok_or(MissingSetting(name));
        let or = |name: &str, default: &str| {
            read(name).filter(|v| !v.is_empty()).unwrap_or_else(|| default.to_owned())
        };
        let region = or("AWS_REGION", "us-east-1");
        Ok(Self {
            stage: need("STAGE")?,
            public_url: need("PUBLIC_URL")?.trim_end_matches('/').to_owned(),
            twilio_base_url: or("TWILIO_BASE_URL", "https://api.twilio.com"),
            twilio_account_sid: or("TWILIO_ACCOUNT_SID", ""),
            vonage_base_url: or("VONAGE_BASE_URL", "https://api.nexmo.com"),
            sendgrid_base_url: or("SENDGRID_BASE_URL", "https://api.sendgrid.com"),
            ses_base_url: or("SES_BASE_URL", &format!("https://email.{region}.amazonaws.com")),
            ses_configuration_set: or("SES_CONFIGURATION_SET", ""),
            ses_topic_arn: or("SES_TOPIC_ARN", ""),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_setting_is_named() {
        let read = |name: &str| (name == "STAGE").then(|| "test".to_owned());
        assert_eq!(Settings::from(read), Err(MissingSetting("PUBLIC_URL")));
        let read = |name: &str| match name {
            "STAGE" => Some("test".to_owned()),
            "PUBLIC_URL" => Some("https://comms.example.com/".to_owned()),
            _ => None,
        };
        let settings = Settings::from(read).unwrap();
        assert_eq!(settings.public_url, "https://comms.example.com");
        assert_eq!(settings.ses_base_url, "https://email.us-east-1.amazonaws.com");
    }
}
