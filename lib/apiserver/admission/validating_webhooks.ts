import type { Admission, AdmissionAttempt, Admitted } from "./admission.ts";
import type { ConfiguredWebhooks, Invocation } from "./configured_webhooks.ts";
import type { WebhookCaller } from "./webhook_caller.ts";

/** Validating admission webhooks: all are asked at once, and the first refusal counts. */
export class ValidatingWebhooks implements Admission {
  readonly #configured: ConfiguredWebhooks;
  readonly #caller: WebhookCaller;

  constructor(configured: ConfiguredWebhooks, caller: WebhookCaller) {
    this.#configured = configured;
    this.#caller = caller;
  }

  validate(attempt: AdmissionAttempt): Admitted<void> {
    const wanted = this.#configured.ruledFor(attempt).filter((each) => this.#configured.wants(each, attempt));
    if (wanted.length > 0) return this.#ask(wanted, attempt);
  }

  async #ask(invocations: readonly Invocation[], attempt: AdmissionAttempt): Promise<void> {
    const refusals: unknown[] = [];
    // The others' answers are waited for as well, so that nothing goes on behind a request that is over.
    await Promise.all(invocations.map(async (invocation) => {
      try {
        await this.#caller.ask(invocation, attempt, false);
      } catch (error) {
        refusals.push(error);
      }
    }));
    if (refusals.length > 0) throw refusals[0];
  }
}
