import type { JSONObject } from "../../k8s/contract.ts";
import type { Admission, AdmissionAttempt } from "../admission/admission.ts";
import type { UserInfo } from "../authentication/user_info.ts";
import { deepEqual, objectAt, stringAt } from "../json.ts";
import { forbidden as refuse, notFound, plainError } from "../status.ts";
import type { Store } from "../store/store.ts";
import { type Authorizer, everything, isMaster } from "./authorizer.ts";
import { rbacGroup, roleOf } from "./rbac_authorizer.ts";
import { covers, type PolicyRule, rulesOf, singleRights } from "./rules.ts";

/**
 * Keeps users from giving rights that they do not hold: by a role, unless they may `escalate` it, or by a binding,
 * unless they may `bind` its role ("Privilege escalation prevention and bootstrapping" of the Kubernetes documentation).
 */
export class EscalationGuard implements Admission {
  readonly #store: Store;
  readonly #authorizer: Authorizer;

  constructor(store: Store, authorizer: Authorizer) {
    this.#store = store;
    this.#authorizer = authorizer;
  }

  /** To be asked after all that may change the object. @throws StatusError 403, 404, 500 */
  admit(attempt: AdmissionAttempt): JSONObject | undefined {
    const { resource, object, old, user } = attempt;
    if (object === undefined || resource.group !== rbacGroup || isMaster(user)) return object;
    if (old !== undefined && changesOnlyKeepers(object, old)) return object;
    if (object["roleRef"] === undefined) this.#checkRole(attempt, object);
    else this.#checkBinding(attempt, object);
    return object;
  }

  #checkRole(attempt: AdmissionAttempt, object: JSONObject): void {
    const { resource, namespace, old, user } = attempt;
    const name = old === undefined ? "" : attempt.name;
    if (this.#mayOn("escalate", user, resource.plural, namespace, name)) return;
    this.#checkHeld(attempt, rulesOf(object));
    const aggregates = [object, old].some((each) => each?.["aggregationRule"] !== undefined);
    if (!aggregates || uncovered(everything, this.#authorizer.rulesOf(user, "").rules).length === 0) return;
    throw refuse(resource, nameOf(attempt), "must have cluster-admin privileges to use the aggregationRule");
  }

  #checkBinding(attempt: AdmissionAttempt, object: JSONObject): void {
    const { resource, namespace, user } = attempt;
    const reference = objectAt(object, "roleRef");
    const roles = stringAt(reference, "kind") === "Role" ? "roles" : "clusterroles";
    if (this.#mayOn("bind", user, roles, namespace, stringAt(reference, "name"))) return;
    const role = roleOf(this.#store, reference, namespace);
    if ("rules" in role) return this.#checkHeld(attempt, role.rules);
    if (!role.problem.endsWith("not found")) throw plainError(role.problem);
    // The real server names the bindings here, and the role.
    throw notFound(resource, stringAt(reference, "name"));
  }

  #mayOn(verb: string, user: UserInfo, resource: string, namespace: string, name: string): boolean {
    const attributes = {
      type: "resource",
      verb,
      group: rbacGroup,
      resource,
      subresource: "",
      namespace,
      name,
    } as const;
    return this.#authorizer.authorize(user, attributes).allowed;
  }

  #checkHeld(attempt: AdmissionAttempt, rules: readonly PolicyRule[]): void {
    const { user, namespace, resource } = attempt;
    const held = this.#authorizer.rulesOf(user, namespace);
    const missing = uncovered(rules, held.rules);
    if (missing.length === 0) return;
    const groups = user.groups.map((group) => JSON.stringify(group)).join(" ");
    const problems = held.problems.length === 0 ? "" : `; resolution errors: [${held.problems.join(" ")}]`;
    const why = `user ${JSON.stringify(user.username)} (groups=[${groups}]) is attempting to grant RBAC permissions ` +
      `not currently held:\n${describeRights(missing).join("\n")}${problems}`;
    throw refuse(resource, nameOf(attempt), why);
  }
}

function nameOf({ name, object }: AdmissionAttempt): string {
  return name || stringAt(objectAt(object ?? {}, "metadata"), "name");
}

/** Changes to finalizers and owners are the garbage collector's, who holds no rights of his own. */
function changesOnlyKeepers(object: JSONObject, old: JSONObject): boolean {
  const metadata = objectAt(object, "metadata");
  const { ownerReferences, finalizers, managedFields } = objectAt(old, "metadata");
  return deepEqual({ ...object, metadata: { ...metadata, ownerReferences, finalizers, managedFields } }, old);
}

/** The single rights of some rules that none of the held ones gives. */
export function uncovered(rules: readonly PolicyRule[], held: readonly PolicyRule[]): readonly PolicyRule[] {
  return rules.flatMap(singleRights).filter((right) => !held.some((rule) => covers(rule, right)));
}

/** Single rights in words, those that differ in the verb only together. */
export function describeRights(rights: readonly PolicyRule[]): readonly string[] {
  const grouped = Map.groupBy(rights, ({ verbs, nonResourceURLs, ...rest }) =>
    // Paths are listed verb by verb.
    JSON.stringify(nonResourceURLs.length === 0 ? rest : [nonResourceURLs, verbs]));
  return [...grouped.values()].map((alike) => {
    const verbs = [...new Set(alike.flatMap((each) => each.verbs))];
    const [{ apiGroups, resources, resourceNames, nonResourceURLs } = noRule] = alike;
    const parts: [string, readonly string[]][] = [
      ["APIGroups", apiGroups],
      ["Resources", resources],
      ["NonResourceURLs", nonResourceURLs],
      ["ResourceNames", resourceNames],
      ["Verbs", verbs],
    ];
    return `{${
      parts.filter(([, values]) => values.length > 0)
        .map(([key, values]) => `${key}:[${values.map((value) => JSON.stringify(value)).join(" ")}]`).join(", ")
    }}`;
  }).sort();
}

const noRule: PolicyRule = { verbs: [], apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: [] };
