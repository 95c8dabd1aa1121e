/** Finds the cluster and the credentials: kubeconfig files and the pod's service account. */
export {
  type ClientCertificate,
  type ClusterAccess,
  type Credentials,
  CredentialsError,
  staticCredentials,
  type UserIdentity,
} from "./cluster_access.ts";
export { denoHost, type Host, type HostCommand, type HostCommandResult } from "./host.ts";
export { KubeconfigError } from "./kubeconfig_error.ts";
export { type ClusterAccessOptions, loadClusterAccess } from "./load_cluster_access.ts";
