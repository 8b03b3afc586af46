import "./styles/main.css";
import { render } from "preact";
import { goLive } from "./state/live";
import { App } from "./ui/app";

render(<App />, document.getElementById("app")!);
goLive();
