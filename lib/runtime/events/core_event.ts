import type { Event as CoreEventFields } from "kubernetes-types/core/v1.d.ts";
import type { Resource } from "../../k8s/api/resource.ts";
import type { Draft, KubeEvent, Stored } from "../../k8s/types.ts";

/** An event in the shape of the core group: the same storage as `events.k8s.io/v1`, under other names. */
export type CoreEvent = Stored<CoreEventFields>;

/** Events of the core group. */
export const coreEvents: Resource<CoreEvent> = {
  group: "",
  version: "v1",
  plural: "events",
  kind: "Event",
  namespaced: true,
  is: (_object): _object is CoreEvent => true,
};

/** The same event in the shape of the core group. */
export function toCoreEvent(event: Draft<KubeEvent>): Draft<CoreEvent> {
  const { metadata, regarding, note, reportingController, reportingInstance } = event;
  const { eventTime, type, reason, action, series } = event;
  return {
    metadata,
    involvedObject: { ...regarding },
    eventTime,
    ...(note === undefined ? {} : { message: note }),
    ...(reportingController === undefined ? {} : { reportingComponent: reportingController }),
    ...(reportingInstance === undefined ? {} : { reportingInstance }),
    ...(type === undefined ? {} : { type }),
    ...(reason === undefined ? {} : { reason }),
    ...(action === undefined ? {} : { action }),
    ...(series === undefined ? {} : { series }),
  };
}
