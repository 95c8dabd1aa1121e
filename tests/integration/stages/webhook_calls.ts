import type { JSONObject, JSONValue } from "../../../lib/k8s/contract.ts";

/** Calls webhooks over TLS with the authority that their configuration names, on connections that are kept alive. */
export class WebhookCalls implements Disposable {
  readonly #clients = new Map<string, Deno.HttpClient>();

  async call({ url, caBundle }: JSONObject, review: JSONObject, signal: AbortSignal): Promise<JSONValue> {
    const response = await fetch(String(url), {
      client: this.#client(String(caBundle)),
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(review),
      signal,
    });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${url} answers ${response.status}: ${text}`);
    return JSON.parse(text);
  }

  [Symbol.dispose](): void {
    for (const client of this.#clients.values()) client.close();
  }

  #client(caBundle: string): Deno.HttpClient {
    let client = this.#clients.get(caBundle);
    if (client === undefined) {
      client = Deno.createHttpClient({ caCerts: [atob(caBundle)], http2: false });
      this.#clients.set(caBundle, client);
    }
    return client;
  }
}
