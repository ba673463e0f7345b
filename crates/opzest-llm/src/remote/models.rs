//! The models that a server offers (`GET /models`).

use super::response::{self, Broken};
use super::{RemoteModel, untrusted};
use crate::error::LlmError;
use serde_json::Value;

/// More than any server offers; the rest of a longer list is left out.
const MAX_MODELS: usize = 10_000;
const MAX_NAME_CHARS: usize = 200;

/// One entry of a server's list.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RemoteModelInfo {
    pub id: String,
    /// Tokens that one conversation may hold; most servers do not tell.
    pub context_size: Option<u32>,
}

impl RemoteModel {
    /// Asks once, without repeats: a person is waiting and can ask again. Dropping it cancels.
    pub async fn list_models(&self) -> Result<Vec<RemoteModelInfo>, LlmError> {
        let inner = &self.inner;
        let timeouts = inner.config.timeouts;
        let after = (timeouts.connect + timeouts.between_tokens).min(timeouts.total);
        let asking = async {
            let client = inner.client().await?;
            let request = client.get(inner.server.endpoint("/models")).send();
            let response = request.await.map_err(|error| inner.broken(error))?;
            if !response.status().is_success() {
                let failure = response::failure(inner, response).await;
                return Err(failure.into_error(inner.server.name()));
            }
            response::check_encoding(inner, &response)?;
            response::page(inner, response, usize::MAX)
                .await
                .map_err(|broken| match broken {
                    Broken::Connection(error) => error,
                    Broken::TooLarge => inner.protocol("the list of models is too large"),
                })
        };
        let page = tokio::time::timeout(after, asking)
            .await
            .map_err(|_| LlmError::Timeout {
                server: inner.server.name().to_owned(),
                what: "the list of models".into(),
                after,
            })??;
        let list = serde_json::from_slice(&page)
            .ok()
            .and_then(|value| read_list(&value));
        list.ok_or_else(|| inner.protocol(&untrusted::page_text(&String::from_utf8_lossy(&page))))
    }
}

/// OpenAI's `{"data": [{"id": ..}]}`, or a bare list, as some gateways send it.
fn read_list(value: &Value) -> Option<Vec<RemoteModelInfo>> {
    let entries = value.get("data").unwrap_or(value).as_array()?;
    let models = entries.iter().filter_map(|entry| {
        let id = entry.get("id")?.as_str()?;
        // A name that had to be changed to be shown could not be asked for.
        if id.is_empty() || untrusted::one_line(id, MAX_NAME_CHARS) != id {
            return None;
        }
        let context_size = [
            "/max_model_len",
            "/context_length",
            "/context_window",
            "/meta/n_ctx",
        ]
        .iter()
        .find_map(|path| entry.pointer(path)?.as_u64())
        .and_then(|size| u32::try_from(size).ok());
        Some(RemoteModelInfo {
            id: id.to_owned(),
            context_size,
        })
    });
    Some(models.take(MAX_MODELS).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lists_of_different_servers() {
        let list = read_list(&json!({"object": "list", "data": [
            {"id": "a", "max_model_len": 4096}, {"id": "b\u{7}"}, {"name": "no id"}, {"id": "c"}]}));
        let model = |id: &str, context_size| RemoteModelInfo {
            id: id.into(),
            context_size,
        };
        assert_eq!(list, Some(vec![model("a", Some(4096)), model("c", None)]));
        assert_eq!(
            read_list(&json!([{"id": "a"}])),
            Some(vec![model("a", None)])
        );
        assert_eq!(read_list(&json!({"error": "x"})), None);
    }
}
