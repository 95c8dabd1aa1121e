import { Api } from "../../../lib/k8s/api/api.ts";
import type { JSONObject, RestClient } from "../../../lib/k8s/contract.ts";
import { isJsonObject } from "../../../lib/k8s/errors.ts";
import { namespaces } from "../../../lib/k8s/kinds/core.ts";
import { create, manifest } from "../manifests.ts";
import { type Grant, jsonOf, type Rights } from "../stage.ts";

const manifests = [
  "crds/namespace.yaml",
  "crds/sharding.timebertt.dev_controllerrings.yaml",
  "rbac/service_account.yaml",
  "examples/checksum-controller/service_account.yaml",
];

/** Roles of the sharder. */
const roles: Readonly<Record<Rights, readonly string[]>> = {
  ours: [
    "rbac/sharder.yaml",
    "rbac/leases.yaml",
    "rbac/leader_election.yaml",
    "rbac/webhook_certificate.yaml",
    "examples/checksum-controller/rbac.yaml",
  ],
  // Whatever it names first counts, so the example's role for its shard is left over.
  reference: ["../tests/integration/stages/reference_rbac.yaml", "examples/checksum-controller/rbac.yaml"],
};

/** What users of the reference grant its sharder on the resources of their rings. */
const referenceVerbs: readonly string[] = ["list", "patch"];

/** The service accounts of the manifests, as the manifests' roles name them. */
export const accounts = {
  sharder: { namespace: "sharding-system", name: "sharder" },
  shard: { namespace: "default", name: "checksum-controller" },
} as const;

/** Applies the project's manifests, with their roles or those of the reference. */
export async function install(admin: RestClient, rights: Rights = "ours"): Promise<void> {
  for (const object of await objects(rights)) await create(admin, object);
}

/** Creates a namespace with all rights that a shard of the checksum-controller needs there. */
export async function createNamespace(
  admin: RestClient,
  name: string,
  labels: Readonly<Record<string, string>>,
): Promise<void> {
  await new Api(admin, namespaces).create({ metadata: { name, labels: { ...labels } } });
  for (const object of await manifest("examples/checksum-controller/rbac.yaml")) {
    const { kind, metadata } = object;
    const fields = isJsonObject(metadata) ? metadata : {};
    if (kind === "Role" || kind === "RoleBinding") {
      await create(admin, { ...object, metadata: { ...fields, namespace: name } });
    }
  }
}

/** Lets the sharder do more than the manifests say. */
export async function grant(
  admin: RestClient,
  name: string,
  rules: readonly Grant[],
  rights: Rights = "ours",
): Promise<void> {
  const apiVersion = "rbac.authorization.k8s.io/v1";
  const granted = rights === "ours"
    ? rules
    : rules.map((rule) => ({ ...rule, verbs: rule.verbs.filter((verb) => referenceVerbs.includes(verb)) }));
  await create(admin, { apiVersion, kind: "ClusterRole", metadata: { name }, rules: jsonOf(granted) });
  await create(admin, {
    apiVersion,
    kind: "ClusterRoleBinding",
    metadata: { name },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
    subjects: [{ kind: "ServiceAccount", ...accounts.sharder }],
  });
}

async function objects(rights: Rights): Promise<JSONObject[]> {
  return (await Promise.all([...manifests, ...roles[rights]].map(manifest))).flat();
}
