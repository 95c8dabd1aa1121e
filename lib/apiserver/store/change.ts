import type { JSONObject } from "../../k8s/contract.ts";
import { objectAt, parseStored } from "../json.ts";
import { type StoredObject, withRevision } from "./record.ts";

/** How a watcher wants objects: whole, only their metadata, or in another version's shape. */
export interface Projection {
  /** Equal names give equal texts, so each text is made once, however many watchers there are. */
  readonly name: string;
  readonly project: (object: JSONObject) => JSONObject;
}

/** Objects as they are stored. */
export const whole: Projection = { name: "", project: (object) => object };

/** One change of one object. */
export class Change {
  /** resourceVersion that the change made. */
  readonly revision: number;
  /** Absent when the object was created. */
  readonly previous: StoredObject | undefined;
  /** Absent when it was deleted. */
  readonly next: StoredObject | undefined;
  readonly key: string;
  readonly #texts = new Map<string, string>();

  constructor(revision: number, previous: StoredObject | undefined, next: StoredObject | undefined) {
    const record = next ?? previous;
    if (record === undefined) throw new TypeError("a change needs an object");
    this.revision = revision;
    this.previous = previous;
    this.next = next;
    this.key = record.key;
  }

  /** The new state as text; the old one under the new resourceVersion where there is no new one. */
  text(state: "next" | "previous", projection: Projection): string {
    const name = `${state} ${projection.name}`;
    let text = this.#texts.get(name);
    if (text === undefined) {
      text = this.#encode(state, projection);
      this.#texts.set(name, text);
    }
    return text;
  }

  #encode(state: "next" | "previous", projection: Projection): string {
    if (state === "next" && this.next !== undefined) return encodeRecord(this.next, projection);
    if (this.previous === undefined) throw new TypeError(`object ${this.key} has no previous state`);
    const json = withRevision(this.previous, this.revision);
    return projection === whole ? json : JSON.stringify(projection.project(parseStored(json)));
  }
}

/** A record in the shape that a reader wants, as text. */
export function encodeRecord(record: StoredObject, projection: Projection): string {
  return projection === whole ? record.json : JSON.stringify(projection.project(parseStored(record.json)));
}

/** The projection to metadata (`meta.k8s.io/v1`). */
export const metadataOnly: Projection = {
  name: "PartialObjectMetadata",
  project: (object) => ({
    kind: "PartialObjectMetadata",
    apiVersion: "meta.k8s.io/v1",
    metadata: objectAt(object, "metadata"),
  }),
};
