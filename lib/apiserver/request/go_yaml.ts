import { parseDocument, type ScalarTag, type Tags } from "yaml";
import type { JSONValue } from "../../k8s/contract.ts";

/** A document, and the keys that are there twice in one of its maps, in the words of Go. */
export interface YamlDocument {
  readonly value: JSONValue;
  readonly twice: readonly string[];
}

/**
 * Reads YAML as the real server does: the first document, as YAML 1.1 but for dates and numbers with colons, which are
 * strings. What it gives shares nothing, although aliases may.
 * @throws Error for what is none
 */
export function parseYaml(text: string): YamlDocument {
  const document = parseDocument(text, { schema: "yaml-1.1", merge: true, customTags: goTags });
  const errors = document.errors.filter(({ code }) => code !== "MULTIPLE_DOCS");
  const wrong = errors.find(({ code }) => code !== "DUPLICATE_KEY");
  if (wrong !== undefined) {
    const [what = ""] = wrong.message.split(" at line", 1);
    throw new SyntaxError(`line ${wrong.linePos?.[0].line ?? 1}: ${what}`, { cause: wrong });
  }
  const twice = errors.map(({ linePos, pos: [from, to] }) => {
    const key = text.slice(from, to).replace(/^["']?(.*?)["']?:?\s*$/s, "$1");
    return `line ${linePos?.[0].line ?? 1}: key ${JSON.stringify(key)} already set in map`;
  });
  return { value: plain(document.toJS()), twice };
}

function plain(value: unknown): JSONValue {
  const json: string | undefined = JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === "number" && !Number.isFinite(part)) throw new SyntaxError(unsupported(part));
    return part;
  });
  return json === undefined ? null : JSON.parse(json);
}

function unsupported(number: number): string {
  const name = Number.isNaN(number) ? "NaN" : number > 0 ? "+Inf" : "-Inf";
  return `json: unsupported value: ${name}`;
}

/** A byte string is text to Go. */
const binary: ScalarTag = {
  tag: "tag:yaml.org,2002:binary",
  resolve: (text) => atob(text.replaceAll(/\s/g, "")),
};

/** Octal numbers as YAML 1.2 writes them. */
const octal: ScalarTag = {
  tag: "tag:yaml.org,2002:int",
  default: true,
  test: /^[-+]?0o[0-7]+$/,
  resolve: (text) => (text.startsWith("-") ? -1 : 1) * Number.parseInt(text.replace(/^[-+]?0o/, ""), 8),
};

const strange: ReadonlySet<string> = new Set(["timestamp", "binary", "omap", "pairs", "set"]);

function goTags(tags: Tags): Tags {
  const kept = tags.filter((tag) => {
    if (typeof tag === "string") return !strange.has(tag);
    const name = tag.tag.slice(tag.tag.lastIndexOf(":") + 1);
    return !strange.has(name) && !("format" in tag && tag.format === "TIME");
  });
  return [octal, ...kept, binary];
}
