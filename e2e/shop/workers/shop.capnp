using Workerd = import "/workerd/workerd.capnp";

# `main.ts` bundles the worker beside this file's name in .cache/, gives the address and the variables.
const config :Workerd.Config = (
  services = [
    (name = "shop", worker = .shop),
    # Facilitators of a test listen on this machine, which workers may not reach unless told.
    (name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "shop")],
);

const shop :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed ".cache/worker.js")],
  compatibilityDate = "2026-11-01",
  bindings = [
    (name = "FACILITATOR_URL", fromEnvironment = "FACILITATOR_URL"),
    (name = "PAY_TO", fromEnvironment = "PAY_TO"),
    (name = "NETWORK", fromEnvironment = "NETWORK"),
    (name = "ASSET", fromEnvironment = "ASSET"),
    (name = "ASSET_NAME", fromEnvironment = "ASSET_NAME"),
    (name = "ASSET_VERSION", fromEnvironment = "ASSET_VERSION"),
    (name = "ASSET_DECIMALS", fromEnvironment = "ASSET_DECIMALS"),
    (name = "ORIGIN", fromEnvironment = "ORIGIN"),
    (name = "FACILITATOR_TIMEOUT_MS", fromEnvironment = "FACILITATOR_TIMEOUT_MS"),
  ],
);
