/**
 * Records the field schemas that the in-memory API server serves from the real one: `deno run -A
 * tests/lib/apiserver/record_openapi.ts`. To be run again when tests/controlplane moves to another release.
 *
 * @module
 */
import { isJsonObject } from "../../../lib/k8s/errors.ts";
import type { JSONObject, JSONValue } from "../../../lib/k8s/contract.ts";
import { type ControlPlane, startControlPlane } from "../../controlplane/control_plane.ts";
import { kubernetesVersion } from "../../controlplane/versions.ts";
import { type GoFields, readGoFields } from "./go_fields.ts";

/** Where it goes. */
export const recorded: URL = new URL("../../../lib/apiserver/schema/openapi.json", import.meta.url);

/** Kinds that are served, by group and version, with those that their subresources answer. */
const kinds: Readonly<Record<string, readonly string[]>> = {
  "api/v1": [
    "Namespace",
    "Secret",
    "ConfigMap",
    "Service",
    "ServiceAccount",
    "Pod",
    "Event",
    "Node",
    "Endpoints",
    "Binding",
    "Eviction",
    "TokenRequest",
  ],
  "apis/apps/v1": ["Deployment", "ReplicaSet", "StatefulSet", "ControllerRevision", "Scale"],
  "apis/coordination.k8s.io/v1": ["Lease"],
  "apis/discovery.k8s.io/v1": ["EndpointSlice"],
  "apis/flowcontrol.apiserver.k8s.io/v1": ["FlowSchema"],
  "apis/policy/v1": ["PodDisruptionBudget"],
  "apis/networking.k8s.io/v1": ["Ingress", "IngressClass"],
  "apis/rbac.authorization.k8s.io/v1": ["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"],
  "apis/admissionregistration.k8s.io/v1": ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"],
  "apis/apiextensions.k8s.io/v1": ["CustomResourceDefinition"],
  "apis/events.k8s.io/v1": ["Event"],
  "apis/authentication.k8s.io/v1": ["TokenRequest", "TokenReview", "SelfSubjectReview"],
  "apis/authorization.k8s.io/v1": [
    "SubjectAccessReview",
    "LocalSubjectAccessReview",
    "SelfSubjectAccessReview",
    "SelfSubjectRulesReview",
  ],
};
const always = ["DeleteOptions", "Status"];
const prefix = "#/components/schemas/";

/** The definitions of the kinds, and all that these refer to. */
async function record(controlPlane: ControlPlane): Promise<Map<string, JSONObject>> {
  using client = Deno.createHttpClient({ caCerts: [controlPlane.certificateAuthority] });
  const headers = { authorization: `Bearer ${controlPlane.admin.token}` };
  const found = new Map<string, JSONObject>();
  for (const [path, wanted] of Object.entries(kinds)) {
    const response = await fetch(`${controlPlane.server}/openapi/v3/${path}`, { client, headers });
    const document: JSONValue = await response.json();
    const schemas = at(at(document, "components"), "schemas");
    for (const [name, schema] of Object.entries(schemas)) {
      const served = [...wanted.flatMap((kind) => [kind, `${kind}List`]), ...always];
      if (kindsOf(schema).some((kind) => served.includes(kind))) collect(name, schemas, found);
    }
  }
  return found;
}

function kindsOf(schema: JSONValue): readonly string[] {
  const named = isJsonObject(schema) ? schema["x-kubernetes-group-version-kind"] : undefined;
  return Array.isArray(named) ? named.filter(isJsonObject).map((each) => String(each["kind"])) : [];
}

function collect(name: string, schemas: JSONObject, found: Map<string, JSONObject>): void {
  if (found.has(name)) return;
  const schema = at(schemas, name);
  found.set(name, schema);
  JSON.stringify(schema, (key, value: unknown) => {
    if (key === "$ref" && typeof value === "string") collect(value.slice(prefix.length), schemas, found);
    return value;
  });
}

function at(value: JSONValue, key: string): JSONObject {
  const field = isJsonObject(value) ? value[key] : undefined;
  if (!isJsonObject(field)) throw new TypeError(`the OpenAPI document of the API server has no object ${key}`);
  return field;
}

/** One definition to a line, in order, so that a new release shows as few changes as it has. */
export function format(
  version: string,
  definitions: ReadonlyMap<string, JSONObject>,
  go: ReadonlyMap<string, GoFields>,
): string {
  return `{"version":${JSON.stringify(version)},"schemas":{\n${lines(definitions)}\n},"go":{\n${lines(go)}\n}}\n`;
}

function lines(entries: ReadonlyMap<string, unknown>): string {
  return [...entries.keys()].sort().map((name) => `${JSON.stringify(name)}:${JSON.stringify(entries.get(name))}`)
    .join(",\n");
}

if (import.meta.main) {
  await using controlPlane = await startControlPlane({ controllerManager: false });
  const definitions = await record(controlPlane);
  const go = await readGoFields(definitions.keys());
  await Deno.writeTextFile(recorded, format(kubernetesVersion, definitions, go));
}
