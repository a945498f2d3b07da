export { type FacilitatorServer, type ListenOptions, listenFacilitator } from "./lib/listen-facilitator.js";
