/** Controllers: a reconciler, the sources of its keys, and the workers that call it. */
export { Controller, type ControllerOptions } from "./controller.ts";
export {
  type ControllerObserver,
  isPanic,
  type Reconcile,
  type ReconcileContext,
  type ReconcileOutcome,
  type ReconcileReport,
  type ReconcileResult,
  TerminalError,
} from "./reconcile.ts";
export {
  type Enqueue,
  type EventSource,
  fromInformer,
  fromIterable,
  type InformerSourceOptions,
  ownerKeys,
  type OwnerOptions,
  type Source,
} from "./source.ts";
export { and, annotationsChanged, generationChanged, labelsChanged, not, or, type Predicate } from "./predicates.ts";
