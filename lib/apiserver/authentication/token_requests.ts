import type { JSONObject } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { trackUpdate } from "../apply/managed_fields.ts";
import { type Context, timestamp } from "../context.ts";
import { getField, objectAt, parseStored, stringAt, stringsAt } from "../json.ts";
import type { Answer, Call } from "../request/call.ts";
import { decodeObject } from "../request/decode.ts";
import { parseWriteQuery } from "../request/write_options.ts";
import type { ServedResource } from "../resources/served_resource.ts";
import { badRequest, invalid, methodNotAllowed, notFound, StatusError } from "../status.ts";
import { recordKey, type StoredObject } from "../store/record.ts";
import { invalidValue } from "../validate/metadata.ts";
import { type BoundKind, issuer, type TokenClaims } from "./service_account_tokens.ts";

/** The kind of requests for a token of a service account. */
export const tokenRequests: ServedResource = {
  group: "authentication.k8s.io",
  version: "v1",
  plural: "tokenrequests",
  singular: "",
  kind: "TokenRequest",
  namespaced: true,
};

const shortest = 600;
const longest = 2 ** 32;
const usual = 3_600;

/** POST of `serviceaccounts/<name>/token`. @throws StatusError */
export function requestToken(
  context: Context,
  call: Call,
  namespace: string,
  name: string,
): Answer {
  if (call.method !== "POST") throw methodNotAllowed();
  const { object, warnings } = decodeObject(call, tokenRequests);
  const account = context.store.collection("/serviceaccounts").get(recordKey(namespace, name));
  if (account === undefined) throw notFound({ group: "", plural: "serviceaccounts", kind: "ServiceAccount" }, name);
  checkMetadata(objectAt(object, "metadata"), namespace, name);
  const spec = objectAt(object, "spec");
  const expirationSeconds = readDuration(spec);
  const own: JSONObject = { ...object, metadata: {}, spec: { ...spec, expirationSeconds } };
  const { manager } = parseWriteQuery(call, "CreateOptions");
  trackUpdate(undefined, own, tokenRequests, { manager, time: timestamp(context.clock), subresource: "token" });
  const { managedFields } = objectAt(own, "metadata");
  const given = stringsAt(spec, "audiences");
  const audiences = given.length === 0 ? [issuer] : given;
  const reference = getField(spec, "boundObjectRef");
  const bound = isJsonObject(reference) ? boundTo(context, reference, account) : {};
  const token = context.tokens.issue({ audiences, expirationSeconds, account, ...bound });
  const value: JSONObject = {
    kind: "TokenRequest",
    apiVersion: "authentication.k8s.io/v1",
    metadata: { name, namespace, uid: account.uid, creationTimestamp: timestamp(context.clock), managedFields },
    spec: {
      audiences: [...audiences],
      expirationSeconds,
      boundObjectRef: isJsonObject(reference) ? reference : null,
    },
    status: { token, expirationTimestamp: timestamp(context.clock, expirationSeconds * 1_000) },
  };
  return { type: "value", code: 201, value, warnings };
}

function checkMetadata(metadata: JSONObject, namespace: string, name: string): void {
  const place = stringAt(metadata, "namespace");
  if (place !== "" && place !== namespace) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
  const given = stringAt(metadata, "name");
  if (given === "" || given === name) return;
  const cause = invalidValue("metadata.name", given, "must match the service account name if specified");
  throw invalid(tokenRequests, name, [cause]);
}

function readDuration(spec: JSONObject): number {
  const seconds = spec["expirationSeconds"] ?? usual;
  if (typeof seconds !== "number") return usual;
  const wrong = seconds < shortest
    ? "may not specify a duration less than 10 minutes"
    : seconds > longest
    ? "may not specify a duration larger than 2^32 seconds"
    : undefined;
  if (wrong !== undefined) throw invalid(tokenRequests, "", [invalidValue("spec.expirationSeconds", seconds, wrong)]);
  return seconds;
}

const bindable: ReadonlyMap<string, { kind: BoundKind; plural: string }> = new Map([
  ["Pod", { kind: "pod", plural: "pods" }],
  ["Secret", { kind: "secret", plural: "secrets" }],
  ["Node", { kind: "node", plural: "nodes" }],
]);

/** Finds what a token is to be bound to. The real server does not look at the version of the reference. */
function boundTo(
  { store }: Context,
  reference: JSONObject,
  account: StoredObject,
): Pick<TokenClaims, "bound" | "node"> {
  const kind = stringAt(reference, "kind");
  const found = bindable.get(kind);
  if (found === undefined) {
    const [group, version] = splitVersion(stringAt(reference, "apiVersion"));
    throw badRequest(`cannot bind token to object of type ${group}/${version}, Kind=${kind}`);
  }
  const { plural } = found;
  const name = stringAt(reference, "name");
  const object = store.collection(`/${plural}`).get(recordKey(found.kind === "node" ? "" : account.namespace, name));
  if (object === undefined) throw notFound({ group: "", plural, kind }, name);
  const uid = stringAt(reference, "uid");
  if (uid !== "" && uid !== object.uid) {
    const message = `Operation cannot be fulfilled on ${kind} ${JSON.stringify(name)}: the UID in the bound object ` +
      `reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`;
    throw new StatusError(409, "Conflict", message, { name, kind });
  }
  const bound = { kind: found.kind, object };
  if (found.kind !== "pod") return { bound };
  const spec = objectAt(parseStored(object.json), "spec");
  if (stringAt(spec, "serviceAccountName") !== account.name) {
    const own = JSON.stringify(account.name);
    throw badRequest(`cannot bind token for serviceaccount ${own} to pod running with different serviceaccount name.`);
  }
  const nodeName = stringAt(spec, "nodeName");
  if (nodeName === "") return { bound };
  const node = store.collection("/nodes").get(recordKey("", nodeName));
  return { bound, node: { name: nodeName, uid: node?.uid ?? "" } };
}

function splitVersion(apiVersion: string): readonly [string, string] {
  const [first = "", second] = apiVersion.split("/");
  return second === undefined ? ["", first] : [first, second];
}
