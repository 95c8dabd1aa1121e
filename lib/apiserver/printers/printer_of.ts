import {
  controllerRevisionPrinter,
  daemonSetPrinter,
  deploymentPrinter,
  replicaSetPrinter,
  scalePrinter,
  statefulSetPrinter,
} from "./apps_printers.ts";
import type { Printer } from "./column.ts";
import {
  configMapPrinter,
  nameAndAgePrinter,
  namespacePrinter,
  nodePrinter,
  secretPrinter,
  servicePrinter,
} from "./core_printers.ts";
import { customPrinter } from "./custom_printer.ts";
import { endpointSlicePrinter, endpointsPrinter } from "./endpoint_printers.ts";
import { eventPrinter } from "./event_printer.ts";
import {
  createdAtPrinter,
  ingressClassPrinter,
  ingressPrinter,
  leasePrinter,
  networkPolicyPrinter,
  roleBindingPrinter,
  webhookConfigurationPrinter,
} from "./other_printers.ts";
import { podPrinter } from "./pod_printer.ts";
import { disruptionBudgetPrinter, flowSchemaPrinter } from "./policy_printers.ts";

/** What printers need to know of a resource. */
export interface Printed {
  readonly group: string;
  readonly plural: string;
  readonly custom?: boolean;
  /** Of a custom resource with columns of its own. */
  readonly printer?: Printer;
}

const printers: Readonly<Record<string, Printer>> = {
  "/namespaces": namespacePrinter,
  "/secrets": secretPrinter,
  "/configmaps": configMapPrinter,
  "/serviceaccounts": nameAndAgePrinter,
  "/services": servicePrinter,
  "/nodes": nodePrinter,
  "/pods": podPrinter,
  "/endpoints": endpointsPrinter,
  "discovery.k8s.io/endpointslices": endpointSlicePrinter,
  "policy/poddisruptionbudgets": disruptionBudgetPrinter,
  "flowcontrol.apiserver.k8s.io/flowschemas": flowSchemaPrinter,
  "/events": eventPrinter,
  "events.k8s.io/events": eventPrinter,
  "apps/deployments": deploymentPrinter,
  "apps/replicasets": replicaSetPrinter,
  "apps/statefulsets": statefulSetPrinter,
  "apps/daemonsets": daemonSetPrinter,
  "apps/controllerrevisions": controllerRevisionPrinter,
  "autoscaling/scales": scalePrinter,
  "coordination.k8s.io/leases": leasePrinter,
  "admissionregistration.k8s.io/mutatingwebhookconfigurations": webhookConfigurationPrinter,
  "admissionregistration.k8s.io/validatingwebhookconfigurations": webhookConfigurationPrinter,
  "rbac.authorization.k8s.io/rolebindings": roleBindingPrinter,
  "rbac.authorization.k8s.io/clusterrolebindings": roleBindingPrinter,
  "networking.k8s.io/ingresses": ingressPrinter,
  "networking.k8s.io/ingressclasses": ingressClassPrinter,
  "networking.k8s.io/networkpolicies": networkPolicyPrinter,
};

const plainCustom = customPrinter({});

/** How objects of a resource are shown. Kinds without a printer of their own show when they were created. */
export function printerOf(resource: Printed): Printer {
  if (resource.printer !== undefined) return resource.printer;
  if (resource.custom === true) return plainCustom;
  return printers[`${resource.group}/${resource.plural}`] ?? createdAtPrinter;
}
