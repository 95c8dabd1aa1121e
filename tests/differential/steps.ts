import type { JSONArray, JSONObject, JSONValue } from "../../lib/k8s/contract.ts";
import type { KindName } from "./kinds.ts";

/**
 * Which resourceVersion a request names: none, the newest that a client saw of the object, one before that, "0", or
 * one that is none. "first" is the one of the very first object of the sequence.
 */
export type Version = "absent" | "current" | "stale" | "zero" | "bad" | "first";

/** The object that a step is about. In the strings of an object `PREFIX` is the sequence's prefix, `$uid(kind/name)` a uid. */
interface Place {
  readonly kind: KindName;
  /** Without the prefix that cluster-scoped names get. */
  readonly name: string;
  /** Added to the sequence's namespace. */
  readonly namespace: string;
}

/** What a list or watch selects. */
export interface Chosen {
  readonly kind: KindName;
  readonly everywhere: boolean;
  readonly labels: string;
  readonly fields: string;
  readonly accept: string;
  readonly version: Version;
}

/** How a body is spoilt. */
export type Spoil =
  | "none"
  | "not-json"
  | "empty"
  | "null"
  | "array"
  | "string"
  | "kind"
  | "apiVersion"
  | "no-kind"
  | "no-metadata"
  | "namespace";

/** One request of a sequence, as data. */
export type Step = Request & {
  /** @default the administrator */
  readonly user?: "limited";
};

type Request =
  | Place & {
    readonly do: "create";
    readonly contentType: string;
    readonly generate: boolean;
    readonly object: JSONObject;
    readonly spoil: Spoil;
    readonly version: Version;
    readonly query: string;
    readonly accept: string;
  }
  | Place & {
    readonly do: "replace";
    /** Based on the object as it was last seen, or made anew. */
    readonly base: "seen" | "fresh";
    readonly object: JSONObject;
    readonly spoil: Spoil;
    readonly version: Version;
    readonly uid: "keep" | "absent" | "other";
    readonly subresource: "" | "/status";
    readonly query: string;
  }
  | Place & {
    readonly do: "merge" | "strategic";
    readonly patch: JSONValue;
    readonly version: Version;
    readonly subresource: "" | "/status";
    readonly query: string;
    readonly accept: string;
  }
  | Place & {
    readonly do: "json";
    readonly patch: JSONArray;
    readonly subresource: "" | "/status";
    readonly query: string;
  }
  | Place & {
    readonly do: "apply";
    readonly object: JSONObject;
    readonly spoil: Spoil;
    readonly version: Version;
    readonly subresource: "" | "/status";
    readonly query: string;
  }
  | Place & {
    readonly do: "delete";
    readonly policy: string;
    readonly uid: "absent" | "keep" | "other";
    readonly version: Version;
    readonly query: string;
    readonly accept: string;
  }
  | {
    readonly do: "deletecollection";
    readonly kind: KindName;
    readonly labels: string;
    readonly policy: string;
    readonly query: string;
  }
  | Place & {
    readonly do: "get";
    readonly subresource: "" | "/status";
    readonly accept: string;
    readonly version: Version;
  }
  | Chosen & {
    readonly do: "list";
    readonly limit: number;
    readonly match: string;
    readonly pages: boolean;
    readonly resume: boolean;
  }
  | Chosen & { readonly do: "watch"; readonly initial: "" | "true" | "false"; readonly match: string }
  | {
    readonly do: "raw";
    readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
    readonly path: string;
    readonly body: string;
    readonly contentType: string;
  };
