import { isJsonObject } from "../../../lib/k8s/errors.ts";
import type { JSONObject, JSONValue } from "../../../lib/k8s/contract.ts";
import type { TestStage } from "../../../testing.ts";
import type { Defect } from "./defect.ts";

/** Things that the webhook may do wrong. */
export const defectsOfTheWebhook: readonly Defect[] = [
  {
    name: "the webhook refuses requests",
    breaks: "G3",
    install: answering((response) => ({ ...response, allowed: false, status: { message: "no", code: 500 } })),
  },
  {
    name: "the webhook answers with patches that cannot be applied",
    breaks: "G3",
    install: answering((response) => {
      if (response["patch"] === undefined) return response;
      return {
        ...response,
        patch: btoa(JSON.stringify([{ op: "replace", path: "/metadata/absent/label", value: "" }])),
      };
    }),
  },
  {
    name: "the webhook gives everything to one shard",
    breaks: "G2",
    install: answering((response) => {
      const { patch } = response;
      return typeof patch === "string"
        ? { ...response, patch: btoa(atob(patch).replaceAll(/shard-\d/g, "shard-0")) }
        : response;
    }),
  },
];

/** Changes the webhook's answers. */
function answering(change: (response: JSONObject) => JSONObject): (stage: TestStage) => void {
  return (stage) =>
    void stage.interceptWebhooks(async (request, next) => {
      const answer = await next(request);
      const review: JSONValue = await answer.json();
      if (!isJsonObject(review) || !isJsonObject(review["response"])) throw new Error("the webhook answers no review");
      return Response.json({ ...review, response: change(review["response"]) });
    });
}
