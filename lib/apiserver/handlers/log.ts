import type { JSONObject } from "../../k8s/contract.ts";
import type { Context } from "../context.ts";
import { objectAt, objectsAt, parseStored, stringAt } from "../json.ts";
import type { Answer, Call } from "../request/call.ts";
import { parseLogOptions } from "../request/log_options.ts";
import { nodes, pods } from "../resources/builtin.ts";
import { type ServedResource, storageKey } from "../resources/served_resource.ts";
import { badRequest, internalError, notFound, notSupported, plainError, StatusError } from "../status.ts";
import { recordKey } from "../store/record.ts";

/** Where a node (its kubelet) answers. */
export interface NodeAddress {
  /** A host name or an address. */
  readonly host: string;
  readonly port: number;
}

/** What a node answers. */
export interface NodeAnswer {
  /** HTTP status. */
  readonly code: number;
  readonly contentType: string;
  readonly body: ReadableStream<Uint8Array>;
}

/**
 * Sends a GET to a node.
 * @param path with its query, such as `/containerLogs/default/a/c?follow=true`
 * @param signal gives up the request, or the body of its answer
 */
export type DialNode = (address: NodeAddress, path: string, signal: AbortSignal) => Promise<NodeAnswer>;

/** GET of a pod's log: the node that it is on is asked. */
export async function readLog(context: Context, call: Call, namespace: string, name: string): Promise<Answer> {
  const options = parseLogOptions(call.query, name);
  const pod = find(context, pods, namespace, name);
  const container = containerOf(pod, call.query.get("container") ?? "");
  const nodeName = stringAt(objectAt(pod, "spec"), "nodeName");
  if (nodeName === "") return { type: "text", code: 204, text: "" };
  // The real server speaks of a pod here, too.
  const node = find(context, nodes, "", nodeName);
  const address = addressOf(node);
  if (context.dialNode === undefined) {
    throw notSupported(`the subresource pods/log without a way to nodes: give it dialNode`);
  }
  const query = options.size === 0 ? "" : `?${options}`;
  const path = `/containerLogs/${namespace}/${name}/${container}${query}`;
  const signal = call.signal === undefined ? context.closing : AbortSignal.any([call.signal, context.closing]);
  const { code, contentType: _, body } = await dial(context.dialNode, address, path, signal);
  if (code >= 200 && code <= 206) return { type: "stream", code: 200, contentType: "text/plain", body };
  throw refusalOf(code, (await new Response(body).text()).trim(), name);
}

async function dial(dialNode: DialNode, address: NodeAddress, path: string, signal: AbortSignal): Promise<NodeAnswer> {
  try {
    return await dialNode(address, path, signal);
  } catch (cause) {
    signal.throwIfAborted();
    const why = cause instanceof Error ? cause.message : String(cause);
    throw plainError(`Get "https://${address.host}:${address.port}${path}": ${why}`);
  }
}

function find(context: Context, resource: ServedResource, namespace: string, name: string): JSONObject {
  const record = context.store.collection(storageKey(resource)).get(recordKey(namespace, name));
  if (record === undefined) throw notFound(pods, name);
  return parseStored(record.json);
}

/** @throws StatusError 400 */
function containerOf(pod: JSONObject, asked: string): string {
  const spec = objectAt(pod, "spec");
  const namesIn = (list: string): readonly string[] => objectsAt(spec, list).map((each) => stringAt(each, "name"));
  const all = ["initContainers", "containers", "ephemeralContainers"].flatMap(namesIn);
  const name = stringAt(objectAt(pod, "metadata"), "name");
  if (asked !== "") {
    if (!all.includes(asked)) throw badRequest(`container ${asked} is not valid for pod ${name}`);
    return asked;
  }
  const [only, ...others] = namesIn("containers");
  if (only !== undefined && others.length === 0) return only;
  throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${all.join(" ")}]`);
}

/** Kinds of addresses, the one that is tried first in front. */
const addressTypes = ["InternalIP", "InternalDNS", "Hostname", "ExternalDNS", "ExternalIP"];

function addressOf(node: JSONObject): NodeAddress {
  const status = objectAt(node, "status");
  const addresses = objectsAt(status, "addresses");
  const port = objectAt(objectAt(status, "daemonEndpoints"), "kubeletEndpoint")["Port"];
  for (const type of addressTypes) {
    const found = addresses.find((each) => each["type"] === type);
    if (found === undefined) continue;
    return { host: stringAt(found, "address"), port: typeof port === "number" && port !== 0 ? port : 10_250 };
  }
  throw plainError(`no preferred addresses found; known addresses: [${addresses.map((each) => each["type"])}]`);
}

const generic: Readonly<Record<number, readonly [string, string]>> = {
  401: ["Unauthorized", "the server has asked for the client to provide credentials"],
  404: ["NotFound", "the server could not find the requested resource"],
  405: ["MethodNotAllowed", "the server does not allow this method on the requested resource"],
  429: ["TooManyRequests", "the server has received too many requests and has asked us to try again later"],
  503: ["ServiceUnavailable", "the server is currently unable to handle the request"],
};

/** What the client is told of a node's refusal. */
function refusalOf(code: number, text: string, name: string): StatusError {
  if (code === 400) return badRequest(text);
  if (code === 500) return internalError(text);
  const [reason, message] = generic[code] ??
    ["", `the server responded with the status code ${code} but did not return more information`];
  // Two spaces would stand where the verb is not known.
  return new StatusError(code, reason, `${message} ( pods/log ${name})`, { name, kind: "pods/log" });
}
