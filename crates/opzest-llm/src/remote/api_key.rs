//! An API key that cannot slip into logs, errors or stored settings.

use std::fmt;

/// A secret text. `Debug` shows `***`; there is no `Display`, no `Serialize` and no `Deref`, so every
/// use reads [`ApiKey::expose`].
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl ApiKey {
    /// White space around a pasted key is left out.
    pub fn new(key: impl AsRef<str>) -> Self {
        Self(key.as_ref().trim().to_owned())
    }

    /// The key itself, for the request's header and for the key store only.
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::ApiKey;

    #[test]
    fn debug_shows_nothing_and_pasted_space_is_dropped() {
        let key = ApiKey::new(" sk-secret\n");
        assert_eq!(key.expose(), "sk-secret");
        assert_eq!(
            format!("{key:?} {:#?}", Some(&key)),
            "*** Some(\n    ***,\n)"
        );
    }
}
