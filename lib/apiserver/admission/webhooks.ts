import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { Buffer } from "node:buffer";
import { type Clock, deadline } from "../../util/clock/mod.ts";
import { userInfoDocument } from "../authentication/user_info.ts";
import { arrayAt, copyObject, deepEqual, objectAt, objectsAt, parseStored, stringAt } from "../json.ts";
import { applyJsonPatch } from "../patch/json_patch.ts";
import { completeObject } from "../request/decode.ts";
import { mutatingWebhookConfigurations, namespaces } from "../resources/builtin.ts";
import { apiVersionOf } from "../resources/registry.ts";
import { storageKey } from "../resources/served_resource.ts";
import { notSupported, StatusError } from "../status.ts";
import { recordKey } from "../store/record.ts";
import type { Store } from "../store/store.ts";
import type { Admission, AdmissionAttempt } from "./admission.ts";
import { matchesNamespace, matchesObject, matchesRules } from "./rules.ts";

/**
 * Calls one webhook.
 * @param clientConfig the webhook's `clientConfig`: url or service, and caBundle.
 * @param review an AdmissionReview with a request; a copy of the caller's own.
 * @param signal aborts at the webhook's timeout, or when the client gives up.
 * @returns the AdmissionReview with the response.
 */
export type CallWebhook = (clientConfig: JSONObject, review: JSONObject, signal: AbortSignal) => Promise<JSONValue>;

/** Mutating admission webhooks, as the MutatingWebhookConfigurations in the store name them. */
export class MutatingWebhooks implements Admission {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #newUid: () => string;
  readonly #call: CallWebhook;
  /** Webhooks in the order in which they are called; undefined: to be read again. */
  #webhooks: readonly JSONObject[] | undefined;

  constructor(store: Store, clock: Clock, newUid: () => string, call: CallWebhook) {
    this.#store = store;
    this.#clock = clock;
    this.#newUid = newUid;
    this.#call = call;
    this.#configurations().subscribe(() => this.#webhooks = undefined);
  }

  admit(attempt: AdmissionAttempt): Promise<JSONObject | undefined> | JSONObject | undefined {
    const { group, plural } = attempt.resource;
    // The real server never asks webhooks about webhooks, lest a broken one could not be repaired.
    const exempt = group === "admissionregistration.k8s.io" && plural.endsWith("configurations");
    const webhooks = this.#all();
    if (exempt || webhooks.length === 0) return attempt.object;
    // What no webhook wants is not made to wait.
    return webhooks.some((webhook) => matchesRules(webhook, attempt)) ? this.#admit(webhooks, attempt) : attempt.object;
  }

  async #admit(webhooks: readonly JSONObject[], attempt: AdmissionAttempt): Promise<JSONObject | undefined> {
    let object = attempt.object;
    const called = new Map<JSONObject, JSONObject | undefined>();
    for (const webhook of webhooks) {
      if (!this.#matches(webhook, { ...attempt, object })) continue;
      object = await this.#ask(webhook, { ...attempt, object });
      called.set(webhook, object);
    }
    // Those that want it are asked once more when a later one changed the object.
    for (const [webhook, seen] of called) {
      if (stringAt(webhook, "reinvocationPolicy") !== "IfNeeded" || seen === object) continue;
      if (this.#matches(webhook, { ...attempt, object })) object = await this.#ask(webhook, { ...attempt, object });
    }
    return object;
  }

  #matches(webhook: JSONObject, attempt: AdmissionAttempt): boolean {
    if (!matchesRules(webhook, attempt)) return false;
    if (!matchesNamespace(webhook, attempt, (name) => this.#labelsOf(name))) return false;
    if (!matchesObject(webhook, attempt)) return false;
    if (arrayAt(webhook, "matchConditions").length > 0) {
      throw notSupported(`the matchConditions (CEL) of webhook ${JSON.stringify(webhook["name"])}`);
    }
    return true;
  }

  /** Asks one webhook; the object with its patch, or the very same object when there is none. */
  async #ask(webhook: JSONObject, attempt: AdmissionAttempt): Promise<JSONObject | undefined> {
    if (attempt.dryRun && !["None", "NoneOnDryRun"].includes(stringAt(webhook, "sideEffects"))) {
      const message = `admission webhook ${name(webhook)} does not support dry run`;
      throw new StatusError(400, "BadRequest", message);
    }
    const uid = this.#newUid();
    let response: JSONObject;
    try {
      response = await this.#send(webhook, reviewOf(attempt, uid), attempt.signal);
      if (response["uid"] !== uid) {
        throw new TypeError(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response["uid"])}`);
      }
    } catch (error) {
      attempt.signal?.throwIfAborted();
      if (stringAt(webhook, "failurePolicy") === "Ignore") return attempt.object;
      throw failed(webhook, error);
    }
    if (response["allowed"] !== true) throw denied(webhook, objectAt(response, "status"));
    return this.#patched(webhook, response, attempt);
  }

  async #send(webhook: JSONObject, review: JSONObject, signal: AbortSignal | undefined): Promise<JSONObject> {
    const seconds = webhook["timeoutSeconds"];
    const ms = (typeof seconds === "number" ? seconds : 10) * 1_000;
    using limit = deadline(this.#clock, ms, `the call of webhook ${name(webhook)}`, signal);
    const answer = await orAbort(
      this.#call(copyObject(objectAt(webhook, "clientConfig")), review, limit.signal),
      limit.signal,
    );
    const response = isJsonObject(answer) ? answer["response"] : undefined;
    if (!isJsonObject(response)) throw new TypeError("webhook response was absent");
    return response;
  }

  #patched(webhook: JSONObject, response: JSONObject, attempt: AdmissionAttempt): JSONObject | undefined {
    const { object, resource } = attempt;
    const patch = stringAt(response, "patch");
    if (object === undefined || patch === "") return object;
    if (response["patchType"] !== "JSONPatch") {
      throw failed(webhook, new TypeError(`unsupported patch type ${JSON.stringify(response["patchType"])}`));
    }
    try {
      const operations: JSONValue = JSON.parse(Buffer.from(patch, "base64").toString());
      if (!Array.isArray(operations)) throw new TypeError("the patch is no array");
      // As without a patch, so that no later webhook is asked again for nothing.
      if (operations.length === 0) return object;
      const patched = completeObject(applyJsonPatch(copyObject(object), operations), resource);
      return deepEqual(patched, object) ? object : patched;
    } catch (error) {
      // A patch that cannot be applied fails the request even with failurePolicy Ignore: the webhook did answer.
      throw internalError(error instanceof Error ? error.message : String(error), error);
    }
  }

  #all(): readonly JSONObject[] {
    // In the order of the configurations' names, and within one in its own.
    this.#webhooks ??= [...this.#configurations().range({ from: "" })]
      .flatMap(({ json }) => objectsAt(parseStored(json), "webhooks"));
    return this.#webhooks;
  }

  #configurations(): ReturnType<Store["collection"]> {
    return this.#store.collection(storageKey(mutatingWebhookConfigurations));
  }

  #labelsOf(namespace: string): JSONObject | undefined {
    const record = this.#store.collection(storageKey(namespaces)).get(recordKey("", namespace));
    return record === undefined ? undefined : { ...record.labels };
  }
}

/** The AdmissionReview of an attempt (`admission.k8s.io/v1`). */
function reviewOf(attempt: AdmissionAttempt, uid: string): JSONObject {
  const { resource, subresource, operation, object, old, options, dryRun, user } = attempt;
  const { group, version, kind, plural } = resource;
  // A namespace lies in itself, as far as admission is concerned.
  const namespace = group === "" && plural === "namespaces" ? attempt.name : attempt.namespace;
  const request: JSONObject = {
    uid,
    kind: { group, version, kind },
    resource: { group, version, resource: plural },
    ...(subresource === undefined ? {} : { subResource: subresource }),
    requestKind: { group, version, kind },
    requestResource: { group, version, resource: plural },
    ...(subresource === undefined ? {} : { requestSubResource: subresource }),
    ...(attempt.name === "" ? {} : { name: attempt.name }),
    ...(namespace === "" ? {} : { namespace }),
    operation,
    userInfo: userInfoDocument(user),
    object: object === undefined ? null : copyObject(complete(object, attempt)),
    oldObject: old === undefined ? null : copyObject(complete(old, attempt)),
    dryRun,
    options: copyObject(options),
  };
  return { kind: "AdmissionReview", apiVersion: "admission.k8s.io/v1", request };
}

function complete(object: JSONObject, { resource }: AdmissionAttempt): JSONObject {
  return { ...object, kind: resource.kind, apiVersion: apiVersionOf(resource) };
}

function name(webhook: JSONObject): string {
  return JSON.stringify(stringAt(webhook, "name"));
}

/** The refusal of a webhook, with its own code and message; it holds whatever the failure policy says. */
function denied(webhook: JSONObject, status: JSONObject): StatusError {
  const code = typeof status["code"] === "number" && status["code"] >= 400 ? status["code"] : 400;
  const reason = stringAt(status, "reason");
  const said = stringAt(status, "message");
  const why = said !== ""
    ? `denied the request: ${said}`
    : reason !== ""
    ? `denied the request: ${reason}`
    : "denied the request without explanation";
  return new StatusError(
    code,
    reason,
    `admission webhook ${name(webhook)} ${why}`,
  );
}

function failed(webhook: JSONObject, error: unknown): StatusError {
  const why = error instanceof Error ? error.message : String(error);
  return internalError(`failed calling webhook ${name(webhook)}: failed to call webhook: ${why}`, error);
}

function internalError(message: string, cause: unknown): StatusError {
  const details = { causes: [{ message }] };
  return new StatusError(500, "InternalError", `Internal error occurred: ${message}`, details, undefined, { cause });
}

function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener("abort", onAbort));
}
