import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { type Clock, deadline } from "../../util/clock/mod.ts";
import { copyObject, objectAt, stringAt, stringsAt } from "../json.ts";
import { internalError, StatusError } from "../status.ts";
import type { AdmissionAttempt } from "./admission.ts";
import type { Invocation } from "./configured_webhooks.ts";
import { reviewOf } from "./review.ts";

/**
 * Calls one webhook.
 * @param clientConfig the webhook's `clientConfig`: url or service, and caBundle.
 * @param review an AdmissionReview with a request; a copy of the caller's own.
 * @param signal aborts at the webhook's timeout, or when the client gives up.
 * @param timeoutSeconds the webhook's timeout, which the real server tells it in the query.
 * @returns the AdmissionReview with the response.
 */
export type CallWebhook = (
  clientConfig: JSONObject,
  review: JSONObject,
  signal: AbortSignal,
  timeoutSeconds: number,
) => Promise<JSONValue>;

/** Asks webhooks, and reads what becomes of their answers. */
export class WebhookCaller {
  readonly #clock: Clock;
  readonly #newUid: () => string;
  readonly #call: CallWebhook;

  constructor(clock: Clock, newUid: () => string, call: CallWebhook) {
    this.#clock = clock;
    this.#newUid = newUid;
    this.#call = call;
  }

  /**
   * Asks one webhook.
   * @param mayPatch validating webhooks may not
   * @returns its response, which allows the write; undefined when it failed and its failure policy ignores that.
   * @throws StatusError when it denies the write, or fails and must not.
   */
  async ask(invocation: Invocation, attempt: AdmissionAttempt, mayPatch: boolean): Promise<JSONObject | undefined> {
    const { webhook, view } = invocation;
    if (attempt.dryRun && !["None", "NoneOnDryRun"].includes(stringAt(webhook, "sideEffects"))) {
      const message = `admission webhook ${nameOf(webhook)} does not support dry run`;
      throw new StatusError(400, "BadRequest", message);
    }
    const uid = this.#newUid();
    let response: JSONObject;
    try {
      response = await this.#send(webhook, reviewOf(attempt, view, uid), attempt.signal);
      if (response["uid"] !== uid) {
        const got = JSON.stringify(response["uid"] ?? "");
        throw new InvalidResponseError(`expected response.uid=${JSON.stringify(uid)}, got ${got}`);
      }
      if (!mayPatch && stringAt(response, "patch") !== "") {
        throw new InvalidResponseError("validating webhook may not return response.patch");
      }
    } catch (error) {
      attempt.signal?.throwIfAborted();
      if (stringAt(webhook, "failurePolicy") === "Ignore") return undefined;
      throw failed(webhook, error);
    }
    for (const warning of stringsAt(response, "warnings")) attempt.warn?.(warning);
    if (response["allowed"] !== true) throw denied(webhook, objectAt(response, "status"));
    return response;
  }

  async #send(webhook: JSONObject, review: JSONObject, signal: AbortSignal | undefined): Promise<JSONObject> {
    const { timeoutSeconds } = webhook;
    const seconds = typeof timeoutSeconds === "number" ? timeoutSeconds : 10;
    using limit = deadline(this.#clock, seconds * 1_000, `the call of webhook ${nameOf(webhook)}`, signal);
    const answer = await orAbort(
      this.#call(copyObject(objectAt(webhook, "clientConfig")), review, limit.signal, seconds),
      limit.signal,
    );
    const response = isJsonObject(answer) ? answer["response"] : undefined;
    if (!isJsonObject(response)) throw new InvalidResponseError("webhook response was absent");
    return response;
  }
}

/** The answer of a webhook that makes no sense. */
class InvalidResponseError extends Error {
  override readonly name = "InvalidResponseError";
}

/** The webhook's name in quotes. */
export function nameOf(webhook: JSONObject): string {
  return JSON.stringify(stringAt(webhook, "name"));
}

/** The refusal of a webhook, with its own code and message; it holds whatever the failure policy says. */
function denied(webhook: JSONObject, status: JSONObject): StatusError {
  const code = typeof status["code"] === "number" && status["code"] >= 400 ? status["code"] : 400;
  const reason = stringAt(status, "reason");
  const said = stringAt(status, "message");
  const { details } = status;
  const why = said !== ""
    ? `denied the request: ${said}`
    : reason !== ""
    ? `denied the request: ${reason}`
    : "denied the request without explanation";
  return new StatusError(
    code,
    reason,
    `admission webhook ${nameOf(webhook)} ${why}`,
    isJsonObject(details) ? details : undefined,
  );
}

/** 500 for a webhook that could not be asked, or whose answer makes no sense. */
export function failed(webhook: JSONObject, error: unknown): StatusError {
  const why = error instanceof Error ? error.message : String(error);
  const what = error instanceof InvalidResponseError ? "received invalid webhook response" : "failed to call webhook";
  return internalError(`failed calling webhook ${nameOf(webhook)}: ${what}: ${why}`, error);
}

function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener("abort", onAbort));
}
