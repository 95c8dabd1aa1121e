import type { JSONObject } from "../../k8s/contract.ts";
import { resourcesOf } from "./custom_resource_definition.ts";
import { type ServedResource, storageKey } from "./served_resource.ts";

/** All resources that are served at the moment. */
export class Registry {
  readonly #resources = new Map<string, ServedResource>();
  /** Keys of resources by the CustomResourceDefinition that defines them. */
  readonly #defined = new Map<string, readonly string[]>();
  /** Answers of {@link others}, as it is asked at each write. */
  readonly #others = new Map<ServedResource, readonly ServedResource[]>();

  constructor(resources: readonly ServedResource[]) {
    for (const resource of resources) this.#resources.set(keyOf(resource), resource);
  }

  /** What is served under a path; undefined when nothing is. */
  find(group: string, version: string, plural: string): ServedResource | undefined {
    return this.#resources.get(keyOf({ group, version, plural }));
  }

  /** The resource of a kind, as an ownerReference names it. */
  findKind(apiVersion: string, kind: string): ServedResource | undefined {
    return this.all().find((resource) => resource.kind === kind && apiVersionOf(resource) === apiVersion);
  }

  /** All resources, in the order in which they came. */
  all(): readonly ServedResource[] {
    return [...this.#resources.values()];
  }

  /** The other groups and versions under which the objects of a resource are served. */
  others(resource: ServedResource): readonly ServedResource[] {
    let others = this.#others.get(resource);
    if (others === undefined) {
      const key = storageKey(resource);
      others = this.all().filter((other) => other !== resource && storageKey(other) === key);
      this.#others.set(resource, others);
    }
    return others;
  }

  /** Begins to serve what a CustomResourceDefinition defines, instead of what it defined before. */
  define(name: string, definition: JSONObject): void {
    this.undefine(name);
    // What is built in stays as it is, whatever a definition calls its own.
    const resources = resourcesOf(definition).filter((each) => {
      const served = this.#resources.get(keyOf(each));
      return served === undefined || served.custom === true;
    });
    this.#defined.set(name, resources.map(keyOf));
    for (const resource of resources) this.#resources.set(keyOf(resource), resource);
    this.#others.clear();
  }

  /** Stops to serve what a CustomResourceDefinition defined. */
  undefine(name: string): void {
    for (const key of this.#defined.get(name) ?? []) this.#resources.delete(key);
    this.#defined.delete(name);
    this.#others.clear();
  }
}

function keyOf(resource: Pick<ServedResource, "group" | "version" | "plural">): string {
  return `${resource.group}/${resource.version}/${resource.plural}`;
}

/** apiVersion of the objects of a resource. */
export function apiVersionOf(resource: Pick<ServedResource, "group" | "version">): string {
  return resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
}
