import type { Step } from "./kubectl_steps.ts";

const robot = "system:serviceaccount:access:robot";
const asRobot = ["-n", "access", "--as", robot];

const rules = `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reconciled, namespace: access}
rules:
- {apiGroups: [""], resources: [pods], verbs: [get]}
`;

const review = `apiVersion: authorization.k8s.io/v1
kind: SubjectAccessReview
spec:
  user: ${robot}
  resourceAttributes: {namespace: access, verb: list, resource: secrets}
`;

const bound = `apiVersion: v1
kind: Pod
metadata: {name: bound, namespace: access}
spec:
  serviceAccountName: robot
  containers: [{name: c, image: i}]
`;

/**
 * Who may do what: roles, tokens, impersonation. In this order. Without kube-controller-manager nobody aggregates
 * ClusterRoles for the real server, so users get those that are aggregated.
 */
export const accessSteps: readonly Step[] = [
  { args: ["create", "namespace", "access"], prints: /created/ },
  { args: ["create", "serviceaccount", "robot", "-n", "access"], prints: /serviceaccount\/robot created/ },
  {
    args: ["get", "secrets", ...asRobot],
    code: 1,
    prints: /\(Forbidden\): secrets is forbidden: User "system:serviceaccount:access:robot" cannot list .* "access"\n/,
  },
  {
    args: ["create", "role", "reader", "-n", "access", "--verb=get,list,watch", "--resource=secrets,pods/log"],
    prints: /reader created/,
  },
  {
    args: ["create", "rolebinding", "reader", "-n", "access", "--role=reader", "--serviceaccount=access:robot"],
    prints: /reader created/,
  },
  { args: ["get", "secrets", ...asRobot], prints: /No resources found in access namespace/ },
  {
    args: ["get", "secrets", "-A", "--as", robot],
    code: 1,
    prints: /cannot list resource "secrets" in API group "" at the cluster scope/,
  },
  {
    args: ["create", "configmap", "a", ...asRobot],
    code: 1,
    prints: /configmaps is forbidden: User .* cannot create resource "configmaps" in API group "" in the namespace/,
  },
  { args: ["get", "--raw", "/metrics", "--as", robot], code: 1, prints: /cannot get path "\/metrics"/ },
  { args: ["auth", "can-i", "list", "secrets", ...asRobot], prints: /^yes\n$/ },
  { args: ["auth", "can-i", "delete", "secrets", ...asRobot], code: 1, prints: /^no\n$/ },
  { args: ["auth", "can-i", "get", "pods", "--subresource=log", ...asRobot], prints: /^yes\n$/ },
  { args: ["auth", "can-i", "get", "/version", ...asRobot], prints: /^yes\n$/ },
  { args: ["auth", "can-i", "*", "*"], prints: /^yes\n$/ },
  {
    args: ["auth", "whoami", ...asRobot],
    prints:
      /Username +system:serviceaccount:access:robot\nGroups +\[system:serviceaccounts system:serviceaccounts:access/,
  },
  {
    args: ["auth", "whoami", "--as=x", "--as-group=g", "--as-uid=7"],
    prints: /Username +x\nUID +7\nGroups +\[g system:authenticated\]\n/,
  },
  {
    args: [
      "create",
      "clusterrolebinding",
      "viewer",
      "--clusterrole=system:aggregate-to-view",
      "--user=viewer",
      "--user=manager",
    ],
    prints: /viewer created/,
  },
  { args: ["get", "deployments", "-A", "--as=viewer"], prints: /./ },
  { args: ["get", "secrets", "-A", "--as=viewer"], code: 1, prints: /secrets is forbidden/ },
  {
    args: ["create", "role", "more", "-n", "access", "--verb=get", "--resource=pods", "--as=viewer"],
    code: 1,
    prints: /roles\.rbac\.authorization\.k8s\.io is forbidden/,
  },
  {
    args: ["create", "clusterrolebinding", "admin", "--clusterrole=system:aggregate-to-admin", "--user=manager"],
    prints: /created/,
  },
  {
    args: ["create", "role", "more", "-n", "access", "--verb=get", "--resource=nodes", "--as=manager"],
    code: 1,
    prints: /attempting to grant RBAC permissions not currently held:\n\{APIGroups:\[""\], Resources:\["nodes"\]/,
  },
  {
    args: ["create", "role", "more", "-n", "access", "--verb=get", "--resource=pods", "--as=manager"],
    prints: /more created/,
  },
  { args: ["apply", "-f", "-"], stdin: bound, prints: /bound created/ },
  {
    args: ["create", "token", "robot", "-n", "access", "--bound-object-kind=Pod", "--bound-object-name=none"],
    code: 1,
    prints: /failed to create token: pods "none" not found/,
  },
  {
    args: ["create", "token", "robot", "-n", "access", "--duration=5m"],
    code: 1,
    prints: /may not specify a duration less than 10 minutes/,
  },
  {
    args: ["create", "token", "robot", ...asRobot],
    code: 1,
    prints: /cannot create resource "serviceaccounts\/token"/,
  },
  {
    args: ["create", "token", "robot", "-n", "access", "-o", "jsonpath={.spec.expirationSeconds} {.spec.audiences}"],
    prints: /^3600 \["https:\/\/kubernetes\.default\.svc/,
  },
  { args: ["auth", "reconcile", "-f", "-"], stdin: rules, prints: /reconciled reconciled/ },
  { args: ["auth", "reconcile", "-f", "-"], stdin: rules.replace("[get]", "[list]"), prints: /reconciled reconciled/ },
  { args: ["describe", "role", "reconciled", "-n", "access"], prints: /pods +\[\] +\[\] +\[get list\]/ },
  {
    args: ["create", "-f", "-", "-o", "jsonpath={.status}"],
    stdin: review,
    prints:
      /"allowed":true,"reason":"RBAC: allowed by RoleBinding \\"reader\/access\\" of Role \\"reader\\" to Service/,
  },
  { args: ["api-resources", "--api-group=authorization.k8s.io"], prints: /localsubjectaccessreviews/ },
  { args: ["api-resources", "--api-group=authentication.k8s.io"], prints: /tokenreviews/ },
  { args: ["delete", "namespace", "access", "--wait=false"], prints: /deleted/ },
];
