import type { JSONObject, JSONValue } from "../../lib/k8s/contract.ts";
import { isJsonObject } from "../../lib/k8s/errors.ts";
import { copyObject, objectAt, setField, stringAt } from "../../lib/apiserver/json.ts";
import type { WireAnswer, WireRequest } from "./face.ts";
import { type KindName, kinds } from "./kinds.ts";
import type { Spoil, Step, Version } from "./steps.ts";

type Placed = Extract<Step, { readonly namespace: string }>;

/**
 * One client of one server: turns steps into requests with what it saw there itself, so that both servers are sent the
 * same requests although their uids and resourceVersions differ.
 */
export class SequenceClient {
  readonly #prefix: string;
  readonly #seen = new Map<string, JSONObject>();
  readonly #versions = new Map<string, string[]>();
  readonly #uids = new Map<string, string>();
  /** Queries of lists that did not come to their end, with where they go on. */
  readonly #tokens = new Map<KindName, URLSearchParams>();
  #listing: { kind: KindName; query: URLSearchParams } | undefined;
  #first = "1";
  #steps = 0;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** Was an object with owners seen? Then garbage is collected in the background. */
  get hasOwners(): boolean {
    return [...this.#seen.values()].some((object) => objectAt(object, "metadata")["ownerReferences"] !== undefined);
  }

  /** The request of the next step. */
  request(step: Step): WireRequest {
    this.#steps++;
    return this.peek(step);
  }

  /** The request that a step would be now, for messages. */
  peek(step: Step): WireRequest {
    const request = this.#requestOf(step);
    return step.user === undefined ? request : { ...request, user: step.user };
  }

  #requestOf(step: Step): WireRequest {
    switch (step.do) {
      case "create": {
        const object = this.#fill(step.object);
        const metadata = this.#metadata(object);
        if (metadata !== undefined) {
          this.#label(metadata);
          if (step.generate) setField(metadata, "generateName", this.#name(step.kind, `g${this.#steps}-`));
          else setField(metadata, "name", this.#name(step.kind, step.name));
          this.#setVersion(metadata, step.version, step);
        }
        const body = this.#body(object, step.kind, step.spoil);
        return {
          method: "POST",
          path: this.#collection(step),
          query: this.#query(step.query),
          contentType: step.contentType,
          accept: step.accept,
          body,
        };
      }
      case "replace": {
        const known = step.base === "seen" ? this.#seen.get(this.#key(step)) : undefined;
        const object = this.#replacement(step, known);
        const body = this.#body(object, step.kind, step.spoil);
        return { method: "PUT", path: this.#path(step) + step.subresource, query: this.#query(step.query), body };
      }
      case "merge":
      case "strategic": {
        const patch = this.#fillValue(step.patch);
        if (isJsonObject(patch)) this.#patchVersion(patch, step);
        return {
          method: "PATCH",
          path: this.#path(step) + step.subresource,
          query: this.#query(step.query),
          contentType: step.do === "merge" ? "application/merge-patch+json" : "application/strategic-merge-patch+json",
          accept: step.accept,
          body: JSON.stringify(patch),
        };
      }
      case "json":
        return {
          method: "PATCH",
          path: this.#path(step) + step.subresource,
          query: this.#query(step.query),
          contentType: "application/json-patch+json",
          body: JSON.stringify(this.#fillValue(step.patch)),
        };
      case "apply": {
        const object = this.#fill(step.object);
        const metadata = this.#metadata(object);
        if (metadata !== undefined) {
          setField(metadata, "name", this.#name(step.kind, step.name));
          this.#setVersion(metadata, step.version, step);
        }
        return {
          method: "PATCH",
          path: this.#path(step) + step.subresource,
          query: this.#query(step.query),
          contentType: "application/apply-patch+yaml",
          body: this.#body(object, step.kind, step.spoil),
        };
      }
      case "delete":
        return {
          method: "DELETE",
          path: this.#path(step),
          query: this.#query(step.query),
          accept: step.accept,
          ...this.#deleteBody(step),
        };
      case "deletecollection": {
        const query = this.#query(step.query);
        query.set("labelSelector", this.#selector(step.labels));
        if (step.policy !== "") query.set("propagationPolicy", step.policy);
        return { method: "DELETE", path: this.#collection({ kind: step.kind, namespace: "" }), query };
      }
      case "get": {
        const query = new URLSearchParams();
        const version = this.#version(step.version, step);
        if (version !== undefined) query.set("resourceVersion", version);
        return { method: "GET", path: this.#path(step) + step.subresource, query, accept: step.accept };
      }
      case "list": {
        const rest = step.resume ? this.#tokens.get(step.kind) : undefined;
        if (rest !== undefined) {
          this.#listing = { kind: step.kind, query: rest };
          return {
            method: "GET",
            path: this.#collection({ kind: step.kind, namespace: "" }),
            query: rest,
            accept: step.accept,
          };
        }
        const query = this.#chosen(step);
        // Others' objects lie between: where a page ends is not comparable.
        if (step.limit !== 0 && kinds[step.kind].namespaced && !step.everywhere) query.set("limit", String(step.limit));
        if (step.match !== "") query.set("resourceVersionMatch", step.match);
        this.#listing = step.everywhere ? undefined : { kind: step.kind, query };
        return { method: "GET", path: this.#chosenPath(step), query, accept: step.accept };
      }
      case "watch": {
        const query = this.#chosen(step);
        query.set("watch", "true");
        if (step.initial !== "") query.set("sendInitialEvents", step.initial);
        if (step.initial === "true") query.set("allowWatchBookmarks", "true");
        if (step.match !== "") query.set("resourceVersionMatch", step.match);
        return { method: "GET", path: this.#chosenPath(step), query, accept: step.accept };
      }
      case "raw": {
        const [path = "", query = ""] = this.#text(step.path).split("?");
        const request = { method: step.method, path, query: new URLSearchParams(query) };
        return step.contentType === ""
          ? request
          : { ...request, contentType: step.contentType, body: this.#text(step.body) };
      }
    }
  }

  /** Takes in what a request was answered. */
  learn(answer: WireAnswer): void {
    if (!isJsonObject(answer.body)) return;
    const { items } = answer.body;
    const token = stringAt(objectAt(answer.body, "metadata"), "continue");
    if (this.#listing !== undefined && token !== "") {
      const query = new URLSearchParams(this.#listing.query);
      query.set("continue", token);
      query.delete("resourceVersion");
      query.delete("resourceVersionMatch");
      this.#tokens.set(this.#listing.kind, query);
    }
    for (const object of Array.isArray(items) ? items.filter(isJsonObject) : [answer.body]) this.#learn(object);
  }

  /** Creations that come last, so that all watches see an event and what was left out is noticed. */
  last(kind: KindName): readonly WireRequest[] {
    const { apiVersion, kind: type } = kinds[kind];
    return [{ a: "1", b: "1" }, {}].map((labels, index) => ({
      method: "POST",
      path: this.#collection({ kind, namespace: "" }),
      query: new URLSearchParams(),
      body: JSON.stringify({
        apiVersion,
        kind: type,
        metadata: { name: this.#name(kind, `zz-${index}`), labels: { seq: this.#prefix, ...labels } },
      }),
    }));
  }

  /** All objects of a kind in the sequence. */
  all(kind: KindName): WireRequest {
    const query = new URLSearchParams(kinds[kind].namespaced ? {} : { labelSelector: `seq=${this.#prefix}` });
    return { method: "GET", path: this.#collection({ kind, namespace: "" }), query };
  }

  /** Removes what would be in the way of later sequences. */
  cleanUp(): readonly WireRequest[] {
    return ["a", "b", "c", "zz-0", "zz-1"].map((name) => ({
      method: "DELETE",
      path: this.#path({ kind: "hooks", name, namespace: "" }),
      query: new URLSearchParams(),
    }));
  }

  #learn(object: JSONObject): void {
    const { kind } = object;
    const metadata = objectAt(object, "metadata");
    const uid = stringAt(metadata, "uid");
    const version = stringAt(metadata, "resourceVersion");
    const known = Object.entries(kinds).find(([, each]) => each.kind === kind);
    if (known === undefined || uid === "") return;
    const [plural] = known;
    const key = `${plural} ${stringAt(metadata, "namespace")}/${stringAt(metadata, "name")}`;
    this.#seen.set(key, object);
    this.#uids.set(`${plural}/${stringAt(metadata, "name")}`, uid);
    if (version === "") return;
    if (this.#first === "1") this.#first = version;
    const versions = this.#versions.get(key) ?? [];
    if (versions.at(-1) !== version) this.#versions.set(key, [...versions, version]);
  }

  #replacement(step: Extract<Step, { do: "replace" }>, known: JSONObject | undefined): JSONObject {
    const wanted = this.#fill(step.object);
    const object = known === undefined ? wanted : { ...copyObject(known), ...wanted };
    if (known !== undefined) {
      object["metadata"] = { ...copyObject(objectAt(known, "metadata")), ...objectAt(wanted, "metadata") };
    }
    const metadata = this.#metadata(object);
    if (metadata === undefined) return object;
    if (known === undefined) this.#label(metadata);
    setField(metadata, "name", this.#name(step.kind, step.name));
    delete metadata["resourceVersion"];
    this.#setVersion(metadata, step.version, step);
    if (step.uid === "absent") delete metadata["uid"];
    if (step.uid === "other") metadata["uid"] = "00000000-0000-4000-8000-000000000000";
    return object;
  }

  #metadata(object: JSONObject): JSONObject | undefined {
    const metadata = object["metadata"];
    return isJsonObject(metadata) ? metadata : undefined;
  }

  #label(metadata: JSONObject): void {
    const { labels = {} } = metadata;
    if (isJsonObject(labels)) metadata["labels"] = { seq: this.#prefix, ...labels };
  }

  #patchVersion(patch: JSONObject, step: Extract<Step, { do: "merge" | "strategic" }>): void {
    const version = this.#version(step.version, step);
    if (version === undefined) return;
    const { metadata = {} } = patch;
    if (isJsonObject(metadata)) patch["metadata"] = { ...metadata, resourceVersion: version };
  }

  #setVersion(metadata: JSONObject, choice: Version, place: Pick<Placed, "kind" | "name" | "namespace">): void {
    const version = this.#version(choice, place);
    if (version !== undefined) metadata["resourceVersion"] = version;
  }

  #version(choice: Version, place: { kind: KindName; name?: string; namespace?: string }): string | undefined {
    const { kind, name = "a", namespace = "" } = place;
    const versions = this.#versions.get(this.#key({ kind, name, namespace })) ?? [];
    switch (choice) {
      case "absent":
        return undefined;
      case "current":
        return versions.at(-1);
      case "stale":
        return versions.at(-2) ?? versions.at(-1);
      case "zero":
        return "0";
      case "bad":
        return "bad";
      case "first":
        return this.#first;
    }
  }

  #deleteBody(step: Extract<Step, { do: "delete" }>): { body?: string } {
    const version = this.#version(step.version, step);
    const uid = step.uid === "keep"
      ? this.#uids.get(`${step.kind}/${this.#name(step.kind, step.name)}`)
      : step.uid === "other"
      ? "00000000-0000-4000-8000-000000000000"
      : undefined;
    if (version === undefined && uid === undefined && step.policy === "") return {};
    const preconditions = {
      ...(uid === undefined ? {} : { uid }),
      ...(version === undefined ? {} : { resourceVersion: version }),
    };
    const options = {
      kind: "DeleteOptions",
      apiVersion: "v1",
      ...(step.policy === "" ? {} : { propagationPolicy: step.policy }),
      ...(Object.keys(preconditions).length === 0 ? {} : { preconditions }),
    };
    return { body: JSON.stringify(options) };
  }

  #chosen(step: Extract<Step, { do: "list" | "watch" }>): URLSearchParams {
    const query = new URLSearchParams();
    const everywhere = step.everywhere || !kinds[step.kind].namespaced;
    const labels = everywhere ? this.#selector(step.labels) : step.labels;
    if (labels !== "") query.set("labelSelector", labels);
    if (step.fields !== "") query.set("fieldSelector", this.#text(step.fields));
    const version = this.#version(step.version, step);
    if (version !== undefined) query.set("resourceVersion", version);
    return query;
  }

  #chosenPath({ kind, everywhere }: Extract<Step, { do: "list" | "watch" }>): string {
    const { root, plural } = kinds[kind];
    return everywhere ? `${root}/${plural}` : this.#collection({ kind, namespace: "" });
  }

  #selector(labels: string): string {
    return labels === "" ? `seq=${this.#prefix}` : `seq=${this.#prefix},${labels}`;
  }

  #collection({ kind, namespace }: { kind: KindName; namespace: string }): string {
    const { root, plural, namespaced } = kinds[kind];
    return namespaced ? `${root}/namespaces/${this.#prefix}${namespace}/${plural}` : `${root}/${plural}`;
  }

  #path(place: { kind: KindName; name: string; namespace: string }): string {
    return `${this.#collection(place)}/${encodeURIComponent(this.#name(place.kind, place.name))}`;
  }

  #key({ kind, name, namespace }: { kind: KindName; name: string; namespace: string }): string {
    const place = kinds[kind].namespaced ? `${this.#prefix}${namespace}` : "";
    return `${kind} ${place}/${this.#name(kind, name)}`;
  }

  #name(kind: KindName, name: string): string {
    return kinds[kind].namespaced ? name : `${this.#prefix}-${name}`;
  }

  #query(text: string): URLSearchParams {
    return new URLSearchParams(text);
  }

  #body(object: JSONObject, kind: KindName, spoil: Spoil): string {
    const { apiVersion, kind: type } = kinds[kind];
    const whole: JSONObject = { apiVersion, kind: type, ...object };
    switch (spoil) {
      case "none":
        return JSON.stringify(whole);
      case "not-json":
        return '{"metadata":';
      case "empty":
        return "{}";
      case "null":
        return "null";
      case "array":
        return "[]";
      case "string":
        return '"text"';
      case "kind":
        return JSON.stringify({ ...whole, kind: "Other" });
      case "apiVersion":
        return JSON.stringify({ ...whole, apiVersion: "other/v9" });
      case "no-kind":
        return JSON.stringify(object);
      case "no-metadata":
        return JSON.stringify({ ...whole, metadata: undefined });
      case "namespace":
        return JSON.stringify({ ...whole, metadata: { ...objectAt(whole, "metadata"), namespace: "other" } });
    }
  }

  #fill(object: JSONObject): JSONObject {
    const filled = this.#fillValue(object);
    return isJsonObject(filled) ? filled : {};
  }

  #fillValue(value: JSONValue): JSONValue {
    return JSON.parse(this.#text(JSON.stringify(value)));
  }

  #text(text: string): string {
    return text.replaceAll("PREFIX", this.#prefix).replaceAll(
      /\$uid\(([^)]*)\)/g,
      (_, key) => this.#uids.get(key) ?? "11111111-1111-4111-8111-111111111111",
    );
  }
}
