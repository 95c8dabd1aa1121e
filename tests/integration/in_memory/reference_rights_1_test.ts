import { showWithReferenceRights } from "./show_with_reference_rights.ts";

showWithReferenceRights(1, 3);
