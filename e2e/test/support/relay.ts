import { type Behaviour, startFacilitator, type TestFacilitator } from "@turnpike/testing";

/** A facilitator that passes every call on to another one, until a test tells it otherwise. */
export async function startRelay(url: string): Promise<TestFacilitator> {
  const relay = await startFacilitator();
  for (const operation of ["verify", "settle", "supported"] as const) relay.always(operation, passOn(url));
  return relay;
}

/** Asks the facilitator at this URL and gives its answer. */
export function passOn(url: string): Behaviour {
  return async (call) => {
    const { status, body } = await ask(url, call);
    call.response.writeHead(status, { "content-type": "application/json" }).end(body);
  };
}

/** Asks the facilitator at this URL and loses its answer: whatever it has settled, nobody hears of it. */
export function loseAnswer(url: string): Behaviour {
  return async (call) => {
    await ask(url, call);
    call.request.socket.resetAndDestroy();
  };
}

/** Does something only once it is told to. */
export function hold(then: Behaviour): { readonly behaviour: Behaviour; release(): void } {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { release, behaviour: (call) => released.then(() => then(call)) };
}

async function ask(url: string, { operation, body }: Pick<Parameters<Behaviour>[0], "operation" | "body">) {
  const json = { "content-type": "application/json" };
  const init = body === undefined ? {} : { method: "POST", headers: json, body: JSON.stringify(body) };
  const answer = await fetch(`${url}/${operation}`, init);
  return { status: answer.status, body: await answer.text() };
}
