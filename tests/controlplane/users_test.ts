import assert from "node:assert/strict";
import { serviceAccountUser, tokenFile } from "./users.ts";

Deno.test("tokenFile() is CSV that survives commas and quotes", () => {
  assert.equal(
    tokenFile([
      { token: "t0", name: "admin", groups: ["system:masters", "x"] },
      { token: "t1", name: 'a "b", c', uid: "u1" },
    ]),
    '"t0","admin","0","system:masters,x"\n"t1","a ""b"", c","u1",""\n',
  );
});

Deno.test("serviceAccountUser() has the name and groups of a service account", () => {
  assert.deepEqual(serviceAccountUser("sharding-system", "sharder"), {
    name: "system:serviceaccount:sharding-system:sharder",
    groups: ["system:serviceaccounts", "system:serviceaccounts:sharding-system"],
  });
});
