import type { JSONObject, JSONValue } from "../../lib/k8s/contract.ts";
import { isJsonObject } from "../../lib/k8s/errors.ts";

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
/** A generated name. */
export const generated = /\b(g\d+-)[bcdfghjklmnpqrstvwxz2456789]{5}\b/g;
/** A ConfigMap whose content is none of our business. */
export const rootCertificate = "kube-root-ca.crt";
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

/**
 * Replaces what no two servers agree on, uids, times, resourceVersions, generated names and continue tokens, by tokens
 * in the order in which they appear: what was equal stays equal, what differed stays different. One for each server
 * and sequence.
 */
export class Normalizer {
  readonly #uids = new Map<string, string>();
  readonly #versions = new Map<string, string>();

  /** The value with tokens; its keys in order. */
  normalize(value: JSONValue): JSONValue {
    return this.#walk(value, "", "");
  }

  #walk(value: JSONValue, key: string, parent: string): JSONValue {
    if (typeof value === "string") return this.#text(value, key, parent);
    if (Array.isArray(value)) {
      const items = value.map((item) => this.#walk(item, "", key));
      return key === "managedFields" ? items.toSorted((left, right) => order(rank(left), rank(right))) : items;
    }
    if (!isJsonObject(value)) return value;
    if ("cells" in value) return this.#row(value);
    const { metadata } = value;
    if (isJsonObject(metadata) && metadata["name"] === rootCertificate) return rootCertificate;
    const { causes } = value;
    if (key === "details" && Array.isArray(causes)) return this.#walk({ ...value, causes: unique(causes) }, "", parent);
    // What a column is for, the in-memory server says in words of its own.
    const { columnDefinitions } = value;
    if (
      Array.isArray(columnDefinitions) && columnDefinitions.some((each) => isJsonObject(each) && each["description"])
    ) {
      const columns = columnDefinitions.filter(isJsonObject).map(({ description: _, ...column }) => column);
      return this.#walk({ ...value, columnDefinitions: columns }, key, parent);
    }
    const isList = "items" in value || "columnDefinitions" in value;
    const normal: JSONObject = {};
    for (const name of Object.keys(value).sort()) {
      if (key === "" && parent === "managedFields" && name === "time") continue;
      const field = value[name];
      // Keys of managed fields may hold a uid. A list's version is that of the whole server, in which others write too.
      normal[name.replaceAll(uuid, (uid) => this.#token(this.#uids, uid, "UID"))] = isList && name === "metadata"
        ? this.#listMeta(field)
        : this.#walk(field, name, key);
    }
    return normal;
  }

  /** A row of a table: how old an object is changes while the sequence runs. */
  #row({ cells = [], ...row }: JSONObject): JSONValue {
    const shown = Array.isArray(cells)
      ? cells.map((cell) => typeof cell === "string" && /^\d+[smhd](\d+[smhd])?$/.test(cell) ? "AGE" : cell)
      : cells;
    return { ...row, cells: this.#walk(shown, "", ""), object: this.#walk(row["object"], "", "") };
  }

  #listMeta(value: JSONValue): JSONValue {
    if (!isJsonObject(value)) return value;
    const { resourceVersion, continue: token, ...rest } = value;
    return {
      ...rest,
      ...(resourceVersion === undefined ? {} : { resourceVersion: "LIST" }),
      ...(token === undefined ? {} : { continue: token === "" ? "" : "TOKEN" }),
    };
  }

  #text(text: string, key: string, parent: string): string {
    if (key === "resourceVersion" && (parent === "metadata" || parent === "preconditions") && text !== "") {
      return this.#token(this.#versions, text, "RV");
    }
    if (key === "continue" && parent === "metadata") return "TOKEN";
    if (time.test(text) && parent === "metadata") return "TIME";
    const words = key === "message" || key === "" ? this.#words(text) : text;
    const named = words.replaceAll(uuid, (uid) => this.#token(this.#uids, uid, "UID")).replaceAll(generated, "$1XXXXX");
    return key === "message"
      // 2006 is the year in Go's layouts of times, and a version sooner or later.
      ? named.replaceAll(/\b(?!2006\b)\d{2,}\b/g, (number) => this.#versions.get(number) ?? number)
      : named;
  }

  /** A message without what only two servers of the same make could agree on. */
  #words(text: string): string {
    const documents = text.replaceAll(/(Invalid value: )("(?:[^"\\]|\\.)*")/g, (all, before, quoted) => {
      const document = parse(parse(quoted));
      // Its keys are in the order of Go's structs, or in none.
      return isJsonObject(document) ? before + JSON.stringify(this.#walk(document, "", "")) : all;
    });
    const whole = documents.replaceAll(/( is missing in ')(\{.*\})(')/g, (all, before, text, after) => {
      const document = parse(text);
      return isJsonObject(document) ? before + JSON.stringify(this.#walk(document, "", "")) + after : all;
    });
    // The set of problems comes in the order of Go's maps; a parser of YAML has words of its own.
    return whole
      .replace(/errors:\n( {2}.*(\n {2}.*)*)/, (_, lines) => `errors:\n${lines.split("\n").toSorted().join("\n")}`)
      .replace(/((?:error converting YAML to JSON|of type \w+\)): yaml: )(?!unmarshal errors).*/s, "$1WORDS")
      .replaceAll(/\/controlplane-\d+-\d+\//g, "/registry/");
  }

  #token(tokens: Map<string, string>, value: string, kind: string): string {
    const token = tokens.get(value) ?? `${kind}${tokens.size + 1}`;
    tokens.set(value, token);
    return token;
  }
}

function parse(text: JSONValue): JSONValue {
  try {
    return JSON.parse(String(text));
  } catch {
    return undefined;
  }
}

function rank(entry: JSONValue): string {
  if (!isJsonObject(entry)) return "";
  const { operation, manager, subresource, apiVersion } = entry;
  return [operation, manager, subresource, apiVersion].join("|");
}

function order(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The real server checks metadata up to three times, and says so each time. */
function unique(causes: readonly JSONValue[]): JSONValue[] {
  return [...new Map(causes.map((cause) => [JSON.stringify(cause), cause])).values()];
}

/** Where two values differ: `path: one | other`. */
export function differences(left: JSONValue, right: JSONValue, path = ""): readonly string[] {
  if (left === right) return [];
  if (Array.isArray(left) && Array.isArray(right)) {
    const length = Math.max(left.length, right.length);
    return Array.from({ length }, (_, index) => differences(left[index], right[index], `${path}[${index}]`)).flat();
  }
  if (isJsonObject(left) && isJsonObject(right)) {
    const names = [...new Set([...Object.keys(left), ...Object.keys(right)])].sort();
    return names.flatMap((name) => differences(left[name], right[name], `${path}.${name}`));
  }
  return [`${path}: ${JSON.stringify(left) ?? "absent"} | ${JSON.stringify(right) ?? "absent"}`];
}
