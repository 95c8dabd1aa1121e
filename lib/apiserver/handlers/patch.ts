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
import {
  completeObject,
  type Decoded,
  newDecoding,
  parseBody,
  parseYamlBody,
  strictMessage,
  warningsOf,
} from "../request/decode.ts";
import { parseWriteQuery } from "../request/write_options.ts";
import type { ServedResource } from "../resources/served_resource.ts";
import { schemaOf } from "../schema/resource_schema.ts";
import {
  badRequest,
  invalid,
  invalidOptions,
  StatusError,
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
      parseYamlBody(call.body),
    );
    return { type: "value", code, value: represent(object) };
  }
  if (call.query.has("force")) {
    const message = "Forbidden: may not be specified for non-apply patch";
    throw invalidOptions("PatchOptions", [{ reason: "FieldValueForbidden", message, field: "force" }]);
  }
  let warnings: readonly string[] = [];
  const change = (current: JSONObject): { object: JSONObject; managed: boolean } => {
    const patched = patch.apply(current);
    const decoded = decodePatched(patched, patch.show?.() ?? JSON.stringify(patched), resource, call);
    warnings = decoded.warnings;
    return { object: decoded.object, managed: false };
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
  return { type: "value", code: 200, value: represent(updated), warnings };
}

/** What a patch does. */
interface Patch {
  readonly apply: (current: JSONObject) => JSONObject;
  /** What errors show. @default the patched object */
  readonly show?: () => string;
}

/**
 * What the patch does to an object, which it may change. The patch is read only then: whether there is an object comes
 * first. @throws StatusError 415; its functions throw 400 and 422
 */
function parsePatch(call: Call, resource: ServedResource): Patch {
  const read = (): JSONValue => parseBody(call.body, "error decoding patch");
  switch (call.contentType) {
    case "application/json-patch+json": {
      return {
        apply: (current) => {
          const operations = parseOperations(read());
          return attempt(() => applyJsonPatch(current, operations));
        },
      };
    }
    case "application/merge-patch+json":
      return { apply: (current) => applyMergePatch(current, copyObject(parseObjectPatch(read()))) };
    case "application/strategic-merge-patch+json": {
      if (resource.custom === true) throw unknownFormat(patchesOfCustom);
      return {
        // Null is a patch without fields here.
        apply: (current) =>
          applyStrategicPatch(current, copyObject(parseObjectPatch(read() ?? {})), schemaOf(resource)),
        // The real server merges these before it decodes them, and shows the patch, not the object.
        show: () => goFormat(parseObjectPatch(read() ?? {})),
      };
    }
    default:
      throw resource.custom === true ? unknownFormat(patchesOfCustom) : unsupportedMediaType();
  }
}

function parseOperations(operations: JSONValue): readonly JSONValue[] {
  if (!Array.isArray(operations)) throw wrongPatch(operations, "[]handlers.jsonPatchOp");
  const wrong = operations.find((operation) => !isJsonObject(operation));
  if (wrong !== undefined) throw wrongPatch(wrong, "handlers.jsonPatchOp");
  if (operations.length <= mostOperations) return operations;
  throw badRequest(`The allowed maximum operations in a JSON patch is ${mostOperations}, got ${operations.length}`);
}

/** A patched object that does not decode makes the patch invalid. */
function decodePatched(patched: JSONObject, document: string, resource: ServedResource, call: Call): Decoded {
  const decoding = newDecoding(call);
  try {
    const object = completeObject(patched, resource, decoding);
    if (decoding.validation === "Strict" && decoding.problems.length > 0) throw badRequest(strictMessage(decoding));
    return { object, warnings: warningsOf(decoding) };
  } catch (error) {
    if (!(error instanceof StatusError) || error.code !== 400) throw error;
    const nothing = { group: "", plural: "", kind: "" };
    throw invalid(nothing, "", [invalidValue("patch", document, error.message)]);
  }
}

function parseObjectPatch(patch: JSONValue): JSONObject {
  if (!isJsonObject(patch)) throw wrongPatch(patch, "map[string]interface {}");
  return patch;
}

function wrongPatch(patch: JSONValue, wanted: string): Error {
  const given = Array.isArray(patch) ? "array" : typeof patch === "object" ? "object" : typeof patch;
  return badRequest(`error decoding patch: json: cannot unmarshal ${given} into Go value of type ${wanted}`);
}

function attempt(change: () => JSONObject): JSONObject {
  try {
    return change();
  } catch (error) {
    throw unprocessablePatch(error);
  }
}
