// What stands beside the list of targets, as one piece of code to fetch.
export { DroppedPanel } from "./dropped";
export { TargetPanel } from "./panel";
