import type { JSONObject } from "../../k8s/contract.ts";
import { parseStored } from "../json.ts";
import { customResourceDefinitions } from "../resources/builtin.ts";
import { instanceCleanup, isTerminating } from "../resources/definition_deletion.ts";
import { storageKey } from "../resources/served_resource.ts";
import { forbidden } from "../status.ts";
import { recordKey } from "../store/record.ts";
import type { Store } from "../store/store.ts";
import type { Admission, AdmissionAttempt } from "./admission.ts";

/** Refuses new custom resources whose definition is being deleted, lest it never ends. */
export class TerminatingDefinitions implements Admission {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** @throws StatusError 403 */
  admit({ operation, resource, name, object }: AdmissionAttempt): JSONObject | undefined {
    if (operation === "CREATE" && resource.custom === true && this.#isTerminating(resource)) {
      throw forbidden(resource, name, "create not allowed while custom resource definition is terminating");
    }
    return object;
  }

  #isTerminating({ group, plural }: AdmissionAttempt["resource"]): boolean {
    const record = this.#store.collection(storageKey(customResourceDefinitions))
      .get(recordKey("", `${plural}.${group}`));
    return record !== undefined && record.json.includes(instanceCleanup) && isTerminating(parseStored(record.json));
  }
}
