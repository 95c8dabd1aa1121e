import type { JSONObject } from "../../k8s/contract.ts";
import { objectAt, objectsAt, stringAt, stringsAt } from "../json.ts";
import { ageOf } from "./age.ts";
import { labelsText, none, numberAt, orNone } from "./cells.ts";
import { ageColumn, column, nameColumn, type Printer, wideColumn } from "./column.ts";

function nameOf(object: JSONObject): string {
  return stringAt(objectAt(object, "metadata"), "name");
}

function count(object: JSONObject, ...fields: readonly string[]): number {
  return fields.reduce((sum, field) => sum + Object.keys(objectAt(object, field)).length, 0);
}

/** Namespaces. */
export const namespacePrinter: Printer = {
  columns: [nameColumn, column("Status", "Phase of the namespace"), ageColumn],
  cells: (object, now) => [nameOf(object), stringAt(objectAt(object, "status"), "phase"), ageOf(object, now)],
};

/** Secrets. */
export const secretPrinter: Printer = {
  columns: [nameColumn, column("Type", "What the data is for"), column("Data", "Number of entries"), ageColumn],
  cells: (object, now) => [nameOf(object), stringAt(object, "type"), count(object, "data"), ageOf(object, now)],
};

/** ConfigMaps. */
export const configMapPrinter: Printer = {
  columns: [nameColumn, column("Data", "Number of entries"), ageColumn],
  cells: (object, now) => [nameOf(object), count(object, "data", "binaryData"), ageOf(object, now)],
};

/** ServiceAccounts, and whatever else has nothing more to show. */
export const nameAndAgePrinter: Printer = {
  columns: [nameColumn, ageColumn],
  cells: (object, now) => [nameOf(object), ageOf(object, now)],
};

/** Services. */
export const servicePrinter: Printer = {
  columns: [
    nameColumn,
    column("Type", "How the service is made available"),
    column("Cluster-IP", "Address within the cluster"),
    column("External-IP", "Addresses outside the cluster"),
    column("Port(s)", "Ports with their protocols"),
    ageColumn,
    wideColumn("Selector", "Labels of the pods behind the service"),
  ],
  cells: (object, now) => {
    const spec = objectAt(object, "spec");
    const ports = objectsAt(spec, "ports").map((port) => {
      const node = numberAt(port, "nodePort");
      return `${numberAt(port, "port")}${node === 0 ? "" : `:${node}`}/${stringAt(port, "protocol") || "TCP"}`;
    });
    return [
      nameOf(object),
      stringAt(spec, "type"),
      orNone(stringsAt(spec, "clusterIPs")[0] ?? stringAt(spec, "clusterIP")),
      externalAddress(object),
      orNone(ports.join(",")),
      ageOf(object, now),
      labelsText(objectAt(spec, "selector")),
    ];
  },
};

function externalAddress(service: JSONObject): string {
  const spec = objectAt(service, "spec");
  const external = stringsAt(spec, "externalIPs");
  switch (spec["type"]) {
    case "ExternalName":
      return stringAt(spec, "externalName");
    case "LoadBalancer": {
      const ingress = objectsAt(objectAt(objectAt(service, "status"), "loadBalancer"), "ingress");
      const addresses = ingress.map((each) => stringAt(each, "ip") || stringAt(each, "hostname"));
      return [...addresses, ...external].join(",") || "<pending>";
    }
    default:
      return external.join(",") || none;
  }
}

/** Nodes. */
export const nodePrinter: Printer = {
  columns: [
    nameColumn,
    column("Status", "Whether the node is ready"),
    column("Roles", "Roles that its labels name"),
    ageColumn,
    column("Version", "Version of its kubelet"),
    wideColumn("Internal-IP", "Address within the cluster"),
    wideColumn("External-IP", "Address outside the cluster"),
    wideColumn("OS-Image", "Operating system"),
    wideColumn("Kernel-Version", "Version of its kernel"),
    wideColumn("Container-Runtime", "Runtime and version that runs its containers"),
  ],
  cells: (object, now) => {
    const status = objectAt(object, "status");
    const info = objectAt(status, "nodeInfo");
    const address = (type: string): string =>
      orNone(stringAt(objectsAt(status, "addresses").find((each) => each["type"] === type) ?? {}, "address"));
    return [
      nameOf(object),
      nodeStatus(object),
      roles(objectAt(objectAt(object, "metadata"), "labels")),
      ageOf(object, now),
      stringAt(info, "kubeletVersion"),
      address("InternalIP"),
      address("ExternalIP"),
      ...["osImage", "kernelVersion", "containerRuntimeVersion"].map((field) => stringAt(info, field) || "<unknown>"),
    ];
  },
};

function nodeStatus(node: JSONObject): string {
  const ready = objectsAt(objectAt(node, "status"), "conditions").find((each) => each["type"] === "Ready");
  const word = ready === undefined ? "Unknown" : ready["status"] === "True" ? "Ready" : "NotReady";
  return objectAt(node, "spec")["unschedulable"] === true ? `${word},SchedulingDisabled` : word;
}

function roles(labels: JSONObject): string {
  const prefix = "node-role.kubernetes.io/";
  const named = Object.keys(labels).filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
  const old = stringAt(labels, "kubernetes.io/role");
  return orNone([...new Set([...named, old])].filter((role) => role !== "").sort().join(","));
}
