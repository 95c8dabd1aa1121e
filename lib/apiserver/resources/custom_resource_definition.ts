import type { JSONObject } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { getField, objectAt, objectsAt, stringAt, stringsAt } from "../json.ts";
import { customPrinter } from "../printers/custom_printer.ts";
import { checkRulesOf } from "../schema/rules.ts";
import { StructuralSchema } from "../schema/structural.ts";
import { structuralProblems } from "../schema/structural_rules.ts";
import { type Cause, notSupported } from "../status.ts";
import { invalidValue, required } from "../validate/metadata.ts";
import type { ServedResource } from "./served_resource.ts";

/** CustomResourceDefinitions: default names, and a status that says that it is served, as it is at once. */
export function normalizeCustomResourceDefinition(object: JSONObject): void {
  const names = objectAt(objectAt(object, "spec"), "names");
  const kind = stringAt(names, "kind");
  if (stringAt(names, "singular") === "") names["singular"] = kind.toLowerCase();
  if (stringAt(names, "listKind") === "") names["listKind"] = `${kind}List`;
  const spec = objectAt(object, "spec");
  if (spec["conversion"] === undefined) spec["conversion"] = { strategy: "None" };
}

/** Sets the status that the real server's controllers set. */
export function acceptCustomResourceDefinition(object: JSONObject, time: string): void {
  const spec = objectAt(object, "spec");
  const condition = (type: string, reason: string, message: string): JSONObject => ({
    type,
    status: "True",
    lastTransitionTime: time,
    reason,
    message,
  });
  object["status"] = {
    conditions: [
      condition("NamesAccepted", "NoConflicts", "no conflicts found"),
      condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
    ],
    acceptedNames: { ...objectAt(spec, "names") },
    storedVersions: objectsAt(spec, "versions").filter((version) => version["storage"] === true)
      .map((version) => stringAt(version, "name")),
  };
}

/** The rules without which the resource cannot be served. @throws StatusError 501 for what is not supported here */
export function validateCustomResourceDefinition(object: JSONObject): readonly Cause[] {
  const spec = objectAt(object, "spec");
  const names = objectAt(spec, "names");
  const causes: Cause[] = [];
  for (const field of ["group", "scope"]) if (stringAt(spec, field) === "") causes.push(required(`spec.${field}`, ""));
  for (const field of ["plural", "kind"]) {
    if (stringAt(names, field) === "") causes.push(required(`spec.names.${field}`, ""));
  }
  const name = `${stringAt(names, "plural")}.${stringAt(spec, "group")}`;
  const given = stringAt(objectAt(object, "metadata"), "name");
  if (causes.length === 0 && given !== name) {
    causes.push(invalidValue("metadata.name", given, `must be spec.names.plural+"."+spec.group`));
  }
  causes.push(...groupProblems(object, stringAt(spec, "group")));
  const stored = objectsAt(spec, "versions").filter((version) => version["storage"] === true);
  if (stored.length !== 1) {
    causes.push(
      invalidValue("spec.versions", stored.length, "must have exactly one version marked as storage version"),
    );
  }
  if (stringAt(objectAt(spec, "conversion"), "strategy") === "Webhook") {
    throw notSupported("conversion of custom resources by webhooks");
  }
  return [...causes, ...schemaProblems(objectsAt(spec, "versions"))];
}

/** Groups without a dot are Kubernetes' own, and those of its domains need its approval (KEP-1111). */
function groupProblems(object: JSONObject, group: string): readonly Cause[] {
  if (group === "") return [];
  if (!group.includes(".")) return [invalidValue("spec.group", group, "should be a domain with at least one dot")];
  if (!/(^|\.)(k8s|kubernetes)\.io$/.test(group)) return [];
  const annotation = "api-approved.kubernetes.io";
  if (stringAt(objectAt(objectAt(object, "metadata"), "annotations"), annotation) !== "") return [];
  const remedy = `protected groups must have approval annotation "${annotation}", ` +
    "see https://github.com/kubernetes/enhancements/pull/1111";
  return [required(`metadata.annotations[${annotation}]`, remedy)];
}

function schemaProblems(versions: readonly JSONObject[]): readonly Cause[] {
  return versions.flatMap((version, index): readonly Cause[] => {
    const own = `spec.versions[${index}].schema.openAPIV3Schema`;
    // The schema of a single version is that of all versions to the real server.
    const path = versions.length === 1 ? "spec.validation.openAPIV3Schema" : own;
    const schema = getField(objectAt(version, "schema"), "openAPIV3Schema");
    return isJsonObject(schema) ? structuralProblems(schema, path) : [required(own, "")];
  });
}

/** The resources that a CustomResourceDefinition defines, one for each version that is served. */
export function resourcesOf(definition: JSONObject): readonly ServedResource[] {
  const spec = objectAt(definition, "spec");
  const names = objectAt(spec, "names");
  const group = stringAt(spec, "group");
  const plural = stringAt(names, "plural");
  const versions = objectsAt(spec, "versions");
  return versions.filter((version) => version["served"] === true).map((version) => {
    const status = objectAt(version, "subresources")["status"] !== undefined;
    const apiVersion = `${group}/${stringAt(version, "name")}`;
    // The only conversion that is supported ("None") changes the version and nothing else.
    const shape = {
      read: (stored: JSONObject): JSONObject => ({ ...stored, apiVersion }),
      write: (object: JSONObject): JSONObject => object,
    };
    return {
      group,
      version: stringAt(version, "name"),
      plural,
      singular: stringAt(names, "singular"),
      kind: stringAt(names, "kind"),
      namespaced: stringAt(spec, "scope") === "Namespaced",
      shortNames: stringsAt(names, "shortNames"),
      categories: stringsAt(names, "categories"),
      custom: true,
      structural: new StructuralSchema(objectAt(objectAt(version, "schema"), "openAPIV3Schema"), checkRulesOf),
      printer: customPrinter(version),
      status,
      ...scaleOf(objectAt(version, "subresources")),
      // Without a status subresource, status is a field like any other.
      generation: status ? "all but status" : "all",
      ...(versions.length > 1 ? { shape } : {}),
    };
  });
}

/** Where the scale subresource of a version finds what it shows. */
function scaleOf(subresources: JSONObject): Pick<ServedResource, "scale"> {
  const scale = getField(subresources, "scale");
  if (!isJsonObject(scale)) return {};
  const path = (key: string): readonly string[] => stringAt(scale, key).split(".").filter((part) => part !== "");
  const selector = path("labelSelectorPath");
  return {
    scale: {
      specReplicas: path("specReplicasPath"),
      statusReplicas: path("statusReplicasPath"),
      ...(selector.length === 0 ? {} : { selector }),
    },
  };
}
