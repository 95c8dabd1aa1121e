import type { JSONObject } from "../../k8s/contract.ts";
import { objectAt, objectsAt, stringAt } from "../json.ts";

const firstNodePort = 30_000;
const nodePorts = 2_768;

/**
 * New Services: the address and the node ports that the real server allocates. They come from the uid, which is random,
 * so that two Services hardly get the same; nothing listens there.
 */
export function prepareService(object: JSONObject): void {
  const spec = objectAt(object, "spec");
  const type = stringAt(spec, "type");
  if (type === "ExternalName") return;
  const uid = Number.parseInt(stringAt(objectAt(object, "metadata"), "uid").slice(0, 6) || "0", 16);
  if (stringAt(spec, "clusterIP") === "") {
    spec["clusterIP"] = `10.${(uid >> 16) & 0xff}.${(uid >> 8) & 0xff}.${uid & 0xff}`;
  }
  spec["clusterIPs"] ??= [stringAt(spec, "clusterIP")];
  // Endpoints that somebody else sets may be of both families.
  const isOpen = spec["clusterIP"] === "None" && Object.keys(objectAt(spec, "selector")).length === 0;
  spec["ipFamilyPolicy"] ??= isOpen ? "RequireDualStack" : "SingleStack";
  spec["ipFamilies"] ??= spec["ipFamilyPolicy"] === "SingleStack" ? ["IPv4"] : ["IPv4", "IPv6"];
  if (type !== "NodePort" && type !== "LoadBalancer") return;
  objectsAt(spec, "ports").forEach((port, index) => {
    port["nodePort"] ??= firstNodePort + (uid + index) % nodePorts;
  });
}

/** An update that leaves the address out keeps it. */
export function keepServiceAddress(object: JSONObject, old: JSONObject): void {
  const spec = objectAt(object, "spec");
  const before = objectAt(old, "spec");
  if (stringAt(spec, "type") === "ExternalName") return;
  if (stringAt(spec, "clusterIP") === "" && before["clusterIP"] !== undefined) {
    spec["clusterIP"] = before["clusterIP"];
    spec["clusterIPs"] = before["clusterIPs"];
  }
  for (const field of ["ipFamilies", "ipFamilyPolicy"]) spec[field] ??= before[field];
  // A Service that has become one with node ports, or that had none, gets them.
  prepareService(object);
}
