/** Parts of configurations that several sections have. Each notes its problems in the fields it reads. */
import { SelectorError, selectorOf } from "../k8s/selectors.ts";
import type { LabelSelector, WebhookClientConfig } from "../k8s/types.ts";
import { parseBindAddress } from "../util/bind_address.ts";
import type { Fields } from "../util/fields.ts";
import { closestName } from "./closest_name.ts";

/** An address to listen on, such as ":8081" or "127.0.0.1:0"; "0" for none. */
export function readAddress(fields: Fields, name: string, otherwise: string): string {
  const text = fields.string(name) ?? otherwise;
  try {
    parseBindAddress(text);
  } catch (error) {
    fields.problem(name, error instanceof Error ? error.message : String(error));
  }
  return text;
}

/** A duration in milliseconds that must be longer than 0. */
export function readPositiveDuration(fields: Fields, name: string, otherwise: number): number {
  const duration = fields.duration(name) ?? otherwise;
  if (!(duration > 0)) fields.problem(name, "must be longer than 0");
  return duration;
}

/** A LabelSelector of the API, checked as the API server does; undefined when the field is absent. */
export function readLabelSelector(parent: Fields, name: string, warnings: string[]): LabelSelector | undefined {
  if (!parent.has(name)) return undefined;
  const fields = parent.object(name);
  const matchLabels = fields.stringMap("matchLabels");
  const matchExpressions = fields.objects("matchExpressions").map((item) => {
    const key = item.string("key") ?? "";
    const operator = item.choice("operator", ["In", "NotIn", "Exists", "DoesNotExist"]);
    const values = item.strings("values");
    warnUnknown(item, ["key", "operator", "values"], warnings);
    return { key, operator: operator ?? "", ...(values === undefined ? {} : { values: [...values] }) };
  });
  warnUnknown(fields, ["matchLabels", "matchExpressions"], warnings);
  const selector = {
    ...(matchLabels === undefined ? {} : { matchLabels: { ...matchLabels } }),
    ...(matchExpressions.length === 0 ? {} : { matchExpressions }),
  };
  const faulty = faultOf(selector);
  if (faulty !== undefined) parent.problem(name, faulty);
  return selector;
}

/** How the API server reaches a webhook; undefined when the field is absent. */
export function readClientConfig(parent: Fields, name: string, warnings: string[]): WebhookClientConfig | undefined {
  if (!parent.has(name)) return undefined;
  const fields = parent.object(name);
  const url = fields.string("url");
  const caBundle = fields.string("caBundle");
  const service = fields.has("service") ? readService(fields.object("service"), warnings) : undefined;
  warnUnknown(fields, ["url", "caBundle", "service"], warnings);
  if (url !== undefined && service !== undefined) parent.problem(name, "must have a url or a service, not both");
  if (url !== undefined && !isHttps(url)) fields.problem("url", "must be a URL that begins with https://");
  return {
    ...(url === undefined ? {} : { url }),
    ...(caBundle === undefined ? {} : { caBundle }),
    ...(service === undefined ? {} : { service }),
  };
}

function readService(fields: Fields, warnings: string[]): NonNullable<WebhookClientConfig["service"]> {
  const port = fields.integer("port", 1);
  fields.string("path"); // Known, but each ring has its own.
  const service = {
    name: fields.string("name") ?? "",
    namespace: fields.string("namespace") ?? "",
    ...(port === undefined ? {} : { port }),
  };
  warnUnknown(fields, ["name", "namespace", "port", "path"], warnings);
  return service;
}

/** Warns of each field that nobody has read, with the name of the known one that it resembles. */
export function warnUnknown(fields: Fields, known: readonly string[], warnings: string[]): void {
  for (const name of fields.unread()) {
    const path = fields.path === "" ? name : `${fields.path}.${name}`;
    const meant = closestName(name, known);
    warnings.push(`${path}: unknown field, ignored${meant === undefined ? "" : `; did you mean "${meant}"?`}`);
  }
}

function faultOf(selector: LabelSelector): string | undefined {
  try {
    selectorOf(selector);
    return undefined;
  } catch (error) {
    if (!(error instanceof SelectorError)) throw error;
    return error.message;
  }
}

function isHttps(text: string): boolean {
  return URL.canParse(text) && new URL(text).protocol === "https:";
}
