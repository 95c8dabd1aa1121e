import type { ServedResource } from "../resources/served_resource.ts";
import { notAcceptable } from "../status.ts";

/** What kind of document the client wants. */
export type Representation = "object" | "metadata" | "metadata list";

const representations = "application/json, application/yaml, application/vnd.kubernetes.protobuf";
const streams = "application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch";

/**
 * Reads an Accept header: the first alternative that this server has.
 * @param list is a list or watch asked for?
 * @throws StatusError 406
 */
export function parseAccept(accept: string, resource: Pick<ServedResource, "custom">, list = false): Representation {
  if (accept === "") return "object";
  let known = false;
  for (const alternative of accept.split(",")) {
    const [type = "", ...parameters] = alternative.split(";").map((part) => part.trim());
    // The HTTP face writes YAML by itself.
    if (type === "application/yaml") return "object";
    if (!/^(application\/json|application\/\*|\*\/\*)$/.test(type)) continue;
    known = true;
    const kind = parameters.find((parameter) => parameter.startsWith("as="))?.slice("as=".length);
    if (kind === undefined) return "object";
    if (parameters.some((parameter) => parameter.startsWith("g=") && parameter !== "g=meta.k8s.io")) continue;
    if (parameters.some((parameter) => parameter.startsWith("v=") && parameter !== "v=v1")) continue;
    if (kind === "PartialObjectMetadata") return "metadata";
    if (kind === "PartialObjectMetadataList") return "metadata list";
  }
  // Kinds of the server's own are behind a router, which looks at the media type first.
  if (resource.custom === true || known) {
    throw notAcceptable(`only the following media types are accepted: ${representations}`);
  }
  const available = list ? `${representations}, ${streams}` : representations;
  throw notAcceptable(`406: Not Acceptable\n\nAvailable representations: ${available}`, {});
}

/** Watches are streams of JSON. @throws StatusError 406 for a client that wants YAML */
export function checkStream(accept: string): void {
  const types = accept.split(",").map((alternative) => alternative.split(";", 1).join().trim());
  const first = types.find((type) => /^(application\/(json|yaml|\*)|\*\/\*)$/.test(type));
  if (first === "application/yaml") throw notAcceptable(`only the following media types are accepted: ${streams}`);
}
