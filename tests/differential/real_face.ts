import { startControlPlane } from "../controlplane/control_plane.ts";
import type { ControlPlane } from "../controlplane/control_plane.ts";
import { loopback } from "../controlplane/ports.ts";
import { createAuthority, issueServingCertificate } from "../../lib/certificates/issue.ts";
import type { JSONObject, JSONValue } from "../../lib/k8s/contract.ts";
import { isJsonObject } from "../../lib/k8s/errors.ts";
import { objectAt, stringAt } from "../../lib/apiserver/json.ts";
import { type Face, readAnswer, type Watching, type WireAnswer, type WireRequest } from "./face.ts";
import { answerReview } from "./scripted_webhook.ts";
import { limitedUser } from "./set_up.ts";
import { WireWatch } from "./wire_watch.ts";

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
      const controlPlane = await startControlPlane({ users: [{ name: limitedUser }] });
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
      return await readAnswer(await this.#fetch(request));
    } catch (error) {
      // It resets the stream when a handler of its own panics.
      if (!(error instanceof TypeError)) throw error;
      return { code: 0, body: `${error.message}: ${error.cause}`, warnings: [] };
    }
  }

  async watch(request: WireRequest): Promise<Watching | WireAnswer> {
    const abort = new AbortController();
    const response = await this.#fetch(request, abort.signal);
    if (response.status === 200 && response.body !== null) return new WireWatch(response.body, abort, patience);
    return await readAnswer(response);
  }

  async settle(done: () => Promise<boolean>): Promise<void> {
    for (const end = Date.now() + patience; Date.now() < end;) {
      if (await done()) return;
      await pause(25);
    }
  }

  async compact(): Promise<void> {
    const query = new URLSearchParams();
    const { body } = await this.send({ method: "GET", path: "/api/v1/namespaces", query });
    const revision = isJsonObject(body) ? stringAt(objectAt(body, "metadata"), "resourceVersion") : "";
    const request = { method: "POST", body: JSON.stringify({ revision, physical: true }) };
    const response = await fetch(`${this.#controlPlane.etcd}/v3/kv/compaction`, request);
    const answer = await response.text();
    if (!response.ok) throw new Error(`compaction of etcd at revision ${revision}: ${response.status} ${answer}`);
    // Its watch cache still knows what etcd forgot.
    await this.#controlPlane.stopApiServer();
    await this.#controlPlane.startApiServer();
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

  #tokenOf({ user }: WireRequest): string {
    return user === undefined ? this.#controlPlane.admin.token : this.#controlPlane.user(limitedUser).token;
  }

  #fetch(request: WireRequest, signal?: AbortSignal): Promise<Response> {
    const { method, path, query, contentType = "application/json", accept = "application/json", body } = request;
    const headers = new Headers({
      accept,
      authorization: `Bearer ${this.#tokenOf(request)}`,
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

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
