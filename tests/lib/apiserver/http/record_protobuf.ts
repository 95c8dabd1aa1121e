/**
 * Records the field numbers that clients use when they write requests as protobuf, from the .proto files of the Go
 * modules that the recipe builds the API server from: `deno run -A tests/lib/apiserver/http/record_protobuf.ts`. To be
 * run again after tests/lib/apiserver/record_openapi.ts, and to be formatted.
 *
 * @module
 */
import { objectAt } from "../../../../lib/apiserver/json.ts";
import { definitions } from "../../../../lib/apiserver/schema/document.ts";
import { kubernetesVersion } from "../../../controlplane/versions.ts";

const recorded = new URL("../../../../lib/apiserver/http/protobuf_fields.json", import.meta.url);

/** Modules that hold the messages, by the beginning of their packages, with the name that OpenAPI has for it. */
const modules = [
  { start: "k8s.io.api.", openApi: "io.k8s.api.", module: "k8s.io/api" },
  { start: "k8s.io.apimachinery.", openApi: "io.k8s.apimachinery.", module: "k8s.io/apimachinery" },
];

/** Fields of a message by number: name in JSON and type. The name "-": what the message holds are fields of this one. */
type Message = Record<string, string>;

async function moduleCache(): Promise<string> {
  const { stdout } = await new Deno.Command("go", { args: ["env", "GOMODCACHE"] }).output();
  return new TextDecoder().decode(stdout).trim();
}

const packages = new Map<string, Promise<Map<string, Message>>>();

/** The messages of a package such as `io.k8s.api.core.v1`, in OpenAPI's words. */
function readPackage(name: string): Promise<Map<string, Message>> {
  const known = packages.get(name);
  if (known !== undefined) return known;
  const reading = parsePackage(name);
  packages.set(name, reading);
  return reading;
}

async function parsePackage(name: string): Promise<Map<string, Message>> {
  const found = modules.find(({ openApi }) => name.startsWith(openApi));
  if (found === undefined) throw new Error(`no module is known for ${name}`);
  const version = kubernetesVersion.replace("v1.", "v0.");
  const folder = name.slice(found.openApi.length).replaceAll(".", "/");
  const text = await Deno.readTextFile(`${await moduleCache()}/${found.module}@${version}/${folder}/generated.proto`);
  const messages = new Map<string, Message>();
  for (const [, message = "", body = ""] of text.matchAll(/^message (\w+) \{\n([\s\S]*?)^\}/gm)) {
    const fields: Message = {};
    const pattern = /^ {2}(optional|repeated)? ?(map<.*>|[\w.]+) (\w+) = (\d+);/gm;
    for (const [, label = "", type = "", field = "", number = ""] of body.matchAll(pattern)) {
      const json = jsonName(`${name}.${message}`, field, type);
      fields[number] = `${json} ${label === "repeated" ? "repeated " : ""}${typeName(type, name)}`;
    }
    messages.set(message, fields);
  }
  return messages;
}

/** Go embeds some structs, and writes a few names differently. */
function jsonName(message: string, field: string, type: string): string {
  const properties = objectAt(objectAt(definitions, message), "properties");
  const names = Object.keys(properties);
  if (names.length === 0) return field.replace(/^aPI/, "api").replace(/^uID$/, "uid");
  if (names.includes(field)) return field;
  const same = names.find((name) => name.toLowerCase() === field.toLowerCase());
  return same ?? (/^[a-z]/.test(type) && !type.includes(".") ? field : "-");
}

function typeName(type: string, packageName: string): string {
  const map = /^map<(\w+), (.*)>$/.exec(type);
  if (map !== null) return `map ${typeName(map[2] ?? "", packageName)}`;
  if (/^[a-z]\w*$/.test(type)) return type;
  if (!type.includes(".")) return `${packageName}.${type}`;
  const full = type.replace(/^\./, "");
  const found = modules.find(({ start }) => full.startsWith(start));
  return found === undefined ? full : found.openApi + full.slice(found.start.length);
}

const messages: Record<string, Message> = {};

async function collect(name: string): Promise<void> {
  if (messages[name] !== undefined) return;
  const at = name.lastIndexOf(".");
  const message = (await readPackage(name.slice(0, at))).get(name.slice(at + 1));
  if (message === undefined) return;
  messages[name] = message;
  for (const field of Object.values(message)) {
    const type = field.split(" ").at(-1) ?? "";
    if (type.includes(".")) await collect(type);
  }
}

/** Kinds of subresources, which have no OpenAPI document of their own. */
const subresources = ["io.k8s.api.authentication.v1.TokenRequest", "io.k8s.api.policy.v1.Eviction"];

if (import.meta.main) {
  for (const name of [...Object.keys(definitions), ...subresources]) {
    // Custom resource definitions are sent as JSON.
    const isMessage = modules.some(({ openApi }) => name.startsWith(openApi));
    if (isMessage && !name.includes(".pkg.runtime.") && !name.endsWith(".Info")) await collect(name);
  }
  const lines = Object.keys(messages).sort().map((name) => `${JSON.stringify(name)}:${JSON.stringify(messages[name])}`);
  await Deno.writeTextFile(recorded, `{\n${lines.join(",\n")}\n}\n`);
}
