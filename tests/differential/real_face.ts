import { startControlPlane } from "../controlplane/control_plane.ts";
import type { ControlPlane } from "../controlplane/control_plane.ts";
import { loopback } from "../controlplane/ports.ts";
import { createAuthority, issueServingCertificate } from "../../lib/certificates/issue.ts";
import type { JSONObject, JSONValue } from "../../lib/k8s/contract.ts";
import { isJsonObject } from "../../lib/k8s/errors.ts";
import type { Face, Watching, WireAnswer, WireRequest } from "./face.ts";
import { answerReview } from "./scripted_webhook.ts";

/** Longest wait for something that the real server does in its own time, in milliseconds. */
const patience = 4_000;
/** kube-apiserver with etcd and kube-controller-manager. */
export class RealFace implements Face {
  readonly name = "real";
  readonly clientConfig: JSONObject;
  readonly #controlPlane: ControlPlane;
  readonly #client: Deno.HttpClient;
  readonly #webhook: Deno.HttpServer;
  readonly #reviews: JSONObject[];

  private constructor(
    controlPlane: ControlPlane,
    webhook: Deno.HttpServer,
    clientConfig: JSONObject,
    reviews: JSONObject[],
  ) {
    this.#controlPlane = controlPlane;
    this.#client = Deno.createHttpClient({ caCerts: [controlPlane.certificateAuthority] });
    this.#webhook = webhook;
    this.clientConfig = clientConfig;
    this.#reviews = reviews;
  }

  static async start(): Promise<RealFace> {
    const authority = await createAuthority({ now: Date.now() });
    const pair = await issueServingCertificate(authority, { now: Date.now(), ipAddresses: [loopback] });
    const reviews: JSONObject[] = [];
    const handler = async (request: Request): Promise<Response> => {
      const review: JSONValue = await request.json();
      return Response.json(isJsonObject(review) ? answerReview(review, reviews) : {});
    };
    const options = { hostname: loopback, port: 0, cert: pair.certificate, key: pair.key, onListen: () => {} };
    const webhook = Deno.serve(options, handler);
    try {
      const controlPlane = await startControlPlane();
      const { port } = webhook.addr;
      const clientConfig = { url: `https://${loopback}:${port}/`, caBundle: btoa(authority.certificate) };
      return new RealFace(controlPlane, webhook, clientConfig, reviews);
    } catch (error) {
      await webhook.shutdown();
      throw error;
    }
  }

  async send(request: WireRequest): Promise<WireAnswer> {
    try {
      const response = await this.#fetch(request);
      return { code: response.status, body: parse(await response.text()) };
    } catch (error) {
      // It resets the stream when a handler of its own panics.
      if (!(error instanceof TypeError)) throw error;
      return { code: 0, body: `${error.message}: ${error.cause}` };
    }
  }

  async watch(request: WireRequest): Promise<Watching | WireAnswer> {
    const abort = new AbortController();
    const response = await this.#fetch(request, abort.signal);
    if (response.status === 200 && response.body !== null) return new RealWatch(response.body, abort);
    return { code: response.status, body: parse(await response.text()) };
  }

  async settle(done: () => Promise<boolean>): Promise<void> {
    for (const end = Date.now() + patience; Date.now() < end;) {
      if (await done()) return;
      await pause(25);
    }
  }

  takeReviews(): readonly JSONObject[] {
    return this.#reviews.splice(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.close();
    try {
      await this.#controlPlane[Symbol.asyncDispose]();
    } finally {
      await this.#webhook.shutdown();
    }
  }

  #fetch(request: WireRequest, signal?: AbortSignal): Promise<Response> {
    const { method, path, query, contentType = "application/json", accept = "application/json", body } = request;
    const headers = new Headers({
      accept,
      authorization: `Bearer ${this.#controlPlane.admin.token}`,
      "user-agent": "differential/1",
    });
    if (body !== undefined) headers.set("content-type", contentType);
    const search = query.size === 0 ? "" : `?${query}`;
    return fetch(`${this.#controlPlane.server}${path}${search}`, {
      method,
      headers,
      client: this.#client,
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    });
  }
}

class RealWatch implements Watching {
  readonly events: JSONValue[] = [];
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #abort: AbortController;
  readonly #done: Promise<void>;
  #ended = false;

  constructor(body: ReadableStream<Uint8Array>, abort: AbortController) {
    this.#reader = body.getReader();
    this.#abort = abort;
    this.#done = this.#read();
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    try {
      for (let part = await this.#reader.read(); !part.done; part = await this.#reader.read()) {
        const lines = (rest + decoder.decode(part.value, { stream: true })).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) if (line !== "") this.events.push(JSON.parse(line));
      }
    } catch (error) {
      if (!this.#abort.signal.aborted) throw error;
    } finally {
      this.#ended = true;
    }
  }

  async reach(count: number): Promise<void> {
    for (const end = Date.now() + patience; Date.now() < end && this.events.length < count && !this.#ended;) {
      await pause(5);
    }
    // Something that should not come might.
    await pause(10);
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    // An abort alone may leave a read that is under way hanging.
    await this.#reader.cancel().catch(() => undefined);
    await this.#done;
  }
}

function parse(text: string): JSONValue {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
