//! The address of a server: what a person typed, checked, and the end points behind it.

use crate::error::LlmError;
use reqwest::Url;
use std::net::IpAddr;

/// A checked base address. Its `name` (host and port) is what errors show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerAddress {
    base: Url,
    name: String,
}

impl ServerAddress {
    /// Accepts `https://` everywhere and `http://` on this computer and in the local network, with
    /// `plain_http_anywhere` everywhere. Adds `/v1` where there is no path, and leaves out a pasted
    /// `/chat/completions`. Opens nothing and resolves nothing.
    pub fn parse(text: &str, plain_http_anywhere: bool) -> Result<Self, LlmError> {
        // The text may hold a password: no error repeats it.
        let mut base = Url::parse(text.trim()).map_err(|error| {
            invalid(format!(
                "{error}; it should look like https://example.org/v1"
            ))
        })?;
        if !matches!(base.scheme(), "https" | "http") {
            return Err(invalid(
                "it should begin with https:// (or http:// in the local network)",
            ));
        }
        if !base.username().is_empty() || base.password().is_some() {
            return Err(invalid(
                "it contains a user name or password; leave them out and enter the API key in its own field",
            ));
        }
        let Some(host) = base.host_str().map(str::to_owned) else {
            return Err(invalid("it has no host"));
        };
        if base.scheme() == "http" && !plain_http_anywhere && !is_local(&host) {
            return Err(invalid(format!(
                "http:// would send the text and the API key to {host} unencrypted; use https://"
            )));
        }
        base.set_fragment(None);
        let path = base.path().trim_end_matches('/');
        let path = path.strip_suffix("/chat/completions").unwrap_or(path);
        let path = if path.is_empty() {
            "/v1".to_owned()
        } else {
            path.to_owned()
        };
        base.set_path(&path);
        let name = match base.port() {
            Some(port) => format!("{host}:{port}"),
            None => host,
        };
        Ok(Self { base, name })
    }

    /// Host, and port where it is not the usual one.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Scheme, host and port, under which a key is stored.
    pub fn origin(&self) -> String {
        self.base.origin().ascii_serialization()
    }

    pub(super) fn is_https(&self) -> bool {
        self.base.scheme() == "https"
    }

    pub(super) fn is_openai(&self) -> bool {
        self.base.host_str() == Some("api.openai.com")
    }

    /// `path` begins with a slash. A query in the address (some gateways need one) is kept.
    pub(super) fn endpoint(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path()));
        url
    }
}

fn invalid(reason: impl Into<String>) -> LlmError {
    LlmError::InvalidRequest {
        what: "server address".into(),
        reason: reason.into(),
    }
}

/// Whether a host is this computer or, by its address or name, belongs to a local network.
fn is_local(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = bare.parse::<IpAddr>() {
        return match address {
            IpAddr::V4(v4) => {
                let shared = v4.octets()[0] == 100 && (v4.octets()[1] & 0xc0) == 64;
                v4.is_loopback() || v4.is_private() || v4.is_link_local() || shared
            }
            IpAddr::V6(v6) => {
                let segment = v6.segments()[0];
                let mapped = v6
                    .to_ipv4_mapped()
                    .is_some_and(|v4| is_local(&v4.to_string()));
                v6.is_loopback()
                    || (segment & 0xfe00) == 0xfc00
                    || (segment & 0xffc0) == 0xfe80
                    || mapped
            }
        };
    }
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    !name.contains('.')
        || [
            ".localhost",
            ".local",
            ".lan",
            ".home",
            ".home.arpa",
            ".internal",
            ".intranet",
            ".box",
        ]
        .iter()
        .any(|suffix| name.ends_with(suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> String {
        ServerAddress::parse(text, false)
            .expect(text)
            .endpoint("/chat/completions")
            .to_string()
    }

    #[test]
    fn addresses_are_completed() {
        let wanted = "https://api.example.org/v1/chat/completions";
        for text in [
            "https://api.example.org",
            "https://api.example.org/",
            " https://api.example.org/v1/ ",
            "https://api.example.org/v1/chat/completions",
            "https://api.example.org/v1#x",
        ] {
            assert_eq!(url(text), wanted, "{text}");
        }
        assert_eq!(
            url("https://gate.example.org/openai/x?api-version=1"),
            "https://gate.example.org/openai/x/chat/completions?api-version=1"
        );
    }

    #[test]
    fn plain_http_stays_in_the_local_network() {
        for text in [
            "http://localhost:1234/v1",
            "http://127.0.0.1:8080",
            "http://[::1]:8080",
            "http://192.168.1.7:11434",
            "http://100.100.1.1",
            "http://[fd00::1]",
            "http://rig:8000",
            "http://rig.local",
        ] {
            ServerAddress::parse(text, false).expect(text);
        }
        for text in [
            "http://example.org",
            "http://8.8.8.8",
            "http://[2001:db8::1]",
        ] {
            assert!(ServerAddress::parse(text, false).is_err(), "{text}");
            ServerAddress::parse(text, true).expect(text);
        }
    }

    #[test]
    fn credentials_and_other_schemes_are_refused_without_repeating_them() {
        for text in [
            "https://user:hunter2@example.org",
            "ftp://hunter2",
            "hunter2",
            "file:///hunter2",
        ] {
            let error = ServerAddress::parse(text, false)
                .expect_err(text)
                .to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn the_name_has_no_path_and_no_query() {
        let server =
            ServerAddress::parse("http://localhost:1234/v1?key=secret", false).expect("valid");
        assert_eq!(server.name(), "localhost:1234");
        assert_eq!(server.origin(), "http://localhost:1234");
    }
}
