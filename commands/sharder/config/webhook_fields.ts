/** Objects of the Kubernetes API in the configuration of the webhook. Each reader notes its problems in the fields. */
import { SelectorError, selectorOf } from "../../../lib/k8s/selectors.ts";
import type { LabelSelector, WebhookClientConfig } from "../../../lib/k8s/types.ts";
import type { Fields } from "../../../lib/util/fields.ts";

/** A LabelSelector of the API, checked as the API server does; undefined when the field is absent. */
export function readLabelSelector(parent: Fields, name: string): LabelSelector | undefined {
  if (!parent.has(name)) return undefined;
  const fields = parent.object(name);
  const matchLabels = fields.stringMap("matchLabels");
  const matchExpressions = fields.objects("matchExpressions").map((item) => {
    const key = item.string("key") ?? "";
    const operator = item.choice("operator", ["In", "NotIn", "Exists", "DoesNotExist"]);
    const values = item.strings("values");
    return { key, operator: operator ?? "", ...(values === undefined ? {} : { values: [...values] }) };
  });
  const selector = {
    ...(matchLabels === undefined ? {} : { matchLabels: { ...matchLabels } }),
    ...(matchExpressions.length === 0 ? {} : { matchExpressions }),
  };
  const faulty = faultOf(selector);
  if (faulty !== undefined) parent.problem(name, faulty);
  return selector;
}

/** How the API server reaches a webhook; undefined when the field is absent. */
export function readClientConfig(parent: Fields, name: string): WebhookClientConfig | undefined {
  if (!parent.has(name)) return undefined;
  const fields = parent.object(name);
  const url = fields.string("url");
  const caBundle = fields.string("caBundle");
  const service = fields.has("service") ? readService(fields.object("service")) : undefined;
  if (url !== undefined && service !== undefined) parent.problem(name, "must have a url or a service, not both");
  if (url !== undefined && !isHttps(url)) fields.problem("url", "must be a URL that begins with https://");
  return {
    ...(url === undefined ? {} : { url }),
    ...(caBundle === undefined ? {} : { caBundle }),
    ...(service === undefined ? {} : { service }),
  };
}

function readService(fields: Fields): NonNullable<WebhookClientConfig["service"]> {
  const port = fields.integer("port", 1);
  fields.string("path"); // Known, but each ring has its own.
  return {
    name: fields.string("name") ?? "",
    namespace: fields.string("namespace") ?? "",
    ...(port === undefined ? {} : { port }),
  };
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
