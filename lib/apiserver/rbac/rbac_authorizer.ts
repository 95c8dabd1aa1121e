import type { JSONObject } from "../../k8s/contract.ts";
import type { UserInfo } from "../authentication/user_info.ts";
import { serviceAccountUsername } from "../authentication/user_info.ts";
import { objectAt, objectsAt, parseStored, stringAt } from "../json.ts";
import type { Store } from "../store/store.ts";
import { rangeOf } from "../store/collection.ts";
import { recordKey } from "../store/record.ts";
import type { Attributes } from "./attributes.ts";
import { type Authorizer, type Decision, type HeldRules, isMaster } from "./authorizer.ts";
import { allows, type PolicyRule, rulesOf } from "./rules.ts";

/** Group of the four kinds. */
export const rbacGroup = "rbac.authorization.k8s.io";

/** The role of a binding, or why there is none. */
export type BoundRole = { readonly rules: readonly PolicyRule[] } | { readonly problem: string };

/** A binding, as far as a subject is concerned. */
interface Grant {
  /** Place among all bindings, so that the order is the same whatever the subject. */
  readonly index: number;
  readonly role: BoundRole;
  /** Such as `RoleBinding "read/default" of Role "read" to User "jane"`. */
  readonly description: string;
}

/** Grants by subject: `User:<name>` or `Group:<name>`. */
type Grants = Map<string, Grant[]>;

/** Roles and bindings in a form that is quick to look up. */
interface Policy {
  readonly cluster: Grants;
  readonly namespaces: ReadonlyMap<string, Grants>;
  /** Grants of users who asked before, by namespace. */
  readonly known: WeakMap<UserInfo, Map<string, readonly Grant[]>>;
}

/**
 * Role-based access control by the roles and bindings in the store ("Using RBAC Authorization" of the Kubernetes
 * documentation). They are compiled when somebody asks after they changed, never for members of `system:masters`.
 */
export class RbacAuthorizer implements Authorizer {
  readonly #store: Store;
  #policy: Policy | undefined;

  constructor(store: Store) {
    this.#store = store;
    for (const plural of ["roles", "clusterroles", "rolebindings", "clusterrolebindings"]) {
      store.collection(`${rbacGroup}/${plural}`).subscribe(() => this.#policy = undefined);
    }
  }

  authorize(user: UserInfo, attributes: Attributes): Decision {
    if (isMaster(user)) return { allowed: true, reason: "" };
    const problems: string[] = [];
    for (const { role, description } of this.#grantsOf(user, namespaceOf(attributes))) {
      if ("problem" in role) problems.push(role.problem);
      else if (role.rules.some((rule) => allows(rule, attributes))) {
        return { allowed: true, reason: `RBAC: allowed by ${description}` };
      }
    }
    return { allowed: false, reason: problems.length === 0 ? "" : `RBAC: ${aggregate(problems)}` };
  }

  rulesOf(user: UserInfo, namespace: string): HeldRules {
    const rules: PolicyRule[] = [];
    const problems: string[] = [];
    for (const { role } of this.#grantsOf(user, namespace)) {
      if ("problem" in role) problems.push(role.problem);
      else rules.push(...role.rules);
    }
    return { rules, problems };
  }

  #grantsOf(user: UserInfo, namespace: string): readonly Grant[] {
    const policy = this.#policy ??= compile(this.#store);
    const known = policy.known.get(user) ?? new Map<string, readonly Grant[]>();
    policy.known.set(user, known);
    const found = known.get(namespace) ?? collect(policy, user, namespace);
    known.set(namespace, found);
    return found;
  }
}

function namespaceOf(attributes: Attributes): string {
  return attributes.type === "resource" ? attributes.namespace : "";
}

/** Several problems as Go shows them. */
export function aggregate(problems: readonly string[]): string {
  const each = [...new Set(problems)];
  return each.length === 1 ? each.join() : `[${each.join(", ")}]`;
}

function collect(policy: Policy, user: UserInfo, namespace: string): readonly Grant[] {
  const subjects = [`User:${user.username}`, ...user.groups.map((group) => `Group:${group}`)];
  const of = (grants: Grants | undefined): readonly Grant[] => {
    // A binding that names the user and several groups of his counts once.
    const found = new Map<number, Grant>();
    for (const subject of subjects) {
      for (const grant of grants?.get(subject) ?? []) {
        if (!found.has(grant.index)) found.set(grant.index, grant);
      }
    }
    return [...found.values()].sort((left, right) => left.index - right.index);
  };
  return [...of(policy.cluster), ...of(policy.namespaces.get(namespace))];
}

function compile(store: Store): Policy {
  const namespaces = new Map<string, Grants>();
  const cluster: Grants = new Map();
  const roles = new Map<string, BoundRole>();
  let index = 0;
  const add = (binding: JSONObject, grants: Grants, namespace: string): void => {
    const reference = objectAt(binding, "roleRef");
    const key = `${stringAt(reference, "kind")}:${namespace}:${stringAt(reference, "name")}`;
    const role = roles.get(key) ?? roleOf(store, reference, namespace);
    roles.set(key, role);
    const own = stringAt(objectAt(binding, "metadata"), "name");
    const what = namespace === "" ? `ClusterRoleBinding "${own}"` : `RoleBinding "${own}/${namespace}"`;
    const of = `${what} of ${stringAt(reference, "kind")} "${stringAt(reference, "name")}"`;
    index++;
    for (const subject of objectsAt(binding, "subjects")) {
      const named = subjectOf(subject, namespace);
      if (named === undefined) continue;
      const grant: Grant = { index, role, description: `${of} to ${named.description}` };
      grants.set(named.key, [...grants.get(named.key) ?? [], grant]);
    }
  };
  for (const { json } of store.collection(`${rbacGroup}/clusterrolebindings`).range(rangeOf(undefined))) {
    add(parseStored(json), cluster, "");
  }
  for (const { json, namespace } of store.collection(`${rbacGroup}/rolebindings`).range(rangeOf(undefined))) {
    const grants: Grants = namespaces.get(namespace) ?? new Map();
    namespaces.set(namespace, grants);
    add(parseStored(json), grants, namespace);
  }
  return { cluster, namespaces, known: new WeakMap() };
}

/** The role that a binding in a namespace refers to; "": a ClusterRoleBinding. */
export function roleOf(store: Store, reference: JSONObject, namespace: string): BoundRole {
  const name = stringAt(reference, "name");
  const kind = stringAt(reference, "kind");
  if (kind !== "Role" && kind !== "ClusterRole") {
    return { problem: `unsupported role reference kind: ${JSON.stringify(kind)}` };
  }
  const isCluster = kind === "ClusterRole";
  const collection = store.collection(`${rbacGroup}/${isCluster ? "clusterroles" : "roles"}`);
  const record = collection.get(recordKey(isCluster ? "" : namespace, name));
  if (record !== undefined) return { rules: rulesOf(parseStored(record.json)) };
  return { problem: `${isCluster ? "clusterrole" : "role"}.${rbacGroup} ${JSON.stringify(name)} not found` };
}

/** Whom a subject means. Service accounts are users of a certain name. */
function subjectOf(subject: JSONObject, namespace: string): { key: string; description: string } | undefined {
  const name = stringAt(subject, "name");
  const kind = stringAt(subject, "kind");
  switch (kind) {
    case "User":
    case "Group":
      return { key: `${kind}:${name}`, description: `${kind} "${name}"` };
    case "ServiceAccount": {
      const home = stringAt(subject, "namespace") || namespace;
      if (home === "") return undefined;
      return { key: `User:${serviceAccountUsername(home, name)}`, description: `ServiceAccount "${name}/${home}"` };
    }
    default:
      return undefined;
  }
}
