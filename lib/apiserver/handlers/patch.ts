import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import type { Context } from "../context.ts";
import { copyObject } from "../json.ts";
import { applyJsonPatch } from "../patch/json_patch.ts";
import { goFormat } from "../patch/go_format.ts";
import { applyMergePatch } from "../patch/merge_patch.ts";
import { applyStrategicPatch } from "../patch/strategic_patch.ts";
import { parseAccept } from "../request/accept.ts";
import type { Answer, Call } from "../request/call.ts";
import { completeObject, UndecodableError } from "../request/decode.ts";
import { newDecoding, strictMessage, warnOf } from "../request/decoding.ts";
import { parseJson } from "../request/go_json.ts";
import { readApplyBody } from "../request/yaml_body.ts";
import { parseWriteQuery } from "../request/write_options.ts";
import type { ServedResource } from "../resources/served_resource.ts";
import { schemaOf } from "../schema/resource_schema.ts";
import { goTypeName } from "../schema/scalars.ts";
import {
  badRequest,
  invalid,
  invalidOptions,
  unknownFormat,
  unprocessablePatch,
  unsupportedMediaType,
} from "../status.ts";
import { invalidValue } from "../validate/metadata.ts";
import { applyObject } from "./apply.ts";
import { representObject } from "./projection.ts";
import { updateObject } from "./update.ts";

/** Most operations in one JSON patch, as in the real server. */
const mostOperations = 10_000;

/** Forms of patches that custom resources know. */
const patchesOfCustom = ["application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml"];

/** PATCH of an object or its status, in any of the four forms. */
export async function patchObject(
  context: Context,
  call: Call,
  resource: ServedResource,
  namespace: string | undefined,
  name: string,
  subresource: "status" | undefined,
): Promise<Answer> {
  const isApply = /^application\/apply-patch\+(yaml|json)$/.test(call.contentType);
  const patch = isApply ? undefined : parsePatch(call, resource);
  const represent = representObject(resource, parseAccept(call.accept, resource));
  const query = parseWriteQuery(call, "PatchOptions");
  if (patch === undefined) {
    const { code, object } = await applyObject(
      { context, call, resource, namespace, name, subresource, query },
      () => readApplyBody(call),
    );
    return { type: "value", code, value: represent(object) };
  }
  if (call.query.has("force")) {
    const message = "Forbidden: may not be specified for non-apply patch";
    throw invalidOptions("PatchOptions", [{ reason: "FieldValueForbidden", message, field: "force" }]);
  }
  const change = (current: JSONObject): { object: JSONObject; managed: boolean } => {
    const patched = patch.apply(current);
    return { object: decodePatched(patched, patch, resource, call), managed: false };
  };
  const updated = await updateObject({
    context,
    call,
    resource,
    namespace,
    name,
    subresource,
    query,
    change,
    uidConflict: false,
  });
  return { type: "value", code: 200, value: represent(updated) };
}

/** What a patch does. */
export interface Patch {
  readonly apply: (current: JSONObject) => JSONObject;
  /** What errors show. @default the patched object */
  readonly show?: () => string;
}

/**
 * What the patch does to an object, which it may change. The patch is read only then: whether there is an object comes
 * first. @throws StatusError 415; its functions throw 400 and 422
 */
export function parsePatch(call: Call, resource: ServedResource): Patch {
  switch (call.contentType) {
    case "application/json-patch+json": {
      return {
        apply: (current) => {
          const operations = parseOperations(readPatch(call));
          return attempt(() => applyJsonPatch(current, operations));
        },
      };
    }
    case "application/merge-patch+json":
      return {
        apply: (current) => {
          const patch = readPatch(call);
          if (patch === null) throw badRequest("Invalid JSON Patch");
          return applyMergePatch(current, copyObject(parseObjectPatch(patch)));
        },
      };
    case "application/strategic-merge-patch+json": {
      if (resource.custom === true) throw unknownFormat(patchesOfCustom);
      // Null is a patch without fields here.
      const read = (): JSONObject => parseObjectPatch(readPatch(call, "") ?? {}, "");
      return {
        // Kind and version go with the type into which it is merged.
        apply: (current) => {
          const { kind, apiVersion } = current;
          return { ...applyStrategicPatch(current, copyObject(read()), schemaOf(resource)), kind, apiVersion };
        },
        // The real server merges these before it decodes them, and shows the patch, not the object.
        show: () => goFormat(withoutOrders(read())),
      };
    }
    default:
      throw resource.custom === true ? unknownFormat(patchesOfCustom) : unsupportedMediaType();
  }
}

/** The real server takes these directives out of a patch while it merges it. */
function withoutOrders(value: JSONValue): JSONValue {
  if (Array.isArray(value)) return value.map(withoutOrders);
  if (!isJsonObject(value)) return value;
  const kept = Object.keys(value).filter((key) => key !== "$retainKeys" && !key.startsWith("$setElementOrder/"));
  return Object.fromEntries(kept.map((key) => [key, withoutOrders(value[key])]));
}

const decodingPatch = "error decoding patch: ";

function readPatch({ body }: Call, prefix = decodingPatch): JSONValue {
  if (body !== undefined && "value" in body) return body.value;
  try {
    return parseJson(body !== undefined && "text" in body ? body.text : "");
  } catch (cause) {
    throw Object.assign(badRequest(prefix + (cause instanceof Error ? cause.message : cause)), { cause });
  }
}

function parseOperations(operations: JSONValue): readonly JSONValue[] {
  if (operations === null) return [];
  if (!Array.isArray(operations)) throw wrongPatch(operations, "[]handlers.jsonPatchOp");
  const wrong = operations.find((operation) => !isJsonObject(operation));
  if (wrong !== undefined) throw wrongPatch(wrong, "handlers.jsonPatchOp");
  if (operations.length <= mostOperations) return operations;
  throw badRequest(`The allowed maximum operations in a JSON patch is ${mostOperations}, got ${operations.length}`);
}

/** A patched object that does not decode makes the patch invalid. */
export function decodePatched(patched: JSONObject, patch: Patch, resource: ServedResource, call: Call): JSONObject {
  const decoding = newDecoding(call);
  const refuse = (why: string): Error => {
    const nothing = { group: "", plural: "", kind: "" };
    return invalid(nothing, "", [invalidValue("patch", patch.show?.() ?? JSON.stringify(patched), why)]);
  };
  const wording = patch.show === undefined ? "json" : "converter";
  try {
    const object = completeObject(patched, resource, { decoding, wording, patched: true });
    if (decoding.validation === "Strict" && decoding.problems.length > 0) throw refuse(strictMessage(decoding));
    warnOf(decoding, call);
    return object;
  } catch (error) {
    throw error instanceof UndecodableError ? refuse(error.message) : error;
  }
}

function parseObjectPatch(patch: JSONValue, prefix = decodingPatch): JSONObject {
  if (!isJsonObject(patch)) throw wrongPatch(patch, "map[string]interface {}", prefix);
  return patch;
}

function wrongPatch(patch: JSONValue, wanted: string, prefix = decodingPatch): Error {
  return badRequest(`${prefix}json: cannot unmarshal ${goTypeName(patch)} into Go value of type ${wanted}`);
}

function attempt(change: () => JSONObject): JSONObject {
  try {
    return change();
  } catch (error) {
    throw unprocessablePatch(error);
  }
}
