import assert from "node:assert/strict";
import type { JsonObject } from "../../webhook/admission_review.ts";
import { isObject } from "../../webhook/admission_review.ts";
import type { Verdict } from "../../webhook/handler.ts";
import { applyStrictly, isPatch, type Operation } from "./strict_patch.ts";

/** An answer, taken apart. */
export interface Answer {
  readonly envelope: JsonObject;
  readonly uid: unknown;
  /** Says why there is no patch. */
  readonly message: string | undefined;
  /** The JSON patch; undefined when there is none. */
  readonly patch: readonly Operation[] | undefined;
}

/** Takes the answer of a verdict apart, and makes sure that it is one as the API server takes it, and that it allows. */
export function answerOf(verdict: Verdict): Answer {
  assert.equal(verdict.type, "answer");
  return readAnswer(verdict.body);
}

/** As {@link answerOf}, of the answer's text. */
export function readAnswer(body: string): Answer {
  const parsed: unknown = JSON.parse(body);
  assert(isObject(parsed));
  const { response, ...envelope } = parsed;
  assert.deepEqual(Object.keys(envelope), ["apiVersion", "kind"]);
  assert(isObject(response));
  const { uid, allowed, status, patch, patchType, ...rest } = response;
  assert.deepEqual(rest, {});
  assert.equal(allowed, true);
  if (patch === undefined) {
    assert.equal(patchType, undefined);
    assert(isObject(status));
    assert.equal(status["code"], 200);
    assert(typeof status["message"] === "string");
    return { envelope, uid, message: status["message"], patch: undefined };
  }
  assert.equal(status, undefined);
  assert.equal(patchType, "JSONPatch");
  assert(typeof patch === "string");
  const operations: unknown = JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(patch)));
  assert(isPatch(operations));
  return { envelope, uid, message: undefined, patch: operations };
}

/** The object as the patch makes it. Throws when the patch does not fit. */
export function patched(object: unknown, answer: Answer): unknown {
  return applyStrictly(object, answer.patch ?? []);
}
