/**
 * What turns Deployments into running processes: the controllers that kube-controller-manager and the scheduler would
 * run.
 *
 * @module
 */
export {
  type WorkloadControllerName,
  workloadControllers,
  type WorkloadControllersOptions,
} from "./workload_controllers.ts";
