import { runKubectl } from "../../controlplane/kubectl.ts";

/** One command, as the guide has it or a person would try it, and what it must print. */
export interface Step {
  readonly args: readonly string[];
  readonly stdin?: string;
  /** Exit code. @default 0 */
  readonly code?: number;
  /** What its output must match, standard error included. */
  readonly prints: RegExp;
  /** A server does this some time after it has answered: first each is asked until it prints that. @default false */
  readonly eventually?: boolean;
}

const deploy = new URL("../../../deploy", import.meta.url).pathname;
const crds = `${deploy}/crds`;

function ring(resource: string, more = ""): string {
  return `apiVersion: sharding.timebertt.dev/v1alpha1
kind: ControllerRing
metadata:
  name: ring
spec:
  resources:
  - group: ""
    resource: ${resource}
${more}`;
}

const lease = `apiVersion: coordination.k8s.io/v1
kind: Lease
metadata:
  name: shard-a
  namespace: default
  labels:
    alpha.sharding.timebertt.dev/controllerring: ring
    alpha.sharding.timebertt.dev/state: ready
spec:
  holderIdentity: shard-a
---
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata:
  name: shard-b
  namespace: default
spec: {}
`;

const webhooks = `apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata:
  name: controllerring-ring
  labels:
    alpha.sharding.timebertt.dev/controllerring: ring
webhooks:
- name: sharder.sharding.timebertt.dev
  admissionReviewVersions: [v1]
  sideEffects: None
  failurePolicy: Ignore
  clientConfig: {url: "https://127.0.0.1:1/webhook"}
  rules:
  - {apiGroups: [""], apiVersions: ["*"], operations: [CREATE], resources: [pods]}
`;

const sums = `apiVersion: v1
kind: ConfigMap
metadata:
  name: sums
data:
  a: c
`;

const events = `apiVersion: v1
kind: Event
metadata:
  name: e1
  namespace: default
involvedObject: {kind: Secret, name: foo, namespace: default}
reason: Because
message: something happened
type: Normal
source: {component: kubelet, host: node-1}
firstTimestamp: "2020-01-01T00:00:00Z"
lastTimestamp: "2020-01-02T00:00:00Z"
count: 7
`;

const get = ["get", "secret,configmap", "-L", "shard.example/ring"];

/** In this order: later ones need what earlier ones made. */
export const steps: readonly Step[] = [
  { args: ["version"], prints: /Server Version: v1\.36/ },
  { args: ["get", "--raw", "/readyz"], prints: /^ok$/ },
  { args: ["auth", "whoami"], prints: /Username\s+admin\n[\s\S]*\[system:masters system:authenticated\]/ },
  { args: ["get", "namespaces"], prints: /NAME +STATUS +AGE\ndefault +Active +\d+s\n/ },
  {
    args: ["apply", "--server-side", "-k", crds],
    prints: /controllerrings\.sharding\.timebertt\.dev serverside-applied/,
  },
  {
    args: ["wait", "--for=condition=Established", "crd/controllerrings.sharding.timebertt.dev", "--timeout=10s"],
    prints: /condition met/,
  },
  { args: ["diff", "-k", crds], prints: /^$/ },
  { args: ["get", "crd"], prints: /NAME +CREATED AT\ncontrollerrings\.sharding\.timebertt\.dev +\d{4}-/ },
  { args: ["get", "controllerring"], prints: /^No resources found\n$/ },
  {
    args: ["explain", "controllerring.spec"],
    prints: /resources\t<\[\]Object>[\s\S]*main resources of the controller/,
    // An API server publishes a definition's OpenAPI some time after it is established.
    eventually: true,
  },
  {
    args: ["explain", "controllerring.spec.resources", "--recursive"],
    prints: /controlledResources\t<\[\]Object>\n {4}group\t<string> -required-/,
  },
  { args: ["explain", "secret.data"], prints: /FIELD: data <map\[string\]string>/ },
  { args: ["explain", "lease.spec.renewTime"], prints: /FIELD: renewTime </ },
  { args: ["apply", "--server-side", "-k", `${deploy}/rbac`], prints: /clusterrole.*sharder serverside-applied/ },
  {
    args: ["apply", "--server-side", "-k", `${deploy}/examples/checksum-controller`],
    prints: /controllerring\.sharding\.timebertt\.dev\/checksum-controller serverside-applied/,
  },
  { args: ["diff", "--server-side", "-k", `${deploy}/examples/checksum-controller`], prints: /^$/ },
  {
    args: ["get", "rolebindings", "-n", "sharding-system", "-owide"],
    prints: /NAME +ROLE +AGE +USERS +GROUPS +SERVICEACC/,
  },
  { args: ["diff", "-f", "-"], stdin: ring("secrets"), code: 1, prints: /\+ {4}resource: secrets/ },
  { args: ["apply", "-f", "-"], stdin: ring("secrets"), prints: /ring created/ },
  { args: ["apply", "-f", "-"], stdin: ring("secrets"), prints: /ring unchanged/ },
  {
    args: ["diff", "-f", "-"],
    stdin: ring("configmaps"),
    code: 1,
    prints: /-\s+resource: secrets\n\+\s+resource: configmaps/,
  },
  { args: ["apply", "-f", "-"], stdin: ring("configmaps"), prints: /ring configured/ },
  { args: ["get", "controllerring"], prints: /NAME +READY +AVAILABLE +SHARDS +AGE\n(.*\n)?ring +\d+s\n/ },
  {
    args: ["patch", "controllerring", "ring", "--subresource=status", "--type=merge", "-p"].concat(
      `{"status":{"shards":3,"availableShards":2,"conditions":[` +
        `{"type":"Ready","status":"True","reason":"a","message":"","lastTransitionTime":"2020-01-01T00:00:00Z"}]}}`,
    ),
    prints: /ring patched/,
  },
  { args: ["get", "controllerring", "ring"], prints: /\nring +True +2 +3 +\d+s\n/ },
  { args: ["wait", "--for=condition=Ready", "controllerring/ring", "--timeout=10s"], prints: /condition met/ },
  { args: ["describe", "controllerring", "ring"], prints: /Kind: +ControllerRing[\s\S]*Available Shards: +2/ },
  { args: ["delete", "controllerring", "ring"], prints: /"ring" deleted/ },
  { args: ["apply", "--server-side", "-f", "-"], stdin: ring("secrets"), prints: /serverside-applied/ },
  {
    args: ["apply", "--server-side", "--field-manager=other", "-f", "-"],
    stdin: ring("configmaps"),
    prints: /serverside-applied/,
  },
  {
    args: ["get", "controllerring", "ring", "-oyaml", "--show-managed-fields"],
    prints: /resource: secrets\n {2}- group: ""\n {4}resource: configmaps\n/,
  },
  { args: ["create", "-f", "-"], stdin: lease, prints: /shard-a created\n[\s\S]*shard-b created/ },
  {
    args: ["get", "lease", "-L", "alpha.sharding.timebertt.dev/controllerring,alpha.sharding.timebertt.dev/state"],
    prints: /NAME +HOLDER +AGE +CONTROLLERRING +STATE\nshard-a +shard-a +\d+s +ring +ready\nshard-b +\d+s/,
  },
  { args: ["create", "-f", "-"], stdin: webhooks, prints: /controllerring-ring created/ },
  {
    args: ["get", "mutatingwebhookconfiguration", "-l", "alpha.sharding.timebertt.dev/controllerring=ring"],
    prints: /NAME +WEBHOOKS +AGE\ncontrollerring-ring +1 +\d+s/,
  },
  {
    args: ["create", "secret", "generic", "foo", "--from-literal", "foo=bar", "-oyaml"],
    prints: /data:\n {2}foo: YmFy/,
  },
  { args: ["create", "secret", "generic", "foo"], code: 1, prints: /secrets "foo" already exists/ },
  {
    args: ["create", "-f", "-"],
    stdin: "apiVersion: v1\nkind: Secret\nmetadata: {name: bad}\nextra: 1\n",
    code: 1,
    prints: /strict decoding error: unknown field "extra"/,
  },
  { args: ["create", "secret", "generic", "foo1"], prints: /secret\/foo1 created/ },
  { args: ["create", "configmap", "sums", "--from-literal=a=b"], prints: /configmap\/sums created/ },
  { args: ["apply", "--server-side", "-f", "-"], stdin: sums, code: 1, prints: /conflict with "kubectl-create"/ },
  { args: ["apply", "--server-side", "--force-conflicts", "-f", "-"], stdin: sums, prints: /serverside-applied/ },
  { args: ["get", "configmap", "sums", "-oyaml", "--show-managed-fields"], prints: /manager: kubectl\n/ },
  { args: ["label", "secret", "foo", "shard.example/ring=a"], prints: /secret\/foo labeled/ },
  { args: ["label", "secret", "foo", "shard.example/ring=b"], code: 1, prints: /already has a value/ },
  { args: get, prints: /secret\/foo +Opaque +1 +\d+s +a\nsecret\/foo1 +Opaque +0[\s\S]*\nconfigmap\/sums +1 +\d+s/ },
  {
    args: ["get", "secret", "--show-labels", "-l", "shard.example/ring"],
    prints: /LABELS\nfoo .*shard\.example\/ring=a\n$/,
  },
  { args: ["get", "secret", "foo", "-o", "jsonpath={.data.foo}"], prints: /^YmFy$/ },
  { args: ["get", "secrets", "-A", "--field-selector", "metadata.name=foo1"], prints: /NAMESPACE.*\ndefault +foo1/ },
  { args: ["get", "secrets", "--chunk-size=1", "-o", "name"], prints: /^secret\/foo\nsecret\/foo1\n$/ },
  { args: ["describe", "secret", "foo"], prints: /Labels: +shard\.example\/ring=a[\s\S]*foo: +3 bytes/ },
  { args: ["annotate", "secret", "foo", "a=b"], prints: /annotated/ },
  { args: ["patch", "secret", "foo", "-p", `{"stringData":{"x":"y"}}`], prints: /patched/ },
  { args: ["patch", "secret", "foo", "--type=json", "-p", `[{"op":"remove","path":"/data/x"}]`], prints: /patched/ },
  { args: ["get", "secret", "none"], code: 1, prints: /Error from server \(NotFound\): secrets "none" not found/ },
  { args: ["get", "gizmos"], code: 1, prints: /doesn't have a resource type "gizmos"/ },
  { args: ["apply", "-f", "-"], stdin: events, prints: /e1 created/ },
  {
    args: ["get", "events"],
    prints: /LAST SEEN +TYPE +REASON +OBJECT +MESSAGE\n\S+ +Normal +Because +secret\/foo +something/,
  },
  { args: ["create", "namespace", "other"], prints: /namespace\/other created/ },
  { args: ["create", "deployment", "web", "--image=web:1", "--replicas=2"], prints: /deployment\.apps\/web created/ },
  { args: ["get", "deploy", "-owide"], prints: /\nweb +0\/2 +0 +0 +\d+s +web +web:1 +app=web\n/ },
  { args: ["delete", "secret", "foo1"], prints: /secret "foo1" deleted/ },
  { args: ["wait", "--for=delete", "secret/foo1", "--timeout=10s"], prints: /^$|condition met/ },
  { args: ["delete", "controllerring,lease,deployment", "--all"], prints: /"ring" deleted[\s\S]*"shard-b" deleted/ },
];

/** What a step came to. */
export interface Outcome {
  readonly code: number;
  readonly output: string;
}

/** Runs a step with one kubectl against one server. */
export async function runStep(
  program: string,
  kubeconfig: string,
  cache: string,
  { args, stdin }: Step,
): Promise<Outcome> {
  const { code, stdout, stderr } = await runKubectl(
    program,
    kubeconfig,
    cache,
    args,
    stdin === undefined ? {} : { stdin },
  );
  return { code, output: stdout + stderr };
}

/** Takes out what differs from one run to the next: ages, times, uids, versions, temporary files. */
export function normalize(output: string): string {
  return output
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "<uid>")
    .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( \+0000|Z)?/g, "<time>")
    .replaceAll(/(resourceVersion: |Resource Version: +)"?\d+"?/g, "$1<version>")
    .replaceAll(/\/tmp\/(LIVE|MERGED)-\d+/g, "/tmp/$1")
    .replaceAll(/\b(\d+y)?(\d+d)?(\d+h)?(\d+m)?\d+s\b/g, "<age>")
    .replaceAll(/ +/g, " ");
}
