// What JSX becomes in the bundle. The classic form is shorter than the automatic
// one, whose props repeat the word "children" for every element.
export { Fragment, h } from "preact";
