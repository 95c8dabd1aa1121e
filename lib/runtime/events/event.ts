import type { Draft, KubeEvent, KubeObject } from "../../k8s/types.ts";
import { type Random, randomSuffix } from "../../util/random.ts";
import { formatMicroTime } from "../../util/micro_time.ts";

/** What happened to an object, for people who look at it. */
export interface EventNote {
  /** Is it as it should be? */
  readonly type: "Normal" | "Warning";
  /** Why, as one CamelCase word, such as "ReconciliationFailed"; at most 128 characters. */
  readonly reason: string;
  /** A sentence; cut at 1024 bytes. Equal sentences are counted, so it should hold no times and counts. */
  readonly message: string;
  /** What was being done, as one CamelCase word, such as "Reconcile"; at most 128 characters. */
  readonly action: string;
}

/** Who reports. */
export interface EventReporter {
  /** Name of the controller, such as `sharding.timebertt.dev/sharder`. */
  readonly controller: string;
  /** Name of this replica; at most 128 characters. */
  readonly instance: string;
}

/** How often the same thing happened, and when last (milliseconds since the epoch). */
export interface Repetition {
  readonly count: number;
  readonly last: number;
}

/** Longest note that the API server takes, in bytes (events.k8s.io/v1). */
const longestNote = 1_024;
const longestWord = 128;

/** The namespace of an object's events: its own, or "default" for one that has none. */
export function eventNamespace({ metadata }: KubeObject): string {
  return metadata.namespace === undefined || metadata.namespace === "" ? "default" : metadata.namespace;
}

/**
 * An event of `events.k8s.io/v1` that the API server's validation accepts.
 * @param first when it happened first, in milliseconds since the epoch.
 */
export function newEvent(
  object: KubeObject,
  note: EventNote,
  reporter: EventReporter,
  first: number,
  repetition: Repetition | undefined,
  random: Random,
): Draft<KubeEvent> {
  const { apiVersion, kind, metadata } = object;
  const { name, namespace, uid, resourceVersion } = metadata;
  return {
    metadata: { name: eventName(name, random), namespace: eventNamespace(object) },
    eventTime: formatMicroTime(first),
    reportingController: reporter.controller,
    reportingInstance: reporter.instance.slice(0, longestWord),
    type: note.type,
    reason: note.reason.slice(0, longestWord),
    action: note.action.slice(0, longestWord),
    note: cut(note.message, longestNote),
    regarding: {
      apiVersion,
      kind,
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
    ...(repetition === undefined ? {} : { series: seriesOf(repetition) }),
  };
}

/** The series field of an event that happened repeatedly. */
export function seriesOf({ count, last }: Repetition): { count: number; lastObservedTime: string } {
  return { count, lastObservedTime: formatMicroTime(last) };
}

/** What makes two events the same. */
export function eventIdentity(object: KubeObject, { type, reason, action, message }: EventNote): string {
  return JSON.stringify([objectIdentity(object), type, reason, action, message]);
}

/** What makes two objects the same: an object made anew under an old name is another one. */
export function objectIdentity({ apiVersion, kind, metadata }: KubeObject): string {
  return JSON.stringify([apiVersion, kind, metadata.namespace ?? "", metadata.name, metadata.uid ?? ""]);
}

/** Event names have to be DNS subdomains; those of some objects, such as roles, are none. */
function eventName(object: string, random: Random): string {
  const base = object.toLowerCase().replaceAll(/[^a-z0-9.-]/g, "-").slice(0, 200).replaceAll(/^[.-]+|[.-]+$/g, "");
  return `${base === "" ? "event" : base.replaceAll(/[.-]*\.[.-]*/g, ".")}.${randomSuffix(random, 16)}`;
}

/** Shortens text to a number of UTF-8 bytes without cutting a character. */
function cut(text: string, bytes: number): string {
  const encoded = new TextEncoder().encode(text);
  if (encoded.length <= bytes) return text;
  const kept = new TextDecoder().decode(encoded.subarray(0, bytes - 3), { stream: true });
  return `${kept}...`;
}
