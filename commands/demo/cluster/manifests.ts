import { parse, parseAllDocuments } from "yaml";
import type { JSONObject, JSONValue } from "../../../lib/k8s/contract.ts";
import { isJsonObject } from "../../../lib/k8s/errors.ts";

/** A manifest is not what was expected: this is a mistake in the clone. */
export class ManifestError extends Error {
  override readonly name = "ManifestError";
}

/** Reads a file by its URL. */
export type ReadFile = (url: URL) => Promise<string>;

const readFile: ReadFile = (url) => Deno.readTextFile(url);

/**
 * The objects of a folder with a kustomization.yaml, in the order of its `resources`. Of kustomize only that is
 * understood: components and images are passed over.
 * @throws ManifestError that names the file.
 */
export async function readManifests(folder: URL, read: ReadFile = readFile): Promise<readonly JSONObject[]> {
  const file = new URL("kustomization.yaml", folder);
  const kustomization: JSONValue = parse(await text(file, read));
  const resources = isJsonObject(kustomization) ? kustomization["resources"] : undefined;
  if (!Array.isArray(resources)) throw new ManifestError(`${file.pathname} has no list of resources`);
  const objects: JSONObject[] = [];
  for (const resource of resources) {
    if (typeof resource !== "string") throw new ManifestError(`${file.pathname}: a resource must be a path`);
    const isFile = /\.ya?ml$/.test(resource);
    if (isFile) objects.push(...await readDocuments(new URL(resource, folder), read));
    else objects.push(...await readManifests(new URL(`${resource.replace(/\/+$/, "")}/`, folder), read));
  }
  return objects;
}

async function readDocuments(file: URL, read: ReadFile): Promise<readonly JSONObject[]> {
  return parseAllDocuments(await text(file, read)).map((document) => {
    const value: JSONValue = document.errors.length > 0 ? null : document.toJS();
    if (isJsonObject(value)) return value;
    throw new ManifestError(`${file.pathname} holds something that is no object`);
  });
}

async function text(file: URL, read: ReadFile): Promise<string> {
  try {
    return await read(file);
  } catch (cause) {
    throw new ManifestError(`cannot read ${file.pathname}: run this in a complete clone of the repository`, { cause });
  }
}
