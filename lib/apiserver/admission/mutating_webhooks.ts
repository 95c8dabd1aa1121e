import { Buffer } from "node:buffer";
import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { copyObject, deepEqual, stringAt } from "../json.ts";
import { applyJsonPatch } from "../patch/json_patch.ts";
import { completeObject } from "../request/decode.ts";
import { parseJson } from "../request/go_json.ts";
import { goTypeName } from "../schema/scalars.ts";
import { internalError } from "../status.ts";
import { convertedForWebhooks } from "../validate/custom_type.ts";
import type { Admission, AdmissionAttempt, Admitted } from "./admission.ts";
import type { ConfiguredWebhooks, Invocation } from "./configured_webhooks.ts";
import { failed, nameOf, type WebhookCaller } from "./webhook_caller.ts";

/** Mutating admission webhooks: one after another, each sees what the ones before it changed. */
export class MutatingWebhooks implements Admission {
  readonly #configured: ConfiguredWebhooks;
  readonly #caller: WebhookCaller;

  constructor(configured: ConfiguredWebhooks, caller: WebhookCaller) {
    this.#configured = configured;
    this.#caller = caller;
  }

  admit(attempt: AdmissionAttempt): Admitted<JSONObject | undefined> {
    const invocations = this.#configured.ruledFor(attempt);
    // What no webhook wants is not made to wait.
    return invocations.length === 0 ? attempt.object : this.#admit(invocations, attempt);
  }

  async #admit(invocations: readonly Invocation[], attempt: AdmissionAttempt): Promise<JSONObject | undefined> {
    const { bodies, resource } = attempt;
    let object = attempt.object;
    let shown: JSONObject | undefined;
    const called = new Map<Invocation, JSONObject | undefined>();
    for (const invocation of invocations) {
      if (!this.#configured.wants(invocation, { ...attempt, object })) continue;
      if (shown === undefined && object !== undefined && bodies === undefined) {
        object = shown = convertedForWebhooks(object, resource);
      }
      object = await this.#ask(invocation, { ...attempt, object });
      called.set(invocation, object);
    }
    // Those that want it are asked once more when a later one changed the object.
    for (const [invocation, seen] of called) {
      if (stringAt(invocation.webhook, "reinvocationPolicy") !== "IfNeeded" || seen === object) continue;
      if (!this.#configured.wants(invocation, { ...attempt, object })) continue;
      object = await this.#ask(invocation, { ...attempt, object });
    }
    // What nobody changed is as it was sent, also where webhooks saw another kind.
    return object === shown ? attempt.object : object;
  }

  /** Asks one webhook; the object with its patch, or the very same object when there is none. */
  async #ask(invocation: Invocation, attempt: AdmissionAttempt): Promise<JSONObject | undefined> {
    const { webhook, view } = invocation;
    const { object } = attempt;
    const response = await this.#caller.ask(invocation, attempt, true);
    const patch = stringAt(response ?? {}, "patch");
    if (response === undefined || object === undefined || patch === "") return object;
    if (response["patchType"] !== "JSONPatch") {
      throw failed(webhook, new TypeError(`unsupported patch type ${JSON.stringify(response["patchType"])}`));
    }
    const operations = readOperations(webhook, Buffer.from(patch, "base64").toString());
    try {
      // As without a patch, so that no later webhook is asked again for nothing.
      if (operations.length === 0) return object;
      const changed = view.take(applyJsonPatch(copyObject(view.show(object)), operations));
      const patched = completeObject(changed, attempt.bodies ?? attempt.resource);
      return deepEqual(patched, object) ? object : patched;
    } catch (error) {
      // A patch that cannot be applied fails the request even with failurePolicy Ignore: the webhook did answer.
      throw internalError(error instanceof Error ? error.message : String(error), error);
    }
  }
}

/** @throws StatusError 500 */
function readOperations(webhook: JSONObject, text: string): readonly JSONValue[] {
  try {
    const operations = parseJson(text);
    if (Array.isArray(operations)) return operations;
    throw new TypeError(`json: cannot unmarshal ${goTypeName(operations)} into Go value of type jsonpatch.Patch`);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const what = "received undecodable patch in webhook response";
    throw internalError(`failed calling webhook ${nameOf(webhook)}: ${what}: ${why}`, error);
  }
}
