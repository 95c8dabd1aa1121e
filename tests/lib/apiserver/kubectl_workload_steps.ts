import type { Step } from "./kubectl_steps.ts";

function pod(name: string, spec = "", containers = "[{name: c, image: i}]"): string {
  return `apiVersion: v1
kind: Pod
metadata: {name: ${name}, labels: {app: pod}}
spec: {containers: ${containers}${spec}}
`;
}

const onNode = ", nodeName: n1";

const cluster = [
  "apiVersion: v1\nkind: Node\nmetadata: {name: n1}\n",
  pod("a", onNode),
  pod("b"),
  pod("two", onNode, "[{name: c, image: i}, {name: d, image: i}]"),
].join("---\n");

const others = `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: es, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{port: 80}, {name: b, port: 81, protocol: UDP}]
endpoints: [{addresses: [10.1.2.3]}, {addresses: [10.1.2.4], conditions: {ready: false}}]
---
apiVersion: v1
kind: Endpoints
metadata: {name: ep}
subsets: [{addresses: [{ip: 10.1.2.3}], ports: [{port: 80}]}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: v}
webhooks:
- name: v.example.com
  admissionReviewVersions: [v1]
  sideEffects: None
  clientConfig: {url: "https://127.0.0.1:1/webhook"}
  rules:
  - {apiGroups: [example.com], apiVersions: ["*"], operations: ["*"], resources: ["*"]}
`;

const flow = `apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: FlowSchema
metadata: {name: leases}
spec:
  priorityLevelConfiguration: {name: leader-election}
  rules:
  - subjects: [{kind: ServiceAccount, serviceAccount: {name: a, namespace: b}}]
    resourceRules: [{verbs: ["*"], apiGroups: [coordination.k8s.io], resources: [leases], namespaces: ["*"]}]
`;

const budget = `apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: pdb}
spec: {minAvailable: 1, selector: {matchLabels: {app: pod}}}
`;

const ready = `{"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}`;
const eviction = `{"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "a", "namespace": "default"}}`;
const evict = ["create", "--raw", "/api/v1/namespaces/default/pods/a/eviction", "-f", "-"];
const binding = `{"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "b"}, "target": {"name": "n1"}}`;
const bind = ["create", "--raw", "/api/v1/namespaces/default/pods/b/binding", "-f", "-"];

/** What people do with workloads, in this order; nothing runs them. */
export const workloadSteps: readonly Step[] = [
  { args: ["create", "-f", "-"], stdin: cluster, prints: /node\/n1 created\npod\/a created/ },
  { args: ["get", "nodes"], prints: /NAME +STATUS +ROLES +AGE +VERSION\nn1 +Unknown/ },
  { args: ["cordon", "n1"], prints: /node\/n1 cordoned/ },
  { args: ["cordon", "n1"], prints: /already cordoned/ },
  { args: ["get", "pods", "-owide"], prints: /\na +0\/1 +Pending +0 +\d+s +<none> +n1/ },
  { args: ["logs", "a"], code: 1, prints: /no preferred addresses found; known addresses: \[\]/ },
  { args: ["logs", "b"], prints: /^$/ },
  { args: ["logs", "two", "--tail=3", "--since=5s", "--timestamps"], code: 1, prints: /Defaulted container "c"/ },
  { args: ["logs", "two", "-c", "x"], code: 1, prints: /container x is not valid for pod two/ },
  { args: ["logs", "none"], code: 1, prints: /pods "none" not found/ },
  { args: ["logs", "-l", "app=pod", "--prefix"], code: 1, prints: /no preferred addresses/ },
  { args: bind, stdin: binding, prints: /"status":"Success"/ },
  { args: bind, stdin: binding, code: 1, prints: /pod b is already assigned to node "n1"/ },
  { args: ["get", "pod", "b", "-o", "jsonpath={.spec.nodeName} {.status.conditions[*].type}"], prints: /^n1 PodSch/ },
  { args: ["delete", "pod", "a", "--wait=false"], prints: /pod "a" deleted/ },
  { args: ["get", "pods"], prints: /\na +0\/1 +Terminating/ },
  { args: ["delete", "pod", "a", "--force", "--grace-period=0"], prints: /force deleted[\s\S]*Immediate deletion/ },
  { args: ["get", "pod", "a"], code: 1, prints: /NotFound/ },
  { args: ["create", "-f", "-"], stdin: pod("a", onNode), prints: /pod\/a created/ },
  { args: ["label", "pod", "a", "x=y"], prints: /pod\/a labeled/ },
  { args: ["annotate", "pod", "a", "x=y"], prints: /pod\/a annotated/ },
  { args: ["create", "-f", "-"], stdin: budget, prints: /pdb created/ },
  { args: ["get", "pdb"], prints: /NAME +MIN AVAILABLE +MAX UNAVAILABLE +ALLOWED DISRUPTIONS +AGE\npdb +1 +N\/A +0/ },
  {
    args: ["patch", "pod", "a", "--subresource=status", "-p", ready],
    prints: /pod\/a patched/,
  },
  { args: evict, stdin: eviction, code: 1, prints: /still being processed|would violate/ },
  {
    args: ["patch", "pdb", "pdb", "--subresource=status", "--type=merge", "-p"].concat(
      `{"status": {"observedGeneration": 1, "desiredHealthy": 1, "currentHealthy": 1, "disruptionsAllowed": 0}}`,
    ),
    prints: /pdb patched/,
  },
  { args: evict, stdin: eviction, code: 1, prints: /violate the pod's disruption budget/ },
  {
    args: ["patch", "pdb", "pdb", "--subresource=status", "--type=merge", "-p"].concat(
      `{"status": {"currentHealthy": 2, "disruptionsAllowed": 1, "expectedPods": 2}}`,
    ),
    prints: /pdb patched/,
  },
  { args: evict, stdin: eviction, prints: /"status":"Success"/ },
  { args: ["get", "pdb", "pdb", "-o", "jsonpath={.status.disruptionsAllowed}"], prints: /^0$/ },
  { args: ["delete", "pdb", "pdb"], prints: /"pdb" deleted/ },
  { args: ["delete", "pod", "b", "two", "--force", "--grace-period=0"], prints: /"b" force deleted/ },
  {
    args: ["drain", "n1", "--force", "--grace-period=0", "--timeout=20s"],
    prints: /evicting pod default\/a\npod\/a evicted\n[\s\S]*node\/n1 drained/,
  },
  { args: ["get", "pods"], prints: /No resources found/ },
  { args: ["uncordon", "n1"], prints: /node\/n1 uncordoned/ },
  { args: ["delete", "node", "n1"], prints: /"n1" deleted/ },
  { args: ["create", "deployment", "web", "--image=web:1", "--replicas=2"], prints: /web created/ },
  { args: ["scale", "deployment", "web", "--replicas=3"], prints: /deployment\.apps\/web scaled/ },
  {
    args: ["scale", "deployment", "web", "--replicas=4", "--current-replicas=9"],
    code: 1,
    prints: /Expected replicas to be 9, was 3/,
  },
  { args: ["scale", "deployment", "none", "--replicas=4"], code: 1, prints: /not found/ },
  { args: ["get", "deployment", "web", "--subresource=scale"], prints: /web/ },
  {
    args: ["patch", "deployment", "web", "--subresource=scale", "--type=merge", "-p", `{"spec":{"replicas":2}}`],
    prints: /web patched/,
  },
  { args: ["get", "deployment", "web", "-oyaml", "--show-managed-fields"], prints: /subresource: scale/ },
  { args: ["set", "image", "deployment/web", "web=web:2"], prints: /image updated/ },
  { args: ["set", "env", "deployment/web", "A=b"], prints: /env updated/ },
  { args: ["set", "resources", "deployment/web", "--limits=cpu=1"], prints: /resource requirements updated/ },
  { args: ["rollout", "status", "deployment/web", "--watch=false"], prints: /Waiting for deployment spec update/ },
  { args: ["rollout", "history", "deployment/web"], prints: /No rollout history found/ },
  { args: ["rollout", "undo", "deployment/web"], code: 1, prints: /no rollout history found/ },
  { args: ["rollout", "pause", "deployment/web"], prints: /web paused/ },
  { args: ["rollout", "resume", "deployment/web"], prints: /web resumed/ },
  { args: ["rollout", "restart", "deployment/web"], prints: /web restarted/ },
  { args: ["expose", "deployment", "web", "--port=80", "--target-port=8080"], prints: /service\/web exposed/ },
  { args: ["get", "service", "web", "-o", "jsonpath={.spec.ports} {.spec.selector}"], prints: /8080.*"app":"web"/ },
  { args: ["label", "deployment", "web", "x=y", "--overwrite"], prints: /labeled/ },
  { args: ["delete", "deployment,service", "web"], prints: /"web" deleted/ },
  { args: ["create", "-f", "-"], stdin: others, prints: /endpointslice.*es created[\s\S]*v created/ },
  { args: ["get", "endpointslices"], prints: /\nes +IPv4 +80,81 +10\.1\.2\.3,10\.1\.2\.4/ },
  { args: ["get", "endpoints", "ep"], prints: /ep +10\.1\.2\.3:80/ },
  { args: ["get", "validatingwebhookconfigurations"], prints: /\nv +1 +/ },
  { args: ["create", "-f", "-"], stdin: flow, prints: /leases created/ },
  { args: ["get", "flowschema", "leases", "-o", "jsonpath={.spec}"], prints: /"matchingPrecedence":1000/ },
  { args: ["delete", "flowschema", "leases"], prints: /deleted/ },
  { args: ["delete", "endpointslice/es", "endpoints/ep", "validatingwebhookconfiguration/v"], prints: /"v" deleted/ },
];
