import type { JSONValue } from "../../../lib/k8s/contract.ts";
import { isJsonObject } from "../../../lib/k8s/errors.ts";

/** A line of a shard's report: it begins or ends a write for a main object. */
export interface WriteLine {
  /** Milliseconds of {@link sharedTime}. */
  readonly at: number;
  readonly shard: string;
  /** "ack": the acknowledgement of a drain was sent. */
  readonly event: "begin" | "end" | "ack";
  /** The same for begin and end of one write, and for no other of any process. */
  readonly id: string;
  /** UID of the main object; "" for an acknowledgement. */
  readonly uid: string;
  /** Name of the main object. */
  readonly object: string;
}

/** A write of a shard for an object, in milliseconds of the clock that all share. */
export interface ShardWrite {
  readonly shard: string;
  readonly uid: string;
  readonly object: string;
  /** Right before it was sent. */
  readonly begin: number;
  /** When it was answered; undefined as long as it was not. */
  end: number | undefined;
}

/** A line for {@link parseWriteLine}. */
export function formatWriteLine(line: WriteLine): string {
  return JSON.stringify({ chaos: "write", ...line });
}

/** Reads a line of a shard's report; undefined for all other lines. */
export function parseWriteLine(text: string): WriteLine | undefined {
  if (!text.startsWith('{"chaos":"write"')) return undefined;
  const line: JSONValue = JSON.parse(text);
  if (!isJsonObject(line)) return undefined;
  const { at, shard, event, id, uid, object } = line;
  if (typeof at !== "number" || typeof id !== "string" || typeof shard !== "string") return undefined;
  if (typeof uid !== "string" || typeof object !== "string") return undefined;
  if (event !== "begin" && event !== "end" && event !== "ack") return undefined;
  return { at, shard, event, id, uid, object };
}
