import type { ServedResource } from "../resources/served_resource.ts";
import { notAcceptable } from "../status.ts";

/** What kind of document the client wants. */
export type Representation = "object" | "metadata" | "metadata list";

/** Reads an Accept header: the first alternative that this server has. @throws StatusError 406 */
export function parseAccept(accept: string, resource: Pick<ServedResource, "custom">): Representation {
  if (accept === "") return "object";
  for (const alternative of accept.split(",")) {
    const [type = "", ...parameters] = alternative.split(";").map((part) => part.trim());
    if (!/^(application\/json|application\/\*|\*\/\*)$/.test(type)) continue;
    const kind = parameters.find((parameter) => parameter.startsWith("as="))?.slice("as=".length);
    if (kind === undefined) return "object";
    if (parameters.some((parameter) => parameter.startsWith("g=") && parameter !== "g=meta.k8s.io")) continue;
    if (parameters.some((parameter) => parameter.startsWith("v=") && parameter !== "v=v1")) continue;
    if (kind === "PartialObjectMetadata") return "metadata";
    if (kind === "PartialObjectMetadataList") return "metadata list";
  }
  throw notAcceptable(
    "only the following media types are accepted: application/json, application/yaml",
    resource.custom === true ? undefined : {},
  );
}
