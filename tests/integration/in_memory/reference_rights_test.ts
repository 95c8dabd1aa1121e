import assert from "node:assert/strict";
import { all } from "../suite/all.ts";
import { needMoreRights } from "../suite/rights.ts";
import { showWithReferenceRights } from "./show_with_reference_rights.ts";

Deno.test("behaviours that need more than the reference's rights are such of the suite", () => {
  const names = new Set(all.map(({ name }) => name));
  for (const name of needMoreRights.keys()) assert.ok(names.has(name), name);
});

// In several files, which run side by side.
showWithReferenceRights(0, 3);
