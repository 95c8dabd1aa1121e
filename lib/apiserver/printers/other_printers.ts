import type { JSONObject } from "../../k8s/contract.ts";
import { objectAt, objectsAt, stringAt } from "../json.ts";
import { ageOf, unknownTime } from "./age.ts";
import { none, orNone, selectorText } from "./cells.ts";
import { ageColumn, column, createdAtColumn, nameColumn, type Printer, wideColumn } from "./column.ts";

function nameOf(object: JSONObject): string {
  return stringAt(objectAt(object, "metadata"), "name");
}

/** Kinds that show only when they were created, such as CustomResourceDefinitions and Roles. */
export const createdAtPrinter: Printer = {
  columns: [nameColumn, createdAtColumn],
  cells: (object) => [
    nameOf(object),
    stringAt(objectAt(object, "metadata"), "creationTimestamp") || unknownTime,
  ],
};

/** Leases. */
export const leasePrinter: Printer = {
  columns: [nameColumn, column("Holder", "Who holds the Lease"), ageColumn],
  cells: (object, now) => [nameOf(object), stringAt(objectAt(object, "spec"), "holderIdentity"), ageOf(object, now)],
};

/** Configurations of mutating and validating webhooks. */
export const webhookConfigurationPrinter: Printer = {
  columns: [nameColumn, column("Webhooks", "Number of webhooks", "integer"), ageColumn],
  cells: (object, now) => [nameOf(object), objectsAt(object, "webhooks").length, ageOf(object, now)],
};

/** RoleBindings and ClusterRoleBindings. */
export const roleBindingPrinter: Printer = {
  columns: [
    nameColumn,
    column("Role", "Role that is granted"),
    ageColumn,
    wideColumn("Users", "Users who get it"),
    wideColumn("Groups", "Groups that get it"),
    wideColumn("ServiceAccounts", "Service accounts that get it"),
  ],
  cells: (object, now) => {
    const role = objectAt(object, "roleRef");
    const subjects = objectsAt(object, "subjects");
    const named = (kind: string): string =>
      subjects.filter((each) => each["kind"] === kind)
        .map((each) =>
          kind === "ServiceAccount"
            ? `${stringAt(each, "namespace")}/${stringAt(each, "name")}`
            : stringAt(each, "name")
        )
        .join(", ");
    return [
      nameOf(object),
      `${stringAt(role, "kind")}/${stringAt(role, "name")}`,
      ageOf(object, now),
      named("User"),
      named("Group"),
      named("ServiceAccount"),
    ];
  },
};

/** Ingresses. */
export const ingressPrinter: Printer = {
  columns: [
    nameColumn,
    column("Class", "Class of the controller that serves it"),
    column("Hosts", "Names that it serves"),
    column("Address", "Where it is served"),
    column("Ports", "Ports on which it is served"),
    ageColumn,
  ],
  cells: (object, now) => {
    const spec = objectAt(object, "spec");
    const balancer = objectAt(objectAt(object, "status"), "loadBalancer");
    const addresses = objectsAt(balancer, "ingress").map((each) => stringAt(each, "ip") || stringAt(each, "hostname"));
    return [
      nameOf(object),
      orNone(stringAt(spec, "ingressClassName")),
      hosts(objectsAt(spec, "rules").map((each) => stringAt(each, "host"))),
      addresses.join(","),
      objectsAt(spec, "tls").length > 0 ? "80, 443" : "80",
      ageOf(object, now),
    ];
  },
};

/** More than three are counted. */
function hosts(given: readonly string[]): string {
  const named = given.filter((host) => host !== "");
  if (named.length === 0) return "*";
  const more = named.length - 3;
  return `${named.slice(0, 3).join(",")}${more > 0 ? ` + ${more} more...` : ""}`;
}

/** IngressClasses. */
export const ingressClassPrinter: Printer = {
  columns: [
    nameColumn,
    column("Controller", "Who serves Ingresses of the class"),
    column("Parameters", "Where the class is configured"),
    ageColumn,
  ],
  cells: (object, now) => {
    const spec = objectAt(object, "spec");
    const parameters = objectAt(spec, "parameters");
    const kind = stringAt(parameters, "kind");
    const group = stringAt(parameters, "apiGroup");
    const text = `${kind}${group === "" ? "" : `.${group}`}/${stringAt(parameters, "name")}`;
    return [nameOf(object), stringAt(spec, "controller"), kind === "" ? none : text, ageOf(object, now)];
  },
};

/** NetworkPolicies. */
export const networkPolicyPrinter: Printer = {
  columns: [nameColumn, column("Pod-Selector", "Pods that it is about"), ageColumn],
  cells: (
    object,
    now,
  ) => [nameOf(object), selectorText(objectAt(objectAt(object, "spec"), "podSelector")), ageOf(object, now)],
};
