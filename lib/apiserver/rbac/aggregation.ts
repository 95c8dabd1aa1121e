import type { JSONObject } from "../../k8s/contract.ts";
import { administrator } from "../authentication/user_info.ts";
import type { Context } from "../context.ts";
import { arrayAt, deepEqual, objectAt, objectsAt, parseStored } from "../json.ts";
import { requirementsOf } from "../label_selector.ts";
import type { Answer, Call } from "../request/call.ts";
import { matchesLabels } from "../selectors.ts";
import { StatusError } from "../status.ts";
import { type Collection, rangeOf } from "../store/collection.ts";
import type { StoredObject } from "../store/record.ts";
import { rbacGroup } from "./rbac_authorizer.ts";

const manager = "clusterrole-aggregation-controller";

/**
 * Does what the controller of this name of kube-controller-manager does: a ClusterRole with an aggregationRule gets the
 * rules of all that its selectors match. It runs in the background, after the request that caused it was stored.
 */
export class RoleAggregation {
  readonly #roles: Collection;
  readonly #closing: AbortSignal;
  readonly #handle: (call: Call) => Answer | Promise<Answer>;
  #isPlanned = false;

  /** @param handle answers requests without authorization. */
  constructor(
    { store, closing }: Pick<Context, "store" | "closing">,
    handle: (call: Call) => Answer | Promise<Answer>,
  ) {
    this.#roles = store.collection(`${rbacGroup}/clusterroles`);
    this.#closing = closing;
    this.#handle = handle;
  }

  /** Begins to work. */
  start(): void {
    this.#roles.subscribe(() => this.#plan());
  }

  #plan(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    void Promise.resolve().then(async () => {
      this.#isPlanned = false;
      if (!this.#closing.aborted) await this.#aggregate();
    });
  }

  async #aggregate(): Promise<void> {
    const roles = [...this.#roles.range(rangeOf(undefined))];
    for (const record of roles) {
      if (!record.json.includes('"aggregationRule"')) continue;
      try {
        await this.#update(record, roles);
      } catch (error) {
        // Somebody deleted it, or a webhook refuses: the next change is a reason to try again, as for the real one.
        if (!(error instanceof StatusError)) throw error;
      }
    }
  }

  async #update(record: StoredObject, roles: readonly StoredObject[]): Promise<void> {
    const role = parseStored(record.json);
    const sources = roles.filter((each) => each !== record);
    const rules = aggregatedRules(role, sources.map(({ json }) => parseStored(json)));
    if (rules === undefined || deepEqual([...rules], [...arrayAt(role, "rules")])) return;
    const apiVersion = `${rbacGroup}/v1`;
    const { name } = record;
    await this.#handle({
      method: "PATCH",
      path: `/apis/${apiVersion}/clusterroles/${encodeURIComponent(name)}`,
      query: new URLSearchParams({ fieldManager: manager, force: "true" }),
      contentType: "application/apply-patch+yaml",
      accept: "application/json",
      body: { value: { apiVersion, kind: "ClusterRole", metadata: { name }, rules: [...rules] } },
      user: administrator(`system:serviceaccount:kube-system:${manager}`),
      userAgent: manager,
      signal: this.#closing,
    });
  }
}

/** The rules that an aggregated role is to have; undefined when it is none. */
export function aggregatedRules(role: JSONObject, sources: readonly JSONObject[]): readonly JSONObject[] | undefined {
  const selectors = objectsAt(objectAt(role, "aggregationRule"), "clusterRoleSelectors");
  if (role["aggregationRule"] === undefined) return undefined;
  const rules: JSONObject[] = [];
  for (const selector of selectors) {
    const wanted = requirementsOf(selector);
    for (const source of sources) {
      const labels = Object.entries(objectAt(objectAt(source, "metadata"), "labels"));
      if (!matchesLabels(wanted, Object.fromEntries(labels.map(([key, value]) => [key, String(value)])))) continue;
      for (const rule of objectsAt(source, "rules")) {
        if (!rules.some((known) => deepEqual(known, rule))) rules.push(rule);
      }
    }
  }
  return rules;
}
