import type { JSONValue } from "../../../lib/k8s/contract.ts";
import { guardBody } from "../../../lib/k8s/client/call.ts";
import { isJsonObject } from "../../../lib/k8s/errors.ts";
import type { KubeObject } from "../../../mod.ts";
import { lines } from "../../../lib/util/streams.ts";
import { sleep, systemClock } from "../../../lib/util/clock/mod.ts";
import type { ControlPlane } from "../../controlplane/control_plane.ts";
import { sharedTime } from "./monotonic.ts";

/** A change of one object. */
export interface Change {
  /** As in etcd, without the prefix: `secrets/default/name`. */
  readonly key: string;
  readonly previous: KubeObject | undefined;
  readonly next: KubeObject | undefined;
  /** When it was seen, which is a moment after it was committed. {@link sharedTime} */
  readonly at: number;
}

/** Pause before a broken watch is opened again, in milliseconds. */
const pause = 200;

/**
 * Every change of every object, in the order in which they were committed and without a gap: a watch of etcd. A watch of
 * the API server would not do, as that forgets its past when it is restarted.
 */
export class History implements AsyncDisposable {
  readonly #etcd: string;
  readonly #prefix: string;
  readonly #onChange: (change: Change) => void;
  readonly #stop = new AbortController();
  #revision = 1;
  #running: Promise<void> = Promise.resolve();

  /** @param controlPlane whose API server stores objects as JSON */
  constructor({ etcd, server }: Pick<ControlPlane, "etcd" | "server">, onChange: (change: Change) => void) {
    this.#etcd = etcd;
    // As the control plane's API server is told to name its keys.
    this.#prefix = `/controlplane-${new URL(etcd).port}-${new URL(server).port}/`;
    this.#onChange = onChange;
  }

  /** Begins with what happened first of all. */
  start(): void {
    this.#running = this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#watch(signal);
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof TypeError)) throw error; // TypeError: what fetch says when a connection breaks.
      }
      await sleep(systemClock, pause, signal).catch(() => undefined);
    }
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const createRequest = {
      key: btoa(this.#prefix),
      // The end of a range is not part of it: the character after the slash.
      rangeEnd: btoa(`${this.#prefix.slice(0, -1)}0`),
      startRevision: this.#revision,
      prevKv: true,
    };
    const response = await fetch(`${this.#etcd}/v3/watch`, {
      method: "POST",
      body: JSON.stringify({ createRequest }),
      signal,
    });
    if (response.body === null) return;
    // Without this the runtime may forget that the signal ends the body.
    const body = guardBody(response.body, signal, (cause) => cause, () => {});
    for await (const line of lines(body)) {
      const at = sharedTime();
      for (const event of eventsOf(JSON.parse(line))) this.#take(event, at);
    }
  }

  #take({ stored, previous }: StoredEvent, at: number): void {
    this.#revision = Math.max(this.#revision, stored.revision + 1);
    const key = atob(stored.key).slice(this.#prefix.length);
    this.#onChange({ key, previous: objectOf(previous?.value), next: objectOf(stored.value), at });
  }
}

/** A key and its value, in base64. */
interface StoredValue {
  readonly key: string;
  readonly revision: number;
  /** Undefined: deleted. */
  readonly value: string | undefined;
}

interface StoredEvent {
  readonly stored: StoredValue;
  readonly previous: StoredValue | undefined;
}

function eventsOf(line: JSONValue): readonly StoredEvent[] {
  const result = isJsonObject(line) ? line["result"] : undefined;
  const events = isJsonObject(result) ? result["events"] : undefined;
  if (!Array.isArray(events)) return [];
  return events.flatMap((event) => {
    if (!isJsonObject(event)) return [];
    const stored = storedValue(event["kv"]);
    return stored === undefined ? [] : [{ stored, previous: storedValue(event["prev_kv"]) }];
  });
}

function storedValue(stored: JSONValue): StoredValue | undefined {
  if (!isJsonObject(stored)) return undefined;
  const { key, ["mod_revision"]: revision, value } = stored;
  if (typeof key !== "string") return undefined;
  return { key, revision: Number(revision), value: typeof value === "string" ? value : undefined };
}

/** Undefined for what was deleted, and for what is no object. */
function objectOf(value: string | undefined): KubeObject | undefined {
  if (value === undefined) return undefined;
  const text = new TextDecoder().decode(Uint8Array.fromBase64(value));
  if (!text.startsWith("{")) return undefined;
  const object: unknown = JSON.parse(text);
  return isObject(object) ? object : undefined;
}

function isObject(value: unknown): value is KubeObject {
  return typeof value === "object" && value !== null && "metadata" in value && typeof value.metadata === "object";
}
