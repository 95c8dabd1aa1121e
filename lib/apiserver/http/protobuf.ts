import { Buffer } from "node:buffer";
import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { setField, stringAt } from "../json.ts";
import { definitionOf, goTypes } from "../schema/document.ts";
import { badRequest, notSupported } from "../status.ts";
import recorded from "./protobuf_fields.json" with { type: "json" };
import { ProtobufError, readFields, type WireValue } from "./protobuf_wire.ts";

// kubectl writes the kinds that it was built with as protobuf, whatever the server says it takes. Field numbers were
// recorded by tests/lib/apiserver/http/record_protobuf.ts.
const messages: Readonly<Record<string, Readonly<Record<string, string>>>> = recorded;

const meta = "io.k8s.apimachinery.pkg.apis.meta.v1";

/** First bytes of an object in Kubernetes' envelope (`runtime.Unknown`). */
const magic = "k8s\0";

/**
 * Reads an object in Kubernetes' protobuf encoding as the JSON that it stands for.
 * @throws StatusError 400 for what is damaged, 501 for a kind whose fields are not known.
 */
export function parseProtobuf(bytes: Uint8Array): JSONObject {
  try {
    if (new TextDecoder().decode(bytes.subarray(0, magic.length)) !== magic) {
      throw new ProtobufError("the envelope is missing");
    }
    const envelope = readFields(bytes.subarray(magic.length));
    const type = readFields(bytesOf(envelope.get(1)?.at(-1)));
    const apiVersion = textOf(type.get(1)?.at(-1));
    const kind = textOf(type.get(2)?.at(-1));
    const [version = "", group = ""] = apiVersion.split("/").toReversed();
    const name = definitionOf(group, version, kind) ?? `io.k8s.api.${group.split(".", 1).join()}.${version}.${kind}`;
    if (messages[name] === undefined) throw notSupported(`${apiVersion} ${kind} in protobuf: send JSON`);
    const object = decodeMessage(name, bytesOf(envelope.get(2)?.at(-1)));
    return { apiVersion, kind, ...(isJsonObject(object) ? object : {}) };
  } catch (error) {
    if (!(error instanceof ProtobufError)) throw error;
    throw Object.assign(badRequest(`the body cannot be read as protobuf: ${error.message}`), { cause: error });
  }
}

/** Undefined: a time that is not set. */
function decodeMessage(name: string, bytes: Uint8Array): JSONValue {
  const fields = readFields(bytes);
  switch (name) {
    case `${meta}.Time`:
      return timeOf(fields, 0);
    case `${meta}.MicroTime`:
      return timeOf(fields, 6);
    case "io.k8s.apimachinery.pkg.api.resource.Quantity":
      return textOf(fields.get(1)?.at(-1));
    case "io.k8s.apimachinery.pkg.util.intstr.IntOrString":
      return numberOf(fields.get(1)?.at(-1)) === 1
        ? textOf(fields.get(3)?.at(-1))
        : Number(BigInt.asIntN(64, bigOf(fields.get(2)?.at(-1))));
    case `${meta}.FieldsV1`:
    case "io.k8s.apimachinery.pkg.runtime.RawExtension":
      return parseJson(textOf(fields.get(1)?.at(-1)));
    default:
      return decodeFields(name, fields);
  }
}

function decodeFields(name: string, fields: ReadonlyMap<number, readonly WireValue[]>): JSONValue {
  const object: JSONObject = {};
  const message = messages[name] ?? {};
  for (const [number, values] of fields) {
    const [field, ...type] = (message[String(number)] ?? "").split(" ");
    // A newer client may know more fields; the real server drops them too.
    if (field === undefined || field === "") continue;
    const value = decodeField(type, values);
    if (field === "-") Object.assign(object, value);
    else if (value !== undefined && !isLeftOut(value, name, field)) setField(object, field, value);
  }
  // Go names a list type; in JSON it is the list.
  return name.endsWith(".ExtraValue") ? object["items"] ?? [] : object;
}

/** Go writes strings, numbers and switches also when they are not set. Only pointers can tell. */
function isLeftOut(value: JSONValue, message: string, field: string): boolean {
  if (value !== "" && value !== 0 && value !== false) return false;
  const types = goTypes[message];
  return !(isJsonObject(types) && stringAt(types, field).startsWith("*"));
}

function decodeField([label = "", type = label]: readonly string[], values: readonly WireValue[]): JSONValue {
  switch (label) {
    case "repeated":
      return values.map((value) => decodeValue(type, value));
    case "map": {
      const map: JSONObject = {};
      for (const value of values) {
        const entry = readFields(bytesOf(value));
        const found = entry.get(2)?.at(-1) ?? (type === "string" || type.includes(".") ? new Uint8Array() : 0n);
        setField(map, textOf(entry.get(1)?.at(-1)), decodeValue(type, found));
      }
      return map;
    }
    default:
      return decodeValue(label, values.at(-1));
  }
}

function decodeValue(type: string, value: WireValue | undefined): JSONValue {
  switch (type) {
    case "string":
      return textOf(value);
    case "bytes":
      return Buffer.from(bytesOf(value)).toString("base64");
    case "bool":
      return bigOf(value) !== 0n;
    case "int32":
    case "int64":
      return Number(BigInt.asIntN(64, bigOf(value)));
    default:
      return decodeMessage(type, bytesOf(value));
  }
}

function timeOf(fields: ReadonlyMap<number, readonly WireValue[]>, digits: 0 | 6): string | undefined {
  const seconds = Number(BigInt.asIntN(64, bigOf(fields.get(1)?.at(-1))));
  const nanos = Number(bigOf(fields.get(2)?.at(-1)));
  if (seconds === 0 && nanos === 0) return undefined;
  const whole = new Date(seconds * 1_000).toISOString().slice(0, "2006-01-02T15:04:05".length);
  return digits === 0 ? `${whole}Z` : `${whole}.${String(Math.trunc(nanos / 1_000)).padStart(6, "0")}Z`;
}

function parseJson(text: string): JSONValue {
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch (cause) {
    throw new ProtobufError("a part that should be JSON is none", { cause });
  }
}

function bytesOf(value: WireValue | undefined): Uint8Array {
  if (value === undefined) return new Uint8Array();
  if (typeof value === "bigint") throw new ProtobufError("a number is where text or a message should be");
  return value;
}

function textOf(value: WireValue | undefined): string {
  return new TextDecoder().decode(bytesOf(value));
}

function bigOf(value: WireValue | undefined): bigint {
  if (value === undefined) return 0n;
  if (typeof value !== "bigint") throw new ProtobufError("text or a message is where a number should be");
  return value;
}

function numberOf(value: WireValue | undefined): number {
  return Number(bigOf(value));
}
