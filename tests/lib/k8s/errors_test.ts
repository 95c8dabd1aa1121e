import assert from "node:assert/strict";
import {
  ApiError,
  isAlreadyExists,
  isConflict,
  isExpired,
  isForbidden,
  isInvalid,
  isNotFound,
  isOverloaded,
  isUnauthorized,
  parseStatus,
} from "../../../lib/k8s/errors.ts";

function refusal(code: number, reason = ""): ApiError {
  return new ApiError("GET /x", { code, reason, message: "words", causes: [] });
}

Deno.test("parseStatus() reads what the API server says and ignores what is odd", () => {
  assert.deepEqual(
    parseStatus({
      kind: "Status",
      code: 422,
      reason: "Invalid",
      message: "no",
      metadata: { continue: "t" },
      details: { retryAfterSeconds: 3, causes: [{ field: "a", message: "b", reason: "c" }, 5, { field: 1 }] },
    }),
    {
      code: 422,
      reason: "Invalid",
      message: "no",
      causes: [{ field: "a", message: "b", reason: "c" }, {}],
      retryAfterSeconds: 3,
      continueToken: "t",
    },
  );
  assert.deepEqual(parseStatus({ kind: "Status", code: "x", details: { retryAfterSeconds: -1 } }, 503), {
    code: 503,
    reason: "",
    message: "the server gave no message",
    causes: [],
  });
  for (const value of [undefined, null, [], "x", { kind: "Secret" }]) assert.equal(parseStatus(value), undefined);
});

Deno.test("an ApiError's message has request, reason, code and the server's words", () => {
  assert.equal(refusal(409, "Conflict").message, "GET /x: Conflict (409): words");
  assert.equal(refusal(502).message, "GET /x: HTTP 502: words");
});

Deno.test("each predicate knows its errors and no others", () => {
  const errors = {
    notFound: refusal(404, "NotFound"),
    conflict: refusal(409, "Conflict"),
    exists: refusal(409, "AlreadyExists"),
    expired: refusal(410, "Expired"),
    unauthorized: refusal(401),
    forbidden: refusal(403),
    invalid: refusal(422),
    busy: refusal(429),
    unavailable: refusal(503),
    other: new Error("404"),
  };
  const cases: [(error: unknown) => boolean, (keyof typeof errors)[]][] = [
    [isNotFound, ["notFound"]],
    [isConflict, ["conflict"]],
    [isAlreadyExists, ["exists"]],
    [isExpired, ["expired"]],
    [isUnauthorized, ["unauthorized"]],
    [isForbidden, ["forbidden"]],
    [isInvalid, ["invalid"]],
    [isOverloaded, ["busy", "unavailable"]],
  ];
  for (const [predicate, expected] of cases) {
    const known = Object.entries(errors).filter(([, error]) => predicate(error)).map(([name]) => name);
    assert.deepEqual(known, expected, predicate.name);
  }
});
