import { loopback } from "./ports.ts";

/** The servers of a control plane, in the order in which they start; they stop in reverse. */
export const componentNames = ["etcd", "kube-apiserver", "kube-controller-manager"] as const;

/** Name of one server. */
export type ComponentName = typeof componentNames[number];

/** Names of the files that the components read, inside the control plane's folder. */
export const fileNames = {
  authority: "ca.crt",
  servingCertificate: "apiserver.crt",
  servingKey: "apiserver.key",
  serviceAccountPrivateKey: "service-account.key",
  serviceAccountPublicKey: "service-account.pub",
  tokens: "tokens.csv",
  managerKubeconfig: "kube-controller-manager.kubeconfig",
  kubeletClientCertificate: "kubelet-client.crt",
  kubeletClientKey: "kubelet-client.key",
} as const;

/** Common name of the certificate with which the API server asks nodes for logs. */
export const kubeletClient = "kube-apiserver-kubelet-client";

/**
 * Controllers of kube-controller-manager that make sense without nodes: garbage collection, namespaces, service
 * accounts and their tokens, quotas, aggregated roles, and the workload controllers that write status and ReplicaSets
 * (their pods stay pending). Those for nodes, volumes and certificates would only cost CPU.
 */
const controllers = [
  "garbage-collector-controller",
  "namespace-controller",
  "serviceaccount-controller",
  "serviceaccount-token-controller",
  "root-ca-certificate-publisher-controller",
  "resourcequota-controller",
  "clusterrole-aggregation-controller",
  "deployment-controller",
  "replicaset-controller",
  "statefulset-controller",
  "job-controller",
  "cronjob-controller",
  "disruption-controller",
  "endpointslice-controller",
];

/** Where things are, for the arguments. */
export interface Surroundings {
  /** Absolute path of a file in the control plane's folder. */
  readonly path: (name: string) => string;
  readonly etcdPort: number;
  readonly apiServerPort: number;
}

/** Arguments of etcd: one member, durable only as long as the machine runs. */
export function etcdArguments({ path, etcdPort }: Surroundings): string[] {
  const url = `http://${loopback}:${etcdPort}`;
  return [
    `--data-dir=${path("etcd")}`,
    `--listen-client-urls=${url}`,
    `--advertise-client-urls=${url}`,
    // Nobody will ever be a peer: any port will do, and a free one is chosen by the system.
    `--listen-peer-urls=http://${loopback}:0`,
    "--unsafe-no-fsync",
    "--log-level=warn",
  ];
}

/** Arguments of kube-apiserver: RBAC, static tokens, client certificates, nothing that needs nodes or a network. */
export function apiServerArguments({ path, etcdPort, apiServerPort }: Surroundings): string[] {
  return [
    `--etcd-servers=http://${loopback}:${etcdPort}`,
    // Should two control planes ever meet at one etcd port, neither may see or harm the other's objects.
    `--etcd-prefix=/controlplane-${etcdPort}-${apiServerPort}`,
    `--bind-address=${loopback}`,
    `--advertise-address=${loopback}`,
    `--secure-port=${apiServerPort}`,
    `--cert-dir=${path("apiserver")}`,
    `--tls-cert-file=${path(fileNames.servingCertificate)}`,
    `--tls-private-key-file=${path(fileNames.servingKey)}`,
    `--client-ca-file=${path(fileNames.authority)}`,
    `--token-auth-file=${path(fileNames.tokens)}`,
    "--authorization-mode=RBAC",
    // Nodes can tell the API server from other users of the machine, and it them.
    `--kubelet-client-certificate=${path(fileNames.kubeletClientCertificate)}`,
    `--kubelet-client-key=${path(fileNames.kubeletClientKey)}`,
    `--kubelet-certificate-authority=${path(fileNames.authority)}`,
    "--kubelet-preferred-address-types=InternalIP",
    "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
    `--service-account-key-file=${path(fileNames.serviceAccountPublicKey)}`,
    `--service-account-signing-key-file=${path(fileNames.serviceAccountPrivateKey)}`,
    "--service-cluster-ip-range=10.0.0.0/24",
    // Endpoints of the `kubernetes` Service may not point to loopback; the API server would end at once.
    "--endpoint-reconciler-type=none",
    // Without it pods would wait for a service account that exists only where kube-controller-manager runs.
    "--disable-admission-plugins=ServiceAccount",
    "--shutdown-delay-duration=0s",
  ];
}

/** Arguments of kube-controller-manager. It serves nothing, so it needs no port. */
export function controllerManagerArguments({ path }: Surroundings): string[] {
  return [
    `--kubeconfig=${path(fileNames.managerKubeconfig)}`,
    `--controllers=${controllers.join(",")}`,
    "--leader-elect=false",
    "--secure-port=0",
    "--use-service-account-credentials=false",
    `--service-account-private-key-file=${path(fileNames.serviceAccountPrivateKey)}`,
    `--root-ca-file=${path(fileNames.authority)}`,
    "--kube-api-qps=200",
    "--kube-api-burst=400",
  ];
}
