import type { IncomingMessage, ServerResponse } from "node:http";
import { leftWhole, type Outgoing, watchAftermath } from "../incoming/departure.js";
import { takenOver, takenOverReply } from "../incoming/taken-over.js";
import type { Conclusion, HeaderList, Outcome, Reply, Ticket } from "../seam.js";
import { type Guard, guardResponse } from "./guard.js";
import { listHeaders } from "./head.js";
import { Recorder } from "./recorder.js";
import { WholeOutcome } from "./recording.js";
import { type Baseline, release, replace, surrender, takeBaseline } from "./replay.js";
import { letLeave } from "./stay.js";

/** The longest delay that a timer of Node's takes. */
const LONGEST = 2 ** 31 - 1;

/**
 * Holds the response of one admitted request until the engine has concluded: the ticket's one holder, that calls
 * `conclude` once and then `delivered` once.
 */
export class Hold {
  readonly #ticket: Ticket;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #socket: IncomingMessage["socket"];
  readonly #recorder: Recorder;
  readonly #baseline: Baseline;
  readonly #guard: Guard;
  #letGo: (() => void) | undefined;
  /** The request waits for its turn: its response does not see a close. */
  readonly #queued: boolean;
  #phase: "open" | "concluding" | "concluded" | "gone" | "taken" = "open";
  #reported = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(ticket: Ticket, request: IncomingMessage, response: ServerResponse, headers?: HeaderList) {
    this.#ticket = ticket;
    this.#request = request;
    this.#response = response;
    this.#socket = request.socket;
    this.#baseline = takeBaseline(response, headers ?? listHeaders(response));
    this.#recorder = new Recorder(response, ticket.hold, this);
    this.#queued = response.socket === null;
    this.#guard = guardResponse(request, response, this);
    if (this.#queued) this.#socket.once("close", this.#left);
    response.once("close", this.#left);
    response.once("finish", this.#finished);
    ticket.signal.addEventListener("abort", this.#timeUp);
    if (isGone(request, response)) this.#left();
    else if (ticket.signal.aborted) this.#timeUp();
  }

  /** False if it is over before the handler could run: the client left, or time ran out. */
  get open(): boolean {
    return this.#phase === "open";
  }

  rests(): void {
    const { idle } = this.#ticket;
    if (this.#phase !== "open" || idle > LONGEST) return;
    if (this.#timer) this.#timer.refresh();
    else this.#timer = setTimeout(() => this.streams(), idle).unref();
  }

  streams(): void {
    if (this.#phase !== "open") return;
    if (isGone(undefined, this.#response)) this.#left();
    else this.#conclude(this.#outcome({}));
  }

  ends(bytes: number): void {
    if (this.#phase !== "open") return;
    const { status, calls } = this.#recorder;
    const { hold, keep } = this.#ticket;
    if (isGone(undefined, this.#response)) this.#left();
    else if (bytes > (hold || keep)) this.#conclude(this.#outcome({}));
    else this.#conclude(new WholeOutcome(status, () => listHeaders(this.#response), calls));
  }

  /**
   * The handler writes around its response. That is a refusal of its own, or counts as its response where the payment has
   * settled already or there is none to settle; else it is refused.
   */
  bypassed(status: number): Promise<HeaderList> | "now" | undefined {
    const { payment } = this.#ticket;
    const settled = !payment || payment.receipt !== undefined;
    if (this.#phase !== "open") return undefined;
    if (!settled && status < 400) {
      process.emitWarning(takenOver());
      this.#conclude(this.#outcome({ status: 500, error: takenOver() }), takenOverReply);
      return undefined;
    }
    this.#phase = "taken";
    this.#clear();
    this.#recorder.pass();
    const conclusion = this.#ticket.conclude(this.#outcome({ status }));
    const leave = conclusion.then((decided) => {
      if (decided.type === "release" && status < 400) return decided.set;
      this.#report(false);
      if (decided.type === "release") return decided.set;
      throw new Error("The handler timed out.");
    });
    if (settled) return leave;
    leave.catch(() => undefined);
    return "now";
  }

  departed(left: boolean): void {
    this.#report(left);
  }

  readonly #timeUp = (): void => {
    if (this.#phase !== "open") return;
    this.#conclude(this.#outcome({ status: 504, error: this.#ticket.signal.reason }));
  };

  readonly #left = (): void => {
    if (this.#phase === "concluded") {
      this.#report(false);
      this.#letGo?.();
    } else if (this.#phase === "concluding") {
      this.#surrender();
    } else if (this.#phase === "open") {
      this.#conclude(this.#outcome({ aborted: true }));
      this.#surrender();
    }
  };

  #surrender(): void {
    this.#phase = "gone";
    this.#letGo?.();
    this.#guard.lift();
    surrender(this.#recorder);
  }

  readonly #finished = (): void => {
    const outgoing = this.#response as Outgoing;
    const concluded = this.#phase === "concluded";
    const whole = concluded && !this.#reported && leftWhole(outgoing, this.#socket);
    if (concluded) this.#report(whole);
    this.#letGo?.();
    // What the handler has cut off itself by now tells nothing of the client.
    if (whole && !outgoing.stream) watchAftermath(this.#socket, () => void this.#ticket.delivered(false));
  };

  #outcome(facts: Partial<Outcome>): Outcome {
    const headers = () => listHeaders(this.#response);
    return { status: this.#recorder.status, aborted: false, whole: false, headers, ...facts };
  }

  /** @param instead what to send where the engine would have the handler's response */
  #conclude(outcome: Outcome, instead?: Reply): void {
    this.#phase = "concluding";
    this.#clear();
    if (!outcome.aborted)
      this.#letGo = letLeave(
        this.#request,
        this.#response,
        () => this.#hasEnded,
        () => this.#phase === "concluded",
      );
    this.#ticket
      .conclude(outcome)
      .then((conclusion) => this.#obey(instead ? { type: "replace", reply: instead } : conclusion))
      .catch((error) => {
        this.#letGo?.();
        this.#response.destroy(error);
      });
  }

  get #hasEnded(): boolean {
    return this.#recorder.ended || this.#response.writableEnded;
  }

  #clear(): void {
    clearTimeout(this.#timer);
    this.#ticket.signal.removeEventListener("abort", this.#timeUp);
  }

  #obey(conclusion: Conclusion): void {
    if (this.#phase === "gone") {
      this.#report(false);
      return;
    }
    this.#phase = "concluded";
    // The handler has parted the response from its connection: nothing can be sent by it any more.
    if (!this.#queued && this.#response.socket === null) this.#socket.destroy();
    if (conclusion.type === "replace") {
      // A handler that goes on may still write around its response: the connection ends with what is sent in its place.
      if (!this.#recorder.ended) this.#response.shouldKeepAlive = false;
      else this.#guard.lift();
      this.#guard.through(() => replace(this.#recorder, conclusion.reply, this.#baseline));
    } else {
      this.#guard.lift();
      release(this.#recorder, conclusion.remove, conclusion.set);
    }
  }

  #report(whole: boolean): void {
    if (this.#reported) return;
    this.#reported = true;
    if (this.#queued) this.#socket.off("close", this.#left);
    void this.#ticket.delivered(whole);
  }
}

/** Whether the client has left, or a response was sent already. */
function isGone(request: IncomingMessage | undefined, response: ServerResponse): boolean {
  const { stream } = response as { stream?: { destroyed: boolean } };
  if (response.destroyed || stream?.destroyed || response.socket?.destroyed) return true;
  return request !== undefined && (request.socket.destroyed || response.writableEnded);
}
