//! The HTTP client of one server, as strict as the task allows.
//!
//! - Redirects are never followed: the key and the text go to the host that the user named, and to
//!   no other.
//! - Compressed answers are neither asked for nor accepted, so an answer is never larger in memory
//!   than on the wire.
//! - Proxies: `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` are honoured for `https://`, where the proxy
//!   sees a host name and nothing else. For `http://` (this computer, the local network) they are
//!   ignored: the proxy would read the text and the key.
//! - Certificates are checked by the operating system's own store.
//!
//! Building a client opens no socket; it is built at the first request all the same, since reading
//! the certificate store takes time.

use super::api_key::ApiKey;
use super::config::Timeouts;
use super::server::ServerAddress;
use super::untrusted;
use crate::error::LlmError;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;

/// A client with the key in its default headers, marked as sensitive.
pub(super) fn client(
    server: &ServerAddress,
    key: Option<&ApiKey>,
    timeouts: &Timeouts,
) -> Result<reqwest::Client, LlmError> {
    // reqwest is built without a provider of its own. An error means that one is installed already.
    let _already_installed = rustls::crypto::ring::default_provider().install_default();
    let mut headers = HeaderMap::new();
    if let Some(key) = key {
        headers.insert(AUTHORIZATION, bearer(server, key)?);
    }
    let builder = reqwest::Client::builder()
        .user_agent(concat!("opzest/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(timeouts.connect);
    let builder = if server.is_https() {
        builder.https_only(true)
    } else {
        builder.no_proxy().tls_certs_only([])
    };
    builder.build().map_err(|error| LlmError::Connection {
        server: server.name().to_owned(),
        reason: untrusted::message(&untrusted::chain(&error.without_url()), key),
    })
}

fn bearer(server: &ServerAddress, key: &ApiKey) -> Result<HeaderValue, LlmError> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", key.expose())).map_err(|_| {
        LlmError::ApiKey {
            server: server.name().to_owned(),
            action: "used".into(),
            reason: "it contains characters that a key cannot have; copy it again".into(),
        }
    })?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_for_both_schemes_can_be_built() {
        for address in ["https://example.org", "http://localhost:1"] {
            let server = ServerAddress::parse(address, false).expect("valid");
            client(&server, Some(&ApiKey::new("sk-1")), &Timeouts::default()).expect(address);
        }
    }

    #[test]
    fn a_key_that_cannot_be_a_header_is_refused_without_showing_it() {
        let server = ServerAddress::parse("http://localhost:1", false).expect("valid");
        let error = client(&server, Some(&ApiKey::new("sk-1\nx")), &Timeouts::default())
            .expect_err("a line break");
        assert!(!error.to_string().contains("sk-1"), "{error}");
    }
}
