import { formatGroupResource, type GroupResource } from "../../../lib/k8s/api/resource.ts";
import type { MutatingWebhookConfiguration } from "../../../lib/k8s/types.ts";
import { labelledResourcesAnnotation } from "../../../lib/sharding/names.ts";
import {
  controlledResources,
  type ControllerRing,
  mainResources,
  type Role,
} from "../../../lib/sharding/ring_types.ts";

/** A resource whose objects may carry a ring's labels. */
export interface LabelledResource {
  readonly resource: GroupResource;
  /** What it is, or was last, to the ring; undefined when only a rule of the webhook configuration tells of it. */
  readonly role: Role | undefined;
}

/**
 * The resources whose objects may carry a ring's labels: what the ring names now, and what it named before and was not
 * seen to be free of them. The spec forgets them, so they are kept on the ring's webhook configuration as well: the
 * next leader reads there what this one knew.
 */
export class LabelledResources {
  readonly #resources = new Map<string, LabelledResource>();
  /** Forgotten ones that a configuration may still name, as it is older than that. */
  readonly #forgotten = new Set<string>();

  /** Adds what the ring names. Its word on roles is the last one. */
  learnRing(ring: ControllerRing): void {
    for (const resource of mainResources(ring)) this.#set(resource, "main");
    for (const resource of controlledResources(ring)) this.#set(resource, "controlled");
    for (const name of this.#forgotten) if (this.#resources.has(name)) this.#forgotten.delete(name);
  }

  /** Adds what a webhook configuration tells: its record, and its rules, where another sharder has written them. */
  learn(configuration: MutatingWebhookConfiguration): void {
    const named = new Map<string, LabelledResource>();
    for (const one of [...ruledResources(configuration), ...recordedResources(configuration)]) {
      named.set(formatGroupResource(one.resource), one);
    }
    for (const name of this.#forgotten) if (!named.has(name)) this.#forgotten.delete(name);
    for (const [name, { resource, role }] of named) {
      if (this.#forgotten.has(name) || this.#resources.get(name)?.role !== undefined) continue;
      this.#set(resource, role);
    }
  }

  /** No object of the resource carries the labels any more. */
  forget(resource: GroupResource): void {
    const name = formatGroupResource(resource);
    if (this.#resources.delete(name)) this.#forgotten.add(name);
  }

  /** All of them, sorted by name. */
  list(): readonly LabelledResource[] {
    return [...this.#resources].sort(([a], [b]) => a < b ? -1 : 1).map(([, resource]) => resource);
  }

  /** The record for the annotation. */
  format(): string {
    const names = (role: Role | undefined): string[] =>
      this.list().filter((one) => one.role === role).map(({ resource }) => formatGroupResource(resource));
    const other = names(undefined);
    return JSON.stringify({
      main: names("main"),
      controlled: names("controlled"),
      ...(other.length > 0 ? { other } : {}),
    });
  }

  #set(resource: GroupResource, role: Role | undefined): void {
    const { group, resource: plural } = resource;
    this.#resources.set(formatGroupResource(resource), { resource: { group, resource: plural }, role });
  }
}

/** The resources for which the API server calls the ring's webhook. */
export function ruledResources({ webhooks = [] }: MutatingWebhookConfiguration): readonly LabelledResource[] {
  const rules = webhooks.flatMap(({ rules = [] }) => rules);
  return rules.flatMap(({ apiGroups = [], resources = [] }) =>
    apiGroups.flatMap((group) => resources.map((resource) => ({ resource: { group, resource }, role: undefined })))
  ).filter(({ resource: { group, resource } }) => group !== "*" && !/[*/]/.test(resource));
}

/** The resources that are recorded on a ring's webhook configuration. */
export function recordedResources({ metadata }: MutatingWebhookConfiguration): readonly LabelledResource[] {
  return parseRecord(metadata.annotations?.[labelledResourcesAnnotation]);
}

/** What a record names. Somebody may have written anything there: what cannot be read is nothing. */
function parseRecord(text: string | undefined): readonly LabelledResource[] {
  if (text === undefined) return [];
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch {
    return [];
  }
  if (typeof record !== "object" || record === null) return [];
  const lists = new Map<string, unknown>(Object.entries(record));
  const resources = (name: string, role: Role | undefined): LabelledResource[] => {
    const list = lists.get(name);
    if (!Array.isArray(list)) return [];
    return list.filter((item): item is string => typeof item === "string" && item !== "")
      .map((item) => ({ resource: parseGroupResource(item), role }));
  };
  return [...resources("main", "main"), ...resources("controlled", "controlled"), ...resources("other", undefined)];
}

/** The inverse of `formatGroupResource`: plural names have no dots. */
export function parseGroupResource(text: string): GroupResource {
  const [resource = "", ...group] = text.split(".");
  return { group: group.join("."), resource };
}
