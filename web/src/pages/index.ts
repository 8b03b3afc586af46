// The pages behind the first one, as one piece of code to fetch.
export { AlertsPage } from "./alerts";
export { TargetsPage } from "./targets";
