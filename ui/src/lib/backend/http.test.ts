import { describe, expect, it, vi } from "vitest";
import { findToken, httpBackend } from "./http";

function answering(text: string, init: ResponseInit = {}) {
  return vi.fn<typeof fetch>(
    async () => new Response(text, { headers: { "content-type": "application/x-ndjson" }, ...init }),
  );
}

describe("httpBackend", () => {
  it("posts the arguments with the token and returns the result", async () => {
    const send = answering('{"result":{"id":"a"}}\n');
    const backend = httpBackend({ token: "secret", fetch: send });
    expect(await backend.call("add_model_file", { path: "/a.gguf" })).toEqual({ id: "a" });
    const [address, request] = send.mock.calls[0]!;
    expect(address).toBe("/api/call/add_model_file");
    expect(request).toMatchObject({ method: "POST", body: '{"path":"/a.gguf"}' });
    expect(new Headers(request!.headers).get("x-opzest-token")).toBe("secret");
  });

  it("hands on the events", async () => {
    const backend = httpBackend({ token: "", fetch: answering('{"event":{"kind":"loadingModel","modelName":"x"}}\n{"result":null}\n') });
    const seen: unknown[] = [];
    await backend.call("send_message", { conversationId: null, modelId: null, text: "" }, (event) => seen.push(event));
    expect(seen).toEqual([{ kind: "loadingModel", modelName: "x" }]);
  });

  it("says that nobody answers", async () => {
    const backend = httpBackend({ token: "", fetch: async () => Promise.reject(new TypeError("refused")) });
    await expect(backend.call("list_models", {})).rejects.toMatchObject({ code: "internal", message: "OpZest does not answer." });
  });

  it("says that the host refused", async () => {
    const backend = httpBackend({ token: "", fetch: answering("no", { status: 403, headers: { "content-type": "text/plain" } }) });
    await expect(backend.call("list_models", {})).rejects.toMatchObject({ message: expect.stringContaining("403") });
  });
});

describe("findToken", () => {
  it("prefers the page's own, then the address", () => {
    const page = new DOMParser().parseFromString('<meta name="opzest-token" content="a">', "text/html");
    expect(findToken(page, "#token=b")).toBe("a");
    expect(findToken(document, "#token=b%2Bc")).toBe("b+c");
    expect(findToken(document, "")).toBe("");
  });
});
