import { certificates } from "../suite/certificates.ts";
import { showInMemory } from "./show_in_memory.ts";

showInMemory(certificates);
