import type { JSONValue, KubernetesTunnel, RequestOptions, RestClient } from "../../../lib/k8s/contract.ts";
import { isJsonObject } from "../../../lib/k8s/errors.ts";
import { acknowledgementFieldManager } from "../../../lib/shard/drain_acknowledgement.ts";
import { secretName } from "../../simulation/worker.ts";
import type { WriteLine } from "./write_log.ts";

/** What a write is about. */
type Target = Pick<WriteLine, "uid" | "object"> & { readonly isAcknowledgement: boolean };

/**
 * A client that tells of each write for a Secret or its ConfigMap, right before it is sent and when it was answered. It
 * stands below the fence, so it hears only of what gets past that.
 */
export class WritingClient implements RestClient {
  readonly #client: RestClient;
  readonly #note: (line: Omit<WriteLine, "at" | "shard">) => void;
  #writes = 0;

  /** @param note hears of begins, ends and acknowledgements as they happen */
  constructor(client: RestClient, note: (line: Omit<WriteLine, "at" | "shard">) => void) {
    this.#client = client;
    this.#note = note;
  }

  get defaultNamespace(): string {
    return this.#client.defaultNamespace ?? "default";
  }

  performRequest(opts: RequestOptions & { expectTunnel: string[] }): Promise<KubernetesTunnel>;
  performRequest(opts: RequestOptions & { expectStream: true; expectJson: true }): Promise<ReadableStream<JSONValue>>;
  performRequest(opts: RequestOptions & { expectStream: true }): Promise<ReadableStream<Uint8Array>>;
  performRequest(opts: RequestOptions & { expectJson: true }): Promise<JSONValue>;
  performRequest(opts: RequestOptions): Promise<Uint8Array>;
  async performRequest(
    opts: RequestOptions,
  ): Promise<KubernetesTunnel | ReadableStream<JSONValue> | ReadableStream<Uint8Array> | JSONValue | Uint8Array> {
    const target = targetOf(opts);
    if (target === undefined) return await this.#client.performRequest(opts);
    const { isAcknowledgement, ...about } = target;
    const open: string[] = [];
    const beforeSend = (): void => {
      opts.beforeSend?.();
      const id = `${Deno.pid}-${this.#writes++}`;
      open.push(id);
      this.#note({ ...about, id, event: isAcknowledgement ? "ack" : "begin" });
    };
    try {
      return await this.#client.performRequest({ ...opts, beforeSend });
    } finally {
      if (!isAcknowledgement) { for (const id of open) this.#note({ ...about, id, event: "end" }); }
    }
  }

  [Symbol.dispose](): void {
    this.#client[Symbol.dispose]();
  }
}

/** Undefined for reads and for what is about something else, such as events. */
function targetOf({ method, path, querystring, bodyRaw }: RequestOptions): Target | undefined {
  if (method === "GET") return undefined;
  const [, resource, name = ""] = /\/namespaces\/[^/]+\/(secrets|configmaps)\/([^/]+)$/.exec(path) ?? [];
  const object = resource === "secrets" ? name : resource === "configmaps" ? secretName(name) : undefined;
  if (object === undefined) return undefined;
  const isAcknowledgement = querystring?.get("fieldManager") === acknowledgementFieldManager;
  return { object, uid: isAcknowledgement ? "" : uidOf(bodyRaw), isAcknowledgement };
}

/** The worker's writes name the Secret that they are for: its own by UID, and in a ConfigMap as the controller. */
function uidOf(bytes: Uint8Array | undefined): string {
  const body: JSONValue = bytes === undefined ? undefined : JSON.parse(new TextDecoder().decode(bytes));
  const metadata = isJsonObject(body) ? body["metadata"] : undefined;
  if (!isJsonObject(metadata)) return "";
  const owners = metadata["ownerReferences"];
  const owner = Array.isArray(owners) ? owners[0] : undefined;
  const uid = isJsonObject(owner) ? owner["uid"] : metadata["uid"];
  return typeof uid === "string" ? uid : "";
}
