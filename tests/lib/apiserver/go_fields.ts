import { kubernetesVersion } from "../../controlplane/versions.ts";

/** What Go knows of the fields of a kind and OpenAPI does not: by JSON name, `type` and options, `*int32,omitempty`. */
export type GoFields = Readonly<Record<string, string>>;

/** Modules that hold the types, by how their names begin in OpenAPI. */
const modules: Readonly<Record<string, string>> = {
  "io.k8s.api.": "k8s.io/api",
  "io.k8s.apimachinery.": "k8s.io/apimachinery",
  "io.k8s.apiextensions-apiserver.": "k8s.io/apiextensions-apiserver",
};

/**
 * Reads the Go structs behind some definitions from the module cache, where the recipe has put them.
 * @param names such as `io.k8s.api.core.v1.Pod`
 */
export async function readGoFields(names: Iterable<string>): Promise<Map<string, GoFields>> {
  const folders = new Map<string, Map<string, string>>();
  const found = new Map<string, GoFields>();
  for (const name of [...names].sort()) {
    const start = Object.keys(modules).find((prefix) => name.startsWith(prefix));
    if (start === undefined) continue;
    const parts = name.slice(start.length).split(".");
    const struct = parts.pop() ?? "";
    // apimachinery has "pkg.apis.meta.v1": dots of the name are slashes of the path.
    const folder = `${await moduleFolder(modules[start] ?? "")}/${parts.join("/")}`;
    const structs = folders.get(folder) ?? await readStructs(folder);
    folders.set(folder, structs);
    const body = structs.get(struct);
    if (body !== undefined) found.set(name, Object.fromEntries(fieldsOf(body, parts.at(-1) ?? "", structs)));
  }
  return found;
}

const known = new Map<string, string>();

async function moduleFolder(module: string): Promise<string> {
  const folder = known.get(module);
  if (folder !== undefined) return folder;
  const cache = await new Deno.Command("go", { args: ["env", "GOMODCACHE"] }).output();
  // Kubernetes v1.36.3 is built of modules v0.36.3.
  const path = `${new TextDecoder().decode(cache.stdout).trim()}/${module}@${kubernetesVersion.replace("v1.", "v0.")}`;
  known.set(module, path);
  return path;
}

/** The text between the braces of each struct of a package. */
async function readStructs(folder: string): Promise<Map<string, string>> {
  const structs = new Map<string, string>();
  for await (const { name } of Deno.readDir(folder)) {
    if (!/^types.*\.go$/.test(name) && !/(micro_)?time\.go$/.test(name)) continue;
    const text = await Deno.readTextFile(`${folder}/${name}`);
    for (const [, struct = "", body = ""] of text.matchAll(/^type (\w+) struct \{\n([\s\S]*?)^\}/gm)) {
      structs.set(struct, body);
    }
  }
  return structs;
}

function fieldsOf(body: string, packageName: string, structs: ReadonlyMap<string, string>): [string, string][] {
  const fields: [string, string][] = [];
  for (const line of body.split("\n")) {
    const inline = /^\s+([\w.]+)\s+`.*json:",inline"/.exec(line);
    if (inline !== null) {
      fields.push(...fieldsOf(structs.get(inline[1] ?? "") ?? "", packageName, structs));
      continue;
    }
    const field = /^\s+(?:\w+\s+)?(\S+)\s+`.*?json:"([^",]+)((?:,\w+)*)"/.exec(line);
    if (field === null) continue;
    const [, type = "", json = "", options = ""] = field;
    fields.push([json, typeName(type, packageName) + options]);
  }
  return fields;
}

const basic = /^(string|bool|byte|int|int32|int64|float64|uint8|interface|any|\{\})$/;

/** The type as Go's reflection names it: packages by their own name, not by that of the import. */
function typeName(type: string, packageName: string): string {
  return type.replaceAll(/[\w.]+/g, (word) => {
    if (word === "map") return word;
    if (word === "byte") return "uint8";
    if (basic.test(word)) return word;
    if (!word.includes(".")) return `${packageName}.${word}`;
    return word.replace(/^(meta|core|apiextensions|authentication|autoscaling|k8s)?v1\./, "v1.");
  });
}
