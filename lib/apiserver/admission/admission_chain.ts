import type { JSONObject } from "../../k8s/contract.ts";
import type { Admission, AdmissionAttempt, Admitted } from "./admission.ts";

/** Several admissions, one after another. What none of them has to wait for is decided at once. */
export class AdmissionChain implements Required<Admission> {
  readonly #plugins: readonly Admission[];

  constructor(plugins: readonly Admission[]) {
    this.#plugins = plugins;
  }

  admit(attempt: AdmissionAttempt): Admitted<JSONObject | undefined> {
    return this.#admitFrom(0, attempt);
  }

  validate(attempt: AdmissionAttempt): Admitted<void> {
    return this.#validateFrom(0, attempt);
  }

  #admitFrom(start: number, attempt: AdmissionAttempt): Admitted<JSONObject | undefined> {
    let { object } = attempt;
    for (let index = start; index < this.#plugins.length; index++) {
      const plugin = this.#plugins[index];
      if (plugin?.admit === undefined) continue;
      const admitted = plugin.admit({ ...attempt, object });
      if (admitted instanceof Promise) {
        return admitted.then((next) => this.#admitFrom(index + 1, { ...attempt, object: next }));
      }
      object = admitted;
    }
    return object;
  }

  #validateFrom(start: number, attempt: AdmissionAttempt): Admitted<void> {
    for (let index = start; index < this.#plugins.length; index++) {
      const validated = this.#plugins[index]?.validate?.(attempt);
      if (validated instanceof Promise) return validated.then(() => this.#validateFrom(index + 1, attempt));
    }
  }
}
