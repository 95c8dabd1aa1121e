import { stringify } from "yaml";

const labels = { "app.kubernetes.io/name": "controller-sharding", "app.kubernetes.io/component": "sharder" };
const namespace = "sharding-system";
const account = [{ kind: "ServiceAccount", name: "sharder", namespace }];

function role(kind: "ClusterRole" | "Role", name: string, rules: unknown[]): object[] {
  const metadata = { name, labels, ...(kind === "Role" ? { namespace } : {}) };
  const apiVersion = "rbac.authorization.k8s.io/v1";
  const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind, name };
  return [
    { apiVersion, kind, metadata, rules },
    { apiVersion, kind: `${kind}Binding`, metadata, roleRef, subjects: account },
  ];
}

function rule(apiGroup: string, resource: string, ...verbs: string[]): object {
  return { apiGroups: [apiGroup], resources: [resource], verbs };
}

/**
 * What the reference installs for its sharder, from the description of its manifests: the same names as ours, with
 * other contents. The custom resource, cert-manager's objects and what nobody else has are left out.
 */
export const referenceManifests: string = [
  { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "sharder", namespace, labels } },
  ...role("ClusterRole", "sharding:sharder", [
    rule("", "events", "create", "patch"),
    rule("", "namespaces", "get", "list", "watch"),
    rule("admissionregistration.k8s.io", "mutatingwebhookconfigurations", "create", "patch"),
    rule("coordination.k8s.io", "leases", "get", "list", "watch", "update", "patch", "delete"),
    rule("sharding.timebertt.dev", "controllerrings", "get", "list", "watch"),
    rule("sharding.timebertt.dev", "controllerrings/status", "update", "patch"),
  ]),
  ...role("Role", "sharding:sharder:leader-election", [
    rule("coordination.k8s.io", "leases", "get", "create", "update"),
    rule("", "events", "create", "patch"),
  ]),
  ...role("ClusterRole", "sharding:metrics-auth", [
    rule("authentication.k8s.io", "tokenreviews", "create"),
    rule("authorization.k8s.io", "subjectaccessreviews", "create"),
  ]),
  {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "sharder-config", namespace, labels },
    data: { config: "apiVersion: config.sharding.timebertt.dev/v1alpha1\nkind: SharderConfig\n" },
  },
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "sharder", namespace, labels },
    spec: {
      selector: labels,
      ports: [
        { name: "webhook", port: 443, protocol: "TCP", targetPort: 9443 },
        { name: "metrics", port: 8080, protocol: "TCP", targetPort: 8080 },
      ],
    },
  },
  {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name: "sharder", namespace, labels },
    spec: { maxUnavailable: 1, selector: { matchLabels: labels } },
  },
  {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "sharder", namespace, labels },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: "sharder",
          containers: [{
            name: "sharder",
            image: "ghcr.io/timebertt/kubernetes-controller-sharding/sharder:latest",
            args: ["--config=/config.yaml"],
            env: [{ name: "DISABLE_HTTP2", value: "true" }],
            ports: [{ name: "webhook", containerPort: 9443 }, { name: "metrics", containerPort: 8080 }],
            resources: { requests: { cpu: "100m", memory: "256Mi" }, limits: { cpu: "200m", memory: "512Mi" } },
            volumeMounts: [
              { name: "config", mountPath: "/config.yaml", subPath: "config" },
              { name: "cert", mountPath: "/tmp/k8s-webhook-server/serving-certs", readOnly: true },
            ],
          }],
          volumes: [
            { name: "config", configMap: { name: "sharder-config" } },
            { name: "cert", secret: { secretName: "webhook-server" } },
          ],
        },
      },
    },
  },
].map((object) => stringify(object)).join("---\n");

/** Names of what the reference installs and our manifests change, or that it brings with it otherwise. */
export const referenceNames: ReadonlySet<string> = new Set([
  "CustomResourceDefinition controllerrings.sharding.timebertt.dev",
  "Namespace sharding-system",
  "ClusterRole sharding:sharder:pprof-reader",
  ...[...referenceManifests.matchAll(/^kind: (\w+)\nmetadata:\n {2}name: (\S+)$/gm)].map(([, kind, name]) =>
    `${kind} ${name}`
  ),
]);
