//! Signs tokens with a key that is made once and kept.

use std::{
    fmt,
    fs::OpenOptions,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    sync::Arc,
};

use access::Role;
use jiff::SignedDuration;
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header,
    jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash},
};
use kernel::{CallerId, ClinicId, Clock, Id as _, Timestamp};
use serde_json::{Value, json};

/// How long a token is good for.
const LIFE: SignedDuration = SignedDuration::from_hours(12);
/// What PKCS #8 writes before the 32 bytes of an Ed25519 key (RFC 8410 §7).
const PKCS8: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

/// Signs and checks tokens. Cloning gives another handle to the same key.
#[derive(Clone)]
pub struct Issuer(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) name: String,
    pub(super) audience: String,
    pub(super) clock: Clock,
    pub(super) kid: String,
    pub(super) check: DecodingKey,
    sign: EncodingKey,
    jwk: Jwk,
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Issuer({}, {})", self.0.name, self.0.kid)
    }
}

/// Whom a token is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bearer {
    /// Who.
    pub id: CallerId,
    /// In which role.
    pub role: Role,
    /// At home in.
    pub clinic: ClinicId,
    /// Assigned to.
    pub clinics: Vec<ClinicId>,
}

impl Bearer {
    /// The same made-up person for a role in a clinic, always.
    pub fn demo(role: Role, clinic: ClinicId, clinics: &[ClinicId]) -> Self {
        let id = CallerId::derived(&["local", role.name(), &clinic.to_string()]);
        let clinics = if role == Role::ClinicAdmin { clinics.to_vec() } else { vec![clinic] };
        Self { id, role, clinic, clinics }
    }
}

impl Issuer {
    /// Reads the key from `dir/key`, or makes and keeps one. `name` becomes `iss`, `audience` becomes `aud`.
    pub fn open(
        dir: &Path,
        name: impl Into<String>,
        audience: impl Into<String>,
        clock: Clock,
    ) -> io::Result<Self> {
        let seed = match read_seed(&dir.join("key"))? {
            Some(seed) => seed,
            None => keep_seed(dir, &clock)?,
        };
        Self::of(&seed, name.into(), audience.into(), clock)
    }

    fn of(seed: &[u8; 32], name: String, audience: String, clock: Clock) -> io::Result<Self> {
        let sign = EncodingKey::from_ed_der(&[PKCS8.as_slice(), seed].concat());
        let mut jwk = Jwk::from_encoding_key(&sign, Algorithm::EdDSA).map_err(io::Error::other)?;
        let kid = jwk.thumbprint(ThumbprintHash::SHA256).map_err(io::Error::other)?;
        jwk.common.key_id = Some(kid.clone());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        let check = DecodingKey::from_jwk(&jwk).map_err(io::Error::other)?;
        Ok(Self(Arc::new(Inner { name, audience, clock, kid, check, sign, jwk })))
    }

    /// The public key as a JWKS document.
    pub fn jwks(&self) -> Value {
        json!(JwkSet { keys: vec![self.0.jwk.clone()] })
    }

    /// The time tokens live by: the machine's. Whoever moves the product's clock stays signed in.
    pub(super) fn now(&self) -> Timestamp {
        let clock = &self.0.clock;
        clock.now().checked_sub(clock.offset()).unwrap_or(Timestamp::MIN)
    }

    /// A token for 12 hours, and when it ends.
    pub fn token(&self, bearer: &Bearer) -> io::Result<(String, Timestamp)> {
        let now = self.now();
        let ends = now.checked_add(LIFE).map_err(io::Error::other)?;
        let clinics: Vec<String> = bearer.clinics.iter().map(ToString::to_string).collect();
        let claims = json!({
            "iss": self.0.name,
            "aud": self.0.audience,
            "sub": bearer.id,
            "token_use": "id",
            "auth_time": now.as_second(),
            "iat": now.as_second(),
            "exp": ends.as_second(),
            "cognito:username": format!("{}@{}", bearer.role, bearer.clinic),
            "custom:role": bearer.role,
            "custom:clinic": bearer.clinic,
            "custom:clinics": clinics.join(","),
        });
        Ok((self.sign(&claims)?, ends))
    }

    pub(super) fn sign(&self, claims: &Value) -> io::Result<String> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.0.kid.clone());
        jsonwebtoken::encode(&header, claims, &self.0.sign).map_err(io::Error::other)
    }
}

fn read_seed(path: &Path) -> io::Result<Option<[u8; 32]>> {
    match std::fs::read(path) {
        Ok(bytes) => bytes.try_into().map(Some).map_err(|_| {
            io::Error::new(io::ErrorKind::InvalidData, format!("{} is not a key of 32 bytes", path.display()))
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes a new key aside and moves it into place, so that a kill leaves a whole key or none.
fn keep_seed(dir: &Path, clock: &Clock) -> io::Result<[u8; 32]> {
    std::fs::create_dir_all(dir)?;
    let mut seed = [0; 32];
    clock.random(&mut seed);
    let aside = dir.join("key.new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
    file.write_all(&seed)?;
    file.sync_all()?;
    std::fs::rename(aside, dir.join("key"))?;
    Ok(seed)
}
